/** What the simulated Instagram thinks of a picture or a video. Each answer is the subcode of a refusal, or null. */
import { bytesOf } from "@/lib/sandbox/files";
import type { Call, StoredFile } from "@/lib/sandbox/kit";
import { SECOND } from "@/lib/sandbox/oauth";

const MEGABYTE = 1_000_000;
const largestImage = 8 * 1_048_576;
const narrowest = 4 / 5;
const widest = 1.91;
/** of a picture's whole pixels: 1080 × 565 is 1.9115 */
const rounding = 0.005;

const videoLimits = {
  reel: { longestMs: 900 * SECOND, largest: 300 * MEGABYTE },
  story: { longestMs: 60 * SECOND, largest: 100 * MEGABYTE },
};

/** A story advises 9:16, so the bounds of the aspect ratio are the feed's alone. */
export function imageFault(call: Call, file: StoredFile, where: "feed" | "story"): number | null {
  const subcode = jpegFault(call, file);
  if (subcode !== null || where === "story") return subcode;
  const ratio = (file.width ?? 0) / (file.height ?? 1);
  return ratio < narrowest - rounding || ratio > widest + rounding ? 2207009 : null;
}

/** Covers, and what pictures have in common. */
export function jpegFault(call: Call, file: StoredFile): number | null {
  if (file.bytes > largestImage) return 2207004;
  if (file.mime !== "image/jpeg" || file.width === null || file.height === null) return 2207005;
  // MPO is a JPEG that says MPF in one of its first segments.
  const head = Buffer.from(bytesOf(call, file)).subarray(0, 65_536);
  return head.includes("MPF\0") ? 2207005 : null;
}

/** A video in a carousel has no limits of its own in Meta's table: a reel's. */
export function videoFault(file: StoredFile, where: keyof typeof videoLimits): number | null {
  const { longestMs, largest } = videoLimits[where];
  const { mime, width, height, durationMs, bytes } = file;
  if (mime !== "video/mp4" && mime !== "video/quicktime") return 2207026;
  if (width === null || height === null || durationMs === null) return 2207026;
  if (bytes > largest || durationMs < 3 * SECOND || durationMs > longestMs || width > 1_920) return 2207026;
  const ratio = width / height;
  return ratio < 0.01 || ratio > 10 ? 2207026 : null;
}
