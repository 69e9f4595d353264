import "server-only";
import { and, asc, desc, eq, isNotNull, not, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { users } from "@/drizzle/schema/auth";
import { connections } from "@/drizzle/schema/connections";
import { notifications } from "@/drizzle/schema/system";
import { db, type Queryable } from "@/lib/db";
import { notFound } from "@/lib/errors";
import { enqueue } from "@/lib/jobs/queue";
import { sendsMail } from "@/lib/mail";
import { noticeSettings } from "@/lib/settings/data";
import type { NoticeKind } from "@/lib/settings/schema";
import type { NotificationsAnswer } from "./schema";

/** The only SQL about notifications. */

const MOST = 20;

export type Notice = {
  /** Names the incident: of one incident a person hears once. */
  incident: string;
  title: string;
  body: string;
  href: string;
  /** What the person may switch off; other news is always shown, and never mailed. */
  kind?: NoticeKind;
  grantId?: string;
};

/**
 * Tells a person of an incident, in the ways they want: once, however often it is told.
 * @returns whether this was the first time
 */
export async function notify(tx: Queryable, userId: string, notice: Notice): Promise<boolean> {
  const { kind } = notice;
  const wanted = kind ? (await noticeSettings(tx, userId))[kind] : { app: true, mail: false };
  const [told] = await tx
    .insert(notifications)
    .values({
      id: uuid(),
      userId,
      ...notice,
      read: !wanted.app,
      mail: wanted.mail && sendsMail() ? "due" : "none",
    })
    .onConflictDoNothing({ target: [notifications.userId, notifications.incident] })
    .returning({ id: notifications.id, mail: notifications.mail });
  if (told?.mail === "due") await enqueue(tx, "notice.mail", { noticeId: told.id });
  return told !== undefined;
}

// --- reading

export async function listUnread(userId: string): Promise<NotificationsAnswer> {
  const rows = await db()
    .select()
    .from(notifications)
    .where(and(eq(notifications.userId, userId), eq(notifications.read, false)))
    .orderBy(desc(notifications.createdAt), desc(notifications.id))
    .limit(MOST);
  const about = await grantsTold(userId);
  const connectionsOf = (grantId: string | null) =>
    about.filter((one) => one.grantId === grantId).map(({ connectionId }) => connectionId);
  return {
    notifications: rows.map(({ id, title, body, href, grantId, createdAt }) => ({
      id,
      title,
      body,
      href,
      connectionIds: connectionsOf(grantId),
      createdAt: createdAt.toISOString(),
    })),
    quiet: about.filter(({ quiet }) => quiet).map(({ connectionId }) => connectionId),
  };
}

/** The connections whose end was told of, and whether all of that has been put away. */
async function grantsTold(userId: string) {
  return db()
    .select({
      grantId: connections.grantId,
      connectionId: connections.id,
      quiet: sql<boolean>`bool_and(${notifications.read})`,
    })
    .from(notifications)
    .innerJoin(connections, eq(connections.grantId, notifications.grantId))
    .where(eq(notifications.userId, userId))
    .groupBy(connections.grantId, connections.id)
    .orderBy(asc(connections.id));
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

/** What a person was told since then, oldest first. */
export async function toldSince(userId: string, since: Date): Promise<{ title: string; mailed: boolean }[]> {
  const rows = await db()
    .select({ title: notifications.title, mail: notifications.mail })
    .from(notifications)
    .where(and(eq(notifications.userId, userId), sql`${notifications.createdAt} >= ${since.toISOString()}`))
    .orderBy(asc(notifications.createdAt), asc(notifications.id));
  return rows.map(({ title, mail }) => ({ title, mailed: mail !== "none" }));
}

// --- about grants

/** Whether a grant's death was told: by whatever name, it dies once until its owner renews it. */
export async function isDeathTold(tx: Queryable, grantId: string): Promise<boolean> {
  const rows = await tx
    .select({ id: notifications.id })
    .from(notifications)
    .where(and(eq(notifications.grantId, grantId), eq(notifications.kind, "ended")))
    .limit(1);
  return rows.length > 0;
}

/** News that overtakes what was said before of the same grant: that is put away, and not mailed any more. */
export async function supersede(tx: Queryable, grantId: string, incident: string): Promise<void> {
  await tx
    .update(notifications)
    .set({
      read: true,
      mail: sql`case when ${notifications.mail} = 'due' then 'none' else ${notifications.mail} end`,
    })
    .where(and(eq(notifications.grantId, grantId), not(eq(notifications.incident, incident))));
}

/** Grants of which it was said that they will end, or have. */
export async function grantsSaidToEnd(): Promise<string[]> {
  const rows = await db()
    .selectDistinct({ grantId: notifications.grantId })
    .from(notifications)
    .where(isNotNull(notifications.grantId));
  return rows.flatMap(({ grantId }) => grantId ?? []);
}

/** It goes on after all: what was said of its end no longer holds. */
export async function takeBack(tx: Queryable, grantId: string): Promise<void> {
  await tx.delete(notifications).where(eq(notifications.grantId, grantId));
}

// --- mail

export type DueMail = { to: string; title: string; body: string; href: string | null };

/** Makes the caller the one who sends this mail; null when it is sent, being sent, or not wanted any more. */
export async function claimMail(id: string): Promise<DueMail | null> {
  const [row] = await db()
    .update(notifications)
    .set({ mail: "sending" })
    .from(users)
    .where(and(eq(notifications.id, id), eq(notifications.mail, "due"), eq(users.id, notifications.userId)))
    .returning({
      to: users.email,
      title: notifications.title,
      body: notifications.body,
      href: notifications.href,
    });
  return row ?? null;
}

/** What became of a mail whose sender we are. due: it certainly did not go out, and may be tried again. */
export async function settleMail(id: string, state: "sent" | "due" | "refused"): Promise<void> {
  await db()
    .update(notifications)
    .set({ mail: state })
    .where(and(eq(notifications.id, id), eq(notifications.mail, "sending")));
}

/** Mails whose jobs have given up while they were still worth sending. */
export async function overdueMails(tx: Queryable, limit: number): Promise<string[]> {
  const rows = await tx
    .select({ id: notifications.id })
    .from(notifications)
    .where(
      and(
        eq(notifications.mail, "due"),
        sql`${notifications.createdAt} between now() - interval '2 days' and now() - interval '10 minutes'`,
      ),
    )
    .orderBy(asc(notifications.createdAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}
