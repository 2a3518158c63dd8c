import { claim, expect, part, type Person, test } from "../people.ts";

const row = (person: Person, name: string) =>
    part(person, "Accounts").getByRole("listitem").filter({ hasText: name });

test("the owner makes ben an admin of the server, and he helps cal to a new password", async ({ ann, ben, cal }) => {
    for (const person of [ann, ben, cal]) {
        await person.introduce();
        await claim(person);
    }
    await ann.page.getByRole("link", { name: "Server administration" }).click();
    await ann.isAccessible();
    await row(ann, "ben").getByRole("button", { name: "Make admin" }).click();
    await expect(row(ann, "ben")).toContainText("Admin");

    await ben.open("/server");
    await expect(row(ben, "ann").getByRole("button")).toHaveCount(0);
    await row(ben, "cal").getByRole("button", { name: "Create password reset link" }).click();
    const link = await ben.page.getByLabel("Send this link to them").inputValue();

    await cal.page.context().clearCookies();
    await cal.open(link);
    await cal.isAccessible();
    await cal.page.getByLabel("New password for cal").fill("password");
    await cal.page.getByRole("button", { name: "Save" }).click();
    await expect(cal.page.getByText("too common")).toBeVisible();
    await cal.page.getByLabel("New password for cal").fill("a much better one now");
    await cal.page.getByRole("button", { name: "Save" }).click();
    await expect(cal.page.getByRole("heading", { name: "Welcome, cal" })).toBeVisible();
    cal.refusals = [422];
    await cal.open(link);
    await expect(cal.page.getByText("This link no longer works")).toBeVisible();
    cal.refusals = [403];
    await cal.open("/server");
    await expect(cal.page.getByText("Only server admins can do that.")).toBeVisible();
});

test.describe("by invitation", () => {
    test.use({ settings: ["--sign-up", "invite"] });

    test("only who has an invite comes in, once the owner is there", async ({ ann, ben, cal }) => {
        await ann.introduce();
        await claim(ann);
        await ann.open("/");
        const link = await ann.createGroup("Tea");
        ben.refusals = [403];
        await ben.open("/");
        await ben.page.getByLabel("Your name").fill("ben");
        await ben.page.getByRole("button", { name: "Start chatting" }).click();
        await expect(ben.page.getByText("need an invitation to join")).toBeVisible();

        await ann.open(`${new URL(link).pathname}/admin`);
        await ann.page.getByRole("button", { name: "Create invite link" }).click();
        const invite = await ann.page.locator("input[id^=invite-]").inputValue();
        await cal.introduce(invite);
        await expect(cal.page.getByRole("heading", { name: "Tea", level: 1 })).toBeVisible();
    });
});
