import "server-only";
import { withAccess } from "@/lib/connections/access";
import { db } from "@/lib/db";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { findAccountById, saveAccount } from "../accounts-data";
import { turn } from "../pace";
import { applyEvents } from "./apply";
import { lockAccount } from "./events-data";

const DAY_MS = 24 * 60 * 60_000;
/** Before an account was connected: as far back as anyone will want to read. */
const HISTORY_MS = 30 * DAY_MS;
/** An outage may have begun before the last thing we heard was written down. */
const OVERLAP_MS = 60 * 60_000;
/** A job has two minutes. */
const BUDGET_MS = 60_000;
const MOST_PAGES = 400;

/**
 * Fetches what was said before an account was connected, or while nobody listened. What is known already stays as it is, and
 * nothing old is ever answered by itself. Where the platform takes long, another job goes on.
 * @throws PlatformError when trying again soon may help
 */
export async function backfill(
  connectionId: string,
  from: { cursor: string | null; since: string | null; pages: number } = {
    cursor: null,
    since: null,
    pages: 0,
  },
): Promise<void> {
  await queue();
  const account = await findAccountById(db(), connectionId);
  if (!account) return;
  const first = account.backfilledAt === null;
  const since = from.since ? new Date(from.since) : sinceFor(account.backfilledAt, account.lastEventAt);
  const deadline = Date.now() + BUDGET_MS;
  let { cursor, pages } = from;
  do {
    await turn("history", connectionId);
    const page = await pageOf(connectionId, since, cursor);
    if (!page) return;
    pages += 1;
    cursor = pages < MOST_PAGES ? page.cursor : null;
    const heardAt = new Date();
    const done = cursor === null;
    const late = !done && Date.now() > deadline;
    const next = { connectionId, cursor, since: since.toISOString(), pages };
    await db().transaction(async (tx) => {
      await lockAccount(tx, account.platform, account.remoteId);
      const arrivals = page.events.map((event) => ({ event, heardAt, count: () => undefined }));
      await applyEvents(tx, account, arrivals, first ? "history" : "catch_up");
      if (done) await saveAccount(tx, account, { backfilledAt: heardAt });
      if (late) await enqueue(tx, "inbox.backfill", next);
    });
    if (late) return;
  } while (cursor !== null);
  log.info("inbox.backfilled", { connectionId, platform: account.platform, pages });
}

function sinceFor(backfilledAt: Date | null, lastEventAt: Date | null): Date {
  const now = Date.now();
  if (!backfilledAt) return new Date(now - HISTORY_MS);
  const last = Math.max(backfilledAt.getTime(), lastEventAt?.getTime() ?? 0);
  return new Date(Math.max(now - HISTORY_MS, last - OVERLAP_MS));
}

async function pageOf(connectionId: string, since: Date, cursor: string | null) {
  try {
    return await withAccess(
      connectionId,
      async (provider, access) => (await provider.inbox?.history(access, { since, cursor })) ?? null,
    );
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.info("inbox.backfill_failed", { connectionId, kind: error.kind, code: error.code, error });
    if (error.kind === "unavailable" || error.kind === "slow_down") throw error;
    return null;
  }
}
