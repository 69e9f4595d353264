import "server-only";
import { and, asc, eq, gt, inArray, isNotNull, ne, sql } from "drizzle-orm";
import { connections, grants, oauthStates } from "@/drizzle/schema/connections";
import { db, type Tx } from "@/lib/db";

/** The only SQL that looks at sealed secrets without being about to use them. */

export const sealedTables = ["grants", "connections", "oauth_states"] as const;
export type SealedTable = (typeof sealedTables)[number];

/** A sealed secret and what its place is made of. `keyId` is the column beside it, where the table has one. */
export type SealedRow = {
  id: string;
  userId: string;
  platform: string;
  version: number;
  sealed: string;
  keyId: string | null;
};

/** The key a secret says it lies under; null columns and plain text say something else, or nothing. */
const keyIn = (sealed: unknown) => sql`split_part(${sealed}, '.', 2)`;

/**
 * The next rows of a table, in the order of their ids.
 * @param notUnder leave out those that lie under this key; null: all of them
 */
export async function sealedRows(
  table: SealedTable,
  { after, notUnder, limit }: { after: string | null; notUnder: string | null; limit: number },
): Promise<SealedRow[]> {
  switch (table) {
    case "grants":
      return db()
        .select({
          id: grants.id,
          userId: grants.userId,
          platform: grants.platform,
          version: grants.version,
          sealed: grants.credentials,
          keyId: grants.keyId,
        })
        .from(grants)
        .where(
          and(
            after ? gt(grants.id, after) : undefined,
            notUnder ? ne(keyIn(grants.credentials), notUnder) : undefined,
          ),
        )
        .orderBy(asc(grants.id))
        .limit(limit);
    case "connections":
      return db()
        .select({
          id: connections.id,
          userId: connections.userId,
          platform: connections.platform,
          version: connections.version,
          sealed: sql<string>`${connections.credentials}`,
          keyId: connections.keyId,
        })
        .from(connections)
        .where(
          and(
            isNotNull(connections.credentials),
            after ? gt(connections.id, after) : undefined,
            notUnder ? ne(keyIn(connections.credentials), notUnder) : undefined,
          ),
        )
        .orderBy(asc(connections.id))
        .limit(limit);
    case "oauth_states":
      return db()
        .select({
          id: oauthStates.id,
          userId: oauthStates.userId,
          platform: oauthStates.platform,
          version: sql<number>`1`,
          sealed: oauthStates.verifier,
          keyId: sql<null>`null`,
        })
        .from(oauthStates)
        .where(
          and(
            after ? gt(oauthStates.id, after) : undefined,
            notUnder ? ne(keyIn(oauthStates.verifier), notUnder) : undefined,
          ),
        )
        .orderBy(asc(oauthStates.id))
        .limit(limit);
  }
}

/** Whether a row of these tables says that it lies under one of these keys: a look at two small indexes. */
export async function anyUnder(keyIds: string[]): Promise<boolean> {
  if (keyIds.length === 0) return false;
  const [grant] = await db()
    .select({ id: grants.id })
    .from(grants)
    .where(inArray(grants.keyId, keyIds))
    .limit(1);
  if (grant) return true;
  const [connection] = await db()
    .select({ id: connections.id })
    .from(connections)
    .where(inArray(connections.keyId, keyIds))
    .limit(1);
  return connection !== undefined;
}

export type Resealed = { id: string; before: string; after: string; version: number };

/**
 * Puts new envelopes in the place of the old, in one statement: compare-and-set on envelope and version, so that a renewal
 * that saved meanwhile wins. What somebody else has in hand is left alone, never waited for: nobody waits in a circle.
 * @returns how many were put in place
 */
export async function putResealed(table: SealedTable, keyId: string, rows: Resealed[]): Promise<number> {
  if (rows.length === 0) return 0;
  const column = table === "oauth_states" ? sql`verifier` : sql`credentials`;
  const name = sql.identifier(table);
  const done = await db().execute(sql`
    with given as (
      select * from unnest(
        ${sql.param(rows.map(({ id }) => id))}::uuid[],
        ${sql.param(rows.map(({ before }) => before))}::text[],
        ${sql.param(rows.map(({ after }) => after))}::text[],
        ${sql.param(rows.map(({ version }) => version))}::int[]
      ) as given (id, before, after, version)
    ), held as (
      select id from ${name} where id in (select id from given) for no key update skip locked
    )
    update ${name} as row set ${column} = given.after ${table === "oauth_states" ? sql`` : sql`, key_id = ${keyId}`}
    from given join held on held.id = given.id
    where row.id = given.id and row.${column} = given.before
      ${table === "oauth_states" ? sql`` : sql`and row.version = given.version`}`);
  return done.rowCount ?? 0;
}

/** The grant that an unreadable row belongs to; null when it is gone. */
export async function grantBehind(tx: Tx, table: SealedTable, id: string) {
  if (table === "oauth_states") {
    await tx.delete(oauthStates).where(eq(oauthStates.id, id));
    return null;
  }
  const [row] =
    table === "grants"
      ? await tx.select().from(grants).where(eq(grants.id, id)).for("update")
      : await tx
          .select()
          .from(grants)
          .where(
            inArray(
              grants.id,
              tx.select({ id: connections.grantId }).from(connections).where(eq(connections.id, id)),
            ),
          )
          .for("update");
  return row ?? null;
}
