import type { Access } from "./contract";

/**
 * Direct messages and comments of one account, where a platform has them. A plain object that remembers nothing, like
 * every part of a provider. What it throws is a PlatformError; an "ambiguous" one means that the message may be out.
 */
export type Inbox = {
  limits: InboxLimits;
  /** Scopes without which messages, or comments, can be neither read nor answered. */
  scopes: { messages: string[]; comments: string[] };
  /** Has this account's events sent to us. Asking again is harmless. */
  subscribe(access: Access): Promise<void>;
  unsubscribe(access: Access): Promise<void>;
  /** What this account is subscribed to, empty for nothing; null where the platform does not tell. */
  subscription(access: Access): Promise<string[] | null>;
  /**
   * One message, one call. `request.sending` is the fence, awaited right before it.
   * @throws PlatformError; what is refused for the conversation's own reasons has an InboxRefusal for its code
   */
  send(request: SendMessage): Promise<SentMessage>;
  /** What is no message: marks as seen, shows typing, reacts. Losing one of these harms nobody. */
  act(access: Access, action: InboxAction): Promise<void>;
  /** Answers below a comment, for all to see. `sending` is the fence. */
  replyToComment(request: CommentReply): Promise<SentMessage>;
  /** Who writes; null while the platform does not say, because they have not agreed to it by writing first. */
  profile(access: Access, peerId: string): Promise<Peer | null>;
  /** What was said before we listened, newest conversations first. A step is two calls at most: pause a second between them. */
  history(access: Access, request: HistoryRequest): Promise<History>;
};

/**
 * Why a message or a look was refused, as a PlatformError's `code`; its message says it to the person. one_image_only: the same
 * pictures may be sent one by one. too_long, not_sendable: refused before anything was sent.
 */
export type InboxRefusal =
  | "outside_window"
  | "human_agent_missing"
  | "person_unavailable"
  | "already_replied"
  | "conversation_gone"
  | "one_image_only"
  | "sending_restricted"
  | "no_consent"
  | "too_long"
  | "not_sendable";

/** Data for both sides: the composer warns by it, sending refuses by it. */
export type InboxLimits = {
  /** UTF-8 bytes of one message's text. */
  textBytes: number;
  /** Longest public reply, in characters. */
  commentCharacters: number;
  images: number;
  quickReplies: number;
  quickReplyCharacters: number;
  /** Emoji that may be reacted with, as they are offered. */
  reactions: string[];
  /** After their last message anyone, a program too, may answer for this long. */
  windowMs: number;
  /** After that, up to this long after their last message, only a person may. */
  personWindowMs: number;
  /** How long after a comment it may be answered once in private. */
  privateReplyMs: number;
};

export type Peer = {
  id: string;
  name: string | null;
  handle: string | null;
  avatarUrl: string | null;
  followers: number | null;
  /** They follow the business. */
  follows: boolean | null;
  verified: boolean | null;
};

export type SendMessage = {
  access: Access;
  /** A person who wrote, or a comment that is answered in private: once, and only then. */
  to: { peerId: string } | { commentId: string };
  message: OutgoingMessage;
  /** Written by a person after the window for everyone has closed: the platform wants that said. */
  byPersonOutsideWindow: boolean;
  /** The message this one answers, by its remote id. */
  replyTo?: string | undefined;
  sending(): Promise<void>;
};

/** Text and media never share a message. `images`: public addresses, one to as many as the limits say. */
export type OutgoingMessage =
  | { kind: "text"; text: string; quickReplies?: string[] | undefined }
  | { kind: "images"; urls: string[] }
  | { kind: "media"; type: "video" | "audio" | "file"; url: string };

export type SentMessage = {
  remoteId: string;
  /** Whom it went to, where the platform says: a private reply is addressed by its comment. */
  peerId: string | null;
};

export type CommentReply = {
  access: Access;
  commentId: string;
  text: string;
  sending(): Promise<void>;
};

export type InboxAction =
  | { kind: "seen"; peerId: string }
  | { kind: "typing"; peerId: string; on: boolean }
  /** `reaction` null takes ours back. */
  | { kind: "reaction"; peerId: string; messageId: string; reaction: string | null };

export type HistoryRequest = {
  /** Only the conversation with this person. */
  peerId?: string | undefined;
  /** Nothing older is asked for. */
  since: Date;
  /** From an earlier answer; null: from the start. */
  cursor: string | null;
};

export type History = {
  /** As if they had come in just now: harmless where they are known already. */
  events: InboxEvent[];
  /** Where to go on; null at the end. */
  cursor: string | null;
};

/** One thing that happened at an account, in whichever shape it was told. Ids are strings. */
export type InboxEvent = {
  /** The account it happened to, as connections know it (`remoteId`). */
  accountId: string;
  /** By the platform's clock. */
  at: Date;
  /** Another app holds the conversation: recorded, never answered. */
  standby: boolean;
} & (
  | InboxMessageEvent
  | {
      kind: "postback";
      peerId: string;
      messageId: string;
      title: string;
      payload: string;
      referral: Referral | null;
    }
  /** `reaction` null: taken back. `by`: whose reaction. */
  | {
      kind: "reaction";
      peerId: string;
      messageId: string;
      by: "them" | "us";
      reaction: string | null;
      emoji: string | null;
    }
  /** They have read up to this message. */
  | { kind: "seen"; peerId: string; messageId: string }
  | { kind: "edited"; peerId: string; messageId: string; text: string; edits: number }
  | { kind: "unsent"; peerId: string; messageId: string }
  | { kind: "referral"; peerId: string; referral: Referral }
  | InboxCommentEvent
  /** Someone named the account in a caption or a comment of their own post. */
  | { kind: "mention"; mediaId: string; commentId: string | null }
  /** The conversation changed hands between apps. `ours`: it is with us now; null where the event does not say. */
  | { kind: "handover"; peerId: string; ours: boolean | null }
  /** Nothing for an inbox: counted by its reason, such as "test", "own_comment" or "unknown_field". */
  | { kind: "ignored"; reason: string }
);

export type InboxMessageEvent = {
  kind: "message";
  peerId: string;
  messageId: string;
  /** us: an echo, of a message of ours or of one typed on the account's phone. */
  by: "them" | "us";
  /** The account wrote to itself. */
  self: boolean;
  text: string | null;
  attachments: IncomingAttachment[];
  replyTo: { messageId: string } | { storyId: string | null; storyUrl: string | null } | null;
  /** The payload of a quick reply they tapped; the text is its title. */
  quickReply: string | null;
  referral: Referral | null;
  /** Something the platform does not hand out. */
  unsupported: boolean;
};

export type InboxCommentEvent = {
  kind: "comment";
  commentId: string;
  /** The comment this one answers; null for one below the post itself. */
  parentId: string | null;
  mediaId: string | null;
  peerId: string;
  handle: string | null;
  text: string;
  live: boolean;
};

export type IncomingAttachment = {
  type:
    | "image"
    | "video"
    | "audio"
    | "file"
    | "sticker"
    | "post"
    | "reel"
    | "story"
    | "story_mention"
    | "share"
    | "view_once"
    | "unsupported";
  /** Ends within days, or with the story; fetched at once where it may be kept. */
  url: string | null;
  title: string | null;
  /** The post's or reel's id. */
  remoteId: string | null;
};

/** How someone came to write: a link, an advertisement, a product. */
export type Referral = {
  source: string | null;
  type: string | null;
  ref: string | null;
  adId: string | null;
  adTitle: string | null;
  productId: string | null;
};
