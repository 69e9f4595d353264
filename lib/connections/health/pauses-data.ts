import "server-only";
import { and, asc, eq, lte, or, sql } from "drizzle-orm";
import { platformPauses } from "@/drizzle/schema/system";
import { after, db, type Queryable } from "@/lib/db";

/** The only SQL about platforms that refuse the whole installation. */

export type PauseRow = typeof platformPauses.$inferSelect;

/** From a refusal to the next try; also the longest that the others wait for a probe that died. */
const PAUSE_MS = 15 * 60_000;

export const listPauses = (): Promise<PauseRow[]> =>
  db().select().from(platformPauses).orderBy(asc(platformPauses.platform));

export async function findPause(platform: string): Promise<PauseRow | null> {
  const [row] = await db().select().from(platformPauses).where(eq(platformPauses.platform, platform));
  return row ?? null;
}

/** Makes this delivery the one that tries; of many at the same moment, one finds the row. */
export async function claimProbe(platform: string, deliveryId: string): Promise<boolean> {
  const rows = await db()
    .update(platformPauses)
    .set({ probe: deliveryId, until: after(PAUSE_MS) })
    .where(
      and(
        eq(platformPauses.platform, platform),
        or(eq(platformPauses.probe, deliveryId), lte(platformPauses.until, sql`now()`)),
      ),
    )
    .returning({ platform: platformPauses.platform });
  return rows.length > 0;
}

/** Pauses the platform, or goes on with it when this delivery was the probe. @returns whether the incident begins with this */
export async function pausePlatform(
  tx: Queryable,
  platform: string,
  deliveryId: string,
  refused: { code: string | null; message: string },
): Promise<boolean> {
  const rows = await tx
    .insert(platformPauses)
    .values({ platform, ...refused, until: after(PAUSE_MS) })
    .onConflictDoUpdate({
      target: platformPauses.platform,
      set: { ...refused, until: after(PAUSE_MS), probe: null },
      // One that was under way already says nothing of the probe.
      setWhere: sql`${platformPauses.probe} is null or ${platformPauses.probe} = ${deliveryId}`,
    })
    .returning({ begun: sql<boolean>`xmax = 0` });
  return rows[0]?.begun ?? false;
}

/** Ends the pause when this delivery was its probe. */
export async function liftPause(
  tx: Queryable,
  platform: string,
  deliveryId: string,
): Promise<PauseRow | null> {
  const [row] = await tx.delete(platformPauses).where(probedBy(platform, deliveryId)).returning();
  return row ?? null;
}

/** Lets another try, when this delivery was the probe and its end says nothing of the platform. */
export async function releaseProbe(tx: Queryable, platform: string, deliveryId: string): Promise<boolean> {
  const rows = await tx
    .update(platformPauses)
    .set({ probe: null, until: sql`now()` })
    .where(probedBy(platform, deliveryId))
    .returning({ platform: platformPauses.platform });
  return rows.length > 0;
}

/** How long the platform stays paused, 0 when it no longer is. Until `tx` ends, so it stays. */
export async function pausedForMs(tx: Queryable, platform: string): Promise<number> {
  const [row] = await tx
    .select({
      ms: sql<number>`greatest(0, ceil(extract(epoch from ${platformPauses.until} - clock_timestamp()) * 1000))::int`,
    })
    .from(platformPauses)
    .where(eq(platformPauses.platform, platform))
    .for("share");
  return row?.ms ?? 0;
}

const probedBy = (platform: string, deliveryId: string) =>
  and(eq(platformPauses.platform, platform), eq(platformPauses.probe, deliveryId));
