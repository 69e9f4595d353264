import "server-only";
import { createHmac, hkdfSync } from "node:crypto";
import { env } from "@/lib/env";
import { secretsEqual } from "@/lib/vault/compare";
import { findServed } from "./data";

/** Public links for platforms that fetch by address: nobody can guess one, and each ends. */

const DAY_S = 24 * 60 * 60;

export type Served = { storageKey: string; mimeType: string; bytes: number };

/** An address of a file, or of one rendition of it, that answers for one to two days. Within a day it stays the same. */
export function publicLink(
  file: { mediaId: string; renditionId: string | null; mimeType: string },
  nowMs = Date.now(),
): string {
  const ends = (Math.floor(nowMs / 1_000 / DAY_S) + 2) * DAY_S;
  const named = [file.mediaId, file.renditionId ?? "0", ends.toString(36)].join(".");
  return `${env().origin}/media/${named}.${signature(named)}.${file.mimeType.split("/")[1]}`;
}

/** What a link leads to; null when it is forged, has ended, or the file is gone. */
export async function findLinked(key: string, nowMs = Date.now()): Promise<Served | null> {
  const [mediaId = "", renditionId = "", ends = "", signed = "", ...rest] = key.split(".");
  const named = [mediaId, renditionId, ends].join(".");
  if (rest.length !== 1 || !secretsEqual(signed, signature(named))) return null;
  if (Number.parseInt(ends, 36) * 1_000 <= nowMs) return null;
  return findServed(mediaId, renditionId === "0" ? null : renditionId);
}

let key: Buffer | undefined;

function signature(text: string): string {
  key ??= Buffer.from(hkdfSync("sha256", env().authSecret, "", "carillon media links", 32));
  return createHmac("sha256", key).update(text).digest("base64url");
}
