import "server-only";
import { and, asc, eq, inArray, lt, sql } from "drizzle-orm";
import { connections, grants } from "@/drizzle/schema/connections";
import { inboxAccounts } from "@/drizzle/schema/inbox";
import { after, db, type Queryable } from "@/lib/db";
import { notFound } from "@/lib/errors";
import { Answering, type AnsweringMode, type InboxAccountDto } from "./schema";

/** The only SQL about how connected accounts listen and answer. */

export type InboxAccount = {
  connectionId: string;
  userId: string;
  platform: string;
  way: string | null;
  remoteId: string;
  /** Since when this account is connected here: what was told of it before is nobody's business. */
  connectedSince: Date;
  scopes: string[] | null;
  subscription: InboxAccountDto["subscription"];
  backfilledAt: Date | null;
  lastEventAt: Date | null;
  mode: AnsweringMode;
  answering: Answering;
};

const columns = {
  connectionId: connections.id,
  userId: connections.userId,
  platform: connections.platform,
  way: grants.way,
  remoteId: connections.remoteId,
  name: connections.name,
  handle: connections.handle,
  connectedSince: connections.createdAt,
  scopes: grants.scopes,
  subscription: inboxAccounts.subscription,
  subscribedAt: inboxAccounts.subscribedAt,
  subscriptionError: inboxAccounts.subscriptionError,
  backfilledAt: inboxAccounts.backfilledAt,
  lastEventAt: inboxAccounts.lastEventAt,
  mode: inboxAccounts.mode,
  answering: inboxAccounts.answering,
};

const accounts = (tx: Queryable) =>
  tx
    .select(columns)
    .from(connections)
    .innerJoin(grants, eq(grants.id, connections.grantId))
    .leftJoin(inboxAccounts, eq(inboxAccounts.connectionId, connections.id));

type Row = Awaited<ReturnType<typeof accounts>>[number];

/** Whose account this is now; null when it is nobody's here. */
export async function findAccount(
  tx: Queryable,
  platform: string,
  remoteId: string,
): Promise<InboxAccount | null> {
  const [row] = await accounts(tx).where(
    and(eq(connections.platform, platform), eq(connections.remoteId, remoteId)),
  );
  return row ? toAccount(row) : null;
}

export async function findAccountById(tx: Queryable, connectionId: string): Promise<InboxAccount | null> {
  const [row] = await accounts(tx).where(eq(connections.id, connectionId));
  return row ? toAccount(row) : null;
}

/** The same, for its owner only. @throws AppError not_found */
export async function getAccount(userId: string, connectionId: string): Promise<InboxAccount> {
  const [row] = await accounts(db()).where(
    and(eq(connections.id, connectionId), eq(connections.userId, userId)),
  );
  if (!row) throw notFound("This account");
  return toAccount(row);
}

/** Those of a person's accounts on these platforms, in order of name. */
export async function listAccounts(userId: string, platforms: string[]): Promise<InboxAccountDto[]> {
  if (platforms.length === 0) return [];
  const rows = await accounts(db())
    .where(and(eq(connections.userId, userId), inArray(connections.platform, platforms)))
    .orderBy(asc(connections.name), asc(connections.id));
  return rows.map((row) => ({
    connectionId: row.connectionId,
    platform: row.platform,
    name: row.name,
    handle: row.handle,
    subscription: subscriptionOf(row),
    subscribedAt: row.subscribedAt?.toISOString() ?? null,
    subscriptionError: row.subscriptionError,
    lastEventAt: row.lastEventAt?.toISOString() ?? null,
    mode: modeOf(row),
    answering: Answering.parse(row.answering ?? {}),
  }));
}

export async function saveAccount(
  tx: Queryable,
  account: Pick<InboxAccount, "connectionId" | "userId">,
  change: Partial<Omit<typeof inboxAccounts.$inferInsert, "connectionId" | "userId">>,
): Promise<void> {
  await tx
    .insert(inboxAccounts)
    .values({ connectionId: account.connectionId, userId: account.userId, ...change })
    .onConflictDoUpdate({
      target: inboxAccounts.connectionId,
      set: { userId: account.userId, ...change, updatedAt: sql`now()` },
    });
}

/** Takes accounts whose subscription failed and was last tried a day ago; each is handed out once. */
export async function claimUnsubscribed(limit: number): Promise<string[]> {
  const due = db()
    .select({ id: inboxAccounts.connectionId })
    .from(inboxAccounts)
    .where(
      and(eq(inboxAccounts.subscription, "failed"), lt(inboxAccounts.updatedAt, after(-24 * 60 * 60_000))),
    )
    .limit(limit)
    .for("update", { skipLocked: true });
  const rows = await db()
    .update(inboxAccounts)
    .set({ updatedAt: sql`now()` })
    .where(inArray(inboxAccounts.connectionId, due))
    .returning({ id: inboxAccounts.connectionId });
  return rows.map(({ id }) => id);
}

const toAccount = (row: Row): InboxAccount => ({
  connectionId: row.connectionId,
  userId: row.userId,
  platform: row.platform,
  way: row.way,
  remoteId: row.remoteId,
  connectedSince: row.connectedSince,
  scopes: row.scopes,
  subscription: subscriptionOf(row),
  backfilledAt: row.backfilledAt,
  lastEventAt: row.lastEventAt,
  mode: modeOf(row),
  answering: Answering.parse(row.answering ?? {}),
});

// safe, both: the table's checks hold exactly these words
const subscriptionOf = (row: Row) => (row.subscription ?? "off") as InboxAccountDto["subscription"];
const modeOf = (row: Row) => (row.mode ?? "off") as AnsweringMode;
