import { sql } from "drizzle-orm";
import {
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { users } from "./auth";
import { connections } from "./connections";

/** What people wrote (posts) and its way to each account (deliveries). */
const instant = (name: string) => timestamp(name, { withTimezone: true });

export const posts = pgTable(
  "posts",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** As written, before any platform's override: { text, link?, replies[], media[] }. */
    content: jsonb("content")
      .$type<{
        text: string;
        link?: string | undefined;
        replies: { text: string }[];
        media: { id: string; alt?: string | undefined }[];
      }>()
      .notNull(),
    scheduledAt: instant("scheduled_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [index("posts_user").on(table.userId, table.createdAt.desc(), table.id.desc())],
);

export const deliveries = pgTable(
  "deliveries",
  {
    id: uuid("id").primaryKey(),
    postId: uuid("post_id")
      .notNull()
      .references(() => posts.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Null once the account is disconnected: the history stays. */
    connectionId: uuid("connection_id").references(() => connections.id, { onDelete: "set null" }),
    platform: text("platform").notNull(),
    accountName: text("account_name").notNull(),
    /** Exactly what goes to this account: the post with this target's overrides and options. */
    content: jsonb("content")
      .$type<{
        text: string;
        link?: string | undefined;
        replies: { text: string }[];
        media: { id: string; alt?: string | undefined }[];
        options: Record<string, unknown>;
      }>()
      .notNull(),
    state: text("state").notNull(),
    /** Counts claims; the holder of the highest one alone may write. */
    attempt: integer("attempt").notNull().default(0),
    leaseUntil: instant("lease_until"),
    /** Where the provider stands between steps; only it reads this. */
    resume: jsonb("resume").$type<Record<string, unknown>>(),
    /** The fence: set right before a write the world can see, cleared when its outcome is known. */
    fencedAt: instant("fenced_at"),
    /** When a write began that was still in doubt as a person had it sent again: a copy the platform names may be that one. */
    doubtSince: instant("doubt_since"),
    /** Read-backs made since the fence. */
    checks: integer("checks").notNull().default(0),
    /** Tries that failed without effect. */
    failures: integer("failures").notNull().default(0),
    remoteId: text("remote_id"),
    /** The remote ids of all parts, first to last, where the post is a chain. */
    parts: text("parts").array().notNull().default(sql`'{}'::text[]`),
    url: text("url"),
    /** What the person should know about a post that is out. */
    note: text("note"),
    errorKind: text("error_kind"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    /** When to look at this delivery again; null when nothing is left to do. */
    nextAttemptAt: instant("next_attempt_at"),
    publishedAt: instant("published_at"),
    removedAt: instant("removed_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    unique("deliveries_post_connection").on(table.postId, table.connectionId),
    index("deliveries_due").on(table.nextAttemptAt).where(sql`${table.nextAttemptAt} is not null`),
    // One post at the platform answers for one delivery: two equal ones in doubt cannot both claim it.
    uniqueIndex("deliveries_remote")
      .on(table.connectionId, table.remoteId)
      .where(sql`${table.remoteId} is not null`),
    check(
      "deliveries_state",
      sql`${table.state} in ('scheduled', 'queued', 'sending', 'processing', 'published', 'failed', 'uncertain', 'cancelled')`,
    ),
  ],
);

/** One line of a delivery's story, for the person and the operator. */
export const deliveryEvents = pgTable(
  "delivery_events",
  {
    id: uuid("id").primaryKey(),
    deliveryId: uuid("delivery_id")
      .notNull()
      .references(() => deliveries.id, { onDelete: "cascade" }),
    attempt: integer("attempt").notNull(),
    event: text("event").notNull(),
    state: text("state").notNull(),
    message: text("message"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [index("delivery_events_delivery").on(table.deliveryId, table.createdAt)],
);

export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    key: text("key").notNull(),
    /** SHA-256 of the request's body: the same key with another body is a mistake worth hearing about. */
    bodyHash: text("body_hash").notNull(),
    postId: uuid("post_id").references(() => posts.id, { onDelete: "cascade" }),
    /** Whoever works on the answer keeps moving this ahead; once it is past, they are gone. */
    runningUntil: instant("running_until").notNull(),
    status: integer("status"),
    answer: jsonb("answer"),
    createdAt: instant("created_at").notNull().defaultNow(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.key] }),
    index("idempotency_keys_expiry").on(table.expiresAt),
  ],
);
