import { claim, expect, PASSWORD, type Person, test } from "../people.ts";

async function signIn(person: Person, name: string, password: string): Promise<void> {
    await person.open("/sign-in");
    await person.page.getByLabel("Your name").fill(name);
    await person.page.getByLabel("Password").fill(password);
    await person.page.getByRole("button", { name: "Sign in" }).click();
}

test("ann keeps her name with a password and signs in on another device", async ({ ann, person }) => {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await ann.say("from home");
    await ann.sees("from home");
    await claim(ann);

    const phone = await person("ann on the phone");
    await signIn(phone, "ANN", "not this one");
    await expect(phone.page.getByText("Wrong name or password")).toBeVisible();
    await signIn(phone, "ANN", PASSWORD);
    await phone.page.getByRole("link", { name: "Tea" }).click();
    await phone.sees("from home");
    await phone.say("from the phone");
    await ann.open(link);
    await ann.sees("from the phone");
});

test("who signs out is out at once, on every page of that browser", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await ben.introduce(link);
    await claim(ann);
    const tab = await ann.anotherTab(new URL(link).pathname);
    await ann.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(ann.page.getByRole("button", { name: "Start chatting" })).toBeVisible();
    await expect(tab.page.getByText("You were disconnected.")).toBeVisible();
    await ben.say("is ann gone?");
    await ben.sees("is ann gone?");
    await expect(tab.message("is ann gone?")).toHaveCount(0);
});

test("a session on another device is ended from here, and a new password ends all others", async ({ ann, person }) => {
    await ann.introduce();
    await ann.createGroup("Tea");
    await claim(ann);
    const phone = await person("ann on the phone");
    await signIn(phone, "ann", PASSWORD);
    await expect(phone.page.getByRole("link", { name: "Tea" })).toBeVisible();
    await ann.page.reload();
    await ann.page.getByRole("button", { name: "Sign out there" }).click();
    await expect(phone.page.getByText("You were disconnected.")).toBeVisible();
    await phone.page.goto(new URL("/", ann.page.url()).href);
    await expect(phone.page.getByRole("button", { name: "Start chatting" })).toBeVisible();

    await ann.page.getByLabel("Current password").fill(PASSWORD);
    await ann.page.getByLabel("New password").fill("12345678");
    await ann.page.getByRole("button", { name: "Change password" }).click();
    await expect(ann.page.getByText("This password is too common")).toBeVisible();
    await ann.page.getByLabel("Current password").fill(PASSWORD);
    await ann.page.getByLabel("New password").fill("another horse battery");
    await ann.page.getByRole("button", { name: "Change password" }).click();
    await signIn(phone, "ann", PASSWORD);
    await expect(phone.page.getByText("Wrong name or password")).toBeVisible();
    await signIn(phone, "ann", "another horse battery");
    await expect(phone.page.getByRole("link", { name: "Tea" })).toBeVisible();
});
