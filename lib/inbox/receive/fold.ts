import type { InboxEvent, IncomingAttachment } from "@/lib/platforms/inbox-contract";
import type { MessageRow } from "./received-data";

/**
 * What a message has become by everything told of it. Pure, and the same in whatever order and however often it is told:
 * events arrive doubled, late and shuffled, an edit before its message.
 */

/** What is told of a message; everything else in its row is ours. */
export type Told = Pick<
  MessageRow,
  | "author"
  | "text"
  | "attachments"
  | "replyTo"
  | "quickReplies"
  | "details"
  | "reactions"
  | "edits"
  | "editedAt"
  | "unsentAt"
  | "seenAt"
  | "sentAt"
>;

/** As kept in a message's row. `url`: the platform's, until it ends. */
export type StoredAttachment = {
  type: IncomingAttachment["type"];
  url: string | null;
  title: string | null;
  remoteId: string | null;
  state: "kept" | "fetching" | "gone";
  mimeType: string | null;
  /** Our copy of what they sent. */
  fileId: string | null;
  /** A file of our own library, for what we sent. */
  mediaId: string | null;
};

export type StoredReaction = { reaction: string | null; emoji: string | null; at: string };

/** Nothing is known yet but that there is such a message. */
export const unknownMessage = (at: Date): Told => ({
  author: null,
  text: null,
  attachments: [],
  replyTo: null,
  quickReplies: [],
  details: {},
  reactions: {},
  edits: 0,
  editedAt: null,
  unsentAt: null,
  seenAt: null,
  sentAt: at,
});

/** @param event its `at` is no later than when we heard of it */
export function fold(told: Told, event: InboxEvent): Told {
  switch (event.kind) {
    case "message":
      if (told.author !== null) return told;
      return said(told, event.at, {
        author: event.by === "them" ? "them" : "phone",
        text: event.text,
        attachments: event.attachments.map(stored),
        replyTo: event.replyTo && { ...event.replyTo },
        quickReplies: event.quickReply === null ? [] : [event.quickReply],
        details: {
          ...(event.referral && { referral: event.referral }),
          ...(event.unsupported && { unsupported: true }),
          ...(event.self && { self: true }),
        },
      });
    case "postback":
      if (told.author !== null) return told;
      return said(told, event.at, {
        author: "them",
        text: event.title,
        attachments: [],
        replyTo: null,
        quickReplies: [event.payload],
        details: { postback: true, ...(event.referral && { referral: event.referral }) },
      });
    case "comment":
      if (told.author !== null) return told;
      return said(told, event.at, {
        author: "them",
        text: event.text,
        attachments: [],
        replyTo: event.parentId === null ? null : { messageId: event.parentId },
        quickReplies: [],
        details: { comment: true, from: event.peerId, handle: event.handle, live: event.live },
      });
    case "mention":
      if (told.author !== null) return told;
      return said(told, event.at, {
        author: "them",
        text: null,
        attachments: [],
        replyTo: null,
        quickReplies: [],
        details: { mention: event.commentId === null ? "post" : "comment" },
      });
    case "referral":
      if (told.author !== null) return told;
      return said(told, event.at, {
        author: "them",
        text: null,
        attachments: [],
        replyTo: null,
        quickReplies: [],
        details: { event: "referral", referral: event.referral },
      });
    case "reaction": {
      const theirs = { reaction: event.reaction, emoji: event.emoji, at: event.at.toISOString() };
      const known = told.reactions[event.by] as StoredReaction | undefined;
      if (known && !isLater(theirs, known)) return told;
      return { ...told, reactions: { ...told.reactions, [event.by]: theirs } };
    }
    case "seen":
      if (told.seenAt && told.seenAt <= event.at) return told;
      return { ...told, seenAt: event.at };
    case "edited":
      if (event.edits <= told.edits) return told;
      return {
        ...told,
        edits: event.edits,
        editedAt: event.at,
        text: told.unsentAt ? null : event.text,
      };
    case "unsent":
      if (told.unsentAt && told.unsentAt <= event.at) return told;
      // The content goes, for good: that is what taking back means.
      return { ...told, unsentAt: event.at, text: null, attachments: [], quickReplies: [], replyTo: null };
    case "handover":
    case "ignored":
      return told;
  }
}

type Content = Pick<Told, "author" | "text" | "attachments" | "replyTo" | "quickReplies" | "details">;

/** The message itself, under what was told of it earlier. */
function said(told: Told, at: Date, content: Content): Told {
  const { details } = content;
  if (told.unsentAt) {
    return { ...told, author: content.author, details: { ...told.details, ...details }, sentAt: at };
  }
  return {
    ...told,
    ...content,
    text: told.edits > 0 ? told.text : content.text,
    details: { ...told.details, ...details },
    sentAt: at,
  };
}

/** What is fetched at once, because its address ends. A mention in a story ends with the story and is not ours to keep. */
const KEPT = new Set<string>(["image", "video", "audio", "file", "sticker"]);

export const isFetched = ({ type, url }: Pick<IncomingAttachment, "type" | "url">): boolean =>
  KEPT.has(type) && url !== null;

const stored = (attachment: IncomingAttachment): StoredAttachment => ({
  type: attachment.type,
  url: attachment.url,
  title: attachment.title,
  remoteId: attachment.remoteId,
  state: isFetched(attachment) ? "fetching" : "gone",
  mimeType: null,
  fileId: null,
  mediaId: null,
});

/** Of two reactions at the same instant the same one wins, whichever came first. */
function isLater(one: StoredReaction, other: StoredReaction): boolean {
  if (one.at !== other.at) return one.at > other.at;
  return `${one.reaction}${one.emoji}` > `${other.reaction}${other.emoji}`;
}
