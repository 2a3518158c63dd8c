import { expect, type Person, test, together } from "../people.ts";

async function act(person: Person, text: string, label: string): Promise<void> {
    await person.message(text).hover();
    await person.message(text).getByRole("link", { name: "Reply, react and more" }).click();
    await person.message(text).getByRole("button", { name: label, exact: true }).click();
}

test("ann takes a deletion back, and nobody has missed the message", async ({ ann, ben }) => {
    await ann.page.clock.install();
    await together("Tea", ann, ben);
    await ann.say("the only copy");
    await ben.sees("the only copy");
    await act(ann, "the only copy", "Delete");
    await expect(ann.page.getByText("ann deleted a message")).toBeVisible();
    await ann.page.getByRole("button", { name: "Undo" }).click();
    await ann.sees("the only copy");
    await ann.page.clock.fastForward(60_000);
    await ann.say("still here");
    await ben.sees("still here");
    expect(await ben.texts()).toEqual(["the only copy", "still here"]);
});

test("a deletion that nobody takes back reaches everyone", async ({ ann, ben }) => {
    await ann.page.clock.install();
    await together("Tea", ann, ben);
    await ann.say("not for you");
    await ben.sees("not for you");
    await act(ann, "not for you", "Delete");
    await expect(ann.page.getByRole("button", { name: "Undo" })).toBeVisible();
    await ann.page.clock.fastForward(7_000);
    await expect(ben.page.getByText("ann deleted a message")).toBeVisible();
    await expect(ann.page.getByRole("button", { name: "Undo" })).toHaveCount(0);
});

test("a tab that is closed does what it was about to do", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    await ben.say("stays");
    const tab = await ann.anotherTab();
    await tab.say("goes with the tab");
    await ben.sees("goes with the tab");
    await act(tab, "goes with the tab", "Delete");
    await expect(tab.page.getByRole("button", { name: "Undo" })).toBeVisible();
    await tab.page.close({ runBeforeUnload: true });
    await expect(ben.page.getByText("ann deleted a message")).toBeVisible();
});

test("ben comes back to the group he left by one press, and nobody has seen him go", async ({ ann, ben }) => {
    await ben.page.clock.install();
    await together("Tea", ann, ben);
    await ben.page.getByRole("button", { name: "Leave group" }).click();
    await expect(ben.page.getByText("You left Tea.")).toBeVisible();
    await ben.page.getByRole("button", { name: "Undo" }).click();
    await expect(ben.page.getByRole("heading", { name: "Tea", level: 1 })).toBeVisible();
    await ben.page.clock.fastForward(60_000);
    await ben.say("I'm back");
    await ann.sees("I'm back");
    await expect(ann.page.getByText("ben left")).toHaveCount(0);
});

test("without a script each act that cannot be undone asks first, and Cancel changes nothing", async ({ ann, person }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce();
    const link = await dee.createGroup("Paper");
    await ann.introduce(link);
    await dee.page.goto(link);
    const dialog = dee.page.getByRole("dialog");
    await dee.page.getByRole("button", { name: "Leave group" }).click();
    await expect(dialog.getByText("Leave Paper?")).toBeVisible();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toBeHidden();
    await dee.page.goto(`${link}/admin`);
    for (const [name, says] of [
        ["Archive", "Archive Paper?"],
        ["Delete permanently", "Delete Paper?"],
        ["Ban", "Ban the selected members?"],
        ["Remove", "Remove the selected members?"],
    ] as const) {
        await dee.page.getByRole("button", { name, exact: true }).click();
        await expect(dialog.getByText(says)).toBeVisible();
        await dee.page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
    }
    await expect(dee.page.getByRole("heading", { name: "2 members" })).toBeVisible();
});
