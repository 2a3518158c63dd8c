/** The rows that a user is reading never move, whatever is added above or below. */
import { expect, type Person, test } from "../people.ts";

test.use({ settings: ["--send-burst", "100000", "--send-per-second", "10000"] });

/** Posts this many messages of different heights, several at a time. */
async function history(person: Person, count: number): Promise<void> {
    const url = new URL("/do/post", person.page.url()).href;
    const topic = `group/${new URL(person.page.url()).pathname.split("/").pop() ?? ""}`;
    const say = async (n: number) => {
        const text = `line ${n}. ${"some words more ".repeat((n * 7) % 40)}${n % 9 === 0 ? "\n\n> quoted\n\n- one\n- two" : ""}`;
        const form = { topic, id: `history-${n}`, text };
        const answer = await person.context.request.post(url, { form, headers: { accept: "application/json" } });
        expect(answer.status()).toBe(200);
    };
    for (let n = 1; n <= count; n += 25) {
        await Promise.all(Array.from({ length: Math.min(25, count - n + 1) }, (_, k) => say(n + k)));
    }
}

interface Moves {
    loads: number;
    worst: number;
    rows: number;
    /** When the worst movement was seen, for debugging. */
    where: string;
}

/**
 * Scrolls step by step towards one end until nothing more is loaded. At every change of the rows and in every frame,
 * measures how far the visible rows are from where the last step put them.
 */
async function scrollThrough(person: Person, end: "older" | "newer", until: string): Promise<Moves> {
    return person.page.evaluate(
        async ([end, until]) => {
            const list = document.querySelector("#messages") as HTMLElement;
            const rows = list.querySelector("ol") as HTMLElement;
            const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
            const view = list.getBoundingClientRect();
            const moves = { loads: 0, worst: 0, rows: 0, where: "" };
            let held: { row: Element; top: number }[] = [];
            const hold = () => {
                const all = [...rows.children];
                const seen = all.filter((row) => {
                    const box = row.getBoundingClientRect();
                    return box.bottom > view.top + 1 && box.top < view.bottom - 1;
                });
                // The first visible row, the one in the middle, and the last one.
                const some = [seen[0], seen[Math.floor(seen.length / 2)], seen[seen.length - 1]];
                held = some.flatMap((row) => (row ? [{ row, top: row.getBoundingClientRect().top }] : []));
            };
            const look = (when: string) => {
                for (const [place, { row, top }] of held.entries()) {
                    const moved = row.isConnected ? Math.abs(row.getBoundingClientRect().top - top) : Number.POSITIVE_INFINITY;
                    if (moved <= moves.worst) continue;
                    moves.worst = moved;
                    const box = list.getBoundingClientRect();
                    const ends = `${rows.firstElementChild?.textContent?.slice(0, 30)} … ${rows.lastElementChild?.textContent?.slice(0, 30)}`;
                    moves.where = `${when}, load ${moves.loads}, row ${place} at ${top} moved ${moved}: ${row.textContent?.slice(0, 60)}; list ${box.top} to ${box.bottom}, was ${view.top} to ${view.bottom}; ${ends}`;
                }
                moves.rows = Math.max(moves.rows, rows.children.length);
            };
            let changed = false;
            const changes = new MutationObserver(() => {
                changed = true;
                // After the page's own observer has run, and before anything is painted.
                queueMicrotask(() => look("after a change"));
            });
            changes.observe(rows, { childList: true });
            for (let still = 0; still < 90; ) {
                changed = false;
                list.scrollBy(0, end === "older" ? -400 : 400);
                hold();
                for (let n = 0; n < 4; n += 1) {
                    await frame();
                    look(`frame ${n}`);
                }
                if (changed) moves.loads += 1;
                const edge = end === "older" ? rows.firstElementChild : rows.lastElementChild;
                const there = edge?.textContent?.includes(until) ?? false;
                still = there && !changed ? still + 30 : changed ? 0 : still + 1;
            }
            changes.disconnect();
            return moves;
        },
        [end, until] as const,
    );
}

for (const count of [170, 2_000]) {
    test(`whoever reads back through ${count} messages and down again keeps their place at every load`, async ({ ann }) => {
        test.setTimeout(180_000);
        await ann.introduce();
        await ann.createGroup("Long");
        await history(ann, count);
        await ann.page.reload();
        await ann.live();
        const back = await scrollThrough(ann, "older", "created");
        expect(back.loads).toBeGreaterThanOrEqual(count / 50 - 2);
        expect(back.worst, back.where).toBeLessThan(1);
        expect(back.rows).toBeLessThanOrEqual(300);
        await expect(ann.page.getByText("ann created “Long”")).toBeAttached();
        const down = await scrollThrough(ann, "newer", `line ${count}.`);
        expect(down.worst, down.where).toBeLessThan(1);
        expect(down.rows).toBeLessThanOrEqual(300);
        await expect(ann.message(`line ${count}.`)).toBeAttached();
    });
}

test("what others say, and pictures and fonts that come late, move nothing for somebody who reads further up", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Busy");
    await ben.introduce(link);
    await history(ann, 60);
    await ben.sees("line 60.");
    const list = ben.page.getByRole("log");
    await list.evaluate((box) => (box.scrollTop = -900));
    // The row in the middle, and how far it has moved.
    await ben.page.evaluate(() => {
        const box = (document.querySelector("#messages") as HTMLElement).getBoundingClientRect();
        const row = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest("li.row");
        row?.setAttribute("data-eye", String(row.getBoundingClientRect().top));
    });
    const moved = () =>
        ben.page.locator("[data-eye]").evaluate((row) => Math.abs(row.getBoundingClientRect().top - Number(row.getAttribute("data-eye"))));
    // Many messages, because fractions of a pixel must not add up.
    for (let n = 1; n <= 12; n += 1) {
        await ann.say(`one more ${n}`);
        await expect(ben.message(`one more ${n}`).first()).toBeAttached();
    }
    await ann.say("and one that is **much** longer ".repeat(30));
    await expect(ben.message("much")).toBeAttached();
    expect(await moved()).toBeLessThan(1);

    // A picture below, one above, and another font for everything below.
    const late = (place: "first" | "last") =>
        ben.page.evaluate(async (place) => {
            const rows = [...document.querySelectorAll("#messages li.row .text")];
            const picture = new Image();
            picture.src =
                "data:image/svg+xml," + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="240"/>');
            rows[place === "first" ? 0 : rows.length - 1]?.append(picture);
            await picture.decode();
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        }, place);
    await late("last");
    expect(await moved()).toBeLessThan(1);
    await late("first");
    expect(await moved()).toBeLessThan(1);
    await ben.page.evaluate(async () => {
        const eye = document.querySelector("[data-eye]");
        const rows = [...document.querySelectorAll("#messages li.row")];
        // A font that loads late changes all letters at once.
        for (const row of rows.slice(rows.indexOf(eye as Element) + 1)) (row as HTMLElement).style.fontFamily = "monospace";
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    });
    expect(await moved()).toBeLessThan(1);
});
