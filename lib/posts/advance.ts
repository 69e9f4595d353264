import "server-only";
import { type Actor, audit } from "@/lib/audit";
import { withAccess } from "@/lib/connections/access";
import { findPause } from "@/lib/connections/health/pauses-data";
import { db, type Tx } from "@/lib/db";
import { enqueue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { contentOf } from "./content";
import {
  claimDelivery,
  type DeliveryRow,
  fenceDelivery,
  insertEvents,
  keepClaim,
  knownRemoteIds,
  LEASE_MS,
  saveAttempt,
} from "./deliveries-data";
import { backoffMs, CHECK_AFTER_MS, MAX_FAILURES, next } from "./delivery";
import { connectionOf, type Outcome, stepped } from "./outcome";
import { enter, PlatformPaused, reckon, waits } from "./pauses";
import type { DeliveryState } from "./schema";
import { readBack } from "./settle";

const JOB: Actor = { type: "job", name: "publish" };

/**
 * Moves one delivery one step: claims it, and either publishes or, where an earlier write's answer was lost, reads back.
 * Safe to call at any time, by anyone, any number of times.
 * @returns in how many milliseconds to come back; null when nothing is left to do here
 */
export async function advance(deliveryId: string): Promise<number | null> {
  const delivery = await claimDelivery(deliveryId);
  if (!delivery) return null;
  try {
    return await save(delivery, delivery.fencedAt ? await readBack(delivery) : await publishStep(delivery));
  } catch (error) {
    if (!(error instanceof ClaimLost)) throw error;
    log.warn("delivery.claim_lost", { deliveryId, attempt: delivery.attempt });
    return null;
  }
}

/** This attempt no longer holds its claim; whoever does will see to the delivery. */
class ClaimLost extends Error {
  override readonly name = "ClaimLost";
}

async function publishStep(delivery: DeliveryRow): Promise<Outcome> {
  const beat = setInterval(() => {
    keepClaim(delivery.id, delivery.attempt).catch((error: unknown) =>
      log.warn("delivery.beat_failed", { deliveryId: delivery.id, error }),
    );
  }, LEASE_MS / 3);
  try {
    return await takeStep(delivery);
  } finally {
    clearInterval(beat);
  }
}

async function takeStep(delivery: DeliveryRow): Promise<Outcome> {
  let fencedAt: Date | null = null;
  let lost = false;
  let probing = false;
  const sending = async () => {
    const drawn = await fenceDelivery(delivery.id, delivery.attempt);
    if (!drawn) {
      const pause = await findPause(delivery.platform);
      throw pause ? new PlatformPaused(pause) : new ClaimLost();
    }
    fencedAt = drawn;
  };
  try {
    probing = (await enter(delivery)) === "probe";
    const earlier = delivery.doubtSince
      ? { since: delivery.doubtSince, known: await knownRemoteIds(delivery) }
      : undefined;
    const content = await contentOf(delivery, "publish");
    const step = await withAccess(connectionOf(delivery), async (provider, access) => {
      try {
        return await provider.publish({
          access,
          content,
          resume: delivery.resume,
          sending,
          ...(earlier && { earlier }),
        });
      } catch (error) {
        // In doubt behind our fence, or because the provider itself found traces of an earlier write.
        lost = error instanceof PlatformError ? error.effect === "ambiguous" : fencedAt !== null;
        throw error;
      }
    });
    return stepped(step);
  } catch (error) {
    if (error instanceof ClaimLost) throw error;
    if (error instanceof PlatformPaused && !lost) return waits(delivery, error.pause.code);
    return failed(delivery, error, { lostAt: lost ? (fencedAt ?? delivery.createdAt) : null, probing });
  }
}

/** @param lostAt when the write whose outcome is unknown began; null when nothing can have happened */
function failed(
  delivery: DeliveryRow,
  error: unknown,
  { lostAt, probing }: { lostAt: Date | null; probing: boolean },
): Outcome {
  const failure =
    error instanceof PlatformError
      ? error
      : new PlatformError("unavailable", "Something went wrong on our side.", {
          code: "internal",
          cause: error,
        });
  log[error instanceof PlatformError ? "info" : "error"]("delivery.attempt_failed", {
    deliveryId: delivery.id,
    platform: delivery.platform,
    kind: failure.kind,
    code: failure.code,
    lost: lostAt !== null,
    error,
  });
  const lost = lostAt !== null;
  const failures = delivery.failures + 1;
  // Who stops the platform again and again, while it works for others, is what is refused.
  if (failure.operator && !lost && (probing || failures < MAX_FAILURES)) {
    const { code, message } = failure;
    const counted = probing ? delivery.failures : failures;
    return { ...waits(delivery, code, { failures: counted, fencedAt: null }), refused: { code, message } };
  }
  const triesLeft = failures < MAX_FAILURES && !failure.operator;
  const again = (failure.kind === "unavailable" || failure.kind === "slow_down") && triesLeft;
  const waitMs = failure.retryAfterMs ?? backoffMs(failures);
  return {
    event: lost ? { type: "lost" } : { type: "failed", kind: failure.kind, triesLeft },
    change: {
      nextInMs: lost ? (CHECK_AFTER_MS[0] ?? null) : again ? waitMs : null,
      failures,
      // The fence stays up only while what lies behind it is unknown.
      fencedAt: lostAt,
      errorKind: failure.operator ? "operator" : failure.kind,
      errorCode: failure.code,
      errorMessage: lost
        ? "The platform did not confirm this post. It may be out; we are looking."
        : failure.message,
    },
    told: lost ? "answer_lost" : again ? "try_again" : "failed",
    message: failure.message,
  };
}

async function save(delivery: DeliveryRow, outcome: Outcome): Promise<number | null> {
  const { event, told, message } = outcome;
  const state = next(delivery.state as DeliveryState, event);
  if (!state) throw new Error(`A delivery that is ${delivery.state} cannot be ${event.type}.`);
  const nextInMs = await db().transaction(async (tx) => {
    const change = { ...outcome.change, nextInMs: await reckon(tx, delivery, outcome) };
    if (!(await saveAttempt(tx, delivery.id, delivery.attempt, { ...change, state }))) throw new ClaimLost();
    if (told !== null) {
      await insertEvents(tx, [
        { deliveryId: delivery.id, attempt: delivery.attempt, event: told, state, message },
      ]);
    }
    if (change.nextInMs !== null)
      await enqueue(tx, "delivery.advance", { deliveryId: delivery.id }, { afterMs: change.nextInMs });
    // Looking again and again is one incident; its end is told as well.
    const news = state !== delivery.state || change.nextInMs === null;
    if (isSettled(state) && news) await settled(tx, delivery, state, change);
    return change.nextInMs;
  });
  log.info("delivery.moved", {
    deliveryId: delivery.id,
    platform: delivery.platform,
    from: delivery.state,
    to: state,
  });
  return nextInMs;
}

async function settled(
  tx: Tx,
  delivery: DeliveryRow,
  state: DeliveryState,
  change: Outcome["change"],
): Promise<void> {
  await audit(tx, JOB, delivery.userId, "delivery.settle", delivery.id, {
    platform: delivery.platform,
    state,
    reason: change.errorCode ?? null,
  });
  await enqueue(tx, "post.settled", { postId: delivery.postId });
}

const isSettled = (state: DeliveryState): boolean =>
  state === "published" || state === "failed" || state === "uncertain";
