import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import { type Actor, audit } from "@/lib/audit";
import { after, db } from "@/lib/db";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import {
  type Credentials,
  type OAuthConnector,
  PlatformError,
  type Provider,
} from "@/lib/platforms/contract";
import { TOKEN_TIMEOUT_MS } from "@/lib/platforms/kit";
import { findGrant, type GrantRow, markGrantConnections } from "../data";
import { openCredentials, sealCredentials } from "../seal";
import { endLease, type Hold, leaseGrant, markAsked, saveRenewal } from "./data";
import {
  enter,
  isTrouble,
  noteSuccess,
  noteTrouble,
  type Pass,
  perMinuteOf,
  shutError,
  TOO_YOUNG,
} from "./gate";
import { dueAt, isLost, waitMs } from "./times";

/**
 * The life of a grant's tokens: the one engine for the schedule, for publishing and for "refresh now".
 * A renewal is claimed by a lease, written down before the platform is asked, asked outside any transaction, and saved by
 * compare-and-set on the version and the lease. Only the platform's own "no" ends a grant.
 */

/** Longer than two token calls may take: a holder that is merely slow keeps its claim. */
export const LEASE_MS = 2 * TOKEN_TIMEOUT_MS + 2_000;
/** How long a waiter watches another's renewal before it gives up. */
const PATIENCE_MS = LEASE_MS + 5_000;
const GLANCE_MS = 100;
/** Refusals in a row that no waiting mends: then the person must connect again. */
const MOST_REFUSALS = 5;
/** A rotating token whose answer got lost with its process is tried once more, and then never again. */
const MOST_ASKED = 2;

/** oauth.ts: a platform that renews did not give this grant a refresh token. */
export const NOTHING_TO_RENEW = "no_refresh_token";

const JOB: Actor = { type: "job", name: "refresh" };

export type Refreshing = OAuthConnector & { refresh: NonNullable<OAuthConnector["refresh"]> };

export const canRefresh = (connector: Provider["connector"]): connector is Refreshing =>
  connector.kind === "oauth" && connector.refresh !== undefined;

/** Where a renewal comes from; `name` is for people. */
export type Source = { name: string; connector: Refreshing };

/** Callers of one process share one claim; what holds between processes is the lease. */
const underway = new Map<string, Promise<GrantRow>>();

/**
 * Renews a grant once, however many ask at the same moment and in how many processes: one holds the lease and calls the
 * platform; the others wait for the version to move and take what it brought.
 * @param seen the grant as the caller read it: if it has been renewed since, that is the answer
 * @throws PlatformError reconnect when the grant has ended; unavailable, with the wait, while a failed renewal waits;
 *   otherwise as the platform refused. Unless it has ended, the grant is as good as before.
 */
export function refreshGrant(provider: Provider, connector: Refreshing, seen: GrantRow): Promise<GrantRow> {
  const key = `${seen.id}:${seen.version}`;
  const running = underway.get(key);
  if (running) return running;
  const source = { name: provider.spec.name, connector };
  const mine = refreshOnce(source, seen).finally(() => underway.delete(key));
  underway.set(key, mine);
  return mine;
}

async function refreshOnce(source: Source, seen: GrantRow): Promise<GrantRow> {
  const hold = { id: seen.id, version: seen.version, owner: uuid() };
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const leased = await leaseGrant(hold, LEASE_MS);
    if (leased) {
      const outcome = await renew(source, leased, hold);
      if (outcome.state === "renewed") return outcome.grant;
      if (outcome.state !== "overtaken") throw outcome.failure;
    }
    const current = await findGrant(seen.id);
    if (!current) throw gone();
    // Ended first: whoever ends a grant moves its version, too.
    if (current.deadAt) throw dead(current);
    if (current.version !== seen.version) return current;
    // A failed renewal waits, and until it is tried again its failure is the answer to all who come.
    if (!isLeased(current) && isWaiting(current)) throw waiting(current);
    await wait(GLANCE_MS);
  }
  throw new PlatformError("unavailable", "Renewing this connection takes too long. We will try again.", {
    code: "refresh_busy",
  });
}

/** What became of a claim. overtaken: it was lost to another, whose word counts. skipped: the platform was not asked. */
export type Renewal =
  | { state: "renewed"; grant: GrantRow }
  | { state: "failed"; failure: PlatformError; ended: boolean }
  | { state: "skipped"; failure: PlatformError }
  | { state: "overtaken" };

/**
 * Renews a claimed grant, and gives the claim back whatever comes of it.
 * @param pass the right to call its platform, where the caller has it already
 */
export async function renew(source: Source, grant: GrantRow, hold: Hold, pass?: Pass): Promise<Renewal> {
  const { connector } = source;
  const { platform } = grant;
  let credentials: Credentials;
  try {
    credentials = await openCredentials(grant);
  } catch (error) {
    return fail(source, grant, hold, error);
  }
  const obstacle = obstacleTo(source, grant, credentials);
  if (obstacle?.ends) return fail(source, grant, hold, obstacle.failure);
  if (obstacle) {
    await endLease(db(), hold, { refreshDueAt: obstacle.dueAt });
    return { state: "skipped", failure: obstacle.failure };
  }

  const entered = pass ?? (await enter(platform, perMinuteOf(platform, connector), "person"));
  if ("shutForMs" in entered) {
    await endLease(db(), hold);
    return { state: "skipped", failure: shutError(platform, entered) };
  }
  const beganAt = performance.now();
  const marked = await markAsked(hold, { leaseMs: LEASE_MS, probe: entered.probe });
  if (!marked) {
    const ours = await endLease(db(), hold);
    if (!ours) return { state: "overtaken" };
    return { state: "skipped", failure: shutError(platform, { shutForMs: 30_000, because: "trouble" }) };
  }
  // A process that was halted here for long may not hold the claim any more: it must not show the token to anyone.
  if (performance.now() - beganAt > TOKEN_TIMEOUT_MS) {
    await endLease(db(), hold, { asked: grant.asked });
    return { state: "overtaken" };
  }

  let answer: Credentials;
  try {
    answer = await connector.refresh(credentials);
  } catch (error) {
    const outcome = await fail(source, grant, hold, error);
    if (error instanceof PlatformError && isTrouble(error)) await noteTrouble(platform, error);
    return outcome;
  }
  const saved = await save(connector, grant, hold, { ...lasting(credentials), ...answer });
  if (marked.troubled) await noteSuccess(platform, entered);
  if (saved) return { state: "renewed", grant: saved };
  log.warn("grant.renewal_lost", { grantId: grant.id, platform });
  return { state: "overtaken" };
}

/** What stays when a renewal does not say otherwise: a refresh token, but not the old access token's end. */
function lasting({ accessExpiresAt: _ended, ...kept }: Credentials): Credentials {
  return kept;
}

type Obstacle = { failure: PlatformError } & ({ ends: true } | { ends: false; dueAt: Date | null });

/** Why the platform is not asked at all. */
function obstacleTo({ name, connector }: Source, grant: GrantRow, credentials: Credentials): Obstacle | null {
  const { by, minAgeMs, rotates } = connector.refreshPolicy;
  if (by === "refresh_token" && !credentials.refreshToken) {
    const message = `${name} did not say how to renew this connection. Reconnect it before it ends.`;
    return { failure: reconnect(message, NOTHING_TO_RENEW), ends: false, dueAt: null };
  }
  const oldEnoughAt = renewedAt(grant) + minAgeMs;
  if (oldEnoughAt > Date.now()) {
    const failure = new PlatformError("unavailable", `${name} renews a connection only later in its life.`, {
      code: TOO_YOUNG,
      retryAfterMs: oldEnoughAt - Date.now(),
    });
    return { failure, ends: false, dueAt: new Date(oldEnoughAt) };
  }
  if (by === "access_token" && grant.accessExpiresAt && grant.accessExpiresAt.getTime() <= Date.now()) {
    const message = `${name} renews a connection only while it lives, and this one has ended. Connect the account again.`;
    return { failure: reconnect(message, "expired"), ends: true };
  }
  if (rotates && grant.asked >= MOST_ASKED) {
    const message = `${name}'s answer to a renewal was lost twice. Connect the account again.`;
    return { failure: reconnect(message, "answer_lost"), ends: true };
  }
  return null;
}

/** Between the platform's answer and the commit lies nothing but this: what is lost here may be lost for good. */
async function save(
  connector: Refreshing,
  grant: GrantRow,
  hold: Hold,
  renewed: Credentials,
): Promise<GrantRow | null> {
  const { id, userId, platform } = grant;
  const version = grant.version + 1;
  const change = {
    ...sealCredentials({ table: "grants", id, userId, platform, version }, renewed),
    version,
    scopes: renewed.scopes ?? grant.scopes,
    accessExpiresAt: renewed.accessExpiresAt ?? null,
    refreshExpiresAt: renewed.refreshExpiresAt ?? null,
    refreshDueAt: dueAt(connector, renewed),
    refreshedAt: new Date(),
    asked: 0,
    retryAt: null,
    failures: 0,
    refusals: 0,
    lastErrorCode: null,
    lastErrorMessage: null,
  };
  for (let tries = 1; ; tries += 1) {
    try {
      return await saveRenewal(hold, change);
    } catch (error) {
      // A database that was away for a moment must not cost a token. Saved twice it is not: the version would have moved.
      log.error("grant.save_failed", { grantId: id, platform, tries, error });
      if (tries === 4) throw error;
      await wait(tries * 500);
    }
  }
}

/** Notes a renewal that came to nothing, unless another has renewed the grant meanwhile. */
async function fail(
  { name, connector }: Source,
  grant: GrantRow,
  hold: Hold,
  error: unknown,
): Promise<Renewal> {
  const failure = asFailure(error);
  const { platform } = grant;
  const failures = grant.failures + 1;
  const refusals = grant.refusals + (failure.kind === "rejected" ? 1 : 0);
  const parked = refusals >= MOST_REFUSALS;
  const ended = parked || failure.kind === "reconnect";
  const shown = parked ? parkedWords(name) : { code: failure.code, message: failure.message };
  const again = after(
    waitMs(failures, {
      retryAfterMs: failure.retryAfterMs,
      window:
        connector.refreshPolicy.rotates && isLost(failure) && failures === 1 ? "second look" : "growing",
    }),
  );
  // The end of a grant is told by a job, and a transaction is no place to start the queue.
  if (ended) await queue();
  const ours = await db().transaction(async (tx) => {
    const change = {
      asked: 0,
      failures,
      refusals,
      lastErrorCode: shown.code,
      lastErrorMessage: shown.message,
      ...(ended
        ? { deadAt: new Date(), refreshDueAt: null, retryAt: null }
        : { refreshDueAt: again, retryAt: again }),
    };
    if (!(await endLease(tx, hold, change))) return false;
    if (ended) {
      await markGrantConnections(tx, grant.id, "reconnect");
      const incident = `ended:${grant.id}:${grant.version}`;
      await enqueue(tx, "connection.ended", { grantId: grant.id, incident });
    }
    const details = { platform, reason: shown.code, ended };
    await audit(tx, JOB, grant.userId, "grant.refresh_failed", grant.id, details);
    return true;
  });
  log.warn("grant.refresh_failed", {
    grantId: grant.id,
    platform,
    kind: failure.kind,
    code: failure.code,
    failures,
    ended: ended && ours,
    saved: ours,
    error,
  });
  if (!ours) return { state: "overtaken" };
  return { state: "failed", failure: parked ? reconnect(shown.message, shown.code) : failure, ended };
}

function asFailure(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  return new PlatformError("unavailable", "Renewing this connection failed on our side.", {
    code: "internal",
    cause: error,
  });
}

const parkedWords = (name: string) => ({
  code: "parked",
  message: `${name} refused ${MOST_REFUSALS} times in a row to renew this connection. Connect the account again.`,
});

/** When the grant's token was made. */
export const renewedAt = (grant: GrantRow): number => (grant.refreshedAt ?? grant.createdAt).getTime();

const isLeased = ({ leaseUntil }: GrantRow): boolean =>
  leaseUntil !== null && leaseUntil.getTime() > Date.now();

/** A renewal failed, and is not tried again yet. */
export const isWaiting = ({ retryAt }: GrantRow): boolean =>
  retryAt !== null && retryAt.getTime() > Date.now();

const reconnect = (message: string, code: string | null) =>
  new PlatformError("reconnect", message, code === null ? {} : { code });

const gone = () => reconnect("This connection was removed.", "disconnected");

export const dead = (grant: GrantRow): PlatformError =>
  reconnect(
    grant.lastErrorMessage ?? "This connection has ended. Connect the account again.",
    grant.lastErrorCode ?? "ended",
  );

const waiting = ({ retryAt, lastErrorMessage, lastErrorCode }: GrantRow): PlatformError =>
  new PlatformError(
    "unavailable",
    lastErrorMessage ?? "Renewing this connection failed. We will try again.",
    {
      code: lastErrorCode ?? "refresh_failed",
      retryAfterMs: Math.max(0, (retryAt?.getTime() ?? 0) - Date.now()),
    },
  );
