import type { PlatformError } from "@/lib/platforms/contract";
import type { MessageState } from "../schema";

/** How a message of ours moves once it has been tried. Pure: no clock, no database, no platform. */

export type Tried = {
  state: Extract<MessageState, "queued" | "failed" | "uncertain">;
  /** When to come back; null: only a person moves it now. */
  nextInMs: number | null;
  failures: number;
};

/** Tries that may fail without effect before a person is asked. */
const MAX_FAILURES = 5;

/** The echo of a message whose answer was lost mostly comes within seconds; then we look ourselves, and at last a person does. */
export const LOOK_AFTER_MS = [30_000, 60_000, 180_000];

/** @param lost behind the fence, and whether it arrived is not known */
export function afterFailure(
  failure: Pick<PlatformError, "kind" | "retryAfterMs">,
  { lost, failures, random = Math.random() }: { lost: boolean; failures: number; random?: number },
): Tried {
  if (lost) return { state: "uncertain", nextInMs: LOOK_AFTER_MS[0] ?? null, failures: 0 };
  const now = failures + 1;
  const mayHelp = failure.kind === "unavailable" || failure.kind === "slow_down";
  if (!mayHelp || now >= MAX_FAILURES) return { state: "failed", nextInMs: null, failures: now };
  return { state: "queued", nextInMs: failure.retryAfterMs ?? backoffMs(now, random), failures: now };
}

/** After another look that found nothing: later looks, then none. */
export const afterLook = (looks: number): Tried => ({
  state: "uncertain",
  nextInMs: LOOK_AFTER_MS[looks + 1] ?? null,
  failures: looks + 1,
});

/** Exponential with full jitter: a conversation waits seconds, not minutes. */
const backoffMs = (failures: number, random: number): number =>
  Math.round(random * Math.min(1_000 * 2 ** failures, 60_000)) + 500;
