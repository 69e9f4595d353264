import { join } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { Client } from "pg";
import { root } from "./paths";
import { codeOf, Problem } from "./problem";

/** Any number will do, as long as it is the same on every machine that migrates. */
const LOCK = 4_217_190_926;

/**
 * Brings the database up to date. Several starters at once queue at an advisory lock, and the later ones find nothing to do.
 * @throws Problem when the database cannot be reached or refuses us; the address in it is without the password
 */
export async function applyMigrations(url: string): Promise<void> {
  const client = new Client({ connectionString: direct(url), connectionTimeoutMillis: 15_000 });
  // A connection lost midway fails the query that runs, which says it better.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await migrate(drizzle(client), { migrationsFolder: join(root, "drizzle/migrations") });
  } catch (error) {
    throw databaseProblem(error, url);
  } finally {
    // Ends the session, and with it the lock.
    await client.end();
  }
}

/** The sentence for a database that does not let us in; what is not that comes back as it was. */
export function databaseProblem(error: unknown, url: string): unknown {
  const where = withoutPassword(url);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = codeOf(cause);
  if (
    code &&
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|EHOSTUNREACH|ENETUNREACH)$/.test(code)
  ) {
    return new Problem(
      `The database at ${where} cannot be reached (${code}). Start it, or correct DATABASE_URL.`,
    );
  }
  if (code && /^(28|3D)/.test(code)) {
    return new Problem(
      `The database at ${where} refuses us: ${cause instanceof Error ? cause.message : code}. Correct DATABASE_URL.`,
    );
  }
  if (error instanceof Error && /timeout expired|terminated unexpectedly/.test(error.message)) {
    return new Problem(`The database at ${where} does not answer. Start it, or correct DATABASE_URL.`);
  }
  return error;
}

/** Host, port and database, and nothing else. */
export function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.host}${parsed.pathname}` : "an unreadable address";
}

/** Neon's pooler does not keep a session, and the lock lives in one: so around the pooler. */
function direct(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed)
    throw new Problem(
      "DATABASE_URL is not an address. It looks like postgres://user:password@host:5432/database.",
    );
  if (parsed.hostname.endsWith(".neon.tech")) parsed.hostname = parsed.hostname.replace("-pooler.", ".");
  return parsed.href;
}
