import "server-only";
import { sandboxOrigin } from "@/lib/env";
import type { Referral } from "@/lib/platforms/inbox-contract";
import { toWhy } from "./assistant/data";
import type { Listed, ThreadMessage } from "./conversations-data";
import { limitsOf } from "./limits";
import type { StoredAttachment, StoredReaction } from "./receive/fold";
import type {
  AnsweringMode,
  AttachmentDto,
  ConversationDto,
  ConversationKind,
  MessageAuthor,
  MessageDto,
  MessageState,
} from "./schema";
import { windowOf } from "./window";

/** Rows as the browser gets them. */

/** How long a comment may be answered in private where the platform's own limit is not at hand. */
const PRIVATE_REPLY_MS = 7 * 24 * 60 * 60_000;
/** A story is gone after a day, and what mentioned us in it with it. */
const STORY_MS = 24 * 60 * 60_000;

export function toConversationDto({
  conversation: row,
  platform,
  way,
  accountName,
  accountMode,
}: Listed): ConversationDto {
  // safe, here and below: the tables' checks hold exactly these words
  const kind = row.kind as ConversationKind;
  const limits = limitsOf(platform, way);
  return {
    id: row.id,
    connectionId: row.connectionId,
    platform,
    accountName,
    kind,
    peer: {
      name: row.peerName,
      handle: row.peerHandle,
      avatarUrl: safeLink(row.peerAvatarUrl),
      facts: row.peerFacts,
    },
    snippet: row.snippet,
    snippetBy: row.snippetBy as MessageAuthor | null,
    lastMessageAt: row.lastMessageAt.toISOString(),
    unread: row.unread,
    archived: row.archivedAt !== null,
    mode: (row.mode ?? accountMode ?? "off") as AnsweringMode,
    ownMode: row.mode as AnsweringMode | null,
    pausedUntil: row.pausedUntil && row.pausedUntil > new Date() ? row.pausedUntil.toISOString() : null,
    handedOver: row.handedOverAt ? { at: row.handedOverAt.toISOString(), why: row.handedOverWhy } : null,
    standby: row.standby,
    window: windowOf(kind, row.lastInboundAt, limits ?? undefined),
    limits,
  };
}

export function toMessageDto({ message: row, answeredInPrivate, repliesTo, why }: ThreadMessage): MessageDto {
  return {
    id: row.id,
    remoteId: row.remoteId,
    author: row.author as MessageAuthor,
    state: row.state as MessageState,
    text: row.text,
    attachments: (row.attachments as StoredAttachment[]).map((one) => attachmentOf(one, row.sentAt)),
    replyTo: row.replyTo
      ? {
          messageId: repliesTo,
          story: "storyUrl" in row.replyTo || "storyId" in row.replyTo,
          storyUrl: stillThere(row.sentAt) ? safeLink(row.replyTo["storyUrl"]) : null,
        }
      : null,
    quickReplies: row.quickReplies,
    reactions: (["them", "us"] as const).flatMap((by) => {
      const { reaction, emoji } = (row.reactions[by] ?? {}) as Partial<StoredReaction>;
      const shown = emoji ?? (reaction ? (EMOJI[reaction] ?? null) : null);
      return shown ? [{ by, emoji: shown }] : [];
    }),
    edited: row.edits > 0,
    unsent: row.unsentAt !== null,
    seenAt: row.author === "them" ? null : (row.seenAt?.toISOString() ?? null),
    sentAt: row.sentAt.toISOString(),
    error: row.errorMessage ? { kind: row.errorKind, code: row.errorCode, message: row.errorMessage } : null,
    note: noteOf(row.details),
    privateReply: privateReplyOf(row, answeredInPrivate),
    why: why && toWhy(why),
  };
}

function attachmentOf(stored: StoredAttachment, sentAt: Date): AttachmentDto {
  const href = stored.fileId
    ? `/api/inbox/files/${stored.fileId}`
    : stored.mediaId
      ? `/api/media/${stored.mediaId}/file`
      : null;
  return {
    type: stored.type,
    href,
    mimeType: stored.mimeType,
    title: stored.title,
    link: LINKED.has(stored.type) && stillLinked(stored, sentAt) ? safeLink(stored.url) : null,
    state: stored.state,
  };
}

/** What stays at the platform: shown from there, for as long as it is there. */
const LINKED = new Set<string>(["post", "reel", "share", "story", "story_mention"]);
const stillThere = (sentAt: Date): boolean => Date.now() - sentAt.getTime() < STORY_MS;
const stillLinked = ({ type }: StoredAttachment, sentAt: Date): boolean =>
  (type !== "story" && type !== "story_mention") || stillThere(sentAt);

function privateReplyOf(
  { author, details, sentAt, unsentAt }: ThreadMessage["message"],
  done: boolean,
): MessageDto["privateReply"] {
  if (author !== "them" || !details["comment"] || unsentAt) return null;
  if (done) return "done";
  return Date.now() - sentAt.getTime() < PRIVATE_REPLY_MS ? "possible" : "over";
}

/** How they came, or what they pressed, in a sentence. */
function noteOf(details: Record<string, unknown>): string | null {
  const referral = details["referral"] as Referral | undefined;
  if (details["unsupported"])
    return "Something that the platform does not hand out. Open it there to see it.";
  if (details["postback"])
    return referral ? `They pressed this button. ${cameBy(referral)}` : "They pressed this button.";
  if (details["mention"] === "post") return "They named you in the caption of a post.";
  if (details["mention"] === "comment") return "They named you in a comment.";
  if (details["privateTo"]) return "Sent to them in private.";
  if (details["live"]) return "Written during a live broadcast.";
  return referral ? cameBy(referral) : null;
}

function cameBy({ source, ref, adTitle, adId, productId }: Referral): string {
  if (productId) return "They came by one of your products.";
  if (adId || adTitle || source === "ADS") {
    return adTitle
      ? `They came by your advertisement “${adTitle}”.`
      : "They came by one of your advertisements.";
  }
  return ref ? `They came by a link to you (${ref}).` : "They came by a link to you.";
}

/** The platform's words for reactions, as it shows them. */
const EMOJI: Record<string, string> = {
  love: "❤️",
  like: "👍",
  laugh: "😂",
  wow: "😮",
  sad: "😢",
  angry: "😡",
  other: "👍",
};

/** Nothing but https, whatever someone managed to send; and what the sandbox shows of itself. */
const safeLink = (url: string | null | undefined): string | null => {
  const parsed = url ? URL.parse(url) : null;
  return parsed && (parsed.protocol === "https:" || parsed.origin === sandboxOrigin()) ? parsed.href : null;
};
