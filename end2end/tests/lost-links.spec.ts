/** A link to something that does not exist says so, and offers a way back. */
import { expect, test, together } from "../people.ts";

const missing = (page: import("@playwright/test").Page) => page.locator(".timeline-missing");

for (const script of [true, false]) {
    test(`whoever follows a link to nothing is told so and finds the way back, ${script ? "with" : "without"} a script`, async ({
        person,
        ann,
    }) => {
        const link = await together("Tea", ann);
        await ann.say("hello");
        await ann.sees("hello");
        const state = await ann.context.storageState();
        const reader = script ? ann : await person("ann without a script", { javaScriptEnabled: false, storageState: state });
        const cases: [string, string][] = [
            ["?at=999999#m999999", "There's no message at this link."],
            ["?at=0", "There's no message at this link."],
            ["?at=18446744073709551615", "There's no message at this link."],
            ["?at=nonsense", "There's no message at this link."],
            ["?day=2001-01-01", "No messages on Monday, 1 January 2001. These are the next ones."],
            ["?day=2999-12-31", "No messages since Tuesday, 31 December 2999. These are the latest."],
            ["?day=2026-02-30", "That isn't a date."],
            ["?day=tomorrow", "That isn't a date."],
        ];
        for (const [query, sentence] of cases) {
            await reader.open(`${link}${query}`);
            await expect(missing(reader.page)).toContainText(sentence);
            await expect(reader.message("hello")).toBeInViewport();
        }
        await missing(reader.page).getByRole("link", { name: "Jump to latest" }).click();
        await expect(missing(reader.page)).toHaveCount(0);
        await expect(reader.message("hello")).toBeInViewport();
        await reader.open(link);
        await expect(missing(reader.page)).toHaveCount(0);
    });
}

test("a link to a deleted message says that it was deleted", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    await ann.say("a slip");
    await ben.sees("a slip");
    const id = (await ben.message("a slip").getAttribute("id"))?.slice(1);
    await ann.message("a slip").hover();
    await ann.message("a slip").getByRole("link", { name: "Reply, react and more" }).click();
    await ann.message("a slip").getByRole("button", { name: "Delete", exact: true }).click();
    await expect(ben.page.getByText("ann deleted a message")).toBeVisible();
    await ben.open(`${link}?at=${id}#m${id}`);
    await expect(missing(ben.page)).toContainText("The message at this link was deleted.");
    // The message's own page also has a way back.
    await ben.open(`${new URL(link).pathname}/m/${id}`);
    await expect(ben.page.getByText("This message was deleted.")).toBeVisible();
    await ben.page.getByRole("main").getByRole("link", { name: "Back to Tea" }).click();
    await expect(ben.page.getByRole("log")).toBeVisible();
});

test("a link to a message of a group somebody isn't in says that members can read it", async ({ ann, ben }) => {
    const link = await together("Tea", ann);
    await ann.say("for members");
    await ann.sees("for members");
    await ben.introduce();
    await ben.open(`${link}?at=2#m2`);
    await expect(ben.page.getByText("This link goes to a message. Only members can read it.")).toBeVisible();
    await ben.page.getByRole("button", { name: "Join" }).click();
    await ben.sees("for members");
});
