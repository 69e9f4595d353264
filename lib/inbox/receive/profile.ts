import "server-only";
import { withAccess } from "@/lib/connections/access";
import { db } from "@/lib/db";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { findConversation } from "../conversations-data";
import { updateConversation } from "../send/messages-data";

/**
 * Asks who writes, which the platform tells once they have written. Asked at their first message and again a week later.
 * @throws PlatformError when trying again soon may help
 */
export async function lookUpProfile(conversationId: string): Promise<void> {
  const conversation = await findConversation(conversationId);
  if (conversation?.kind !== "direct" || conversation.peerId === null) return;
  const { connectionId, peerId } = conversation;
  try {
    const peer = await withAccess(
      connectionId,
      async (provider, access) => (await provider.inbox?.profile(access, peerId)) ?? null,
    );
    if (!peer) return;
    await updateConversation(db(), conversationId, {
      peerName: peer.name,
      peerHandle: peer.handle,
      peerAvatarUrl: peer.avatarUrl,
      peerFacts: { followers: peer.followers, follows: peer.follows, verified: peer.verified },
      profileAt: new Date(),
    });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.info("inbox.profile_failed", { conversationId, kind: error.kind, code: error.code, error });
    if (error.kind === "unavailable" || error.kind === "slow_down") throw error;
  }
}
