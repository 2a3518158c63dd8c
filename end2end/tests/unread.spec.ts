import type { Locator } from "@playwright/test";

import { expect, type Person, test } from "../people.ts";

async function talk(ann: Person, ben: Person): Promise<string> {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await ben.introduce(link);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    return link;
}

function badge(person: Person): Locator {
    return person.page.getByRole("navigation").getByText(/unread message/);
}

/** Checks the unread count of a group in the sidebar: none if everything is read, and "99+" above 99. */
async function isUnread(person: Person, count: number): Promise<void> {
    if (count === 0) await expect(badge(person)).toHaveCount(0);
    else await expect(badge(person)).toHaveText(count === 1 ? "1 unread message" : `${count > 99 ? "99+" : count} unread messages`);
}

test("what others say elsewhere is counted, and read when it is seen", async ({ ann, ben }) => {
    const link = await talk(ann, ben);
    await ben.open("/");
    await ann.say("one");
    await ann.say("two");
    await isUnread(ben, 2);
    await isUnread(ann, 0);
    await ben.page.reload();
    await ben.live();
    await isUnread(ben, 2);
    await ben.page.getByRole("link", { name: /Tea/ }).click();
    await ben.sees("two");
    await isUnread(ben, 0);
    await ben.page.goto(link);
    await ben.live();
    await isUnread(ben, 0);
});

// Detail 8, in short.
test("one divider stands above the first unread message, until the group is left", async ({ ann, ben }) => {
    const link = await talk(ann, ben);
    await ann.say("before");
    await ben.sees("before");
    await ben.open("/");
    for (const text of ["one", "two", "three"]) await ann.say(text);
    await isUnread(ben, 3);
    await ben.open(link);
    const divider = ben.page.locator("#divider");
    await expect(divider).toHaveCount(1);
    await expect(ben.message("one").locator("#divider")).toBeVisible();
    await ann.say("four");
    await ben.sees("four");
    await expect(divider).toHaveCount(1);
    // The read mark goes out a moment after the message is seen.
    await expect(async () => {
        await ben.open(link);
        await expect(divider).toHaveCount(0, { timeout: 1_000 });
    }).toPass();
});

// Details 9 and 10.
test("a message is read only by somebody who looks, on one device for all, and can be unread again", async ({ ann, ben }) => {
    const link = await talk(ann, ben);
    const elsewhere = await ben.anotherTab("/");
    await ben.page.evaluate(() => {
        document.hasFocus = () => false;
        window.dispatchEvent(new Event("blur"));
    });
    await ann.say("are you there?");
    await ben.sees("are you there?");
    await isUnread(elsewhere, 1);
    await isUnread(ben, 1);
    await ben.page.evaluate(() => {
        document.hasFocus = () => true;
        window.dispatchEvent(new Event("focus"));
    });
    await isUnread(ben, 0);
    await isUnread(elsewhere, 0);

    const row = ben.message("are you there?");
    await row.hover();
    await row.getByRole("link", { name: "Reply, react and more" }).click();
    await row.getByRole("button", { name: "Mark unread" }).click();
    await isUnread(ben, 1);
    await isUnread(elsewhere, 1);
    await elsewhere.page.reload();
    await elsewhere.live();
    await isUnread(elsewhere, 1);
    await ben.page.bringToFront();
    await ben.open(link);
    await isUnread(ben, 0);
});

// Detail 18.
test("typing shows, and goes when it is said", async ({ ann, ben }) => {
    await talk(ann, ben);
    await ben.page.getByLabel("Message", { exact: true }).pressSequentially("I think");
    await expect(ann.page.getByText("ben is typing …")).toBeVisible();
    await expect(ben.page.getByText("is typing")).toHaveCount(0);
    await ben.page.getByLabel("Message", { exact: true }).press("Enter");
    await ann.sees("I think");
    await expect(ann.page.getByText("is typing")).toHaveCount(0);
    // The indicator also disappears by itself.
    await ben.page.getByLabel("Message", { exact: true }).pressSequentially("or not");
    await expect(ann.page.getByText("ben is typing …")).toBeVisible();
    await expect(ann.page.getByText("is typing")).toHaveCount(0);
});

test.describe("with many unread", () => {
    test.use({ settings: ["--send-burst", "1000"] });

    // Detail 8.
    test("a group with many unread opens where they begin, and one key goes to the newest", async ({ ann, ben }) => {
        const link = await talk(ann, ben);
        await ben.open("/");
        await ann.saysMany(200);
        await isUnread(ben, 200);
        await ben.open(link);
        await expect(ben.page.locator("#divider")).toBeInViewport();
        await expect(ben.message("line 1.")).toBeInViewport();
        await isUnread(ben, 200);
        await ben.page.keyboard.press("End");
        await expect(ben.message("line 200.")).toBeInViewport();
        await isUnread(ben, 0);
    });
});
