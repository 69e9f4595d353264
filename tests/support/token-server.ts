import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

/**
 * A token endpoint for every platform at once, in the sandbox's addressing (/HOST/PATH), for tests that need thousands of
 * grants: it answers each renewal with new tokens, and keeps nothing but the count. What a platform is like is the
 * sandbox's business.
 */
export type TokenServer = {
  url: string;
  /** When each call came, by host. */
  calls: Map<string, number[]>;
  /** What is answered from now on. */
  mood: { latencyMs: number; downHosts: Set<string>; perMinute: number | null };
  /** Calls that were refused because there were too many. */
  refused(): number;
  close(): Promise<void>;
};

export const tokenHosts = {
  twitter: "api.x.com",
  tiktok: "open.tiktokapis.com",
  threads: "graph.threads.net",
  instagram: "graph.instagram.com",
  linkedin: "www.linkedin.com",
  reddit: "www.reddit.com",
} as const;

export async function serveTokens({ latencyMs = 0 }: { latencyMs?: number } = {}): Promise<TokenServer> {
  const calls = new Map<string, number[]>();
  const mood: TokenServer["mood"] = { latencyMs, downHosts: new Set(), perMinute: null };
  let refused = 0;
  const server = createServer((request, response) => {
    const host = (request.url ?? "").split("/")[1] ?? "";
    const times = calls.get(host) ?? [];
    calls.set(host, times);
    const recent = mood.perMinute === null ? 0 : times.filter((at) => at > Date.now() - 60_000).length;
    times.push(Date.now());
    request.resume();
    // A process of its own is told by an address what is down.
    const told = /^\/down\/([\w.]*)$/.exec(request.url ?? "")?.[1];
    if (told !== undefined) {
      mood.downHosts = new Set(told ? [told] : []);
      response.end();
      return;
    }
    setTimeout(() => {
      const answer = (status: number, body: object, headers = {}) =>
        response
          .writeHead(status, { "content-type": "application/json", ...headers })
          .end(JSON.stringify(body));
      if (mood.downHosts.has(host)) return answer(503, { error: "down" });
      if (mood.perMinute !== null && recent >= mood.perMinute) {
        refused += 1;
        return answer(429, { error: "too_many" }, { "retry-after": "60" });
      }
      const token = randomBytes(24).toString("base64url");
      return answer(200, {
        access_token: `access_${token}`,
        token_type: "bearer",
        expires_in: 5_183_944,
        // Meta's tokens renew themselves.
        ...(!host.startsWith("graph.") && {
          refresh_token: `refresh_${token}`,
          refresh_expires_in: 31_536_000,
        }),
      });
    }, mood.latencyMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The token server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    mood,
    refused: () => refused,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
