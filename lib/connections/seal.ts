import "server-only";
import { z } from "zod";
import { db } from "@/lib/db";
import { log } from "@/lib/log";
import { type Credentials, PlatformError } from "@/lib/platforms/contract";
import { VaultError } from "@/lib/vault/cipher";
import { openSecret, sealSecret } from "@/lib/vault/vault";
import { type ConnectionRow, type GrantRow, markGrantConnections, updateGrant } from "./data";

/** How credentials of a grant, or of an account with a token of its own, go into the vault and come out: bound to their row and its version. */
const Stored = z.object({
  accessToken: z.string(),
  accessExpiresAt: z.coerce.date().optional(),
  refreshToken: z.string().optional(),
  refreshExpiresAt: z.coerce.date().optional(),
  scopes: z.array(z.string()).optional(),
});

type Row = { table: "grants" | "connections"; id: string; userId: string; platform: string; version: number };

export function sealCredentials(row: Row, credentials: Credentials): { credentials: string; keyId: string } {
  const { sealed, keyId } = sealSecret(binding(row), JSON.stringify(credentials));
  return { credentials: sealed, keyId };
}

/**
 * Opens credentials for whoever is about to use them. Those that do not open are marked at their grant, so that their
 * owner sees it, and no platform is called.
 * @throws PlatformError reconnect
 */
export async function openCredentials(grant: GrantRow, connection?: ConnectionRow): Promise<Credentials> {
  const own = connection?.credentials ? { row: connection, sealed: connection.credentials } : null;
  const { row, sealed } = own ?? { row: grant, sealed: grant.credentials };
  const { id, userId, platform, version } = row;
  try {
    const opened = openSecret(
      binding({ table: own ? "connections" : "grants", id, userId, platform, version }),
      sealed,
    );
    const stored = Stored.parse(JSON.parse(opened));
    return Object.fromEntries(
      Object.entries(stored).filter(([, value]) => value !== undefined),
    ) as Credentials;
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause;
    const message = "The stored credentials of this account cannot be opened. Connect it again.";
    log.error("vault.refused", { grantId: grant.id, platform, code: cause.code });
    await db().transaction(async (tx) => {
      await updateGrant(tx, grant.id, { lastErrorCode: `vault_${cause.code}`, lastErrorMessage: message });
      await markGrantConnections(tx, grant.id, "reconnect");
    });
    throw new PlatformError("reconnect", message, { code: `vault_${cause.code}`, cause });
  }
}

/** The place of a row's credentials, as the vault names it. */
export const binding = (row: Row) => ({
  table: row.table,
  rowId: row.id,
  userId: row.userId,
  platform: row.platform,
  field: "credentials",
  revision: row.version,
});
