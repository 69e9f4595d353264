import type { Tone } from "@/components/ui/badge";
import type { DeliveryDto, DeliveryState, PostDto } from "@/lib/posts/schema";

/** How the states of posts and deliveries are said. "Published" is only ever said of what a platform confirmed. */
export const deliveryWords: Record<DeliveryState, { label: string; tone: Tone; story: string }> = {
  scheduled: { label: "Scheduled", tone: "neutral", story: "Waits for its hour." },
  queued: { label: "Waiting", tone: "accent", story: "Waits for its turn." },
  sending: { label: "Sending", tone: "accent", story: "Being sent." },
  processing: {
    label: "Processing",
    tone: "accent",
    story: "The platform has it and is still working on it.",
  },
  published: { label: "Published", tone: "good", story: "Confirmed by the platform." },
  failed: { label: "Failed", tone: "bad", story: "Not published." },
  uncertain: { label: "Not confirmed", tone: "warn", story: "Sent, but the platform did not confirm it." },
  cancelled: { label: "Cancelled", tone: "neutral", story: "Not sent." },
};

const DELETED = { label: "Deleted", tone: "neutral" as const };

export const wordsOf = ({ state, removedAt }: Pick<DeliveryDto, "state" | "removedAt">) =>
  removedAt ? DELETED : deliveryWords[state];

/** What a step in a delivery's story is called; a step we have no words for says the state it led to. */
export const eventWords = (event: string, state: DeliveryState): string =>
  EVENTS[event] ?? deliveryWords[state].label;

const EVENTS: Record<string, string> = {
  created: "Written",
  published: "Published",
  processing: "The platform has it and is working on it",
  try_again: "Did not get through; will try again",
  paused: "Waits: the platform takes no posts from here at the moment",
  failed: "Failed",
  answer_lost: "Sent, but the answer was lost",
  looked: "Looked for it on the platform",
  found: "Found on the platform: it is out",
  absent: "Proved not to be out",
  resumed: "Went on safely",
  cancelled: "Cancelled",
  removed: "Deleted on the platform",
  retried: "Tried again by you",
};

/** "Published on 2 of 3 accounts; 1 failed": counted from the deliveries, never assumed. */
export function headline({ deliveries }: Pick<PostDto, "deliveries">): string {
  const total = deliveries.length;
  const count = (...states: DeliveryState[]) =>
    deliveries.filter(({ state }) => states.includes(state)).length;
  const published = count("published");
  const others = [
    [count("queued", "sending", "processing"), "on the way"],
    [count("scheduled"), "scheduled"],
    [count("failed"), "failed"],
    [count("uncertain"), "not confirmed"],
    [count("cancelled"), "cancelled"],
  ] as const;
  const rest = others.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  const removed = deliveries.filter(({ removedAt }) => removedAt !== null).length;
  const first =
    published === 0
      ? null
      : `Published on ${published === total ? (total === 1 ? "1 account" : `all ${total} accounts`) : `${published} of ${total} accounts`}`;
  const deleted = removed > 0 ? `${removed === published ? "" : `${removed} `}deleted since` : null;
  const said = [first, deleted, ...rest].filter((words) => words !== null).join("; ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}
