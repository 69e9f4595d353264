import type { OAuthConnector, Provider, RefreshPolicy } from "@/lib/platforms/contract";
import type { ConnectionStatus } from "../schema";

/** How a connection is, and when it ends whatever we do: said here, and nowhere else. */

const DAY_MS = 24 * 60 * 60_000;

/** From this long before its end a connection is said to expire. */
export const WARN_MS = 14 * DAY_MS;

/** So many renewals in a row that failed are no accident. */
export const KEEPS_FAILING = 3;

/** What is known of a grant's credentials; instants as the platform told them, null where it did not. */
export type Keeping = {
  renewable: boolean;
  failures: number;
  accessExpiresAt: Date | null;
  refreshExpiresAt: Date | null;
};

/** Whether these credentials hold what a renewal takes. */
export function canRenew(
  connector: Provider["connector"],
  credentials: { refreshToken?: string | undefined },
): boolean {
  if (connector.kind !== "oauth" || !connector.refresh) return false;
  return Boolean(connector.refreshPolicy.by === "access_token" || credentials.refreshToken);
}

/**
 * When a connection ends although everything that can be renewed is; null: it goes on, or nobody can tell.
 * @param ownToken the account has a token of its own (a Page), which has no end whatever becomes of the person's
 * @param policy null where the platform is not set up here, and nothing can be said
 */
export function endOf(
  grant: Keeping,
  ownToken: boolean,
  policy: RefreshPolicy | null,
  now = new Date(),
): Date | null {
  if (ownToken) return null;
  if (!grant.renewable) return grant.accessExpiresAt;
  if (!policy) return null;
  const last = policy.by === "access_token" ? grant.accessExpiresAt : grant.refreshExpiresAt;
  if (!last) return null;
  // LinkedIn: the last access token may outlive the refresh token.
  if (policy.fixedEnd) return later(last, grant.accessExpiresAt);
  return grant.failures >= KEEPS_FAILING || last <= now ? last : null;
}

export type Life = {
  /** What the last check, publication or renewal left behind. */
  status: ConnectionStatus;
  missing: string[];
  /** The platform has ended the grant. */
  dead: boolean;
  platformPaused: boolean;
  endsAt: Date | null;
};

/** First what only the person can put right, the worst of it foremost; then what passes by itself. */
export function healthOf(life: Life, now = new Date()): ConnectionStatus {
  const { status, missing, dead, platformPaused, endsAt } = life;
  if (dead || status === "reconnect" || (endsAt && endsAt <= now)) return "reconnect";
  if (status === "limited" || missing.length > 0) return "limited";
  if (endsAt && endsAt.getTime() - now.getTime() <= WARN_MS) return "expiring";
  return platformPaused || status === "paused" ? "paused" : "active";
}

/** null for a pasted session, which nobody renews. */
export const policyOf = (
  connector: Provider["connector"] | undefined,
): OAuthConnector["refreshPolicy"] | null => (connector?.kind === "oauth" ? connector.refreshPolicy : null);

const later = (one: Date, other: Date | null): Date => (other && other > one ? other : one);
