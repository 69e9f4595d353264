import "server-only";
import { Pool as NeonPool } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { drizzle as drizzleNeon } from "drizzle-orm/neon-serverless";
import { drizzle as drizzlePg, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Pool } from "pg";
import * as assistantTables from "@/drizzle/schema/assistant";
import * as authTables from "@/drizzle/schema/auth";
import * as connectionTables from "@/drizzle/schema/connections";
import * as inboxTables from "@/drizzle/schema/inbox";
import * as mediaTables from "@/drizzle/schema/media";
import * as postTables from "@/drizzle/schema/posts";
import * as systemTables from "@/drizzle/schema/system";
import { env } from "@/lib/env";
import { log } from "@/lib/log";

/** One way to PostgreSQL: `pg` for any server, Neon's WebSocket driver when the address is Neon's. */
const schema = {
  ...assistantTables,
  ...authTables,
  ...connectionTables,
  ...inboxTables,
  ...mediaTables,
  ...postTables,
  ...systemTables,
};

export type Database = NodePgDatabase<typeof schema>;
export type Tx = Parameters<Parameters<Database["transaction"]>[0]>[0];
/** What a query needs: the database, or a transaction in it. */
export type Queryable = Pick<Database, "select" | "insert" | "update" | "delete" | "execute" | "query">;

/** This many milliseconds from now, by the database's clock: the one clock all processes share. */
export const after = (ms: number) => sql`now() + ${`${Math.round(ms)} milliseconds`}::interval`;

export type Connected = {
  db: Database;
  /** For the queue, which speaks plain SQL. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  close(): Promise<void>;
};

export const isNeon = (url: string): boolean => new URL(url).hostname.endsWith(".neon.tech");

/** Opens a pool. The caller closes it. */
export function connect(url: string, options: { max?: number } = {}): Connected {
  // Who finds no free connection for this long gets an error instead of waiting for ever.
  const settings = { connectionString: url, max: options.max ?? 10, connectionTimeoutMillis: 15_000 };
  const pool = isNeon(url) ? new NeonPool(settings) : new Pool(settings);
  // An idle connection that the server closes is replaced by the pool; without a listener it would end the process.
  pool.on("error", (error: Error) => log.warn("database.connection_lost", { error }));
  // safe: Neon's pool extends pg's, and both drizzle drivers are its PgDatabase; the parity test runs both
  const db = isNeon(url)
    ? (drizzleNeon(pool as NeonPool, { schema }) as unknown as Database)
    : drizzlePg(pool as Pool, { schema });
  return {
    db,
    query: (text, values) => (pool as Pool).query(text, values),
    close: () => pool.end(),
  };
}

// A hot reload must not open a second pool.
const shared = globalThis as typeof globalThis & { carillonDatabase?: Connected };

export function database(): Connected {
  shared.carillonDatabase ??= connect(env().databaseUrl);
  return shared.carillonDatabase;
}

export const db = (): Database => database().db;
