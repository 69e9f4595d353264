import "server-only";
import { and, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import { verifications } from "@/drizzle/schema/auth";
import { connections, grants } from "@/drizzle/schema/connections";
import { webhookEvents } from "@/drizzle/schema/inbox";
import { deliveries, deliveryEvents } from "@/drizzle/schema/posts";
import { audit, dataDeletions } from "@/drizzle/schema/system";
import { after, db, type Queryable, type Tx } from "@/lib/db";
import { type ConnectionRow, type GrantRow, lockSubject } from "../data";

/** The only SQL about leaving: a connection, a platform, Carillon. */

/** Where one consent is kept. */
export type Consent = { platform: string; subject: string };

/** Whoever touches one of these consents waits, until the transaction ends. Always in the same order, so that nobody waits in a circle. */
export async function lockConsents(tx: Tx, consents: Consent[]): Promise<void> {
  const order = consents.toSorted((a, b) =>
    `${a.platform}:${a.subject}` < `${b.platform}:${b.subject}` ? -1 : 1,
  );
  for (const { platform, subject } of order) await lockSubject(tx, platform, subject);
}

/** Whether any of these is held here, by whomever. */
export async function anyHeld(tx: Queryable, consents: Consent[]): Promise<{ userId: string } | null> {
  if (consents.length === 0) return null;
  const [row] = await tx
    .select({ userId: grants.userId })
    .from(grants)
    .where(
      or(
        ...consents.map(({ platform, subject }) =>
          and(eq(grants.platform, platform), eq(grants.subject, subject)),
        ),
      ),
    )
    .limit(1);
  return row ?? null;
}

/** Takes a grant for the time of its end, so that nobody renews what is being handed back; null while somebody is renewing it. */
export async function claimForLeaving(
  tx: Tx,
  id: string,
  owner: string,
  leaseMs: number,
): Promise<GrantRow | null> {
  const [row] = await tx
    .update(grants)
    .set({ leaseOwner: owner, leaseUntil: after(leaseMs) })
    .where(and(eq(grants.id, id), or(isNull(grants.leaseUntil), lt(grants.leaseUntil, sql`now()`))))
    .returning();
  return row ?? null;
}

export async function grantsOf(userId: string): Promise<{ grant: GrantRow; connections: ConnectionRow[] }[]> {
  const held = await db().select().from(grants).where(eq(grants.userId, userId));
  const theirs = await db().select().from(connections).where(eq(connections.userId, userId));
  return held.map((grant) => ({
    grant,
    connections: theirs.filter(({ grantId }) => grantId === grant.id),
  }));
}

export const connectionsOfGrant = (tx: Queryable, grantId: string): Promise<ConnectionRow[]> =>
  tx.select().from(connections).where(eq(connections.grantId, grantId));

/** Removes those of these grants by which no account is reached any more. */
export async function takeEmptyGrants(tx: Tx, ids: string[]): Promise<GrantRow[]> {
  if (ids.length === 0) return [];
  return tx
    .delete(grants)
    .where(
      and(
        inArray(grants.id, ids),
        sql`not exists (select from ${connections} where ${connections.grantId} = ${grants.id})`,
      ),
    )
    .returning();
}

/** The accounts of a grant lose the tokens they had of their own, and wait to be connected again. */
export async function shredAccounts(tx: Tx, grantId: string): Promise<void> {
  await tx
    .update(connections)
    .set({
      credentials: null,
      keyId: null,
      version: sql`${connections.version} + 1`,
      status: "reconnect",
      updatedAt: sql`now()`,
    })
    .where(eq(connections.grantId, grantId));
}

/**
 * Deletes a grant with all that came through it. What the person wrote stays theirs: posts keep their words and their
 * fate, and lose the account's name, the platform's ids and addresses, and what the platform said. Notices and
 * conversations go with the grant and its accounts.
 * @param unnamed what stands for the account's name from now on
 */
export async function eraseGrant(tx: Tx, grant: GrantRow, unnamed: string): Promise<void> {
  const accounts = await connectionsOfGrant(tx, grant.id);
  const reached = accounts.map(({ id }) => id);
  if (reached.length > 0) {
    await deleteEvents(tx, accounts);
    const rows = await tx
      .update(deliveries)
      .set({
        accountName: unnamed,
        remoteId: null,
        parts: [],
        url: null,
        note: null,
        resume: null,
        errorMessage: sql`case when ${deliveries.errorMessage} is null then null else 'What the platform said was deleted on request.' end`,
        // Whoever is at work on one finds that the claim is lost, and writes nothing back.
        attempt: sql`${deliveries.attempt} + 1`,
        leaseUntil: null,
        updatedAt: sql`now()`,
      })
      .where(inArray(deliveries.connectionId, reached))
      .returning({ id: deliveries.id });
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0)
      await tx.update(deliveryEvents).set({ message: null }).where(inArray(deliveryEvents.deliveryId, ids));
  }
  await tx
    .update(audit)
    .set({ details: sql`${audit.details} - 'account'` })
    .where(and(eq(audit.userId, grant.userId), inArray(audit.subject, [grant.id, ...reached])));
  await tx.delete(grants).where(eq(grants.id, grant.id));
}

/** What a platform sent us about accounts that are no longer here, as it came. What was made of it goes with them. */
export async function deleteEvents(tx: Tx, accounts: ConnectionRow[]): Promise<void> {
  for (const { platform, remoteId } of accounts) {
    await tx
      .delete(webhookEvents)
      .where(and(eq(webhookEvents.platform, platform), eq(webhookEvents.accountId, remoteId)));
  }
}

// --- deletions that platforms pass on

export type DeletionRow = typeof dataDeletions.$inferSelect;

/** The record of a request; the same request again finds its own. */
export async function recordDeletion(row: {
  code: string;
  platform: string;
  requestHash: string;
}): Promise<DeletionRow> {
  await db().insert(dataDeletions).values(row).onConflictDoNothing({ target: dataDeletions.requestHash });
  const [found] = await db()
    .select()
    .from(dataDeletions)
    .where(eq(dataDeletions.requestHash, row.requestHash));
  if (!found) throw new Error("The request was not recorded.");
  return found;
}

export async function completeDeletion(tx: Tx, code: string): Promise<void> {
  await tx
    .update(dataDeletions)
    .set({ state: "completed", completedAt: sql`now()` })
    .where(and(eq(dataDeletions.code, code), eq(dataDeletions.state, "received")));
}

export async function findDeletion(code: string): Promise<DeletionRow | null> {
  const [row] = await db().select().from(dataDeletions).where(eq(dataDeletions.code, code));
  return row ?? null;
}

/** The trail of someone who has gone, and links mailed to them. These have no reference to them, so they go by hand. */
export async function deleteTrail(userId: string): Promise<void> {
  await db().delete(audit).where(eq(audit.userId, userId));
  await db().delete(verifications).where(eq(verifications.value, userId));
}
