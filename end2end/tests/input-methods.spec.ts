import type { Locator } from "@playwright/test";

import { test as base } from "../fixtures.ts";
import { expect, test, together } from "../people.ts";

/** Sends a key that an input method handles, as Chromium (`isComposing`) and Safari (only key code 229) report it. */
async function composeKey(field: Locator, key: string): Promise<void> {
    await field.evaluate((node, key) => {
        for (const told of [{ isComposing: true }, { keyCode: 229 }]) {
            node.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
            node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...told }));
        }
    }, key);
}

base("歐陽曉明 chooses words with Enter in every field, and nothing is sent, picked or closed", async ({ signedIn, tea }) => {
    const ming = await signedIn("chinese");
    await ming.open(tea.groups.empty.path);
    const field = ming.page.getByLabel("Message", { exact: true });
    await field.fill("下午好");
    for (const key of ["Enter", "Escape", "ArrowUp"]) await composeKey(field, key);
    await expect(field).toHaveValue("下午好");
    await expect(ming.page.locator(".message")).toHaveCount(0);

    // Autocomplete.
    await field.fill("");
    await field.pressSequentially("@B");
    await expect(ming.page.getByRole("option", { name: "Ben" })).toBeVisible();
    for (const key of ["Enter", "Tab", "Escape", "ArrowDown"]) await composeKey(field, key);
    await expect(ming.page.getByRole("option", { name: "Ben" })).toHaveAttribute("aria-selected", "true");
    await expect(field).toHaveValue("@B");
    await field.press("Escape");
    await field.fill("");

    // The emoji picker.
    await ming.page.getByRole("button", { name: "Emoji" }).click();
    const find = ming.page.getByLabel("Find an emoji");
    await find.fill("rocket");
    await expect(ming.page.getByRole("button", { name: "rocket" })).toBeVisible();
    for (const key of ["Enter", "Escape"]) await composeKey(find, key);
    await expect(find).toBeVisible();
    await expect(field).toHaveValue("");
    await find.press("Escape");

    // The quick switcher.
    const heading = ming.page.getByRole("heading", { level: 1 });
    await ming.page.keyboard.press("Control+k");
    const jump = ming.page.getByRole("combobox", { name: "Jump to…" });
    await jump.fill("Tea");
    for (const key of ["Enter", "Escape", "ArrowDown"]) await composeKey(jump, key);
    await expect(jump).toBeVisible();
    await expect(heading).toHaveText(tea.groups.empty.name);
    await jump.press("Enter");
    await expect(heading).toHaveText(tea.groups.tea.name);
});

test("an Enter of an input method does not end an edit, and Escape does not drop it", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    await ann.say("first");
    await ben.sees("first");
    const field = ann.page.getByLabel("Message", { exact: true });
    await field.press("ArrowUp");
    await field.fill("second");
    for (const key of ["Enter", "Escape"]) await composeKey(field, key);
    await expect(field).toHaveValue("second");
    await expect(ann.page.getByText("Editing your message")).toBeVisible();
    await field.press("Enter");
    await ben.sees("second");
});
