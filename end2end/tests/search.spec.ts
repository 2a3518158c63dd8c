import { expect, type Person, test, together } from "../people.ts";

test.use({ settings: ["--send-burst", "1000"] });

/** Searches, and reloads until a message that was just sent is in the index. */
async function finds(person: Person, address: string, text: string): Promise<void> {
    await expect(async () => {
        await person.open(address);
        await expect(hits(person).filter({ hasText: text })).toHaveCount(1, { timeout: 200 });
    }).toPass({ intervals: [500, 1_000] });
}

const hits = (person: Person) => person.page.getByRole("list", { name: "Results" }).getByRole("link");

test("ann finds a message by a part of a word, and it opens there", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await ann.say("The **strawberries** are in the fridge");
    await ann.sees("strawberries");
    await ann.saysMany(60);
    await finds(ann, "/search?q=strawberries", "strawberries");
    await ann.open("/");
    // The key leads to the box of the page.
    await ann.page.keyboard.press("/");
    await expect(ann.page.getByRole("searchbox", { name: "Search messages" })).toBeFocused();
    await ann.page.keyboard.type("BERRIES");
    await ann.page.keyboard.press("Enter");
    await expect(ann.page.getByRole("heading", { name: "Search messages" })).toBeVisible();
    await expect(hits(ann)).toHaveCount(1);
    await expect(hits(ann)).toContainText("ann in Kitchen");
    await expect(hits(ann).locator("mark")).toHaveText("berries");
    await ann.isAccessible();
    await hits(ann).click();
    await ann.live();
    await expect(ann.message("strawberries")).toBeInViewport();
    await expect(ann.page).toHaveURL(/\/g\/.+\?at=\d+#m\d+$/);
});

test("ben searches in one group, by author and by day, and pages back", async ({ ann, ben }) => {
    const link = await together("Kitchen", ann, ben);
    await ann.say("tea from ann");
    await ann.sees("tea from ann");
    await ben.say("tea from ben");
    await ben.sees("tea from ben");
    await ann.saysMany(25);
    await finds(ben, "/search?q=tea", "tea from ben");
    await ben.open(link);
    await ben.page.getByRole("button", { name: "Pins and dates" }).click();
    await ben.page.getByLabel("Search in this group").fill("tea");
    await ben.page.getByLabel("Search in this group").press("Enter");
    await expect(hits(ben)).toHaveCount(2);
    await ben.page.getByLabel("From").fill("ANN");
    await ben.page.getByRole("button", { name: "Search" }).click();
    await expect(hits(ben)).toHaveCount(1);
    await expect(hits(ben)).toContainText("tea from ann");
    await expect(ben.page.getByLabel("In", { exact: true }).locator("option:checked")).toHaveText("Kitchen");
    await ben.page.getByLabel("On or before").fill("2001-02-03");
    await ben.page.getByRole("button", { name: "Search" }).click();
    await expect(ben.page.getByText("No messages match.")).toBeVisible();
    await ben.open("/search?q=tea&by=nobody+here");
    await expect(ben.page.getByText("No people match nobody here.")).toBeVisible();
    await ben.open("/search?q=...");
    await expect(ben.page.getByText("Enter at least one letter, digit or emoji.")).toBeVisible();
    await finds(ben, "/search?q=%22line+25%22", "line 25.");
    await ben.open("/search?q=line");
    await expect(hits(ben)).toHaveCount(20);
    await expect(hits(ben).first()).toContainText("line 25.");
    await ben.page.getByRole("link", { name: "Older results" }).click();
    await expect(hits(ben)).toHaveCount(5);
    await expect(hits(ben).last()).toContainText("line 1.");
    await expect(ben.page.getByRole("link", { name: "Older results" })).toHaveCount(0);
});

test("without a script dee finds Chinese and Japanese by two characters, and no other's words", async ({ person, ann }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce();
    await dee.createGroup("茶");
    await dee.say("我喜欢喝茶。");
    await dee.sees("我喜欢喝茶。");
    await dee.say("コーヒーも飲みます");
    await dee.sees("コーヒーも飲みます");
    await finds(dee, "/search?q=喝茶", "我喜欢喝茶。");
    await expect(hits(dee).locator("mark")).toHaveText("喝茶");
    await dee.page.getByRole("searchbox").fill("ｺｰﾋｰ");
    await dee.page.getByRole("button", { name: "Search" }).click();
    await expect(hits(dee)).toHaveCount(1);
    await hits(dee).click();
    await expect(dee.message("コーヒーも飲みます")).toBeVisible();
    await ann.introduce();
    await ann.open("/search?q=喝茶");
    await expect(ann.page.getByText("No messages match.")).toBeVisible();
});

test("who searches too often is told to wait", async ({ ann }) => {
    await ann.introduce();
    ann.refusals = [429];
    const answers = await Promise.all(
        Array.from({ length: 40 }, () => ann.context.request.get(new URL("/search?q=tea", ann.page.url()).href)),
    );
    expect(answers.map((answer) => answer.status())).toContain(429);
    const refused = answers.find((answer) => answer.status() === 429);
    expect(await refused?.text()).toContain('value="tea"');
});
