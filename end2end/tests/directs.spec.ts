import { expect, isolated, type Person, sidebar, test, together } from "../people.ts";

const member = (person: Person, name: string) =>
    person.page.getByRole("complementary", { name: "Members" }).getByRole("link", { name, exact: true });

test("ann writes to ben alone, and he hears of it at once wherever he is", async ({ ann, ben, cal }) => {
    await together("Kitchen", ann, ben, cal);
    await member(ann, "ben").click();
    await expect(ann.page.getByRole("heading", { name: "ben", level: 1 })).toBeVisible();
    await expect(ann.page.getByText("This is the start of your conversation with ben.")).toBeVisible();
    await ann.say("psst");
    await ann.sees("psst");
    const line = sidebar(ben).getByRole("link", { name: /ann/ });
    await expect(line).toContainText("1 unread message, 1 mention");
    await line.click();
    await ben.sees("psst");
    await expect(line).not.toContainText("unread");
    await ben.say("what is it?");
    await ann.sees("what is it?");
    await ann.page.reload();
    await ann.live();
    expect(await ann.texts()).toEqual(["psst", "what is it?"]);
    await expect(sidebar(cal).getByRole("link", { name: /ann|ben/ })).toHaveCount(0);
    await cal.page.getByRole("link", { name: "ben", exact: true }).first().click();
    await expect(cal.page.getByText("This is the start of your conversation with ben.")).toBeVisible();
    expect(await cal.texts()).toEqual([]);
});

test("a message between two can be answered, changed and linked like any other", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await member(ann, "ben").click();
    await ann.say("frist");
    await ann.sees("frist");
    await ann.page.getByLabel("Message", { exact: true }).press("ArrowUp");
    await ann.say("first");
    await ann.sees("first");
    await sidebar(ben).getByRole("link", { name: /ann/ }).click();
    await ben.message("first").hover();
    await ben.message("first").getByRole("link", { name: "Reply, react and more" }).click();
    await ben.message("first").getByRole("button", { name: "React with 👍" }).click();
    await expect(ann.message("first").getByRole("button", { name: "👍, 1" })).toBeVisible();
    await expect(ben.page.getByRole("button", { name: "Pin", exact: true })).toHaveCount(0);
    await ben.open(`${new URL(ben.page.url()).pathname}/m/1`);
    await expect(ben.page.getByRole("heading", { name: "Message by ann" })).toBeVisible();
    await ben.page.getByLabel("Reply", { exact: true }).fill("second");
    await ben.page.getByRole("button", { name: "Send" }).click();
    await ben.sees("second");
    await ann.sees("second");
});

test("ben blocks ann: neither can write, and he takes it back on his account page", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await member(ann, "ben").click();
    await ann.say("buy my stuff");
    await ann.sees("buy my stuff");
    await sidebar(ben).getByRole("link", { name: /ann/ }).click();
    await ben.sees("buy my stuff");
    await ben.confirms("Block");
    const closed = "You can't message each other. One of you has blocked the other.";
    await expect(ben.page.getByText(closed)).toBeVisible();
    await ann.say("hello?");
    await expect(ann.page.getByText(`Not sent. ${closed}`)).toBeVisible();
    await ann.page.reload();
    await ann.live();
    await expect(ann.page.getByRole("button", { name: "Block", exact: true })).toBeVisible();
    await ben.open("/account");
    await expect(ben.page.getByRole("heading", { name: "Blocked people" })).toBeVisible();
    await ben.isAccessible();
    await ben.page.getByRole("button", { name: "Unblock" }).click();
    await expect(ben.page.getByRole("heading", { name: "Blocked people" })).toHaveCount(0);
    await ann.page.getByRole("button", { name: "Retry" }).click();
    await ann.sees("hello?");
});

test("three people begin a group in one step", async ({ ann, ben, cal }) => {
    await together("Kitchen", ann, ben, cal);
    await ann.open("/people");
    await ann.isAccessible();
    await ann.page.getByLabel("Find a person").fill("EN");
    await ann.page.getByRole("button", { name: "Find" }).click();
    await expect(ann.page.getByRole("link", { name: "cal" })).toHaveCount(0);
    await ann.open("/people");
    await ann.page.getByLabel(`Choose ${isolated("ben")}`).check();
    await ann.page.getByLabel(`Choose ${isolated("cal")}`).check();
    await ann.page.getByLabel("New group with selected people").fill("Surprise");
    await ann.page.getByRole("button", { name: "Create" }).click();
    await expect(ann.page.getByRole("heading", { name: "Surprise", level: 1 })).toBeVisible();
    for (const person of [ben, cal]) {
        await sidebar(person).getByRole("link", { name: /Surprise/ }).click();
        await expect(person.page.getByText(`ann created “Surprise”`)).toBeVisible();
    }
});

test("without a script too: a direct by forms alone", async ({ ann, person }) => {
    const link = await together("Kitchen", ann);
    const dan = await person("dan without a script", { javaScriptEnabled: false });
    await dan.open(link);
    await dan.page.getByLabel("Your name").fill("dan");
    await dan.page.getByRole("button", { name: "Join" }).click();
    await dan.page.getByRole("link", { name: "People" }).click();
    await dan.page.getByRole("link", { name: "ann" }).click();
    await expect(dan.page.getByRole("heading", { name: "ann", level: 1 })).toBeVisible();
    await dan.say("hello ann");
    await expect(dan.message("hello ann")).toBeVisible();
    await expect(sidebar(ann).getByRole("link", { name: /dan/ })).toContainText("1 unread message");
});
