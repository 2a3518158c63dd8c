import { expect, test } from "../people.ts";

// The same pages with forms and links alone.
test("without a script dee gives a name, creates, reads, posts, leaves, and joins again", async ({ person, ann }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce();
    const link = await dee.createGroup("Paper");
    await dee.say("by *form*");
    await dee.sees("by form");
    await expect(dee.message("by form").locator("em", { hasText: "form" })).toBeVisible();

    await ann.introduce(link);
    await ann.sees("by form");
    await ann.say("by socket");
    await ann.sees("by socket");
    await dee.page.reload();
    await dee.sees("by socket");

    await dee.page.locator("[popovertarget=invite]").click();
    await expect(dee.page.locator("#link")).toHaveValue(link);
    await dee.page.keyboard.press("Escape");

    await dee.page.getByRole("button", { name: "Make admin" }).click();
    await expect(dee.page.getByText("dee without a script made ann an admin")).toBeVisible();
    await dee.confirms("Leave group");
    await expect(dee.page.getByText("You're not in any groups yet")).toBeVisible();
    await dee.open(link);
    await dee.page.getByRole("button", { name: "Join" }).click();
    await dee.sees("by socket");
    await expect(ann.page.getByText("dee without a script joined")).toBeVisible();
});

test("without a script a refused message comes back with its text", async ({ person }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce();
    await dee.createGroup("Quick");
    for (let n = 0; n < 20; n += 1) {
        await dee.say(`line ${n}`);
    }
    await dee.say("one too many </textarea><script>");
    // The rate limit is a burst of twenty, then two a second. On a slow machine, more may be allowed by now.
    const refused = dee.page.getByText("You're sending too fast");
    if (await refused.isVisible()) {
        await expect(dee.page.getByLabel("Message", { exact: true })).toHaveValue("one too many </textarea><script>");
    } else {
        await dee.sees("one too many");
    }
});

test("without a script a bad name is told what would be right", async ({ person }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.open("/");
    await dee.page.getByLabel("Your name").fill("an\u202en");
    await dee.page.getByRole("button", { name: "Start chatting" }).click();
    await expect(dee.page.getByText("control or text-direction characters")).toBeVisible();
});

test("what was typed before the script came is still there after it", async ({ ann }) => {
    await ann.introduce();
    const link = await ann.createGroup("Slow network");
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await ann.page.route("**/*.wasm", async (route) => {
        await released;
        await route.continue();
    });
    await ann.page.goto(link);
    await ann.page.getByLabel("Message", { exact: true }).fill("typed early");
    release();
    await ann.live();
    await expect(ann.page.getByLabel("Message", { exact: true })).toHaveValue("typed early");
    await ann.page.getByLabel("Message", { exact: true }).press("Enter");
    await ann.sees("typed early");
});
