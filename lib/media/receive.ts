import "server-only";
import { createHash } from "node:crypto";
import { mkdir, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileTypeFromFile } from "file-type";
import { nanoid } from "nanoid";
import { v7 as uuid } from "uuid";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import type { SignedIn } from "@/lib/session";
import { countMedia, findMediaByHash, insertMedia, toMediaDto } from "./data";
import { inspect } from "./inspect";
import { forgetPlaces } from "./places";
import { MAX_FILES, type MediaDto, maxUploadBytes } from "./schema";
import { storage } from "./storage";

const LARGEST = Math.max(...Object.values(maxUploadBytes));

/**
 * Takes a file into a person's library: written to disk as it comes, looked at by content, cleaned of places (videos; pictures
 * lose theirs whenever they leave the house), and stored. The same file again is the one that is there already.
 * @param alt offered wherever the file is used
 * @throws AppError 413, 415, 422 with what to do about the file
 */
export async function receiveFile(
  user: SignedIn,
  stream: AsyncIterable<Uint8Array>,
  about: { filename: string; alt?: string; maxBytes?: number },
): Promise<MediaDto> {
  const { media: place } = env();
  if (place.kind === "disk" && place.forgetful) {
    throw new AppError(
      503,
      "no_storage",
      "This installation has no place for files yet. Whoever runs it has to name a bucket or a blob store.",
      { remedy: "operator" },
    );
  }
  if ((await countMedia(user.id)) >= MAX_FILES) {
    throw new AppError(
      409,
      "library_full",
      `Your library holds ${MAX_FILES} files, which is all it can. Delete some first.`,
    );
  }
  const path = await spoolPath(place).catch(notKept);
  try {
    const { bytes, sha256 } = await spool(path, stream, about.maxBytes ?? LARGEST);
    const known = await findMediaByHash(user.id, sha256);
    if (known) return toMediaDto(known);
    const { extension, ...looks } = await inspect(path, bytes);
    if (looks.mimeType === "video/mp4" || looks.mimeType === "video/quicktime") await forgetPlaces(path);
    const storageKey = `${nanoid(24)}.${extension}`;
    const files = await storage();
    await files.put(storageKey, path, { mimeType: looks.mimeType, bytes }).catch(notKept);
    const row = await insertMedia({
      id: uuid(),
      userId: user.id,
      ...looks,
      filename: displayName(about.filename, extension),
      bytes,
      sha256,
      alt: about.alt ?? "",
      storageKey,
    }).catch(async (error: unknown) => {
      // Without its row nobody would ever find it again.
      await files.remove(storageKey);
      throw error;
    });
    if (!row) {
      await files.remove(storageKey);
      const winner = await findMediaByHash(user.id, sha256);
      if (!winner) throw new Error("A file that was there a moment ago is gone.");
      return toMediaDto(winner);
    }
    await audit(db(), user, user.id, "media.add", row.id, { kind: row.kind, bytes });
    return toMediaDto(row);
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Keeps a file that belongs to no library, such as one a customer sent, if it is of one of these types by its content.
 * @throws AppError 413, 415, 422, 503
 */
export async function keepFile(
  stream: AsyncIterable<Uint8Array>,
  { types, maxBytes }: { types: Record<string, string>; maxBytes: number },
): Promise<{ storageKey: string; mimeType: string; bytes: number }> {
  const { media: place } = env();
  const path = await spoolPath(place).catch(notKept);
  try {
    const { bytes } = await spool(path, stream, maxBytes);
    const found = await fileTypeFromFile(path);
    const mimeType = found ? types[found.mime] : undefined;
    if (!found || !mimeType)
      throw new AppError(415, "unknown_file", "This is no file that can be shown here.");
    const storageKey = `${nanoid(24)}.${found.ext}`;
    await (await storage()).put(storageKey, path, { mimeType, bytes }).catch(notKept);
    return { storageKey, mimeType, bytes };
  } finally {
    await rm(path, { force: true });
  }
}

/** Beside the library where that is on a disk, so that storing it is a rename. */
async function spoolPath(place: ReturnType<typeof env>["media"]): Promise<string> {
  const directory =
    place.kind === "disk" ? join(place.directory, "incoming") : join(tmpdir(), "carillon-incoming");
  await mkdir(directory, { recursive: true });
  return join(directory, nanoid());
}

async function spool(
  path: string,
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const file = await open(path, "wx").catch(notKept);
  let bytes = 0;
  try {
    for await (const piece of stream) {
      bytes += piece.byteLength;
      if (bytes > maxBytes) {
        throw new AppError(
          413,
          "too_large",
          `This file is larger than ${Math.round(maxBytes / (1024 * 1024))} MB, the most Carillon takes here.`,
        );
      }
      hash.update(piece);
      // Not `write`, which on a disk that fills up stops short without an error.
      await file.appendFile(piece).catch(notKept);
    }
  } finally {
    await file.close();
  }
  if (bytes === 0) throw new AppError(422, "empty_file", "This file is empty. Choose another one.");
  return { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

/** The disk is full or not ours to write, or the bucket refuses: the person can only wait, and whoever runs this has to know. */
function notKept(cause: unknown): never {
  log.error("media.not_kept", { error: cause });
  throw new AppError(
    503,
    "no_storage",
    "This file could not be kept: the place for files is full or cannot be written. Try again later, or tell whoever runs this installation.",
    { remedy: "operator", cause },
  );
}

/** The name people see: without folders, control characters and tricks of direction, and with the ending of what it is. */
function displayName(filename: string, extension: string): string {
  const bare = (filename.split(/[/\\]/).at(-1) ?? "")
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replace(/\.[^.]{1,5}$/, "")
    .replace(/^[.\s]+/, "")
    .trim();
  // By whole characters: half of an emoji is not one.
  return `${[...bare].slice(0, 120).join("") || "file"}.${extension}`;
}
