import { expect, type Person, test, together } from "../people.ts";

/** Opens the actions of a message and presses one of them. */
async function act(person: Person, text: string, label: string): Promise<void> {
    const row = person.message(text);
    await row.hover();
    await row.getByRole("link", { name: "Reply, react and more" }).click();
    await row.getByRole("button", { name: label, exact: true }).click();
}

test("a quote and the pins follow what ann makes of her message, without markup", async ({ ann, ben }) => {
    await together("Kitchen", ann, ben);
    await ann.say("the **old** `plan`");
    await ben.sees("the old plan");
    await act(ann, "the old plan", "Pin");
    await act(ben, "the old plan", "Reply");
    await expect(ben.page.getByText("Replying to ann: the old plan")).toBeVisible();
    await ben.say("which one?");
    await ann.sees("which one?");
    const quote = (person: Person) => person.message("which one?").locator(".quote");
    await expect(quote(ann)).toHaveText("ann the old plan");

    await act(ben, "the old plan", "Reply");
    await ann.page.getByLabel("Message", { exact: true }).press("ArrowUp");
    await ann.say("> the *new* plan");
    await expect(ben.page.getByText("Replying to ann: the new plan")).toBeVisible();
    for (const person of [ann, ben]) {
        await expect(quote(person)).toHaveText("ann the new plan");
        await person.page.getByRole("button", { name: "Pins and dates" }).click();
        await expect(person.page.locator("#history .quote")).toHaveText("ann the new plan");
        await person.page.reload();
        await person.live();
        await expect(quote(person)).toHaveText("ann the new plan");
        await person.page.getByRole("button", { name: "Pins and dates" }).click();
        await expect(person.page.locator("#history .quote")).toHaveText("ann the new plan");
    }
});

test("whoever the list of names offers is mentioned, whatever their name", async ({ person, ann }) => {
    const names = ["_MILAD_", "*star*", "王伟", "سارا", "Kim Lee", "Kim Lee"];
    const others: Person[] = [];
    for (const name of names) others.push(await person(name));
    await together("Kitchen", ann, ...others);
    const field = ann.page.getByLabel("Message", { exact: true });
    const offered = ann.page.getByRole("listbox", { name: "Suggestions" }).getByRole("option");
    for (const [place, name] of names.entries()) {
        await field.pressSequentially(`请@${name.slice(0, 3)}`);
        await offered.nth(place === 5 ? 1 : 0).click();
        await ann.say((await field.inputValue()) + `tea ${place}?`);
        await expect(ann.message(`tea ${place}?`).locator(".mention")).toHaveText(`@${name}`);
        // Each of them is notified, and nobody else with that name.
        await expect(others[place]!.message(`tea ${place}?`).locator(".mention-me")).toHaveText(`@${name}`);
        if (place === 5) await expect(others[4]!.message(`tea ${place}?`).locator(".mention-me")).toHaveCount(0);
    }
});

test("what people type is shown as they typed it, at any width and in the dark", async ({ person }, info) => {
    const ann = await person("ann", { viewport: { width: 390, height: 844 } });
    await ann.introduce();
    await ann.createGroup("Kitchen");
    const texts = [
        "[docs]: https://example.org/manual",
        "#",
        "hello\n---",
        "见https://example.org/_next/_app_/x.js。还有www.example.org！",
        "(~$1.50) and (~$10), but ~~this~~",
        "2001:db8:100::1 at 10:30:45 :tada:",
        "> quoted\n> > twice\n\n- one\n- two\n\n```rust\nlet x = 1;\n```\n\n1. first\n2. second",
        "#\n".repeat(60),
        "```\n" + "a very long line of code that does not fit ".repeat(6) + "\n```\nhttps://example.org/" + "a_b".repeat(60),
    ];
    for (const text of texts) {
        await ann.page.getByLabel("Message", { exact: true }).fill(text);
        await ann.page.getByLabel("Message", { exact: true }).press("Enter");
    }
    await expect(ann.page.locator(".message:not(.message-sending)")).toHaveCount(texts.length);
    const shown = await ann.page.locator(".message .text").allTextContents();
    expect(shown[0]).toBe(texts[0]);
    expect(shown[1]).toBe("#");
    expect(shown[2]).toBe("hello\n---");
    expect(shown[5]).toBe("2001:db8:100::1 at 10:30:45 🎉");
    await expect(ann.page.locator(".message .text a").first()).toHaveAttribute("href", "https://example.org/manual");
    for (const [name, colorScheme, width] of [["light", "light", 1280], ["dark", "dark", 1280], ["narrow", "dark", 390]] as const) {
        await ann.page.emulateMedia({ colorScheme });
        await ann.page.setViewportSize({ width, height: 1000 });
        expect(await ann.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await ann.page.screenshot({ path: info.outputPath(`text-${name}.png`) });
    }
});
