import "server-only";
import { v7 as uuid } from "uuid";
import { audit } from "@/lib/audit";
import { db, type Tx } from "@/lib/db";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import {
  type Credentials,
  type Identified,
  type OAuthConnector,
  PlatformError,
  type Provider,
} from "@/lib/platforms/contract";
import { challengeOf, createVerifier } from "@/lib/platforms/oauth";
import { findProvider, missingSettings, specs } from "@/lib/platforms/registry";
import { safeReturnTo } from "@/lib/return-to";
import type { SignedIn } from "@/lib/session";
import { secretsEqual } from "@/lib/vault/compare";
import { openSecret, sealSecret } from "@/lib/vault/vault";
import * as data from "../data";
import { canRenew } from "../health/health";
import { clearNotices } from "../health/notices-data";
import { handBack } from "../leave/disconnect";
import { takeEmptyGrants } from "../leave/leaving-data";
import { dueAt } from "../refresh/times";
import type { CallbackError, ConnectQuery } from "../schema";
import { sealCredentials } from "../seal";
import { hashOf, newSecret, STATE_LIFETIME_MS, verifierBinding } from "./state";

/** The trip to a platform's consent page and back. */

/** Byte for byte what is registered at the platform, whatever host a request claims to be for. */
export const redirectUri = (platform: string): string => `${env().origin}/api/oauth/${platform}/callback`;

/**
 * Begins a trip: a state that only this browser, session, person and platform can finish within ten minutes.
 * @returns where to send the browser, and the secret its cookie must hold
 * @throws AppError when there is no such platform, it is not configured, or the connection to renew is not theirs
 */
export async function beginConnect(
  user: SignedIn,
  platform: string,
  query: ConnectQuery,
  browserSecret: string | null,
): Promise<{ authUrl: string; browserSecret: string }> {
  // Renewing goes by the way the account came in, unless another is asked for.
  const renewed = query.connection ? await data.getHeld(user.id, query.connection) : null;
  const { connector, way } = connectable(platform, query.way ?? renewed?.grant.way ?? null);
  const id = uuid();
  const state = newSecret();
  const browser = browserSecret ?? newSecret();
  const codeVerifier = createVerifier();
  await data.insertState({
    id,
    hash: hashOf(state),
    browserHash: hashOf(browser),
    sessionId: user.sessionId,
    userId: user.id,
    platform,
    way,
    connectionId: query.connection ?? null,
    verifier: sealSecret(verifierBinding(id, user.id, platform), codeVerifier).sealed,
    returnTo: safeReturnTo(query.returnTo),
    expiresAt: new Date(Date.now() + STATE_LIFETIME_MS),
  });
  const url = connector.authorizeUrl({
    state,
    redirectUri: redirectUri(platform),
    codeChallenge: await challengeOf(codeVerifier),
  });
  return { authUrl: url.href, browserSecret: browser };
}

export type Arrival = {
  user: SignedIn | null;
  platform: string;
  query: URLSearchParams;
  browserSecret: string | null;
};

/**
 * Ends a trip. Never throws: the browser is on its way to one of two fixed pages of ours.
 * @returns the path to send it to
 */
export async function finishConnect(arrival: Arrival): Promise<string> {
  try {
    const { connectionIds, returnTo } = await finish(arrival);
    const query = new URLSearchParams({ platform: arrival.platform, connection: connectionIds.join(",") });
    if (returnTo) query.set("returnTo", returnTo);
    return `/oauth/callback/success?${query}`;
  } catch (error) {
    const code = codeOf(error);
    log[code === "unexpected" ? "error" : "info"]("connect.refused", {
      platform: arrival.platform,
      reason: code,
      error,
    });
    const known = specs[arrival.platform] ? arrival.platform : "";
    return `/oauth/callback/error?${new URLSearchParams({ platform: known, error: code })}`;
  }
}

/** Why a trip ended nowhere. */
class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    readonly reason: CallbackError,
    cause?: unknown,
  ) {
    super(reason, cause === undefined ? undefined : { cause });
  }
}

async function finish({ user, platform, query, browserSecret }: Arrival) {
  // Used up first, whatever else is wrong: a state is shown to the world once.
  const state = single(query, "state");
  const trip = state ? await data.consumeState(hashOf(state)) : null;
  if (!trip) throw new Refused("invalid_state");
  if (trip.expiresAt.getTime() <= Date.now()) throw new Refused("expired_state");
  if (!user) throw new Refused("signed_out");
  if (!browserSecret || !secretsEqual(hashOf(browserSecret), trip.browserHash))
    throw new Refused("other_browser");
  if (trip.userId !== user.id || trip.sessionId !== user.sessionId) throw new Refused("other_session");
  if (trip.platform !== platform) throw new Refused("other_platform");

  const { provider, connector, way } = connectable(platform, trip.way);
  checkIssuer(connector, query);
  if (query.has("error")) {
    throw new Refused(DENIALS.has(single(query, "error") ?? "") ? "denied" : "platform_unavailable");
  }
  const code = single(query, "code");
  if (!code || code.length > 4096) throw new Refused("code_refused");

  const codeVerifier = openSecret(verifierBinding(trip.id, user.id, platform), trip.verifier);
  const credentials = await connector.exchange({ code, redirectUri: redirectUri(platform), codeVerifier });
  const identified = await provider.identify(credentials);
  if (identified.identities.length === 0) throw new Refused("no_account");

  await queue();
  const { connectionIds, emptied } = await db().transaction((tx) =>
    save(tx, user, provider, { renewing: trip.connectionId, way }, credentials, identified),
  );
  for (const grant of emptied) await handBack(grant);
  return { connectionIds, returnTo: trip.returnTo };
}

async function save(
  tx: Tx,
  user: SignedIn,
  provider: Provider,
  { renewing, way }: { renewing: string | null; way: string | null },
  credentials: Credentials,
  { subject, identities }: Identified,
): Promise<{ connectionIds: string[]; emptied: data.GrantRow[] }> {
  const platform = provider.spec.id;
  await data.lockSubject(tx, platform, subject);
  const known = await data.findByRemoteIds(
    tx,
    platform,
    identities.map(({ remoteId }) => remoteId),
  );
  const ours = identities.filter(
    ({ remoteId }) => !known.some((row) => row.remoteId === remoteId && row.userId !== user.id),
  );
  const held = await data.findGrantBySubject(tx, platform, subject);
  if (ours.length === 0 || (held && held.userId !== user.id)) throw new Refused("owned_by_other");
  if (renewing) {
    // Renewing means the same account again; another one would silently take over its posts.
    const expected = await data.findConnectionRow(tx, user.id, renewing);
    if (expected && !ours.some(({ remoteId }) => remoteId === expected.remoteId))
      throw new Refused("other_account");
  }

  const grantId = held?.id ?? uuid();
  const version = (held?.version ?? 0) + 1;
  const grant = {
    way,
    scopes: credentials.scopes ?? null,
    ...sealCredentials({ table: "grants", id: grantId, userId: user.id, platform, version }, credentials),
    version,
    renewable: canRenew(provider.connector, credentials),
    accessExpiresAt: credentials.accessExpiresAt ?? null,
    refreshExpiresAt: credentials.refreshExpiresAt ?? null,
    refreshDueAt: dueAt(provider.connector, credentials),
    refreshedAt: new Date(),
    leaseOwner: null,
    leaseUntil: null,
    asked: 0,
    retryAt: null,
    failures: 0,
    refusals: 0,
    lastErrorCode: null,
    lastErrorMessage: null,
    deadAt: null,
  };
  if (held) {
    await data.updateGrant(tx, grantId, grant);
    await clearNotices(tx, grantId);
  } else await data.insertGrant(tx, { id: grantId, userId: user.id, platform, subject, ...grant });

  const connectionIds: string[] = [];
  for (const identity of ours) {
    const existing = known.find(({ remoteId }) => remoteId === identity.remoteId);
    const id = existing?.id ?? uuid();
    const row = {
      table: "connections",
      id,
      userId: user.id,
      platform,
      version: (existing?.version ?? 0) + 1,
    } as const;
    const connection = {
      ...(identity.credentials
        ? sealCredentials(row, identity.credentials)
        : { credentials: null, keyId: null }),
      version: row.version,
      userId: user.id,
      grantId,
      platform,
      remoteId: identity.remoteId,
      name: identity.name,
      handle: identity.handle,
      avatarUrl: identity.avatarUrl,
      profileUrl: identity.profileUrl,
      status: identity.missing.length > 0 ? "limited" : "active",
      missing: identity.missing,
      metadata: identity.metadata,
      connectedAt: new Date(),
    };
    if (existing) await data.updateConnection(tx, existing.id, connection);
    else await data.insertConnection(tx, { id, ...connection });
    await audit(tx, user, user.id, existing ? "connection.reconnect" : "connection.connect", id, {
      platform,
      account: identity.handle ?? identity.name,
      limited: identity.missing.length > 0,
    });
    // Its messages and comments shall come in from now on.
    if (provider.inbox) await enqueue(tx, "inbox.subscribe", { connectionId: id });
    connectionIds.push(id);
  }
  // Accounts that came in by another consent before may have left nothing behind it.
  const before = known.filter((row) => row.userId === user.id && row.grantId !== grantId);
  const emptied = await takeEmptyGrants(tx, [...new Set(before.map((row) => row.grantId))]);
  return { connectionIds, emptied };
}

/** @param way one of the platform's ways in; null: the first that is configured */
function connectable(
  platform: string,
  way: string | null,
): { provider: Provider; connector: OAuthConnector; way: string | null } {
  const spec = specs[platform];
  if (!spec) throw new AppError(404, "unknown_platform", "There is no such platform here.");
  const found = findProvider(platform, way);
  if (!found) {
    const missing = missingSettings(platform, way);
    throw new AppError(
      409,
      "not_configured",
      `${spec.name} is not set up here. The operator must set ${missing.join(" and ")}.`,
      {
        remedy: "operator",
      },
    );
  }
  const { provider } = found;
  if (provider.connector.kind !== "oauth") {
    throw new AppError(409, "not_oauth", `${spec.name} is connected in another way.`);
  }
  return { provider, connector: provider.connector, way: found.way };
}

/** RFC 9207: an answer that names its issuer must name the one we asked. In sandbox mode its own address of it will do. */
function checkIssuer(connector: OAuthConnector, query: URLSearchParams): void {
  if (!query.has("iss")) {
    if (connector.announcesIssuer) throw new Refused("other_issuer");
    return;
  }
  if (single(query, "iss") !== connector.issuer) throw new Refused("other_issuer");
}

/** RFC 6749's word for a "no", and LinkedIn's two. */
const DENIALS = new Set(["access_denied", "user_cancelled_login", "user_cancelled_authorize"]);

/** A parameter that must be there exactly once. */
function single(query: URLSearchParams, name: string): string | null {
  const values = query.getAll(name);
  return values.length === 1 && values[0] ? values[0] : null;
}

function codeOf(error: unknown): CallbackError {
  if (error instanceof Refused) return error.reason;
  if (error instanceof AppError && error.code === "not_configured") return "not_configured";
  if (!(error instanceof PlatformError)) return "unexpected";
  if (error.operator) return "platform_misconfigured";
  return error.kind === "unavailable" || error.kind === "slow_down" ? "platform_unavailable" : "code_refused";
}
