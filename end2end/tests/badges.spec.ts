/** After every action, the unread count of a conversation is the server's, also in the title and the icon. */
import { expect, manage, type Person, sidebar, test, together } from "../people.ts";

const badge = (person: Person) => sidebar(person).locator(".badge");

async function shows(person: Person, label: string | undefined): Promise<void> {
    if (label === undefined) await expect(badge(person)).toHaveCount(0);
    else await expect(badge(person)).toContainText(label);
    // A page fresh from the server shows the same count.
    const other = await person.context.newPage();
    await other.goto(new URL("/", person.page.url()).href);
    const again = other.getByRole("navigation", { name: "Conversations" }).locator(".badge");
    if (label === undefined) await expect(again).toHaveCount(0);
    else await expect(again).toContainText(label);
    await other.close();
}

async function act(person: Person, text: string, label: string): Promise<void> {
    const row = person.message(text);
    await row.hover();
    await row.getByRole("link", { name: "Reply, react and more" }).click();
    await row.getByRole("button", { name: label, exact: true }).click();
}

test("the badge follows what is said, deleted, edited into a mention and out of it, read and unread elsewhere", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    await ben.open("/");
    for (const text of ["one", "two", "three"]) await ann.say(text);
    await shows(ben, "3 unread messages");
    await act(ann, "two", "Delete");
    await shows(ben, "2 unread messages");

    const field = ann.page.getByLabel("Message", { exact: true });
    await field.press("ArrowUp");
    await expect(field).toHaveValue("three");
    await field.fill("@ben three");
    await field.press("Enter");
    await shows(ben, "2 unread messages, 1 mention");
    await ann.sees("@ben three");
    await field.press("ArrowUp");
    await field.fill("three again");
    await field.press("Enter");
    await expect(badge(ben)).not.toContainText("mention");
    await shows(ben, "2 unread messages");

    // They are read on another device, and one is marked as unread again.
    const phone = await ben.anotherTab(new URL(link).pathname);
    await phone.page.bringToFront();
    await phone.sees("three again");
    await shows(ben, undefined);
    await act(phone, "three again", "Mark unread");
    await shows(ben, "1 unread message");
    expect(phone.wrong).toEqual([]);
});

test("a group somebody is removed from takes its badge and its number in the title along", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    await ben.open("/");
    await ann.say("one");
    await shows(ben, "1 unread message");
    await expect(ben.page).toHaveTitle("(1) Hubbub");
    const admin = await manage(ann, link);
    await admin.page.getByRole("checkbox", { name: "ben" }).check();
    await admin.confirms("Remove");
    await shows(ben, undefined);
    await expect(ben.page).toHaveTitle("Hubbub");
});

test("title and icon say what is unread, also of a tab in the background, and no more when it is read", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    const icon = ben.page.locator("link[rel=icon]");
    await expect(ben.page).toHaveTitle("Tea · Hubbub");
    await expect(icon).toHaveAttribute("href", "/icon.svg");
    await ben.page.evaluate(() => {
        document.hasFocus = () => false;
        window.dispatchEvent(new Event("blur"));
    });
    for (const text of ["one", "two", "three"]) await ann.say(text);
    await expect(ben.page).toHaveTitle("(3) Tea · Hubbub");
    await expect(icon).toHaveAttribute("href", "/icon-unread.svg");
    const dot = await ben.context.request.get(new URL("/icon-unread.svg", link).href);
    expect(dot.headers()["content-type"]).toContain("image/svg+xml");
    await ben.page.evaluate(() => {
        document.hasFocus = () => true;
        window.dispatchEvent(new Event("focus"));
    });
    await expect(ben.page).toHaveTitle("Tea · Hubbub");
    await expect(icon).toHaveAttribute("href", "/icon.svg");
    // Renaming the group changes the title.
    const admin = await manage(ann, link);
    await admin.page.getByRole("textbox", { name: "Group name", exact: true }).fill("Coffee");
    await admin.page.getByRole("button", { name: "Save", exact: true }).first().click();
    await expect(ben.page).toHaveTitle("Coffee · Hubbub");
});
