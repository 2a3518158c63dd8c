import { expect, manage, part, test, together } from "../people.ts";

test("a full group says so, and who is there stays when the limit is lowered", async ({ ann, ben, cal }) => {
    const link = await together("Tea", ann, ben);
    const admin = await manage(ann, link);
    await part(admin, "Settings").getByLabel("Member limit").fill("1");
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await expect(ben.page.getByText("ann set the member limit to 1")).toBeVisible();
    await ben.say("still here");
    await ann.sees("still here");
    await cal.open(link);
    await expect(cal.page.getByText("This group is full (1 member).")).toBeVisible();
    // The server explains a value that the form field would not accept.
    const limit = part(admin, "Settings").getByLabel("Member limit");
    await limit.evaluate((field) => field.removeAttribute("max"));
    await limit.fill("5000");
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await expect(admin.page.getByText("The limit must be a whole number from 1 to 1,000.")).toBeVisible();
});

test("whoever leaves a full group makes room for somebody else", async ({ ann, ben, cal }) => {
    const link = await together("Tea", ann, ben);
    const admin = await manage(ann, link);
    await part(admin, "Settings").getByLabel("Member limit").fill("2");
    await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
    await expect(ann.page.getByText("ann set the member limit to 2")).toBeVisible();
    await cal.open(link);
    await expect(cal.page.getByText("This group is full (2 members).")).toBeVisible();
    await ben.page.getByRole("button", { name: "Leave group" }).click();
    await expect(ann.page.getByText("ben left")).toBeVisible();
    await cal.introduce(link);
    await expect(ann.page.getByText("cal joined")).toBeVisible();
    await ben.open(link);
    await expect(ben.page.getByText("This group is full (2 members).")).toBeVisible();
});
