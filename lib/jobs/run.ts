import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import pLimit from "p-limit";
import type { JobWithMetadata } from "pg-boss";
import { deleteOldStates } from "@/lib/connections/data";
import { checkUnrenewed } from "@/lib/connections/due-checks";
import { deleteQuietGates } from "@/lib/connections/gate-data";
import { keepRefreshing } from "@/lib/connections/refresh-due";
import { log } from "@/lib/log";
import { announceEnds } from "@/lib/notifications/ends";
import { advance } from "@/lib/posts/advance";
import { overdueDeliveries } from "@/lib/posts/deliveries-data";
import { deleteOldKeys } from "@/lib/posts/keys-data";
import { handlers } from "./handlers";
import { type Jobs, jobNames, queue, stopQueue } from "./queue";

/** Works jobs off: all day on a server, for a while from a cron route. */

const SWEEP_EVERY_MS = 15_000;
const TIDY_EVERY_MS = 60 * 60_000;
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
  let tidiedAt = 0;
  while (!signal.aborted) {
    await unlessItFails("sweep", sweep);
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
  await Promise.all([stopQueue(), Promise.race([refreshing, wait(LEAVE_WITHIN_MS)])]);
  log.info("worker.stopped");
}

export type Drained = { jobs: number; failed: number; swept: number; more: boolean };

/** Works off what is due within a time budget, for hosts without a resident process. Safe to run beside others. */
export async function drain(budgetMs: number): Promise<Drained> {
  const deadline = Date.now() + budgetMs;
  const boss = await queue();
  await unlessItFails("checks", checkUnrenewed);
  await unlessItFails("announce", announceEnds);
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
  await tidy();
  return drained;
}

/** Comes back to deliveries whose job or holder is gone: a killed process loses nothing. */
async function sweep(): Promise<number> {
  const ids = await overdueDeliveries(200);
  const limit = pLimit(SIDE_BY_SIDE);
  await Promise.all(ids.map((id) => limit(() => unlessItFails("advance", () => advance(id)))));
  return ids.length;
}

async function tidy(): Promise<void> {
  await deleteOldStates();
  await deleteOldKeys();
  await deleteQuietGates();
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
