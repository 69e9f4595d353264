import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { log } from "@/lib/log";
import { advance } from "./advance";
import { dueInMs } from "./deliveries-data";

/** How long a person waits for all platforms before the rest goes on without them. */
export const PATIENCE_MS = 20_000;

/**
 * Publishes deliveries now, all side by side, each as far as it gets.
 * @returns a promise for "all done or patience over", and one for the work itself, which goes on either way
 */
export function publishNow(deliveryIds: string[]): { answered: Promise<void>; finished: Promise<void> } {
  const deadline = Date.now() + PATIENCE_MS;
  const finished = Promise.all(deliveryIds.map((id) => drive(id, deadline))).then(() => undefined);
  const patience = new AbortController();
  const over = wait(PATIENCE_MS, undefined, { signal: patience.signal }).catch((error: unknown) => {
    if (!patience.signal.aborted) throw error;
  });
  return { answered: Promise.race([finished, over]).finally(() => patience.abort()), finished };
}

const GLANCE_MS = 200;

/** Whatever goes wrong here, the delivery has a job of its own that comes back to it. */
async function drive(id: string, deadline: number): Promise<void> {
  try {
    for (;;) {
      // Where someone else took the step, we only watch: what counts is where the delivery stands.
      const nextInMs = (await advance(id)) ?? (await dueInMs(id));
      if (nextInMs === null || Date.now() + nextInMs >= deadline) return;
      await wait(Math.max(nextInMs, GLANCE_MS));
    }
  } catch (error) {
    log.error("delivery.drive_failed", { deliveryId: id, error });
  }
}
