import { expect, type Person, test } from "../people.ts";

async function talk(ann: Person, ben: Person): Promise<string> {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await ben.introduce(link);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    return link;
}

/** Opens the actions of a message and presses one of them. */
async function act(person: Person, text: string, label: string): Promise<void> {
    const row = person.message(text);
    await row.hover();
    await row.getByRole("link", { name: "Reply, react and more" }).click();
    await row.getByRole("button", { name: label, exact: true }).click();
}

test("ann edits her message with the arrow key, and ben sees it in place", async ({ ann, ben }) => {
    await talk(ann, ben);
    await ann.say("helo");
    await ben.sees("helo");
    const field = ann.page.getByLabel("Message", { exact: true });
    await field.press("ArrowUp");
    await expect(field).toHaveValue("helo");
    // Escape restores the composer and changes nothing.
    await field.press("Escape");
    await expect(field).toHaveValue("");
    await field.press("ArrowUp");
    await field.fill("hello *there*");
    await field.press("Enter");
    await expect(ben.message("hello there").locator("em", { hasText: "there" })).toBeVisible();
    await expect(ben.message("hello there").getByText("(edited)")).toBeVisible();
    expect(await ben.texts()).toEqual(["hello there"]);
    await ben.page.reload();
    await ben.sees("hello there");
});

test("ben replies, and the quote leads to the message", async ({ ann, ben }) => {
    await talk(ann, ben);
    await ann.say("who comes at five?");
    await ben.sees("who comes at five?");
    await act(ben, "who comes at five?", "Reply");
    await expect(ben.page.getByText("Replying to ann: who comes at five?")).toBeVisible();
    await ben.say("I do");
    await ann.sees("I do");
    const quote = ann.message("I do").getByRole("link", { name: /ann who comes at five/ });
    await quote.click();
    await expect(ann.page.locator(".row:target")).toContainText("who comes at five?");
});

test("reactions count people, and a second press takes one back", async ({ ann, ben }) => {
    await talk(ann, ben);
    await ann.say("cake?");
    await ben.sees("cake?");
    await act(ben, "cake?", "React with 🎉");
    const seen = ann.message("cake?").getByRole("button", { name: "🎉, 1" });
    await expect(seen).toHaveAttribute("aria-pressed", "false");
    await seen.click();
    await expect(ben.message("cake?").getByRole("button", { name: "🎉, 2" })).toHaveAttribute("aria-pressed", "true");
    await ben.message("cake?").getByRole("button", { name: "🎉, 2" }).click();
    await expect(ann.message("cake?").getByRole("button", { name: "🎉, 1" })).toHaveAttribute("aria-pressed", "true");
    await ann.page.reload();
    await expect(ann.message("cake?").getByRole("button", { name: "🎉, 1" })).toBeVisible();
});

test("a deleted message is gone for everyone, its quotes too", async ({ ann, ben }) => {
    const link = await talk(ann, ben);
    await ben.say("a secret");
    await ann.sees("a secret");
    await act(ann, "a secret", "Reply");
    await ann.say("hush");
    await ben.sees("hush");
    await act(ann, "a secret", "Delete");
    for (const person of [ann, ben]) {
        await expect(person.page.getByText("ann deleted a message by ben")).toBeVisible();
        await expect(person.page.getByText("a secret")).toHaveCount(0);
    }
    const html = await (await ben.context.request.get(link)).text();
    expect(html).not.toContain("a secret");
});

test("what an admin pins is found by everyone", async ({ ann, ben }) => {
    await talk(ann, ben);
    await ben.say("the rules");
    await ann.sees("the rules");
    await act(ann, "the rules", "Pin");
    await expect(ben.page.getByText("ann pinned a message")).toBeVisible();
    await ben.page.getByRole("button", { name: "Pins and dates" }).click();
    await ben.page.locator("#history").getByRole("link", { name: /the rules/ }).click();
    await expect(ben.page.locator(".row:target")).toContainText("the rules");
});

test.describe("with a long history", () => {
    test.use({ settings: ["--send-burst", "1000"] });

    // Detail 19.
    test("a link to an old message opens there, pages both ways, and one control leads back to now", async ({ ann, ben }) => {
        const link = await talk(ann, ben);
        await ann.saysMany(160);
        await ann.sees("line 160.");
        const id = await ann.message("line 60.").getAttribute("id");
        await ben.page.goto(`${link}?at=${id?.slice(1)}#${id}`);
        await ben.live();
        const target = ben.page.locator(".row:target");
        await expect(target).toContainText("line 60.");
        await expect(target).toBeInViewport();
        await ann.say("meanwhile");
        const list = ben.page.getByRole("log");
        await list.evaluate((box) => (box.scrollTop = 0));
        await ben.sees("line 130.");
        await expect(async () => {
            await list.evaluate((box) => (box.scrollTop = -box.scrollHeight));
            await expect(ben.message("line 1.")).toBeAttached({ timeout: 500 });
        }).toPass();
        await expect(ben.message("meanwhile")).toHaveCount(0);
        await ben.page.getByRole("button", { name: "Jump to latest" }).click();
        await expect(ben.message("meanwhile")).toBeInViewport();
        await expect(ben.page.getByRole("link", { name: "Show newer messages" })).toHaveCount(0);
    });

    test("a day leads to its first message", async ({ ann }) => {
        await ann.introduce();
        await ann.createGroup("Diary");
        await ann.saysMany(60);
        await ann.sees("line 60.");
        const today = await ann.page.evaluate(() => new Date().toISOString().slice(0, 10));
        await ann.page.getByRole("button", { name: "Pins and dates" }).click();
        await ann.page.getByLabel("Jump to date").fill(today);
        await ann.page.getByRole("button", { name: "Go", exact: true }).click();
        await ann.live();
        await ann.sees("line 1.");
        await expect(ann.page.getByText("ann created “Diary”")).toBeVisible();
    });
});

test("without a script a message is edited, answered and deleted on a page of its own", async ({ person, ann }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce();
    const link = await dee.createGroup("Paper");
    await ann.introduce(link);
    await dee.say("helo");
    const open = async (text: string) => {
        await dee.message(text).hover();
        await dee.message(text).getByRole("link", { name: "Reply, react and more" }).click();
    };
    await open("helo");
    await dee.page.getByLabel("Edit").fill("hello");
    await dee.page.getByRole("button", { name: "Save" }).click();
    await ann.sees("hello");
    await open("hello");
    await dee.page.getByLabel("Reply").fill("anyone?");
    await dee.page.getByRole("button", { name: "Send" }).click();
    await ann.sees("anyone?");
    await open("hello");
    await dee.page.getByLabel("Reaction (one emoji)").fill("yes");
    await dee.page.getByRole("button", { name: "Add reaction", exact: true }).click();
    await expect(dee.page.getByText("A reaction is one emoji")).toBeVisible();
    await dee.page.getByLabel("Reaction (one emoji)").fill("🎉");
    await dee.page.getByRole("button", { name: "Add reaction", exact: true }).click();
    await expect(ann.message("hello").getByRole("button", { name: "🎉, 1" })).toBeVisible();
    await open("hello");
    await dee.confirms("Delete");
    await expect(ann.page.getByText("dee without a script deleted a message")).toBeVisible();
});
