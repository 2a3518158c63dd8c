import { expect, test } from "../people.ts";

test("ann writes once to a group and to a person, and sees what became of each", async ({ ann, ben, cal }) => {
    await ann.introduce();
    const kitchen = await ann.createGroup("Kitchen");
    await ben.introduce(kitchen);
    await cal.introduce(kitchen);
    await ann.open("/");
    await ann.createGroup("Garden");
    await cal.page.getByRole("link", { name: "ann", exact: true }).first().click();
    await cal.confirms("Block");
    await expect(cal.page.getByText("You can't message each other")).toBeVisible();

    await ann.open("/broadcast");
    await ann.isAccessible();
    for (const name of ["Kitchen", "ben", "cal"]) await ann.page.getByRole("checkbox", { name }).check();
    await ann.page.getByLabel("Message", { exact: true }).fill("Cake at **four**!");
    await ann.page.getByRole("button", { name: "Send" }).click();
    await expect(ann.page.getByRole("heading", { name: "Sent to 2 of 3" })).toBeVisible();
    await expect(ann.page.getByRole("listitem").filter({ hasText: "cal" })).toContainText("blocked");
    await ann.isAccessible();
    await ann.page.getByRole("listitem").filter({ hasText: "Kitchen" }).getByRole("link", { name: "Sent" }).click();
    await ann.sees("Cake at four!");
    await ben.sees("Cake at four!");
    await expect(ben.page.getByRole("navigation").getByRole("link", { name: /ann/ })).toContainText("1 unread");
});

test("to all groups at once, and to nobody by mistake", async ({ ann }) => {
    await ann.introduce();
    await ann.createGroup("Kitchen");
    await ann.open("/");
    await ann.createGroup("Garden");
    await ann.open("/broadcast");
    await expect(ann.page.getByLabel("Everyone, as direct messages")).toHaveCount(0);
    await ann.page.getByLabel("Message", { exact: true }).fill("Hello all");
    await ann.page.getByRole("button", { name: "Send" }).click();
    await expect(ann.page.getByText("Choose 1 to 1,000 people or groups.")).toBeVisible();
    await ann.page.getByLabel("All my groups").check();
    await ann.page.getByLabel("Message", { exact: true }).fill("Hello all");
    await ann.page.getByRole("button", { name: "Send" }).click();
    await expect(ann.page.getByRole("heading", { name: "Sent to 2" })).toBeVisible();
});
