/** Outgoing webhooks: the owner manages them on pages, and a receiver verifies them with a library that nobody here wrote. */
import { join } from "node:path";
import { Webhook } from "standardwebhooks";

import { claim, expect, isolated, part, type Person, test as base } from "../people.ts";
import { type Received, Receiver } from "../receiver.ts";

const SHOTS = join(import.meta.dirname, "../../screenshots");

/** The server may call the receiver, which is on the loopback interface. */
const test = base.extend<{ receiver: Receiver }>({
    // eslint-disable-next-line no-empty-pattern
    receiver: async ({}, use) => {
        const receiver = await Receiver.start();
        await use(receiver);
        await receiver.stop();
    },
    settings: async ({ receiver }, use) => use(["--egress-open", `127.0.0.1/32:${receiver.port}`]),
});

const secret = (owner: Person) => owner.page.getByLabel(/Copy this secret now/);

/** Opens the outgoing webhooks of the application of these pages, in a tab of the owner. */
async function webhooks(owner: Person): Promise<Person> {
    const tab = await owner.anotherTab("/server/applications");
    await tab.page.getByRole("listitem").first().getByRole("link").click();
    await tab.page.getByRole("link", { name: "Outgoing webhooks" }).click();
    await expect(tab.page.getByRole("heading", { name: /^Outgoing webhooks: /, level: 1 })).toBeVisible();
    return tab;
}

async function create(owner: Person, name: string, url: string): Promise<string> {
    await owner.page.getByLabel("Webhook name").fill(name);
    await owner.page.getByLabel("URL", { exact: true }).fill(url);
    await owner.page.getByLabel("message.created").check();
    await owner.page.getByRole("button", { name: "Create webhook" }).click();
    return secret(owner).inputValue();
}

const textOf = ({ body }: Received): string | undefined => JSON.parse(body).data.entry?.data.text;

test("a receiver verifies what it gets with the library of Standard Webhooks, during a rotation with the old secret too", async ({ person, receiver }) => {
    const zoe = await person("Zoë Ødegård");
    await zoe.introduce();
    await claim(zoe);
    await zoe.open("/");
    await zoe.createGroup("Té");
    const owner = await webhooks(zoe);
    await owner.isAccessible();
    const old = await create(owner, "Orders", receiver.url);
    await owner.page.getByRole("link", { name: `Manage ${isolated("orders")}` }).click();
    await expect(secret(owner)).toHaveCount(0);
    await owner.page.getByRole("button", { name: "Send a test" }).click();
    await expect(owner.page.getByRole("status")).toContainText("The receiver accepted the test.");
    await owner.isAccessible();
    const [test] = receiver.received;
    expect(new Webhook(old).verify(test!.body, test!.headers)).toMatchObject({ type: "webhook.test" });

    await owner.confirms("New secret");
    const next = await secret(owner).inputValue();
    expect(next).not.toEqual(old);
    await zoe.say("شاي for two ☕");
    await expect.poll(() => receiver.received.length).toBe(2);
    const message = receiver.received[1]!;
    expect(textOf(message)).toBe("شاي for two ☕");
    for (const key of [old, next]) {
        expect(new Webhook(key).verify(message.body, message.headers)).toMatchObject({ type: "message.created" });
    }
    expect(() => new Webhook(next).verify(`${message.body} `, message.headers)).toThrow(/No matching signature/);

    await expect(async () => {
        await owner.page.goto(owner.page.url());
        await expect(part(owner, "Deliveries").getByText("Delivered")).toBeVisible({ timeout: 500 });
    }).toPass();
    await owner.page.getByRole("button", { name: /^Send .*again$/ }).first().click();
    await expect.poll(() => receiver.received.length).toBe(3);
    expect(receiver.received[2]!.headers["webhook-id"]).toBe(message.headers["webhook-id"]);

    await owner.page.getByRole("button", { name: "Switch off" }).click();
    await expect(part(owner, "State")).toContainText("Nothing is sent");
    await owner.page.getByLabel("URL", { exact: true }).fill("http://10.0.0.7:8080/events");
    await owner.page.getByRole("button", { name: "Save" }).click();
    await expect(part(owner, "Settings").getByRole("alert")).toContainText("ask the operator about egress_open");
    await expect(owner.page.getByLabel("URL", { exact: true })).toHaveValue("http://10.0.0.7:8080/events");
    await owner.confirms("Delete webhook");
    await expect(owner.page.getByText("No outgoing webhooks yet.")).toBeVisible();
    await owner.open("/server");
    await expect(part(owner, "Audit log")).toContainText("Zoë Ødegård deleted the outgoing webhook orders");
});

for (const [look, colorScheme, width] of [["light", "light", 1280], ["dark", "dark", 1280], ["narrow", "light", 390]] as const) {
    test(`the pages of outgoing webhooks look right: ${look}`, async ({ person, receiver }) => {
        const owner = await person("مريم without a script", { colorScheme, viewport: { width, height: 900 }, javaScriptEnabled: false });
        await owner.introduce();
        await claim(owner);
        const tab = await webhooks(owner);
        for (const name of ["Orders", "A name that is as long as a name may be", "طلبات"]) await create(tab, name, receiver.url);
        const fits = async (shot: string) => {
            await tab.page.screenshot({ path: join(SHOTS, `${shot}-${look}.png`), fullPage: true });
            const overflow = await tab.page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth).catch(() => 0);
            expect(overflow).toBeLessThanOrEqual(0);
        };
        await fits("webhooks");
        receiver.status = 500;
        await tab.page.getByRole("link", { name: `Manage ${isolated("orders")}` }).click();
        await tab.page.getByRole("button", { name: "Send a test" }).click();
        await expect(tab.page.getByRole("status")).toContainText("Status 500");
        await fits("webhook");
    });
}
