/** Files in messages on the simulated Instagram: what may be sent, and the addresses that events carry, which expire. */
import { createHmac } from "node:crypto";
import { bytesOf, findFile } from "@/lib/sandbox/files";
import { type Answer, type Call, knob, type StoredFile } from "@/lib/sandbox/kit";
import { DAY, sameSecret } from "@/lib/sandbox/oauth";

export const cdnHost = "lookaside.fbsbx.com";
export const pictureHost = "scontent.cdninstagram.com";

export type MediaType = "image" | "video" | "audio" | "file";

const megabyte = 1_048_576;
const mostBytes: Record<MediaType, number> = {
  image: 8 * megabyte,
  video: 25 * megabyte,
  audio: 25 * megabyte,
  file: 25 * megabyte,
};

/** Why this file cannot go out as that; null when it can. */
export function mediaFault(call: Call, type: MediaType, file: StoredFile): string | null {
  if (file.bytes > mostBytes[type]) return "The file is too large";
  return kindsOf(call, file).includes(type) ? null : `The file cannot be sent as ${type}`;
}

/** Where the file can be had for a while. */
export function cdnUrl(call: Call, { id }: StoredFile, lifeMs = knob(call, "cdnLifeMs", 7 * DAY)): string {
  const until = String(call.now + lifeMs);
  const query = new URLSearchParams({ asset_id: id, until, signature: mark(call, `${id}/${until}`) });
  return `${call.sandboxOrigin}/${cdnHost}/ig_messaging_cdn/?${query}`;
}

/** GET https://lookaside.fbsbx.com/ig_messaging_cdn/ */
export function serveFile(call: Call): Answer {
  const [id = "", until = "", signature = ""] = ["asset_id", "until", "signature"].map(
    (name) => call.query.get(name) ?? "",
  );
  const found = sameSecret(signature, mark(call, `${id}/${until}`)) ? findFile(call.fileDirectory, id) : null;
  const plain = { "content-type": "text/plain" };
  if (found === null) return { status: 404, headers: plain, body: "Not found" };
  if (call.now >= Number(until)) return { status: 403, headers: plain, body: "URL signature expired" };
  const body = bytesOf(call, { id } as StoredFile);
  return { status: 200, headers: { "content-type": found.mime }, body };
}

/** GET https://scontent.cdninstagram.com/v/{id}/picture.svg: somebody's first letter */
export function showFace(call: Call): Answer {
  const [letter = "?"] = [...(call.query.get("of") ?? "?")];
  const safe = letter.replace(/[<>&"']/g, "?");
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#8a5a2b"/>' +
    `<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">${safe}</text></svg>`;
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: svg };
}

export const faceUrl = (call: Call, id: string, name: string): string =>
  `${call.sandboxOrigin}/${pictureHost}/v/${id}/picture.svg?of=${encodeURIComponent(name.charAt(0).toUpperCase())}`;

function kindsOf(call: Call, file: StoredFile): MediaType[] {
  const { mime } = file;
  if (["image/png", "image/jpeg", "image/gif"].includes(mime)) return ["image"];
  if (mime === "application/pdf") return ["file"];
  if (mime === "video/quicktime" || mime === "video/webm") return ["video"];
  // Sound and pictures come in the same boxes.
  if (mime === "video/mp4") return ["video", "audio"];
  const head = Buffer.from(bytesOf(call, file).subarray(0, 12));
  const ascii = (start: number, end: number) => head.toString("latin1", start, end);
  if (ascii(0, 4) === "OggS" || (ascii(0, 4) === "RIFF" && ascii(8, 12) === "AVI ")) return ["video"];
  const isAac = head[0] === 0xff && ((head[1] ?? 0) & 0xf6) === 0xf0;
  return isAac || (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WAVE") ? ["audio"] : [];
}

const mark = (call: Call, text: string): string =>
  createHmac("sha256", `cdn of ${call.client.secret}`).update(text).digest("hex").slice(0, 32);
