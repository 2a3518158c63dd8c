/**
 * Realistic data: *Tea at Anna's*, with ten people, seven groups and 2,000 messages over 40 days.
 * `crates/store/examples/tea.rs` writes the data folder once per worker. Each test runs a server on its own copy.
 */
import type { Browser } from "@playwright/test";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, Person, test as base } from "./people.ts";
import { Server } from "./server.ts";

/** The cast. Two people are called `Kim Lee`. Both are guests and cannot sign in. */
export type Key = "anna" | "ben" | "long" | "wide" | "chinese" | "sara" | "dawud" | "hebrew" | "kim" | "kim2";
/** The groups. `tea` is the busy one, `long` has a name of 60 letters, `reactions` has 8 messages and 60 reactions. */
export type GroupKey = "tea" | "long" | "reactions" | "chinese" | "arabic" | "hebrew" | "empty";

export interface Tea {
    /** The data folder of a stopped server. */
    folder: string;
    password: string;
    people: Record<Key, { id: string; name: string; hasAccount: boolean }>;
    groups: Record<GroupKey, { path: string; name: string }>;
}

interface TeaWorker {
    tea: Tea;
}

interface TeaTest {
    /** Returns one of the cast, signed in, in their own browser. */
    signedIn: (key: Key, options?: Parameters<Browser["newContext"]>[0]) => Promise<Person>;
    anna: Person;
}

export const test = base.extend<TeaTest, TeaWorker>({
    tea: [
        // eslint-disable-next-line no-empty-pattern
        async ({}, use) => {
            const folder = await mkdtemp(join(tmpdir(), "hubbub-tea-"));
            const seeder = process.env.HUBBUB_TEA ?? join(import.meta.dirname, "../target/debug/examples/tea");
            await promisify(execFile)(seeder, [folder]).catch((error: Error) => {
                throw new Error(`${error.message}; build it with: cargo build -p store --example tea`);
            });
            const told = JSON.parse(await readFile(join(folder, "tea.json"), "utf8")) as Omit<Tea, "folder">;
            await use({ ...told, folder: join(folder, "data") });
            await rm(folder, { recursive: true, force: true });
        },
        { scope: "worker" },
    ],
    server: async ({ settings, tea }, use) => {
        const server = await Server.over(tea.folder, ...settings);
        await use(server);
        await server.tearDown();
    },
    signedIn: async ({ person, tea, server }, use) => {
        await use(async (key, options) => {
            const { name, hasAccount } = tea.people[key];
            if (!hasAccount) throw new Error(`${name} is a guest and cannot sign in`);
            const somebody = await person(name, options);
            const form = { name, password: tea.password };
            const headers = { accept: "application/json" };
            const answer = await somebody.context.request.post(new URL("/do/sign_in", server.url).href, { form, headers });
            expect(answer.status()).toBe(200);
            return somebody;
        });
    },
    anna: async ({ signedIn }, use) => use(await signedIn("anna")),
});

/** Kills the server as in an outage, performs an action, and starts the server again. */
export async function duringOutage(server: Server, people: Person[], act: () => Promise<void>): Promise<void> {
    for (const person of people) person.outage = true;
    await server.kill();
    await act();
    await server.up();
}

export { expect };
