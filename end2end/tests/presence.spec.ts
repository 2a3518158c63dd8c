import { expect, type Person, sidebar, test, together } from "../people.ts";

const members = (person: Person) => person.page.getByRole("complementary", { name: "Members" });
const seat = (person: Person, name: string) => members(person).getByRole("listitem").filter({ hasText: name });
const receipt = (person: Person) => person.page.locator(".status-line-receipt");

/** Makes the tab look hidden behind another one, or visible again. */
async function hide(person: Person, hidden: boolean): Promise<void> {
    await person.page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
}

test("ann sees who is here, who has gone away, and who has gone", async ({ ann, ben, cal }) => {
    await together("Kitchen", ann, ben, cal);
    for (const name of ["ann", "ben", "cal"]) await expect(seat(ann, name).getByTitle("Online")).toBeVisible();
    await hide(ben, true);
    await expect(seat(ann, "ben").getByTitle("Away")).toBeVisible({ timeout: 20_000 });
    await hide(ben, false);
    await expect(seat(ann, "ben").getByTitle("Online")).toBeVisible();
    await cal.page.close();
    await expect(seat(ann, "cal").locator(".presence")).toHaveCount(0, { timeout: 20_000 });
    await expect(seat(ann, "ben").getByTitle("Online")).toBeVisible();
});

test("a direct tells whether the other one is here, unless one has blocked the other", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await seat(ann, "ben").getByRole("link", { name: "ben" }).click();
    // Until the direct is there, the message would go to the group.
    await expect(ann.page).toHaveURL(/\/d\//);
    await expect(ann.page.getByRole("heading", { level: 1, name: "ben" })).toBeVisible();
    await expect(ann.page.getByLabel("Message", { exact: true })).toBeFocused();
    await ann.say("psst");
    await sidebar(ben).getByRole("link", { name: /ann/ }).click();
    await ben.sees("psst");
    const header = ann.page.locator(".header");
    await expect(header.getByText("Online")).toBeVisible();
    await expect(sidebar(ann).getByRole("link", { name: /ben/ }).getByTitle("Online")).toBeVisible();
    await ben.confirms("Block");
    await expect(header.getByText("Online")).toHaveCount(0);
    await expect(sidebar(ann).locator(".presence")).toHaveCount(0);
});

test("ann sees how far her newest message has come", async ({ ann, ben, cal }) => {
    const link = await together("Kitchen", ann, ben, cal);
    await cal.open("/");
    await ben.open("/");
    await ann.say("who bakes?");
    await expect(receipt(ann)).toHaveText("Delivered to 2 of 2");
    await ben.open(link);
    await ben.page.bringToFront();
    await ben.sees("who bakes?");
    await expect(receipt(ann)).toHaveText("Read by ben");
    await ann.page.reload();
    await ann.live();
    await expect(receipt(ann)).toHaveText("Read by ben");
    await expect(receipt(ben)).toHaveText("");
    await ann.open(`${new URL(link).pathname}/m/4`);
    await expect(ann.page.getByText("Read by", { exact: true })).toBeVisible();
    await expect(ann.page.locator(".receipts")).toHaveText(/Read by\s*ben\s*Delivered to\s*cal/);
    await cal.open(link);
    await cal.page.bringToFront();
    await cal.sees("who bakes?");
    await ann.open(link);
    await expect(receipt(ann)).toHaveText("Read by everyone");
    await cal.say("me");
    await ann.sees("me");
    await expect(receipt(ann)).toHaveText("");
});

test("what is unread again for ben stays read for ann", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await ann.say("first");
    await ben.page.bringToFront();
    await ben.sees("first");
    await expect(receipt(ann)).toHaveText("Read by ben");
    await ben.message("first").hover();
    await ben.message("first").getByRole("link", { name: "Reply, react and more" }).click();
    await ben.message("first").getByRole("button", { name: "Mark unread" }).click();
    await expect(sidebar(ben).getByRole("link", { name: /Kitchen/ })).toContainText("1 unread message");
    await ann.page.reload();
    await ann.live();
    await expect(receipt(ann)).toHaveText("Read by ben");
});
