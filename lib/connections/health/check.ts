import "server-only";
import { type Actor, audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import { PlatformError } from "@/lib/platforms/contract";
import { connectsBy, findProvider } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import { withAccess } from "../access";
import { checkSession } from "../connect/connect-session";
import { findHeld, getConnection, getHeld, type Held, saveCheck, updateGrant } from "../data";
import { canRefresh, refreshGrant } from "../refresh/refresh";
import type { ConnectionDto } from "../schema";

/** Asks the platform whether a connection is still good, and records what it says. */
export async function checkConnection(user: SignedIn, id: string): Promise<ConnectionDto> {
  const held = await getHeld(user.id, id);
  if (connectsBy(held.connection.platform) === "session") return checkSession(user, id, null);
  await ask(user, held);
  return getConnection(user.id, id);
}

/** The same without anybody's hand. A pasted session is left alone, and of a dead grant there is nothing to ask. */
export async function checkQuietly(connectionId: string): Promise<void> {
  const held = await findHeld(connectionId);
  if (!held || held.grant.deadAt || connectsBy(held.connection.platform) === "session") return;
  const { grant } = held;
  const refused = await ask({ type: "job", name: "check" }, held);
  // A grant that is renewed has its death told by the renewal that finds it, and is not declared dead by one refusal.
  if (!refused || grant.renewable) return;
  await queue();
  await db().transaction((tx) =>
    enqueue(tx, "connection.ended", { grantId: grant.id, incident: `refused:${grant.id}:${grant.version}` }),
  );
}

/**
 * Only the platform's own "no" changes how a connection is; a platform that stumbles says nothing of it.
 * @returns whether the platform refused
 */
async function ask(actor: Actor, { connection, grant }: Held): Promise<boolean> {
  const { id, platform, userId } = connection;
  try {
    const health = await withAccess(id, async (provider, access) => provider.check?.(access) ?? null);
    await db().transaction(async (tx) => {
      const current = await saveCheck(tx, connection, {
        status: health && health.missing.length > 0 ? "limited" : "active",
        checkedAt: new Date(),
        ...(health && {
          missing: health.missing,
          name: health.name,
          handle: health.handle,
          avatarUrl: health.avatarUrl,
          metadata: health.metadata,
        }),
      });
      if (!current) return;
      await updateGrant(tx, grant.id, { lastErrorCode: null, lastErrorMessage: null });
      await audit(tx, actor, userId, "connection.check", id, { platform, good: true });
    });
    return false;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const refused = error.kind === "reconnect";
    await db().transaction(async (tx) => {
      const change = refused ? { status: "reconnect", checkedAt: new Date() } : {};
      if (!(await saveCheck(tx, connection, change))) return;
      await updateGrant(tx, grant.id, { lastErrorCode: error.code, lastErrorMessage: error.message });
      await audit(tx, actor, userId, "connection.check", id, { platform, good: false, reason: error.code });
    });
    return refused;
  }
}

/** Renews a connection's grant now, by its owner's hand. @throws AppError when the platform offers no renewal, or refuses it */
export async function refreshConnection(user: SignedIn, id: string): Promise<ConnectionDto> {
  const held = await getHeld(user.id, id);
  const provider = findProvider(held.connection.platform, held.grant.way)?.provider;
  if (!provider || !canRefresh(provider.connector) || !held.grant.renewable) {
    throw new AppError(
      409,
      "not_renewable",
      "This platform offers no renewal. Reconnect the account before it ends.",
      { remedy: "reconnect" },
    );
  }
  const ageMs = Date.now() - (held.grant.refreshedAt ?? held.grant.createdAt).getTime();
  if (ageMs < provider.connector.refreshPolicy.minAgeMs) {
    throw new AppError(
      409,
      "too_early",
      `${provider.spec.name} renews a connection only once it is a day old. It is fresh; nothing to do.`,
    );
  }
  try {
    await refreshGrant(provider, provider.connector, held.grant);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new AppError(502, "refresh_failed", error.message, {
      remedy: error.kind === "reconnect" ? "reconnect" : "retry",
      cause: error,
    });
  }
  return getConnection(user.id, id);
}
