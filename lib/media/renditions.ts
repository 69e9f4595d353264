import "server-only";
import { createHash } from "node:crypto";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nanoid } from "nanoid";
import sharp from "sharp";
import { v7 as uuid } from "uuid";
import { type ImageRules, PlatformError } from "@/lib/platforms/contract";
import { findRendition, getMedia, insertRendition, type MediaRow, type RenditionRow } from "./data";
import { fitPicture } from "./fit";
import { MAX_PIXELS } from "./schema";
import { storage } from "./storage";

/** Pictures as platforms want them. The original stays as it came; what leaves the house carries no notes of place or camera. */

const MB = 1024 * 1024;
/** For our own pages. */
export const previewRules: ImageRules = {
  formats: ["image/webp"],
  maxBytes: MB,
  maxWidth: 480,
  maxHeight: 480,
};

/** Those under way in this process: many who ask at once wait for the same one. */
const underWay = new Map<string, Promise<RenditionRow>>();

/**
 * What this picture becomes under these rules: made once, then kept.
 * @throws PlatformError rejected when nothing makes it small enough; AppError not_found when it is deleted meanwhile
 */
export async function renditionOf(picture: MediaRow, rules: ImageRules): Promise<RenditionRow> {
  const recipe = recipeOf(rules);
  const known = await findRendition(picture.id, recipe);
  if (known) return known;
  const name = `${picture.id} ${recipe}`;
  const making =
    underWay.get(name) ?? makeAndKeep(picture, rules, recipe).finally(() => underWay.delete(name));
  underWay.set(name, making);
  return making;
}

async function makeAndKeep(picture: MediaRow, rules: ImageRules, recipe: string): Promise<RenditionRow> {
  const early = await findRendition(picture.id, recipe);
  if (early) return early;
  const made = await make(await readWhole(picture), picture, rules);
  const storageKey = `${nanoid(24)}.${made.mimeType.split("/")[1]}`;
  const folder = join(tmpdir(), "carillon-renditions");
  const path = join(folder, storageKey);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(path, made.data);
    const { size: bytes } = await stat(path);
    await (await storage()).put(storageKey, path, { mimeType: made.mimeType, bytes });
    const { mimeType, width, height } = made;
    const row = await insertRendition({
      id: uuid(),
      mediaId: picture.id,
      recipe,
      mimeType,
      bytes,
      width,
      height,
      storageKey,
    }).catch(async (error: unknown) => {
      await (await storage()).remove(storageKey);
      // Deleted while this was being made: that is said as such.
      await getMedia(picture.userId, picture.id);
      throw error;
    });
    if (row) return row;
    // Another process made it at the same moment: one of them is enough.
    await (await storage()).remove(storageKey);
  } finally {
    await rm(path, { force: true });
  }
  const winner = await findRendition(picture.id, recipe);
  if (!winner) throw new Error("A rendition that was there a moment ago is gone.");
  return winner;
}

/** Only what changes the picture names the recipe. */
const recipeOf = ({ max: _most, ...rules }: ImageRules): string =>
  createHash("sha256")
    .update(JSON.stringify(rules, Object.keys(rules).sort()))
    .digest("base64url")
    .slice(0, 22);

async function readWhole({ storageKey, bytes }: MediaRow): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await storage()).open(storageKey, 0, bytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** From the best to the smallest that is worth sending. */
const ATTEMPTS = [
  { quality: 92, scale: 1 },
  { quality: 84, scale: 1 },
  { quality: 74, scale: 1 },
  { quality: 80, scale: 0.75 },
  { quality: 75, scale: 0.5 },
  { quality: 70, scale: 0.3 },
];

async function make(input: Buffer, picture: MediaRow, rules: ImageRules) {
  const { width = 1, height = 1, mimeType } = picture;
  const fit = fitPicture({ mimeType, width: width ?? 1, height: height ?? 1 }, rules);
  for (const { quality, scale } of ATTEMPTS) {
    const size = (pixels: number) => Math.max(1, Math.round(pixels * scale));
    const [side, top] = [size(fit.canvasWidth) - size(fit.width), size(fit.canvasHeight) - size(fit.height)];
    const opaque = fit.mimeType === "image/jpeg";
    const image = sharp(input, { limitInputPixels: MAX_PIXELS, failOn: "error" })
      .autoOrient()
      .toColorspace("srgb")
      .resize(size(fit.width), size(fit.height), { fit: "fill" })
      .extend({
        left: Math.floor(side / 2),
        right: Math.ceil(side / 2),
        top: Math.floor(top / 2),
        bottom: Math.ceil(top / 2),
        background: "#ffffff",
      });
    if (opaque) image.flatten({ background: "#ffffff" });
    // A large PNG is made small by fewer pixels: it has no quality to give up.
    const { data, info } = await image
      .toFormat(fit.mimeType.slice("image/".length) as "jpeg" | "png" | "webp" | "gif", {
        quality,
        ...(fit.mimeType === "image/jpeg" && { mozjpeg: true }),
      })
      .toBuffer({ resolveWithObject: true });
    if (data.byteLength <= rules.maxBytes) {
      return { data, mimeType: fit.mimeType, width: info.width, height: info.height };
    }
  }
  throw new PlatformError(
    "rejected",
    "This picture cannot be made small enough for the platform. Use a smaller one.",
    {
      code: "picture_too_large",
    },
  );
}
