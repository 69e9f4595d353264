import "server-only";
import { z } from "zod";
import { db } from "@/lib/db";
import { log } from "@/lib/log";
import { type Credentials, PlatformError, type Provider } from "@/lib/platforms/contract";
import { VaultError } from "@/lib/vault/cipher";
import { openSecret, sealSecret } from "@/lib/vault/vault";
import { type GrantRow, markGrantConnections, updateGrant } from "./data";

/** How a grant's credentials go into the vault and come out: as JSON, bound to their row and its version. */
const Stored = z.object({
  accessToken: z.string(),
  accessExpiresAt: z.coerce.date().optional(),
  refreshToken: z.string().optional(),
  refreshExpiresAt: z.coerce.date().optional(),
  scopes: z.array(z.string()).optional(),
});

type Row = { grantId: string; userId: string; platform: string; version: number };

export function sealCredentials(row: Row, credentials: Credentials): { credentials: string; keyId: string } {
  const { sealed, keyId } = sealSecret(binding(row), JSON.stringify(credentials));
  return { credentials: sealed, keyId };
}

/** @throws VaultError when the ciphertext is not this row's, or its key is gone */
export function openCredentials(grant: GrantRow): Credentials {
  const row = { grantId: grant.id, userId: grant.userId, platform: grant.platform, version: grant.version };
  const stored = Stored.parse(JSON.parse(openSecret(binding(row), grant.credentials)));
  return Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== undefined)) as Credentials;
}

/**
 * The same for whoever is about to use them: a grant that does not open is marked, so that its owner sees it, and no
 * platform is called.
 * @throws PlatformError reconnect
 */
export async function openOrFlag(grant: GrantRow): Promise<Credentials> {
  try {
    return openCredentials(grant);
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause;
    const message = "The stored credentials of this account cannot be opened. Connect it again.";
    log.error("vault.refused", { grantId: grant.id, platform: grant.platform, code: cause.code });
    await db().transaction(async (tx) => {
      await updateGrant(tx, grant.id, { lastErrorCode: `vault_${cause.code}`, lastErrorMessage: message });
      await markGrantConnections(tx, grant.id, "reconnect");
    });
    throw new PlatformError("reconnect", message, { code: `vault_${cause.code}`, cause });
  }
}

/** When to renew this grant even if nobody uses it; null where that is impossible or pointless. */
export function dueAt(provider: Provider, now = Date.now()): Date | null {
  if (provider.connector.kind !== "oauth" || !provider.connector.refresh) return null;
  const { keepAliveMs, minAgeMs } = provider.connector.refreshPolicy;
  return keepAliveMs === null ? null : new Date(now + Math.max(keepAliveMs, minAgeMs));
}

const binding = (row: Row) => ({
  table: "grants",
  rowId: row.grantId,
  userId: row.userId,
  platform: row.platform,
  field: "credentials",
  revision: row.version,
});
