import { expect, type GroupKey, test } from "../fixtures.ts";
import type { Person } from "../people.ts";

const WIDTHS = [1280, 768, 390, 320];

/** Returns everything that overflows the window, or is covered where it should be readable or clickable. */
async function hidden(person: Person): Promise<string[]> {
    return person.page.evaluate(() => {
        const found: string[] = [];
        const tell = (what: string, node: Element) => found.push(`${what}: ${node.outerHTML.slice(0, 160)}`);
        if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
        const open = document.querySelector("dialog:modal");
        for (const node of (open ?? document).querySelectorAll<HTMLElement>("button, a.button, .badge, .tag, input, select, textarea, a.item, h1")) {
            const style = getComputedStyle(node);
            const box = node.getBoundingClientRect();
            if (box.width === 0 || box.height === 0 || style.visibility === "hidden" || style.opacity === "0" || style.clipPath !== "none") continue;
            // Content above or below the view of a scrolling box can be reached by scrolling.
            let top = 0;
            let bottom = innerHeight;
            for (let above = node.parentElement; above; above = above.parentElement) {
                const clip = getComputedStyle(above);
                if (clip.overflowY !== "visible") {
                    const edge = above.getBoundingClientRect();
                    top = Math.max(top, edge.top);
                    bottom = Math.min(bottom, edge.bottom);
                    const badge = node.matches(".badge, .tag, button, a.button");
                    if (badge && (box.left < edge.left - 1 || box.right > edge.right + 1)) tell("cut off at the side", node);
                }
            }
            if (box.left < -1 || box.right > innerWidth + 1) tell("out of view", node);
            const x = (box.left + box.right) / 2;
            const y = (box.top + box.bottom) / 2;
            if (y < top || y > bottom || x < 0 || x > innerWidth || style.pointerEvents === "none") continue;
            const above = document.elementFromPoint(x, y);
            const label = node.closest("label");
            if (above && !node.contains(above) && !above.contains(node) && !label?.contains(above)) {
                // A sticky header or the pill may cover content that can be scrolled out from under it. So may an open
                // sheet.
                const behind = above.closest(".sheet") !== null && !node.closest(".sheet");
                if (!behind && !above.closest(".form-page-head, .pill, .message-more, .toast-region")) tell("covered", node);
            }
        }
        return found;
    });
}

async function fits(person: Person, where: string): Promise<void> {
    for (const width of WIDTHS) {
        await person.page.setViewportSize({ width, height: 800 });
        expect(await hidden(person), `${where} at ${width} px`).toEqual([]);
    }
    await person.page.setViewportSize({ width: 1280, height: 800 });
}

test("names of 40 letters, without a space, Chinese, Arabic and Hebrew fit on every page, from 1280 to 320 px", async ({ anna, tea, person }) => {
    test.setTimeout(180_000);
    const { people, groups } = tea;
    const paths = [
        "/", "/groups", "/people", "/broadcast", "/account", "/server",
        ...(["tea", "long", "arabic", "hebrew", "empty"] as GroupKey[]).map((key) => groups[key].path),
        `${groups.long.path}/admin`, `${groups.arabic.path}/audit`, `${groups.tea.path}/m/90`,
        ...[people.wide, people.long, people.sara].flatMap(({ id }) => [`/d/${id}`, `/people/${id}`]),
    ];
    anna.refusals = [403];
    for (const path of paths) {
        await anna.open(path);
        await fits(anna, path);
    }
    const stranger = await person("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW".slice(0, 39) + "M");
    await stranger.open(groups.long.path);
    await fits(stranger, "the way into a group");
    await stranger.introduce(groups.long.path);
    await fits(stranger, "a group with a name of 60 letters");
});

test("sheets, dialogs and suggestions have room for every name", async ({ anna, tea }) => {
    await anna.open(tea.groups.long.path);
    const field = anna.page.getByLabel("Message", { exact: true });
    await field.pressSequentially("@W");
    await expect(anna.page.getByRole("option").first()).toBeVisible();
    await fits(anna, "suggestions");
    await field.press("Escape");
    await anna.page.keyboard.press("Control+k");
    await expect(anna.page.getByRole("dialog", { name: "Jump to…" }).getByRole("option").first()).toBeVisible();
    await fits(anna, "the switcher");
    await anna.page.keyboard.press("Escape");
    await anna.page.setViewportSize({ width: 390, height: 800 });
    await anna.page.getByRole("button", { name: "10 members" }).click();
    for (const width of [390, 320]) {
        await anna.page.setViewportSize({ width, height: 800 });
        expect(await hidden(anna), `members at ${width} px`).toEqual([]);
    }
    await anna.page.getByRole("button", { name: "Leave group" }).click();
    await expect(anna.page.getByText(/You left/)).toBeVisible();
    for (const width of WIDTHS) {
        await anna.page.setViewportSize({ width, height: 800 });
        expect(await hidden(anna), `a toast at ${width} px`).toEqual([]);
    }
});

test("سارا made داود an admin reads as it was, wherever it is told", async ({ signedIn, tea }) => {
    const sara = await signedIn("sara");
    await sara.open(tea.groups.arabic.path);
    const notice = sara.page.locator(".message-notice", { hasText: "an admin" });
    await sara.open(`${tea.groups.arabic.path}/audit`);
    const line = sara.page.locator(".audit li", { hasText: "an admin" });
    for (const [sentence, path] of [[notice, tea.groups.arabic.path], [line, `${tea.groups.arabic.path}/audit`]] as const) {
        await sara.open(path);
        await expect(sentence.locator("bdi")).toHaveText([tea.people.sara.name, tea.people.dawud.name]);
        // The positions of the names on the screen, from left to right.
        const [by, person] = await sentence.locator("bdi").evaluateAll((names) => names.map((name) => name.getBoundingClientRect().x));
        expect(by).toBeLessThan(person ?? 0);
    }
    await expect(sara.page.getByRole("heading", { level: 1 }).locator("bdi")).toHaveText(tea.groups.arabic.name);
    expect(await sara.page.title()).toContain(`\u2068${tea.groups.arabic.name}\u2069`);
});

test("who is typing is told in the page's direction, whoever it is", async ({ anna, signedIn, tea }) => {
    const [sara, dawud] = [await signedIn("sara"), await signedIn("dawud")];
    for (const somebody of [anna, sara, dawud]) await somebody.open(tea.groups.empty.path);
    await sara.page.getByLabel("Message", { exact: true }).pressSequentially("abc");
    await dawud.page.getByLabel("Message", { exact: true }).pressSequentially("abc");
    const typing = anna.page.locator(".status-line-typing");
    await expect(typing.locator("bdi")).toHaveCount(2);
    await expect(typing).toHaveCSS("direction", "ltr");
    await expect(typing).toContainText("are typing");
});
