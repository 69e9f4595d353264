import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { connectsBy, findProvider, specs } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import { deleteConnection, deleteGrant, type GrantRow, getHeld, lockSubject, siblingCount } from "./data";
import { openCredentials } from "./seal";

export type Disconnected = {
  /** Whether the platform confirmed that our access has ended. */
  revoked: boolean;
  /** What the person may still want to do by hand on the platform. */
  remains: string | null;
};

/** Ends a connection: revokes its grant at the platform when nothing else uses it, shreds the credentials, keeps the posts. */
export async function disconnect(user: SignedIn, id: string): Promise<Disconnected> {
  const { connection, grant } = await getHeld(user.id, id);
  const last = (await siblingCount(db(), grant.id, id)) === 0;
  const revoked = last && (await revoke(grant));
  await db().transaction(async (tx) => {
    await lockSubject(tx, grant.platform, grant.subject);
    await deleteConnection(tx, id);
    if ((await siblingCount(tx, grant.id, id)) === 0) await deleteGrant(tx, grant.id);
    await audit(tx, user, user.id, "connection.disconnect", id, {
      platform: connection.platform,
      account: connection.handle ?? connection.name,
      revoked,
    });
  });
  const name = specs[connection.platform]?.name ?? connection.platform;
  return {
    revoked,
    remains:
      revoked || !last
        ? null
        : connectsBy(connection.platform) === "session"
          ? `Carillon has destroyed what you pasted. The session itself goes on: to end it, log out of all sessions in your ${name} settings.`
          : `To remove Carillon at ${name} as well, open ${name}'s settings for connected apps.`,
  };
}

/** A platform that cannot revoke, or does not answer, must not keep a person from leaving. */
async function revoke(grant: GrantRow): Promise<boolean> {
  const connector = findProvider(grant.platform, grant.way)?.provider.connector;
  if (connector?.kind !== "oauth" || !connector.revoke) return false;
  try {
    await connector.revoke(await openCredentials(grant));
    return true;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.warn("grant.revoke_failed", { grantId: grant.id, platform: grant.platform, error });
    return false;
  }
}
