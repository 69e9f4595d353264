import "server-only";
import { and, count, desc, eq, gt, isNull, lte, notInArray, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { answers } from "@/drizzle/schema/assistant";
import { users } from "@/drizzle/schema/auth";
import { conversations, messages } from "@/drizzle/schema/inbox";
import { after, db, type Queryable, type Tx } from "@/lib/db";
import type { SuggestionDto, WhyDto } from "../schema";

/** The only SQL about what the assistant decided. */

export type AnswerRow = typeof answers.$inferSelect;
export type Claim = Pick<AnswerRow, "id" | "attempt">;

/** Longer than a model may think, so that nobody thinks beside the one who does. */
const LEASE_MS = 90_000;

/**
 * Takes the decision about a burst, named by its last message: one for each, and one thinks at a time. Whoever died while
 * thinking is followed by another when the lease has run out.
 */
export async function claimAnswer(
  tx: Queryable,
  about: Pick<AnswerRow, "userId" | "connectionId" | "conversationId" | "messageId">,
): Promise<Claim | null> {
  const [row] = await tx
    .insert(answers)
    .values({ id: uuid(), asked: "arrival", ...about, leaseUntil: after(LEASE_MS) })
    .onConflictDoUpdate({
      target: answers.messageId,
      targetWhere: sql`${answers.asked} = 'arrival'`,
      set: { attempt: sql`${answers.attempt} + 1`, leaseUntil: after(LEASE_MS) },
      setWhere: sql`${answers.outcome} is null and ${answers.leaseUntil} <= now()`,
    })
    .returning({ id: answers.id, attempt: answers.attempt });
  return row ?? null;
}

export type Decided = Pick<AnswerRow, "reason" | "sources" | "confidence" | "model" | "text" | "credits"> & {
  outcome: WhyDto["outcome"];
  draft: "open" | null;
};

/** What is kept of why something was decided, before anything is said. */
export const told = ({
  reason,
  sources,
  confidence,
  model,
}: Pick<Decided, "reason" | "sources" | "confidence" | "model">): Omit<Decided, "outcome"> => ({
  reason,
  sources,
  confidence,
  model,
  text: null,
  credits: 0,
  draft: null,
});

/** Writes a decision down, if it is still this claim's to make. Comes first in its transaction: whoever is second waits, and loses. */
export async function settleAnswer(tx: Tx, { id, attempt }: Claim, decided: Decided): Promise<boolean> {
  const rows = await tx
    .update(answers)
    .set({ ...decided, leaseUntil: null, decidedAt: sql`now()` })
    .where(and(eq(answers.id, id), eq(answers.attempt, attempt), isNull(answers.outcome)))
    .returning({ id: answers.id });
  return rows.length > 0;
}

/** Whether this claim still has the decision to make. */
export async function holdsClaim(tx: Queryable, { id, attempt }: Claim): Promise<boolean> {
  const rows = await tx
    .select({ id: answers.id })
    .from(answers)
    .where(and(eq(answers.id, id), eq(answers.attempt, attempt), isNull(answers.outcome)));
  return rows.length > 0;
}

/** A draft that somebody here asked for. */
export async function insertDraft(
  tx: Tx,
  about: Pick<AnswerRow, "userId" | "connectionId" | "conversationId" | "messageId">,
  decided: Decided,
): Promise<AnswerRow> {
  const [row] = await tx
    .insert(answers)
    .values({ id: uuid(), asked: "person", ...about, ...decided, decidedAt: sql`now()` })
    .returning();
  if (!row) throw new Error("The draft was not written.");
  return row;
}

/** Puts away the draft that waits in a conversation, if one does. */
export async function dismissDrafts(tx: Queryable, userId: string, conversationId: string): Promise<void> {
  await tx
    .update(answers)
    .set({ draft: "dismissed" })
    .where(
      and(eq(answers.conversationId, conversationId), eq(answers.userId, userId), eq(answers.draft, "open")),
    );
}

/** For whoever sends what a person made of a draft: it waits no longer. */
export async function useDraft(
  tx: Queryable,
  userId: string,
  conversationId: string,
  id: string,
): Promise<void> {
  await tx
    .update(answers)
    .set({ draft: "used" })
    .where(
      and(
        eq(answers.id, id),
        eq(answers.conversationId, conversationId),
        eq(answers.userId, userId),
        eq(answers.draft, "open"),
      ),
    );
}

/** Conversations whose decision was begun and never made. */
export async function stuckAnswers(limit: number): Promise<string[]> {
  const rows = await db()
    .select({ conversationId: answers.conversationId })
    .from(answers)
    .where(and(isNull(answers.outcome), lte(answers.leaseUntil, sql`now()`)))
    .limit(limit);
  return rows.map(({ conversationId }) => conversationId);
}

/** Lets another try at once what this claim could not decide. */
export async function releaseAnswer({ id, attempt }: Claim): Promise<void> {
  await db()
    .update(answers)
    .set({ leaseUntil: sql`now()` })
    .where(and(eq(answers.id, id), eq(answers.attempt, attempt), isNull(answers.outcome)));
}

/** What nobody decided for an hour is not answered any more. */
export async function giveUpAnswers(): Promise<void> {
  await db()
    .update(answers)
    .set({
      outcome: "dropped",
      reason: "It was not decided in time.",
      leaseUntil: null,
      decidedAt: sql`now()`,
    })
    .where(and(isNull(answers.outcome), lte(answers.leaseUntil, sql`now() - interval '1 hour'`)));
}

/** Whether nothing that the assistant said in a conversation has gone out, or is about to. */
export async function isFirstAnswer(tx: Queryable, conversationId: string): Promise<boolean> {
  const rows = await tx
    .select({ id: answers.id })
    .from(answers)
    .innerJoin(messages, and(eq(messages.wish, answers.id), eq(messages.conversationId, conversationId)))
    .where(
      and(
        eq(answers.conversationId, conversationId),
        eq(answers.outcome, "answered"),
        notInArray(messages.state, ["failed", "cancelled"]),
      ),
    )
    .limit(1);
  return rows.length === 0;
}

/** Lets one after the other count and answer for an account, until the transaction ends. */
export async function takeTurn(tx: Tx, connectionId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`assistant:${connectionId}`}, 0))`);
}

/** Answers that an account gave by itself today (UTC). */
export async function answersToday(tx: Queryable, connectionId: string): Promise<number> {
  const [row] = await tx
    .select({ answers: count() })
    .from(answers)
    .where(
      and(
        eq(answers.connectionId, connectionId),
        eq(answers.outcome, "answered"),
        sql`${answers.decidedAt} >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'`,
      ),
    );
  return row?.answers ?? 0;
}

/** Pays for what a model wrote. @returns false when nothing is left to pay with */
export async function payCredit(tx: Queryable, userId: string): Promise<boolean> {
  const rows = await tx
    .update(users)
    .set({ credits: sql`${users.credits} - 1` })
    .where(and(eq(users.id, userId), gt(users.credits, 0)))
    .returning({ credits: users.credits });
  return rows.length > 0;
}

/** Whether somebody has written since this message: the customer again, or a person of ours. */
export async function isOvertaken(
  tx: Queryable,
  conversationId: string,
  messageId: string,
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1
      from messages newer
      join messages known on known.id = ${messageId}
     where newer.conversation_id = ${conversationId} and newer.id <> known.id
       and newer.author is not null and newer.state not in ('failed', 'cancelled')
       and newer.details->>'event' is null
       and case newer.author
             when 'them' then (newer.sent_at, newer.id) > (known.sent_at, known.id)
             -- What the assistant says to an earlier message may go out late: that overtakes nothing.
             when 'assistant' then false
             else newer.sent_at > known.sent_at or newer.created_at > known.created_at end
     limit 1`);
  return rows.length > 0;
}

/** Asks for a person, once: false when one has been asked for already. */
export async function markHandedOver(tx: Tx, conversationId: string, why: string): Promise<boolean> {
  const rows = await tx
    .update(conversations)
    .set({ handedOverAt: sql`now()`, handedOverWhy: why, updatedAt: sql`clock_timestamp()` })
    .where(and(eq(conversations.id, conversationId), isNull(conversations.handedOverAt)))
    .returning({ id: conversations.id });
  return rows.length > 0;
}

/** Shows that something about a conversation is new. */
export async function touchConversation(
  tx: Queryable,
  userId: string,
  conversationId: string,
): Promise<void> {
  await tx
    .update(conversations)
    .set({ updatedAt: sql`clock_timestamp()` })
    .where(and(eq(conversations.id, conversationId), eq(conversations.userId, userId)));
}

/** The draft that waits in a conversation; nobody has answered since. */
export async function suggestionOf(userId: string, conversationId: string): Promise<SuggestionDto | null> {
  const [row] = await db()
    .select({ answer: answers })
    .from(answers)
    .innerJoin(messages, eq(messages.id, answers.messageId))
    .where(
      and(
        eq(answers.conversationId, conversationId),
        eq(answers.userId, userId),
        eq(answers.draft, "open"),
        sql`not exists (
          select 1 from messages later
           where later.conversation_id = ${answers.conversationId} and later.author in ('person', 'phone')
             and later.state not in ('failed', 'cancelled') and later.sent_at > ${messages.sentAt})`,
      ),
    )
    .orderBy(desc(answers.id))
    .limit(1);
  return row ? toSuggestion(row.answer) : null;
}

export const toSuggestion = (row: AnswerRow): SuggestionDto => ({
  id: row.id,
  text: row.text ?? "",
  why: toWhy(row),
  createdAt: (row.decidedAt ?? row.createdAt).toISOString(),
});

export const toWhy = (
  row: Pick<AnswerRow, "outcome" | "reason" | "confidence" | "sources" | "model">,
): WhyDto => ({
  // safe: the table's check holds exactly these words, and what has no outcome yet is never shown
  outcome: row.outcome as WhyDto["outcome"],
  reason: row.reason,
  confidence: row.confidence,
  sources: row.sources,
  model: row.model,
});
