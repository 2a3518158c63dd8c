/** Incoming webhooks: an admin makes one on the page of the group, and other programs post to its URL. */
import { IncomingWebhook } from "@slack/webhook";
import { join } from "node:path";

import { expect, manage, part, type Person, test, together } from "../people.ts";

const SHOTS = join(import.meta.dirname, "../../screenshots");

const hooks = (admin: Person) => part(admin, "Incoming webhooks");
const url = (admin: Person) => hooks(admin).getByLabel(/Copy this URL now/);

async function create(admin: Person, name: string): Promise<string> {
    await hooks(admin).getByLabel("Webhook name").fill(name);
    await hooks(admin).getByRole("button", { name: "Create webhook" }).click();
    return url(admin).inputValue();
}

test("a program with Slack's own client posts to the URL, unchanged, and everybody sees it live as a bot's", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    const admin = await manage(ann, link);
    const made = await create(admin, "Grafana");
    expect(made).toMatch(/^http:\/\/[^/]+\/hooks\/hub_hook_[a-z2-7]{52}$/);
    const slack = new IncomingWebhook(made, { username: "ignored", icon_emoji: ":ghost:" });
    expect(await slack.send("*Water* boils")).toEqual({ text: "ok" });
    await slack.send({
        text: "",
        attachments: [{ title: "Disk nearly full", title_link: "https://grafana.example/a", text: "<!here> 93 % on *db-1*" }],
    });
    for (const person of [ann, ben]) {
        const row = person.message("Water boils");
        await expect(row.locator("strong", { hasText: /^Water$/ })).toBeVisible();
        await expect(row.locator(".message-meta")).toContainText(/Grafana\s+Bot/);
        await expect(row.getByRole("link", { name: "Grafana" })).toHaveCount(0);
        await expect(person.message("93 % on db-1").getByRole("link", { name: "Disk nearly full" })).toHaveAttribute("href", "https://grafana.example/a");
    }
    await ben.page.screenshot({ path: join(SHOTS, "hook-messages.png") });
    await admin.page.goto(`${link}/admin`);
    await admin.confirms("Delete", hooks(admin));
    await expect(hooks(admin).getByRole("listitem")).toHaveCount(0);
    await expect(slack.send("too late")).rejects.toThrow(/403/);
    await expect(part(admin, "Audit log")).toContainText("ann deleted the webhook Grafana");
});

test("the URL is shown once, is copied over plain http, and a new one ends it", async ({ person, request }) => {
    const ann = await person("ann", { permissions: ["clipboard-read"] });
    await ann.page.context().addInitScript(() => {
        Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined });
    });
    const admin = await manage(ann, await together("Tea", ann));
    const first = await create(admin, "Build server");
    await hooks(admin).getByRole("button", { name: "Copy" }).click();
    await expect(hooks(admin).getByRole("button", { name: "Copied" })).toBeVisible();
    const field = hooks(admin).getByLabel("Webhook name");
    await field.press("Control+v");
    await expect(field).toHaveValue(first.slice(0, 40));
    await admin.page.goto(admin.page.url());
    await expect(url(admin)).toHaveCount(0);
    await expect(hooks(admin).getByText("build-server")).toBeVisible();

    await admin.confirms("New URL", hooks(admin));
    const second = await url(admin).inputValue();
    expect(second).not.toEqual(first);
    const post = async (to: string) => (await request.post(to, { data: { text: "hello" } })).text();
    expect([await post(first), await post(second)]).toEqual(["invalid_token", "ok"]);
});

test("webhooks are managed without a script, and the page is fit for everyone", async ({ person }) => {
    const ann = await person("ann without a script", { javaScriptEnabled: false });
    const admin = await manage(ann, await together("Tea", ann));
    await create(admin, "Grafana");
    await expect(hooks(admin).getByRole("button", { name: "Copy" })).toBeHidden();
    await hooks(admin).getByLabel("Webhook name").fill("  ");
    await hooks(admin).getByRole("button", { name: "Create webhook" }).click();
    await expect(hooks(admin).getByRole("alert")).toBeVisible();
    await admin.confirms("New URL", hooks(admin));
    await expect(url(admin)).toBeVisible();
    await admin.confirms("Delete", hooks(admin));
    await expect(hooks(admin).getByRole("listitem")).toHaveCount(0);
});

for (const [look, colorScheme, width] of [["light", "light", 1280], ["dark", "dark", 1280], ["narrow", "light", 390]] as const) {
    test(`the webhooks of a group look right: ${look}`, async ({ person }) => {
        const ann = await person("ann", { colorScheme, viewport: { width, height: 900 } });
        const admin = await manage(ann, await together("Tea", ann));
        for (const name of ["Grafana", "قهوة الصباح", "A name that is as long as a name may be"]) await create(admin, name);
        await hooks(admin).scrollIntoViewIfNeeded();
        await admin.isAccessible();
        const wide = await admin.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(wide).toBeLessThanOrEqual(0);
        await hooks(admin).screenshot({ path: join(SHOTS, `hooks-${look}.png`) });
    });
}
