import type { ImageRules } from "@/lib/platforms/contract";

/** How a picture has to change to be taken by a platform: the same answer in the composer, which tells, and on the server, which does it. */

export type Picture = { mimeType: string; bytes: number; width: number; height: number };

export type Fit = {
  /** The format it is sent in. */
  mimeType: string;
  /** Pixels of the picture itself, before margins. */
  width: number;
  height: number;
  /** Pixels of what is sent: larger than the picture where margins bring it to a ratio the platform takes. */
  canvasWidth: number;
  canvasHeight: number;
};

/** Formats that pictures can be written in here. */
const WRITABLE = ["image/jpeg", "image/png", "image/webp", "image/gif"];

export function fitPicture(picture: Pick<Picture, "mimeType" | "width" | "height">, rules: ImageRules): Fit {
  const { formats, minWidth = 1, minRatio = 0, maxRatio = Number.POSITIVE_INFINITY } = rules;
  const writable = formats.filter((format) => WRITABLE.includes(format));
  const mimeType = writable.includes(picture.mimeType) ? picture.mimeType : (writable[0] ?? "image/jpeg");
  // Margins first: the limits are for what is sent.
  const ratio = picture.width / picture.height;
  const canvas =
    ratio < minRatio
      ? { width: picture.height * minRatio, height: picture.height }
      : ratio > maxRatio
        ? { width: picture.width, height: picture.width / maxRatio }
        : { width: picture.width, height: picture.height };
  const scale = Math.max(
    Math.min(
      1,
      (rules.maxWidth ?? canvas.width) / canvas.width,
      (rules.maxHeight ?? canvas.height) / canvas.height,
      Math.sqrt((rules.maxPixels ?? canvas.width * canvas.height) / (canvas.width * canvas.height)),
    ),
    minWidth / canvas.width,
  );
  const width = Math.max(1, Math.floor(picture.width * scale));
  const height = Math.max(1, Math.floor(picture.height * scale));
  // Rounded towards the inside of the ratio's bounds.
  const canvasWidth = Math.max(width, ratio < minRatio ? Math.ceil(height * minRatio) : 0);
  const canvasHeight = Math.max(height, ratio > maxRatio ? Math.ceil(width / maxRatio) : 0);
  return { mimeType, width, height, canvasWidth, canvasHeight };
}
