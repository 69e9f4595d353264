import "server-only";
import { and, asc, eq, gt, inArray, isNull, lt, lte, or, sql } from "drizzle-orm";
import type { PgUpdateSetSource } from "drizzle-orm/pg-core";
import { v7 as uuid } from "uuid";
import { grants } from "@/drizzle/schema/connections";
import { audit as auditTable, refreshGates } from "@/drizzle/schema/system";
import { after, db, type Queryable } from "@/lib/db";
import type { GrantRow } from "../data";

/** The only SQL about renewing grants. Leases and due times go by the database's clock: the one clock all processes share. */

/** What a claim is good for: this version of the grant, by this owner. */
export type Hold = { id: string; version: number; owner: string };

const isFree = or(isNull(grants.leaseUntil), lt(grants.leaseUntil, sql`now()`));
const mayAsk = and(
  isNull(grants.deadAt),
  or(isNull(grants.retryAt), lte(grants.retryAt, sql`now()`)),
  isFree,
);
const isHeld = ({ id, version, owner }: Hold) =>
  and(eq(grants.id, id), eq(grants.version, version), eq(grants.leaseOwner, owner));

/** Claims one grant; null when someone else holds it, it waits after a failure, has ended, or its version has moved on. */
export async function leaseGrant({ id, version, owner }: Hold, leaseMs: number): Promise<GrantRow | null> {
  const [row] = await db()
    .update(grants)
    .set({ leaseOwner: owner, leaseUntil: after(leaseMs) })
    .where(and(eq(grants.id, id), eq(grants.version, version), mayAsk))
    .returning();
  return row ?? null;
}

/** Claims what is due at a platform, the longest overdue first. Of several who ask at once each gets others. */
export async function claimDueGrants(
  platform: string,
  owner: string,
  limit: number,
  leaseMs: number,
): Promise<GrantRow[]> {
  const due = db()
    .select({ id: grants.id })
    .from(grants)
    .where(and(eq(grants.platform, platform), lte(grants.refreshDueAt, sql`now()`), mayAsk))
    .orderBy(asc(grants.refreshDueAt))
    .limit(limit)
    .for("update", { skipLocked: true });
  return db()
    .update(grants)
    .set({ leaseOwner: owner, leaseUntil: after(leaseMs) })
    .where(inArray(grants.id, due))
    .returning();
}

/**
 * Writes down that the platform is about to be asked, before it is: if nothing more is ever heard of it, the next one knows,
 * and comes back at once. Refused once the claim is lost, or while the platform's gate is shut.
 * @returns null when refused; else whether the platform had trouble lately
 */
export async function markAsked(
  hold: Hold,
  { leaseMs, probe }: { leaseMs: number; probe: boolean },
): Promise<{ troubled: boolean } | null> {
  const gate = (condition: ReturnType<typeof sql>) =>
    sql<boolean>`exists (select 1 from ${refreshGates} where ${refreshGates.platform} = ${grants.platform} and ${condition})`;
  const [row] = await db()
    .update(grants)
    .set({
      asked: sql`${grants.asked} + 1`,
      leaseUntil: after(leaseMs),
      refreshDueAt: sql`least(${grants.refreshDueAt}, now())`,
    })
    .where(
      and(
        isHeld(hold),
        gt(grants.leaseUntil, sql`now()`),
        probe ? undefined : sql`not ${gate(sql`${refreshGates.shutSince} is not null`)}`,
      ),
    )
    .returning({ troubled: gate(sql`${refreshGates.failures} > 0`) });
  return row ?? null;
}

/**
 * Saves what a renewal brought and its line in the trail, in one statement, unless the claim was lost meanwhile.
 * @returns the grant as it is now; null when another has saved or holds it
 */
export async function saveRenewal(
  hold: Hold,
  change: PgUpdateSetSource<typeof grants>,
): Promise<GrantRow | null> {
  const saved = db()
    .$with("saved")
    .as(
      db()
        .update(grants)
        .set({ ...change, leaseOwner: null, leaseUntil: null, updatedAt: sql`now()` })
        .where(isHeld(hold))
        .returning(),
    );
  const told = db()
    .$with("told")
    .as(
      db()
        .insert(auditTable)
        .select(
          sql`select ${uuid()}::uuid, user_id, 'job', 'refresh', 'grant.refresh', id::text, jsonb_build_object('platform', platform), now() from saved`,
        )
        .returning({ id: auditTable.id }),
    );
  const [row] = await db().with(saved, told).select().from(saved);
  return row ?? null;
}

/** Ends a claim, with what it came to. @returns false when the claim was lost: then nothing is changed */
export async function endLease(
  tx: Queryable,
  hold: Hold,
  change: PgUpdateSetSource<typeof grants> = {},
): Promise<boolean> {
  const ended = await tx
    .update(grants)
    .set({ ...change, leaseOwner: null, leaseUntil: null, updatedAt: sql`now()` })
    .where(isHeld(hold))
    .returning({ id: grants.id });
  return ended.length > 0;
}

/** Gives back, untouched, all that an owner still holds. */
export async function releaseLeases(owner: string): Promise<void> {
  await db().update(grants).set({ leaseOwner: null, leaseUntil: null }).where(eq(grants.leaseOwner, owner));
}
