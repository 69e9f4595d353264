/** Which files the simulated TikTok takes, and from which addresses. */
import type { Answer, Call, Person, StoredFile } from "@/lib/sandbox/kit";
import { longestVideoSeconds } from "./account";
import { invalidParams, refused, setting } from "./answers";

export const MEGABYTE = 1_048_576;
export const MAX_VIDEO_BYTES = 4_096 * MEGABYTE;
export const videoTypes = ["video/mp4", "video/quicktime", "video/webm"];

const LONGEST_VIDEO_SECONDS = 600;
const MAX_PICTURE_BYTES = 20 * MEGABYTE;

/** The fail_reason this video ends with, or null. A WebM's sizes are not looked at. */
export function videoFault(file: StoredFile, person: Person | null): string | null {
  if (!videoTypes.includes(file.mime) || file.bytes > MAX_VIDEO_BYTES) return "file_format_check_failed";
  if (file.mime === "video/webm") return null;
  const { durationMs, width, height } = file;
  if (durationMs === null || width === null || height === null) return "file_format_check_failed";
  const longest = person === null ? LONGEST_VIDEO_SECONDS : longestVideoSeconds(person);
  if (durationMs > Math.min(longest, LONGEST_VIDEO_SECONDS) * 1_000) return "duration_check_failed";
  return Math.min(width, height) < 360 || Math.max(width, height) > 4_096
    ? "picture_size_check_failed"
    : null;
}

/** As `videoFault`, for one photo: JPEG or WebP, 1080p in either orientation. */
export function pictureFault(file: StoredFile): string | null {
  if (!["image/jpeg", "image/webp"].includes(file.mime)) return "file_format_check_failed";
  const [width, height] = [file.width ?? 0, file.height ?? 0];
  const fits = Math.min(width, height) <= 1_080 && Math.max(width, height) <= 1_920;
  return fits && file.bytes <= MAX_PICTURE_BYTES ? null : "picture_size_check_failed";
}

/** The refusal of addresses TikTok does not fetch from, or null. */
export function addressRefusal(call: Call, addresses: string[]): Answer | null {
  for (const address of addresses) {
    const url = URL.parse(address);
    // The sandbox's own machine has no certificate.
    if (url === null || !(url.protocol === "https:" || isThisMachine(url))) {
      return invalidParams(call, "Media must have an https address.");
    }
    if (!isVerified(call, url)) {
      return refused(call, "url_ownership_unverified", `The ownership of ${url.origin} is not verified.`);
    }
  }
  return null;
}

function isThisMachine(url: URL): boolean {
  return url.protocol === "http:" && url.hostname === "127.0.0.1";
}

function isVerified(call: Call, url: URL): boolean {
  const listed = setting(call, "verifiedPrefixes") || new URL(call.client.redirectUri).origin;
  return listed.split(",").some((entry) => {
    const prefix = URL.parse(entry);
    return prefix === null
      ? url.hostname === entry
      : url.origin === prefix.origin && url.pathname.startsWith(prefix.pathname);
  });
}
