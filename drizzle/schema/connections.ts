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

/** What people consented to (grants), the accounts that reaches (connections), and flows under way (oauth_states). */
const instant = (name: string) => timestamp(name, { withTimezone: true });

export const grants = pgTable(
  "grants",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    /** Which way in was taken, where a platform has several; null: its only one. */
    way: text("way"),
    /** Who consented, as the platform names them. */
    subject: text("subject").notNull(),
    /** Granted scopes; null where the platform does not tell. */
    scopes: text("scopes").array(),
    /** Sealed by the vault; the key id is its second segment and repeated here so that rotation can ask SQL. */
    credentials: text("credentials").notNull(),
    keyId: text("key_id").notNull(),
    /** Goes up with every change of the credentials: a save that read an older one loses. */
    version: integer("version").notNull().default(1),
    /** Whether we hold something to renew it with: LinkedIn and others hand that to some apps only. */
    renewable: boolean("renewable").notNull().default(false),
    accessExpiresAt: instant("access_expires_at"),
    refreshExpiresAt: instant("refresh_expires_at"),
    refreshDueAt: instant("refresh_due_at"),
    refreshedAt: instant("refreshed_at"),
    /** Held by the one process that is renewing; others wait for the version to move. */
    leaseOwner: uuid("lease_owner"),
    leaseUntil: instant("lease_until"),
    /** How often the platform has been asked for a renewal without an outcome being written down: what a killed process leaves behind. */
    asked: integer("asked").notNull().default(0),
    /** A renewal that failed waits until then, whoever wants it. */
    retryAt: instant("retry_at"),
    failures: integer("failures").notNull().default(0),
    /** Refusals in a row that no waiting would mend, yet do not say that the grant has ended. */
    refusals: integer("refusals").notNull().default(0),
    lastErrorCode: text("last_error_code"),
    lastErrorMessage: text("last_error_message"),
    /** The platform has ended it: only the person can renew it. */
    deadAt: instant("dead_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    unique("grants_platform_subject").on(table.platform, table.subject),
    index("grants_user").on(table.userId),
    index("grants_due")
      .on(table.platform, table.refreshDueAt)
      .where(sql`${table.deadAt} is null and ${table.refreshDueAt} is not null`),
    index("grants_key").on(table.keyId),
  ],
);

export const connections = pgTable(
  "connections",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    grantId: uuid("grant_id")
      .notNull()
      .references(() => grants.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    remoteId: text("remote_id").notNull(),
    name: text("name").notNull(),
    handle: text("handle"),
    avatarUrl: text("avatar_url"),
    profileUrl: text("profile_url"),
    status: text("status").notNull().default("active"),
    /** Permissions the person did not give, for the limited. */
    missing: text("missing").array().notNull().default(sql`'{}'::text[]`),
    metadata: jsonb("metadata").$type<Record<string, unknown>>().notNull().default({}),
    /** Sealed, where the account has a token of its own (a Facebook Page). */
    credentials: text("credentials"),
    keyId: text("key_id"),
    version: integer("version").notNull().default(1),
    /** When the platform last said how this account is, good or bad. */
    checkedAt: instant("checked_at"),
    /** When someone last took it on to ask: of two sign-ins, one does. */
    checkClaimedAt: instant("check_claimed_at"),
    connectedAt: instant("connected_at").notNull().defaultNow(),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
  },
  (table) => [
    unique("connections_platform_remote").on(table.platform, table.remoteId),
    index("connections_user").on(table.userId),
    index("connections_grant").on(table.grantId),
    check(
      "connections_status",
      sql`${table.status} in ('active', 'expiring', 'limited', 'reconnect', 'paused')`,
    ),
  ],
);

export const oauthStates = pgTable(
  "oauth_states",
  {
    id: uuid("id").primaryKey(),
    /** SHA-256 of the 256-bit state; the state itself is never stored. */
    hash: text("hash").notNull().unique(),
    /** SHA-256 of the cookie that only the starting browser holds. */
    browserHash: text("browser_hash").notNull(),
    sessionId: text("session_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    platform: text("platform").notNull(),
    /** The way in that was chosen; null where there is one only. */
    way: text("way"),
    /** The connection being renewed by its owner; the answer must be the same account. No reference: it may go meanwhile. */
    connectionId: uuid("connection_id"),
    verifier: text("verifier").notNull(),
    returnTo: text("return_to"),
    expiresAt: instant("expires_at").notNull(),
    usedAt: instant("used_at"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [index("oauth_states_expiry").on(table.expiresAt)],
);
