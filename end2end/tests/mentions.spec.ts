import { expect, sidebar, test, together } from "../people.ts";

test("who is mentioned is told apart from everybody else", async ({ ann, ben, cal }) => {
    await together("Kitchen", ann, ben, cal);
    for (const person of [ben, cal]) await person.open("/");
    await ann.say("hello, @ben and @nobody");
    await expect(sidebar(ben).getByRole("link", { name: /Kitchen/ })).toContainText("1 unread message, 1 mention");
    await expect(sidebar(cal).getByRole("link", { name: /Kitchen/ })).toContainText("1 unread message");
    await expect(sidebar(cal).getByRole("link", { name: /Kitchen/ })).not.toContainText("mention");
    await expect(ann.page.locator(".mention")).toHaveText(["@ben"]);
});

test("@all is for everybody, and an edit that takes it back is for nobody", async ({ ann, ben, cal }) => {
    await together("Kitchen", ann, ben, cal);
    for (const person of [ben, cal]) await person.open("/");
    await ann.say("@all: dinner is ready");
    for (const person of [ben, cal]) {
        await expect(sidebar(person).getByRole("link", { name: /Kitchen/ })).toContainText("1 mention");
    }
    await ann.page.getByLabel("Message", { exact: true }).press("ArrowUp");
    await ann.say("dinner is ready");
    await ann.sees("dinner is ready");
    await ben.page.reload();
    await ben.live();
    await expect(sidebar(ben).getByRole("link", { name: /Kitchen/ })).toContainText("1 unread message");
    await expect(sidebar(ben).getByRole("link", { name: /Kitchen/ })).not.toContainText("mention");
});
