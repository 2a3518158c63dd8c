import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { Page } from "@playwright/test";

import { expect, test } from "../people.ts";
import type { Server } from "../server.ts";

/** The back end of a shop, on an origin of its own: it serves the example's page, and tokens for the signed-in user. */
class Shop {
    /** The tokens that it has given to pages. */
    readonly tokens: string[] = [];
    /** The lifetime of the next tokens in seconds. */
    lifetime = 3600;
    private readonly http = createServer();
    private token = "";

    private constructor(private readonly server: Server) {}

    static async open(server: Server): Promise<Shop> {
        const shop = new Shop(server);
        const printed = await server.command("app", "create", "The Shop");
        shop.token = /^token +(\S+)$/m.exec(printed)?.[1] ?? "";
        const page = await readFile(new URL("../../examples/widget.html", import.meta.url));
        shop.http.on("request", async (request, response) => {
            const user = /user=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
            if (request.url === "/chat/settings") {
                response.end(JSON.stringify({ hubbub: server.url, conversation: "order-7" }));
            } else if (request.url === "/chat/token") {
                const scope = { conversations: ["order-7"] };
                const wish = { expires_in: shop.lifetime, scope };
                const token = (await shop.ask("POST", `/users/${user}/tokens`, wish)).token;
                shop.tokens.push(token);
                response.end(token);
            } else if (request.url === "/") {
                response.setHeader("content-type", "text/html; charset=utf-8").end(page);
            } else {
                response.writeHead(204).end();
            }
        });
        shop.http.listen(0, "127.0.0.1");
        await once(shop.http, "listening");
        await shop.ask("PATCH", "/application", { config: { allowed_origins: [shop.origin] } });
        await shop.ask("PUT", "/conversations/order-7", { name: "Order 7" });
        for (const [key, name] of [["zoe", "Zoë"], ["lei", "李雷"]] as const) {
            await shop.ask("PUT", `/users/${key}`, { name });
            await shop.ask("PUT", `/conversations/order-7/members/${key}`, {});
        }
        return shop;
    }

    get origin(): string {
        return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
    }

    /** Sends a request of the application. */
    async ask(method: string, path: string, body?: unknown): Promise<any> {
        const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
        const sent = body === undefined ? {} : { body: JSON.stringify(body) };
        const answer = await fetch(`${this.server.url}/api/v1${path}`, { method, headers, ...sent });
        const text = await answer.text();
        expect(answer.ok, text).toBe(true);
        return text ? JSON.parse(text) : undefined;
    }

    close(): void {
        this.http.close();
    }
}

/** Writes a message into the widget. */
async function write(page: Page, text: string): Promise<void> {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
}

const messages = (page: Page) => page.getByRole("list", { name: "Messages" }).getByRole("listitem");

test("a page of a shop embeds a chat, which its customers use live", async ({ browser, server }) => {
    const shop = await Shop.open(server);
    await shop.ask("POST", "/conversations/order-7/messages", { text: "Your order is on its way." });
    const [zoe, lei] = await Promise.all(["zoe", "lei"].map(async (value) => {
        const context = await browser.newContext({ colorScheme: value === "zoe" ? "light" : "dark" });
        await context.addCookies([{ name: "user", value, url: shop.origin }]);
        const page = await context.newPage();
        await page.goto(shop.origin);
        await expect(messages(page)).toHaveText(["The ShopYour order is on its way."]);
        await expect(page.getByRole("status")).toHaveText("");
        return page;
    })) as [Page, Page];
    await write(zoe, "<b>When</b> does it arrive?");
    for (const page of [zoe, lei]) {
        await expect(messages(page).last()).toHaveText("Zoë<b>When</b> does it arrive?");
    }
    await write(lei, "明天四点");
    await expect(messages(zoe).last()).toHaveText("李雷明天四点");

    // Only its recipient reads this one.
    const only = { text: "Your voucher is TEA-7.", recipients: ["zoe"] };
    await shop.ask("POST", "/conversations/order-7/messages", only);
    await expect(messages(zoe).last()).toHaveText("The ShopYour voucher is TEA-7.");
    await expect(messages(lei)).toHaveCount(3);

    // The connection is lost: what was said meanwhile comes with the next one, once.
    await server.kill();
    await expect(zoe.getByRole("status")).toHaveText("Reconnecting…");
    await server.up();
    await shop.ask("POST", "/conversations/order-7/messages", { text: "It is here." });
    for (const [page, count] of [[zoe, 5], [lei, 4]] as const) {
        await expect(messages(page)).toHaveCount(count, { timeout: 30_000 });
        await expect(messages(page).last()).toHaveText("The ShopIt is here.");
    }

    // Tokens are revoked: the page gets another one from its own back end.
    const before = shop.tokens.length;
    await shop.ask("DELETE", "/users/zoe/tokens");
    await expect.poll(() => shop.tokens.length, { timeout: 30_000 }).toBeGreaterThan(before);
    await expect(zoe.getByRole("status")).toHaveText("", { timeout: 30_000 });
    await write(zoe, "Thank you!");
    await expect(messages(lei).last()).toHaveText("ZoëThank you!");
    shop.close();
});

test("a page of another origin that is not listed gets nothing", async ({ browser, server }) => {
    const shop = await Shop.open(server);
    await shop.ask("PATCH", "/application", { config: { allowed_origins: ["https://shop.example"] } });
    const context = await browser.newContext();
    await context.addCookies([{ name: "user", value: "zoe", url: shop.origin }]);
    const page = await context.newPage();
    await page.goto(shop.origin);
    await expect.poll(() => shop.tokens.length).toBe(1);
    const outcome = await page.evaluate(async ([hubbub, token]) => {
        const headers = { authorization: `Bearer ${token}` };
        const read = await fetch(`${hubbub}/api/v1/me`, { headers }).then(() => "read", () => "refused");
        const socket = new WebSocket(`${String(hubbub).replace("http", "ws")}/ws`);
        const heard = await new Promise((resolve) => {
            socket.onopen = () => socket.send(JSON.stringify({ action: "authenticate", token }));
            socket.onmessage = ({ data }) => JSON.parse(data).me && resolve("welcome");
            socket.onerror = socket.onclose = () => resolve("refused");
        });
        return [read, heard];
    }, [server.url, shop.tokens[0]]);
    expect(outcome).toEqual(["refused", "refused"]);
    await expect(messages(page)).toHaveCount(0);
    shop.close();
});
