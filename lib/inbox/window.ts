import type { InboxLimits } from "@/lib/platforms/inbox-contract";
import type { ConversationKind, WindowDto } from "./schema";

/** Until when we may write to someone. Pure: the composer warns by it, and sending refuses by it. */

type Limits = Pick<InboxLimits, "windowMs" | "personWindowMs">;

const HOUR_MS = 60 * 60_000;

/** Where a platform's own limits are not at hand, such as for an account whose platform is not set up any more. */
export const usualWindow: Limits = { windowMs: 24 * HOUR_MS, personWindowMs: 7 * 24 * HOUR_MS };

/** A message needs some time to arrive: what would reach the platform in the window's last seconds is not sent. */
const MARGIN_MS = 30_000;

/** @param lastInboundAt their last message that opens the window, by the platform's clock */
export function windowOf(
  kind: ConversationKind,
  lastInboundAt: Date | null,
  limits: Limits = usualWindow,
  now = new Date(),
): WindowDto {
  if (kind !== "direct") return { state: "none", until: null };
  const ends = (ms: number) => (lastInboundAt?.getTime() ?? Number.NEGATIVE_INFINITY) + ms - MARGIN_MS;
  if (now.getTime() < ends(limits.windowMs)) return { state: "open", until: iso(ends(limits.windowMs)) };
  if (now.getTime() < ends(limits.personWindowMs)) {
    return { state: "person", until: iso(ends(limits.personWindowMs)) };
  }
  return { state: "closed", until: null };
}

const iso = (ms: number): string => new Date(ms).toISOString();
