import "server-only";
import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { deliveries, deliveryEvents } from "@/drizzle/schema/posts";
import { platformPauses } from "@/drizzle/schema/system";
import { after, db, type Queryable, type Tx } from "@/lib/db";
import type { DeliveryState } from "./schema";

/** The only SQL that moves deliveries: claims, fences, saves. */

export type DeliveryRow = typeof deliveries.$inferSelect;

/** Longest stretch between two signs of life of whoever works on a delivery; a write may take 60 s (kit.ts). */
export const LEASE_MS = 80_000;

/**
 * Takes a due delivery that nobody works on. Its attempt number is the claim: whoever comes later holds a higher one,
 * and the saves of the earlier find nothing.
 */
export async function claimDelivery(id: string): Promise<DeliveryRow | null> {
  const [row] = await db()
    .update(deliveries)
    .set({
      attempt: sql`${deliveries.attempt} + 1`,
      state: sql`case when ${deliveries.state} in ('scheduled', 'queued') then 'sending' else ${deliveries.state} end`,
      leaseUntil: after(LEASE_MS),
      // Should we die at it, this is when someone else looks.
      nextAttemptAt: after(LEASE_MS),
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(deliveries.id, id),
        inArray(deliveries.state, ["scheduled", "queued", "sending", "processing", "uncertain"]),
        lte(deliveries.nextAttemptAt, sql`now()`),
        or(isNull(deliveries.leaseUntil), lt(deliveries.leaseUntil, sql`now()`)),
      ),
    )
    .returning();
  return row ?? null;
}

/** Draws the fence: from here on the world may see it. Null when the claim is lost or the platform paused: nothing may be sent. */
export async function fenceDelivery(id: string, attempt: number): Promise<Date | null> {
  const [row] = await db()
    .update(deliveries)
    .set({
      fencedAt: sql`now()`,
      checks: 0,
      leaseUntil: after(LEASE_MS),
      nextAttemptAt: after(LEASE_MS),
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(deliveries.id, id),
        eq(deliveries.attempt, attempt),
        inArray(deliveries.state, ["sending", "processing"]),
        sql`not exists (select from ${platformPauses} where ${platformPauses.platform} = ${deliveries.platform}
          and ${platformPauses.probe} is distinct from ${deliveries.id})`,
      ),
    )
    .returning({ fencedAt: deliveries.fencedAt });
  return row?.fencedAt ?? null;
}

/** A sign of life from whoever works on a delivery: a long upload keeps its claim. */
export async function keepClaim(id: string, attempt: number): Promise<void> {
  await db()
    .update(deliveries)
    .set({ leaseUntil: after(LEASE_MS), nextAttemptAt: after(LEASE_MS) })
    .where(
      and(
        eq(deliveries.id, id),
        eq(deliveries.attempt, attempt),
        isNotNull(deliveries.leaseUntil),
        inArray(deliveries.state, ["sending", "processing"]),
      ),
    );
}

export type DeliveryChange = {
  state: DeliveryState;
  /** null: nothing is left to do by itself. */
  nextInMs: number | null;
} & Partial<
  Pick<
    typeof deliveries.$inferInsert,
    | "resume"
    | "fencedAt"
    | "doubtSince"
    | "checks"
    | "failures"
    | "remoteId"
    | "parts"
    | "url"
    | "note"
    | "errorKind"
    | "errorCode"
    | "errorMessage"
    | "publishedAt"
  >
>;

/** Saves what an attempt came to, unless a later claim has been made. */
export async function saveAttempt(
  tx: Queryable,
  id: string,
  attempt: number,
  { nextInMs, ...change }: DeliveryChange,
): Promise<boolean> {
  const saved = await tx
    .update(deliveries)
    .set({
      ...change,
      leaseUntil: null,
      nextAttemptAt: nextInMs === null ? null : after(nextInMs),
      updatedAt: sql`now()`,
    })
    .where(and(eq(deliveries.id, id), eq(deliveries.attempt, attempt)))
    .returning({ id: deliveries.id });
  return saved.length > 0;
}

/** Lets deliveries that wait for a paused platform come back now, those first that have waited longest. */
export async function wakeWaiting(tx: Tx, platform: string, limit: number): Promise<string[]> {
  const waiting = tx
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.platform, platform),
        eq(deliveries.errorKind, "operator"),
        inArray(deliveries.state, ["queued", "processing"]),
        isNull(deliveries.leaseUntil),
      ),
    )
    .orderBy(asc(deliveries.nextAttemptAt))
    .limit(limit)
    .for("update", { skipLocked: true });
  const rows = await tx
    .update(deliveries)
    .set({ nextAttemptAt: sql`now()`, updatedAt: sql`now()` })
    .where(inArray(deliveries.id, waiting))
    .returning({ id: deliveries.id });
  return rows.map(({ id }) => id);
}

/** Queues deliveries anew by their owner's hand; those in other states stay as they are. */
export async function requeueDeliveries(
  tx: Tx,
  userId: string,
  postId: string,
  ids: string[],
  from: DeliveryState[],
) {
  return tx
    .update(deliveries)
    .set({
      state: "queued",
      attempt: sql`${deliveries.attempt} + 1`,
      failures: 0,
      checks: 0,
      doubtSince: sql`coalesce(${deliveries.doubtSince}, ${deliveries.fencedAt},
        case when ${deliveries.state} = 'uncertain' then ${deliveries.createdAt} end)`,
      fencedAt: null,
      leaseUntil: null,
      errorKind: null,
      errorCode: null,
      errorMessage: null,
      nextAttemptAt: sql`now()`,
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(deliveries.userId, userId),
        eq(deliveries.postId, postId),
        inArray(deliveries.id, ids),
        inArray(deliveries.state, from),
        isNotNull(deliveries.connectionId),
      ),
    )
    .returning({ id: deliveries.id, attempt: deliveries.attempt });
}

/** Stops what has not begun; of a cancel and a claim at the same moment, one finds the row. */
export async function cancelDeliveries(tx: Tx, userId: string, postId: string): Promise<string[]> {
  const rows = await tx
    .update(deliveries)
    .set({ state: "cancelled", nextAttemptAt: null, updatedAt: sql`now()` })
    .where(
      and(
        eq(deliveries.userId, userId),
        eq(deliveries.postId, postId),
        inArray(deliveries.state, ["scheduled", "queued"]),
      ),
    )
    .returning({ id: deliveries.id, attempt: deliveries.attempt });
  await insertEvents(
    tx,
    rows.map(({ id, attempt }) => ({
      deliveryId: id,
      attempt,
      event: "cancelled",
      state: "cancelled",
      message: null,
    })),
  );
  return rows.map(({ id }) => id);
}

export async function markRemoved(tx: Queryable, id: string): Promise<void> {
  await tx
    .update(deliveries)
    .set({ removedAt: sql`now()`, updatedAt: sql`now()` })
    .where(eq(deliveries.id, id));
}

/** What is overdue because whoever held it, or its job, is gone. */
export async function overdueDeliveries(limit: number): Promise<string[]> {
  const rows = await db()
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(isNotNull(deliveries.nextAttemptAt), lte(deliveries.nextAttemptAt, sql`now()`)))
    .orderBy(asc(deliveries.nextAttemptAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** In how many milliseconds a delivery wants attention, 0 while someone works on it; null when nothing is left to do. */
export async function dueInMs(id: string): Promise<number | null> {
  const [row] = await db()
    .select({
      ms: sql<number>`case when ${deliveries.leaseUntil} > now() then 0
        else greatest(0, extract(epoch from ${deliveries.nextAttemptAt} - now()) * 1000)::int end`,
    })
    .from(deliveries)
    .where(and(eq(deliveries.id, id), isNotNull(deliveries.nextAttemptAt)));
  return row?.ms ?? null;
}

/** Remote ids of this account that belong to other deliveries. */
export async function knownRemoteIds(delivery: DeliveryRow): Promise<string[]> {
  if (!delivery.connectionId) return [];
  const rows = await db()
    .select({ remoteId: deliveries.remoteId, parts: deliveries.parts })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.connectionId, delivery.connectionId),
        sql`${deliveries.id} <> ${delivery.id}`,
        isNotNull(deliveries.remoteId),
        gt(deliveries.updatedAt, sql`now() - interval '7 days'`),
      ),
    );
  return rows.flatMap(({ remoteId, parts }) => [...(remoteId ? [remoteId] : []), ...parts]);
}

export async function insertEvents(
  tx: Queryable,
  events: Omit<typeof deliveryEvents.$inferInsert, "id" | "createdAt">[],
): Promise<void> {
  if (events.length > 0)
    await tx.insert(deliveryEvents).values(events.map((event) => ({ id: uuid(), ...event })));
}
