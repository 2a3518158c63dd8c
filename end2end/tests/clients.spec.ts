/** Clients of other people, unchanged: `eventsource` follows streams and resumes them, `ws` subscribes to a topic. */
import { EventSource, type FetchLike } from "eventsource";
import { once } from "node:events";
import WebSocket from "ws";

import { expect, test } from "../people.ts";
import type { Server } from "../server.ts";

/** A program of an application. */
class Program {
    private constructor(
        private readonly server: Server,
        readonly token: string,
    ) {}

    static async create(server: Server, title: string): Promise<Program> {
        const printed = await server.command("app", "create", title);
        const token = /^token\s+(\S+)$/m.exec(printed)?.[1];
        if (!token) throw new Error("no token");
        return new Program(server, token);
    }

    headers(user?: string): Record<string, string> {
        return { authorization: `Bearer ${this.token}`, ...(user && { "hubbub-as": user }) };
    }

    async sends(method: string, path: string, body: unknown, user?: string): Promise<void> {
        const headers = { ...this.headers(user), "content-type": "application/json" };
        const answer = await fetch(`${this.server.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
        expect(answer.status, await answer.text()).toBeLessThan(300);
    }

    async says(user: string, text: string): Promise<void> {
        await this.sends("POST", "/conversations/tea/messages", { text }, user);
    }
}

/** A stream with a client that sends headers of its own, as its documentation shows. */
class Follower {
    readonly texts: string[] = [];
    /** The header `Last-Event-ID` of each request. */
    readonly resumed: (string | undefined)[] = [];
    lastEventId = "";
    private readonly source: EventSource;

    constructor(url: string, headers: Record<string, string>) {
        const ask: FetchLike = (to, init) => {
            const sent = { ...init.headers, ...headers } as Record<string, string>;
            this.resumed.push(sent["Last-Event-ID"]);
            return fetch(to, { ...init, headers: sent });
        };
        this.source = new EventSource(url, { fetch: ask });
        this.source.addEventListener("message", ({ data, lastEventId }) => {
            this.lastEventId = lastEventId;
            const { text } = JSON.parse(data).data;
            if (text !== undefined) this.texts.push(text);
        });
    }

    /** Waits until the stream has begun. */
    async begins(): Promise<this> {
        await new Promise((resolve) => this.source.addEventListener("subscribed", resolve, { once: true }));
        return this;
    }

    close(): void {
        this.source.close();
    }
}

test("eventsource follows a conversation and an inbox, and resumes both where the server was killed", async ({ server }) => {
    const shop = await Program.create(server, "متجر");
    for (const [user, name] of [["wanjiru", "Wanjirũ"], ["li", "李"]]) await shop.sends("PUT", `/users/${user}`, { name });
    await shop.sends("PUT", "/conversations/tea", { name: "Té" });
    for (const user of ["wanjiru", "li"]) await shop.sends("PUT", `/conversations/tea/members/${user}`, {});
    await shop.says("li", "before");
    const api = `${server.url}/api/v1`;
    const group = new Follower(`${api}/conversations/tea/messages`, shop.headers("wanjiru"));
    const inbox = new Follower(`${api}/inbox`, shop.headers("wanjiru"));
    const followers = [group, inbox];
    await Promise.all(followers.map((follower) => follower.begins()));
    await shop.says("li", "one");
    for (const { texts } of followers) await expect.poll(() => texts).toEqual(["one"]);
    const places = followers.map(({ lastEventId }) => lastEventId);

    await server.kill();
    await server.up();
    await shop.says("li", "two");
    await shop.says("wanjiru", "three 🫖");
    for (const { texts } of followers) await expect.poll(() => texts, { timeout: 20_000 }).toEqual(["one", "two", "three 🫖"]);
    for (const [index, { resumed }] of followers.entries()) expect(resumed.at(-1)).toBe(places[index]);
    for (const follower of followers) follower.close();
});

test("ws subscribes to a topic with a token, and gets what is published", async ({ server }) => {
    const shop = await Program.create(server, "Bank & Sons");
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`, { headers: shop.headers() });
    const frames: { event?: string; data?: unknown }[] = [];
    socket.on("message", (frame) => frames.push(JSON.parse(String(frame))));
    await once(socket, "open");
    socket.send(JSON.stringify({ action: "subscribe", topic: "prices/الذهب", ref: 1 }));
    await expect.poll(() => frames.some(({ event }) => event === "subscribed")).toBe(true);
    await shop.sends("POST", `/topics/${encodeURIComponent("prices/الذهب")}/entries`, { data: { ounce: 4100.5 } });
    await expect.poll(() => frames.filter(({ event }) => event === undefined).map(({ data }) => data)).toEqual([{ ounce: 4100.5 }]);
    socket.close(1000);
    const [code] = await once(socket, "close");
    expect(code).toBe(1000);
});
