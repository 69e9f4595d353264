import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import pLimit from "p-limit";
import type { JobWithMetadata } from "pg-boss";
import { deleteOldStates } from "@/lib/connections/data";
import { checkUnrenewed } from "@/lib/connections/health/due-checks";
import { keepRefreshing } from "@/lib/connections/refresh/due";
import { deleteQuietGates } from "@/lib/connections/refresh/gate-data";
import { needsRotation, rotate } from "@/lib/connections/rotate/rotate";
import { resubscribe } from "@/lib/inbox/accounts";
import { resumeAnswers } from "@/lib/inbox/assistant/answer";
import { removeOrphans } from "@/lib/inbox/receive/attachments";
import { deleteOldEvents } from "@/lib/inbox/receive/events-data";
import { receiveDue } from "@/lib/inbox/receive/receive";
import { sweepMessages } from "@/lib/inbox/send/send";
import { log } from "@/lib/log";
import { announceEnds } from "@/lib/notifications/ends";
import { advance } from "@/lib/posts/advance";
import { overdueDeliveries } from "@/lib/posts/deliveries-data";
import { deleteOldKeys } from "@/lib/posts/keys-data";
import { handlers } from "./handlers";
import { type Jobs, jobNames, queue, stopQueue } from "./queue";

/** Works jobs off: all day on a server, for a while from a cron route. */

const SWEEP_EVERY_MS = 15_000;
/** What platforms have told us is worked off behind their answers; this is for what was left behind. */
const RECEIVE_EVERY_MS = 1_000;
const TIDY_EVERY_MS = 60 * 60_000;
/** Out of each sweep's pause: posts come first. */
const ROTATE_MS = 5_000;
const SIDE_BY_SIDE = 20;
/** Whoever stops us gives us about ten seconds. */
const LEAVE_WITHIN_MS = 8_000;
/** A delivery mostly waits for its platform: one that does not answer for a minute must not keep the others from going out. */
const CONCURRENCY: Record<keyof Jobs, number> = {
  "delivery.advance": 12,
  "post.settled": 2,
  "platform.paused": 1,
  "connection.ended": 1,
  "connection.check": 4,
  "notice.mail": 2,
  "inbox.send": 8,
  // A model may take half a minute.
  "inbox.answer": 6,
  "inbox.attachment": 4,
  "inbox.profile": 2,
  "inbox.subscribe": 2,
  "inbox.backfill": 2,
};

/** Works until the signal says stop; then finishes what it has begun. */
export async function runWorker(signal: AbortSignal): Promise<void> {
  const boss = await queue();
  for (const name of jobNames) {
    await boss.work(
      name,
      { pollingIntervalSeconds: 1, localConcurrency: CONCURRENCY[name] },
      async (jobs: { data: unknown }[]) => {
        for (const job of jobs) await handle(name, job.data);
      },
    );
  }
  log.info("worker.started");
  const refreshing = unlessItFails("refresh", () => keepRefreshing(signal));
  const receiving = receiveAllDay(signal);
  let tidiedAt = 0;
  while (!signal.aborted) {
    await unlessItFails("sweep", sweep);
    await unlessItFails("rotate", rotateForAWhile);
    if (Date.now() - tidiedAt > TIDY_EVERY_MS) {
      tidiedAt = Date.now();
      await unlessItFails("tidy", tidy);
      await unlessItFails("checks", checkUnrenewed);
      await unlessItFails("announce", announceEnds);
    }
    await wait(SWEEP_EVERY_MS, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
  // A renewal under way is worth waiting for: a new token that nobody writes down may be lost.
  const leaving = wait(LEAVE_WITHIN_MS);
  // What receives also enqueues: it ends first.
  await Promise.race([receiving, leaving]);
  await Promise.all([stopQueue(), Promise.race([refreshing, leaving])]);
  log.info("worker.stopped");
}

async function receiveAllDay(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await unlessItFails("receive", receiveDue);
    await wait(RECEIVE_EVERY_MS, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

export type Drained = { jobs: number; failed: number; swept: number; more: boolean };

/** Works off what is due within a time budget, for hosts without a resident process. Safe to run beside others. */
export async function drain(budgetMs: number): Promise<Drained> {
  const deadline = Date.now() + budgetMs;
  const boss = await queue();
  // A job whose process was killed is taken up again; no process here lives long enough for the queue's own clock.
  await unlessItFails("supervise", () => boss.supervise());
  await unlessItFails("checks", checkUnrenewed);
  await unlessItFails("announce", announceEnds);
  await unlessItFails("receive", receiveDue);
  const drained: Drained = { jobs: 0, failed: 0, swept: await sweep(), more: false };
  for (const name of jobNames) {
    for (;;) {
      if (Date.now() > deadline) return { ...drained, more: true };
      const jobs: JobWithMetadata<unknown>[] = await boss.fetch(name, {
        batchSize: SIDE_BY_SIDE,
        includeMetadata: true,
      });
      if (jobs.length === 0) break;
      await Promise.all(
        jobs.map(async (job) => {
          try {
            await handle(name, job.data);
            await boss.complete(name, job.id);
            drained.jobs += 1;
          } catch (error) {
            log.error("job.failed", { job: name, id: job.id, error });
            await boss.fail(name, job.id);
            drained.failed += 1;
          }
        }),
      );
    }
  }
  await rotateForAWhile();
  await tidy();
  return drained;
}

let rotateAgainAt = 0;

/** Moves secrets from a key on its way out to the current one, a little at a time; whoever works beside us is not waited for. */
async function rotateForAWhile(): Promise<void> {
  if (Date.now() < rotateAgainAt || !(await needsRotation())) return;
  const { resealed, unreadable, more } = await rotate({ untilMs: Date.now() + ROTATE_MS });
  // What is left cannot be opened, or is in use: looking again at once would find the same.
  if (resealed === 0 && !more) rotateAgainAt = Date.now() + TIDY_EVERY_MS;
  if (resealed > 0) log.info("vault.rotated", { resealed, unreadable, more });
}

/** Comes back to deliveries whose job or holder is gone: a killed process loses nothing. */
async function sweep(): Promise<number> {
  const ids = await overdueDeliveries(200);
  const limit = pLimit(SIDE_BY_SIDE);
  await Promise.all(ids.map((id) => limit(() => unlessItFails("advance", () => advance(id)))));
  await unlessItFails("answers", resumeAnswers);
  return ids.length + (await sweepMessages());
}

async function tidy(): Promise<void> {
  await deleteOldStates();
  await deleteOldKeys();
  await deleteQuietGates();
  await deleteOldEvents();
  await removeOrphans();
  await resubscribe();
}

function handle(name: keyof Jobs, data: unknown): Promise<unknown> {
  // safe: jobs are only ever made by enqueue(), which pairs each name with its data
  const work = handlers[name] as (data: unknown) => Promise<unknown>;
  return work(data);
}

/** One failing piece must not stop the worker that all others wait for. */
async function unlessItFails(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error("worker.failed", { what, error });
  }
}
