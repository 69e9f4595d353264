import "server-only";
import pLimit from "p-limit";
import { db, type Tx } from "@/lib/db";
import { env } from "@/lib/env";
import { queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { parseWebhook, readEntry } from "@/lib/platforms/instagram/webhook";
import { findAccount } from "../accounts-data";
import { type Arrival, applyEvents } from "./apply";
import {
  accountsDue,
  claimEvents,
  type EventRow,
  finishEvents,
  lockAccount,
  putOffEvent,
} from "./events-data";

/** Works off what platforms have told us: each account's events in order, several accounts side by side. */

const ACCOUNTS_AT_ONCE = 4;
const ROWS_AT_ONCE = 100;
const MAX_ATTEMPTS = 8;

let running: Promise<number> | null = null;
let again = false;

/**
 * Works off everything that is due. Of many who call at once in one process one works, and looks once more before it ends.
 * @returns how many entries were worked off
 */
export function receiveDue(): Promise<number> {
  if (running) {
    again = true;
    return running;
  }
  running = receiveAll();
  return running;
}

async function receiveAll(): Promise<number> {
  try {
    await queue();
    const limit = pLimit(ACCOUNTS_AT_ONCE);
    let received = 0;
    for (;;) {
      again = false;
      const accounts = await accountsDue(100);
      const counts = await Promise.all(
        accounts.map(({ platform, accountId }) => limit(() => receiveAccount(platform, accountId))),
      );
      const some = counts.reduce((sum, count) => sum + count, 0);
      received += some;
      // Where nothing moved, what is due has been put off.
      if (some === 0 && !again) return received;
    }
  } finally {
    running = null;
  }
}

async function receiveAccount(platform: string, accountId: string): Promise<number> {
  let received = 0;
  for (;;) {
    let rows: EventRow[] = [];
    try {
      await db().transaction(async (tx) => {
        await lockAccount(tx, platform, accountId);
        rows = await claimEvents(tx, platform, accountId, ROWS_AT_ONCE);
        await receive(tx, platform, accountId, rows);
      });
    } catch (error) {
      if (rows.length === 0) throw error;
      log.error("inbox.batch_failed", { platform, events: rows.length, error });
      await receiveSingly(platform, accountId, rows);
    }
    received += rows.length;
    if (rows.length < ROWS_AT_ONCE) return received;
  }
}

/** One of them cannot be worked off: the others must not wait for it. */
async function receiveSingly(platform: string, accountId: string, rows: EventRow[]): Promise<void> {
  for (const { id, attempts } of rows) {
    try {
      await db().transaction(async (tx) => {
        await lockAccount(tx, platform, accountId);
        const [row] = await claimEvents(tx, platform, accountId, 1, id);
        if (row) await receive(tx, platform, accountId, [row]);
      });
    } catch (error) {
      log.error("inbox.event_failed", { platform, eventId: id, attempts: attempts + 1, error });
      const wait = attempts + 1 < MAX_ATTEMPTS ? 5_000 * 2 ** attempts : null;
      await putOffEvent(id, "Something went wrong on our side.", wait);
    }
  }
}

async function receive(tx: Tx, platform: string, accountId: string, rows: EventRow[]): Promise<void> {
  const account = await findAccount(tx, platform, accountId);
  const done = rows.map((row) => ({ id: row.id, outcome: {} as Record<string, number>, row }));
  const arrivals: Arrival[] = [];
  for (const { row, outcome } of done) {
    const count = (word: string) => {
      outcome[word] = (outcome[word] ?? 0) + 1;
    };
    // Of an account that is nobody's here, or was not yet when this came: not an error, and nobody's business.
    if (!account) count("unknown_account");
    else if (row.receivedAt < account.connectedSince) count("before_connection");
    else {
      for (const event of readEntry(parseWebhook(row.entry), {
        receivedAt: row.receivedAt,
        appIds: appIds(),
      })) {
        arrivals.push({ event, heardAt: row.receivedAt, count });
      }
    }
  }
  if (account && arrivals.length > 0) await applyEvents(tx, account, arrivals, "webhook");
  await finishEvents(tx, done);
}

/** Ours at Meta, to tell whether a conversation was handed to us. */
const appIds = (): string[] =>
  [env().apps["instagram"], env().apps["facebook"]].flatMap((config) => config?.app?.clientId ?? []);
