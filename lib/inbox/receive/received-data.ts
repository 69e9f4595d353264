import "server-only";
import { and, asc, eq, getTableColumns, inArray, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import { conversations, inboxFiles, messages } from "@/drizzle/schema/inbox";
import type { Tx } from "@/lib/db";

/** The only SQL by which what platforms tell becomes conversations and messages. Its callers hold the account's lock. */

export type MessageRow = typeof messages.$inferSelect;
export type ConversationRow = typeof conversations.$inferSelect;

/** A conversation of which nothing is known yet but an aside: it is in no list until something is said. */
export const NOTHING_SAID = new Date(0);

/** The conversations under these keys, made where there are none, and locked in the order that everyone locks them in. */
export async function openConversations(
  tx: Tx,
  rows: (typeof conversations.$inferInsert)[],
): Promise<ConversationRow[]> {
  const [first] = rows;
  if (!first) return [];
  await tx
    .insert(conversations)
    .values(rows)
    .onConflictDoNothing({
      target: [conversations.connectionId, conversations.kind, conversations.remoteKey],
    });
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return tx
    .select()
    .from(conversations)
    .where(
      and(
        eq(conversations.connectionId, first.connectionId),
        or(
          ...kinds.map((kind) =>
            and(
              eq(conversations.kind, kind),
              inArray(
                conversations.remoteKey,
                rows.filter((row) => row.kind === kind).map(({ remoteKey }) => remoteKey),
              ),
            ),
          ),
        ),
      ),
    )
    .orderBy(asc(conversations.id))
    .for("update");
}

/** Messages of an account by the platform's ids. */
export async function messagesByRemoteIds(
  tx: Tx,
  connectionId: string,
  remoteIds: string[],
): Promise<MessageRow[]> {
  if (remoteIds.length === 0) return [];
  return tx
    .select()
    .from(messages)
    .where(and(eq(messages.connectionId, connectionId), inArray(messages.remoteId, remoteIds)))
    .orderBy(asc(messages.id))
    .for("update");
}

export type Unconfirmed = { message: MessageRow; peerId: string | null };

/** Ours that may be out without our knowing their id, with whom they went to; the oldest first. */
export async function unconfirmedMessages(tx: Tx, connectionId: string): Promise<Unconfirmed[]> {
  return tx
    .select({ message: messages, peerId: conversations.peerId })
    .from(messages)
    .innerJoin(conversations, eq(conversations.id, messages.conversationId))
    .where(
      and(
        eq(messages.connectionId, connectionId),
        isNull(messages.remoteId),
        isNotNull(messages.fencedAt),
        inArray(messages.state, ["sending", "uncertain"]),
      ),
    )
    .orderBy(asc(messages.fencedAt), asc(messages.id))
    .for("update", { of: messages });
}

/** Writes messages as they are now, new ones and known ones alike. */
export async function saveMessages(tx: Tx, rows: MessageRow[]): Promise<void> {
  if (rows.length === 0) return;
  const given: (keyof MessageRow)[] = [
    "conversationId",
    "remoteId",
    "author",
    "state",
    "text",
    "attachments",
    "replyTo",
    "quickReplies",
    "details",
    "reactions",
    "edits",
    "editedAt",
    "unsentAt",
    "seenAt",
    "sentAt",
    "leaseUntil",
    "fencedAt",
    "dueAt",
    "errorKind",
    "errorCode",
    "errorMessage",
  ];
  const columns = getTableColumns(messages);
  const set: Record<string, SQL> = { updatedAt: sql`now()` };
  for (const name of given) set[name] = sql`excluded.${sql.identifier(columns[name].name)}`;
  await tx.insert(messages).values(rows).onConflictDoUpdate({ target: messages.id, set });
}

export async function deleteMessages(tx: Tx, ids: string[]): Promise<void> {
  if (ids.length > 0) await tx.delete(messages).where(inArray(messages.id, ids));
}

/** Writes what was told of conversations beside their messages. */
export async function saveConversations(tx: Tx, rows: ConversationRow[]): Promise<void> {
  if (rows.length === 0) return;
  const given: (keyof ConversationRow)[] = [
    "peerId",
    "peerHandle",
    "mediaId",
    "profileAt",
    "readAt",
    "archivedAt",
    "pausedUntil",
    "handedOverAt",
    "handedOverWhy",
    "standby",
    "standbyAt",
  ];
  const columns = getTableColumns(conversations);
  const set: Record<string, SQL> = {};
  for (const name of given) set[name] = sql`excluded.${sql.identifier(columns[name].name)}`;
  await tx.insert(conversations).values(rows).onConflictDoUpdate({ target: conversations.id, set });
}

/** What an assistant was about to say is not said any more: a person has answered. */
export async function cancelAssistant(tx: Tx, conversationIds: string[]): Promise<void> {
  if (conversationIds.length === 0) return;
  await tx
    .update(messages)
    .set({ state: "cancelled", dueAt: null, updatedAt: sql`now()` })
    .where(
      and(
        inArray(messages.conversationId, conversationIds),
        eq(messages.author, "assistant"),
        eq(messages.state, "queued"),
      ),
    );
}

/** "Seen" is said of one message and means all of ours before it. */
export async function spreadSeen(tx: Tx, conversationIds: string[]): Promise<void> {
  if (conversationIds.length === 0) return;
  await tx.execute(sql`
    with known as (
      select m.id, m.author, m.seen_at,
             min(m.seen_at) over (partition by m.conversation_id order by m.sent_at desc) as reached
        from messages m
       where m.conversation_id = any(${sql.param(conversationIds)}::uuid[]) and m.author is not null
    )
    update messages m set seen_at = known.reached, updated_at = now()
      from known
     where m.id = known.id and known.author <> 'them' and known.reached is not null
       and m.seen_at is distinct from known.reached`);
}

/** Derives from the messages what lists show of their conversations, and says that they have changed. */
export async function summarize(tx: Tx, conversationIds: string[]): Promise<void> {
  if (conversationIds.length === 0) return;
  await tx.execute(sql`
    update conversations c
       set last_message_at = coalesce(latest.sent_at, to_timestamp(0)),
           snippet = latest.snippet,
           snippet_by = latest.author,
           last_inbound_at = inbound.sent_at,
           unread = unread.count,
           updated_at = clock_timestamp()
      from conversations d
      left join lateral (
        select m.sent_at, m.author, left(m.text, 160) as snippet
          from messages m
         where m.conversation_id = d.id and m.author is not null and m.state <> 'cancelled'
         order by m.sent_at desc, m.id desc limit 1
      ) latest on true
      left join lateral (
        select m.sent_at
          from messages m
         where m.conversation_id = d.id and m.author = 'them'
           and m.details->>'event' is null and m.details->>'self' is null
         order by m.sent_at desc limit 1
      ) inbound on true
      left join lateral (
        select count(*)::int as count
          from messages m
         where m.conversation_id = d.id and m.author = 'them' and m.details->>'event' is null
           and m.sent_at > coalesce(d.read_at, to_timestamp(0))
      ) unread on true
     where c.id = d.id and d.id = any(${sql.param(conversationIds)}::uuid[])`);
}

/** Lets go of our copies of what these messages carried; their bytes are removed later. */
export async function releaseFiles(tx: Tx, messageIds: string[]): Promise<void> {
  if (messageIds.length === 0) return;
  await tx.update(inboxFiles).set({ messageId: null }).where(inArray(inboxFiles.messageId, messageIds));
}
