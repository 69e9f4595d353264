import "server-only";
import { db } from "@/lib/db";
import { type Access, PlatformError, type Provider } from "@/lib/platforms/contract";
import { findProvider } from "@/lib/platforms/registry";
import {
  type ConnectionRow,
  findGrant,
  findHeld,
  type GrantRow,
  type Held,
  saveCheck,
  updateGrant,
} from "./data";
import { canRefresh, dead, isWaiting, NOTHING_TO_RENEW, refreshGrant, renewedAt } from "./refresh/refresh";
import { openCredentials } from "./seal";

/**
 * Lends a connection's credentials for one piece of work: renews them first when they are about to end, and once more
 * when the platform refuses them without having acted.
 * @throws PlatformError reconnect when the connection is gone, ended, or refused for good
 */
export async function withAccess<T>(
  connectionId: string,
  work: (provider: Provider, access: Access) => Promise<T>,
): Promise<T> {
  const held = await findHeld(connectionId);
  if (!held)
    throw new PlatformError("reconnect", "This account is no longer connected.", { code: "disconnected" });
  const provider = findProvider(held.connection.platform, held.grant.way)?.provider;
  if (!provider) {
    throw new PlatformError(
      "unavailable",
      "This platform is not set up here any more. The operator must set its app id and secret.",
      {
        code: "not_configured",
        operator: true,
      },
    );
  }
  alive(held.grant);

  const grant = await freshEnough(provider, held);
  try {
    return await work(provider, await lend(held.connection, grant));
  } catch (error) {
    if (!isRefusedToken(error)) throw error;
    const renewed = await renewRefused(provider, grant, held.connection, error);
    try {
      return await work(provider, await lend(held.connection, renewed));
    } catch (again) {
      if (isRefusedToken(again)) await noteRefusal(held.connection, again);
      throw again;
    }
  }
}

/** Renews a grant that is about to end. While the token is still good, a failed renewal is no reason not to use it. */
async function freshEnough(provider: Provider, { connection, grant }: Held): Promise<GrantRow> {
  const { connector } = provider;
  if (!canRefresh(connector) || !grant.accessExpiresAt) return grant;
  const endsAt = grant.accessExpiresAt.getTime();
  const { beforeExpiryMs, minAgeMs } = connector.refreshPolicy;
  if (beforeExpiryMs === null || endsAt - Date.now() > beforeExpiryMs) return grant;
  if (Date.now() - renewedAt(grant) < minAgeMs) return grant;
  if (isWaiting(grant) && endsAt > Date.now()) return grant;
  try {
    return await refreshGrant(provider, connector, grant);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const lives = endsAt > Date.now();
    const barren = error.code === NOTHING_TO_RENEW;
    if (barren && !lives) await noteRefusal(connection, error);
    if (!lives || (error.kind === "reconnect" && !barren)) throw error;
    return alive((await findGrant(grant.id)) ?? grant);
  }
}

async function renewRefused(
  provider: Provider,
  grant: GrantRow,
  connection: ConnectionRow,
  refusal: PlatformError,
): Promise<GrantRow> {
  const current = await findGrant(grant.id);
  // Someone else renewed it while we were asking: theirs is the token to use.
  if (current && current.version !== grant.version) return alive(current);
  const { connector } = provider;
  const ageMs = Date.now() - renewedAt(grant);
  if (!canRefresh(connector) || ageMs < connector.refreshPolicy.minAgeMs) {
    await noteRefusal(connection, refusal);
    throw refusal;
  }
  try {
    return await refreshGrant(provider, connector, grant);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== NOTHING_TO_RENEW) throw error;
    await noteRefusal(connection, refusal);
    throw refusal;
  }
}

function alive(grant: GrantRow): GrantRow {
  if (grant.deadAt) throw dead(grant);
  return grant;
}

const isRefusedToken = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.tokenRefused && error.effect === "definite";

/**
 * The grant is not declared dead: platforms have answered 401 to everyone for hours. The person sees it and may reconnect;
 * if they just have, the refusal was of keys that are gone.
 */
async function noteRefusal(connection: ConnectionRow, refusal: PlatformError): Promise<void> {
  await db().transaction(async (tx) => {
    if (!(await saveCheck(tx, connection, { status: "reconnect" }))) return;
    await updateGrant(tx, connection.grantId, {
      lastErrorCode: refusal.code,
      lastErrorMessage: refusal.message,
    });
  });
}

async function lend(connection: ConnectionRow, grant: GrantRow): Promise<Access> {
  const { accessToken } = await openCredentials(grant, connection);
  return {
    accessToken,
    remoteId: connection.remoteId,
    metadata: { ...connection.metadata, handle: connection.handle },
  };
}
