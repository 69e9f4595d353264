import "server-only";
import { v7 as uuid } from "uuid";
import { db } from "@/lib/db";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import { guardedFetch, LARGEST_BYTES } from "@/lib/media/guarded";
import { keepFile } from "@/lib/media/receive";
import { storage } from "@/lib/media/storage";
import { findMessage, lockMessage, saveAttachments } from "../send/messages-data";
import { deleteFiles, insertFile, orphanedFiles } from "./files-data";
import type { StoredAttachment } from "./fold";
import { summarize } from "./received-data";

/** Fetches what customers sent while its address still works, and lets go of it when they take it back. */

/** By content, and as which it is shown. */
const TYPES: Record<string, string> = {
  "image/jpeg": "image/jpeg",
  "image/png": "image/png",
  "image/gif": "image/gif",
  "image/webp": "image/webp",
  "video/mp4": "video/mp4",
  "video/quicktime": "video/quicktime",
  "video/webm": "video/webm",
  "audio/mpeg": "audio/mpeg",
  "audio/mp4": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "audio/aac": "audio/aac",
  "audio/wav": "audio/wav",
  "audio/ogg": "audio/ogg",
  "audio/opus": "audio/ogg",
  "application/pdf": "application/pdf",
};

/** Safe to call twice, and for a message that carries nothing any more. */
export async function keepAttachments(messageId: string): Promise<void> {
  const message = await findMessage(db(), messageId);
  const waiting = ((message?.attachments ?? []) as StoredAttachment[]).filter(isWaiting);
  for (const { url } of waiting) {
    if (!message || url === null) continue;
    const file = await fetched(url);
    const id = uuid();
    const kept = await db().transaction(async (tx) => {
      const now = await lockMessage(tx, messageId);
      const attachments = (now?.attachments ?? []) as StoredAttachment[];
      // Taken back meanwhile, or kept by another.
      if (!now || !attachments.some((one) => one.url === url && isWaiting(one))) return false;
      if (file) await insertFile(tx, { id, userId: now.userId, messageId, ...file });
      await saveAttachments(
        tx,
        messageId,
        attachments.map((one) =>
          one.url !== url || !isWaiting(one)
            ? one
            : file
              ? { ...one, state: "kept", mimeType: file.mimeType, fileId: id }
              : { ...one, state: "gone" },
        ),
      );
      await summarize(tx, [now.conversationId]);
      return true;
    });
    if (file && !kept) await (await storage()).remove(file.storageKey);
  }
  await removeOrphans();
}

/** Removes the bytes of copies whose message is gone, or was taken back. What cannot be removed now is tried again later. */
export async function removeOrphans(): Promise<void> {
  const place = await storage();
  for (;;) {
    const orphans = await orphanedFiles(ORPHANS_AT_ONCE);
    const removed: string[] = [];
    for (const { id, storageKey } of orphans) {
      try {
        await place.remove(storageKey);
        removed.push(id);
      } catch (error) {
        log.warn("inbox.remove_failed", { fileId: id, error });
      }
    }
    await deleteFiles(removed);
    if (orphans.length < ORPHANS_AT_ONCE || removed.length === 0) return;
  }
}

const ORPHANS_AT_ONCE = 200;

const isWaiting = ({ state, url }: StoredAttachment): boolean => state === "fetching" && url !== null;

/** Null where it cannot be had: its address has ended, it is too large, or nothing that can be shown. */
async function fetched(url: string): Promise<{ storageKey: string; mimeType: string; bytes: number } | null> {
  const { sandboxUrl } = env();
  try {
    const response = await guardedFetch(url, {
      sandboxOrigin: sandboxUrl ? new URL(sandboxUrl).origin : null,
    });
    // safe: undici's body is a stream of bytes; its type leaves that open
    return await keepFile((response.body ?? []) as AsyncIterable<Uint8Array>, {
      types: TYPES,
      maxBytes: LARGEST_BYTES,
    });
  } catch (error) {
    log.info("inbox.attachment_gone", { reason: error instanceof Error ? error.message : "unknown" });
    return null;
  }
}
