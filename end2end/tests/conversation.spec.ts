import { expect, test } from "../people.ts";

test("ann makes a group, ben opens the link, and each sees what the other says", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Tea break");
    await expect(ann.page.getByRole("navigation").getByRole("link", { name: "Tea break" })).toBeVisible();

    await ben.introduce(link);
    await expect(ann.page.getByText("ben joined")).toBeVisible();
    await ann.say("hello **ben**");
    await ben.sees("hello ben");
    await expect(ben.message("hello").locator("strong", { hasText: "ben" })).toBeVisible();
    await ben.say("hello ann");
    await ann.sees("hello ann");

    await ann.page.reload();
    await ann.live();
    expect(await ann.texts()).toEqual(["hello ben", "hello ann"]);
});

test("three people agree on one order", async ({ ann, ben, cal }) => {
    await ann.introduce();
    const link = await ann.createGroup("Standup");
    await ben.introduce(link);
    await cal.introduce(link);
    const all = [ann, ben, cal];
    for (let round = 0; round < 4; round += 1) {
        await Promise.all(all.map((person) => person.say(`${person.name} ${round}`)));
    }
    for (const person of all) {
        await expect(person.page.locator(".message:not(.message-sending)")).toHaveCount(12);
    }
    const orders = await Promise.all(all.map((person) => person.texts()));
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).toEqual(orders[0]);
    for (const person of all) {
        const own = orders[0]?.filter((text) => text.startsWith(person.name));
        expect(own).toEqual([0, 1, 2, 3].map((round) => `${person.name} ${round}`));
    }
});

test("ann's second tab knows what her first one does", async ({ ann, ben }) => {
    await ann.introduce();
    const tab = await ann.anotherTab("/");
    const link = await ann.createGroup("Two tabs");
    await expect(tab.page.getByRole("link", { name: "Two tabs" })).toBeVisible();
    await tab.page.getByRole("link", { name: "Two tabs" }).click();
    await ben.introduce(link);
    await ann.say("from the first");
    await tab.sees("from the first");
    await tab.say("from the second");
    await ann.sees("from the second");
    expect(tab.wrong).toEqual([]);
});

test("a message keeps its node in the page from the moment it is typed", async ({ ann }) => {
    await ann.introduce();
    await ann.createGroup("Notes");
    await ann.page.evaluate(() => {
        const rows = document.querySelector(".rows");
        const first = new Promise<Element>((resolve) => {
            new MutationObserver(() => {
                const row = [...(rows?.querySelectorAll(".message") ?? [])].find((r) => r.textContent?.includes("mark me"));
                if (row) resolve(row);
            }).observe(rows as Node, { childList: true, subtree: true });
        });
        void first.then((row) => row.setAttribute("data-first", ""));
    });
    await ann.say("mark me");
    await ann.sees("mark me");
    await expect(ann.message("mark me")).toHaveAttribute("data-first", "");
});

test.describe("with many sends allowed", () => {
    test.use({ settings: ["--send-burst", "1000"] });

    test("older messages come while scrolling, and the newest stay where they are", async ({ server, ann }) => {
        await ann.introduce();
        await ann.createGroup("Long");
        const cookies = (await ann.context.cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
        const group = ann.page.url().split("/").pop() ?? "";
        for (let n = 0; n < 60; n += 1) {
            const form = new URLSearchParams({ topic: `group/${group}`, id: `long-${n}`, text: `line ${n}` });
            const headers = { cookie: cookies, accept: "application/json" };
            const posted = await fetch(`${server.url}/do/post`, { method: "POST", headers, body: form });
            expect(posted.status).toBe(200);
        }
        await ann.page.reload();
        await ann.live();
        await expect(ann.page.locator(".message")).toHaveCount(50);
        await ann.page.getByRole("log").evaluate((list) => (list.scrollTop = -list.scrollHeight));
        await expect(ann.page.locator(".message")).toHaveCount(60);
        expect((await ann.texts()).map((text) => text.trim())).toEqual([...Array(60).keys()].map((n) => `line ${n}`));
        await expect(ann.page.getByText("This is the start of the group.")).toBeAttached();
    });
});
