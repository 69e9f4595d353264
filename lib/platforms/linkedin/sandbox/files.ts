/** What the simulated LinkedIn takes as a picture, a video or a document: at once by its format, later by its inside. */
import { bytesOf } from "@/lib/sandbox/files";
import type { Answer, Call, StoredFile } from "@/lib/sandbox/kit";
import { apiError, setting } from "./answers";

export type AssetKind = "image" | "video" | "document";

const MIN_VIDEO_BYTES = 75 * 1_024;
// The schema speaks of 5 GB elsewhere; the smaller number is the safe one.
const MAX_VIDEO_BYTES = 500_000_000;
const MIN_VIDEO_MS = 3_000;
const MAX_VIDEO_MS = 1_800_000;
/** a picture must have fewer */
const TOO_MANY_PIXELS = 36_152_320;
const MAX_FRAMES = 250;
const MAX_PAGES = 300;

/** Whether a video of this length may be announced. */
export function isVideoSize(bytes: number): boolean {
  return bytes >= MIN_VIDEO_BYTES && bytes <= MAX_VIDEO_BYTES;
}

/** The refusal of an upload as it comes in, or null. */
export function uploadRefusal(call: Call, kind: "image" | "document", file: StoredFile): Answer | null {
  if (kind === "document" && file.bytes > setting(call, "maxDocumentBytes")) {
    return apiError(413, "The document is too large.");
  }
  const isTaken =
    kind === "image"
      ? ["image/jpeg", "image/png", "image/gif"].includes(file.mime)
      : file.mime === "application/pdf" || isOfficeFile(call, file);
  return isTaken ? null : apiError(415, `The format of this ${kind} is not supported.`);
}

/** Why processing will fail, or null. */
export function processingFault(call: Call, kind: AssetKind, file: StoredFile): string | null {
  const ordered = setting(call, "processingError");
  if (ordered !== "") return ordered;
  switch (kind) {
    case "image":
      if ((file.width ?? 0) * (file.height ?? 0) >= TOO_MANY_PIXELS) return "The image has too many pixels";
      return file.mime === "image/gif" && framesOf(bytesOf(call, file)) > MAX_FRAMES
        ? "The image has too many frames"
        : null;
    case "video":
      if (file.mime !== "video/mp4") return "The video is not an MP4";
      if (file.durationMs === null) return "The video cannot be read";
      return file.durationMs < MIN_VIDEO_MS || file.durationMs > MAX_VIDEO_MS
        ? "The video must be between 3 seconds and 30 minutes long"
        : null;
    case "document":
      return pagesOf(call, file) > MAX_PAGES ? "The document has too many pages" : null;
  }
}

/** DOC and PPT are OLE containers, DOCX and PPTX are ZIP files. */
function isOfficeFile(call: Call, file: StoredFile): boolean {
  const start = Buffer.from(bytesOf(call, file).subarray(0, 4)).toString("hex");
  return start === "d0cf11e0" || start === "504b0304";
}

/** As far as a PDF shows its pages uncompressed; other documents are not looked into. */
function pagesOf(call: Call, file: StoredFile): number {
  if (file.mime !== "application/pdf") return 0;
  const text = Buffer.from(bytesOf(call, file)).toString("latin1");
  return text.match(/\/Type\s*\/Page(?![\w])/g)?.length ?? 0;
}

/** The pictures in a GIF, block by block (GIF89a); what is cut off ends the count. */
function framesOf(gif: Uint8Array): number {
  const byte = (at: number) => gif[at] ?? 0;
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableBytes(byte(10));
  let frames = 0;
  while (at < gif.length && byte(at) !== 0x3b) {
    if (byte(at) === 0x2c) {
      frames += 1;
      at += 11 + tableBytes(byte(at + 9));
    } else at += 2;
    while (at < gif.length && byte(at) !== 0) at += byte(at) + 1;
    at += 1;
  }
  return frames;
}
