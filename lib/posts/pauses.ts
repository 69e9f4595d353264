import "server-only";
import { pausedWords } from "@/lib/connections/health/paused-words";
import {
  claimProbe,
  findPause,
  liftPause,
  type PauseRow,
  pausedForMs,
  pausePlatform,
  releaseProbe,
} from "@/lib/connections/health/pauses-data";
import type { Tx } from "@/lib/db";
import { enqueue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { type DeliveryRow, wakeWaiting } from "./deliveries-data";
import type { Outcome } from "./outcome";

/** A platform that refuses the whole installation is left alone: posts wait, and now and then one of them tries. */

/** The platform is paused, and this delivery is not the one that tries. */
export class PlatformPaused extends Error {
  override readonly name = "PlatformPaused";
  readonly pause: PauseRow;

  constructor(pause: PauseRow) {
    super(`${pause.platform} is paused.`);
    this.pause = pause;
  }
}

/**
 * Whether this delivery may go to its platform now: because nothing is wrong there, or as the one that finds out.
 * @throws PlatformPaused
 */
export async function enter(delivery: DeliveryRow): Promise<"open" | "probe"> {
  const pause = await findPause(delivery.platform);
  if (!pause) return "open";
  if (await claimProbe(delivery.platform, delivery.id)) return "probe";
  throw new PlatformPaused(pause);
}

/** Waits for the platform; the time to come back is reckoned when that is saved. */
export function waits(
  delivery: DeliveryRow,
  code: string | null,
  change: Partial<Outcome["change"]> = {},
): Outcome {
  const message = pausedWords(
    { platform: delivery.platform, code },
    "your post waits and goes out by itself",
  );
  return {
    event: { type: "paused" },
    change: { nextInMs: 0, ...change, errorKind: "operator", errorCode: code, errorMessage: message },
    // Waiting again and again is one line of the story.
    told: delivery.errorKind === "operator" ? null : "paused",
    message,
  };
}

/**
 * What an attempt means for its platform: a refusal of the whole installation pauses it, a probe that is out ends that,
 * and a probe that came to anything else lets another try.
 * @returns in how many milliseconds the delivery itself comes back
 */
export async function reckon(
  tx: Tx,
  delivery: DeliveryRow,
  { event, change, refused }: Outcome,
): Promise<number | null> {
  const { id, platform } = delivery;
  if (refused) {
    const begun = await pausePlatform(tx, platform, id, refused);
    if (begun) await enqueue(tx, "platform.paused", { platform, ...refused });
  }
  if (event.type === "paused") return pausedForMs(tx, platform);
  if (event.type === "published") {
    const pause = await liftPause(tx, platform, id);
    if (pause) {
      log.info("platform.resumed", { platform, since: pause.since });
      await wake(tx, platform, ALL);
    }
  } else if (event.type !== "stepped" && event.type !== "proved_safe") {
    if (await releaseProbe(tx, platform, id)) await wake(tx, platform, 1);
  }
  return change.nextInMs;
}

/** As many as one transaction should touch; the rest come back at their own time. */
const ALL = 1_000;

async function wake(tx: Tx, platform: string, limit: number): Promise<void> {
  for (const deliveryId of await wakeWaiting(tx, platform, limit))
    await enqueue(tx, "delivery.advance", { deliveryId });
}
