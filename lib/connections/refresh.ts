import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import { type Actor, audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { log } from "@/lib/log";
import {
  type Credentials,
  type OAuthConnector,
  PlatformError,
  type Provider,
} from "@/lib/platforms/contract";
import { findGrant, type GrantRow, leaseGrant, markGrantConnections, saveRenewal } from "./data";
import { dueAt, openCredentials, sealCredentials } from "./seal";

/** Longer than two token calls may take: a holder that is merely slow keeps its claim. */
const LEASE_MS = 45_000;
/** How long a waiter watches another's renewal before it gives up. */
const PATIENCE_MS = 50_000;
const GLANCE_MS = 100;

/** oauth.ts: a platform that renews did not give this grant a refresh token. */
export const NOTHING_TO_RENEW = "no_refresh_token";

const JOB: Actor = { type: "job", name: "refresh" };

type Refreshing = OAuthConnector & { refresh: NonNullable<OAuthConnector["refresh"]> };

export const canRefresh = (connector: Provider["connector"]): connector is Refreshing =>
  connector.kind === "oauth" && connector.refresh !== undefined;

/**
 * Renews a grant once, however many ask at the same moment and in how many processes: one holds the lease and calls the
 * platform, outside any transaction; the others wait for the version to move and take what it brought.
 * @param seen the grant as the caller read it: if it has been renewed since, that is the answer
 * @throws PlatformError reconnect when the platform has ended the grant; otherwise the grant is as good as before
 */
export async function refreshGrant(
  provider: Provider,
  connector: Refreshing,
  seen: GrantRow,
): Promise<GrantRow> {
  const owner = uuid();
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const leased = await leaseGrant(seen.id, seen.version, owner, LEASE_MS);
    if (leased) return renew(provider, connector, leased, owner);
    const current = await findGrant(seen.id);
    if (!current) throw gone();
    if (current.version !== seen.version) return current;
    if (current.deadAt) throw dead(current);
    // A holder that failed gives the lease back without a new version; its failure is the answer to all who waited.
    if (current.leaseUntil === null && current.failures > seen.failures) throw refusalOf(current);
    await wait(GLANCE_MS);
  }
  throw new PlatformError("unavailable", "Renewing this connection takes too long. We will try again.", {
    code: "refresh_busy",
  });
}

async function renew(
  provider: Provider,
  connector: Refreshing,
  grant: GrantRow,
  owner: string,
): Promise<GrantRow> {
  const held = { version: grant.version, owner };
  const { current, answer } = await ask(connector, grant).catch((error: unknown) =>
    giveBack(grant, held, error),
  );
  // A platform may leave out the refresh token when it has not changed.
  const renewed: Credentials = { ...current, ...answer };
  const version = grant.version + 1;
  const change = {
    ...sealCredentials(
      { table: "grants", id: grant.id, userId: grant.userId, platform: grant.platform, version },
      renewed,
    ),
    version,
    scopes: renewed.scopes ?? grant.scopes,
    accessExpiresAt: answer.accessExpiresAt ?? null,
    refreshExpiresAt: renewed.refreshExpiresAt ?? null,
    refreshDueAt: dueAt(provider),
    refreshedAt: new Date(),
    failures: 0,
    lastErrorCode: null,
    lastErrorMessage: null,
  };
  const saved = await db().transaction(async (tx) => {
    if (!(await saveRenewal(tx, grant.id, held, change))) return false;
    await audit(tx, JOB, grant.userId, "grant.refresh", grant.id, { platform: grant.platform });
    return true;
  });
  if (!saved) log.warn("grant.renewal_lost", { grantId: grant.id, platform: grant.platform });
  const now = await findGrant(grant.id);
  if (!now) throw gone();
  return now;
}

async function ask(
  connector: Refreshing,
  grant: GrantRow,
): Promise<{ current: Credentials; answer: Credentials }> {
  const current = await openCredentials(grant);
  return { current, answer: await connector.refresh(current) };
}

/** Notes a failed renewal. Only the platform's own "no" ends a grant, and only while nobody else has renewed it. */
async function giveBack(
  grant: GrantRow,
  held: { version: number; owner: string },
  error: unknown,
): Promise<never> {
  const failure =
    error instanceof PlatformError
      ? error
      : new PlatformError("unavailable", "Renewing this connection failed on our side.", {
          code: "internal",
          cause: error,
        });
  // Having nothing to renew with says nothing about the token itself.
  const ended = failure.kind === "reconnect" && failure.code !== NOTHING_TO_RENEW;
  const saved = await db().transaction(async (tx) => {
    const ours = await saveRenewal(tx, grant.id, held, {
      failures: grant.failures + 1,
      lastErrorCode: failure.code,
      lastErrorMessage: failure.message,
      ...(ended && { deadAt: new Date(), refreshDueAt: null }),
    });
    if (!ours) return false;
    if (ended) await markGrantConnections(tx, grant.id, "reconnect");
    await audit(tx, JOB, grant.userId, "grant.refresh_failed", grant.id, {
      platform: grant.platform,
      reason: failure.code,
      ended,
    });
    return true;
  });
  log.warn("grant.refresh_failed", {
    grantId: grant.id,
    platform: grant.platform,
    kind: failure.kind,
    code: failure.code,
    saved,
    error,
  });
  throw failure;
}

const gone = () => new PlatformError("reconnect", "This connection was removed.", { code: "disconnected" });

export const dead = (grant: GrantRow): PlatformError =>
  new PlatformError(
    "reconnect",
    grant.lastErrorMessage ?? "This connection has ended. Connect the account again.",
    {
      code: grant.lastErrorCode ?? "ended",
    },
  );

const refusalOf = (grant: GrantRow): PlatformError =>
  new PlatformError(
    "unavailable",
    grant.lastErrorMessage ?? "Renewing this connection failed. We will try again.",
    {
      code: grant.lastErrorCode ?? "refresh_failed",
    },
  );
