import "server-only";
import { and, desc, eq } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { notifications } from "@/drizzle/schema/system";
import { db, type Queryable } from "@/lib/db";
import { notFound } from "@/lib/errors";
import type { NotificationDto } from "./schema";

/** The only SQL about notifications. */

const MOST = 20;

/** Tells a person of an incident: once, however often it is told. */
export async function notify(
  tx: Queryable,
  userId: string,
  notice: { incident: string; title: string; body: string; href: string },
): Promise<void> {
  await tx
    .insert(notifications)
    .values({ id: uuid(), userId, ...notice })
    .onConflictDoNothing({ target: [notifications.userId, notifications.incident] });
}

export async function listUnread(userId: string): Promise<NotificationDto[]> {
  const rows = await db()
    .select()
    .from(notifications)
    .where(and(eq(notifications.userId, userId), eq(notifications.read, false)))
    .orderBy(desc(notifications.createdAt), desc(notifications.id))
    .limit(MOST);
  return rows.map(({ id, title, body, href, createdAt }) => ({
    id,
    title,
    body,
    href,
    createdAt: createdAt.toISOString(),
  }));
}

/** Puts a notification away. @throws AppError not_found */
export async function markRead(userId: string, id: string): Promise<void> {
  const rows = await db()
    .update(notifications)
    .set({ read: true })
    .where(and(eq(notifications.id, id), eq(notifications.userId, userId)))
    .returning({ id: notifications.id });
  if (rows.length === 0) throw notFound("This notification");
}
