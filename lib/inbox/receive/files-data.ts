import "server-only";
import { and, inArray, isNull } from "drizzle-orm";
import { inboxFiles } from "@/drizzle/schema/inbox";
import { db, type Queryable } from "@/lib/db";

/** The only SQL about our copies of what customers sent, besides showing them. */

export async function insertFile(tx: Queryable, row: typeof inboxFiles.$inferInsert): Promise<void> {
  await tx.insert(inboxFiles).values(row);
}

/** Copies whose message is gone: their bytes are to be removed, then they. */
export async function orphanedFiles(limit: number): Promise<{ id: string; storageKey: string }[]> {
  return db()
    .select({ id: inboxFiles.id, storageKey: inboxFiles.storageKey })
    .from(inboxFiles)
    .where(isNull(inboxFiles.messageId))
    .limit(limit);
}

export async function deleteFiles(ids: string[]): Promise<void> {
  if (ids.length > 0) {
    await db()
      .delete(inboxFiles)
      .where(and(inArray(inboxFiles.id, ids), isNull(inboxFiles.messageId)));
  }
}
