import "server-only";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import { type OAuthConnector, PlatformError } from "@/lib/platforms/contract";
import { specs } from "@/lib/platforms/registry";
import { countFailure, findGate, openGate, takeProbe, takeTurn } from "./gate-data";

/**
 * The gate before a platform's token endpoint, one for all processes. It shuts when the platform cannot serve several
 * renewals in a row, then lets one probe through at a time until one succeeds; and it gives out turns where calls per minute
 * are limited.
 */

/** In a row, from whichever grants. */
const FAILURES_TO_SHUT = 5;
const PROBE_EVERY_MS = 30_000;

export type Pass = { probe: boolean };
export type Shut = { shutForMs: number; because: "trouble" | "turns" };

/** Calls a minute for this app at a platform, where there is a limit: the operator's word counts more than the policy. */
export const perMinuteOf = (platform: string, connector: OAuthConnector): number | null =>
  env().refreshPerMinute[platform] ?? connector.refreshPolicy.perMinute ?? null;

/**
 * Asks to call a platform once.
 * @param who someone waits for a "person"'s renewal, so it may go a few turns ahead of those that are merely due
 */
export async function enter(
  platform: string,
  perMinute: number | null,
  who: "person" | "schedule",
): Promise<Pass | Shut> {
  const gate = await findGate(platform);
  if (gate?.shut) {
    if (await takeProbe(platform, PROBE_EVERY_MS)) return { probe: true };
    return { shutForMs: Math.max(gate.probeInMs, 1_000), because: "trouble" };
  }
  if (perMinute === null) return { probe: false };
  const pace = paceOf(perMinute);
  const inMs = await takeTurn(platform, {
    everyMs: pace.everyMs,
    aheadMs: who === "person" ? pace.aheadMs : 0,
  });
  return inMs === 0 ? { probe: false } : { shutForMs: inMs, because: "turns" };
}

/**
 * Even steps and a small allowance for people: however the platform counts its minutes, no minute holds more than the limit.
 */
export function paceOf(perMinute: number): { everyMs: number; aheadMs: number } {
  const everyMs = 60_000 / Math.max(0.5, perMinute * 0.9);
  return { everyMs, aheadMs: everyMs * Math.floor(perMinute * 0.05) };
}

/** A renewal came to nothing because the platform could not serve it. */
export async function noteTrouble(platform: string, failure: PlatformError): Promise<void> {
  const probeInMs = Math.max(PROBE_EVERY_MS, failure.retryAfterMs ?? 0);
  const shut = await countFailure(platform, FAILURES_TO_SHUT, probeInMs);
  if (shut) log.warn("refresh.shut", { platform, code: failure.code });
}

/** The platform serves, after it did not. */
export async function noteSuccess(platform: string, { probe }: Pass): Promise<void> {
  await openGate(platform);
  if (probe) log.info("refresh.open", { platform });
}

/** Whether a failure says something of the platform, and not only of this grant. */
export const isTrouble = ({ kind, code }: PlatformError): boolean =>
  (kind === "unavailable" || kind === "slow_down") && code !== TOO_YOUNG;

/** Instagram and Threads renew a token only once it is a day old. */
export const TOO_YOUNG = "too_young";

/** Nobody was asked. */
export const shutError = (platform: string, { shutForMs, because }: Shut): PlatformError =>
  new PlatformError(
    "unavailable",
    because === "turns"
      ? `Many connections to ${nameOf(platform)} are being renewed. This one has its turn in a moment.`
      : `${nameOf(platform)} has a problem at the moment. We will try again.`,
    { code: because === "turns" ? "refresh_turns" : "refresh_shut", retryAfterMs: shutForMs },
  );

const nameOf = (platform: string) => specs[platform]?.name ?? platform;
