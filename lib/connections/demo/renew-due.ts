import "server-only";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { findProvider } from "@/lib/platforms/registry";
import { canRefresh, refreshGrant } from "../refresh/refresh";
import { dueGrants } from "./age-data";

/**
 * Renews whatever of this person's is due, and waits for what others have begun: the schedule does the same for everyone,
 * but here someone is looking. A renewal that fails is noted at its grant.
 */
export async function renewDue(userId: string): Promise<void> {
  for (const grant of await dueGrants(userId)) {
    const provider = findProvider(grant.platform, grant.way)?.provider;
    if (!provider || !canRefresh(provider.connector)) continue;
    try {
      await refreshGrant(provider, provider.connector, grant);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      log.info("demo.not_renewed", { grantId: grant.id, platform: grant.platform, error });
    }
  }
}
