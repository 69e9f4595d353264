import "server-only";
import { and, desc, eq, inArray, ne, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { conversations, messages } from "@/drizzle/schema/inbox";
import type { Tx } from "@/lib/db";

export type Reply = {
  conversationId: string;
  userId: string;
  author: "person" | "assistant";
  wish: string;
  text: string;
  guard?: { notNewerThan: string | null };
};

const MOST_BY_ITSELF_IN_A_MINUTE = 3;

/** @returns null when the assistant may not say it (any more) */
export async function enqueueReply(tx: Tx, reply: Reply): Promise<string[] | null> {
  const [room] = await tx
    .select()
    .from(conversations)
    .where(and(eq(conversations.id, reply.conversationId), eq(conversations.userId, reply.userId)))
    .for("update");
  if (!room || room.standby || (room.pausedUntil && room.pausedUntil > new Date())) return null;
  const [recent] = await tx
    .select({ wishes: sql<number>`count(distinct ${messages.wish})::int` })
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, room.id),
        eq(messages.author, "assistant"),
        sql`${messages.createdAt} > now() - interval '1 minute'`,
      ),
    );
  if ((recent?.wishes ?? 0) >= MOST_BY_ITSELF_IN_A_MINUTE) return null;
  const [last] = await tx
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, room.id),
        inArray(messages.author, ["them", "person", "phone"]),
        ne(messages.state, "cancelled"),
        sql`${messages.details}->>'event' is null`,
      ),
    )
    .orderBy(desc(messages.sentAt), desc(messages.id))
    .limit(1);
  if (last && last.id !== reply.guard?.notNewerThan) return null;
  const id = uuid();
  await tx.insert(messages).values({
    id,
    conversationId: room.id,
    userId: room.userId,
    connectionId: room.connectionId,
    author: reply.author,
    state: "queued",
    text: reply.text,
    wish: reply.wish,
    sentAt: new Date(),
    dueAt: new Date(),
  });
  return [id];
}
