import { expect, test } from "../people.ts";

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
            await expect(person.page.getByText("You are offline")).toBeVisible();
        }
        await ann.say("typed in the dark by ann");
        await ben.say("typed in the dark by ben");
        await expect(ann.message("by ann")).toContainText("Waiting for the connection");

        await server.up();
        for (const person of [ann, ben]) {
            await expect(person.page.getByText("You are offline")).toHaveCount(0, { timeout: 40_000 });
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
    ann.outage = true;
    await ann.context.setOffline(true);
    await server.kill();
    await expect(ann.page.getByText("You are offline")).toBeVisible();
    await ann.say("do not lose me");
    await expect(ann.message("do not lose me")).toContainText("Waiting for the connection");
    await server.up();
    await ann.context.setOffline(false);
    await ann.page.reload();
    await ann.live();
    await ann.sees("do not lose me");
    await expect(ann.message("do not lose me")).toHaveCount(1);
});
