import "server-only";
import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, or, sql } from "drizzle-orm";
import { connections, grants } from "@/drizzle/schema/connections";
import { conversations, inboxAccounts, messages } from "@/drizzle/schema/inbox";
import { after, db, type Queryable, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import type { StoredAttachment, StoredReaction } from "../receive/fold";
import type { ConversationRow, MessageRow } from "../receive/received-data";
import type { MessageState } from "../schema";

/** The only SQL that moves our own messages: written, claimed, fenced, saved. */

/** Longest stretch between two signs of life of whoever sends; a call may take 60 s (kit.ts). */
export const LEASE_MS = 80_000;

export type Room = {
  conversation: ConversationRow;
  platform: string;
  way: string | null;
  accountId: string;
  answering: Record<string, unknown> | null;
};

const rooms = (tx: Queryable) =>
  tx
    .select({
      conversation: conversations,
      platform: connections.platform,
      way: grants.way,
      accountId: connections.remoteId,
      answering: inboxAccounts.answering,
    })
    .from(conversations)
    .innerJoin(connections, eq(connections.id, conversations.connectionId))
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .leftJoin(inboxAccounts, eq(inboxAccounts.connectionId, conversations.connectionId));

/** A person's conversation with what is needed to write in it; locked until the transaction ends. @throws AppError not_found */
export async function lockRoom(tx: Tx, userId: string, id: string): Promise<Room> {
  const [room] = await rooms(tx)
    .where(and(eq(conversations.id, id), eq(conversations.userId, userId)))
    .for("update", { of: conversations });
  if (!room) throw notFound("This conversation");
  return room;
}

/** The same without a lock, for whoever works on a message. */
export async function findRoom(tx: Queryable, id: string): Promise<Room | null> {
  const [room] = await rooms(tx).where(eq(conversations.id, id));
  return room ?? null;
}

/** What is queued is due at once, by the database's clock. */
export async function insertMessages(tx: Tx, rows: (typeof messages.$inferInsert)[]): Promise<MessageRow[]> {
  if (rows.length === 0) return [];
  return tx
    .insert(messages)
    .values(rows.map((row) => ({ ...row, dueAt: row.state === "queued" ? sql`now()` : null })))
    .returning();
}

/** The messages that came of a wish, in order. */
export async function messagesOfWish(
  tx: Queryable,
  conversationId: string,
  wish: string,
): Promise<MessageRow[]> {
  return tx
    .select()
    .from(messages)
    .where(and(eq(messages.conversationId, conversationId), eq(messages.wish, wish)))
    .orderBy(asc(messages.part));
}

/** A person's message. @throws AppError not_found */
export async function getMessage(tx: Queryable, userId: string, id: string): Promise<MessageRow> {
  const [row] = await tx
    .select()
    .from(messages)
    .where(and(eq(messages.id, id), eq(messages.userId, userId)));
  if (!row) throw notFound("This message");
  return row;
}

export async function findMessage(tx: Queryable, id: string): Promise<MessageRow | null> {
  const [row] = await tx.select().from(messages).where(eq(messages.id, id));
  return row ?? null;
}

/** A message that nobody else changes until the transaction ends. */
export async function lockMessage(tx: Tx, id: string): Promise<MessageRow | null> {
  const [row] = await tx.select().from(messages).where(eq(messages.id, id)).for("update");
  return row ?? null;
}

export async function saveAttachments(tx: Tx, id: string, attachments: StoredAttachment[]): Promise<void> {
  await tx.update(messages).set({ attachments, updatedAt: sql`now()` }).where(eq(messages.id, id));
}

/** Of a conversation, what was last said by any of these authors. */
export async function lastSaid(
  tx: Queryable,
  conversationId: string,
  authors: string[],
): Promise<MessageRow | null> {
  const [row] = await tx
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, conversationId),
        inArray(messages.author, authors),
        sql`${messages.state} <> 'cancelled'`,
        sql`${messages.details}->>'event' is null`,
      ),
    )
    .orderBy(desc(messages.sentAt), desc(messages.id))
    .limit(1);
  return row ?? null;
}

/** How often the assistant has answered here by itself within the last minute. */
export async function recentAnswers(tx: Queryable, conversationId: string): Promise<number> {
  const [row] = await tx
    .select({ wishes: sql<number>`count(distinct ${messages.wish})::int` })
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, conversationId),
        eq(messages.author, "assistant"),
        sql`${messages.createdAt} > now() - interval '1 minute'`,
      ),
    );
  return row?.wishes ?? 0;
}

/** Whether a private answer to this comment has been sent, may be out, or is on its way. */
export async function wasAnsweredInPrivate(
  tx: Queryable,
  conversationId: string,
  commentId: string,
): Promise<boolean> {
  const [row] = await tx
    .select({ id: messages.id })
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, conversationId),
        sql`${messages.details}->>'privateTo' = ${commentId}`,
        inArray(messages.state, ["queued", "sending", "sent", "uncertain"]),
      ),
    )
    .limit(1);
  return row !== undefined;
}

export async function updateConversation(
  tx: Queryable,
  id: string,
  change: Partial<typeof conversations.$inferInsert>,
): Promise<void> {
  await tx
    .update(conversations)
    .set({ ...change, updatedAt: sql`clock_timestamp()` })
    .where(eq(conversations.id, id));
}

/** Our own reaction to a message. */
export async function saveReaction(tx: Queryable, id: string, ours: StoredReaction): Promise<void> {
  await tx
    .update(messages)
    .set({
      reactions: sql`${messages.reactions} || ${JSON.stringify({ us: ours })}::jsonb`,
      updatedAt: sql`now()`,
    })
    .where(eq(messages.id, id));
}

// --- moving

/**
 * Takes a due message that nobody works on, unless an earlier one of its conversation has yet to go, or of its own parts may
 * not have. Its attempt number is the claim.
 */
export async function claimMessage(id: string): Promise<MessageRow | null> {
  const [row] = await db()
    .update(messages)
    .set({
      attempt: sql`${messages.attempt} + 1`,
      state: sql`case when ${messages.state} = 'queued' then 'sending' else ${messages.state} end`,
      leaseUntil: after(LEASE_MS),
      // Should we die at it, this is when someone else looks.
      dueAt: after(LEASE_MS),
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(messages.id, id),
        inArray(messages.state, ["queued", "sending", "uncertain"]),
        lte(messages.dueAt, sql`now()`),
        or(isNull(messages.leaseUntil), lt(messages.leaseUntil, sql`now()`)),
        sql`not exists (
          select from messages e
           where e.conversation_id = ${messages.conversationId}
             and (e.created_at, e.part, e.id) < (${messages.createdAt}, ${messages.part}, ${messages.id})
             and (e.state in ('queued', 'sending') or (e.state = 'uncertain' and e.wish = ${messages.wish})))`,
      ),
    )
    .returning();
  return row ?? null;
}

/**
 * Draws the fence: from here on they may see it. Null when nothing may be sent: the claim is lost, or it is the assistant's
 * and a person has taken over.
 */
export async function fenceMessage(id: string, attempt: number): Promise<Date | null> {
  const [row] = await db()
    .update(messages)
    .set({
      fencedAt: sql`now()`,
      leaseUntil: after(LEASE_MS),
      dueAt: after(LEASE_MS),
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(messages.id, id),
        eq(messages.attempt, attempt),
        eq(messages.state, "sending"),
        sql`(${messages.author} <> 'assistant' or not exists (
          select from conversations c
           where c.id = ${messages.conversationId} and (c.paused_until > now() or c.standby)))`,
      ),
    )
    .returning({ fencedAt: messages.fencedAt });
  return row?.fencedAt ?? null;
}

export async function keepMessage(id: string, attempt: number): Promise<void> {
  await db()
    .update(messages)
    .set({ leaseUntil: after(LEASE_MS), dueAt: after(LEASE_MS) })
    .where(
      and(
        eq(messages.id, id),
        eq(messages.attempt, attempt),
        isNotNull(messages.leaseUntil),
        inArray(messages.state, ["sending", "uncertain"]),
      ),
    );
}

export type MessageChange = {
  state: MessageState;
  /** null: nothing is left to do by itself. */
  nextInMs: number | null;
} & Partial<Omit<typeof messages.$inferInsert, "id" | "state" | "dueAt" | "leaseUntil">>;

/** Saves what an attempt came to, unless a later claim has been made. */
export async function saveAttempt(
  tx: Queryable,
  id: string,
  attempt: number,
  { nextInMs, ...change }: MessageChange,
): Promise<MessageRow | null> {
  const [saved] = await tx
    .update(messages)
    .set({
      ...change,
      leaseUntil: null,
      dueAt: nextInMs === null ? null : after(nextInMs),
      updatedAt: sql`now()`,
    })
    .where(and(eq(messages.id, id), eq(messages.attempt, attempt)))
    .returning();
  return saved ?? null;
}

/** Moves a person's message by their hand, if it is still in one of these states; ends every claim to it. */
export async function settleMessage(
  tx: Tx,
  userId: string,
  id: string,
  from: MessageState[],
  { nextInMs, ...change }: MessageChange,
): Promise<MessageRow | null> {
  const [row] = await tx
    .update(messages)
    .set({
      ...change,
      attempt: sql`${messages.attempt} + 1`,
      leaseUntil: null,
      dueAt: nextInMs === null ? null : after(nextInMs),
      updatedAt: sql`now()`,
    })
    .where(and(eq(messages.id, id), eq(messages.userId, userId), inArray(messages.state, from)))
    .returning();
  return row ?? null;
}

/** What was to follow a part that did not go out does not go out either. */
export async function stopLaterParts(tx: Tx, row: MessageRow, message: string): Promise<void> {
  if (!row.wish) return;
  await tx
    .update(messages)
    .set({
      state: "failed",
      dueAt: null,
      errorKind: "waits",
      errorCode: PART_BEFORE,
      errorMessage: message,
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(messages.conversationId, row.conversationId),
        eq(messages.wish, row.wish),
        sql`${messages.part} > ${row.part}`,
        eq(messages.state, "queued"),
      ),
    );
}

export const PART_BEFORE = "part_before";

/** Once the part before them is on its way again, so are they. */
export async function resumeLaterParts(
  tx: Tx,
  row: MessageRow,
  state: "queued" | "cancelled",
): Promise<void> {
  if (!row.wish) return;
  await tx
    .update(messages)
    .set({
      state,
      dueAt: state === "queued" ? sql`now()` : null,
      failures: 0,
      errorKind: null,
      errorCode: null,
      errorMessage: null,
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(messages.conversationId, row.conversationId),
        eq(messages.wish, row.wish),
        sql`${messages.part} > ${row.part}`,
        or(
          eq(messages.state, "queued"),
          and(eq(messages.state, "failed"), eq(messages.errorCode, PART_BEFORE)),
        ),
      ),
    );
}

/** Who else has this id of the platform's; locked. */
export async function findTwin(tx: Tx, row: MessageRow, remoteId: string): Promise<MessageRow | null> {
  const [twin] = await tx
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.connectionId, row.connectionId),
        eq(messages.remoteId, remoteId),
        sql`${messages.id} <> ${row.id}`,
      ),
    )
    .for("update");
  return twin ?? null;
}

/** The next of ours that waits in this conversation, if its time has come. */
export async function nextInLine(tx: Queryable, conversationId: string): Promise<string | null> {
  const [row] = await tx
    .select({ id: messages.id, due: sql<boolean>`${messages.dueAt} <= now()` })
    .from(messages)
    .where(and(eq(messages.conversationId, conversationId), eq(messages.state, "queued")))
    .orderBy(asc(messages.createdAt), asc(messages.part), asc(messages.id))
    .limit(1);
  return row?.due ? row.id : null;
}

/** What is overdue because whoever held it, or its job, is gone. */
export async function overdueMessages(limit: number): Promise<string[]> {
  const rows = await db()
    .select({ id: messages.id })
    .from(messages)
    .where(and(isNotNull(messages.dueAt), lte(messages.dueAt, sql`now()`)))
    .orderBy(asc(messages.dueAt), asc(messages.part))
    .limit(limit);
  return rows.map(({ id }) => id);
}
