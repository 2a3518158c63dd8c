import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

import { test as teaTest } from "../fixtures.ts";
import { claim, expect, manage, part, PASSWORD, type Person, test } from "../people.ts";

const SHOTS = join(import.meta.dirname, "../../screenshots");

/** Creates a group with messages and returns its link. */
async function conversation(ann: Person, ben: Person): Promise<string> {
    await ann.introduce();
    const link = await ann.createGroup("Kitchen table");
    await ben.introduce(link);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    const lines: [Person, string][] = [
        [ann, "Morning! The new oven arrives **today**, between 10 and 12."],
        [ann, "Who can be there to let them in?"],
        [ben, "I can. Do they need the old one empty?\n\n- shelves out\n- gas off\n- door left open"],
        [ann, "Yes, and somebody should read https://example.org/ovens before we switch it on."],
        [ben, "> between 10 and 12\n\nThen I bake at one:\n\n```\nbread   3\nrolls  24\n```"],
        [ann, "You are ~~the best~~ hired."],
    ];
    for (const [person, text] of lines) {
        await person.say(text);
        await expect(ann.page.locator(".message:not(.message-sending)")).toHaveCount(lines.findIndex((l) => l[1] === text) + 1);
    }
    return link;
}

/** Checks a page in light and dark, wide and narrow: no overflow, no accessibility problem. Keeps screenshots. */
async function look(person: Person, name: string): Promise<void> {
    await mkdir(SHOTS, { recursive: true });
    for (const scheme of ["light", "dark"] as const) {
        await person.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        for (const [size, width] of [["wide", 1280], ["narrow", 390], ["smallest", 320]] as const) {
            await person.page.setViewportSize({ width, height: 800 });
            const overflows = await person.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
            expect(overflows, `${name} ${size}`).toBe(false);
            const empty = person.page.locator(".refusal:visible").filter({ hasText: /^\s*$/ });
            await expect(empty, `${name} says that nothing was refused`).toHaveCount(0);
            await person.isAccessible();
            await person.page.screenshot({ path: join(SHOTS, `${name}-${size}-${scheme}.png`) });
        }
    }
    await person.page.setViewportSize({ width: 1280, height: 800 });
    await person.page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
}

test("every live page is accessible and looks right, light and dark, wide and narrow", async ({ ann, ben, cal }) => {
    test.setTimeout(120_000);
    await cal.open("/");
    await look(cal, "landing");
    cal.refusals = [404];
    await cal.page.goto(new URL("/nowhere", cal.page.url()).href);
    await expect(cal.page.getByRole("heading", { name: "Page not found" })).toBeVisible();
    await look(cal, "not-found");

    const link = await conversation(ann, ben);
    await look(ann, "group");
    await ann.page.getByRole("button", { name: "Invite", exact: true }).click();
    await expect(ann.page.locator("#invite")).toBeVisible();
    await look(ann, "invite");
    await cal.open(link);
    await look(cal, "join");
    await ben.open("/");
    await ann.say("Anybody still here?");
    await expect(ben.page.getByText("1 unread message")).toBeAttached();
    await look(ben, "home");

    await ann.page.keyboard.press("Control+k");
    await expect(ann.page.getByRole("dialog", { name: "Jump to…" })).toBeVisible();
    await look(ann, "switcher");
    await ann.page.keyboard.press("Escape");
    await ann.page.getByRole("link", { name: "ben", exact: true }).first().click();
    await expect(ann.page.getByRole("heading", { name: "ben", level: 1 })).toBeVisible();
    await ann.say("Just between us: :coffee: first?");
    await ann.sees("first?");
    await look(ann, "direct");

    ann.outage = true;
    await ann.context.setOffline(true);
    await ann.page.evaluate(() => dispatchEvent(new Event("offline")));
    await ann.say("Are you still there?");
    // The browser may still have written it to a socket that goes nowhere.
    const unsent = ann.page.getByText(/Will send when you're back online|No response yet/);
    await expect(unsent.first()).toBeVisible({ timeout: 15_000 });
    await look(ann, "offline");
});

test("every page without a script is accessible and looks right", async ({ ann, ben, cal }) => {
    test.setTimeout(180_000);
    await cal.open("/sign-in");
    await look(cal, "sign-in");
    const link = await conversation(ann, ben);
    const group = new URL(link).pathname;
    await claim(ann);
    await look(ann, "account");
    await ann.page.getByLabel("New password").fill("12345678");
    await ann.page.getByLabel("Current password").fill(PASSWORD);
    await ann.page.getByRole("button", { name: "Change password" }).click();
    await expect(ann.page.getByText("too common")).toBeVisible();
    await look(ann, "refused");
    await manage(ann, link);
    await ann.open(`${group}/admin`);
    await ann.page.getByLabel("Anyone on this server").check();
    await ann.page.getByLabel("Description").fill("Who bakes what, and when");
    await ann.page.getByRole("button", { name: "Save" }).first().click();
    await expect(part(ann, "Audit log").getByText("let anyone on this server join, and listed the group")).toBeVisible();
    await look(ann, "admin");
    for (const [path, name] of [
        [`${group}/audit`, "audit"],
        [`${group}/m/5`, "message"],
        ["/server", "server"],
        ["/server/applications", "applications"],
        ["/search", "search-empty"],
        ["/search?q=...", "search-refused"],
        [`/search?q=the+oven&by=ann&in=${group.replace("/g/", "group/")}`, "search"],
        ["/people", "people"],
        ["/broadcast", "broadcast"],
    ] as const) {
        await ann.open(path);
        await look(ann, name);
    }
    await ann.page.getByLabel(/Kitchen table/).check();
    await ann.page.getByLabel("Message", { exact: true }).fill("The oven is here");
    await ann.page.getByRole("button", { name: "Send" }).click();
    await expect(ann.page.getByText("Sent to 1")).toBeVisible();
    await look(ann, "broadcast-results");
    await ben.open("/groups");
    await look(ben, "groups");
    await ben.open(group);
    await ben.page.getByRole("complementary", { name: "Members" }).getByRole("link", { name: "ann" }).click();
    await ben.page.getByRole("link", { name: "Profile" }).click();
    await expect(ben.page.getByRole("heading", { name: "ann", level: 1 })).toBeVisible();
    await look(ben, "profile");
});

test("what people did to messages looks right, light and dark, wide and narrow", async ({ ann, ben }) => {
    test.setTimeout(60_000);
    await conversation(ann, ben);
    const act = async (person: Person, text: string, label: string) => {
        await person.message(text).hover();
        await person.message(text).getByRole("link", { name: "Reply, react and more" }).click();
        await person.message(text).getByRole("button", { name: label, exact: true }).click();
    };
    await act(ben, "Morning!", "React with 🎉");
    await act(ann, "Morning!", "Pin");
    await act(ben, "Who can be there", "Reply");
    await ben.say("Me, gladly");
    await ann.sees("Me, gladly");
    await act(ann, "You are", "Delete");
    await ben.page.getByLabel("Message", { exact: true }).pressSequentially("And");
    await expect(ann.page.getByText("ben is typing …")).toBeVisible();
    await ann.message("Me, gladly").hover();
    await ann.message("Me, gladly").getByRole("link", { name: "Reply, react and more" }).click();
    for (const scheme of ["light", "dark"] as const) {
        for (const [size, width] of [["wide", 1280], ["narrow", 390]] as const) {
            await ann.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
            await ann.page.setViewportSize({ width, height: 800 });
            await ann.isAccessible();
            await ann.page.screenshot({ path: join(SHOTS, `acts-${size}-${scheme}.png`) });
        }
    }
});

teaTest("Tea at Anna's looks right: ten people, seven groups, 2,000 messages", async ({ anna, tea }) => {
    teaTest.setTimeout(240_000);
    const { groups, people } = tea;
    for (const [path, name] of [
        ["/", "tea-home"],
        [groups.tea.path, "tea-group"],
        [groups.reactions.path, "tea-reactions"],
        [groups.arabic.path, "tea-arabic"],
        [groups.long.path, "tea-long-name"],
        [`/d/${people.wide.id}`, "tea-direct"],
        [`${groups.long.path}/admin`, "tea-admin"],
        ["/search?q=tea", "tea-search"],
        ["/people", "tea-people"],
    ] as const) {
        await anna.open(path);
        await look(anna, name);
    }
    await anna.page.getByRole("checkbox", { name: people.wide.name }).check();
    await anna.open(`${groups.long.path}/admin`);
    await anna.page.getByRole("button", { name: "Ban", exact: true }).click();
    await expect(anna.page.getByRole("dialog")).toBeVisible();
    await look(anna, "tea-confirm");
    await anna.open(groups.tea.path);
    await anna.page.keyboard.press("Control+k");
    await expect(anna.page.getByRole("dialog", { name: "Jump to…" })).toBeVisible();
    await look(anna, "tea-switcher");
});

test.describe("with many sends allowed", () => {
    test.use({ settings: ["--send-burst", "1000"] });

    test("the group page of fifty messages is small", async ({ server, ann }) => {
        await ann.introduce();
        await ann.createGroup("Fifty");
        const group = ann.page.url().split("/").pop() ?? "";
        const cookie = (await ann.context.cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
        for (let n = 0; n < 50; n += 1) {
            const text = `Message ${n}: *some* words of the usual length, with a \`bit\` of code and a link https://example.org/${n}`;
            const body = new URLSearchParams({ topic: `group/${group}`, id: `fifty-${n}`, text });
            const posted = await fetch(`${server.url}/do/post`, {
                method: "POST",
                headers: { cookie, accept: "application/json" },
                body,
            });
            expect(posted.status).toBe(200);
        }
        const html = await (await fetch(`${server.url}/g/${group}`, { headers: { cookie } })).text();
        expect(html).toContain("Message 49");
        const bytes = brotliCompressSync(html).length;
        console.log(`html  ${Math.ceil(bytes / 1024)} KB of   30 KB (50 messages)`);
        expect(bytes).toBeLessThanOrEqual(30 * 1024);
    });
});
