/** Files in conversations: attaching, uploading, sending, and how messages show them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { Locator } from "@playwright/test";

import { picture, png, sound, text, type Upload } from "../media.ts";
import { expect, type Person, test, together } from "../people.ts";

const SHOTS = join(import.meta.dirname, "../../screenshots");

const field = (person: Person): Locator => person.page.getByLabel("Message", { exact: true });
const draft = (person: Person): Locator => person.page.getByRole("list", { name: "Files to send" });
const chooser = (person: Person): Locator => person.page.getByLabel("Attach files");
const pictures = (person: Person): Locator => person.page.locator(".attachment-picture img");
const file = (person: Person, name: string): Locator => person.page.getByRole("log").getByRole("link", { name });

/** Chooses files, and waits until they are uploaded. */
async function attach(person: Person, ...files: Upload[]): Promise<void> {
    await chooser(person).setInputFiles(files);
    await expect(draft(person).getByRole("listitem")).toHaveCount(files.length);
    await expect(draft(person).getByRole("progressbar")).toHaveCount(0);
}

/** Gives files to the page as a drop or a paste does. */
async function hand(person: Person, event: "drop" | "paste", files: Upload[], words?: string): Promise<void> {
    const given = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, bytes: buffer.toString("base64") }));
    await person.page.evaluate(
        ([event, given, words]) => {
            const data = new DataTransfer();
            for (const { name, mimeType, bytes } of given) {
                const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
                data.items.add(new File([content], name, { type: mimeType }));
            }
            if (words) data.setData("text/plain", words);
            const target = document.querySelector(event === "paste" ? ".composer textarea" : ".timeline") as Element;
            const options = { bubbles: true, cancelable: true };
            if (event === "paste") {
                target.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
                return;
            }
            target.dispatchEvent(new DragEvent("dragover", { ...options, dataTransfer: data }));
            target.dispatchEvent(new DragEvent("drop", { ...options, dataTransfer: data }));
        },
        [event, given, words] as const,
    );
}

test("ann attaches several files with the button, describes one, and ben sees them live and after a reload", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    await attach(ann, picture(), picture("small.png", 40, 30), sound(), text("report.pdf", "%PDF-1.7\n"));
    await draft(ann).getByLabel("Description of \u2068cup.png\u2069").fill("A cup of tea");
    await field(ann).fill("All of them");
    await field(ann).press("Enter");
    await expect(field(ann)).toHaveValue("");
    await expect(draft(ann)).toHaveCount(0);
    const isShown = async () => {
        await ben.sees("All of them");
        await expect(pictures(ben)).toHaveCount(2);
        await expect(pictures(ben).first()).toHaveAttribute("alt", "A cup of tea");
        await expect(pictures(ben).last()).toHaveAttribute("alt", "small.png");
        await expect(pictures(ben).first()).toHaveJSProperty("complete", true);
        await expect.poll(() => pictures(ben).first().evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
        await expect(ben.page.locator("audio")).toHaveAttribute("src", /^\/files\//);
        await expect(file(ben, "report.pdf")).toContainText("1 KB");
    };
    await isShown();
    await ben.page.reload();
    await ben.live();
    await isShown();
    const download = ben.page.waitForEvent("download");
    await file(ben, "report.pdf").click();
    expect((await download).suggestedFilename()).toBe("report.pdf");
});

test("a picture has its place before it is loaded, so that nothing moves", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await ben.page.route("**/thumbnail", async (route) => {
        await held;
        await route.continue();
    });
    await attach(ann, picture());
    await field(ann).press("Enter");
    await expect(pictures(ben)).toHaveCount(1);
    const size = () => pictures(ben).evaluate((img) => [img.clientWidth, img.clientHeight]);
    const before = await size();
    expect(before).toEqual([384, 256]);
    release();
    await expect.poll(() => pictures(ben).evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
    expect(await size()).toEqual(before);
});

test("what is dropped on the conversation or pasted into it is attached", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    await hand(ann, "drop", [picture("dropped.png"), text("dropped.txt")]);
    await expect(draft(ann).getByRole("listitem")).toHaveCount(2);
    await hand(ann, "paste", [picture("pasted.png")]);
    await expect(draft(ann).getByRole("listitem")).toHaveCount(3);
    // A table of a spreadsheet comes with a picture of itself; the text is what was meant.
    await hand(ann, "paste", [picture("table.png")], "1\t2");
    await expect(draft(ann).getByRole("listitem")).toHaveCount(3);
    await expect(draft(ann).getByRole("progressbar")).toHaveCount(0);
    await field(ann).press("Enter");
    await expect(pictures(ben)).toHaveCount(2);
    await expect(file(ben, "dropped.txt")).toBeVisible();
});

test("a hint shows where files can be dropped, as long as they are over the page", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    const hint = ann.page.getByText("Drop files to attach them");
    await expect(hint).toBeHidden();
    const drag = (event: string, type: string) =>
        ann.page.evaluate(
            ([event, type]) => {
                const data = new DataTransfer();
                if (type === "file") data.items.add(new File(["x"], "x.txt"));
                else data.setData("text/plain", "words");
                document.body.dispatchEvent(new DragEvent(event, { bubbles: true, cancelable: true, dataTransfer: data }));
            },
            [event, type] as const,
        );
    await drag("dragover", "text");
    await expect(hint).toBeHidden();
    await drag("dragover", "file");
    await expect(hint).toBeVisible();
    await drag("dragleave", "file");
    await expect(hint).toBeHidden();
});

test("an upload shows its progress, a message waits for it, and both can be given up", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await ann.page.route("**/files?name=*", async (route) => {
        await held;
        await route.continue();
    });
    await chooser(ann).setInputFiles([text("slow.txt"), text("never.txt")]);
    await expect(draft(ann).getByRole("progressbar", { name: "Uploading \u2068slow.txt\u2069" })).toBeVisible();
    await draft(ann).getByRole("button", { name: "Remove \u2068never.txt\u2069" }).click();
    await expect(draft(ann).getByRole("listitem")).toHaveCount(1);
    await field(ann).fill("wait for it");
    await field(ann).press("Enter");
    const waits = ann.page.getByText("Will send when the files are uploaded.");
    await expect(waits).toBeVisible();
    await expect(field(ann)).toHaveValue("wait for it");
    await expect(field(ann)).toHaveAttribute("readonly");
    await waits.getByRole("button", { name: "Cancel" }).click();
    await expect(waits).toHaveCount(0);
    await field(ann).press("Enter");
    await expect(waits).toBeVisible();
    release();
    await ben.sees("wait for it");
    await expect(file(ben, "slow.txt")).toBeVisible();
    await expect(file(ben, "never.txt")).toHaveCount(0);
    await expect(field(ann)).toHaveValue("");
    await expect(waits).toHaveCount(0);
});

test("progress is that of the bytes sent", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    const network = await ann.context.newCDPSession(ann.page);
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 });
    const bytes = 1_500_000;
    await chooser(ann).setInputFiles([{ name: "large.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(bytes, 7) }]);
    const bar = draft(ann).getByRole("progressbar");
    const share = () => bar.evaluate((bar: HTMLProgressElement) => bar.position).catch(() => -1);
    await expect.poll(share, { intervals: [20] }).toBeGreaterThan(0.1);
    expect(await share()).toBeLessThan(1);
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await expect(bar).toHaveCount(0);
    await field(ann).press("Enter");
    await expect(file(ben, "large.bin")).toContainText("1.5 MB");
});

test("an interrupted upload says so, keeps what was written, and goes on at a press", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    ann.outage = true;
    ann.refusals = [0];
    let broken = true;
    await ann.page.route("**/files?name=*", (route) => (broken ? route.abort("connectionreset") : route.continue()));
    await chooser(ann).setInputFiles([text("notes.txt")]);
    const refusal = draft(ann).getByRole("alert");
    await expect(refusal).toContainText("The upload was interrupted.");
    await field(ann).fill("with notes");
    await field(ann).press("Enter");
    await expect(ann.page.getByText("Some files weren't uploaded.")).toBeVisible();
    await expect(field(ann)).toHaveValue("with notes");
    broken = false;
    await refusal.getByRole("button", { name: "Retry" }).click();
    await expect(refusal).toHaveCount(0);
    await expect(draft(ann).getByRole("progressbar")).toHaveCount(0);
    await field(ann).press("Enter");
    await ben.sees("with notes");
    await expect(file(ben, "notes.txt")).toBeVisible();
});

test.describe("with small files allowed", () => {
    test.use({ settings: ["--file-mib", "1"] });

    test("a file that is too large is refused before it is sent, and the rest goes on", async ({ ann, ben }) => {
        await together("Tea", ann, ben);
        const sent: string[] = [];
        ann.page.on("request", (request) => {
            if (request.url().includes("/files?name=")) sent.push(new URL(request.url()).searchParams.get("name") ?? "");
        });
        const large = { name: "film.mov", mimeType: "video/quicktime", buffer: Buffer.alloc(1_100_000) };
        await chooser(ann).setInputFiles([large, text("small.txt")]);
        await expect(draft(ann).getByRole("alert")).toContainText("This file is too large. A file can have at most 1 MiB.");
        await draft(ann).getByRole("button", { name: "Remove \u2068film.mov\u2069" }).click();
        await field(ann).press("Enter");
        await expect(file(ben, "small.txt")).toBeVisible();
        expect(sent).toEqual(["small.txt"]);
    });
});

test("a picture that cannot be read, an empty file and an eleventh one are refused", async ({ ann }) => {
    await ann.introduce();
    await ann.createGroup("Tea");
    ann.refusals = [422];
    const broken = { name: "broken.png", mimeType: "image/png", buffer: png(8, 8).subarray(0, 40) };
    await chooser(ann).setInputFiles([broken, text("empty.txt", "")]);
    await expect(draft(ann).getByRole("alert").first()).toContainText("This picture can't be read");
    await expect(draft(ann).getByRole("alert").last()).toContainText("This file is empty.");
    await chooser(ann).setInputFiles([...Array(9).keys()].map((n) => text(`${n}.txt`)));
    await expect(draft(ann).getByRole("listitem")).toHaveCount(10);
    await expect(ann.page.getByText("A message can have at most 10 files.")).toBeVisible();
});

test("the files of a draft stay while ann looks elsewhere, and the uploaded ones after a reload", async ({ ann, ben }) => {
    const link = await together("Tea", ann, ben);
    await attach(ann, picture(), text());
    await draft(ann).getByLabel("Description of \u2068cup.png\u2069").fill("A cup");
    await field(ann).fill("later");
    await ann.page.getByRole("link", { name: "ben", exact: true }).first().click();
    await expect(ann.page.getByRole("heading", { name: "ben", level: 1 })).toBeVisible();
    await expect(draft(ann)).toHaveCount(0);
    await ann.page.getByRole("link", { name: "Tea" }).click();
    await expect(draft(ann).getByRole("listitem")).toHaveCount(2);
    await ann.open(link);
    await expect(draft(ann).getByRole("listitem")).toHaveCount(2);
    await expect(draft(ann).getByLabel("Description of \u2068cup.png\u2069")).toHaveValue("A cup");
    await field(ann).press("Enter");
    await ben.sees("later");
    await expect(pictures(ben)).toHaveAttribute("alt", "A cup");
    await ann.page.reload();
    await ann.live();
    await expect(draft(ann)).toHaveCount(0);
});

test("the lightbox opens by key, steps through the pictures, and gives the focus back", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    await attach(ann, picture("one.png"), picture("two.png", 500, 900));
    await field(ann).press("Enter");
    await expect(pictures(ben)).toHaveCount(2);
    const box = ben.page.getByRole("dialog");
    const first = ben.page.locator(".attachment-picture").first();
    await first.focus();
    await ben.page.keyboard.press("Enter");
    await expect(box).toBeVisible();
    await expect(box).toHaveAccessibleName("one.png");
    await expect(box.getByRole("img")).toHaveAttribute("alt", "one.png");
    await expect.poll(() => box.getByRole("img").evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1200);
    await expect(box.getByRole("button", { name: "Previous" })).toBeHidden();
    await ben.page.keyboard.press("ArrowRight");
    await expect(box.getByRole("img")).toHaveAttribute("alt", "two.png");
    await expect(box.getByRole("button", { name: "Next" })).toBeHidden();
    await ben.page.keyboard.press("ArrowRight");
    await expect(box.getByRole("img")).toHaveAttribute("alt", "two.png");
    const download = ben.page.waitForEvent("download");
    await box.getByRole("link", { name: "Download" }).click();
    expect((await download).suggestedFilename()).toBe("two.png");
    await box.getByRole("button", { name: "Previous" }).click();
    await expect(box).toHaveAccessibleName("one.png");
    await ben.isAccessible();
    await ben.page.keyboard.press("Escape");
    await expect(box).toBeHidden();
    await expect(first).toBeFocused();
    // A press beside the picture closes it, too.
    await first.click();
    await expect(box).toBeVisible();
    await ben.page.mouse.click(5, 600);
    await expect(box).toBeHidden();
});

test("video plays in place", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    const recorded = await ann.page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
        const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: "video/webm" });
        const parts: Blob[] = [];
        recorder.ondataavailable = ({ data }) => parts.push(data);
        const stopped = new Promise((resolve) => (recorder.onstop = resolve));
        recorder.start();
        for (let n = 0; n < 20; n += 1) {
            pen.fillStyle = `hsl(${n * 18} 60% 50%)`;
            pen.fillRect(0, 0, 300, 150);
            await new Promise(requestAnimationFrame);
        }
        recorder.stop();
        await stopped;
        return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
    });
    await attach(ann, { name: "clip.webm", mimeType: "video/webm", buffer: Buffer.from(recorded) });
    await field(ann).press("Enter");
    const video = ben.page.locator("video");
    await expect(video).toHaveAttribute("aria-label", "clip.webm");
    await expect.poll(() => video.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBe(300);
    await expect(file(ben, "clip.webm")).toBeVisible();
});

test("a message of files alone is called by them in a reply, and a deleted one shows none", async ({ ann, ben }) => {
    await together("Tea", ann, ben);
    const act = async (person: Person, row: Locator, label: string) => {
        await row.hover();
        await row.getByRole("link", { name: "Reply, react and more" }).click();
        await row.getByRole("button", { name: label, exact: true }).click();
    };
    const last = (person: Person) => person.page.locator(".message").last();
    await attach(ann, picture());
    await field(ann).press("Enter");
    await expect(pictures(ben)).toHaveCount(1);
    await act(ben, last(ben), "Reply");
    await expect(ben.page.getByText("Replying to ann: Photo")).toBeVisible();
    await ben.say("nice");
    await expect(ann.message("nice").locator(".quote")).toHaveText("ann Photo");
    await attach(ann, picture("a.png"), picture("b.png"), text());
    await field(ann).press("Enter");
    await expect(pictures(ben)).toHaveCount(3);
    await act(ben, last(ben), "Reply");
    await expect(ben.page.getByText("Replying to ann: 3 files")).toBeVisible();
    await ben.page.reload();
    await ben.live();
    await expect(ben.message("nice").locator(".quote")).toHaveText("ann Photo");
    await act(ann, ann.page.locator(".message").first(), "Delete");
    await expect(ben.page.getByText("ann deleted a message")).toBeVisible();
    await expect(pictures(ben)).toHaveCount(2);
    await expect(ben.message("nice").locator(".quote")).toHaveText("ann This message was deleted.");
});

test("a message with files that could not be sent is sent again with them", async ({ server, ann, ben }) => {
    await together("Tea", ann, ben);
    await attach(ann, picture());
    ann.outage = ben.outage = true;
    await server.kill();
    await field(ann).fill("when it is back");
    await field(ann).press("Enter");
    await expect(ann.message("when it is back")).toBeVisible();
    await server.up();
    await ben.sees("when it is back");
    await expect(pictures(ben)).toHaveCount(1);
});

test("without a script files are chosen, sent and shown by plain HTML", async ({ person, ann }) => {
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce();
    const link = await dee.createGroup("Paper");
    await ann.introduce(link);
    await dee.page.getByLabel("Message", { exact: true }).fill("by form");
    await chooser(dee).setInputFiles([picture("form.png"), text("form.txt")]);
    await dee.page.getByRole("button", { name: "Send" }).click();
    await ann.sees("by form");
    await expect(pictures(ann)).toHaveAttribute("alt", "form.png");
    await expect(pictures(dee)).toHaveAttribute("alt", "form.png");
    await expect(file(dee, "form.txt")).toBeVisible();
    await dee.say("and words alone");
    await ann.sees("and words alone");
    await chooser(dee).setInputFiles([text("alone.txt")]);
    await dee.page.getByRole("button", { name: "Send" }).click();
    await expect(file(ann, "alone.txt")).toBeVisible();
});

test("files look right, light and dark, wide and narrow, and from right to left", async ({ ann, ben, person }) => {
    test.setTimeout(120_000);
    await mkdir(SHOTS, { recursive: true });
    const link = await together("Tea", ann, ben);
    await attach(ann, picture("kitchen.png", 1600, 1000));
    await field(ann).fill("The new oven, as promised");
    await field(ann).press("Enter");
    await expect(draft(ann)).toHaveCount(0);
    await attach(ann, picture("a.png"), picture("b.png", 500, 900), picture("c.png", 900, 900), sound("bell.wav"), text("A very long name of a report that nobody reads to its end.pdf", "%PDF-1.7\n"));
    await field(ann).press("Enter");
    await expect(draft(ann)).toHaveCount(0);
    await expect(pictures(ann)).toHaveCount(4);
    ann.refusals = [422];
    await chooser(ann).setInputFiles([picture("draft.png"), text("list.txt"), text("empty.txt", "")]);
    await expect(draft(ann).getByRole("alert")).toBeVisible();
    await expect(draft(ann).getByRole("progressbar")).toHaveCount(0);
    const look = async (who: Person, name: string) => {
        for (const scheme of ["light", "dark"] as const) {
            await who.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
            for (const [size, width] of [["wide", 1280], ["narrow", 390], ["smallest", 320]] as const) {
                await who.page.setViewportSize({ width, height: 800 });
                expect(await who.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), `${name} ${size}`).toBe(false);
                await who.isAccessible();
                await who.page.screenshot({ path: join(SHOTS, `${name}-${size}-${scheme}.png`) });
            }
        }
        await who.page.setViewportSize({ width: 1280, height: 800 });
    };
    await look(ann, "files");
    await ann.page.locator(".attachment-picture").nth(2).click();
    await expect(ann.page.getByRole("dialog")).toBeVisible();
    await look(ann, "lightbox");
    await ann.page.keyboard.press("Escape");
    await ann.page.evaluate(() => document.documentElement.toggleAttribute("data-drops", true));
    await ann.page.screenshot({ path: join(SHOTS, "files-drop-wide-dark.png") });
    const cal = await person("cal", { locale: "ar-XB" });
    await cal.open(link);
    await cal.page.locator("#name").fill("cal");
    await cal.page.locator("form .button-primary").click();
    await cal.page.locator("#name").waitFor({ state: "detached" });
    await cal.live();
    await expect(pictures(cal)).toHaveCount(4);
    await look(cal, "files-mirrored");
    const dee = await person("dee without a script", { javaScriptEnabled: false });
    await dee.introduce(link);
    await dee.page.screenshot({ path: join(SHOTS, "files-without-script-wide-light.png") });
    await dee.page.setViewportSize({ width: 390, height: 800 });
    await dee.page.screenshot({ path: join(SHOTS, "files-without-script-narrow-light.png") });
});
