import "server-only";
import { createHash } from "node:crypto";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { parseWebhook, readWebhook, verifySignature } from "@/lib/platforms/instagram/webhook";
import { secretsEqual } from "@/lib/vault/compare";
import { insertEvents } from "./events-data";

/** Takes in what Meta posts: proved by its signature, kept before we say so, worked off later. */

/** A thousand updates are a megabyte. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Meta's question whether this address is ours: its challenge back, as text. @throws AppError 403 */
export function answerChallenge(query: URLSearchParams): string {
  const wanted = env().instagramVerifyToken;
  const given = query.get("hub.verify_token") ?? "";
  const challenge = query.get("hub.challenge");
  const known = wanted !== undefined && secretsEqual(given, wanted);
  if (query.get("hub.mode") !== "subscribe" || !known || challenge === null) {
    throw new AppError(403, "not_verified", "This is not the verify token that is configured here.");
  }
  return challenge;
}

/**
 * One delivery. When this returns, every entry is kept, or was before.
 * @returns how many entries are new
 * @throws AppError 413 before reading on, 401 without a trace in the database
 */
export async function takeIn(request: Request): Promise<number> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BYTES) throw tooLarge();
  const signature = request.headers.get("x-hub-signature-256");
  // Who shows nothing like a signature is not read at all.
  if (signature === null || signature.length > 100) throw unsigned();
  const raw = await bytesOf(request);
  const secrets = [env().apps["instagram"], env().apps["facebook"]].flatMap(
    (config) => config?.app?.clientSecret ?? [],
  );
  if (!verifySignature(raw, signature, secrets)) throw unsigned();
  const entries = readWebhook(parseWebhook(raw.toString("utf8")));
  const ignored = entries.flatMap(({ ignored: reason }) => reason ?? []);
  if (ignored.length > 0)
    log.info("webhook.ignored", { platform: "instagram", reasons: ignored.slice(0, 5) });
  return insertEvents(
    "instagram",
    entries
      .filter(({ ignored: reason }) => reason === null)
      .map(({ accountId, entry }) => {
        const text = JSON.stringify(entry);
        return { accountId, entry: text, digest: digestOf(accountId, text) };
      }),
  );
}

const digestOf = (accountId: string, entry: string): string =>
  createHash("sha256").update(`instagram\n${accountId}\n${entry}`).digest("hex");

async function bytesOf(request: Request): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLarge = () => new AppError(413, "too_large", "A delivery may have at most 4 MB.");

let saidAt = 0;
let unsaid = 0;

/** Whoever floods us with forgeries shall not flood the log as well. */
function unsigned(): AppError {
  unsaid += 1;
  if (Date.now() - saidAt >= 1_000) {
    log.warn("webhook.unsigned", { platform: "instagram", refused: unsaid });
    saidAt = Date.now();
    unsaid = 0;
  }
  return new AppError(401, "not_signed", "This delivery is not signed with one of our app secrets.");
}
