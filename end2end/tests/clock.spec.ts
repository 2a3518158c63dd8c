/** Dates and times follow the viewer's clock, from the first byte of a page and for as long as it is open. */
import { expect, test } from "../people.ts";

const ZONE = "Pacific/Kiritimati";

test("a page that is left open over midnight says yesterday, and one whose zone changes says other times", async ({ ann }) => {
    await ann.page.clock.install({ time: Date.now() });
    await ann.introduce();
    await ann.createGroup("Night");
    await ann.say("good night");
    await ann.sees("good night");
    const day = ann.page.locator(".day");
    await expect(day).toHaveText(["Today"]);
    await ann.page.clock.fastForward("24:00:00");
    await expect(day).toHaveText(["Yesterday"]);
    await ann.page.clock.fastForward("24:00:00");
    await expect(day).toHaveText([/^[A-Z][a-z]+day, \d+ [A-Z][a-z]+ \d{4}$/]);

    const time = ann.message("good night").locator("time");
    const before = await time.textContent();
    const session = await ann.context.newCDPSession(ann.page);
    await session.send("Emulation.setTimezoneOverride", { timezoneId: "Asia/Kathmandu" });
    await ann.page.clock.fastForward(10_000);
    await expect(time).not.toHaveText(before ?? "");
});

test("somebody who is muted can write again when it is over, without a reload", async ({ ann, ben }) => {
    await ben.page.clock.install({ time: Date.now() });
    await ann.introduce();
    const link = await ann.createGroup("Quiet");
    await ben.introduce(link);
    const admin = await ann.anotherTab(`${new URL(link).pathname}/admin`);
    await admin.page.getByRole("checkbox", { name: "ben" }).check();
    await admin.page.getByRole("button", { name: "Mute for 1 hour" }).click();
    await expect(ben.page.getByText("You're muted until")).toBeVisible();
    await ben.page.clock.fastForward("25:00:00");
    await expect(ben.page.getByLabel("Message", { exact: true })).toBeVisible();
});

test("after the first visit the server itself shows a person's own times, on audit pages too", async ({ person }) => {
    const dan = await person("dan", { timezoneId: ZONE });
    await dan.introduce();
    const link = await dan.createGroup("Dawn");
    await dan.say("good morning");
    await dan.sees("good morning");
    const stamp = (await dan.message("good morning").locator("time").getAttribute("datetime")) ?? "";
    const local = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const html = await (await dan.context.request.get(link)).text();
    expect(html).toContain(`>${local.format(new Date(stamp))}<`);
    expect(html).toContain("Today");

    const audit = await dan.anotherTab(`${new URL(link).pathname}/audit`);
    const logged = audit.page.locator("#audit time").first();
    const at = new Date((await logged.getAttribute("datetime")) ?? "");
    const date = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });
    await expect(logged).toHaveText(`${date.format(at)} ${local.format(at)}`);
});

test("the zone is forgotten when the person signs out", async ({ person }) => {
    const dan = await person("dan", { timezoneId: ZONE });
    await dan.introduce();
    const names = async () => (await dan.context.cookies()).map((cookie) => cookie.name);
    expect(await names()).toContain("hubbub_zone");
    await dan.context.request.post(new URL("/do/sign_out", dan.page.url()).href, { form: {}, headers: { accept: "application/json" } });
    expect(await names()).not.toContain("hubbub_zone");
});

test.describe("with a long history", () => {
    test.use({ settings: ["--send-burst", "1000"] });

    for (const script of [true, false]) {
        test(`a day opens with its first row in view, in the viewer's zone, ${script ? "with" : "without"} a script`, async ({
            person,
        }) => {
            const dan = await person("dan", { timezoneId: ZONE });
            await dan.introduce();
            const link = await dan.createGroup("Diary");
            await dan.saysMany(120);
            const state = await dan.context.storageState();
            const reader = script
                ? dan
                : await person("dan without a script", { javaScriptEnabled: false, storageState: state, timezoneId: ZONE });
            const today = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" }).format();
            await reader.open(`${link}?day=${today}`);
            await expect(reader.page.getByText("dan created “Diary”")).toBeInViewport();
            await expect(reader.page.locator(".timeline-missing")).toHaveCount(0);
        });
    }
});
