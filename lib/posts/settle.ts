import "server-only";
import { withAccess } from "@/lib/connections/access";
import { log } from "@/lib/log";
import { type Located, PlatformError } from "@/lib/platforms/contract";
import { contentOf } from "./content";
import { type DeliveryRow, knownRemoteIds } from "./deliveries-data";
import { ABSENT_AFTER_MS, CHECK_AFTER_MS } from "./delivery";
import { connectionOf, type Outcome, stepped } from "./outcome";

/**
 * Looks at the platform for a post whose answer was lost. Published, or safe to go on, or proved absent; while nothing
 * is proved it stays uncertain, we look again less and less often, and in the end a person decides.
 */
export async function readBack(delivery: DeliveryRow): Promise<Outcome> {
  const since = delivery.fencedAt ?? delivery.createdAt;
  try {
    const { doubtSince } = delivery;
    // A platform that calls a second try a copy means the first: the search begins where the doubt began.
    const located = await locate(delivery, doubtSince && doubtSince < since ? doubtSince : since);
    if (located?.state === "published") return { ...stepped(located), told: "found" };
    if (located?.state === "processing") {
      return { ...stepped(located), event: { type: "proved_safe" }, told: "resumed" };
    }
    if (located?.state === "absent" && Date.now() - since.getTime() >= ABSENT_AFTER_MS) return absent(since);
    return unproved(delivery, located === null ? "not_provable" : "not_seen_yet");
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.info("delivery.read_back_failed", {
      deliveryId: delivery.id,
      platform: delivery.platform,
      code: error.code,
      error,
    });
    return unproved(delivery, "could_not_look");
  }
}

async function locate(delivery: DeliveryRow, since: Date): Promise<Located | null> {
  const known = await knownRemoteIds(delivery);
  return withAccess(connectionOf(delivery), async (provider, access) =>
    provider.locate
      ? provider.locate({
          access,
          content: await contentOf(delivery, "locate"),
          resume: delivery.resume,
          since,
          known,
        })
      : null,
  );
}

/** @param since when the write began: should the platform call the next try a copy, its list was late and this one is out */
function absent(since: Date): Outcome {
  const message = "This post did not reach the platform: it is not on the account. You can send it again.";
  return {
    event: { type: "proved_absent" },
    change: {
      nextInMs: null,
      fencedAt: null,
      doubtSince: since,
      errorKind: "unavailable",
      errorCode: "not_published",
      errorMessage: message,
    },
    told: "absent",
    message,
  };
}

function unproved(delivery: DeliveryRow, code: string): Outcome {
  const checks = delivery.checks + 1;
  const nextInMs = CHECK_AFTER_MS[checks] ?? null;
  const message =
    nextInMs === null
      ? "The platform did not confirm this post, and we could not find out. Look at the account before you send it again."
      : "The platform did not confirm this post. It may be out; we are looking.";
  return {
    event: { type: "unproved" },
    change: { nextInMs, checks, errorKind: "unavailable", errorCode: code, errorMessage: message },
    told: "looked",
    message: null,
  };
}
