import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server as HttpServer } from "node:http";

/** A request as a receiver of webhooks gets it: the body is not parsed. */
export interface Received {
    headers: Record<string, string>;
    body: string;
}

/** A receiver of webhooks on the loopback interface. */
export class Receiver {
    readonly received: Received[] = [];
    /** The status of its answers. */
    status = 200;

    private constructor(
        private readonly server: HttpServer,
        readonly port: number,
    ) {
        server.on("request", (request, response) => {
            const parts: Buffer[] = [];
            request.on("data", (part: Buffer) => parts.push(part));
            request.on("end", () => {
                this.received.push({ headers: plain(request.headers), body: Buffer.concat(parts).toString("utf8") });
                response.writeHead(this.status).end("نشكركم");
            });
        });
    }

    static async start(): Promise<Receiver> {
        const server = createServer();
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = server.address();
        if (address === null || typeof address === "string") throw new Error("no port");
        return new Receiver(server, address.port);
    }

    get url(): string {
        return `http://127.0.0.1:${this.port}/events`;
    }

    async stop(): Promise<void> {
        this.server.close();
        this.server.closeAllConnections();
        await once(this.server, "close");
    }
}

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
