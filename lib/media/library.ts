import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import type { SignedIn } from "@/lib/session";
import * as data from "./data";
import type { ChangeMedia, ListMedia, MediaDto, MediaPage } from "./schema";
import { storage } from "./storage";

/** A person's files: listing, describing, deleting. */

export async function listLibrary(user: SignedIn, query: ListMedia): Promise<MediaPage> {
  const { rows, nextCursor } = await data.listMedia(user.id, query);
  return { media: rows.map(data.toMediaDto), nextCursor };
}

export const readMedia = async (user: SignedIn, id: string): Promise<MediaDto> =>
  data.toMediaDto(await data.getMedia(user.id, id));

export const describeMedia = async (user: SignedIn, id: string, { alt }: ChangeMedia): Promise<MediaDto> =>
  data.toMediaDto(await data.updateAlt(user.id, id, alt));

/** Deletes a file for good. Posts that are out keep theirs at the platforms. @throws AppError 409 while a post still needs it */
export async function removeMedia(user: SignedIn, id: string): Promise<{ deleted: true }> {
  const keys = await db().transaction(async (tx) => {
    await data.getMedia(user.id, id);
    if (await data.isAwaited(tx, user.id, id)) {
      throw new AppError(
        409,
        "still_needed",
        "A post that has not gone out yet needs this file. Cancel that post first, or wait until it is out.",
      );
    }
    const gone = await data.deleteMedia(tx, user.id, id);
    await audit(tx, user, user.id, "media.delete", id);
    return gone;
  });
  await removeStored(keys);
  return { deleted: true };
}

/** Deletes every file of someone who leaves, also those that a post still waits with. */
export async function emptyLibrary(userId: string): Promise<void> {
  for (;;) {
    const keys = await db().transaction((tx) => data.takeMedia(tx, userId, 100));
    if (keys.length === 0) return;
    await removeStored(keys);
  }
}

async function removeStored(keys: string[]): Promise<void> {
  const place = await storage();
  for (const key of keys) {
    // Nothing points at it any more: what stays behind costs room, not truth.
    await place.remove(key).catch((error: unknown) => log.warn("media.remove_failed", { error }));
  }
}
