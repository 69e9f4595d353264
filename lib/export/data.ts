import "server-only";
import { asc, eq } from "drizzle-orm";
import { accounts, users } from "@/drizzle/schema/auth";
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
