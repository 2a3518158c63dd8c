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

test("the owner creates an application, and a program uses its token until all are replaced", async ({ ann }) => {
    await ann.introduce();
    await claim(ann);
    await ann.open("/server");
    await ann.page.getByRole("link", { name: "Applications" }).click();
    await ann.isAccessible();
    await ann.page.getByLabel("Title").fill("متجر نور");
    await ann.page.getByRole("button", { name: "Create application" }).click();
    const works = async (token: string) => {
        const headers = { authorization: `Bearer ${token}` };
        const url = new URL("/api/v1/application", ann.page.url()).href;
        return (await ann.context.request.get(url, { headers })).status() === 200;
    };
    const shown = ann.page.getByLabel("Copy this token now");
    const first = await shown.inputValue();
    expect(await works(first)).toBe(true);
    await ann.page.getByRole("listitem").filter({ hasText: "متجر نور" }).getByRole("link").click();
    await expect(shown).toHaveCount(0);
    ann.refusals = [400, 422];
    await ann.page.getByLabel("Allowed origins").fill("https://shop.example/cart");
    await ann.page.getByRole("button", { name: "Save" }).click();
    await expect(ann.page.getByText("without a path")).toBeVisible();
    await expect(ann.page.getByLabel("Allowed origins")).toHaveValue("https://shop.example/cart");
    await ann.isAccessible();
    await ann.confirms("Replace all tokens");
    const second = await shown.inputValue();
    expect([await works(first), await works(second)]).toEqual([false, true]);
    await ann.page.getByRole("button", { name: "Delete application" }).click();
    await ann.page.getByLabel("To confirm, type").fill("متجر نور");
    await ann.page.getByRole("dialog").getByRole("button", { name: "Delete application" }).click();
    await expect(ann.page.getByText("Being deleted")).toBeVisible();
    expect(await works(second)).toBe(false);
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
