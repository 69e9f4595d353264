import "server-only";
import type { Tx } from "@/lib/db";
import { type GrantRow, updateGrant } from "../data";
import { sealCredentials } from "../seal";
import { shredAccounts } from "./leaving-data";

/** The reason of a grant that its platform has ended by telling us so. */
export const DEAUTHORIZED = "deauthorized";

/** Ends a grant and destroys its secrets and those of its accounts. Only its owner, by connecting again, brings it back. */
export async function endGrant(
  tx: Tx,
  grant: GrantRow,
  why: { code: string; message: string },
): Promise<void> {
  // A new version: whoever is renewing it just now saves nothing.
  const version = grant.version + 1;
  const row = {
    table: "grants",
    id: grant.id,
    userId: grant.userId,
    platform: grant.platform,
    version,
  } as const;
  await updateGrant(tx, grant.id, {
    ...sealCredentials(row, { accessToken: "" }),
    version,
    deadAt: new Date(),
    refreshDueAt: null,
    accessExpiresAt: null,
    refreshExpiresAt: null,
    leaseOwner: null,
    leaseUntil: null,
    lastErrorCode: why.code,
    lastErrorMessage: why.message,
  });
  await shredAccounts(tx, grant.id);
}
