import "server-only";
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import { answers } from "@/drizzle/schema/assistant";
import { connections, grants } from "@/drizzle/schema/connections";
import { conversations, inboxAccounts, inboxFiles, messages } from "@/drizzle/schema/inbox";
import { db, type Queryable } from "@/lib/db";
import { notFound } from "@/lib/errors";
import type { ConversationRow, MessageRow } from "./receive/received-data";
import type { InboxFilter, InboxNumbers, InboxQuery } from "./schema";

/** The only SQL by which people read their inbox. Each page is one statement, however much there is. */

const PAGE_SIZE = 30;
const THREAD_SIZE = 40;

export type Listed = {
  conversation: ConversationRow;
  platform: string;
  way: string | null;
  accountName: string;
  accountMode: string | null;
};

const listed = (tx: Queryable) =>
  tx
    .select({
      conversation: conversations,
      platform: connections.platform,
      way: grants.way,
      accountName: connections.name,
      accountMode: inboxAccounts.mode,
    })
    .from(conversations)
    .innerJoin(connections, eq(connections.id, conversations.connectionId))
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .leftJoin(inboxAccounts, eq(inboxAccounts.connectionId, conversations.connectionId));

/** Something has been said in it. */
const isSaid = gt(conversations.lastMessageAt, new Date(0));

const filters: Record<InboxFilter, SQL | undefined> = {
  open: isNull(conversations.archivedAt),
  unread: and(isNull(conversations.archivedAt), gt(conversations.unread, 0)),
  waiting: and(
    isNull(conversations.archivedAt),
    or(isNotNull(conversations.handedOverAt), eq(conversations.snippetBy, "them")),
  ),
  archived: isNotNull(conversations.archivedAt),
};

/** Newest first. @throws AppError never: a cursor that is none of ours starts at the top */
export async function listConversations(
  userId: string,
  { filter, kind, connection, q, cursor }: InboxQuery,
): Promise<{ rows: Listed[]; nextCursor: string | null }> {
  const after = cursor ? readCursor(cursor) : null;
  const words = q ? searchWords(q) : null;
  const rows = await listed(db())
    .where(
      and(
        eq(conversations.userId, userId),
        isSaid,
        filters[filter],
        kind ? eq(conversations.kind, kind) : undefined,
        connection ? eq(conversations.connectionId, connection) : undefined,
        words === null ? undefined : matches(userId, words),
        after
          ? or(
              lt(conversations.lastMessageAt, after.at),
              and(eq(conversations.lastMessageAt, after.at), lt(conversations.id, after.id)),
            )
          : undefined,
      ),
    )
    .orderBy(desc(conversations.lastMessageAt), desc(conversations.id))
    .limit(PAGE_SIZE + 1);
  const page = rows.slice(0, PAGE_SIZE);
  const last = page.at(-1)?.conversation;
  return {
    rows: page,
    nextCursor: rows.length > PAGE_SIZE && last ? writeCursor(last.lastMessageAt, last.id) : null,
  };
}

/** Over all accounts: how many conversations have something unread. */
export async function countUnread(userId: string): Promise<number> {
  const [row] = await db()
    .select({ count: sql<number>`count(*)::int` })
    .from(conversations)
    .where(
      and(eq(conversations.userId, userId), gt(conversations.unread, 0), isNull(conversations.archivedAt)),
    );
  return row?.count ?? 0;
}

/** @throws AppError not_found */
export async function getConversation(tx: Queryable, userId: string, id: string): Promise<Listed> {
  const [row] = await listed(tx).where(and(eq(conversations.id, id), eq(conversations.userId, userId)));
  if (!row) throw notFound("This conversation");
  return row;
}

export async function findConversation(id: string): Promise<ConversationRow | null> {
  const [row] = await db().select().from(conversations).where(eq(conversations.id, id));
  return row ?? null;
}

export type ThreadMessage = {
  message: MessageRow;
  answeredInPrivate: boolean;
  repliesTo: string | null;
  /** What the assistant went by when it said this, or when it said nothing to it. */
  why: Pick<typeof answers.$inferSelect, "outcome" | "reason" | "confidence" | "sources" | "model"> | null;
};

/** What was said, oldest first; the cursor leads to what was said before. */
export async function listThread(
  userId: string,
  conversationId: string,
  cursor: string | null,
): Promise<{ rows: ThreadMessage[]; nextCursor: string | null }> {
  const before = cursor ? readCursor(cursor) : null;
  const rows = await thread(
    and(
      eq(messages.conversationId, conversationId),
      eq(messages.userId, userId),
      before
        ? or(lt(messages.sentAt, before.at), and(eq(messages.sentAt, before.at), lt(messages.id, before.id)))
        : undefined,
    ),
  )
    .orderBy(desc(messages.sentAt), desc(messages.id))
    .limit(THREAD_SIZE + 1);
  const page = rows.slice(0, THREAD_SIZE);
  const last = page.at(-1)?.message;
  return {
    rows: page.toReversed(),
    nextCursor: rows.length > THREAD_SIZE && last ? writeCursor(last.sentAt, last.id) : null,
  };
}

/** A person's messages by their ids, in the order they go out. */
export const messagesByIds = (userId: string, ids: string[]): Promise<ThreadMessage[]> =>
  thread(and(eq(messages.userId, userId), inArray(messages.id, ids))).orderBy(
    asc(messages.createdAt),
    asc(messages.part),
  );

/** Placeholders are no messages, and what the assistant dropped was never said. */
const thread = (where: SQL | undefined) => {
  // By the id of what it said, or by that of the customer's message that it did not answer.
  const why = db()
    .select({
      outcome: answers.outcome,
      reason: answers.reason,
      confidence: answers.confidence,
      sources: answers.sources,
      model: answers.model,
    })
    .from(answers)
    .where(
      or(
        and(eq(answers.id, messages.wish), eq(messages.author, "assistant")),
        and(
          eq(answers.messageId, messages.id),
          eq(answers.asked, "arrival"),
          inArray(answers.outcome, ["handed_over", "dropped"]),
        ),
      ),
    )
    .limit(1)
    .as("why");
  return db()
    .select({
      message: messages,
      why: {
        outcome: why.outcome,
        reason: why.reason,
        confidence: why.confidence,
        sources: why.sources,
        model: why.model,
      },
      // Written out: drizzle leaves the table's name off in a list of fields, and the inner table would be meant.
      answeredInPrivate: sql<boolean>`messages.details->>'comment' is not null and exists (
        select from messages p
         where p.conversation_id = messages.conversation_id
           and p.details->>'privateTo' = messages.remote_id
           and p.state in ('queued', 'sending', 'sent', 'uncertain'))`,
      repliesTo: sql<string | null>`case when messages.reply_to->>'messageId' is not null then (
        select a.id from messages a
         where a.connection_id = messages.connection_id and a.remote_id = messages.reply_to->>'messageId') end`,
    })
    .from(messages)
    .leftJoinLateral(why, sql`true`)
    .where(
      and(
        where,
        isNotNull(messages.author),
        sql`not (${messages.state} = 'cancelled' and ${messages.author} = 'assistant')`,
      ),
    );
};

/** Our copy of what they sent, for its owner only. @throws AppError not_found */
export async function getFile(userId: string, id: string): Promise<typeof inboxFiles.$inferSelect> {
  const [row] = await db()
    .select()
    .from(inboxFiles)
    .where(and(eq(inboxFiles.id, id), eq(inboxFiles.userId, userId), isNotNull(inboxFiles.messageId)));
  if (!row) throw notFound("This file");
  return row;
}

/** Conversations of these people that have changed within the last half minute. */
export async function recentChanges(
  userIds: string[],
): Promise<{ userId: string; id: string; updatedAt: Date }[]> {
  return db()
    .select({ userId: conversations.userId, id: conversations.id, updatedAt: conversations.updatedAt })
    .from(conversations)
    .where(
      and(
        inArray(conversations.userId, userIds),
        sql`${conversations.updatedAt} > now() - interval '30 seconds'`,
      ),
    );
}

type Counted = {
  received: number;
  person: number;
  phone: number;
  assistant: number;
  median: number | null;
  handed_over: number;
};

/** What came in and who answered, over the last days, and how long the first answer took. */
export async function countNumbers(userId: string, days: number): Promise<InboxNumbers> {
  const since = sql`now() - ${`${days} days`}::interval`;
  const { rows } = await db().execute(sql`
    with said as (
      select m.author, m.sent_at,
             m.author = 'them' and lag(m.author) over talk is distinct from 'them' as opens,
             min(m.sent_at) filter (where m.author <> 'them') over (
               talk rows between current row and unbounded following
             ) as answered_at
        from messages m
       where m.user_id = ${userId} and m.sent_at > ${since} and m.author is not null
         and m.state in ('received', 'sent') and m.details->>'event' is null
      window talk as (partition by m.conversation_id order by m.sent_at, m.id)
    )
    select count(*) filter (where author = 'them')::int as received,
           count(*) filter (where author = 'person')::int as person,
           count(*) filter (where author = 'phone')::int as phone,
           count(*) filter (where author = 'assistant')::int as assistant,
           (percentile_cont(0.5) within group (order by extract(epoch from answered_at - sent_at) * 1000)
             filter (where opens and answered_at is not null))::float8 as median,
           (select count(*)::int from answers a
             where a.user_id = ${userId} and a.outcome = 'handed_over' and a.decided_at > ${since}) as handed_over
      from said`);
  // safe: the statement above names exactly these columns
  const counted = rows[0] as Counted | undefined;
  return {
    days,
    received: counted?.received ?? 0,
    answeredBy: {
      person: counted?.person ?? 0,
      phone: counted?.phone ?? 0,
      assistant: counted?.assistant ?? 0,
    },
    handedOver: counted?.handed_over ?? 0,
    medianFirstResponseMs: counted?.median == null ? null : Math.round(counted.median),
  };
}

/** By words of anything said, or of the person's name; each word may be a beginning. */
const matches = (userId: string, words: string) => sql`(
  to_tsvector('simple', coalesce(${conversations.peerName}, '') || ' ' || coalesce(${conversations.peerHandle}, ''))
    @@ to_tsquery('simple', ${words})
  or ${conversations.id} in (
    select s.conversation_id from messages s
     where s.user_id = ${userId} and to_tsvector('simple', coalesce(s.text, '')) @@ to_tsquery('simple', ${words})))`;

/** "Joh Bell" → `'joh':* & 'bell':*`; null when there is no word in it. */
function searchWords(q: string): string | null {
  const words = q.match(/[\p{L}\p{N}_]+/gu)?.slice(0, 8) ?? [];
  return words.length === 0 ? null : words.map((word) => `'${word}':*`).join(" & ");
}

/** A place in a list: an instant, in milliseconds as all of these are kept, and an id. */
const writeCursor = (at: Date, id: string): string => `${at.getTime()}~${id}`;

function readCursor(cursor: string): { at: Date; id: string } | null {
  const [, ms, id] = /^(\d{1,15})~([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/.exec(cursor) ?? [];
  return ms && id ? { at: new Date(Number(ms)), id } : null;
}
