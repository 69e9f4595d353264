import "server-only";
import { db } from "@/lib/db";
import type { SignedIn } from "@/lib/session";
import { suggestionOf } from "./assistant/data";
import {
  countUnread,
  getConversation,
  listConversations,
  listThread,
  messagesByIds,
} from "./conversations-data";
import { toConversationDto, toMessageDto } from "./dto";
import { summarize } from "./receive/received-data";
import type {
  ConversationAnswer,
  ConversationDto,
  ConversationPatch,
  ConversationsAnswer,
  InboxQuery,
  MessageDto,
} from "./schema";
import { actQuietly } from "./send/gestures";
import { lockRoom, updateConversation } from "./send/messages-data";

/** What a person sees of their inbox, and what they do in it besides answering. */

export async function readInbox(user: SignedIn, query: InboxQuery): Promise<ConversationsAnswer> {
  const [{ rows, nextCursor }, unread] = await Promise.all([
    listConversations(user.id, query),
    countUnread(user.id),
  ]);
  return { conversations: rows.map(toConversationDto), nextCursor, unread };
}

/** @throws AppError not_found */
export async function readConversation(
  user: SignedIn,
  id: string,
  cursor: string | null,
): Promise<ConversationAnswer> {
  const [conversation, thread, suggestion] = await Promise.all([
    getConversation(db(), user.id, id),
    listThread(user.id, id, cursor),
    suggestionOf(user.id, id),
  ]);
  return {
    conversation: toConversationDto(conversation),
    messages: thread.rows.map(toMessageDto),
    nextCursor: thread.nextCursor,
    suggestion,
  };
}

export const readMessages = async (user: SignedIn, ids: string[]): Promise<MessageDto[]> =>
  (await messagesByIds(user.id, ids)).map(toMessageDto);

/** @returns the conversation as it is now, and what the platform is told of it afterwards */
export async function changeConversation(
  user: SignedIn,
  id: string,
  patch: ConversationPatch,
): Promise<{ conversation: ConversationDto; told: () => Promise<void> }> {
  const { seen, row } = await db().transaction(async (tx) => {
    const { conversation } = await lockRoom(tx, user.id, id);
    const { read, archived, mode, pausedForMinutes } = patch;
    const hadUnread = conversation.unread > 0;
    await updateConversation(tx, id, {
      ...(read && { readAt: latest(conversation.readAt, conversation.lastMessageAt) }),
      ...(archived !== undefined && { archivedAt: archived ? new Date() : null }),
      ...(mode !== undefined && { mode }),
      ...(pausedForMinutes !== undefined && pause(pausedForMinutes)),
    });
    if (read) await summarize(tx, [id]);
    return {
      seen: read === true && hadUnread && conversation.kind === "direct" && !conversation.standby,
      row: await getConversation(tx, user.id, id),
    };
  });
  const { connectionId, peerId } = row.conversation;
  return {
    conversation: toConversationDto(row),
    told: async () => {
      if (seen && peerId) await actQuietly(connectionId, { kind: "seen", peerId });
    },
  };
}

/** To let the assistant go on is also to take the conversation back from a person's hands. */
const pause = (minutes: number) =>
  minutes === 0
    ? { pausedUntil: null, handedOverAt: null, handedOverWhy: null }
    : { pausedUntil: new Date(Date.now() + minutes * 60_000) };

const latest = (one: Date | null, other: Date): Date => (one && one > other ? one : other);
