import "server-only";
import { and, asc, eq, gt, inArray } from "drizzle-orm";
import { accounts, users } from "@/drizzle/schema/auth";
import { conversations, messages } from "@/drizzle/schema/inbox";
import { deliveries, deliveryEvents } from "@/drizzle/schema/posts";
import { notifications } from "@/drizzle/schema/system";
import { db } from "@/lib/db";

/** SQL that only the export needs: every column is named, so that no secret slips in with a new one. */

export async function personOf(userId: string) {
  const [person] = await db()
    .select({
      name: users.name,
      email: users.email,
      emailVerified: users.emailVerified,
      tier: users.tier,
      credits: users.credits,
      createdAt: users.createdAt,
    })
    .from(users)
    .where(eq(users.id, userId));
  const signsInWith = await db()
    .select({ way: accounts.providerId, since: accounts.createdAt })
    .from(accounts)
    .where(eq(accounts.userId, userId))
    .orderBy(asc(accounts.createdAt));
  return { ...person, signsInWith };
}

/** The story of each delivery of a post, step by step. */
export const storyOf = (postId: string) =>
  db()
    .select({
      deliveryId: deliveryEvents.deliveryId,
      at: deliveryEvents.createdAt,
      event: deliveryEvents.event,
      state: deliveryEvents.state,
      message: deliveryEvents.message,
    })
    .from(deliveryEvents)
    .innerJoin(deliveries, eq(deliveries.id, deliveryEvents.deliveryId))
    .where(eq(deliveries.postId, postId))
    .orderBy(asc(deliveryEvents.createdAt), asc(deliveryEvents.id));

export const notificationsOf = (userId: string) =>
  db()
    .select({
      at: notifications.createdAt,
      title: notifications.title,
      body: notifications.body,
      read: notifications.read,
    })
    .from(notifications)
    .where(eq(notifications.userId, userId))
    .orderBy(asc(notifications.createdAt), asc(notifications.id));

const CONVERSATIONS = 50;

/** What was said with whom, as far as it is kept here; the cursor is the id of the last conversation. */
export async function conversationsOf(userId: string, cursor: string | null) {
  const page = await db()
    .select({
      id: conversations.id,
      kind: conversations.kind,
      peerName: conversations.peerName,
      peerHandle: conversations.peerHandle,
      since: conversations.createdAt,
    })
    .from(conversations)
    .where(and(eq(conversations.userId, userId), cursor ? gt(conversations.id, cursor) : undefined))
    .orderBy(asc(conversations.id))
    .limit(CONVERSATIONS);
  const ids = page.map(({ id }) => id);
  const said = ids.length
    ? await db()
        .select({
          conversationId: messages.conversationId,
          at: messages.sentAt,
          author: messages.author,
          state: messages.state,
          text: messages.text,
        })
        .from(messages)
        .where(inArray(messages.conversationId, ids))
        .orderBy(asc(messages.sentAt), asc(messages.id))
    : [];
  return {
    rows: page.map((conversation) => ({
      ...conversation,
      messages: said
        .filter(({ conversationId }) => conversationId === conversation.id)
        .map(({ conversationId: _, ...message }) => message),
    })),
    nextCursor: page.length === CONVERSATIONS ? (ids.at(-1) ?? null) : null,
  };
}
