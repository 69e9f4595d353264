import "server-only";
import { and, asc, eq, getTableColumns, isNull, lte, min, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { connections, grants } from "@/drizzle/schema/connections";
import { db, type Queryable, type Tx } from "@/lib/db";
import type { GrantRow } from "../data";

/** SQL for the demo, where days pass at the press of a button. */

/** Claims and our own notes of when a row was written are of the real day. */
const STAY = ["leaseUntil", "updatedAt"];

/** Moves every instant of a person's grants and connections back. @returns the database's own time */
export async function ageGrants(tx: Tx, userId: string, days: number): Promise<Date> {
  await tx.update(grants).set(aged(grants, days)).where(eq(grants.userId, userId));
  await tx.update(connections).set(aged(connections, days)).where(eq(connections.userId, userId));
  const [row] = (await tx.execute<{ now: string | Date }>(sql`select now() as now`)).rows;
  return new Date(row?.now ?? Date.now());
}

function aged(table: PgTable, days: number): Record<string, SQL> {
  return Object.fromEntries(
    Object.entries(getTableColumns(table))
      .filter(([name, { columnType }]) => columnType === "PgTimestamp" && !STAY.includes(name))
      .map(([name, column]) => [name, sql`${column} - make_interval(hours => ${days * 24})`]),
  );
}

/** How far a grant has come, under the name of one of its accounts. */
export type AgedGrant = { id: string; platform: string; version: number; failures: number; name: string };

export async function grantsNow(tx: Queryable, userId: string): Promise<AgedGrant[]> {
  const rows = await tx
    .select({
      id: grants.id,
      platform: grants.platform,
      version: grants.version,
      failures: grants.failures,
      name: min(connections.name),
    })
    .from(grants)
    .innerJoin(connections, eq(connections.grantId, grants.id))
    .where(eq(grants.userId, userId))
    .groupBy(grants.id)
    .orderBy(asc(grants.platform), asc(grants.id));
  return rows.map((row) => ({ ...row, name: row.name ?? "" }));
}

/** What is due, whoever may be renewing it already. */
export const dueGrants = (userId: string): Promise<GrantRow[]> =>
  db()
    .select()
    .from(grants)
    .where(
      and(
        eq(grants.userId, userId),
        eq(grants.renewable, true),
        isNull(grants.deadAt),
        lte(grants.refreshDueAt, sql`now()`),
      ),
    )
    .orderBy(asc(grants.id));
