/** What the simulated X takes as a picture, a GIF or a video, by what the bytes are and not by what they are called. */
import { bytesOf } from "@/lib/sandbox/files";
import type { Call, Person, StoredFile } from "@/lib/sandbox/kit";
import { setting } from "./knobs";

/** "other": captions and what belongs to direct messages; not for posts */
export type MediaKind = "photo" | "gif" | "video" | "other";

const photoTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"];
// Transport streams and a few more cannot be told by their first bytes; those pass.
const videoTypes = ["video/mp4", "video/quicktime", "video/webm", "application/octet-stream"];
const MAX_GIF_FRAMES = 350;
const MAX_GIF_PIXELS = 300_000_000;
const MIN_VIDEO_MS = 500;
const PREMIUM_VIDEO_MS = 7_500_000;
/** what may be announced at all */
export const MAX_TOTAL_BYTES = 17_179_869_184;

const kinds: Record<string, MediaKind> = {
  tweet_image: "photo",
  tweet_gif: "gif",
  tweet_video: "video",
  amplify_video: "video",
  dm_image: "other",
  dm_gif: "other",
  dm_video: "other",
  subtitles: "other",
};

/** null: X has no such category. */
export function kindOf(category: string): MediaKind | null {
  return Object.hasOwn(kinds, category) ? (kinds[category] ?? null) : null;
}

/** The category of an upload that does not name one. */
export function usualCategory(mediaType: string): string {
  if (mediaType.startsWith("video/")) return "tweet_video";
  if (mediaType.startsWith("text/")) return "subtitles";
  return mediaType === "image/gif" ? "tweet_gif" : "tweet_image";
}

/** Why so many bytes are too many, or null. */
export function sizeFault(call: Call, kind: MediaKind, person: Person, bytes: number): string | null {
  const max: Record<MediaKind, number> = {
    photo: setting(call, "maxImageBytes"),
    gif: setting(call, "maxGifBytes"),
    video: pays(person) ? MAX_TOTAL_BYTES : setting(call, "maxVideoBytes"),
    other: MAX_TOTAL_BYTES,
  };
  return bytes > max[kind] ? `File size exceeds ${max[kind]} bytes.` : null;
}

/** Why these bytes are no photo, or null. */
export function photoFault(call: Call, file: StoredFile): string | null {
  if (!photoTypes.includes(file.mime)) return "The media type is not one of JPG, PNG, GIF, WEBP.";
  return file.mime === "image/gif" ? gifFault(call, file) : null;
}

/** Why looking at this GIF or video will end badly, or null. */
export function processingFault(
  call: Call,
  kind: MediaKind,
  person: Person,
  file: StoredFile,
): string | null {
  if (kind === "gif") return gifFault(call, file);
  return kind === "video" ? videoFault(call, person, file) : null;
}

/** A picture that moves is a GIF, whatever it was uploaded as. */
export function isAnimated(call: Call, file: StoredFile): boolean {
  return file.mime === "image/gif" && framesOf(bytesOf(call, file)) > 1;
}

/** The refusal of a video that may be uploaded, but not posted, by those who do not pay; or null. */
export function postFault(call: Call, person: Person, file: StoredFile): string | null {
  const max = setting(call, "maxPostedVideoMs");
  if (pays(person) || (file.durationMs ?? 0) <= max) return null;
  const minutes = Math.floor(max / 60_000);
  return `This user is not allowed to post a video longer than ${minutes} minutes`;
}

function pays(person: Person): boolean {
  return (person.details?.subscription_type ?? "None") !== "None";
}

function gifFault(call: Call, file: StoredFile): string | null {
  if (file.mime !== "image/gif") return "The file is not a GIF.";
  const { width, height } = file;
  if (width === null || height === null || width > 1_280 || height > 1_080) {
    return "A GIF may have at most 1280×1080 pixels.";
  }
  const frames = framesOf(bytesOf(call, file));
  if (frames > MAX_GIF_FRAMES) return `A GIF may have at most ${MAX_GIF_FRAMES} frames.`;
  return width * height * frames > MAX_GIF_PIXELS ? "The GIF has too many pixels in all its frames." : null;
}

// Frame rate, pixel format, sound and GOP are not looked at.
function videoFault(call: Call, person: Person, file: StoredFile): string | null {
  const { mime, width, height, durationMs } = file;
  if (!videoTypes.includes(mime)) return "The file is not a video.";
  if (/mp4|quicktime/.test(mime) && durationMs === null) return "The video cannot be read.";
  const max = pays(person) ? PREMIUM_VIDEO_MS : setting(call, "maxUploadedVideoMs");
  if (durationMs !== null && (durationMs < MIN_VIDEO_MS || durationMs > max)) {
    return `A video must last between ${MIN_VIDEO_MS} and ${max} ms.`;
  }
  if (width === null || height === null) return null;
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  if (short < 32 || long > setting(call, "maxVideoLongSide") || short > setting(call, "maxVideoShortSide")) {
    return "The video has too few or too many pixels.";
  }
  return long > 3 * short ? "The video is more than three times as long as wide." : null;
}

/** The pictures in a GIF (GIF89a, section 12 on): header, then blocks up to the trailer or the end of the file. */
function framesOf(gif: Uint8Array): number {
  const at = (offset: number) => gif[offset] ?? 0;
  const colours = (flags: number) => (flags >= 0x80 ? 3 * 2 ** ((flags % 8) + 1) : 0);
  let offset = 13 + colours(at(10));
  let frames = 0;
  for (;;) {
    const block = offset < gif.length ? at(offset) : 0x3b;
    if (block !== 0x2c && block !== 0x21) return frames;
    if (block === 0x2c) frames += 1;
    offset += block === 0x2c ? 11 + colours(at(offset + 9)) : 2;
    while (at(offset) > 0) offset += at(offset) + 1;
    offset += 1;
  }
}
