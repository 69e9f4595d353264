import "server-only";
import { and, desc, eq, inArray, isNotNull, notInArray, sql } from "drizzle-orm";
import { answers } from "@/drizzle/schema/assistant";
import { users } from "@/drizzle/schema/auth";
import { connections } from "@/drizzle/schema/connections";
import { conversations, inboxAccounts, messages } from "@/drizzle/schema/inbox";
import { db, type Queryable, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import {
  Answering,
  type AnsweringMode,
  type ConversationKind,
  type InboxAccountDto,
  type InboxAccountPatch,
} from "../schema";

/** The only SQL about what an answer is made from: one conversation, its account, its owner. */

export type Conversation = {
  id: string;
  userId: string;
  connectionId: string;
  kind: ConversationKind;
  peerId: string | null;
  peerName: string | null;
  /** They are the account itself. */
  self: boolean;
  /** Who answers: as said for this conversation, else for the account. */
  mode: AnsweringMode;
  standby: boolean;
  paused: boolean;
  handedOver: boolean;
  lastInboundAt: Date | null;
  answering: Answering;
  credits: number;
};

export type Said = {
  id: string;
  author: "them" | "person" | "phone" | "assistant";
  text: string | null;
  attachments: string[];
  /** The assistant's: the last message it had considered. It may have gone out after newer ones came in. */
  answers: string | null;
  /** Nothing that was said: how they came, or to themselves. */
  aside: boolean;
  sentAt: Date;
  createdAt: Date;
};

/** Turns that a prompt may hold, and in which the burst is looked for. */
const RECENT = 30;

/** @param userId only when it is theirs; absent: for a job, which acts for whoever owns it */
export async function findConversation(
  tx: Queryable,
  id: string,
  userId: string | null = null,
): Promise<Conversation | null> {
  const [row] = await tx
    .select({
      conversation: conversations,
      remoteId: connections.remoteId,
      mode: inboxAccounts.mode,
      answering: inboxAccounts.answering,
      credits: users.credits,
      paused: sql<boolean>`coalesce(${conversations.pausedUntil} > now(), false)`,
    })
    .from(conversations)
    .innerJoin(
      connections,
      and(eq(connections.id, conversations.connectionId), eq(connections.userId, conversations.userId)),
    )
    .innerJoin(users, eq(users.id, conversations.userId))
    .leftJoin(inboxAccounts, eq(inboxAccounts.connectionId, conversations.connectionId))
    .where(and(eq(conversations.id, id), ...(userId === null ? [] : [eq(conversations.userId, userId)])));
  if (!row) return null;
  const { conversation, remoteId, credits, paused } = row;
  return {
    id: conversation.id,
    userId: conversation.userId,
    connectionId: conversation.connectionId,
    // safe, both: the tables' checks hold exactly these words
    kind: conversation.kind as ConversationKind,
    mode: (conversation.mode ?? row.mode ?? "off") as AnsweringMode,
    peerId: conversation.peerId,
    peerName: conversation.peerName ?? conversation.peerHandle,
    self: conversation.peerId === remoteId,
    standby: conversation.standby,
    paused,
    handedOver: conversation.handedOverAt !== null,
    lastInboundAt: conversation.lastInboundAt,
    answering: Answering.parse(row.answering ?? {}),
    credits,
  };
}

/** What was said last, oldest first; what never went out is not part of it, nor what was taken back. */
export async function recentMessages(tx: Queryable, conversationId: string): Promise<Said[]> {
  const rows = await tx
    .select({ message: messages, answers: answers.messageId })
    .from(messages)
    .leftJoin(answers, and(eq(answers.id, messages.wish), eq(messages.author, "assistant")))
    .where(
      and(
        eq(messages.conversationId, conversationId),
        isNotNull(messages.author),
        notInArray(messages.state, ["failed", "cancelled"]),
      ),
    )
    .orderBy(desc(messages.sentAt), desc(messages.id))
    .limit(RECENT);
  return rows.reverse().map(({ message: row, answers }) => ({
    id: row.id,
    answers,
    // safe: not null by the query, and the table's check holds exactly these words
    author: row.author as Said["author"],
    text: row.unsentAt ? null : row.text,
    attachments: row.unsentAt ? [] : row.attachments.map(({ type }) => String(type)),
    aside: row.details["self"] === true || row.details["event"] !== undefined,
    sentAt: row.sentAt,
    createdAt: row.createdAt,
  }));
}

/** How long ago by the database's clock, in milliseconds, we heard of the first and the last of these messages. */
export async function heardAgo(tx: Queryable, ids: string[]): Promise<{ firstMs: number; lastMs: number }> {
  const ago = (at: ReturnType<typeof sql>) => sql<number>`(extract(epoch from now() - ${at}) * 1000)::float8`;
  const [row] = await tx
    .select({
      firstMs: ago(sql`min(${messages.createdAt})`),
      lastMs: ago(sql`max(${messages.createdAt})`),
    })
    .from(messages)
    .where(inArray(messages.id, ids));
  return { firstMs: row?.firstMs ?? 0, lastMs: row?.lastMs ?? 0 };
}

/** @throws AppError not_found, also for somebody else's account */
export async function getAnswering(userId: string, connectionId: string): Promise<Answering> {
  const [row] = await db()
    .select({ answering: inboxAccounts.answering })
    .from(connections)
    .leftJoin(inboxAccounts, eq(inboxAccounts.connectionId, connections.id))
    .where(and(eq(connections.id, connectionId), eq(connections.userId, userId)));
  if (!row) throw notFound("This account");
  return Answering.parse(row.answering ?? {});
}

/** Changes what the patch names, of one of a person's accounts. @throws AppError not_found */
export async function saveAnswering(
  tx: Tx,
  userId: string,
  connectionId: string,
  { mode, answering }: InboxAccountPatch,
): Promise<InboxAccountDto> {
  const [account] = await tx
    .select()
    .from(connections)
    .where(and(eq(connections.id, connectionId), eq(connections.userId, userId)))
    .for("share");
  if (!account) throw notFound("This account");
  const [row] = await tx
    .insert(inboxAccounts)
    .values({ connectionId, userId, ...(mode && { mode }), answering: answering ?? {} })
    .onConflictDoUpdate({
      target: inboxAccounts.connectionId,
      set: {
        ...(mode && { mode }),
        answering: sql`${inboxAccounts.answering} || ${JSON.stringify(answering ?? {})}::jsonb`,
        updatedAt: sql`now()`,
      },
    })
    .returning();
  if (!row) throw new Error("The account was not written.");
  return {
    connectionId,
    platform: account.platform,
    name: account.name,
    handle: account.handle,
    // safe, both: the table's checks hold exactly these words
    subscription: row.subscription as InboxAccountDto["subscription"],
    mode: row.mode as AnsweringMode,
    subscribedAt: row.subscribedAt?.toISOString() ?? null,
    subscriptionError: row.subscriptionError,
    lastEventAt: row.lastEventAt?.toISOString() ?? null,
    answering: Answering.parse(row.answering),
  };
}
