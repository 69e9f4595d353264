import type { FailureKind } from "@/lib/platforms/contract";
import type { DeliveryState, PostStatus, Remedy } from "./schema";

/** How a delivery moves. Pure: no clock, no database, no platform. */

export type DeliveryEvent =
  /** Its hour has come and someone works on it. */
  | { type: "claimed" }
  /** The platform has more to do before it is out. */
  | { type: "stepped" }
  | { type: "published" }
  /** Nothing happened at the platform. */
  | { type: "failed"; kind: FailureKind; triesLeft: boolean }
  /** Its platform refuses the whole installation at the moment: nothing was sent, and it waits. */
  | { type: "paused" }
  /** The world may have seen the write; its answer did not arrive. */
  | { type: "lost" }
  /** Reading back proved that going on, or trying again, is safe. */
  | { type: "proved_safe" }
  /** Reading back proved that it is not out. */
  | { type: "proved_absent" }
  /** Reading back proved nothing. */
  | { type: "unproved" }
  | { type: "retried" }
  | { type: "cancelled" };

/** The state after an event; null where that event means nothing in this state. */
export function next(state: DeliveryState, event: DeliveryEvent): DeliveryState | null {
  switch (event.type) {
    case "claimed":
      if (state === "scheduled" || state === "queued") return "sending";
      return isOpen(state) ? state : null;
    case "stepped":
      return isOpen(state) ? "processing" : null;
    case "published":
      return isOpen(state) ? "published" : null;
    case "failed":
      if (!isOpen(state)) return null;
      if (event.kind === "rejected" || event.kind === "reconnect" || !event.triesLeft) return "failed";
      return state === "processing" ? "processing" : "queued";
    case "paused":
      if (state === "sending") return "queued";
      return state === "processing" ? state : null;
    // Neither success nor failure, and nothing is sent again until it is proved not to be out.
    case "lost":
      return isOpen(state) ? "uncertain" : null;
    case "proved_safe":
      return isOpen(state) ? "processing" : null;
    case "proved_absent":
      return isOpen(state) ? "failed" : null;
    case "unproved":
      return isOpen(state) ? "uncertain" : null;
    case "retried":
      return state === "failed" || state === "uncertain" ? "queued" : null;
    case "cancelled":
      return state === "scheduled" || state === "queued" ? "cancelled" : null;
  }
}

/** Someone may be working on it, or reading back. */
const isOpen = (state: DeliveryState): boolean =>
  state === "sending" || state === "processing" || state === "uncertain";

/** What a post as a whole looks like, from its deliveries. */
export function statusOf(states: DeliveryState[]): PostStatus {
  const some = (...wanted: DeliveryState[]) => states.some((state) => wanted.includes(state));
  const all = (...wanted: DeliveryState[]) => states.every((state) => wanted.includes(state));
  if (states.length > 0 && all("scheduled")) return "scheduled";
  if (some("scheduled", "queued", "sending", "processing")) return "publishing";
  if (states.length > 0 && all("published")) return "published";
  if (all("cancelled")) return "cancelled";
  if (some("published")) return "partial";
  return some("uncertain") ? "uncertain" : "failed";
}

/** What helps, for a delivery that is not out. */
export function remedyOf(state: DeliveryState, errorKind: string | null): Remedy | null {
  if (state === "uncertain") return "look";
  switch (errorKind) {
    case "reconnect":
      return "reconnect";
    case "rejected":
      return "edit";
    case "operator":
      return "operator";
    case "slow_down":
      return state === "failed" ? "retry" : "wait";
    case "unavailable":
      return state === "failed" ? "retry" : "wait";
    default:
      return null;
  }
}

/** Waits between tries that had no effect: exponential with full jitter, in milliseconds. */
export function backoffMs(failures: number, random = Math.random()): number {
  return Math.round(random * Math.min(5_000 * 2 ** failures, 10 * 60_000)) + 1_000;
}

/** Tries that may fail without effect before a person is asked. */
export const MAX_FAILURES = 5;

/** When to read back after the answer was lost, counted from the last look. */
export const CHECK_AFTER_MS = [2_000, 10_000, 20_000, 30_000, 60_000, 180_000, 300_000, 900_000];

/** Not found this long after the write began is proof that it is not out: no platform works on one write for longer. */
export const ABSENT_AFTER_MS = 5 * 60_000;
