import { claim, expect, manage, part, test, together } from "../people.ts";

test("what admins do to members is in the audit log of the group, for its admins", async ({ ann, ben, cal }) => {
    const link = await together("Tea", ann, ben, cal);
    const admin = await manage(ann, link);
    const choose = async (name: string, action: string) => {
        await part(admin, /members/).getByRole("checkbox", { name }).check();
        await part(admin, /members/).getByRole("button", { name: action, exact: true }).click();
    };
    await choose("ben", "Make admin");
    await part(admin, /members/).getByRole("checkbox", { name: "cal" }).check();
    await admin.confirms("Remove");
    const bens = await manage(ben, link);
    for (const sentence of ["ann made ben an admin", "ann removed cal"]) {
        await expect(part(bens, "Audit log").getByText(sentence)).toBeVisible();
    }
    cal.refusals = [403];
    const answer = await cal.page.goto(new URL(`${new URL(link).pathname}/audit`, cal.page.url()).href);
    expect(answer?.status()).toBe(403);
});

test("admins of the server find every group, and read its audit log but not its messages", async ({ ann, ben }) => {
    await ann.introduce();
    await claim(ann);
    await ben.introduce();
    const link = await ben.createGroup("Secret bakers");
    await ben.open(`${new URL(link).pathname}/admin`);
    await ben.page.getByLabel("Invited people only").check();
    await ben.page.getByRole("button", { name: "Save" }).first().click();
    await ann.open("/server");
    await expect(ann.page.getByText("ann created an account")).toBeVisible();
    await ann.page.getByRole("link", { name: /^Audit log: .*Secret bakers/ }).click();
    await expect(ann.page.getByRole("heading", { name: "Audit log: Secret bakers" })).toBeVisible();
    await expect(ann.page.getByText("ben made the group invite-only")).toBeVisible();
    await ann.open(link);
    await expect(ann.page.getByLabel("Message", { exact: true })).toHaveCount(0);
    ben.refusals = [403];
    const answer = await ben.page.goto(new URL("/server", ben.page.url()).href);
    expect(answer?.status()).toBe(403);
});
