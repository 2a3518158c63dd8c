import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A real server with its own data folder. */
export class Server {
    private child: ChildProcess | undefined;

    private constructor(
        readonly url: string,
        private readonly port: number,
        private readonly data: string,
        private readonly settings: string[],
    ) {}

    static async start(...settings: string[]): Promise<Server> {
        return Server.over(undefined, ...settings);
    }

    /** Starts a server on a copy of a data folder. */
    static async over(folder: string | undefined, ...settings: string[]): Promise<Server> {
        const port = await freePort();
        const data = await mkdtemp(join(tmpdir(), "hubbub-"));
        if (folder) await cp(folder, data, { recursive: true });
        const server = new Server(`http://localhost:${port}`, port, data, settings);
        await server.up();
        return server;
    }

    /** Starts the process and waits until it is ready. */
    async up(): Promise<void> {
        const binary = process.env.HUBBUB_BIN;
        if (!binary) throw new Error("HUBBUB_BIN must name the binary; run cargo xtask test end2end");
        const place = ["--addr", `127.0.0.1:${this.port}`, "--data", this.data];
        const child = spawn(binary, ["serve", ...place, ...this.settings], { stdio: ["ignore", "ignore", "inherit"] });
        this.child = child;
        for (;;) {
            if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
            const ready = await fetch(`${this.url}/health/ready`).catch(() => undefined);
            if (ready?.ok) return;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    /** Kills the process, as a power cut would. */
    async kill(): Promise<void> {
        await this.end("SIGKILL");
    }

    /** Asks the process to stop, and returns its exit code. */
    async stop(): Promise<number | null> {
        return this.end("SIGTERM");
    }

    /** Runs a command of the operator, and returns what it prints. */
    async command(...words: string[]): Promise<string> {
        const binary = process.env.HUBBUB_BIN ?? "";
        const env = { ...process.env, HUBBUB_DATA: this.data };
        return (await promisify(execFile)(binary, words, { env })).stdout;
    }

    /** Kills the process and removes its data folder. */
    async tearDown(): Promise<void> {
        await this.end("SIGKILL");
        await rm(this.data, { recursive: true, force: true });
    }

    private async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
        const child = this.child;
        if (!child || child.exitCode !== null || child.signalCode !== null) return null;
        const exited = once(child, "exit");
        child.kill(signal);
        await exited;
        return child.exitCode;
    }
}

async function freePort(): Promise<number> {
    const probe = createServer();
    probe.listen(0, "127.0.0.1");
    await once(probe, "listening");
    const address = probe.address();
    probe.close();
    await once(probe, "close");
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
}
