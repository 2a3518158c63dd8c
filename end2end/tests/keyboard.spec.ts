import { expect, type Person, test } from "../people.ts";

/** Goes on by the Tab key until the focus is on what is looked for. */
async function tabTo(person: Person, role: Parameters<Person["page"]["getByRole"]>[0], name: string | RegExp): Promise<void> {
    const target = person.page.getByRole(role, typeof name === "string" ? { name, exact: true } : { name }).first();
    await expect(target).toBeVisible();
    for (let step = 0; step < 80; step += 1) {
        if (await target.evaluate((node) => node === document.activeElement).catch(() => false)) return;
        await person.page.keyboard.press("Tab");
    }
    throw new Error(`the Tab key does not reach ${role} ${name}`);
}

// Detail 22.
test("by the keyboard alone: create, invite, promote, limit, leave", async ({ ann, ben }) => {
    const keys = ann.page.keyboard;
    await ann.open("/");
    await tabTo(ann, "textbox", "Your name");
    await keys.type("ann");
    await keys.press("Enter");
    await expect(ann.page.getByLabel("Name of the group")).toBeVisible();
    await tabTo(ann, "textbox", "Name of the group");
    await keys.type("Keys");
    await keys.press("Enter");
    await expect(ann.page.getByRole("heading", { name: "Keys", level: 1 })).toBeVisible();

    await tabTo(ann, "button", "Invite");
    await keys.press("Enter");
    const link = await ann.page.locator("#link").inputValue();
    await keys.press("Escape");
    await ben.introduce(link);
    await expect(ann.page.getByText("ben joined")).toBeVisible();

    await tabTo(ann, "link", "Manage");
    await keys.press("Enter");
    await expect(ann.page.getByRole("heading", { name: "Manage Keys" })).toBeVisible();
    await tabTo(ann, "checkbox", "ben");
    await keys.press("Space");
    await tabTo(ann, "button", "Make admin");
    await keys.press("Enter");
    await expect(ben.page.getByText("ann made ben an admin")).toBeVisible();
    await tabTo(ann, "spinbutton", "Most members");
    await keys.press("Control+a");
    await keys.type("2");
    await keys.press("Enter");
    await expect(ben.page.getByText("ann set the limit to 2 members")).toBeVisible();

    await tabTo(ann, "link", /^Back|start page/);
    await keys.press("Enter");
    await ann.live();
    await tabTo(ann, "button", "Leave group");
    await keys.press("Enter");
    await expect(ben.page.getByText("ann left")).toBeVisible();
    await expect(ann.page.getByRole("heading", { name: "Welcome, ann" })).toBeVisible();
});
