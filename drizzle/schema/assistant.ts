import { sql } from "drizzle-orm";
import {
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { users } from "./auth";
import { connections } from "./connections";
import { conversations, messages } from "./inbox";

/** What the assistant knows (knowledge, knowledge_passages), what people say often (saved_replies), what it decided (answers). */
const instant = (name: string) => timestamp(name, { withTimezone: true });
const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/** A question with its answer, or a text that was pasted in. */
export const knowledge = pgTable(
  "knowledge",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Only for this account; null: for all of theirs. */
    connectionId: uuid("connection_id").references(() => connections.id, { onDelete: "cascade" }),
    kind: text("kind").notNull(),
    title: text("title").notNull(),
    text: text("text").notNull(),
    /** How often an answer or a draft went by it. */
    used: integer("used").notNull().default(0),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    index("knowledge_user").on(table.userId, table.id.desc()),
    check("knowledge_kind", sql`${table.kind} in ('answer', 'text')`),
  ],
);

/** What is searched: an answer as a whole, a pasted text in pieces. */
export const knowledgePassages = pgTable(
  "knowledge_passages",
  {
    id: uuid("id").primaryKey(),
    knowledgeId: uuid("knowledge_id")
      .notNull()
      .references(() => knowledge.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    position: integer("position").notNull(),
    heading: text("heading").notNull(),
    text: text("text").notNull(),
    /** Folded and stemmed by lib/inbox/assistant/words.ts, which does the same to a question. */
    words: text("words").array().notNull(),
    search: tsvector("search").generatedAlwaysAs(sql`array_to_tsvector("words")`),
  },
  (table) => [
    index("knowledge_passages_search").using("gin", table.search),
    index("knowledge_passages_user").on(table.userId),
    uniqueIndex("knowledge_passages_position").on(table.knowledgeId, table.position),
  ],
);

export const savedReplies = pgTable(
  "saved_replies",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    title: text("title").notNull(),
    text: text("text").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [index("saved_replies_user").on(table.userId, table.title)],
);

/** One decision of the assistant. While it thinks, a claim with a lease; a message of ours that came of it has this id as its wish. */
export const answers = pgTable(
  "answers",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    connectionId: uuid("connection_id")
      .notNull()
      .references(() => connections.id, { onDelete: "cascade" }),
    conversationId: uuid("conversation_id")
      .notNull()
      .references(() => conversations.id, { onDelete: "cascade" }),
    /** The last message of the burst it is about. */
    messageId: uuid("message_id")
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    /** arrival: because a message came in. person: someone here asked for a draft. */
    asked: text("asked").notNull(),
    /** Null while it thinks. */
    outcome: text("outcome"),
    /** Counts claims; the holder of the highest one alone may decide. */
    attempt: integer("attempt").notNull().default(1),
    leaseUntil: instant("lease_until"),
    reason: text("reason").notNull().default(""),
    sources: jsonb("sources").$type<{ id: string; title: string; score: number }[]>().notNull().default([]),
    confidence: doublePrecision("confidence"),
    /** Which model wrote it; null: an entry's own words. */
    model: text("model"),
    text: text("text"),
    credits: integer("credits").notNull().default(0),
    /** Of a draft: open, used or dismissed. */
    draft: text("draft"),
    createdAt: instant("created_at").notNull().defaultNow(),
    decidedAt: instant("decided_at"),
  },
  (table) => [
    // One burst, one decision, however many workers see it.
    uniqueIndex("answers_message").on(table.messageId).where(sql`${table.asked} = 'arrival'`),
    uniqueIndex("answers_draft").on(table.conversationId).where(sql`${table.draft} = 'open'`),
    index("answers_conversation").on(table.conversationId, table.id.desc()),
    index("answers_day").on(table.connectionId, table.decidedAt).where(sql`${table.outcome} = 'answered'`),
    index("answers_thinking").on(table.leaseUntil).where(sql`${table.outcome} is null`),
    check("answers_asked", sql`${table.asked} in ('arrival', 'person')`),
    check(
      "answers_outcome",
      sql`${table.outcome} is null or ${table.outcome} in ('answered', 'suggested', 'handed_over', 'dropped')`,
    ),
    check(
      "answers_draft_state",
      sql`${table.draft} is null or ${table.draft} in ('open', 'used', 'dismissed')`,
    ),
  ],
);
