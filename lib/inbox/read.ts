import "server-only";
import { withAccess } from "@/lib/connections/access";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import type { InboxAction } from "@/lib/platforms/inbox-contract";
import type { SignedIn } from "@/lib/session";
import { suggestionOf, whyOf } from "./assistant/data";
import {
  countUnread,
  getConversation,
  listConversations,
  listThread,
  messagesByIds,
  type ThreadMessage,
} from "./conversations-data";
import { toConversationDto, toMessageDto } from "./dto";
import { getMessage, lockRoom, saveReaction, updateConversation } from "./messages-data";
import { summarize } from "./received-data";
import type {
  ConversationAnswer,
  ConversationDto,
  ConversationPatch,
  ConversationsAnswer,
  InboxQuery,
  MessageDto,
} from "./schema";

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
  const [conversation, thread] = await Promise.all([
    getConversation(db(), user.id, id),
    listThread(user.id, id, cursor),
  ]);
  const [messages, suggestion] = await Promise.all([explained(thread.rows), suggestionOf(id)]);
  return {
    conversation: toConversationDto(conversation),
    messages,
    nextCursor: thread.nextCursor,
    suggestion,
  };
}

/** With why the assistant said what it said, or did not. */
async function explained(rows: ThreadMessage[]): Promise<MessageDto[]> {
  const why = await whyOf(rows.map(({ message }) => message.id));
  return rows.map((row) => toMessageDto(row, why.get(row.message.id) ?? null));
}

export const readMessages = async (user: SignedIn, ids: string[]): Promise<MessageDto[]> =>
  explained(await messagesByIds(user.id, ids));

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

/** Reacts to a message of theirs, or takes that back. @throws AppError when the platform refuses */
export async function react(
  user: SignedIn,
  messageId: string,
  reaction: string | null,
): Promise<MessageDto[]> {
  const message = await getMessage(db(), user.id, messageId);
  const { conversation } = await getConversation(db(), user.id, message.conversationId);
  const { remoteId } = message;
  if (conversation.kind !== "direct" || message.author !== "them" || !remoteId || !conversation.peerId) {
    throw new AppError(409, "not_reactable", "Only what they wrote to you can be reacted to.");
  }
  try {
    const { peerId } = conversation;
    await act(message.connectionId, { kind: "reaction", peerId, messageId: remoteId, reaction });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new AppError(502, "not_reacted", error.message, {
      remedy: error.kind === "reconnect" ? "reconnect" : "retry",
      cause: error,
    });
  }
  await db().transaction(async (tx) => {
    await saveReaction(tx, messageId, {
      reaction: reaction === null ? null : "other",
      emoji: reaction,
      at: new Date().toISOString(),
    });
    await summarize(tx, [conversation.id]);
  });
  return readMessages(user, [messageId]);
}

const act = (connectionId: string, action: InboxAction): Promise<void> =>
  withAccess(connectionId, async (provider, access) => provider.inbox?.act(access, action));

/** What harms nobody when it is lost. */
export async function actQuietly(connectionId: string, action: InboxAction): Promise<void> {
  try {
    await act(connectionId, action);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.info("inbox.act_failed", { connectionId, action: action.kind, code: error.code, error });
  }
}

const latest = (one: Date | null, other: Date): Date => (one && one > other ? one : other);
