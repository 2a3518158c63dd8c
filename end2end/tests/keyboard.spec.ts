import { expect, type Person, test } from "../people.ts";
import { test as teaTest } from "../fixtures.ts";

/** Presses Tab until the target has the focus, and returns the number of tab stops. */
async function tabTo(person: Person, role: Parameters<Person["page"]["getByRole"]>[0], name: string | RegExp): Promise<number> {
    const target = person.page.getByRole(role, typeof name === "string" ? { name, exact: true } : { name }).first();
    await expect(target).toBeVisible();
    for (let step = 0; step < 80; step += 1) {
        if (await target.evaluate((node) => node === document.activeElement).catch(() => false)) return step;
        await person.page.keyboard.press("Tab");
    }
    throw new Error(`the Tab key does not reach ${role} ${name}`);
}

/** Presses a button and confirms its dialog, by keyboard alone. */
async function confirmByKey(person: Person, name: string): Promise<void> {
    await tabTo(person, "button", name);
    await person.page.keyboard.press("Enter");
    const button = person.page.getByRole("dialog").getByRole("button", { name, exact: true });
    await expect(button).toBeVisible();
    await person.page.keyboard.press("Shift+Tab");
    await expect(button).toBeFocused();
    await person.page.keyboard.press("Enter");
}

const field = (person: Person) => person.page.getByLabel("Message", { exact: true });

// Detail 22.
test("by the keyboard alone: create, invite, promote, limit, leave", async ({ ann, ben }) => {
    const keys = ann.page.keyboard;
    await ann.open("/");
    await tabTo(ann, "textbox", "Your name");
    await keys.type("ann");
    await keys.press("Enter");
    await expect(ann.page.getByLabel("Group name")).toBeVisible();
    await tabTo(ann, "textbox", "Group name");
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
    await tabTo(ann, "checkbox", /^ben\b/);
    await keys.press("Space");
    await tabTo(ann, "button", "Make admin");
    await keys.press("Enter");
    await expect(ben.page.getByText("ann made ben an admin")).toBeVisible();
    await tabTo(ann, "spinbutton", "Member limit");
    await keys.press("Control+a");
    await keys.type("2");
    await keys.press("Enter");
    await expect(ben.page.getByText("ann set the member limit to 2")).toBeVisible();

    await tabTo(ann, "link", /^Back|start page/);
    await keys.press("Enter");
    await ann.live();
    await tabTo(ann, "button", "Leave group");
    await keys.press("Enter");
    await expect(ann.page.getByText("You left Keys.")).toBeVisible();
    await expect(ann.page.getByRole("heading", { name: "Welcome, ann" })).toBeVisible();
    await expect(ben.page.getByText("ann left")).toBeVisible();
});

test("Space, then Enter on the member list changes nobody, and a ban is asked for by the keyboard", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Keys");
    await ben.introduce(link);
    await ann.open(`${new URL(link).pathname}/admin`);
    await tabTo(ann, "checkbox", /^ben\b/);
    await ann.page.keyboard.press("Space");
    await ann.page.keyboard.press("Enter");
    // If the form had been submitted, the page would have reloaded with nobody selected.
    await expect(ann.page.getByRole("checkbox", { name: "ben" })).toBeChecked();
    await expect(ann.page.getByRole("region", { name: "Audit log" }).getByText("made ben an admin")).toHaveCount(0);
    await confirmByKey(ann, "Ban");
    await expect(ben.page.getByText("You're no longer in this group.")).toBeVisible();
});

test("one Escape closes each thing that is open, the last opened first, and so does a click outside", async ({ ann }) => {
    const keys = ann.page.keyboard;
    await ann.introduce();
    await ann.createGroup("Keys");
    await ann.say("hello");
    await ann.sees("hello");
    const menu = ann.page.getByRole("toolbar", { name: "Reply, react and more" });
    const switcher = ann.page.getByRole("dialog", { name: "Jump to…" });
    const open = async () => {
        await ann.message("hello").hover();
        await ann.message("hello").getByRole("link", { name: "Reply, react and more" }).click();
        await expect(menu).toBeVisible();
    };
    await open();
    await keys.press("Control+k");
    await keys.type("he");
    await keys.press("Escape");
    await expect(switcher).toBeHidden();
    await expect(menu).toBeVisible();
    await keys.press("Escape");
    await expect(menu).toBeHidden();
    await open();
    await ann.page.getByRole("heading", { level: 1 }).click();
    await expect(menu).toBeHidden();

    await ann.page.getByRole("button", { name: "Emoji" }).click();
    await ann.page.getByLabel("Find an emoji").fill("tea");
    await keys.press("Escape");
    await expect(ann.page.locator("#emoji")).toBeHidden();
    await expect(field(ann)).toBeFocused();
    await open();
    await menu.getByRole("button", { name: "Reply", exact: true }).click();
    await expect(ann.page.getByText("Replying to ann: hello")).toBeVisible();
    await field(ann).pressSequentially(":tad");
    await expect(ann.page.getByRole("option", { name: "🎉" })).toBeVisible();
    await keys.press("Escape");
    await expect(ann.page.locator("#completions li")).toHaveCount(0);
    await expect(ann.page.getByText("Replying to ann: hello")).toBeVisible();
    await keys.press("Escape");
    await expect(ann.page.getByText("Replying to ann: hello")).toHaveCount(0);
});

teaTest("after a switch, and wherever letters are typed, 歐陽曉明 writes in the composer", async ({ signedIn, tea }) => {
    const ming = await signedIn("chinese");
    await ming.open(tea.groups.tea.path);
    await ming.page.getByRole("heading", { level: 1 }).click();
    await ming.page.keyboard.type("xiawu hao");
    await expect(field(ming)).toHaveValue("xiawu hao");
    await ming.page.getByRole("navigation", { name: "Conversations" }).getByRole("link", { name: tea.groups.long.name }).click();
    await expect(ming.page.getByRole("heading", { name: tea.groups.long.name, level: 1 })).toBeVisible();
    await expect(field(ming)).toBeFocused();
    await ming.page.keyboard.press("Control+k");
    await ming.page.keyboard.type("Product");
    await ming.page.keyboard.press("Enter");
    await expect(ming.page.getByRole("heading", { name: tea.groups.reactions.name, level: 1 })).toBeVisible();
    await expect(field(ming)).toBeFocused();
});

teaTest("sidebar, messages and members are one tab stop each, with the arrow keys inside", async ({ anna, tea }) => {
    const keys = anna.page.keyboard;
    await anna.open(tea.groups.long.path);
    expect(await tabTo(anna, "textbox", "Message")).toBeLessThanOrEqual(10);

    const sidebar = anna.page.getByRole("navigation", { name: "Conversations" });
    const current = sidebar.getByRole("link", { name: tea.groups.long.name });
    await current.focus();
    await keys.press("ArrowDown");
    await expect(current).not.toBeFocused();
    await keys.press("ArrowUp");
    await expect(current).toBeFocused();
    await keys.press("Home");
    await expect(sidebar.getByRole("link", { name: "Hubbub" })).toBeFocused();

    const list = anna.page.getByRole("log", { name: "Messages" });
    await list.focus();
    await keys.press("ArrowUp");
    const rows = anna.page.locator("#messages .row");
    await expect(rows.last()).toBeFocused();
    await keys.press("ArrowUp");
    await expect(rows.nth(-2)).toBeFocused();
    await keys.press("r");
    await expect(anna.page.getByText(/^Replying to/)).toBeVisible();
    await expect(field(anna)).toBeFocused();

    const members = anna.page.getByRole("complementary", { name: "Members" });
    const first = members.getByRole("listitem").getByRole("link").first();
    await first.focus();
    await keys.press("ArrowDown");
    await expect(first).not.toBeFocused();
    await keys.press("Tab");
    await expect(members.getByRole("link", { name: "Manage" })).toBeFocused();
});
