/** Measures and prints the time from a key press to the screen in a busy group. No duration makes it fail. */
import { expect, test } from "../people.ts";

const ROWS = 300;
const PER_SECOND = 20;
const KEYS = 100;

test.use({ settings: ["--send-burst", "100000", "--send-per-second", "1000"] });

test(`key to paint with ${ROWS} rows and ${PER_SECOND} messages a second`, async ({ ann, ben, server }) => {
    test.setTimeout(180_000);
    await ann.introduce();
    const link = await ann.createGroup("Busy");
    await ben.introduce(link);
    await ben.saysMany(ROWS);
    await expect(ann.message(`line ${ROWS}.`)).toBeVisible();
    await expect.poll(() => ann.page.locator("li.row").count()).toBe(ROWS);

    let talking = true;
    const topic = `group/${new URL(link).pathname.split("/").pop()}`;
    const talk = async () => {
        for (let n = 0; talking; n += 1) {
            const form = { topic, id: `busy-${n}`, text: `and line ${n} of a busy day` };
            await ben.context.request.post(new URL("/do/post", server.url).href, { form, headers: { accept: "application/json" } });
            await new Promise((resolve) => setTimeout(resolve, 1000 / PER_SECOND));
        }
    };
    const talker = talk();
    await ann.page.evaluate(() => {
        const times: number[] = [];
        (window as unknown as { times: number[] }).times = times;
        document.addEventListener(
            "keydown",
            (event) => {
                // A message posted in the next frame arrives after that frame has painted the effect of the key.
                requestAnimationFrame(() => {
                    const channel = new MessageChannel();
                    channel.port1.onmessage = () => times.push(performance.now() - event.timeStamp);
                    channel.port2.postMessage(undefined);
                });
            },
            { capture: true },
        );
    });
    const field = ann.page.getByLabel("Message", { exact: true });
    await field.focus();
    for (let n = 0; n < KEYS; n += 1) {
        await ann.page.keyboard.press("abcdefghij"[n % 10] ?? "a");
        await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const times = await ann.page.evaluate(() => (window as unknown as { times: number[] }).times);
    talking = false;
    await talker;
    times.sort((one, other) => one - other);
    const at = (share: number) => `${(times[Math.floor(times.length * share)] ?? 0).toFixed(1)} ms`;
    console.log(`key to paint, ${times.length} keys: median ${at(0.5)}, 90th ${at(0.9)}, 99th ${at(0.99)}`);
});
