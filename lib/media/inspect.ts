import "server-only";
import { fileTypeFromFile } from "file-type";
import { ALL_FORMATS, FilePathSource, Input } from "mediabunny";
import sharp from "sharp";
import { AppError } from "@/lib/errors";
import type { MediaKind } from "@/lib/platforms/contract";
import { MAX_PIXELS, maxUploadBytes, uploadable } from "./schema";

/** What a file is, by its content. Its name and what the browser called it count for nothing. */

export type Inspected = {
  kind: MediaKind;
  mimeType: string;
  extension: string;
  width: number | null;
  height: number | null;
  durationMs: number | null;
};

/** @throws AppError 415 when it is nothing we take, 422 when it is broken or unfolds too far */
export async function inspect(path: string, bytes: number): Promise<Inspected> {
  const type = await fileTypeFromFile(path);
  const mimeType = mimeOf(type?.mime);
  const kind = kindOf(mimeType);
  if (!type || !mimeType || !kind) {
    throw new AppError(
      415,
      "unknown_file",
      type?.mime === "image/heic"
        ? "This is a HEIC picture. Save it as JPEG first; on an iPhone: Settings, Camera, Formats, Most Compatible."
        : "This is no picture, video or PDF that Carillon takes. Use JPEG, PNG, WebP, AVIF, TIFF, GIF, MP4, MOV, WebM or PDF.",
    );
  }
  if (bytes > maxUploadBytes[kind]) throw tooLarge(kind);
  switch (kind) {
    case "image":
    case "gif": {
      const { width, height, pages } = await pictureOf(path);
      // A GIF with one frame is a picture like any other.
      const still = kind === "gif" && (pages ?? 1) === 1;
      return { kind: still ? "image" : kind, mimeType, extension: type.ext, width, height, durationMs: null };
    }
    case "video":
      return { kind, mimeType, extension: type.ext, ...(await videoOf(path)) };
    case "document":
      return { kind, mimeType, extension: type.ext, width: null, height: null, durationMs: null };
  }
}

export const tooLarge = (kind: MediaKind): AppError =>
  new AppError(
    413,
    "too_large",
    `This ${words[kind]} is larger than ${Math.round(maxUploadBytes[kind] / (1024 * 1024))} MB. Make it smaller and try again.`,
  );

const words: Record<MediaKind, string> = {
  image: "picture",
  gif: "GIF",
  video: "video",
  document: "document",
};

const kindOf = (mimeType: string | undefined): MediaKind | undefined =>
  (Object.keys(uploadable) as MediaKind[]).find((kind) => uploadable[kind].includes(mimeType ?? ""));

/** Several names of one thing. */
function mimeOf(mime: string | undefined): string | undefined {
  if (mime === "video/x-m4v") return "video/mp4";
  if (mime === "image/apng") return "image/png";
  return mime;
}

async function pictureOf(path: string) {
  try {
    const { autoOrient, pages, width, height, pageHeight } = await sharp(path, {
      limitInputPixels: false,
    }).metadata();
    // Of an animation only one picture is unfolded at a time.
    if (width * (pageHeight ?? height) > MAX_PIXELS) {
      throw new AppError(
        422,
        "too_many_pixels",
        `This picture is ${width} × ${height} pixels. Make it smaller first.`,
      );
    }
    // Its head may be well while the rest is missing: better told now than when a post is due.
    await sharp(path, { limitInputPixels: MAX_PIXELS, sequentialRead: true, failOn: "error" })
      .resize(16, 16, { fit: "fill" })
      .raw()
      .toBuffer();
    return { width: autoOrient.width, height: pageHeight ?? autoOrient.height, pages };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw broken("picture", cause);
  }
}

async function videoOf(path: string) {
  const input = new Input({ source: new FilePathSource(path), formats: ALL_FORMATS });
  try {
    const track = await input.getPrimaryVideoTrack();
    if (!track) throw new Error("There is no video track in it.");
    const seconds = await input.computeDuration();
    return {
      width: await track.getDisplayWidth(),
      height: await track.getDisplayHeight(),
      durationMs: Math.round(seconds * 1_000),
    };
  } catch (cause) {
    throw broken("video", cause);
  } finally {
    input.dispose();
  }
}

const broken = (what: string, cause: unknown): AppError =>
  new AppError(
    422,
    "broken_file",
    `This ${what} cannot be read; the file may be damaged. Export it again and try once more.`,
    {
      cause,
    },
  );
