import { claim, expect, type Person, test } from "../people.ts";

/** Returns the natural width in pixels of the profile picture shown, or 0 if there is none. */
async function pictureWidth(person: Person, where: string): Promise<number> {
    const picture = person.page.locator(where).locator("img").first();
    await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.complete)).toBe(true);
    return picture.evaluate((img: HTMLImageElement) => (img.currentSrc ? img.naturalWidth : 0));
}

/** Returns a PNG drawn by the browser: wide, and of one colour. */
async function drawing(person: Person): Promise<Buffer> {
    const base64 = await person.page.evaluate(() => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [900, 300];
        const context = canvas.getContext("2d");
        if (context) {
            context.fillStyle = "teal";
            context.fillRect(0, 0, 900, 300);
        }
        return canvas.toDataURL("image/png").split(",")[1] ?? "";
    });
    return Buffer.from(base64, "base64");
}

test("ann shows a picture and tells about herself; ben sees both", async ({ ann, ben }) => {
    await ann.introduce();
    const link = await ann.createGroup("Kitchen");
    await ann.say("hello");
    await ben.introduce(link);
    await ben.sees("hello");
    expect(await pictureWidth(ben, ".message .avatar")).not.toBe(192);
    await claim(ann);
    const picture = { name: "me.png", mimeType: "image/png", buffer: await drawing(ann) };
    await ann.page.getByLabel("Picture").setInputFiles(picture);
    await ann.page.locator("form", { has: ann.page.getByLabel("Picture") }).getByRole("button", { name: "Save" }).click();
    await expect(ann.page.getByRole("button", { name: "Remove picture" })).toBeVisible();
    expect(await pictureWidth(ann, ".avatar-large")).toBe(192);
    await ann.page.getByLabel("About you").fill("I bake.\nNever on Sundays.");
    await ann.page.locator("form", { has: ann.page.getByLabel("About you") }).getByRole("button", { name: "Save" }).click();
    await expect(ann.page.getByLabel("About you")).toHaveValue("I bake. Never on Sundays.");

    await ben.page.reload();
    await ben.live();
    expect(await pictureWidth(ben, ".message .avatar")).toBe(192);
    await ben.page.getByRole("complementary", { name: "Members" }).getByRole("link", { name: "ann" }).click();
    await ben.page.getByRole("link", { name: "Profile" }).click();
    await expect(ben.page.getByRole("heading", { name: "ann", level: 1 })).toBeVisible();
    await expect(ben.page.getByText("Never on Sundays.")).toBeVisible();
    await ben.page.getByRole("link", { name: "Send message" }).click();
    await ben.live();
    await expect(ben.page.getByText("This is the start of your conversation with ann.")).toBeVisible();

    await ann.confirms("Remove picture");
    await expect(ann.page.getByRole("button", { name: "Remove picture" })).toHaveCount(0);
});

test("a file that is no picture is refused, and a guest has none", async ({ ann, ben }) => {
    await ann.introduce();
    await claim(ann);
    const page = { name: "page.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg><script>1</script></svg>") };
    await ann.page.getByLabel("Picture").setInputFiles(page);
    await ann.page.locator("form", { has: ann.page.getByLabel("Picture") }).getByRole("button", { name: "Save" }).click();
    await expect(ann.page.getByText("Choose a PNG, JPEG, GIF or WebP file")).toBeVisible();
    const large = { name: "large.png", mimeType: "image/png", buffer: Buffer.alloc(11_000_000) };
    await ann.page.getByLabel("Picture").setInputFiles(large);
    await ann.page.locator("form", { has: ann.page.getByLabel("Picture") }).getByRole("button", { name: "Save" }).click();
    await expect(ann.page.locator("#picture-refused")).toContainText("can have at most");
    await ben.introduce();
    await ben.open("/account");
    await expect(ben.page.getByText("Set a password to add a picture")).toBeVisible();
    await expect(ben.page.getByLabel("Picture")).toHaveCount(0);
});
