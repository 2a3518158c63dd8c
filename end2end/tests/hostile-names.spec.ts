import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { claim, expect, manage, type Person, test } from "../people.ts";

const SHOTS = join(import.meta.dirname, "../../screenshots");
const WIDTHS = [1440, 1280, 768, 390, 320];

/** Takes a screenshot of a page at every width. */
async function look(person: Person, name: string): Promise<void> {
    await mkdir(SHOTS, { recursive: true });
    for (const width of WIDTHS) {
        await person.page.setViewportSize({ width, height: 800 });
        await person.page.screenshot({ path: join(SHOTS, `names-${name}-${width}.png`) });
    }
    await person.page.setViewportSize({ width: 1280, height: 800 });
}

/** Returns the elements that only unescaped names could have created. */
async function foreign(person: Person): Promise<string[]> {
    return person.page.evaluate(() => {
        const found = [...document.querySelectorAll<HTMLElement>("b, i, [onerror], meta[http-equiv], script")];
        return found.filter((e) => e.tagName !== "SCRIPT" || e.nonce === "").map((e) => e.outerHTML);
    });
}

const NAMES = {
    title: "</title><meta http-equiv=refresh><b>",
    quote: '"><i>',
    braces: "{{ name }}",
    textarea: "</textarea><script>1</script>",
    wide: "W".repeat(40),
    arabic: "سارا <b>داود</b>",
};

for (const [kind, name] of Object.entries(NAMES)) {
    test(`people and groups called like markup are only called so: ${kind}`, async ({ person, ben }) => {
        const ann = await person(name.slice(0, 40));
        await ann.introduce();
        await claim(ann);
        await ann.open("/");
        const link = await ann.createGroup(name);
        await expect(ann.page).toHaveTitle(new RegExp(name.slice(0, 6).replaceAll(/[^a-zA-Z]/g, ".")));
        await ann.say(name);
        await ben.open(link);
        expect(await foreign(ben)).toEqual([]);
        await look(ben, `${kind}-join`);
        await ben.introduce(link);
        await expect(ben.message(name.slice(0, 4))).toBeVisible();
        const admin = await manage(ann, link);
        for (const [place, path] of [
            ["group", new URL(link).pathname],
            ["admin", `${new URL(link).pathname}/admin`],
            ["audit", `${new URL(link).pathname}/audit`],
            ["groups", "/groups"],
            ["people", "/people"],
            ["account", "/account"],
            ["server", "/server"],
            ["broadcast", "/broadcast"],
            ["home", "/"],
        ] as const) {
            await admin.open(path);
            expect(await foreign(admin), place).toEqual([]);
            await look(admin, `${kind}-${place}`);
        }
    });
}

test("a wrong sign-in keeps the name, and reloading does not send it again", async ({ cal }) => {
    await cal.open("/sign-in");
    await cal.page.getByLabel("Your name").fill("Sára Ødegård");
    await cal.page.getByLabel("Password").fill("not hers at all");
    await cal.page.getByRole("button", { name: "Sign in" }).click();
    await expect(cal.page.locator(".refusal")).not.toBeEmpty();
    await expect(cal.page.getByLabel("Your name")).toHaveValue("Sára Ødegård");
    await expect(cal.page.getByLabel("Password")).toHaveValue("");
    await expect(cal.page).toHaveURL(/\/sign-in$/);
    await cal.page.reload();
    await expect(cal.page.locator(".refusal")).toBeEmpty();
});

test("a message that is edited to nothing says why, and stays", async ({ ann }) => {
    await ann.introduce();
    await ann.createGroup("Tea");
    await ann.say("milk first");
    await ann.sees("milk first");
    const field = ann.page.getByLabel("Message", { exact: true });
    await field.press("ArrowUp");
    await expect(field).toHaveValue("milk first");
    await field.fill("  ");
    await field.press("Enter");
    await expect(ann.page.getByText("A message can't be empty")).toBeVisible();
    await ann.sees("milk first");
});

test("a live page that answers a form goes on living, with what was typed", async ({ person, server }) => {
    const dee = await person("dee");
    // The script is held back until the browser itself has submitted the form.
    let sent = false;
    dee.page.on("request", (request) => {
        if (request.isNavigationRequest() && request.method() === "POST") sent = true;
    });
    await dee.page.route("**/*.wasm", async (route) => {
        if (sent) await route.continue();
    });
    await dee.page.goto(server.url);
    await dee.page.getByLabel("Your name").evaluate((field) => field.removeAttribute("maxlength"));
    await dee.page.getByLabel("Your name").fill("x".repeat(50));
    await dee.page.getByRole("button", { name: "Start chatting" }).click();
    await dee.page.waitForSelector("html[data-hydrated]");
    await expect(dee.page.getByText("use at most 40 characters")).toBeVisible();
    await expect(dee.page.getByLabel("Your name")).toHaveValue("x".repeat(50));
    await expect(dee.page).toHaveURL(/\/$/);
    await dee.page.getByLabel("Your name").fill("dee");
    await dee.page.getByRole("button", { name: "Start chatting" }).click();
    await expect(dee.page.getByRole("heading", { name: "Welcome, dee" })).toBeVisible();
});
