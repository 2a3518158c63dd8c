/** The details that make daily use pleasant. Each test has the number of its detail. */
import type { Page, WebSocketRoute } from "@playwright/test";

import { expect, isolated, type Person, test } from "../people.ts";

/** Sits between a page and the server, and delays, drops or cuts what goes over the socket. */
class Wire {
    holdUp = false;
    dropDown: RegExp | undefined;
    refuse = false;
    private held: (() => void)[] = [];
    private sockets: { socket: WebSocketRoute; isOpen: Promise<void> }[] = [];

    static async under(page: Page): Promise<Wire> {
        const wire = new Wire();
        await page.routeWebSocket(/\/ws$/, (socket) => {
            if (wire.refuse) {
                void socket.close({ code: 1012 });
                return;
            }
            const server = socket.connectToServer();
            let opened = () => {};
            const isOpen = new Promise<void>((resolve) => (opened = resolve));
            wire.sockets.push({ socket, isOpen });
            socket.onMessage((frame) => {
                if (wire.holdUp) wire.held.push(() => server.send(frame));
                else server.send(frame);
            });
            server.onMessage((frame) => {
                opened();
                if (!wire.dropDown?.test(String(frame))) socket.send(frame);
            });
        });
        return wire;
    }

    release(): void {
        this.holdUp = false;
        for (const send of this.held.splice(0)) send();
    }

    /** Cuts each socket after the server's first frame, once it is open. Browsers report an earlier cut as an error. */
    async cut(): Promise<void> {
        for (const { socket, isOpen } of this.sockets.splice(0)) {
            await isOpen;
            await socket.close({ code: 1012 });
        }
    }
}

const field = (person: Person) => person.page.getByLabel("Message", { exact: true });

async function together(ann: Person, ...others: Person[]): Promise<string> {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    for (const other of others) await other.introduce(link);
    return link;
}

test("1: a sent message is in the list and the composer is empty before the server has heard of it", async ({ ann }) => {
    const wire = await Wire.under(ann.page);
    await together(ann);
    wire.holdUp = true;
    await ann.say("straight away");
    await expect(ann.message("straight away")).toHaveClass(/sending/);
    await expect(field(ann)).toHaveValue("");
    wire.release();
    await ann.sees("straight away");
});

test("2: rows keep their node and their order when the server's copies arrive", async ({ ann }) => {
    const wire = await Wire.under(ann.page);
    await together(ann);
    wire.holdUp = true;
    await ann.say("first");
    await ann.say("second");
    const rows = ann.page.locator(".message");
    await rows.evaluateAll((nodes) => {
        nodes.forEach((node, place) => node.setAttribute("data-place", String(place)));
    });
    wire.release();
    await ann.sees("second");
    expect(await ann.texts()).toEqual(["first", "second"]);
    expect(await rows.evaluateAll((nodes) => nodes.map((node) => node.getAttribute("data-place")))).toEqual(["0", "1"]);
});

test("3: what nobody answers says so, can be copied, discarded and sent again, and survives a reload", async ({ ann }) => {
    const wire = await Wire.under(ann.page);
    await together(ann);
    wire.holdUp = true;
    await ann.say("into the void");
    await ann.say("never mind");
    const row = ann.message("into the void");
    await expect(row).toContainText("No response yet.");
    for (const name of ["Retry", "Copy"]) await expect(row.getByRole("button", { name })).toBeVisible();
    await ann.message("never mind").getByRole("button", { name: "Discard" }).click();
    await expect(ann.message("never mind")).toHaveCount(0);
    await ann.page.reload();
    await ann.live();
    await expect(row).toHaveClass(/sending/);
    // Frames are held until Retry is pressed. If they were released earlier, the outbox would send them and the button
    // would disappear.
    await row.getByRole("button", { name: "Retry" }).click();
    wire.release();
    await ann.sees("into the void");
    expect(await ann.texts()).toEqual(["into the void"]);
});

test("4: three lost answers are one message", async ({ ann, ben }) => {
    const wire = await Wire.under(ann.page);
    await together(ann, ben);
    wire.dropDown = /"event":"ack"|"type":"message"/;
    await ann.say("just once");
    for (let attempt = 0; attempt < 3; attempt += 1) {
        await ben.sees("just once");
        await wire.cut();
        await expect(ann.page.getByText("Can't reach the server")).toHaveCount(0);
    }
    wire.dropDown = undefined;
    await wire.cut();
    await ann.sees("just once");
    expect(await ann.texts()).toEqual(["just once"]);
    expect(await ben.texts()).toEqual(["just once"]);
});

test("5: what is typed in one group is there after a visit to another, and after a reload", async ({ ann }) => {
    await together(ann);
    await field(ann).fill("half a sent");
    await ann.page.getByRole("link", { name: "New group" }).click();
    await ann.createGroup("Coffee");
    await expect(field(ann)).toHaveValue("");
    await field(ann).fill("beans");
    await ann.page.getByRole("link", { name: "Tea" }).click();
    await expect(field(ann)).toHaveValue("half a sent");
    await ann.page.reload();
    await ann.live();
    await expect(field(ann)).toHaveValue("half a sent");
    await field(ann).press("Enter");
    await ann.sees("half a sent");
    await ann.page.reload();
    await ann.live();
    await expect(field(ann)).toHaveValue("");
});

test.describe("with many sends allowed", () => {
    test.use({ settings: ["--send-burst", "1000"] });

    test("6: near the end a new message scrolls; further up nothing moves, and a pill counts", async ({ ann, ben }) => {
        await together(ann, ben);
        await ann.saysMany(40);
        await ben.sees("line 40.");
        const list = ben.page.getByRole("log");
        const offset = () => list.evaluate((box) => box.scrollTop);
        await list.evaluate((box) => (box.scrollTop = -100));
        await ann.say("one more");
        await ben.sees("one more");
        await expect.poll(offset).toBe(0);
        await list.evaluate((box) => (box.scrollTop = -101));
        const top = () => ben.message("line 35.").evaluate((row) => row.getBoundingClientRect().top);
        const before = await top();
        await ann.say("unseen");
        await expect(ben.page.getByRole("button", { name: "1 new message" })).toBeVisible();
        await ann.say("unseen too");
        await expect(ben.page.getByRole("button", { name: "2 new messages" })).toBeVisible();
        expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1);
        await ben.page.getByRole("button", { name: "2 new messages" }).click();
        await expect.poll(offset).toBe(0);
    });

    test("7: older messages come without moving the row that is looked at; 11: grouping goes across pages", async ({ ann }) => {
        await together(ann);
        await ann.saysMany(70);
        await ann.page.reload();
        await ann.live();
        const first = ann.page.locator(".message").first();
        const text = await first.locator(".text").textContent();
        await expect(first).not.toHaveClass(/follows/);
        const row = ann.message(text ?? "");
        const top = () => row.locator(".text").evaluate((node) => node.getBoundingClientRect().bottom);
        const list = ann.page.getByRole("log");
        const before = await list.evaluate((box) => {
            box.scrollTop = -box.scrollHeight;
            return box.querySelector(".message .text")?.getBoundingClientRect().bottom ?? 0;
        });
        await expect(ann.message("line 1.")).toBeAttached();
        expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1);
        // Once the row is out of view, it is grouped with the one above.
        await list.evaluate((box) => (box.scrollTop = 0));
        await expect(row).toHaveClass(/follows/);
    });

    test("17: after a long time offline all that was missed is there, in order, without a hole or a reload", async ({ ann, ben }) => {
        const wire = await Wire.under(ben.page);
        await together(ann, ben);
        await ben.page.evaluate(() => document.documentElement.setAttribute("data-same-page", ""));
        wire.refuse = true;
        await wire.cut();
        await expect(ben.page.getByText("Can't reach the server")).toBeVisible();
        await ann.saysMany(200);
        wire.refuse = false;
        await ben.page.evaluate(() => window.dispatchEvent(new Event("online")));
        await ben.sees("line 200.");
        expect(await ben.texts()).toEqual(Array.from({ length: 200 }, (_, n) => `line ${n + 1}.`));
        await expect(ben.page.locator("html[data-same-page]")).toHaveCount(1);
    });
});

test("11: times are those of the viewer's own clock", async ({ person }) => {
    const dan = await person("dan", { timezoneId: "Pacific/Kiritimati" });
    const eve = await person("eve", { timezoneId: "Pacific/Pago_Pago" });
    const link = await together(dan, eve);
    await dan.say("what time is it?");
    await eve.sees("what time is it?");
    for (const viewer of [dan, eve]) {
        const time = viewer.message("what time is it?").locator("time");
        const moment = (await time.getAttribute("datetime")) ?? "";
        const local = await viewer.page.evaluate((at) => {
            const date = new Date(at);
            return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
        }, moment);
        await expect(time).toHaveText(local);
        await expect(viewer.page.locator(".day")).toHaveText(["Today"]);
    }
    expect(link).toContain("/g/");
});

test("12: a name and an emoji are completed by the keyboard alone, and told to who cannot see", async ({ ann, ben, cal }) => {
    await together(ann, ben, cal);
    await field(ann).pressSequentially("hi @b");
    await expect(ann.page.getByRole("option", { name: "@ben" })).toHaveAttribute("aria-selected", "true");
    await expect(ann.page.getByRole("status").filter({ hasText: `${isolated("ben")}, 1 suggestion` })).toBeAttached();
    await field(ann).press("Enter");
    await expect(field(ann)).toHaveValue("hi @ben ");
    await field(ann).pressSequentially(":tad");
    await expect(ann.page.getByRole("option", { name: "🎉" })).toBeVisible();
    await ann.isAccessible();
    await field(ann).press("Tab");
    await field(ann).pressSequentially("and @");
    await field(ann).press("ArrowDown");
    await expect(ann.page.getByRole("option", { name: "@cal" })).toHaveAttribute("aria-selected", "true");
    await field(ann).press("Escape");
    await expect(ann.page.locator("#completions li")).toHaveCount(0);
    await field(ann).press("Backspace");
    await field(ann).pressSequentially(":heart:");
    await field(ann).press("Escape");
    await field(ann).press("Enter");
    await ben.sees("hi @ben 🎉 and ❤️");
    await expect(ben.page.locator(".mention-me")).toHaveText("@ben");
});

test("12: an emoji is picked by sight", async ({ ann }) => {
    await together(ann);
    await field(ann).fill("well done ");
    await ann.page.getByRole("button", { name: "Emoji" }).click();
    await ann.page.getByLabel("Find an emoji").fill("rock");
    await ann.page.getByRole("button", { name: "rocket" }).click();
    await ann.isAccessible();
    await ann.page.reload();
    await ann.live();
    await expect(field(ann)).toHaveValue("well done 🚀");
    await field(ann).press("Enter");
    await ann.sees("well done 🚀");
});

test("13: Enter sends, Shift+Enter breaks, and Enter that ends a composition does neither", async ({ ann }) => {
    await together(ann);
    await field(ann).pressSequentially("one");
    await field(ann).press("Shift+Enter");
    await field(ann).pressSequentially("two");
    await expect(field(ann)).toHaveValue("one\ntwo");
    await field(ann).evaluate((node) => {
        node.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }));
    });
    await expect(field(ann)).toHaveValue("one\ntwo");
    await field(ann).press("Enter");
    await expect(field(ann)).toHaveValue("");
    await ann.sees("one");
});

test("13: on touch Enter breaks, and the button sends", async ({ person }) => {
    const dan = await person("dan", { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } });
    await together(dan);
    await field(dan).pressSequentially("one");
    await field(dan).press("Enter");
    await field(dan).pressSequentially("two");
    await expect(field(dan)).toHaveValue("one\ntwo");
    await dan.page.getByRole("button", { name: "Send" }).tap();
    await dan.sees("one");
    await expect(field(dan)).toHaveValue("");
});

test("16: a key, three letters and Enter lead to any group or person; without letters what is unread is first", async ({ ann, ben }) => {
    await together(ann, ben);
    await ann.page.getByRole("link", { name: "New group" }).click();
    await ann.createGroup("Knitting");
    await ann.page.getByRole("link", { name: "New group" }).click();
    await ann.createGroup("Chess");
    await ben.say("ann?");
    await expect(ann.page.getByRole("navigation")).toContainText("1 unread message");
    const choices = ann.page.getByRole("dialog", { name: "Jump to…" }).getByRole("option");
    await ann.page.keyboard.press("Control+k");
    await expect(choices).toHaveText(["TTea", "CChess", "KKnitting"]);
    await ann.isAccessible();
    await ann.page.keyboard.type("kni");
    await expect(choices).toHaveText(["KKnitting"]);
    await ann.page.keyboard.press("Enter");
    await expect(ann.page.getByRole("heading", { name: "Knitting", level: 1 })).toBeVisible();
    await ann.page.keyboard.press("Control+k");
    await ann.page.keyboard.type("ben");
    await expect(choices).toHaveText(["Bben"]);
    await ann.page.keyboard.press("Enter");
    await expect(ann.page.getByText("This is the start of your conversation with ben.")).toBeVisible();
    await ann.page.setViewportSize({ width: 390, height: 800 });
    await ann.page.keyboard.press("Control+k");
    await expect(choices.first()).toBeVisible();
    await ann.page.setViewportSize({ width: 1280, height: 800 });
    await ann.page.keyboard.press("Escape");
    await expect(choices).toHaveCount(0);
    await ann.page.getByRole("heading", { level: 1 }).click();
    await ann.page.keyboard.press("?");
    const keys = ann.page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(keys).toBeVisible();
    await ann.isAccessible();
    // A shortcut that is easy to hit by accident can be turned off, and the list stays reachable.
    await keys.getByLabel("Use the keys ? and /").uncheck();
    await keys.getByRole("button", { name: "Close" }).click();
    await ann.page.keyboard.press("?");
    await ann.page.keyboard.press("Control+k");
    await expect(keys).toBeHidden();
    await ann.page.getByRole("dialog", { name: "Jump to…" }).getByRole("button", { name: "Keyboard shortcuts" }).click();
    await expect(keys.getByLabel("Use the keys ? and /")).not.toBeChecked();
});

test("22: the timeline is a labelled live region", async ({ ann }) => {
    await together(ann);
    await expect(ann.page.getByRole("log", { name: "Messages" })).toBeVisible();
});

test("23: 320 pixels are enough for every part, and nothing moves for who wants no motion", async ({ person }) => {
    const dan = await person("dan", { viewport: { width: 320, height: 640 }, reducedMotion: "reduce" });
    await together(dan);
    await dan.say("a".repeat(200));
    await dan.sees("aaaa");
    const fits = () => dan.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    expect(await fits()).toBe(true);
    const moves = await dan.page.evaluate(() => document.getAnimations().length);
    expect(moves).toBe(0);
    await dan.page.getByRole("button", { name: "1 member" }).click();
    expect(await fits()).toBe(true);
});
