import "server-only";
import { and, eq, isNotNull, lt, lte, or, sql } from "drizzle-orm";
import { refreshGates } from "@/drizzle/schema/system";
import { after, db } from "@/lib/db";

/** The only SQL about the gates before token endpoints. All times are the database's: the one clock all processes share. */

export async function findGate(platform: string): Promise<{ shut: boolean; probeInMs: number } | null> {
  const [row] = await db()
    .select({
      shut: sql<boolean>`${refreshGates.shutSince} is not null`,
      probeInMs: sql<number>`greatest(0, coalesce(extract(epoch from ${refreshGates.probeAt} - now()) * 1000, 0))::float8`,
    })
    .from(refreshGates)
    .where(eq(refreshGates.platform, platform));
  return row ?? null;
}

/** Makes the caller the one that tries; of many at the same moment one finds the row. */
export async function takeProbe(platform: string, everyMs: number): Promise<boolean> {
  const rows = await db()
    .update(refreshGates)
    .set({ probeAt: after(everyMs) })
    .where(
      and(
        eq(refreshGates.platform, platform),
        isNotNull(refreshGates.shutSince),
        lte(refreshGates.probeAt, sql`now()`),
      ),
    )
    .returning({ platform: refreshGates.platform });
  return rows.length > 0;
}

/**
 * Takes the next turn when it has come, or is no further off than `aheadMs`.
 * @returns 0, or in how many milliseconds to ask again
 */
export async function takeTurn(
  platform: string,
  { everyMs, aheadMs }: { everyMs: number; aheadMs: number },
): Promise<number> {
  const step = sql`${`${Math.ceil(everyMs)} milliseconds`}::interval`;
  const taken = await db()
    .insert(refreshGates)
    .values({ platform, nextTurnAt: after(Math.ceil(everyMs)) })
    .onConflictDoUpdate({
      target: refreshGates.platform,
      set: {
        nextTurnAt: sql`greatest(coalesce(${refreshGates.nextTurnAt}, clock_timestamp()), clock_timestamp()) + ${step}`,
        updatedAt: sql`now()`,
      },
      setWhere: sql`coalesce(${refreshGates.nextTurnAt}, clock_timestamp()) <= clock_timestamp() + ${`${Math.floor(aheadMs)} milliseconds`}::interval`,
    })
    .returning({ platform: refreshGates.platform });
  return taken.length > 0 ? 0 : Math.ceil(everyMs);
}

/** Counts a failure, and shuts the gate with the one that makes it too many. @returns whether it shut with this one */
export async function countFailure(platform: string, most: number, probeInMs: number): Promise<boolean> {
  const [row] = await db()
    .insert(refreshGates)
    .values({ platform, failures: 1 })
    .onConflictDoUpdate({
      target: refreshGates.platform,
      set: {
        failures: sql`${refreshGates.failures} + 1`,
        shutSince: sql`case when ${refreshGates.failures} + 1 >= ${most} then coalesce(${refreshGates.shutSince}, now()) end`,
        probeAt: sql`case when ${refreshGates.failures} + 1 >= ${most} then greatest(${refreshGates.probeAt}, ${after(probeInMs)}) end`,
        updatedAt: sql`now()`,
      },
    })
    .returning({ failures: refreshGates.failures });
  return row?.failures === most;
}

export async function openGate(platform: string): Promise<void> {
  await db()
    .update(refreshGates)
    .set({ failures: 0, shutSince: null, probeAt: null, updatedAt: sql`now()` })
    .where(eq(refreshGates.platform, platform));
}

/** Gates that have nothing to remember. */
export async function deleteQuietGates(): Promise<void> {
  await db()
    .delete(refreshGates)
    .where(
      and(
        lt(refreshGates.updatedAt, sql`now() - interval '1 day'`),
        or(eq(refreshGates.failures, 0), lt(refreshGates.updatedAt, sql`now() - interval '7 days'`)),
      ),
    );
}
