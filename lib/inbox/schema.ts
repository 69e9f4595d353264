import { z } from "zod";
import type { InboxLimits } from "@/lib/platforms/inbox-contract";

/** The words the inbox travels in. Instants are ISO strings. */

export const answeringModes = ["off", "suggest", "auto"] as const;
export type AnsweringMode = (typeof answeringModes)[number];

export const conversationKinds = ["direct", "comment", "mention"] as const;
export type ConversationKind = (typeof conversationKinds)[number];

export const messageStates = [
  "received",
  "queued",
  "sending",
  "sent",
  "failed",
  "uncertain",
  "cancelled",
] as const;
export type MessageState = (typeof messageStates)[number];

/** them: the customer. person: someone here. phone: typed at the platform itself. */
export type MessageAuthor = "them" | "person" | "phone" | "assistant";

export type ConversationDto = {
  id: string;
  connectionId: string;
  platform: string;
  /** The business account, for those who have several. */
  accountName: string;
  kind: ConversationKind;
  peer: {
    name: string | null;
    handle: string | null;
    avatarUrl: string | null;
    facts: Record<string, string | number | boolean | null>;
  };
  /** The last thing said, shortened; null when it has no text. */
  snippet: string | null;
  snippetBy: MessageAuthor | null;
  lastMessageAt: string;
  unread: number;
  archived: boolean;
  /** Who answers here, and whether that was said for this conversation alone. */
  mode: AnsweringMode;
  ownMode: AnsweringMode | null;
  pausedUntil: string | null;
  handedOver: { at: string; why: string | null } | null;
  standby: boolean;
  window: WindowDto;
  /** What the platform takes; null where it is not set up here any more. */
  limits: InboxLimits | null;
};

/**
 * Until when we may write. open: anyone. person: only a person, and the message says so. closed: nobody, until they write
 * again. none: no window exists (public comments).
 */
export type WindowDto = {
  state: "open" | "person" | "closed" | "none";
  /** When this state ends by itself; null for closed and none. */
  until: string | null;
};

export type AttachmentDto = {
  type: string;
  /** Where our own copy can be had; null when there is none (yet). */
  href: string | null;
  mimeType: string | null;
  title: string | null;
  /** The post or reel at the platform; https only. */
  link: string | null;
  /** kept: we have it. fetching: on its way. gone: it could not be had, or must not be kept. */
  state: "kept" | "fetching" | "gone";
};

export type MessageDto = {
  id: string;
  /** The platform's id, to answer or react to it; null while ours is on its way. */
  remoteId: string | null;
  author: MessageAuthor;
  state: MessageState;
  text: string | null;
  attachments: AttachmentDto[];
  replyTo: { messageId: string | null; story: boolean; storyUrl: string | null } | null;
  quickReplies: string[];
  reactions: { by: "them" | "us"; emoji: string }[];
  edited: boolean;
  unsent: boolean;
  seenAt: string | null;
  sentAt: string;
  error: { kind: string | null; code: string | null; message: string } | null;
  /** A link, an advertisement, a product they came by; a button they pressed; in a sentence. */
  note: string | null;
  /** Comments: whether it can still be answered in private, and whether that was done. */
  privateReply: "possible" | "done" | "over" | null;
  /** The assistant's: why it said this. */
  why: WhyDto | null;
};

/** What the assistant went by. */
export type WhyDto = {
  /** answered, suggested, handed over, dropped. */
  outcome: "answered" | "suggested" | "handed_over" | "dropped";
  /** In plain words. */
  reason: string;
  /** 0 to 1, of the best entry or the model's own. */
  confidence: number | null;
  sources: { id: string; title: string; score: number }[];
  /** The model that wrote it; null when an entry's own words were used. */
  model: string | null;
};

export type ConversationsAnswer = {
  conversations: ConversationDto[];
  nextCursor: string | null;
  /** Over all accounts and filters. */
  unread: number;
};

export type ConversationAnswer = {
  conversation: ConversationDto;
  /** Oldest first. */
  messages: MessageDto[];
  /** For what was said before. */
  nextCursor: string | null;
  /** A draft by the assistant that waits for a person. */
  suggestion: SuggestionDto | null;
};

export type SuggestionDto = { id: string; text: string; why: WhyDto; createdAt: string };

export const inboxFilters = ["open", "unread", "waiting", "archived"] as const;
/** waiting: the assistant asked for a person, or they wrote last. */
export type InboxFilter = (typeof inboxFilters)[number];

/** GET /api/inbox */
export const InboxQuery = z.object({
  filter: z.enum(inboxFilters).default("open"),
  kind: z.enum(conversationKinds).optional(),
  connection: z.uuid().optional(),
  q: z.string().trim().max(200).optional(),
  cursor: z.string().max(200).optional(),
});
export type InboxQuery = z.infer<typeof InboxQuery>;

/** GET /api/inbox/[id] */
export const ThreadQuery = z.object({ cursor: z.string().max(200).optional() });

/** POST /api/inbox/[id]: a person's answer. `wish` is made by the browser: the same wish twice is one message. */
export const ReplyBody = z
  .object({
    wish: z.uuid(),
    text: z.string().max(8_000).default(""),
    media: z
      .array(z.object({ id: z.uuid() }))
      .max(10)
      .default([]),
    quickReplies: z.array(z.string().trim().min(1).max(20)).max(13).default([]),
    /** The message it answers, by our id. */
    replyTo: z.uuid().optional(),
    /** Comments: below the comment for all to see, or once in private. */
    channel: z.enum(["public", "private"]).default("public"),
    /** The suggestion it came from, so that it is put away. */
    suggestionId: z.uuid().optional(),
  })
  .refine(({ text, media }) => text.trim() !== "" || media.length > 0, {
    message: "Write something, or add a picture.",
  });
export type ReplyBody = z.infer<typeof ReplyBody>;

export type ReplyAnswer = { messages: MessageDto[] };

/** PATCH /api/inbox/[id] */
export const ConversationPatch = z.object({
  read: z.literal(true).optional(),
  archived: z.boolean().optional(),
  /** null: as the account does. */
  mode: z.enum(answeringModes).nullable().optional(),
  /** Let the assistant go on now, or hold it for as many minutes. */
  pausedForMinutes: z
    .number()
    .int()
    .min(0)
    .max(7 * 24 * 60)
    .optional(),
});
export type ConversationPatch = z.infer<typeof ConversationPatch>;

/** POST /api/inbox/messages/[id]/settle: a person decides about a message that failed or may be out. */
export const SettleBody = z.object({ as: z.enum(["sent", "resend", "dismiss"]) });
/** POST /api/inbox/messages/[id]/reaction */
export const ReactionBody = z.object({ reaction: z.string().max(16).nullable() });

/** GET /api/inbox/accounts: each connected account that has an inbox. */
export type InboxAccountDto = {
  connectionId: string;
  platform: string;
  name: string;
  handle: string | null;
  subscription: "off" | "on" | "failed" | "not_allowed";
  subscribedAt: string | null;
  subscriptionError: string | null;
  lastEventAt: string | null;
  mode: AnsweringMode;
  answering: Answering;
};

const answeringFields = {
  /** Below this (0 to 1) a person is asked instead. */
  threshold: z.number().min(0).max(1),
  /** Most answers by itself in one day (UTC). */
  dailyCap: z.number().int().min(0).max(10_000),
  /** How long a person's answer keeps the assistant still. */
  pauseMinutes: z
    .number()
    .int()
    .min(1)
    .max(7 * 24 * 60),
  /** Goes before the first answer in a conversation; empty: nothing does. */
  disclosure: z.string().trim().max(300),
  /** Said by a customer, as words of their own, a person takes over. */
  stopWords: z.array(z.string().trim().min(1).max(40)).max(50),
  /** When not empty, only what is about one of these is answered. */
  allowTopics: z.array(z.string().trim().min(1).max(80)).max(50),
  /** What is about one of these goes to a person. */
  denyTopics: z.array(z.string().trim().min(1).max(80)).max(50),
  /** Told to the customer when a person is asked; empty: nothing is said. */
  handOverText: z.string().trim().max(300),
  /** How the model should sound, in the owner's words. */
  tone: z.string().trim().max(500),
};

/** How an account answers by itself. */
export const Answering = z.object({
  threshold: answeringFields.threshold.default(0.5),
  dailyCap: answeringFields.dailyCap.default(200),
  pauseMinutes: answeringFields.pauseMinutes.default(120),
  disclosure: answeringFields.disclosure.default(
    "This is an automatic answer. Write “human” to reach a person.",
  ),
  // Not "person" alone: "per person" is about prices.
  stopWords: answeringFields.stopWords.default(["human", "agent", "a person", "real person"]),
  allowTopics: answeringFields.allowTopics.default([]),
  denyTopics: answeringFields.denyTopics.default([]),
  handOverText: answeringFields.handOverText.default(""),
  tone: answeringFields.tone.default(""),
});
export type Answering = z.infer<typeof Answering>;

/** PATCH /api/inbox/accounts/[id] (a connection's id). What is absent stays as it is: no defaults here. */
export const InboxAccountPatch = z.object({
  mode: z.enum(answeringModes).optional(),
  answering: z.object(answeringFields).partial().optional(),
});
export type InboxAccountPatch = z.infer<typeof InboxAccountPatch>;

export type InboxAccountsAnswer = {
  accounts: InboxAccountDto[];
  /** Whether a model is configured, and how many answers by it are left. */
  model: { name: string } | null;
  credits: number;
};

const knowledgeFields = {
  /** The question, in as many wordings as wanted, each ending in "?"; or a heading for pasted text. */
  title: z.string().trim().min(1, "Write the question.").max(300),
  text: z.string().trim().min(1, "Write the answer.").max(20_000),
  kind: z.enum(["answer", "text"]),
  /** Only for this account; null: for all. */
  connectionId: z.uuid().nullable(),
};

/** An answer goes out as it stands. */
export const longestAnswer = 2_000;
export const tooLongForAnAnswer = `An answer has at most ${longestAnswer} characters. Paste longer text as text.`;

/** POST /api/inbox/knowledge */
export const KnowledgeBody = z
  .object({
    ...knowledgeFields,
    kind: knowledgeFields.kind.default("answer"),
    connectionId: knowledgeFields.connectionId.default(null),
  })
  .refine(({ kind, text }) => kind === "text" || text.length <= longestAnswer, {
    path: ["text"],
    message: tooLongForAnAnswer,
  });
export type KnowledgeBody = z.infer<typeof KnowledgeBody>;
/** PATCH /api/inbox/knowledge/[id] */
export const KnowledgePatch = z.object(knowledgeFields).partial();
export type KnowledgePatch = z.infer<typeof KnowledgePatch>;
/** `used`: how many answers and drafts went by it. */
export type KnowledgeDto = KnowledgeBody & { id: string; updatedAt: string; used: number };
/** GET /api/inbox/knowledge: last changed first. */
export type KnowledgeAnswer = { entries: KnowledgeDto[] };

/** POST /api/inbox/knowledge/try: what would be said, and why. Nothing is sent. */
export const TryBody = z.object({
  question: z.string().trim().min(1, "Write what a customer might ask.").max(1_000),
  /** As this account answers; absent: by the settings an account begins with. */
  connectionId: z.uuid().nullable().optional(),
});
export type TryBody = z.infer<typeof TryBody>;
export type TryAnswer = {
  /** What the customer would be told; null: nothing, or a person would be asked. */
  text: string | null;
  why: WhyDto;
  /** What the model cost for this try. */
  credits: number;
};

/** GET·POST /api/inbox/saved-replies, PATCH·DELETE /api/inbox/saved-replies/[id] */
export const SavedReplyBody = z.object({
  title: z.string().trim().min(1, "Give it a name.").max(80),
  text: z.string().trim().min(1, "Write the reply.").max(2_000),
});
export type SavedReplyBody = z.infer<typeof SavedReplyBody>;
export const SavedReplyPatch = SavedReplyBody.partial();
export type SavedReplyPatch = z.infer<typeof SavedReplyPatch>;
export type SavedReplyDto = SavedReplyBody & { id: string };
/** GET /api/inbox/saved-replies: by name. */
export type SavedRepliesAnswer = { replies: SavedReplyDto[] };

/** GET /api/inbox/numbers?days=30 */
export const NumbersQuery = z.object({ days: z.coerce.number().int().min(1).max(365).default(30) });
export type InboxNumbers = {
  days: number;
  received: number;
  answeredBy: { person: number; phone: number; assistant: number };
  handedOver: number;
  /** From a customer's first unanswered message to the first answer; null when there was none. */
  medianFirstResponseMs: number | null;
};

/** GET /api/inbox/events: the raw log of the signed-in person's accounts. */
export type WebhookEventDto = {
  id: string;
  platform: string;
  accountName: string;
  receivedAt: string;
  processedAt: string | null;
  attempts: number;
  outcome: Record<string, number> | null;
  error: string | null;
  /** The entry as it came. */
  entry: string;
};
export type WebhookEventsAnswer = { events: WebhookEventDto[]; nextCursor: string | null };
