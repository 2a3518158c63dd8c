import { expect, test } from "../people.ts";

test("a name nobody could read is refused on the page, with what would be right", async ({ ann }) => {
    ann.refusals = [422];
    await ann.open("/");
    for (const [name, sentence] of [
        ["   ", "The name is empty"],
        ["an\u202en", "control or text-direction characters"],
    ] as const) {
        await ann.page.getByLabel("Your name").fill(name);
        await ann.page.getByRole("button", { name: "Start chatting" }).click();
        await expect(ann.page.getByText(sentence)).toBeVisible();
        await ann.live();
    }
    // The field accepts at most forty characters. If that is bypassed, the server refuses.
    await ann.page.getByLabel("Your name").evaluate((field) => field.removeAttribute("maxlength"));
    await ann.page.getByLabel("Your name").fill("x".repeat(300));
    await ann.page.getByRole("button", { name: "Start chatting" }).click();
    await expect(ann.page.getByText("use at most 40 characters")).toBeVisible();
});

test("a group that is not there is a page that says so", async ({ ann }) => {
    for (const path of ["/g/0000000000000000", "/g/nonsense"]) {
        ann.refusals = [404];
        const answer = await ann.page.goto(new URL(path, await base(ann)).href);
        expect(answer?.status()).toBe(404);
        await expect(ann.page.getByRole("heading", { name: "Page not found" })).toBeVisible();
    }
});

test("a message that is too long is kept, explained, and can be discarded", async ({ ann }) => {
    await ann.introduce();
    await ann.createGroup("Essay");
    await ann.say(`start ${"word ".repeat(4_000)}end`);
    await expect(ann.page.getByText("The message is too long")).toBeVisible();
    await ann.page.getByRole("button", { name: "Discard" }).click();
    await expect(ann.page.locator(".message")).toHaveCount(0);
    await ann.say("short");
    await ann.sees("short");
});

test("what looks like markup stays text, on the server's page and on the live one", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("<img src=x onerror=alert(1)>");
    await ben.introduce(link);
    const nasty = "</textarea><script>alert(1)</script> [x](javascript:alert(1))";
    await ann.say(nasty);
    await ben.sees("</textarea><script>alert(1)</script>");
    await ben.page.reload();
    await ben.live();
    await ben.sees("</textarea><script>alert(1)</script>");
    await expect(ben.page.locator(".message .text a")).toHaveCount(0);
});

async function base(person: { page: import("@playwright/test").Page; open: (path: string) => Promise<void> }) {
    await person.open("/");
    return person.page.url();
}
