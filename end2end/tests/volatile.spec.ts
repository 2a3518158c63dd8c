import { expect, manage, part, sidebar, test, together } from "../people.ts";

test.describe("in memory only", () => {
    test.use({ settings: ["--store", "memory"] });

    test("everything is there but durability", async ({ ann, ben, cal }) => {
        const link = await together("Vapour", ann, ben);
        await ann.say("frist");
        await ben.sees("frist");
        await ann.page.getByLabel("Message", { exact: true }).press("ArrowUp");
        await ann.say("first");
        await ben.sees("first");
        const admin = await manage(ann, link);
        await part(admin, "Settings").getByLabel("Member limit").fill("2");
        await part(admin, "Settings").getByRole("button", { name: "Save" }).click();
        await expect(part(admin, "Audit log").getByText("ann set the member limit to 2")).toBeVisible();
        await cal.open(link);
        await expect(cal.page.getByText("This group is full (2 members).")).toBeVisible();
        await ben.page.getByRole("complementary", { name: "Members" }).getByRole("link", { name: "ann" }).click();
        await expect(ben.page.getByRole("heading", { name: "ann", level: 1 })).toBeVisible();
        await ben.say("psst");
        await expect(sidebar(ann).getByRole("link", { name: /ben/ })).toContainText("1 unread message");
        await ann.page.reload();
        await ann.live();
        expect(await ann.texts()).toEqual(["first"]);
    });
});

test("a volatile server that restarts has forgotten, and says so instead of mixing lives", async ({ browser }) => {
    const { Person } = await import("../people.ts");
    const { Server } = await import("../server.ts");
    const server = await Server.start("--store", "memory");
    try {
        const ann = await Person.arrive("ann", browser, server);
        await ann.introduce();
        await ann.createGroup("Vapour");
        await ann.say("soon gone");
        await ann.sees("soon gone");
        await server.kill();
        await server.up();
        await ann.page.goto(server.url);
        await expect(ann.page.getByLabel("Your name")).toBeVisible();
        await ann.context.close();
    } finally {
        await server.tearDown();
    }
});
