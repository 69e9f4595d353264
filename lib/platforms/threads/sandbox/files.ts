/** What the simulated Threads makes of a file that it fetched: the error_message its container will end with. */
import { type Call, knob, type StoredFile } from "@/lib/sandbox/kit";

const megabyte = 1_048_576;

/** Why this picture will not do, or null. Only the ratio has a name of its own. */
export function imageFault(call: Call, file: StoredFile): string | null {
  const { width, height } = file;
  const isTaken = ["image/jpeg", "image/png"].includes(file.mime);
  if (!isTaken || file.bytes > knob(call, "maxImageBytes", 8 * megabyte)) return "UNKNOWN";
  if (width === null || height === null) return "UNKNOWN";
  if (width > 10 * height) return "INVALID_ASPEC_RATIO";
  return width < 320 || width > 1_440 ? "UNKNOWN" : null;
}

/** Why this video will not do, or null. Codecs, frame rate and sound are not looked at. */
export function videoFault(call: Call, file: StoredFile | null): string | null {
  if (file === null) return "FAILED_DOWNLOADING_VIDEO";
  const { width, height, durationMs } = file;
  if (!["video/mp4", "video/quicktime"].includes(file.mime)) return "FAILED_PROCESSING_VIDEO";
  if (file.bytes > knob(call, "maxVideoBytes", 1_024 * megabyte)) return "FAILED_PROCESSING_VIDEO";
  if (width === null || height === null || durationMs === null) return "FAILED_PROCESSING_VIDEO";
  if (durationMs <= 0 || durationMs > 300_000) return "INVALID_DURATION";
  if (width > 10 * height || 100 * width < height) return "INVALID_ASPEC_RATIO";
  if (file.bytes * 8_000 > 100_000_000 * durationMs) return "INVALID_BIT_RATE";
  return width > 1_920 ? "FAILED_PROCESSING_VIDEO" : null;
}
