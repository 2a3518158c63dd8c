import type { Locator } from "@playwright/test";

import { expect, type Person, test } from "../people.ts";

/** A group of ann's with ben and cal in it; gives its link. */
async function tea(ann: Person, ...others: Person[]): Promise<string> {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    for (const other of others) await other.introduce(link);
    return link;
}

/** Opens the page on which ann manages her group, in a tab of its own. */
async function manage(ann: Person, link: string): Promise<Person> {
    const tab = await ann.anotherTab(`${new URL(link).pathname}/admin`);
    await expect(tab.page.getByRole("heading", { name: "Manage Tea", level: 1 })).toBeVisible();
    return tab;
}

function part(page: Person, heading: string | RegExp): Locator {
    return page.page.getByRole("region", { name: heading });
}

test("what an admin sets shows on every page at once", async ({ ann, ben }) => {
    const link = await tea(ann, ben);
    const admin = await manage(ann, link);
    const settings = part(admin, "Settings");
    await settings.getByLabel("Name of the group").fill("Green tea");
    await settings.getByLabel("What it is about").fill("Leaves, water, time");
    await settings.getByLabel("Only admins write").check();
    await settings.getByRole("button", { name: "Save" }).click();
    await expect(admin.page.getByRole("heading", { name: "Manage Green tea", level: 1 })).toBeVisible();

    await expect(ben.page.getByRole("heading", { name: "Green tea", level: 1 })).toBeVisible();
    await expect(ben.page.getByRole("navigation").getByText("Green tea")).toBeVisible();
    await expect(ben.page.getByText("Leaves, water, time", { exact: true })).toBeVisible();
    await expect(ben.page.getByText("Only admins write here.")).toBeVisible();
    await ann.say("hear, hear");
    await ben.sees("hear, hear");
    await expect(part(admin, "Audit log").getByText("ann renamed the group to “Green tea”")).toBeVisible();
});

test("admins mute, remove and ban, and lift it again", async ({ ann, ben, cal }) => {
    const link = await tea(ann, ben, cal);
    const admin = await manage(ann, link);
    const choose = async (name: string, deed: string) => {
        await part(admin, /members/).getByRole("checkbox", { name }).check();
        await part(admin, /members/).getByRole("button", { name: deed, exact: true }).click();
    };
    await choose("ben", "Mute for an hour");
    await expect(ben.page.getByText("An admin has muted you here until")).toBeVisible();
    await choose("ben", "Unmute");
    await ben.say("thank you");
    await ann.sees("thank you");

    await choose("cal", "Remove");
    await expect(cal.page.getByText("You are no longer in this group.")).toBeVisible();
    await ann.say("is cal gone?");
    await ben.sees("is cal gone?");
    await expect(cal.message("is cal gone?")).toHaveCount(0);
    await cal.open(link);
    await cal.page.getByRole("button", { name: "Join" }).click();
    await cal.sees("is cal gone?");

    await admin.page.reload();
    await choose("cal", "Ban");
    await expect(cal.page.getByText("You are no longer in this group.")).toBeVisible();
    await cal.open(link);
    await expect(cal.page.getByText("An admin has closed this group to you")).toBeVisible();
    await part(admin, "Banned").getByRole("button", { name: "Lift the ban" }).click();
    await cal.open(link);
    await cal.page.getByRole("button", { name: "Join" }).click();
    await cal.sees("is cal gone?");
});

test("an invite lets in one more, then no longer", async ({ ann, ben, cal }) => {
    const link = await tea(ann);
    const admin = await manage(ann, link);
    await part(admin, "Settings").getByLabel("Only by invite").check();
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await ben.open(link);
    await expect(ben.page.getByText("This group is by invitation")).toBeVisible();

    await part(admin, "Invites").getByLabel("How many people may use it").fill("1");
    await part(admin, "Invites").getByRole("button", { name: "Make an invite" }).click();
    const invite = await part(admin, "Invites").getByLabel(/For one more person/).inputValue();
    await ben.introduce(invite);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    await cal.open(invite);
    await expect(cal.page.getByText("This invite no longer works")).toBeVisible();
});

test("a full group says so, and who is there stays when the limit is lowered", async ({ ann, ben, cal }) => {
    const link = await tea(ann, ben);
    const admin = await manage(ann, link);
    await part(admin, "Settings").getByLabel("Most members").fill("1");
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await expect(ben.page.getByText("ann set the limit to 1 member")).toBeVisible();
    await ben.say("still here");
    await ann.sees("still here");
    await cal.open(link);
    await expect(cal.page.getByText("This group is full: it may have 1 members.")).toBeVisible();
    // What the form's field would not take, the server explains.
    const limit = part(admin, "Settings").getByLabel("Most members");
    await limit.evaluate((field) => field.removeAttribute("max"));
    await limit.fill("5000");
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await expect(admin.page.getByText("The limit must be a whole number from 1 to 1000.")).toBeVisible();
});

test("a group is archived, opened again, and deleted by its name", async ({ ann, ben }) => {
    const link = await tea(ann, ben);
    const admin = await manage(ann, link);
    const ending = part(admin, "Archive or delete");
    await ending.getByRole("button", { name: "Archive" }).click();
    await expect(ben.page.getByText("This group is archived: it can be read, but nobody writes.")).toBeVisible();
    await ending.getByRole("button", { name: "Open again" }).click();
    await ben.say("open again");
    await ann.sees("open again");

    await ending.getByLabel(/type its name/).fill("Coffee");
    await ending.getByRole("button", { name: "Delete for ever" }).click();
    await expect(admin.page.getByText("That is not the name of the group")).toBeVisible();
    await ending.getByLabel(/type its name/).fill("Tea");
    await ending.getByRole("button", { name: "Delete for ever" }).click();
    await expect(admin.page.getByText("You are in no group yet")).toBeVisible();
    await expect(ben.page.getByRole("navigation").getByText("Tea")).toHaveCount(0);
    ben.refusals = [404];
    await ben.page.goto(link);
    await expect(ben.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
});

test("only admins manage a group", async ({ ann, ben }) => {
    const link = await tea(ann, ben);
    ben.refusals = [403];
    await ben.page.goto(`${link}/admin`);
    await expect(ben.page.getByText("Only an admin of this group may do that")).toBeVisible();
    await expect(ann.page.getByRole("link", { name: "Manage" })).toHaveAttribute("href", /\/admin$/);
});

test("an admin adds somebody known, who is in at once", async ({ ann, ben }) => {
    await tea(ann, ben);
    await ann.open("/");
    const link = await ann.createGroup("Coffee");
    await ann.open(`${new URL(link).pathname}/admin`);
    await ann.page.getByLabel("Add somebody you know").selectOption("ben");
    await ann.page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(ann.page.getByRole("heading", { name: "2 members" })).toBeVisible();
    await expect(ann.page.getByText("ann added ben")).toBeVisible();
    await ben.page.getByRole("navigation").getByRole("link", { name: /Coffee/ }).click();
    await expect(ben.page.getByText("ben joined")).toBeVisible();
});
