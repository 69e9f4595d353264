import "server-only";
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { deliveries, deliveryEvents, idempotencyKeys, posts } from "@/drizzle/schema/posts";
import { notifications } from "@/drizzle/schema/system";
import { db, type Queryable, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import { specs } from "@/lib/platforms/registry";
import { remedyOf, statusOf } from "./delivery";
import type {
  DeliveryDto,
  DeliveryEventDto,
  DeliveryState,
  PostDetailDto,
  PostDto,
  PostPage,
} from "./schema";

/** The only SQL about posts, deliveries and idempotency keys. */

export type PostRow = typeof posts.$inferSelect;
export type DeliveryRow = typeof deliveries.$inferSelect;

/** Longest stretch between two signs of life of whoever works on a delivery; a write may take 60 s (kit.ts). */
export const LEASE_MS = 80_000;

const after = (ms: number) => sql`now() + ${`${Math.round(ms)} milliseconds`}::interval`;

// --- writing posts

export async function insertPost(
  tx: Tx,
  post: typeof posts.$inferInsert,
  rows: Omit<typeof deliveries.$inferInsert, "id" | "postId" | "userId">[],
): Promise<string[]> {
  await tx.insert(posts).values(post);
  const withIds = rows.map((row) => ({ ...row, id: uuid(), postId: post.id, userId: post.userId }));
  await tx.insert(deliveries).values(withIds);
  await insertEvents(
    tx,
    withIds.map(({ id, state }) => ({ deliveryId: id, attempt: 0, event: "created", state, message: null })),
  );
  return withIds.map(({ id }) => id);
}

export async function insertEvents(
  tx: Queryable,
  events: Omit<typeof deliveryEvents.$inferInsert, "id" | "createdAt">[],
): Promise<void> {
  if (events.length > 0)
    await tx.insert(deliveryEvents).values(events.map((event) => ({ id: uuid(), ...event })));
}

// --- moving deliveries

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

/** Draws the fence: from here on the world may see it. False when the claim is lost, and then nothing may be sent. */
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
      ),
    )
    .returning({ fencedAt: deliveries.fencedAt });
  return row?.fencedAt ?? null;
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
    | "checks"
    | "failures"
    | "remoteId"
    | "parts"
    | "url"
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

/** One notice per incident, however often it is told. */
export async function notify(
  tx: Queryable,
  userId: string,
  notice: { incident: string; title: string; body: string; href: string },
): Promise<void> {
  await tx
    .insert(notifications)
    .values({ id: uuid(), userId, ...notice })
    .onConflictDoNothing();
}

// --- idempotency

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

// --- reading

export const PAGE_SIZE = 20;

/** Newest first; the cursor is the id of the last one seen, which is in order of time. */
export async function listPosts(userId: string, cursor: string | null): Promise<PostPage> {
  const rows = await db()
    .select()
    .from(posts)
    .where(and(eq(posts.userId, userId), ...(cursor ? [lt(posts.id, cursor)] : [])))
    .orderBy(desc(posts.id))
    .limit(PAGE_SIZE + 1);
  const page = rows.slice(0, PAGE_SIZE);
  const theirs = page.length === 0 ? [] : await deliveriesOf(page.map(({ id }) => id));
  return {
    posts: page.map((post) =>
      toPostDto(
        post,
        theirs.filter(({ postId }) => postId === post.id),
      ),
    ),
    nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null,
  };
}

export async function getPost(userId: string, id: string): Promise<PostDto> {
  const [post] = await db()
    .select()
    .from(posts)
    .where(and(eq(posts.id, id), eq(posts.userId, userId)));
  if (!post) throw notFound("This post");
  return toPostDto(post, await deliveriesOf([id]));
}

export async function getPostDetail(userId: string, id: string): Promise<PostDetailDto> {
  const post = await getPost(userId, id);
  const rows = await db()
    .select({ event: deliveryEvents })
    .from(deliveryEvents)
    .innerJoin(deliveries, eq(deliveries.id, deliveryEvents.deliveryId))
    .where(eq(deliveries.postId, id))
    .orderBy(asc(deliveryEvents.createdAt), asc(deliveryEvents.id));
  const events: Record<string, DeliveryEventDto[]> = {};
  for (const { event } of rows) {
    const story = events[event.deliveryId] ?? [];
    events[event.deliveryId] = story;
    story.push({
      at: event.createdAt.toISOString(),
      event: event.event,
      state: event.state as DeliveryState,
      message: event.message,
    });
  }
  return { ...post, events };
}

/** For jobs, which act for whoever wrote it. */
export async function findPostOwner(id: string): Promise<string | null> {
  const [row] = await db().select({ userId: posts.userId }).from(posts).where(eq(posts.id, id));
  return row?.userId ?? null;
}

export const deliveryRowsOf = (userId: string, postId: string): Promise<DeliveryRow[]> =>
  db()
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.userId, userId), eq(deliveries.postId, postId)))
    .orderBy(asc(deliveries.id));

const deliveriesOf = (postIds: string[]): Promise<DeliveryRow[]> =>
  db().select().from(deliveries).where(inArray(deliveries.postId, postIds)).orderBy(asc(deliveries.id));

function toPostDto(post: PostRow, rows: DeliveryRow[]): PostDto {
  const dtos = rows.map(toDeliveryDto);
  return {
    id: post.id,
    content: post.content,
    status: statusOf(dtos.map(({ state }) => state)),
    scheduledAt: post.scheduledAt?.toISOString() ?? null,
    createdAt: post.createdAt.toISOString(),
    deliveries: dtos,
  };
}

function toDeliveryDto(row: DeliveryRow): DeliveryDto {
  // safe: the table's check holds exactly these words
  const state = row.state as DeliveryState;
  return {
    id: row.id,
    connectionId: row.connectionId,
    platform: row.platform,
    accountName: row.accountName,
    content: row.content,
    state,
    remoteId: row.remoteId,
    url: row.url,
    error: row.errorMessage
      ? {
          kind: row.errorKind ?? "unavailable",
          code: row.errorCode,
          message: row.errorMessage,
          remedy: remedyOf(state, row.errorKind),
        }
      : null,
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    publishedAt: row.publishedAt?.toISOString() ?? null,
    removedAt: row.removedAt?.toISOString() ?? null,
    canDelete: specs[row.platform]?.capabilities.delete ?? false,
  };
}
