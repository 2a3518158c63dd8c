import { expect, type Person, sidebar, test, together } from "../people.ts";
import type { Server } from "../server.ts";

for (const [how, end] of [["is killed", "kill"], ["is stopped", "stop"]] as const) {
    test(`the server ${how}: both pages say so, come back by themselves, and nothing is lost or doubled`, async ({
        server,
        ann,
        ben,
    }) => {
        await ann.introduce();
        const link = await ann.createGroup("Storm");
        await ben.introduce(link);
        await ann.say("before the storm");
        await ben.sees("before the storm");

        ann.outage = ben.outage = true;
        await server[end]();
        for (const person of [ann, ben]) {
            await expect(person.page.getByText("Can't reach the server")).toBeVisible();
        }
        await ann.say("typed in the dark by ann");
        await ben.say("typed in the dark by ben");
        await expect(ann.message("by ann")).toContainText("Will send when you're back online");

        await server.up();
        for (const person of [ann, ben]) {
            await expect(person.page.getByText("Can't reach the server")).toHaveCount(0, { timeout: 40_000 });
            await person.sees("typed in the dark by ann");
            await person.sees("typed in the dark by ben");
        }
        ann.outage = ben.outage = false;
        await ben.say("after the storm");
        await ann.sees("after the storm");

        const orders = [await ann.texts(), await ben.texts()];
        expect(orders[0]).toEqual(orders[1]);
        expect(orders[0]).toHaveLength(4);
        expect(orders[0]?.[0]).toBe("before the storm");
        expect(orders[0]?.[3]).toBe("after the storm");
        await ann.page.reload();
        await ann.live();
        expect(await ann.texts()).toEqual(orders[1]);
    });
}

test("what was written offline survives a reload of the page", async ({ server, ann }) => {
    await ann.introduce();
    await ann.createGroup("Diary");
    // A page whose script has not come yet cannot tell that the server is away.
    await ann.live();
    ann.outage = true;
    await ann.context.setOffline(true);
    await server.kill();
    await expect(ann.page.getByText("Can't reach the server")).toBeVisible();
    await ann.say("do not lose me");
    await expect(ann.message("do not lose me")).toContainText("Will send when you're back online");
    await server.up();
    await ann.context.setOffline(false);
    await ann.page.reload();
    await ann.live();
    await ann.sees("do not lose me");
    await expect(ann.message("do not lose me")).toHaveCount(1);
});

test.describe("while the server is away", () => {
    const bar = (person: Person) => person.page.getByText("Can't reach the server. Reconnecting…");
    const heading = (person: Person, name: string) => person.page.getByRole("heading", { name, level: 1 });

    /** Puts ann in the group Tea, with another group and someone to write to, and then takes the server down. */
    async function cutOff(server: Server, ann: Person, ben: Person): Promise<void> {
        await ann.introduce();
        const link = await ann.createGroup("Chess");
        await ben.introduce(link);
        await ann.page.getByRole("link", { name: "New group" }).click();
        await ann.createGroup("Tea");
        await ann.say("still here");
        await ann.sees("still here");
        ann.outage = ben.outage = true;
        await server.kill();
        await expect(bar(ann)).toBeVisible();
    }

    /** Checks that everything is still there. */
    async function keeps(ann: Person): Promise<void> {
        await expect(ann.message("still here")).toBeVisible();
        await expect(sidebar(ann).getByRole("link", { name: "Chess" })).toBeVisible();
        await expect(ann.page.getByRole("button", { name: "Try now" })).toBeVisible();
    }

    const ways: [string, (ann: Person) => Promise<void>, (ann: Person) => Promise<void>][] = [
        [
            "a link in the sidebar",
            async (ann) => sidebar(ann).getByRole("link", { name: "Chess" }).click(),
            async (ann) => expect(heading(ann, "Chess")).toBeVisible(),
        ],
        [
            "a link by the keyboard",
            async (ann) => sidebar(ann).getByRole("link", { name: "Chess" }).press("Enter"),
            async (ann) => expect(heading(ann, "Chess")).toBeVisible(),
        ],
        [
            "the start page",
            async (ann) => ann.page.getByRole("link", { name: "New group" }).click(),
            async (ann) => expect(heading(ann, "Welcome, ann")).toBeVisible(),
        ],
        [
            "the switcher",
            async (ann) => {
                await ann.page.keyboard.press("Control+k");
                await ann.page.keyboard.type("che");
                await ann.page.keyboard.press("Enter");
            },
            async (ann) => expect(heading(ann, "Chess")).toBeVisible(),
        ],
        [
            "the way back",
            async (ann) => {
                await ann.page.evaluate(() => history.back());
            },
            async (ann) => expect(heading(ann, "Welcome, ann")).toBeVisible(),
        ],
        [
            "a page that is loaded as a whole",
            async (ann) => ann.page.getByRole("link", { name: "Browse groups" }).click(),
            async (ann) => expect(ann.page).toHaveURL(/\/groups$/),
        ],
        [
            "a day",
            async (ann) => {
                await ann.page.getByRole("button", { name: "Pins and dates" }).click();
                await ann.page.getByLabel("Jump to date").fill("2001-01-01");
                await ann.page.getByRole("button", { name: "Go", exact: true }).click();
            },
            async (ann) => expect(ann.page.locator(".timeline-missing")).toContainText("1 January 2001"),
        ],
    ];
    for (const [way, ask, comes] of ways) {
        test(`${way} leaves everything in place, and leads there when the server is back`, async ({ server, ann, ben }) => {
            await cutOff(server, ann, ben);
            await ask(ann);
            await expect(ann.page.getByText("The page you asked for opens then.")).toBeVisible();
            await keeps(ann);
            await server.up();
            // The page may reconnect by itself first. Then the button is gone.
            await ann.page.getByRole("button", { name: "Try now" }).click({ timeout: 2_000 }).catch(() => undefined);
            await comes(ann);
            await expect(bar(ann)).toHaveCount(0);
        });
    }

    test("a proxy that answers for a server it doesn't reach changes nothing", async ({ ann, ben }) => {
        await together("Tea", ann, ben);
        await ann.say("still here");
        await ann.page.getByRole("link", { name: "New group" }).click();
        await ann.createGroup("Chess");
        await sidebar(ann).getByRole("link", { name: "Tea" }).click();
        await ann.sees("still here");
        for (const status of [502, 503, 504]) {
            ann.refusals = [status];
            await ann.page.route("**/do/*", (route) => route.fulfill({ status, contentType: "text/html", body: "<h1>Bad gateway</h1>" }));
            await sidebar(ann).getByRole("link", { name: "Chess" }).click();
            await expect(bar(ann)).toBeVisible();
            await keeps(ann);
            await ann.page.unroute("**/do/*");
            await expect(heading(ann, "Chess")).toBeVisible();
            await sidebar(ann).getByRole("link", { name: "Tea" }).click();
            await ann.sees("still here");
        }
    });
});
