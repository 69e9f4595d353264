import { serveTokens } from "./token-server";

/** The token server as a process of its own, so that its work is not counted as ours. */
const { url } = await serveTokens({ latencyMs: Number(process.argv[2] ?? 0) });
process.stdout.write(`tokens at ${url}\n`);
