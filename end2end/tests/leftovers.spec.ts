import { claim, expect, PASSWORD, type Person, test } from "../people.ts";

const field = (person: Person) => person.page.getByLabel("Message", { exact: true });

/** Returns everything that scripts can store in a browser. */
async function leftovers(person: Person): Promise<unknown> {
    return person.page.evaluate(async () => ({
        local: Object.keys(localStorage),
        session: Object.keys(sessionStorage),
        databases: (await indexedDB.databases()).map((database) => database.name),
        caches: await caches.keys(),
        cookie: document.cookie,
    }));
}

const NOTHING = { local: [], session: [], databases: [], caches: [], cookie: "" };

/** Leaves in the browser what it keeps of a user: a draft and a message without an acknowledgement. */
async function keepSomething(person: Person): Promise<void> {
    await person.page.routeWebSocket(/\/ws$/, () => {});
    await person.page.reload();
    await person.live();
    await person.say("a secret on its way");
    await field(person).fill("a secret draft");
    await expect.poll(() => person.page.evaluate(() => Object.values(localStorage).join())).toContain("a secret draft");
    await expect.poll(() => person.page.evaluate(() => Object.values(localStorage).join())).toContain("on its way");
}

test("nothing of ann stays in a browser after she signs out, and cal sees none of it there", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await claim(ann);
    await ann.open(link);
    await keepSomething(ann);
    await ann.open("/account");
    await ann.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(ann.page.getByRole("button", { name: "Start chatting" })).toBeVisible();
    await ann.live();
    await expect.poll(() => leftovers(ann)).toEqual(NOTHING);
    // The device cookie is a random number that identifies nobody. It lets ann sign in while others guess her password.
    const cookies = (await ann.context.cookies()).filter((cookie) => !cookie.name.endsWith("_device"));
    expect(cookies).toEqual([]);

    await ben.introduce(link);
    // A new tab, because the sockets of the first one lead nowhere.
    const cal = await ann.anotherTab("/");
    await cal.page.getByLabel("Your name").fill("cal");
    await cal.page.getByRole("button", { name: "Start chatting" }).click();
    await cal.page.getByLabel("Your name").waitFor({ state: "detached" });
    await cal.live();
    await cal.open(link);
    await cal.page.getByRole("button", { name: "Join" }).click();
    await expect(field(cal)).toHaveValue("");
    await cal.say("cal's own words");
    await ben.sees("cal's own words");
    expect(await ben.texts()).toEqual(["cal's own words"]);
    expect(cal.wrong).toEqual([]);
});

test("a session that is ended elsewhere leaves nothing, on the page that is open and on the next", async ({ ann, person }) => {
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await claim(ann);
    const phone = await person("ann on the phone");
    await phone.open("/sign-in");
    await phone.page.getByLabel("Your name").fill("ann");
    await phone.page.getByLabel("Password").fill(PASSWORD);
    await phone.page.getByRole("button", { name: "Sign in" }).click();
    await phone.open(link);
    await field(phone).fill("a secret draft");
    await expect.poll(() => leftovers(phone)).not.toEqual(NOTHING);

    await ann.open("/account");
    await ann.confirms("Sign out everywhere else");
    await expect(phone.page.getByText("You were disconnected.")).toBeVisible();
    await expect.poll(() => leftovers(phone)).toEqual(NOTHING);
    // Text typed after that is not stored anywhere.
    await field(phone).fill("more of it");
    expect(await leftovers(phone)).toEqual(NOTHING);
});
