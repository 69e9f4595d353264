import "server-only";
import { and, eq, lt, sql } from "drizzle-orm";
import { idempotencyKeys } from "@/drizzle/schema/posts";
import { after, db, type Queryable, type Tx } from "@/lib/db";

/** The only SQL about idempotency keys: one post per key, whatever happens to who asked. */

export type KeyClaim =
  | { state: "new" }
  | { state: "other_body" }
  | { state: "running" }
  | { state: "known"; postId: string; status: number | null; answer: unknown };

const KEY_LIFE = sql`now() + interval '24 hours'`;
/** How far whoever works on an answer keeps `running_until` ahead. */
export const KEY_LEASE_MS = 6_000;

/** Claims an idempotency key inside the transaction that creates the post; concurrent callers wait here for its commit. */
export async function claimKey(
  tx: Tx,
  userId: string,
  key: string,
  bodyHash: string,
  postId: string,
): Promise<KeyClaim> {
  const inserted = await tx
    .insert(idempotencyKeys)
    .values({ userId, key, bodyHash, runningUntil: after(KEY_LEASE_MS), expiresAt: KEY_LIFE })
    .onConflictDoUpdate({
      target: [idempotencyKeys.userId, idempotencyKeys.key],
      set: {
        bodyHash,
        postId: null,
        status: null,
        answer: null,
        runningUntil: after(KEY_LEASE_MS),
        createdAt: sql`now()`,
        expiresAt: KEY_LIFE,
      },
      setWhere: lt(idempotencyKeys.expiresAt, sql`now()`),
    })
    .returning({ key: idempotencyKeys.key });
  if (inserted.length > 0) return { state: "new" };
  const [row] = await tx
    .select({
      bodyHash: idempotencyKeys.bodyHash,
      postId: idempotencyKeys.postId,
      status: idempotencyKeys.status,
      answer: idempotencyKeys.answer,
      running: sql<boolean>`${idempotencyKeys.runningUntil} > now()`,
    })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.key, key)));
  if (!row || row.bodyHash !== bodyHash) return { state: "other_body" };
  if (row.status === null && row.running) return { state: "running" };
  return { state: "known", postId: row.postId ?? postId, status: row.status, answer: row.answer };
}

export async function updateKey(
  tx: Queryable,
  userId: string,
  key: string,
  change: { postId?: string; status?: number; answer?: unknown; alive?: true },
): Promise<void> {
  const { alive, ...rest } = change;
  await tx
    .update(idempotencyKeys)
    .set({ ...rest, ...(alive && { runningUntil: after(KEY_LEASE_MS) }) })
    .where(and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.key, key)));
}

export async function deleteOldKeys(): Promise<void> {
  await db().delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, sql`now()`));
}
