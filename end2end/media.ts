/** Pictures, audio and video for uploads. */
import { crc32, deflateSync } from "node:zlib";

/** Returns a PNG of two colours, across which the eye finds its way: rows of squares. */
export function png(width: number, height: number): Buffer {
    const side = Math.max(1, Math.round(Math.min(width, height) / 8));
    const rows = Buffer.alloc(height * (width * 3 + 1));
    for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
            const light = (Math.floor(x / side) + Math.floor(y / side)) % 2 === 0;
            const at = y * (width * 3 + 1) + 1 + x * 3;
            rows.set(light ? [244, 203, 124] : [120 + (x * 80) / width, 70, 60], at);
        }
    }
    const chunk = (type: string, data: Buffer) => {
        const body = Buffer.concat([Buffer.from(type), data]);
        const head = Buffer.alloc(4);
        head.writeUInt32BE(data.length);
        const check = Buffer.alloc(4);
        check.writeUInt32BE(crc32(body));
        return Buffer.concat([head, body, check]);
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, 2, 0, 0, 0], 8);
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Returns a second of a 440 Hz tone, as WAV. */
export function wav(): Buffer {
    const rate = 8_000;
    const head = Buffer.alloc(44);
    head.write("RIFF", 0);
    head.writeUInt32LE(36 + rate * 2, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(16, 16);
    head.writeUInt16LE(1, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt32LE(rate, 24);
    head.writeUInt32LE(rate * 2, 28);
    head.writeUInt16LE(2, 32);
    head.writeUInt16LE(16, 34);
    head.write("data", 36);
    head.writeUInt32LE(rate * 2, 40);
    const samples = Buffer.alloc(rate * 2);
    for (let n = 0; n < rate; n += 1) samples.writeInt16LE(Math.round(8_000 * Math.sin((n * 440 * 2 * Math.PI) / rate)), n * 2);
    return Buffer.concat([head, samples]);
}

/** A file as the browser gets it. */
export interface Upload {
    name: string;
    mimeType: string;
    buffer: Buffer;
}

export const picture = (name = "cup.png", width = 1200, height = 800): Upload =>
    ({ name, mimeType: "image/png", buffer: png(width, height) });
export const sound = (name = "bell.wav"): Upload => ({ name, mimeType: "audio/wav", buffer: wav() });
export const text = (name = "notes.txt", words = "Tea at four\n"): Upload =>
    ({ name, mimeType: "text/plain", buffer: Buffer.from(words) });
