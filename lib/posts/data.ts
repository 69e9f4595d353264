import "server-only";
import { and, asc, desc, eq, inArray, lt } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { connections, grants } from "@/drizzle/schema/connections";
import { deliveries, deliveryEvents, posts } from "@/drizzle/schema/posts";
import { db, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import { capabilitiesOf } from "@/lib/platforms/registry";
import { type DeliveryRow, insertEvents } from "./deliveries-data";
import { remedyOf, statusOf } from "./delivery";
import type {
  DeliveryDto,
  DeliveryEventDto,
  DeliveryState,
  PostDetailDto,
  PostDto,
  PostPage,
} from "./schema";

/** The only SQL about posts. */

type PostRow = typeof posts.$inferSelect;

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

type DeliveryWithWay = DeliveryRow & { way: string | null };

async function deliveriesOf(postIds: string[]): Promise<DeliveryWithWay[]> {
  const rows = await db()
    .select({ delivery: deliveries, way: grants.way })
    .from(deliveries)
    .leftJoin(connections, eq(connections.id, deliveries.connectionId))
    .leftJoin(grants, eq(grants.id, connections.grantId))
    .where(inArray(deliveries.postId, postIds))
    .orderBy(asc(deliveries.id));
  return rows.map(({ delivery, way }) => ({ ...delivery, way }));
}

function toPostDto(post: PostRow, rows: DeliveryWithWay[]): PostDto {
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

function toDeliveryDto(row: DeliveryWithWay): DeliveryDto {
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
    note: row.note,
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
    canDelete: capabilitiesOf(row.platform, row.way)?.delete ?? false,
  };
}
