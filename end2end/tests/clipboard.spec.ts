import { expect, test } from "../people.ts";

/** Removes what a page over plain HTTP does not have: the asynchronous clipboard and similar APIs. */
const INSECURE = () => {
    for (const [from, name] of [
        [Navigator.prototype, "clipboard"],
        [Navigator.prototype, "locks"],
        [Navigator.prototype, "serviceWorker"],
        [Navigator.prototype, "setAppBadge"],
        [Navigator.prototype, "clearAppBadge"],
        [Crypto.prototype, "randomUUID"],
        [Crypto.prototype, "subtle"],
    ] as const) {
        Object.defineProperty(from, name, { get: () => undefined });
    }
    Object.defineProperty(window, "Notification", { value: undefined });
};

test("on plain http ann copies the link of her group and of a message", async ({ person }) => {
    const ann = await person("ann", { permissions: ["clipboard-read"] });
    await ann.page.addInitScript(INSECURE);
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await ann.say("hello");
    await ann.sees("hello");
    await ann.page.getByRole("button", { name: "Invite", exact: true }).click();
    await ann.page.getByRole("button", { name: "Copy link" }).click();
    await expect(ann.page.getByRole("button", { name: "Copied" })).toBeVisible();
    await ann.page.keyboard.press("Escape");
    const field = ann.page.getByLabel("Message", { exact: true });
    await field.press("Control+v");
    await expect(field).toHaveValue(link);
    await ann.message("hello").hover();
    await ann.message("hello").getByRole("link", { name: "Reply, react and more" }).click();
    await ann.message("hello").getByRole("button", { name: "Copy link" }).click();
    await field.fill("");
    await field.press("Control+v");
    await expect(field).toHaveValue(/\?at=\d+#m\d+$/);
});

test("where the browser refuses, the page never says Copied, and says how to copy by hand", async ({ ann }) => {
    await ann.page.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, "clipboard", {
            get: () => ({ writeText: () => Promise.reject(new DOMException("refused", "NotAllowedError")) }),
        });
        document.execCommand = () => false;
    });
    await ann.introduce();
    await ann.createGroup("Tea");
    await ann.say("hello");
    await ann.sees("hello");
    await ann.page.getByRole("button", { name: "Invite", exact: true }).click();
    await ann.page.getByRole("button", { name: "Copy link" }).click();
    await expect(ann.page.locator("#invite").getByText("Press Ctrl+C")).toBeVisible();
    await expect(ann.page.getByRole("button", { name: "Copied" })).toHaveCount(0);
    await expect(ann.page.locator("#link")).toBeFocused();
    await ann.page.keyboard.press("Escape");
    await ann.message("hello").hover();
    await ann.message("hello").getByRole("link", { name: "Reply, react and more" }).click();
    await ann.message("hello").getByRole("button", { name: "Copy link" }).click();
    await expect(ann.page.getByLabel(/Press Ctrl\+C/)).toHaveValue(/\?at=\d+#m\d+$/);
});

test("where storage is denied, ann talks as everybody does", async ({ ann, ben }) => {
    await ann.page.addInitScript(() => {
        for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
            Object.defineProperty(window, name, {
                get: () => {
                    throw new DOMException("denied", "SecurityError");
                },
            });
        }
    });
    await ann.introduce();
    const link = await ann.createGroup("Tea");
    await ben.introduce(link);
    await ann.say("hello");
    await ben.sees("hello");
});
