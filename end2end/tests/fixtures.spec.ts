import { duringOutage, expect, test } from "../fixtures.ts";

test("Anna comes home to 2,000 messages over 40 days, and three of the new ones mention her", async ({ anna, tea }) => {
    await anna.open("/");
    const sidebar = anna.page.getByRole("navigation", { name: "Conversations" });
    for (const { name } of Object.values(tea.groups)) await expect(sidebar.getByText(name, { exact: true })).toBeVisible();
    await expect(sidebar.getByRole("link", { name: /Tea at Anna's/ })).toContainText(", 3 mentions");
    await anna.open(tea.groups.tea.path);
    await expect(anna.page.getByRole("button", { name: "10 members" })).toBeVisible();
});

test("what Anna and سارا write during an outage comes when it is over", async ({ anna, signedIn, server, tea }) => {
    const sara = await signedIn("sara");
    for (const person of [anna, sara]) await person.open(tea.groups.empty.path);
    await duringOutage(server, [anna, sara], async () => {
        await anna.say("is the kettle on?");
        await expect(anna.message("is the kettle on?")).toHaveClass(/sending/);
    });
    await sara.sees("is the kettle on?");
});
