import "server-only";
import { withAccess } from "@/lib/connections/access";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import type { InboxAction } from "@/lib/platforms/inbox-contract";
import type { SignedIn } from "@/lib/session";
import { getConversation } from "../conversations-data";
import { limitsOf } from "../limits";
import { turn } from "../pace";
import { summarize } from "../receive/received-data";
import type { ConversationKind } from "../schema";
import { windowOf } from "../window";
import { getMessage, saveReaction } from "./messages-data";

/** What is said without words: that one has read, that one writes, and reactions. */

/** Reacts to a message of theirs, or takes that back. @throws AppError when the platform refuses */
export async function react(user: SignedIn, messageId: string, reaction: string | null): Promise<void> {
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
}

/**
 * Shows the customer that somebody here is writing: for a while (unverified: twenty seconds), or until a message comes.
 * @returns false where it cannot be shown: below comments, and once the time to answer is over. @throws AppError not_found
 */
export async function showTyping(user: SignedIn, conversationId: string): Promise<boolean> {
  const { conversation, platform, way } = await getConversation(db(), user.id, conversationId);
  const { connectionId, peerId, standby, lastInboundAt } = conversation;
  // safe: the table's check holds exactly these words
  const kind = conversation.kind as ConversationKind;
  const { state } = windowOf(kind, lastInboundAt, limitsOf(platform, way) ?? undefined);
  if (state !== "open" || standby || peerId === null) return false;
  return actQuietly(connectionId, { kind: "typing", peerId, on: true });
}

const act = async (connectionId: string, action: InboxAction): Promise<void> => {
  await turn("text", connectionId);
  await withAccess(connectionId, async (provider, access) => provider.inbox?.act(access, action));
};

/** What harms nobody when it is lost. Never throws. @returns whether the platform took it */
export async function actQuietly(connectionId: string, action: InboxAction): Promise<boolean> {
  try {
    await act(connectionId, action);
    return true;
  } catch (error) {
    const refused = error instanceof PlatformError;
    log[refused ? "info" : "error"]("inbox.act_failed", {
      connectionId,
      action: action.kind,
      code: refused ? error.code : null,
      error,
    });
    return false;
  }
}
