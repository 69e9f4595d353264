import "server-only";
import { and, asc, count, eq, inArray, isNull, lt, ne, type SQL, sql } from "drizzle-orm";
import { connections, grants, oauthStates } from "@/drizzle/schema/connections";
import { db, type Queryable, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import { findProvider, specOf } from "@/lib/platforms/registry";
import { endOf, healthOf, policyOf } from "./health/health";
import { listPauses } from "./health/pauses-data";
import type { ConnectionDto, ConnectionStatus } from "./schema";

/** The only SQL about grants, connections and flows under way. */

export type GrantRow = typeof grants.$inferSelect;
export type ConnectionRow = typeof connections.$inferSelect;
export type StateRow = typeof oauthStates.$inferSelect;

// --- flows under way

export async function insertState(row: typeof oauthStates.$inferInsert): Promise<void> {
  await db().insert(oauthStates).values(row);
}

/** Takes a state out of play and says what it was bound to, in one statement: of two callers one gets it. */
export async function consumeState(hash: string): Promise<StateRow | null> {
  const [row] = await db()
    .update(oauthStates)
    .set({ usedAt: sql`now()` })
    .where(and(eq(oauthStates.hash, hash), isNull(oauthStates.usedAt)))
    .returning();
  return row ?? null;
}

export async function deleteOldStates(): Promise<void> {
  await db().delete(oauthStates).where(lt(oauthStates.expiresAt, sql`now() - interval '1 day'`));
}

// --- reading

export async function listConnections(userId: string): Promise<ConnectionDto[]> {
  const paused = await pausedPlatforms();
  const rows = await db()
    .select({ connection: connections, grant: grants })
    .from(connections)
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .where(eq(connections.userId, userId))
    .orderBy(asc(connections.platform), asc(connections.name), asc(connections.id));
  return rows.map(({ connection, grant }) => toDto(connection, grant, paused));
}

export async function getConnection(userId: string, id: string): Promise<ConnectionDto> {
  const [row] = await db()
    .select({ connection: connections, grant: grants })
    .from(connections)
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .where(and(eq(connections.id, id), eq(connections.userId, userId)));
  if (!row) throw notFound("This connection");
  return toDto(row.connection, row.grant, await pausedPlatforms());
}

const pausedPlatforms = async (): Promise<Set<string>> =>
  new Set((await listPauses()).map(({ platform }) => platform));

export type Held = { connection: ConnectionRow; grant: GrantRow };

/** A connection with its grant, for those who may open the vault. */
export async function findHeld(connectionId: string): Promise<Held | null> {
  const [row] = await db()
    .select({ connection: connections, grant: grants })
    .from(connections)
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .where(eq(connections.id, connectionId));
  return row ?? null;
}

/** The same, for its owner only. @throws AppError not_found */
export async function getHeld(userId: string, connectionId: string): Promise<Held> {
  const [row] = await db()
    .select({ connection: connections, grant: grants })
    .from(connections)
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .where(and(eq(connections.id, connectionId), eq(connections.userId, userId)));
  if (!row) throw notFound("This connection");
  return row;
}

export async function findGrant(id: string): Promise<GrantRow | null> {
  const [row] = await db().select().from(grants).where(eq(grants.id, id));
  return row ?? null;
}

// --- connecting

/** Makes everyone who connects the same account wait their turn, until the transaction ends. */
export async function lockSubject(tx: Tx, platform: string, subject: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${platform}:${subject}`}, 0))`);
}

export async function findGrantBySubject(
  tx: Tx,
  platform: string,
  subject: string,
): Promise<GrantRow | null> {
  const [row] = await tx
    .select()
    .from(grants)
    .where(and(eq(grants.platform, platform), eq(grants.subject, subject)))
    .for("update");
  return row ?? null;
}

export async function findByRemoteIds(
  tx: Tx,
  platform: string,
  remoteIds: string[],
): Promise<ConnectionRow[]> {
  return tx
    .select()
    .from(connections)
    .where(and(eq(connections.platform, platform), inArray(connections.remoteId, remoteIds)))
    .for("update");
}

export async function findConnectionRow(
  tx: Queryable,
  userId: string,
  id: string,
): Promise<ConnectionRow | null> {
  const [row] = await tx
    .select()
    .from(connections)
    .where(and(eq(connections.id, id), eq(connections.userId, userId)));
  return row ?? null;
}

export async function insertGrant(tx: Tx, row: typeof grants.$inferInsert): Promise<void> {
  await tx.insert(grants).values(row);
}

export async function updateGrant(
  tx: Queryable,
  id: string,
  change: Partial<typeof grants.$inferInsert>,
): Promise<void> {
  await tx
    .update(grants)
    .set({ ...change, updatedAt: sql`now()` })
    .where(eq(grants.id, id));
}

export async function insertConnection(tx: Tx, row: typeof connections.$inferInsert): Promise<void> {
  await tx.insert(connections).values(row);
}

export async function updateConnection(
  tx: Queryable,
  id: string,
  change: Partial<typeof connections.$inferInsert>,
): Promise<void> {
  await tx
    .update(connections)
    .set({ ...change, updatedAt: sql`now()` })
    .where(eq(connections.id, id));
}

// --- keeping

/** Takes on to ask about whatever nobody has looked at for a day. Of two who come at the same moment one gets each. */
export const claimChecks = (tx: Queryable, userId: string, platforms: string[]): Promise<string[]> =>
  claim(tx, and(isUnseen(platforms), eq(connections.userId, userId)));

/** The same for anyone's whose grants nobody renews, and that are not known to be dead. */
export async function claimUnrenewed(tx: Queryable, platforms: string[], limit: number): Promise<string[]> {
  const due = tx
    .select({ id: connections.id })
    .from(connections)
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .where(and(isUnseen(platforms), eq(grants.renewable, false), ne(connections.status, "reconnect")))
    .limit(limit)
    .for("update", { of: connections, skipLocked: true });
  return claim(tx, inArray(connections.id, due));
}

async function claim(tx: Queryable, which: SQL | undefined): Promise<string[]> {
  const rows = await tx
    .update(connections)
    .set({ checkClaimedAt: sql`now()` })
    .from(grants)
    .where(and(eq(grants.id, connections.grantId), isNull(grants.deadAt), which))
    .returning({ id: connections.id });
  return rows.map(({ id }) => id);
}

function isUnseen(platforms: string[]): SQL | undefined {
  const { platform, connectedAt, checkedAt, checkClaimedAt } = connections;
  return and(
    inArray(platform, platforms),
    lt(sql`greatest(${connectedAt}, ${checkedAt}, ${checkClaimedAt})`, sql`now() - interval '1 day'`),
  );
}

/** Saves what a check brought, unless the account was connected anew meanwhile: then it says nothing of what is now. */
export async function saveCheck(
  tx: Queryable,
  { id, version }: Pick<ConnectionRow, "id" | "version">,
  change: Partial<typeof connections.$inferInsert>,
): Promise<boolean> {
  const saved = await tx
    .update(connections)
    .set({ ...change, updatedAt: sql`now()` })
    .where(and(eq(connections.id, id), eq(connections.version, version)))
    .returning({ id: connections.id });
  return saved.length > 0;
}

/** Marks every connection of a grant, and why. */
export async function markGrantConnections(
  tx: Queryable,
  grantId: string,
  status: ConnectionStatus,
): Promise<void> {
  await tx.update(connections).set({ status, updatedAt: sql`now()` }).where(eq(connections.grantId, grantId));
}

// --- leaving (the rest is in leaving-data.ts)

export async function siblingCount(tx: Queryable, grantId: string, connectionId: string): Promise<number> {
  const [row] = await tx
    .select({ count: count() })
    .from(connections)
    .where(and(eq(connections.grantId, grantId), sql`${connections.id} <> ${connectionId}`));
  return row?.count ?? 0;
}

export async function deleteConnection(tx: Tx, id: string): Promise<void> {
  await tx.delete(connections).where(eq(connections.id, id));
}

export async function deleteGrant(tx: Tx, id: string): Promise<void> {
  await tx.delete(grants).where(eq(grants.id, id));
}

function toDto(connection: ConnectionRow, grant: GrantRow, paused: Set<string>): ConnectionDto {
  const { platform, missing } = connection;
  const policy = policyOf(findProvider(platform, grant.way)?.provider.connector);
  const endsAt = endOf(grant, connection.credentials !== null, policy);
  const spec = specOf(platform, grant.way);
  return {
    id: connection.id,
    platform,
    remoteId: connection.remoteId,
    name: connection.name,
    handle: connection.handle,
    avatarUrl: connection.avatarUrl,
    profileUrl: connection.profileUrl,
    status: healthOf({
      // safe: the table's check holds exactly these words
      status: connection.status as ConnectionStatus,
      missing,
      dead: grant.deadAt !== null,
      platformPaused: paused.has(platform),
      endsAt,
    }),
    missing,
    scopes: grant.scopes,
    way: grant.way,
    metadata: connection.metadata,
    connectedAt: connection.connectedAt.toISOString(),
    refreshedAt: grant.refreshedAt?.toISOString() ?? null,
    // A Page's own token has no end; the person's, from which it was made, may.
    accessExpiresAt: connection.credentials ? null : (grant.accessExpiresAt?.toISOString() ?? null),
    refreshDueAt: grant.refreshDueAt?.toISOString() ?? null,
    renewsItself: grant.renewable && policy !== null && grant.deadAt === null,
    endsAt: endsAt?.toISOString() ?? null,
    checkedAt: connection.checkedAt?.toISOString() ?? null,
    leaving: { revokes: spec?.capabilities.revoke ?? false, byHand: spec?.removal ?? "" },
    lastError: grant.lastErrorMessage ? { code: grant.lastErrorCode, message: grant.lastErrorMessage } : null,
  };
}
