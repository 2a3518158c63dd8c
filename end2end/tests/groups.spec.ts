import { expect, isolated, manage, part, test, together } from "../people.ts";

test("a listed group is found and joined by whoever looks for it", async ({ ann, ben, cal }) => {
    await ann.introduce();
    await ann.page.getByLabel("Who can join").selectOption("listed");
    await ann.createGroup("Bakers");
    await ann.open("/");
    await ann.createGroup("Secret bakers");
    await ben.introduce();
    await ben.page.getByRole("link", { name: "Browse groups" }).click();
    await expect(ben.page.getByText("Bakers", { exact: true })).toBeVisible();
    await expect(ben.page.getByText("Secret bakers")).toHaveCount(0);
    await ben.page.getByLabel("Find a group").fill("nothing");
    await ben.page.getByRole("button", { name: "Find" }).click();
    await expect(ben.page.getByText("No groups match.")).toBeVisible();
    await ben.page.getByLabel("Find a group").fill("BAK");
    await ben.page.getByRole("button", { name: "Find" }).click();
    await ben.page.getByRole("link", { name: `Open: ${isolated("Bakers")}` }).click();
    await ben.page.getByRole("button", { name: "Join" }).click();
    await expect(ben.page.getByText("ben joined")).toBeVisible();

    // A group that is no longer listed is still open to anyone with the link.
    const group = new URL(ben.page.url()).pathname;
    await ann.open(`${group}/admin`);
    await ann.page.getByLabel("Anyone with the link").check();
    await ann.page.getByRole("button", { name: "Save" }).first().click();
    await expect(ann.page.getByText("let anyone with the link join")).toBeVisible();
    await cal.introduce();
    await cal.open("/groups");
    await expect(cal.page.getByText("No listed groups yet.")).toBeVisible();
    await cal.open(group);
    await cal.page.getByRole("button", { name: "Join" }).click();
    await expect(cal.page.getByText("cal joined")).toBeVisible();
});

test("what an admin sets shows on every page at once", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    const admin = await manage(ann, link);
    const settings = part(admin, "Settings");
    await settings.getByLabel("Group name").fill("Green tea");
    await settings.getByLabel("Description").fill("Leaves, water, time");
    await settings.getByLabel("Only admins can post").check();
    await settings.getByRole("button", { name: "Save" }).click();
    await expect(admin.page.getByRole("heading", { name: "Manage Green tea", level: 1 })).toBeVisible();

    await expect(ben.page.getByRole("heading", { name: "Green tea", level: 1 })).toBeVisible();
    await expect(ben.page.getByRole("navigation").getByText("Green tea")).toBeVisible();
    await expect(ben.page.locator("header").getByText("Leaves, water, time")).toBeVisible();
    await expect(ben.page.getByText("Only admins can post here.")).toBeVisible();
    await ann.say("hear, hear");
    await ben.sees("hear, hear");
    await expect(part(admin, "Audit log").getByText("ann renamed the group to “Green tea”")).toBeVisible();
});

test("a group is archived, opened again, and deleted by its name", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    const admin = await manage(ann, link);
    const ending = part(admin, "Danger zone");
    await admin.confirms("Archive", ending);
    await expect(ben.page.getByText("This group is archived. You can read it, but not post.")).toBeVisible();
    await ending.getByRole("button", { name: "Unarchive" }).click();
    await ben.say("open again");
    await ann.sees("open again");

    const dialog = admin.page.getByRole("dialog");
    await ending.getByRole("button", { name: "Delete permanently" }).click();
    await dialog.getByLabel(/type the group's name/).fill("Coffee");
    await dialog.getByRole("button", { name: "Delete permanently" }).click();
    await expect(admin.page.getByText("That isn't the name")).toBeVisible();
    await ending.getByRole("button", { name: "Delete permanently" }).click();
    await dialog.getByLabel(/type the group's name/).fill("Tea");
    await dialog.getByRole("button", { name: "Delete permanently" }).click();
    await expect(admin.page.getByText("You're not in any groups yet")).toBeVisible();
    await expect(ben.page.getByRole("navigation").getByText("Tea")).toHaveCount(0);
    ben.refusals = [404];
    await ben.page.goto(link);
    await expect(ben.page.getByRole("heading", { name: "Page not found" })).toBeVisible();
});
