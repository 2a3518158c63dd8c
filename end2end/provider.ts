import { once } from "node:events";
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import Provider from "oidc-provider";

/** The secret has characters that are encoded in a form. */
export const CLIENT = { id: "hubbub", secret: "oolong & 50% milk+honey" };

/** A user of the provider, and their claims. */
export interface ProviderUser {
    sub: string;
    [claim: string]: unknown;
}

/** `oidc-provider` on the loopback interface. It signs in the present user without asking anything. */
export class OidcProvider {
    /** The user of the browser; none of them wants to sign in. */
    user: ProviderUser | undefined;
    private readonly known = new Map<string, ProviderUser>();
    private provider: Provider | undefined;

    private constructor(
        private readonly server: HttpServer,
        readonly issuer: string,
    ) {
        server.on("request", (request, response) => {
            this.answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
        });
    }

    static async start(): Promise<OidcProvider> {
        const server = createServer();
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = server.address();
        if (address === null || typeof address === "string") throw new Error("no port");
        return new OidcProvider(server, `http://127.0.0.1:${address.port}`);
    }

    /** Registers the client that comes back to an address. */
    register(redirectUri: string): void {
        this.provider = new Provider(this.issuer, {
            clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUri] }],
            claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
            cookies: { keys: ["a key of the tests"] },
            features: { devInteractions: { enabled: false } },
            findAccount: (_, sub) => {
                const user = this.known.get(sub);
                return user && { accountId: sub, claims: () => user };
            },
            interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
            // Another user may be in the browser the next time.
            ttl: { Session: 1 },
        });
    }

    async stop(): Promise<void> {
        this.server.close();
        this.server.closeAllConnections();
        await once(this.server, "close");
    }

    private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const provider = this.provider;
        if (!provider) throw new Error("no client is registered");
        if (!request.url?.startsWith("/interaction/")) {
            await provider.callback()(request, response);
            return;
        }
        const { prompt, params, session } = await provider.interactionDetails(request, response);
        const finish = (result: Record<string, unknown>) =>
            provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
        const user = this.user;
        if (!user) return finish({ error: "access_denied" });
        this.known.set(user.sub, user);
        if (prompt.name === "login") return finish({ login: { accountId: user.sub, remember: false } });
        const grant = new provider.Grant({ accountId: session?.accountId, clientId: String(params.client_id) });
        grant.addOIDCScope(String(params.scope));
        return finish({ consent: { grantId: await grant.save() } });
    }
}
