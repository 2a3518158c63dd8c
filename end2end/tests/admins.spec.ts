import { expect, manage, part, test, together } from "../people.ts";

test("admins mute, remove and ban, and lift it again", async ({ ann, ben, cal }) => {
    const link = await together("Tea", ann, ben, cal);
    const admin = await manage(ann, link);
    const choose = async (name: string, action: string) => {
        await part(admin, /members/).getByRole("checkbox", { name }).check();
        const members = part(admin, /members/);
        if (action === "Remove" || action === "Ban") await admin.confirms(action, members);
        else await members.getByRole("button", { name: action, exact: true }).click();
    };
    await choose("ben", "Mute for 1 hour");
    await expect(ben.page.getByText("You're muted until")).toBeVisible();
    await choose("ben", "Unmute");
    await ben.say("thank you");
    await ann.sees("thank you");

    await choose("cal", "Remove");
    await expect(cal.page.getByText("You're no longer in this group.")).toBeVisible();
    await ann.say("is cal gone?");
    await ben.sees("is cal gone?");
    await expect(cal.message("is cal gone?")).toHaveCount(0);
    await cal.open(link);
    await cal.page.getByRole("button", { name: "Join" }).click();
    await cal.sees("is cal gone?");

    await admin.page.reload();
    await choose("cal", "Ban");
    await expect(cal.page.getByText("You're no longer in this group.")).toBeVisible();
    await cal.open(link);
    await expect(cal.page.getByText("You've been banned from this group")).toBeVisible();
    await part(admin, "Banned").getByRole("button", { name: "Unban" }).click();
    await cal.open(link);
    await cal.page.getByRole("button", { name: "Join" }).click();
    await cal.sees("is cal gone?");
});

test("an invite lets in one more, then no longer", async ({ ann, ben, cal }) => {
    const link = await together("Tea", ann);
    const admin = await manage(ann, link);
    await part(admin, "Settings").getByLabel("Invited people only").check();
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await ben.open(link);
    await expect(ben.page.getByText("This group is invite-only")).toBeVisible();

    await part(admin, "Invites").getByLabel("Max uses").fill("1");
    await part(admin, "Invites").getByRole("button", { name: "Create invite link" }).click();
    const invite = await part(admin, "Invites").getByLabel(/1 use left/).inputValue();
    await ben.introduce(invite);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    await cal.open(invite);
    await expect(cal.page.getByText("This invite no longer works")).toBeVisible();
});

test("only admins manage a group", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    ben.refusals = [403];
    await ben.page.goto(`${link}/admin`);
    await expect(ben.page.getByText("Only group admins can do that")).toBeVisible();
    await expect(ann.page.getByRole("link", { name: "Manage" })).toHaveAttribute("href", /\/admin$/);
});

test("an admin adds somebody known, who is in at once", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    await ann.open("/");
    const link = await ann.createGroup("Coffee");
    await ann.open(`${new URL(link).pathname}/admin`);
    await ann.page.getByLabel("Add members").selectOption("ben");
    await ann.page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(ann.page.getByRole("heading", { name: "2 members" })).toBeVisible();
    await expect(ann.page.getByText("ann added ben")).toBeVisible();
    await ben.page.getByRole("navigation").getByRole("link", { name: /Coffee/ }).click();
    await expect(ben.page.getByText("ben joined")).toBeVisible();
});
