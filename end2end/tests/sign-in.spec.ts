/** Signing in at `oidc-provider`, unchanged. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { claim, expect, isolated, PASSWORD, type Person, test as base } from "../people.ts";
import { CLIENT, OidcProvider } from "../provider.ts";
import type { Server } from "../server.ts";

const NAME = "Königsberg GmbH";

const test = base.extend<{ provider: OidcProvider; registered: Server }>({
    provider: async ({}, use) => {
        const provider = await OidcProvider.start();
        await use(provider);
        await provider.stop();
    },
    settings: async ({ provider }, use) => {
        const folder = await mkdtemp(join(tmpdir(), "hubbub-settings-"));
        const file = join(folder, "hubbub.toml");
        const lines = [
            "[providers.office]",
            `name = "${NAME}"`,
            `issuer = "${provider.issuer}"`,
            `client_id = "${CLIENT.id}"`,
            `client_secret = "${CLIENT.secret}"`,
            'sign_up = "on"',
        ];
        await writeFile(file, `${lines.join("\n")}\n`);
        await use(["--config", file]);
        await rm(folder, { recursive: true });
    },
    registered: async ({ provider, server }, use) => {
        provider.register(`${server.url}/sign-in/office/callback`);
        await use(server);
    },
});

async function continues(person: Person): Promise<void> {
    await person.page.getByRole("link", { name: `Continue with ${NAME}` }).click();
}

/** Opens the account page, which says as whom somebody is signed in. */
async function isSignedInAs(person: Person, name: string): Promise<void> {
    await person.open("/account");
    await expect(person.page.getByText(name, { exact: true }).first()).toBeVisible();
}

test("somebody signs in at a provider, and is the same person the next time", async ({ person, provider, registered }) => {
    provider.user = { sub: "42", preferred_username: "zoë.müller", name: "Zoë Müller" };
    const zoe = await person("Zoë");
    await zoe.open("/sign-in");
    await continues(zoe);
    await expect(zoe.page).toHaveURL(`${registered.url}/`);
    await zoe.live();
    const link = await zoe.createGroup("茶");
    await zoe.say("from the office");
    await zoe.sees("from the office");

    const phone = await person("Zoë on the phone");
    await phone.open("/sign-in");
    await continues(phone);
    await expect(phone.page).toHaveURL(`${registered.url}/`);
    await phone.open(link);
    await phone.say("from the train");
    await expect(zoe.message("from the train")).toContainText("zoë.müller");
    await isSignedInAs(phone, "zoë.müller");
    await phone.isAccessible();
});

test("a page without a script signs in, too, and says what went wrong", async ({ person, provider, registered }) => {
    const li = await person("李雷 without a script", { javaScriptEnabled: false });
    await li.open("/sign-in");
    li.refusals = [403];
    await continues(li);
    await expect(li.page.getByText(`${NAME} didn't sign you in.`)).toBeVisible();
    provider.user = { sub: "7", name: "李雷" };
    await continues(li);
    await expect(li.page).toHaveURL(`${registered.url}/`);
    await isSignedInAs(li, "李雷");
});

test("an account is linked on its page, and never by a name", async ({ ann, person, provider, registered }) => {
    await ann.introduce();
    await claim(ann);
    provider.user = { sub: "ann-at-work", preferred_username: "ann" };

    const stranger = await person("somebody with the name ann");
    await stranger.open("/sign-in");
    await continues(stranger);
    await expect(stranger.page).toHaveURL(`${registered.url}/`);
    await isSignedInAs(stranger, "ann 2");

    provider.user = { sub: "the-real-ann", preferred_username: "ann" };
    await ann.open("/account");
    await ann.page.getByRole("link", { name: `Link ${isolated(NAME)}`, exact: true }).click();
    await expect(ann.page.getByRole("button", { name: `Unlink ${isolated(NAME)}`, exact: true })).toBeVisible();
    const laptop = await person("ann on the laptop");
    await laptop.open("/sign-in");
    await continues(laptop);
    await expect(laptop.page).toHaveURL(`${registered.url}/`);
    await isSignedInAs(laptop, "ann");
});

test("the only way into an account stays until there is a password", async ({ person, provider, registered }) => {
    provider.user = { sub: "1", name: "Sarah Ngata" };
    const sarah = await person("Sarah");
    await sarah.open("/sign-in");
    await continues(sarah);
    await expect(sarah.page).toHaveURL(`${registered.url}/`);
    await sarah.open("/account");
    const unlink = sarah.page.getByRole("button", { name: `Unlink ${isolated(NAME)}`, exact: true });
    sarah.refusals = [409];
    await unlink.click();
    await expect(sarah.page.getByText("This is the only way to sign in to your account.")).toBeVisible();
    await sarah.page.getByLabel("New password").fill(PASSWORD);
    await sarah.page.getByRole("button", { name: "Set password" }).click();
    await expect(sarah.page.getByRole("button", { name: "Set password" })).toHaveCount(0);
    await unlink.click();
    await expect(sarah.page.getByRole("link", { name: `Link ${isolated(NAME)}`, exact: true })).toBeVisible();
});
