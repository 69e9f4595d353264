import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { users } from "./auth";
import { connections } from "./connections";

/** What platforms tell us (webhook_events), and what people and their customers say to each other (conversations, messages). */
const instant = (name: string) => timestamp(name, { withTimezone: true });

/** One entry of one webhook delivery, kept as it came. A row not yet processed is the job itself. */
export const webhookEvents = pgTable(
  "webhook_events",
  {
    id: uuid("id").primaryKey(),
    platform: text("platform").notNull(),
    /** The account it is about, as the platform names it: not every one is connected here. */
    accountId: text("account_id").notNull(),
    /** SHA-256 of account and entry: the same delivery twice is one row. */
    digest: text("digest").notNull().unique(),
    entry: text("entry").notNull(),
    receivedAt: instant("received_at").notNull().defaultNow(),
    /** When to look at it next; null once it is processed. */
    dueAt: instant("due_at").defaultNow(),
    attempts: integer("attempts").notNull().default(0),
    processedAt: instant("processed_at"),
    /** What became of it, in counts by word. */
    outcome: jsonb("outcome").$type<Record<string, number>>(),
    error: text("error"),
  },
  (table) => [
    index("webhook_events_due")
      .on(table.platform, table.accountId, table.receivedAt, table.id)
      .where(sql`${table.dueAt} is not null`),
    index("webhook_events_account").on(table.platform, table.accountId, table.receivedAt.desc()),
    index("webhook_events_received").on(table.receivedAt),
  ],
);

/** How a connected account listens and answers. */
export const inboxAccounts = pgTable(
  "inbox_accounts",
  {
    connectionId: uuid("connection_id")
      .primaryKey()
      .references(() => connections.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Whether the platform sends us this account's events. */
    subscription: text("subscription").notNull().default("off"),
    subscribedAt: instant("subscribed_at"),
    subscriptionError: text("subscription_error"),
    backfilledAt: instant("backfilled_at"),
    lastEventAt: instant("last_event_at"),
    /** Who answers, and how: see lib/inbox/answering.ts. */
    mode: text("mode").notNull().default("off"),
    answering: jsonb("answering").$type<Record<string, unknown>>().notNull().default({}),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    index("inbox_accounts_user").on(table.userId),
    check(
      "inbox_accounts_subscription",
      sql`${table.subscription} in ('off', 'on', 'failed', 'not_allowed')`,
    ),
    check("inbox_accounts_mode", sql`${table.mode} in ('off', 'suggest', 'auto')`),
  ],
);

export const conversations = pgTable(
  "conversations",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    connectionId: uuid("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    /** direct: messages with one person. comment: a comment with what hangs below it. mention: a post that names us. */
    kind: text("kind").notNull(),
    /** direct: the person's id. comment: the topmost comment's id. mention: the post's or comment's id. */
    remoteKey: text("remote_key").notNull(),
    /** The other person as the platform names them for this account; null for a mention. */
    peerId: text("peer_id"),
    peerName: text("peer_name"),
    peerHandle: text("peer_handle"),
    peerAvatarUrl: text("peer_avatar_url"),
    /** Followers, whether they follow, verified: what the platform told. */
    peerFacts: jsonb("peer_facts")
      .$type<Record<string, string | number | boolean | null>>()
      .notNull()
      .default({}),
    /** When their profile was last asked for. */
    profileAt: instant("profile_at"),
    /** The post a comment stands below. */
    mediaId: text("media_id"),
    /** Their last message that opens the window for answers, by the platform's clock. */
    lastInboundAt: instant("last_inbound_at"),
    /** The last thing said by anyone. */
    lastMessageAt: instant("last_message_at").notNull(),
    /** What the last message says, shortened, and whose it is: kept beside the list, which would else look at every message. */
    snippet: text("snippet"),
    snippetBy: text("snippet_by"),
    unread: integer("unread").notNull().default(0),
    /** Everything up to here has been read or answered by a person, by the platform's clock. */
    readAt: instant("read_at"),
    archivedAt: instant("archived_at"),
    /** Who answers here; null: as the account does. */
    mode: text("mode"),
    /** A person has answered: the assistant keeps still until then. */
    pausedUntil: instant("paused_until"),
    /** The assistant asks for a person, and why. */
    handedOverAt: instant("handed_over_at"),
    handedOverWhy: text("handed_over_why"),
    /** Another app holds the conversation. */
    standby: boolean("standby").notNull().default(false),
    /** When that was last said, by the platform's clock: of two sayings the later holds. */
    standbyAt: instant("standby_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    unique("conversations_remote").on(table.connectionId, table.kind, table.remoteKey),
    index("conversations_user").on(table.userId, table.lastMessageAt.desc(), table.id.desc()),
    index("conversations_changed").on(table.userId, table.updatedAt.desc()),
    index("conversations_peer").on(table.connectionId, table.peerId),
    index("conversations_search").using(
      "gin",
      sql`to_tsvector('simple', coalesce(${table.peerName}, '') || ' ' || coalesce(${table.peerHandle}, ''))`,
    ),
    check("conversations_kind", sql`${table.kind} in ('direct', 'comment', 'mention')`),
    check("conversations_mode", sql`${table.mode} is null or ${table.mode} in ('off', 'suggest', 'auto')`),
  ],
);

export const messages = pgTable(
  "messages",
  {
    id: uuid("id").primaryKey(),
    conversationId: uuid("conversation_id")
      .notNull()
      .references(() => conversations.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    connectionId: uuid("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    /** The platform's id: null until our own message has one. */
    remoteId: text("remote_id"),
    /** them, person (here), phone (typed at the platform), assistant. null: we know of the message, but not yet the message. */
    author: text("author"),
    /** received, or for ours: queued → sending → sent | failed | uncertain | cancelled. */
    state: text("state").notNull(),
    text: text("text"),
    attachments: jsonb("attachments").$type<Record<string, unknown>[]>().notNull().default([]),
    /** What it answers: { messageId } or { storyId, storyUrl }. */
    replyTo: jsonb("reply_to").$type<Record<string, string | null>>(),
    /** Titles offered (ours), or the payload tapped (theirs). */
    quickReplies: text("quick_replies").array().notNull().default(sql`'{}'::text[]`),
    /** Referral, postback, unsupported, private reply: what else there is to know. */
    details: jsonb("details").$type<Record<string, unknown>>().notNull().default({}),
    /** { them?: { reaction, emoji, at }, us?: … }; a taken-back one keeps its time. */
    reactions: jsonb("reactions").$type<Record<string, unknown>>().notNull().default({}),
    edits: integer("edits").notNull().default(0),
    editedAt: instant("edited_at"),
    /** Taken back by its author: the content is gone. */
    unsentAt: instant("unsent_at"),
    seenAt: instant("seen_at"),
    /** By the platform's clock; for ours, when it was written until it is sent. */
    sentAt: instant("sent_at").notNull(),
    /** Names a person's wish to send: the same wish twice is one message. */
    wish: uuid("wish"),
    part: integer("part").notNull().default(0),
    /** Counts claims; the holder of the highest one alone may write. */
    attempt: integer("attempt").notNull().default(0),
    leaseUntil: instant("lease_until"),
    /** The fence: set right before the send, cleared when its outcome is known. */
    fencedAt: instant("fenced_at"),
    /** When to look at it again; null when nothing is left to do. */
    dueAt: instant("due_at"),
    failures: integer("failures").notNull().default(0),
    errorKind: text("error_kind"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("messages_remote")
      .on(table.connectionId, table.remoteId)
      .where(sql`${table.remoteId} is not null`),
    uniqueIndex("messages_wish")
      .on(table.conversationId, table.wish, table.part)
      .where(sql`${table.wish} is not null`),
    index("messages_conversation").on(table.conversationId, table.sentAt.desc(), table.id.desc()),
    index("messages_due").on(table.dueAt).where(sql`${table.dueAt} is not null`),
    index("messages_numbers").on(table.userId, table.sentAt),
    index("messages_search").using("gin", sql`to_tsvector('simple', coalesce(${table.text}, ''))`),
    /** Ours whose id we do not know yet: what an echo may turn out to be. */
    index("messages_unconfirmed")
      .on(table.connectionId)
      .where(sql`${table.remoteId} is null and ${table.fencedAt} is not null`),
    check(
      "messages_author",
      sql`${table.author} is null or ${table.author} in ('them', 'person', 'phone', 'assistant')`,
    ),
    check(
      "messages_state",
      sql`${table.state} in ('received', 'queued', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')`,
    ),
  ],
);

/** Our copies of what customers sent: no part of anybody's library, gone with their message. */
export const inboxFiles = pgTable(
  "inbox_files",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** null: the message is gone, and the stored bytes are to be removed. */
    messageId: uuid("message_id").references(() => messages.id, { onDelete: "set null" }),
    mimeType: text("mime_type").notNull(),
    bytes: integer("bytes").notNull(),
    storageKey: text("storage_key").notNull().unique(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [
    index("inbox_files_message").on(table.messageId),
    index("inbox_files_orphans").on(table.id).where(sql`${table.messageId} is null`),
  ],
);
