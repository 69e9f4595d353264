import "server-only";
import { and, count, desc, eq, inArray, lt, sql } from "drizzle-orm";
import { media, mediaRenditions } from "@/drizzle/schema/media";
import { db, type Queryable } from "@/lib/db";
import { notFound } from "@/lib/errors";
import type { MediaKind } from "@/lib/platforms/contract";
import type { ListMedia, MediaDto } from "./schema";

/** The only SQL about files. */

export type MediaRow = typeof media.$inferSelect;
export type RenditionRow = typeof mediaRenditions.$inferSelect;

const PAGE_SIZE = 40;

/** Newest first; the cursor is the id of the last one seen, which is in order of time. */
export async function listMedia(
  userId: string,
  { cursor, kind }: ListMedia,
): Promise<{ rows: MediaRow[]; nextCursor: string | null }> {
  const rows = await db()
    .select()
    .from(media)
    .where(
      and(
        eq(media.userId, userId),
        ...(cursor ? [lt(media.id, cursor)] : []),
        ...(kind ? [eq(media.kind, kind)] : []),
      ),
    )
    .orderBy(desc(media.id))
    .limit(PAGE_SIZE + 1);
  const page = rows.slice(0, PAGE_SIZE);
  return { rows: page, nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null };
}

/** @throws AppError not_found, also for somebody else's */
export async function getMedia(userId: string, id: string): Promise<MediaRow> {
  const [row] = await db()
    .select()
    .from(media)
    .where(and(eq(media.id, id), eq(media.userId, userId)));
  if (!row) throw notFound("This file");
  return row;
}

/** Those of these ids that are this person's, in no order. */
export async function findMedia(userId: string, ids: string[]): Promise<MediaRow[]> {
  if (ids.length === 0) return [];
  return db()
    .select()
    .from(media)
    .where(and(eq(media.userId, userId), inArray(media.id, ids)));
}

export async function findMediaByHash(userId: string, sha256: string): Promise<MediaRow | null> {
  const [row] = await db()
    .select()
    .from(media)
    .where(and(eq(media.userId, userId), eq(media.sha256, sha256)));
  return row ?? null;
}

/** Null when the same file came in a moment ago by another way. */
export async function insertMedia(row: typeof media.$inferInsert): Promise<MediaRow | null> {
  const [made] = await db()
    .insert(media)
    .values(row)
    .onConflictDoNothing({ target: [media.userId, media.sha256] })
    .returning();
  return made ?? null;
}

export async function updateAlt(userId: string, id: string, alt: string): Promise<MediaRow> {
  const [row] = await db()
    .update(media)
    .set({ alt })
    .where(and(eq(media.id, id), eq(media.userId, userId)))
    .returning();
  if (!row) throw notFound("This file");
  return row;
}

export async function countMedia(userId: string): Promise<number> {
  const [row] = await db().select({ files: count() }).from(media).where(eq(media.userId, userId));
  return row?.files ?? 0;
}

/** Whether a post that has not gone out yet everywhere still needs the file. */
export async function isAwaited(tx: Queryable, userId: string, id: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from deliveries
    where user_id = ${userId} and next_attempt_at is not null
      and state in ('scheduled', 'queued', 'sending', 'processing', 'uncertain')
      and content->'media' @> ${JSON.stringify([{ id }])}::jsonb
    limit 1`);
  return rows.length > 0;
}

/** Takes the file out, and says which stored files go with it. @throws AppError not_found */
export async function deleteMedia(tx: Queryable, userId: string, id: string): Promise<string[]> {
  const renditions = await tx
    .select({ key: mediaRenditions.storageKey })
    .from(mediaRenditions)
    .innerJoin(media, eq(media.id, mediaRenditions.mediaId))
    .where(and(eq(media.id, id), eq(media.userId, userId)));
  const [row] = await tx
    .delete(media)
    .where(and(eq(media.id, id), eq(media.userId, userId)))
    .returning({ key: media.storageKey });
  if (!row) throw notFound("This file");
  return [row.key, ...renditions.map(({ key }) => key)];
}

/** Takes out the next files of someone who leaves, and says which stored files go with them; empty when none are left. */
export async function takeMedia(tx: Queryable, userId: string, limit: number): Promise<string[]> {
  const next = await tx
    .select({ id: media.id, key: media.storageKey })
    .from(media)
    .where(eq(media.userId, userId))
    .limit(limit);
  const ids = next.map(({ id }) => id);
  if (ids.length === 0) return [];
  const renditions = await tx
    .select({ key: mediaRenditions.storageKey })
    .from(mediaRenditions)
    .where(inArray(mediaRenditions.mediaId, ids));
  await tx.delete(media).where(and(eq(media.userId, userId), inArray(media.id, ids)));
  return [...next, ...renditions].map(({ key }) => key);
}

export async function findRendition(mediaId: string, recipe: string): Promise<RenditionRow | null> {
  const [row] = await db()
    .select()
    .from(mediaRenditions)
    .where(and(eq(mediaRenditions.mediaId, mediaId), eq(mediaRenditions.recipe, recipe)));
  return row ?? null;
}

/** Null when the same one was made a moment ago. */
export async function insertRendition(
  row: typeof mediaRenditions.$inferInsert,
): Promise<RenditionRow | null> {
  const [made] = await db()
    .insert(mediaRenditions)
    .values(row)
    .onConflictDoNothing({ target: [mediaRenditions.mediaId, mediaRenditions.recipe] })
    .returning();
  return made ?? null;
}

/** For the public link, which proves itself by its signature: the file, or one rendition of it. */
export async function findServed(
  mediaId: string,
  renditionId: string | null,
): Promise<{ storageKey: string; mimeType: string; bytes: number } | null> {
  const [row] = renditionId
    ? await db()
        .select()
        .from(mediaRenditions)
        .where(and(eq(mediaRenditions.id, renditionId), eq(mediaRenditions.mediaId, mediaId)))
    : await db().select().from(media).where(eq(media.id, mediaId));
  return row ?? null;
}

export const toMediaDto = (row: MediaRow): MediaDto => ({
  id: row.id,
  // safe: the table's check holds exactly these words
  kind: row.kind as MediaKind,
  mimeType: row.mimeType,
  filename: row.filename,
  bytes: row.bytes,
  width: row.width,
  height: row.height,
  durationMs: row.durationMs,
  alt: row.alt,
  createdAt: row.createdAt.toISOString(),
  previewUrl: row.kind === "image" || row.kind === "gif" ? `/api/media/${row.id}/file?size=preview` : null,
  fileUrl: `/api/media/${row.id}/file`,
});
