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
  uuid,
} from "drizzle-orm/pg-core";
import { users } from "./auth";
import { grants } from "./connections";

/**
 * What happened (audit), what people should hear of (notifications) and how (settings), which platforms refuse this whole
 * installation, and which are asked for renewals less often than we would like.
 */
const instant = (name: string) => timestamp(name, { withTimezone: true });

export const audit = pgTable(
  "audit",
  {
    id: uuid("id").primaryKey(),
    /** Whose trail this belongs to; kept without a reference, so that a trail outlives what it tells of. */
    userId: text("user_id").notNull(),
    actorType: text("actor_type").notNull(),
    actorName: text("actor_name").notNull(),
    action: text("action").notNull(),
    subject: text("subject").notNull(),
    details: jsonb("details").$type<Record<string, string | number | boolean | null>>().notNull().default({}),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [
    // The ids are in order of time.
    index("audit_user").on(table.userId, table.id.desc()),
    check("audit_actor", sql`${table.actorType} in ('user', 'job', 'platform')`),
  ],
);

export const notifications = pgTable(
  "notifications",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Names the incident: one notice per incident, however often it is told. */
    incident: text("incident").notNull(),
    /** What it is about, for the person's own switches. */
    kind: text("kind").notNull().default("other"),
    /** The grant it is about, with which it goes. */
    grantId: uuid("grant_id").references(() => grants.id, { onDelete: "cascade" }),
    /**
     * The mail of it. Whoever sends it says so first ("sending"): if they die, or the answer is lost, it stays at that and is
     * never sent again. The notice itself is there in any case.
     */
    mail: text("mail").notNull().default("none"),
    title: text("title").notNull(),
    body: text("body").notNull(),
    href: text("href"),
    read: boolean("read").notNull().default(false),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [
    unique("notifications_incident").on(table.userId, table.incident),
    index("notifications_user").on(table.userId, table.createdAt.desc()),
    index("notifications_grant").on(table.grantId),
    index("notifications_mail").on(table.createdAt).where(sql`${table.mail} = 'due'`),
    check("notifications_kind", sql`${table.kind} in ('ending', 'ended', 'post', 'other')`),
    check("notifications_mail_state", sql`${table.mail} in ('none', 'due', 'sending', 'sent', 'refused')`),
  ],
);

/** What a person has set otherwise than it comes. */
export const settings = pgTable("settings", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** By "kind.channel", such as "ended.mail": only what differs from the default. */
  notices: jsonb("notices").$type<Record<string, boolean>>().notNull().default({}),
  updatedAt: instant("updated_at").notNull().defaultNow(),
});

/** A row from the moment a platform refuses the whole app until a post goes out there again: one incident. */
export const platformPauses = pgTable("platform_pauses", {
  platform: text("platform").primaryKey(),
  code: text("code"),
  /** What the platform refused, in words for the operator. */
  message: text("message").notNull(),
  since: instant("since").notNull().defaultNow(),
  /** Until then nothing is sent to the platform, but by the probe. */
  until: instant("until").notNull(),
  /** The one delivery that tries whether the platform takes posts again. */
  probe: uuid("probe"),
});

/** How renewals stand with a platform, for all processes: a row from the first trouble, or the first counted call, on. */
export const refreshGates = pgTable("refresh_gates", {
  platform: text("platform").primaryKey(),
  /** Renewals in a row that the platform could not serve. */
  failures: integer("failures").notNull().default(0),
  /** Set while the gate is shut: nothing is asked but by a probe. */
  shutSince: instant("shut_since"),
  /** When the next probe may go. */
  probeAt: instant("probe_at"),
  /** Where calls per minute are limited: when the next one has its turn. */
  nextTurnAt: instant("next_turn_at"),
  updatedAt: instant("updated_at").notNull().defaultNow(),
});

/** Requests to delete what came from a platform, as it passed them on. Nothing in here says whose they were. */
export const dataDeletions = pgTable(
  "data_deletions",
  {
    /** What the person gets to look up what became of it. */
    code: text("code").primaryKey(),
    platform: text("platform").notNull(),
    /** SHA-256 of the signed request: the same one again is the same deletion. */
    requestHash: text("request_hash").notNull().unique(),
    state: text("state").notNull().default("received"),
    requestedAt: instant("requested_at").notNull().defaultNow(),
    completedAt: instant("completed_at"),
  },
  (table) => [check("data_deletions_state", sql`${table.state} in ('received', 'completed')`)],
);
