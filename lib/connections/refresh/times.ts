import type { Credentials, PlatformError, Provider } from "@/lib/platforms/contract";

/** When renewals happen: due times and waits, as pure functions of a policy, what the platform said, and the clock. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * When to renew a grant though nobody uses it; null where that is impossible or pointless. Never later than half-way to
 * the end of what buys the renewal, so that there is as much time again for trouble.
 */
export function dueAt(
  connector: Provider["connector"],
  credentials: Pick<Credentials, "accessExpiresAt" | "refreshToken" | "refreshExpiresAt">,
  now = Date.now(),
): Date | null {
  if (connector.kind !== "oauth" || !connector.refresh) return null;
  const { by, keepAliveMs, aheadMs, minAgeMs } = connector.refreshPolicy;
  const { accessExpiresAt, refreshToken, refreshExpiresAt } = credentials;
  if (by === "refresh_token" && !refreshToken) return null;
  const payer = (by === "refresh_token" ? refreshExpiresAt : accessExpiresAt)?.getTime();
  const times: number[] = [];
  if (keepAliveMs !== null) {
    times.push(now + keepAliveMs);
    if (payer !== undefined) times.push(now + (payer - now) / 2);
  }
  // Where both end together (LinkedIn cuts its last access tokens short) another one would live no longer.
  const gains = !accessExpiresAt || !refreshExpiresAt || +accessExpiresAt < +refreshExpiresAt - HOUR_MS;
  if (aheadMs !== undefined && accessExpiresAt && gains) {
    // A token that lives shorter than that would be due again as soon as it is there.
    times.push(+accessExpiresAt - Math.min(aheadMs, (+accessExpiresAt - now) / 2));
  }
  if (times.length === 0) return null;
  const due = Math.max(Math.min(...times), now + minAgeMs);
  return payer !== undefined && due >= payer ? null : new Date(due);
}

/** The widest window of the first wait; it doubles with each failure. */
const FIRST_WINDOW_MS = 2 * MINUTE_MS;
const WIDEST_WINDOW_MS = 6 * HOUR_MS;
/** X and its like may take the old token once more within a minute of the answer that got lost. */
const SECOND_LOOK_WINDOW_MS = 25 * SECOND_MS;

/**
 * How long a failed renewal waits: full jitter (any moment of a window that doubles), so that what failed together does not
 * come back together, and never before the platform's own Retry-After.
 * @param failures in a row, this one included
 */
export function waitMs(
  failures: number,
  { retryAfterMs = null, window = "growing" }: { retryAfterMs?: number | null; window?: Window } = {},
  random: () => number = Math.random,
): number {
  const growing = Math.min(WIDEST_WINDOW_MS, FIRST_WINDOW_MS * 2 ** Math.min(failures - 1, 20));
  const windowMs = window === "second look" ? SECOND_LOOK_WINDOW_MS : growing;
  return Math.round((retryAfterMs ?? 0) + random() * windowMs);
}

type Window = "growing" | "second look";

/** The platform may have acted, and its answer did not arrive, or not whole. */
export const isLost = ({ effect, code }: PlatformError): boolean =>
  effect === "ambiguous" && (code === "no_answer" || code === "unreadable");
