import "server-only";
import { sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { rateLimits } from "@/drizzle/schema/auth";
import { db } from "@/lib/db";

const TRIES = 10;
const WINDOW_MS = 15 * 60 * 1000;

/**
 * Counts one try for an account, whatever address it comes from, in one statement.
 * @returns whether the try is within ten in a quarter of an hour
 */
export async function countSignIn(key: string, now = Date.now()): Promise<boolean> {
  const stale = sql`${rateLimits.lastRequest} < ${now - WINDOW_MS}`;
  const [row] = await db()
    .insert(rateLimits)
    .values({ id: uuid(), key, count: 1, lastRequest: now })
    .onConflictDoUpdate({
      target: rateLimits.key,
      set: {
        count: sql`case when ${stale} then 1 else ${rateLimits.count} + 1 end`,
        // The window starts with its first try: trying on does not lengthen it.
        lastRequest: sql`case when ${stale} then ${now} else ${rateLimits.lastRequest} end`,
      },
    })
    .returning({ count: rateLimits.count });
  return (row?.count ?? 1) <= TRIES;
}
