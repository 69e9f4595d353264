import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import { after, db } from "@/lib/db";
import { log } from "@/lib/log";
import { TOKEN_TIMEOUT_MS } from "@/lib/platforms/kit";
import { findProvider, platformIds } from "@/lib/platforms/registry";
import type { GrantRow } from "../data";
import { claimDueGrants, endLease, releaseLeases } from "./data";
import { enter, type Pass, perMinuteOf } from "./gate";
import { canRefresh, LEASE_MS, renew, type Source } from "./refresh";

/** Renews what is due, every platform by itself: one that is slow or down holds up no other. */

/** Calls under way at one platform at a time. */
const LANES = 10;
/** The longest that one renewal takes, once begun. */
const CALL_MS = TOKEN_TIMEOUT_MS + 2_000;
/**
 * How often a resident process looks. A renewal that a killed process left behind is tried once more within the minute that
 * rotating platforms may grant the old token: its lease and this together are less.
 */
const LOOK_EVERY_MS = 10_000;
const NOT_SET_UP_MS = 60 * 60_000;

export type RefreshRun = {
  claimed: number;
  refreshed: number;
  failed: number;
  /** Of those that failed: only their owners can bring them back. */
  ended: number;
  /** Claimed and given back unasked: a platform that is down, a turn that did not come, time that ran out. */
  skipped: number;
  /** Something was left for another run. */
  more: boolean;
};

/**
 * One run for hosts without a resident process. Nothing is begun that might not end within the budget; safe beside others,
 * twice at once, or skipped.
 */
export async function refreshDue(budgetMs: number): Promise<RefreshRun> {
  const run = newRun();
  const until = { stopAt: Date.now() + budgetMs - CALL_MS, signal: new AbortController().signal };
  await Promise.all(platformIds.map((platform) => refreshPlatform(platform, run, until)));
  if (run.claimed > 0) log.info("refresh.run", run);
  return run;
}

/** Goes on until the signal, then ends with what is under way; what was claimed and not begun is given back untouched. */
export async function keepRefreshing(signal: AbortSignal): Promise<void> {
  await Promise.all(
    platformIds.map(async (platform) => {
      while (!signal.aborted) {
        try {
          await refreshPlatform(platform, newRun(), { stopAt: Number.POSITIVE_INFINITY, signal });
        } catch (error) {
          log.error("refresh.failed", { platform, error });
        }
        await pause(LOOK_EVERY_MS, signal);
      }
    }),
  );
}

type Until = { stopAt: number; signal: AbortSignal };
type Claimed = { source: Source; grant: GrantRow; pass: Pass };

async function refreshPlatform(platform: string, run: RefreshRun, until: Until): Promise<void> {
  const owner = uuid();
  const ready: Claimed[] = [];
  let filling: Promise<void> | null = null;
  let done = false;
  const isOver = () => until.signal.aborted || Date.now() >= until.stopAt;

  const next = async (): Promise<Claimed | null> => {
    for (;;) {
      if (isOver()) return null;
      const claimed = ready.shift();
      if (claimed) return claimed;
      if (done) return null;
      filling ??= fill().finally(() => {
        filling = null;
      });
      await filling;
    }
  };

  const fill = async (): Promise<void> => {
    const found = findProvider(platform)?.provider.connector;
    const perMinute = found && canRefresh(found) ? perMinuteOf(platform, found) : null;
    const grants = await claimDueGrants(platform, owner, perMinute === null ? LANES : 1, LEASE_MS);
    done = grants.length === 0;
    if (done) return;
    run.claimed += grants.length;
    const able = (await Promise.all(grants.map(sourceOf))).flatMap((one) => one ?? []);
    run.skipped += grants.length - able.length;
    if (able.length === 0) return;
    const pass = await entered(perMinute);
    // A probe is one call; the others wait for what it shows.
    const going = pass === null ? [] : pass.probe ? able.slice(0, 1) : able;
    for (const one of going) if (pass) ready.push({ ...one, pass });
    if (going.length === able.length) return;
    done = true;
    run.more = true;
    run.skipped += able.length - going.length;
    await Promise.all(able.slice(going.length).map(({ grant }) => endLease(db(), holdOf(grant, owner))));
  };

  /** Waits for its turn where calls are limited; null when the platform is not to be called in this run any more. */
  const entered = async (perMinute: number | null): Promise<Pass | null> => {
    for (;;) {
      const pass = await enter(platform, perMinute, "schedule");
      if (!("shutForMs" in pass)) return pass;
      if (pass.because === "trouble" || Date.now() + pass.shutForMs >= until.stopAt) return null;
      await pause(pass.shutForMs, until.signal);
      if (isOver()) return null;
    }
  };

  const sourceOf = async (grant: GrantRow) => {
    const provider = findProvider(platform, grant.way)?.provider;
    const connector = provider?.connector;
    if (connector && canRefresh(connector)) return { source: { name: provider.spec.name, connector }, grant };
    // A way in that renews nothing is never due; one that is not set up here any more may be again.
    const change = connector ? { refreshDueAt: null } : { retryAt: after(NOT_SET_UP_MS) };
    await endLease(db(), holdOf(grant, owner), change);
    return null;
  };

  const lane = async (): Promise<void> => {
    for (let claimed = await next(); claimed; claimed = await next()) {
      const { source, grant, pass } = claimed;
      const outcome = await renew(source, grant, holdOf(grant, owner), pass);
      if (outcome.state === "renewed") run.refreshed += 1;
      else if (outcome.state === "failed") run.failed += 1;
      else run.skipped += 1;
      if (outcome.state === "failed" && outcome.ended) run.ended += 1;
    }
  };

  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  if (ready.length > 0) {
    run.skipped += ready.length;
    await releaseLeases(owner);
  }
  if (isOver() && !done) run.more = true;
  const broken = lanes.find((one) => one.status === "rejected");
  if (broken) throw broken.reason;
}

const newRun = (): RefreshRun => ({
  claimed: 0,
  refreshed: 0,
  failed: 0,
  ended: 0,
  skipped: 0,
  more: false,
});

const holdOf = ({ id, version }: GrantRow, owner: string) => ({ id, version, owner });

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
