import { expect, sidebar, test, together } from "../people.ts";

test("ben leaves and hears nothing more, ann sees that he left, and he may come back", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Book club");
    await ben.introduce(link);
    await ben.page.getByRole("button", { name: "Leave group" }).click();
    await expect(ann.page.getByText("ben left")).toBeVisible();
    await expect(ben.page.getByRole("heading", { name: "Welcome, ben" })).toBeVisible();
    await expect(ben.page.getByRole("link", { name: "Book club" })).toHaveCount(0);

    await ann.say("only for members");
    await ann.sees("only for members");
    await ben.open(link);
    await expect(ben.page.getByText("only for members")).toHaveCount(0);
    await ben.page.getByRole("button", { name: "Join" }).click();
    await ben.sees("only for members");
});

test("ann hands over before she leaves", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Garden");
    await ben.introduce(link);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    ann.refusals = [422];
    await ann.page.getByRole("button", { name: "Leave group" }).click();
    await expect(ann.page.getByText("You're the only admin")).toBeVisible();
    await ann.page.getByRole("button", { name: "Make admin" }).click();
    await expect(ben.page.getByText("ann made ben an admin")).toBeVisible();
    await ann.page.getByRole("button", { name: "Leave group" }).click();
    await expect(ben.page.getByText("ann left")).toBeVisible();
});

test("ben is told of what mentions him only, and hides the group until then", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await ben.page.getByText("Notifications").click();
    await ben.page.getByLabel("Notify me about").selectOption("Mentions");
    await ben.page.getByLabel("Hide from sidebar").check();
    await ben.page.getByRole("button", { name: "Save" }).click();
    const elsewhere = await ben.anotherTab("/");
    await expect(sidebar(elsewhere).getByRole("link", { name: "Hubbub" })).toBeVisible();
    await expect(sidebar(elsewhere).getByRole("link", { name: /Kitchen/ })).toHaveCount(0);
    await ben.open("/");
    await ann.say("nothing for you");
    await ann.say("now, @Ben!");
    const line = sidebar(ben).getByRole("link", { name: /Kitchen/ });
    await expect(line).toContainText("1 unread message, 1 mention");
    await line.click();
    await expect(ben.page.locator(".mention-me")).toHaveText("@ben");
    await expect(ann.page.getByRole("link", { name: "@ben" })).toBeVisible();
});
