import { type Browser, type BrowserContext, expect, type Locator, type Page, test as base } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { Server } from "./server.ts";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** A person with their own browser. Anything that goes wrong on one of their pages is recorded. */
export class Person {
    readonly wrong: string[] = [];
    /** Whether the server is down on purpose, so that failing to reach it is not an error of the page. */
    outage = false;

    private constructor(
        readonly name: string,
        readonly page: Page,
        readonly context: BrowserContext,
        private readonly server: Server,
    ) {
        this.watch(page);
    }

    static async arrive(
        name: string,
        browser: Browser,
        server: Server,
        options: Parameters<Browser["newContext"]>[0] = {},
    ): Promise<Person> {
        const context = await browser.newContext(options);
        return new Person(name, await context.newPage(), context, server);
    }

    /** Opens a second tab in the same browser. */
    async anotherTab(path = ""): Promise<Person> {
        const tab = new Person(this.name, await this.context.newPage(), this.context, this.server);
        await tab.open(path || new URL(this.page.url()).pathname);
        return tab;
    }

    /** Opens a path or a full link, and waits until the page is live, if it has a script. */
    async open(path: string): Promise<void> {
        await this.page.goto(new URL(path, this.server.url).href);
        await this.live();
    }

    async live(): Promise<void> {
        // Server-only pages have no script.
        const hasScript = (await this.page.locator("script[type=module]").count()) > 0;
        if (this.hasScript() && hasScript) await this.page.waitForSelector("html[data-hydrated]");
    }

    /** Enters the name on the page that asks for it. */
    async introduce(path = "/"): Promise<void> {
        await this.open(path);
        await this.page.getByLabel("Your name").fill(this.name);
        await this.page.getByRole("button", { name: /Start chatting|Join/ }).click();
        await this.page.getByLabel("Your name").waitFor({ state: "detached" });
        await this.live();
    }

    /** Creates a group and returns its link. */
    async createGroup(name: string): Promise<string> {
        await this.page.getByLabel("Group name").fill(name);
        await this.page.getByRole("button", { name: "Create group" }).click();
        await expect(this.page.getByRole("heading", { name, level: 1 })).toBeVisible();
        return this.page.locator("#link").inputValue();
    }

    async say(text: string): Promise<void> {
        // Until the script runs, Enter inserts a line break.
        await this.live();
        const field = this.page.getByLabel("Message", { exact: true });
        await field.fill(text);
        await (this.hasScript() ? field.press("Enter") : this.page.getByRole("button", { name: "Send" }).click());
    }

    /** Posts "line 1.", "line 2." and so on through the form's endpoint, which is faster than typing. */
    async saysMany(count: number): Promise<void> {
        const group = new URL(this.page.url()).pathname.split("/").pop() ?? "";
        for (let n = 1; n <= count; n += 1) {
            const form = { topic: `group/${group}`, id: `many-${n}`, text: `line ${n}.` };
            const url = new URL("/do/post", this.server.url).href;
            const answer = await this.context.request.post(url, { form, headers: { accept: "application/json" } });
            expect(answer.status()).toBe(200);
        }
    }

    /** Returns the texts of all messages, from top to bottom. */
    async texts(): Promise<string[]> {
        // Not the inner text, because a row that the browser has not painted yet has none.
        return this.page.locator(".message .text").allTextContents();
    }

    message(text: string): Locator {
        return this.page.locator(".message", { has: this.page.locator(".text", { hasText: text }) });
    }

    /** Presses a button that asks for confirmation, and then the button in its dialog. */
    async confirms(name: string, within: Locator | Page = this.page): Promise<void> {
        await within.getByRole("button", { name, exact: true }).click();
        await this.page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
    }

    /** Waits until a message is visible and known to be committed. */
    async sees(text: string): Promise<void> {
        await expect(this.message(text)).toBeVisible();
        await expect(this.message(text)).not.toHaveClass(/sending|failed/);
    }

    /** Fails if axe finds an accessibility problem. */
    async isAccessible(): Promise<void> {
        // Injected through the browser's automation, because the page's content security policy blocks foreign scripts.
        const source = await readFile(axe, "utf8");
        await this.page.evaluate(source);
        const found = await this.page.evaluate(async () => {
            const results = await (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run();
            return results.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
        });
        expect(found).toEqual([]);
    }

    private hasScript(): boolean {
        return !this.name.endsWith("without a script");
    }

    private watch(page: Page): void {
        const keep = (what: string) => {
            const unreachable = /ERR_CONNECTION|WebSocket|ERR_EMPTY_RESPONSE|ERR_INTERNET/.test(what);
            // A browser that preloads the script warns that it is never used.
            const unused = !this.hasScript() && what.includes("preloaded using link preload");
            // A browser logs every refusal in its console.
            const refused = this.refusals.some((status) => new RegExp(`\\b${status}\\b`).test(what));
            if (!(this.outage && unreachable) && !unused && !refused) this.wrong.push(`${this.name}: ${what}`);
        };
        page.on("pageerror", (error) => keep(error.message));
        // A form posted without a script is answered with its page and the status of the refusal.
        const forms = new Set<string>();
        page.on("request", (request) => {
            if (request.isNavigationRequest() && request.method() === "POST") forms.add(request.url());
        });
        page.on("console", (message) => {
            const byForm = message.text().startsWith("Failed to load resource") && forms.has(message.location().url);
            if ((message.type() === "error" || message.type() === "warning") && !byForm) keep(message.text());
        });
        page.on("response", (response) => {
            if (response.status() >= 404 && !forms.has(response.url())) keep(`${response.status()} ${response.url()}`);
        });
    }

    /** The statuses of refusals that the test causes on purpose. */
    refusals: number[] = [];
}

interface AxeResults {
    violations: { id: string; nodes: { html: string }[] }[];
}

interface Cast {
    settings: string[];
    server: Server;
    person: (name: string, options?: Parameters<Browser["newContext"]>[0]) => Promise<Person>;
    ann: Person;
    ben: Person;
    cal: Person;
}

/** The cast. Each test has its own server, and fails if anything went wrong on any page. */
export const test = base.extend<Cast>({
    settings: [[], { option: true }],
    server: async ({ settings }, use) => {
        const server = await Server.start(...settings);
        await use(server);
        await server.tearDown();
    },
    person: async ({ browser, server }, use) => {
        const people: Person[] = [];
        await use(async (name, options) => {
            const person = await Person.arrive(name, browser, server, options);
            people.push(person);
            return person;
        });
        const wrong = people.flatMap((person) => person.wrong);
        for (const person of people) await person.context.close();
        expect(wrong).toEqual([]);
    },
    ann: async ({ person }, use) => use(await person("ann")),
    ben: async ({ person }, use) => use(await person("ben")),
    cal: async ({ person }, use) => use(await person("cal")),
});

/** Wraps a name for an attribute in isolates, so that it does not reorder the sentence around it. */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

/** The sidebar with a person's conversations. */
export const sidebar = (person: Person): Locator => person.page.getByRole("navigation", { name: "Conversations" });

/** Creates a group of the first person, lets the others join it, and returns its link. */
export async function together(name: string, first: Person, ...others: Person[]): Promise<string> {
    await first.introduce();
    const link = await first.createGroup(name);
    for (const other of others) await other.introduce(link);
    return link;
}

/** Opens the page on which an admin manages a group, in its own tab. */
export async function manage(admin: Person, link: string): Promise<Person> {
    const tab = await admin.anotherTab(`${new URL(link).pathname}/admin`);
    await expect(tab.page.getByRole("heading", { name: /^Manage /, level: 1 })).toBeVisible();
    return tab;
}

/** A part of a page that has its own heading. */
export function part(person: Person, heading: string | RegExp): Locator {
    return person.page.getByRole("region", { name: heading });
}

/** A password that is hard to guess. */
export const PASSWORD = "correct horse battery";

/** Claims a guest's name by setting a password. */
export async function claim(person: Person): Promise<void> {
    await person.open("/account");
    await person.page.getByLabel("New password").fill(PASSWORD);
    await person.page.getByRole("button", { name: "Create account" }).click();
    await expect(person.page.getByText("Guest", { exact: true })).toHaveCount(0);
}

export { expect };
