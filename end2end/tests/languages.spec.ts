/** Every text of a page comes from the texts of a language: in the pseudo-locale it stands in brackets. */
import { duringOutage } from "../fixtures.ts";
import { png } from "../media.ts";
import { expect, type Person, test } from "../people.ts";

/** The words of users in this test, and names that are the same in every language. */
const WRITTEN = ["zzz.png", "zzz.txt", "ann", "ben", "Kettle", "first cup", "second cup", "third cup", "too much", "by hand", "zzz", "Hubbub"];

const PSEUDO = { locale: "en-XA" };

/** Fails if a text on the page is neither in brackets nor written by people: between tags, or in an attribute. */
async function isTranslated(person: Person): Promise<void> {
    const foreign = await person.page.evaluate((written) => {
        const texts = [document.title];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (node.parentElement?.closest("script, style, textarea, .avatar") === null) texts.push(node.nodeValue ?? "");
        }
        for (const name of ["title", "placeholder", "aria-label", "alt", "label"]) {
            // The names of emoji are data, in English so far.
            for (const element of document.body.querySelectorAll(`[${name}]:not(.picker .reaction)`)) {
                texts.push(element.getAttribute(name) ?? "");
            }
        }
        // A sentence with names in it consists of several texts, and its brackets are in the first and the last.
        let depth = 0;
        return texts.filter((text) => {
            let rest = text.replace(/[\u2068\u2069]/g, "");
            for (const known of written) rest = rest.replaceAll(known, "");
            let foreign = false;
            for (const letter of rest) {
                if (letter === "⟦") depth += 1;
                else if (letter === "⟧") depth -= 1;
                else if (depth === 0 && /\p{L}/u.test(letter)) foreign = true;
            }
            return foreign;
        });
    }, WRITTEN);
    expect(foreign).toEqual([]);
}

/** Enters a name on the page that asks for it. */
async function introduce(person: Person, path: string): Promise<void> {
    await person.open(path);
    await isTranslated(person);
    await person.page.locator("#name").fill(person.name);
    await person.page.locator("form .button-primary").click();
    await person.page.locator("#name").waitFor({ state: "detached" });
    await person.live();
}

const field = (person: Person) => person.page.locator(".composer textarea");

async function say(person: Person, text: string): Promise<void> {
    await field(person).fill(text);
    await field(person).press("Enter");
}

/** Opens the actions of a message. */
async function actions(person: Person, text: string) {
    await person.message(text).hover();
    await person.message(text).locator(".message-more").click();
    return person.message(text).locator(".message-actions");
}

test("everything that happens on a live page is said in the language of its reader", async ({ person, server }) => {
    const ann = await person("ann", PSEUDO);
    const ben = await person("ben", PSEUDO);
    await introduce(ann, "/");
    await expect(ann.page.locator("html")).toHaveAttribute("lang", "en-XA");
    await isTranslated(ann);
    // A refused form.
    ann.refusals = [422];
    await ann.page.locator("#group-name").fill("  ");
    await ann.page.locator(".layout-welcome .button-primary").click();
    await expect(ann.page.locator("#group-refused")).toContainText("⟦");
    await isTranslated(ann);
    await ann.page.locator("#group-name").fill("Kettle");
    await ann.page.locator(".layout-welcome .button-primary").click();
    await expect(ann.page.getByRole("heading", { name: "Kettle", level: 1 })).toBeVisible();
    await isTranslated(ann);
    const link = await ann.page.locator("#link").inputValue();

    // Live events: joining, messages, typing, presence, receipts.
    await introduce(ben, link);
    await isTranslated(ben);
    await expect(ann.page.locator(".message-notice", { hasText: "ben" })).toBeVisible();
    await say(ann, "first cup");
    await ben.sees("first cup");
    await field(ben).pressSequentially("second");
    await expect(ann.page.locator(".status-line-typing")).toContainText("⟦");
    await isTranslated(ann);
    await say(ben, "second cup");
    await ann.sees("second cup");
    await expect(ben.page.locator(".status-line-receipt")).toContainText("⟦");
    await isTranslated(ben);

    // Files: the draft with a description and a refusal, the message, and a reply to it.
    ann.refusals = [422];
    await ann.page.locator("input[type=file]").setInputFiles([
        { name: "zzz.png", mimeType: "image/png", buffer: png(600, 400) },
        { name: "zzz.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
    ]);
    await expect(ann.page.locator(".attach .refusal")).toContainText("⟦");
    await expect(ann.page.locator(".attach progress")).toHaveCount(0);
    await isTranslated(ann);
    await field(ann).press("Enter");
    await expect(ann.page.locator(".composer > .refusal")).toContainText("⟦");
    await isTranslated(ann);
    await ann.page.locator(".attach .button-icon").last().click();
    await ann.page.locator(".composer > .refusal .button-link").click();
    await field(ann).press("Enter");
    await expect(ben.page.locator(".attachment-picture")).toBeVisible();
    await isTranslated(ben);
    await ben.page.locator(".attachment-picture").click();
    await expect(ben.page.locator("#lightbox")).toBeVisible();
    await isTranslated(ben);
    await ben.page.keyboard.press("Escape");
    await ben.page.locator(".message").last().hover();
    await ben.page.locator(".message").last().locator(".message-more").click();
    await ben.page.locator(".message-actions .button").first().click();
    await expect(ben.page.locator(".composer-mode")).toContainText("⟦");
    await isTranslated(ben);
    await field(ben).press("Escape");

    // Actions: reply, edit, react, pin, delete with its toast.
    const bar = await actions(ann, "second cup");
    await isTranslated(ann);
    await bar.locator(".reaction").first().click();
    await expect(ann.message("second cup").locator(".reaction-list")).toBeVisible();
    await (await actions(ann, "second cup")).locator(".button").first().click();
    await expect(ann.page.locator(".composer-mode")).toContainText("⟦");
    await isTranslated(ann);
    await say(ann, "third cup");
    await ben.sees("third cup");
    await field(ann).press("ArrowUp");
    await expect(ann.page.locator(".composer-mode")).toBeVisible();
    await isTranslated(ann);
    await say(ann, " ");
    await expect(ann.page.locator(".composer .refusal")).toContainText("⟦");
    await isTranslated(ann);
    await field(ann).press("Escape");
    const edited = (await actions(ann, "third cup")).locator(".button");
    await edited.nth(2).click();
    await expect(ann.page.locator(".toast")).toContainText("⟦");
    await isTranslated(ann);
    await ann.page.locator(".toast .button").click();
    await ann.sees("third cup");

    // A refused send.
    await say(ann, `${"too much ".repeat(3_000)}`);
    await expect(ann.page.locator(".message-delivery[role=alert]")).toContainText("⟦");
    await isTranslated(ann);
    await ann.page.locator(".message-delivery .button-link").last().click();

    // Sheets and dialogs.
    for (const sheet of ["members", "history", "invite", "emoji", "leave"]) {
        await ann.page.evaluate((id) => document.getElementById(id)?.showPopover(), sheet);
        await expect(ann.page.locator(`#${sheet}`)).toBeVisible();
        await isTranslated(ann);
        await ann.page.evaluate((id) => document.getElementById(id)?.hidePopover(), sheet);
    }
    await ann.page.keyboard.press("Control+k");
    await ann.page.locator(".switcher input").fill("zzz");
    await expect(ann.page.locator(".switcher [role=status]")).toContainText("⟦");
    await isTranslated(ann);
    await ann.page.locator(".switcher .button").click();
    await expect(ann.page.locator(".shortcuts")).toBeVisible();
    await isTranslated(ann);
    await ann.page.locator(".shortcuts .button").click();

    // What another page of the app says, and a conversation of two.
    await ann.page.locator(".sidebar-brand").click();
    await expect(ann.page.locator(".layout-welcome")).toBeVisible();
    await say(ben, "second cup");
    await expect(ann.page.locator(".badge")).toBeVisible();
    await isTranslated(ann);
    await ann.page.locator(".sidebar-list a").first().click();
    await expect(ann.page.locator("#divider")).toBeVisible();
    await isTranslated(ann);
    await ann.page.locator(".members .name", { hasText: "ben" }).first().evaluate((name: HTMLElement) => name.click());
    await expect(ann.page.getByRole("heading", { name: "ben", level: 1 })).toBeVisible();
    await isTranslated(ann);

    // An outage.
    await duringOutage(server, [ann, ben], async () => {
        await expect(ann.page.locator(".connection")).toContainText("⟦");
        await say(ann, "by hand");
        await expect(ann.page.locator(".message-delivery")).toContainText("⟦");
        await isTranslated(ann);
    });
    await expect(ann.page.locator(".connection")).not.toContainText("⟦");
});

test("a page that runs from right to left is live", async ({ person }) => {
    const ann = await person("ann", { locale: "ar-XB" });
    await ann.open("/");
    await expect(ann.page.locator("html")).toHaveAttribute("dir", "rtl");
    await expect(ann.page.locator("html")).toHaveAttribute("data-hydrated", "");
    await expect(ann.page.locator("body")).toHaveCSS("direction", "rtl");
});
