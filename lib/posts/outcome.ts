import "server-only";
import { PlatformError, type PublishStep } from "@/lib/platforms/contract";
import type { DeliveryChange, DeliveryRow } from "./deliveries-data";
import type { DeliveryEvent } from "./delivery";

/** What an attempt came to: an event for the state machine, and what else to remember. */
export type Outcome = {
  event: DeliveryEvent;
  change: Omit<DeliveryChange, "state">;
  /** A line for the story; null when nothing is new. */
  told: string | null;
  message: string | null;
  /** The platform refused the whole installation, not this post. */
  refused?: { code: string | null; message: string };
};

/** What to remember of a step the platform took, whether it told us or we read it back. */
export function stepped(step: PublishStep): Outcome {
  if (step.state === "published") {
    return {
      event: { type: "published" },
      change: {
        nextInMs: null,
        remoteId: step.remoteId,
        parts: step.parts ?? [],
        url: step.url,
        note: step.note ?? null,
        fencedAt: null,
        publishedAt: new Date(),
        ...NO_ERROR,
      },
      told: "published",
      message: step.note ?? null,
    };
  }
  return {
    event: { type: "stepped" },
    change: { nextInMs: step.checkAfterMs, resume: step.resume, fencedAt: null, failures: 0, ...NO_ERROR },
    told: "processing",
    message: null,
  };
}

const NO_ERROR = { errorKind: null, errorCode: null, errorMessage: null };

export function connectionOf(delivery: DeliveryRow): string {
  if (delivery.connectionId) return delivery.connectionId;
  throw new PlatformError("reconnect", "This account is no longer connected.", { code: "disconnected" });
}
