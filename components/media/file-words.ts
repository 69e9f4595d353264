import type { MediaDto } from "@/lib/media/schema";
import type { MediaKind } from "@/lib/platforms/contract";

/** How files are spoken of. */

export const kindWords: Record<MediaKind, string> = {
  image: "Picture",
  gif: "Animated GIF",
  video: "Video",
  document: "PDF",
};

/** "1.4 MB" */
export function sizeWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [size, unit] =
    bytes < 1024 * 1024
      ? [bytes / 1024, "KB"]
      : bytes < 1024 ** 3
        ? [bytes / 1024 ** 2, "MB"]
        : [bytes / 1024 ** 3, "GB"];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** "0:05", "1:02:09" */
export function lengthWords(durationMs: number): string {
  const seconds = Math.max(1, Math.round(durationMs / 1_000));
  const two = (number: number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

type Facts = Pick<MediaDto, "kind" | "bytes" | "width" | "height" | "durationMs">;

/** "Video, 0:05, 1080 × 1920, 1.4 MB" */
export const factsOf = ({ kind, bytes, width, height, durationMs }: Facts): string =>
  [
    kindWords[kind],
    durationMs !== null && lengthWords(durationMs),
    width !== null && height !== null && `${width} × ${height}`,
    sizeWords(bytes),
  ]
    .filter(Boolean)
    .join(", ");

/** Which kinds can be described for people who do not see them. */
export const isPicture = (kind: MediaKind): boolean => kind === "image" || kind === "gif";
