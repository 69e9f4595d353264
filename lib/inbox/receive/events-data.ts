import "server-only";
import { and, asc, desc, eq, gte, isNotNull, lt, lte, or, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { connections } from "@/drizzle/schema/connections";
import { webhookEvents } from "@/drizzle/schema/inbox";
import { after, db, type Queryable, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import type { WebhookEventDto, WebhookEventsAnswer } from "../schema";

/** The only SQL about what platforms have told us: kept as it came, worked off, shown to its owner, forgotten. */

export type EventRow = Pick<
  typeof webhookEvents.$inferSelect,
  "id" | "entry" | "receivedAt" | "attempts" | "accountId"
>;

const KEPT_DAYS = 30;
const PAGE_SIZE = 30;

/** Keeps entries, in one statement; what is there already stays as it is. @returns how many are new */
export async function insertEvents(
  platform: string,
  entries: { accountId: string; digest: string; entry: string }[],
): Promise<number> {
  if (entries.length === 0) return 0;
  const column = (values: string[], type: string) => sql`${sql.param(values)}::${sql.raw(type)}[]`;
  const { rowCount } = await db().execute(sql`
    insert into webhook_events (id, platform, account_id, digest, entry)
    select id, ${platform}, account_id, digest, entry
      from unnest(
        ${column(
          entries.map(() => uuid()),
          "uuid",
        )},
        ${column(
          entries.map(({ accountId }) => accountId),
          "text",
        )},
        ${column(
          entries.map(({ digest }) => digest),
          "text",
        )},
        ${column(
          entries.map(({ entry }) => entry),
          "text",
        )}
      ) as told (id, account_id, digest, entry)
    on conflict (digest) do nothing`);
  return rowCount ?? 0;
}

/** Accounts that something has been told of and not been worked off. */
export async function accountsDue(limit: number): Promise<{ platform: string; accountId: string }[]> {
  return db()
    .selectDistinct({ platform: webhookEvents.platform, accountId: webhookEvents.accountId })
    .from(webhookEvents)
    .where(and(isNotNull(webhookEvents.dueAt), lte(webhookEvents.dueAt, sql`now()`)))
    .limit(limit);
}

/** Makes everyone who changes what is known of an account's messages wait their turn, until the transaction ends. */
export async function lockAccount(tx: Tx, platform: string, accountId: string): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`inbox:${platform}:${accountId}`}, 0))`,
  );
}

/** The oldest of an account's due events, or this one of them, for whoever holds its lock. */
export async function claimEvents(
  tx: Tx,
  platform: string,
  accountId: string,
  limit: number,
  id?: string,
): Promise<EventRow[]> {
  return tx
    .select({
      id: webhookEvents.id,
      entry: webhookEvents.entry,
      receivedAt: webhookEvents.receivedAt,
      attempts: webhookEvents.attempts,
      accountId: webhookEvents.accountId,
    })
    .from(webhookEvents)
    .where(
      and(
        eq(webhookEvents.platform, platform),
        eq(webhookEvents.accountId, accountId),
        isNotNull(webhookEvents.dueAt),
        lte(webhookEvents.dueAt, sql`now()`),
        ...(id ? [eq(webhookEvents.id, id)] : []),
      ),
    )
    .orderBy(asc(webhookEvents.receivedAt), asc(webhookEvents.id))
    .limit(limit)
    .for("update", { skipLocked: true });
}

/** Notes what became of events. */
export async function finishEvents(
  tx: Tx,
  done: { id: string; outcome: Record<string, number> }[],
): Promise<void> {
  if (done.length === 0) return;
  await tx.execute(sql`
    update webhook_events e
       set processed_at = now(), due_at = null, attempts = e.attempts + 1, error = null, outcome = d.outcome
      from unnest(
        ${sql.param(done.map(({ id }) => id))}::uuid[],
        ${sql.param(done.map(({ outcome }) => JSON.stringify(outcome)))}::jsonb[]
      ) as d (id, outcome)
     where e.id = d.id`);
}

/** Puts off one that could not be worked off; `retryInMs` null: until a person asks for it. */
export async function putOffEvent(id: string, error: string, retryInMs: number | null): Promise<void> {
  await db()
    .update(webhookEvents)
    .set({
      attempts: sql`${webhookEvents.attempts} + 1`,
      error,
      dueAt: retryInMs === null ? null : after(retryInMs),
    })
    .where(eq(webhookEvents.id, id));
}

export async function deleteOldEvents(): Promise<void> {
  await db()
    .delete(webhookEvents)
    .where(lt(webhookEvents.receivedAt, sql`now() - ${`${KEPT_DAYS} days`}::interval`));
}

/** A person's events are those of the accounts connected as theirs, from when they were connected. */
const theirs = (userId: string) =>
  and(
    eq(connections.platform, webhookEvents.platform),
    eq(connections.remoteId, webhookEvents.accountId),
    eq(connections.userId, userId),
    gte(webhookEvents.receivedAt, connections.createdAt),
  );

/** Newest first; the cursor is the id of the last one seen. */
export async function listEvents(userId: string, cursor: string | null): Promise<WebhookEventsAnswer> {
  const last = cursor
    ? db().select({ at: webhookEvents.receivedAt }).from(webhookEvents).where(eq(webhookEvents.id, cursor))
    : null;
  const rows = await db()
    .select({ event: webhookEvents, accountName: connections.name })
    .from(webhookEvents)
    .innerJoin(connections, theirs(userId))
    .where(
      last && cursor
        ? or(
            sql`${webhookEvents.receivedAt} < (${last})`,
            and(sql`${webhookEvents.receivedAt} = (${last})`, lt(webhookEvents.id, cursor)),
          )
        : undefined,
    )
    .orderBy(desc(webhookEvents.receivedAt), desc(webhookEvents.id))
    .limit(PAGE_SIZE + 1);
  const page = rows.slice(0, PAGE_SIZE);
  return {
    events: page.map(({ event, accountName }) => toDto(event, accountName)),
    nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.event.id ?? null) : null,
  };
}

/** Lets one of a person's events be worked off anew. @throws AppError not_found */
export async function replayEvent(tx: Queryable, userId: string, id: string): Promise<void> {
  const mine = tx
    .select({ id: webhookEvents.id })
    .from(webhookEvents)
    .innerJoin(connections, theirs(userId))
    .where(eq(webhookEvents.id, id));
  const rows = await tx
    .update(webhookEvents)
    .set({ dueAt: sql`now()`, processedAt: null, attempts: 0, error: null })
    .where(and(eq(webhookEvents.id, id), sql`${webhookEvents.id} in ${mine}`))
    .returning({ id: webhookEvents.id });
  if (rows.length === 0) throw notFound("This event");
}

function toDto(row: typeof webhookEvents.$inferSelect, accountName: string): WebhookEventDto {
  return {
    id: row.id,
    platform: row.platform,
    accountName,
    receivedAt: row.receivedAt.toISOString(),
    processedAt: row.processedAt?.toISOString() ?? null,
    attempts: row.attempts,
    outcome: row.outcome,
    error: row.error,
    entry: row.entry,
  };
}
