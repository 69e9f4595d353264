import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backoffMs,
  CHECK_AFTER_MS,
  type DeliveryEvent,
  next,
  remedyOf,
  statusOf,
} from "@/lib/posts/delivery";
import { type DeliveryState, deliveryStates } from "@/lib/posts/schema";

/** How a delivery moves, without clock, database or platform. */

const events = {
  claimed: { type: "claimed" },
  stepped: { type: "stepped" },
  published: { type: "published" },
  rejected: { type: "failed", kind: "rejected", triesLeft: true },
  reconnect: { type: "failed", kind: "reconnect", triesLeft: true },
  slow: { type: "failed", kind: "slow_down", triesLeft: true },
  away: { type: "failed", kind: "unavailable", triesLeft: true },
  given_up: { type: "failed", kind: "unavailable", triesLeft: false },
  paused: { type: "paused" },
  lost: { type: "lost" },
  safe: { type: "proved_safe" },
  absent: { type: "proved_absent" },
  unproved: { type: "unproved" },
  retried: { type: "retried" },
  cancelled: { type: "cancelled" },
} as const satisfies Record<string, DeliveryEvent>;

type EventName = keyof typeof events;
const eventNames = Object.keys(events) as EventName[];

/** Every state, and where each event that means something there leads. What is not named means nothing. */
const whileOpen = {
  stepped: "processing",
  published: "published",
  rejected: "failed",
  reconnect: "failed",
  given_up: "failed",
  lost: "uncertain",
  safe: "processing",
  absent: "failed",
  unproved: "uncertain",
} as const;
const table: Record<DeliveryState, Partial<Record<EventName, DeliveryState>>> = {
  scheduled: { claimed: "sending", cancelled: "cancelled" },
  queued: { claimed: "sending", cancelled: "cancelled" },
  sending: { ...whileOpen, claimed: "sending", slow: "queued", away: "queued", paused: "queued" },
  processing: {
    ...whileOpen,
    claimed: "processing",
    slow: "processing",
    away: "processing",
    paused: "processing",
  },
  uncertain: { ...whileOpen, claimed: "uncertain", slow: "queued", away: "queued", retried: "queued" },
  published: {},
  failed: { retried: "queued" },
  cancelled: {},
};

describe.each(deliveryStates)("from %s", (state) => {
  test.each(eventNames)("%s", (name) => {
    expect(next(state, events[name])).toBe(table[state][name] ?? null);
  });
});

/** Any life a delivery can have: an event that means nothing is passed over. */
const lives = fc.array(fc.constantFrom(...eventNames), { maxLength: 40 });
const walk = (life: EventName[], visit: (from: DeliveryState, by: EventName, to: DeliveryState) => void) => {
  let state: DeliveryState = "scheduled";
  for (const by of life) {
    const to = next(state, events[by]);
    if (to === null) continue;
    visit(state, by, to);
    state = to;
  }
};
const promise = (check: (from: DeliveryState, by: EventName, to: DeliveryState) => void) =>
  fc.assert(
    fc.property(lives, (life) => walk(life, check)),
    { numRuns: 2_000 },
  );

test("what is published stays published, and what is cancelled stays cancelled", () => {
  promise((from) => {
    expect(from).not.toBe("published");
    expect(from).not.toBe("cancelled");
  });
});

test("only a published event makes a delivery published", () => {
  promise((_from, by, to) => {
    if (to === "published") expect(by).toBe("published");
  });
});

test("a failure leads nowhere but to the author's own retry", () => {
  promise((from, by) => {
    if (from === "failed") expect(by).toBe("retried");
  });
});

test("doubt ends by proof, by a definite answer, or by a person: never by time or by another claim", () => {
  promise((from, by, to) => {
    if (from === "uncertain" && to !== "uncertain") {
      expect(["claimed", "unproved", "lost", "cancelled"]).not.toContain(by);
    }
  });
});

test("a lost answer always leaves doubt", () => {
  promise((_from, by, to) => {
    if (by === "lost" || by === "unproved") expect(to).toBe("uncertain");
  });
});

test("once someone works on it, it can no longer be cancelled", () => {
  promise((from, by) => {
    if (by === "cancelled") expect(["scheduled", "queued"]).toContain(from);
  });
});

describe("the post as a whole", () => {
  const states = fc.array(fc.constantFrom(...deliveryStates), { minLength: 1, maxLength: 8 });

  test("is called published exactly when every delivery is", () => {
    fc.assert(
      fc.property(states, (all) => {
        expect(statusOf(all) === "published").toBe(all.every((state) => state === "published"));
      }),
    );
  });

  test("is under way while any delivery is, unless all wait for their hour", () => {
    fc.assert(
      fc.property(states, (all) => {
        const moving = all.some((state) => ["scheduled", "queued", "sending", "processing"].includes(state));
        const waiting = all.every((state) => state === "scheduled");
        expect(["publishing", "scheduled"].includes(statusOf(all))).toBe(moving);
        expect(statusOf(all) === "scheduled").toBe(waiting);
      }),
    );
  });

  test.each<[DeliveryState[], string]>([
    [["published", "failed"], "partial"],
    [["published", "uncertain"], "partial"],
    [["published", "cancelled"], "partial"],
    [["uncertain", "failed"], "uncertain"],
    [["failed", "failed"], "failed"],
    [["failed", "cancelled"], "failed"],
    [["cancelled", "cancelled"], "cancelled"],
  ])("%j is %s", (all, status) => {
    expect(statusOf(all)).toBe(status);
  });
});

test("in doubt the advice is to look, whatever the error was", () => {
  for (const kind of ["reconnect", "rejected", "slow_down", "unavailable", "operator", null]) {
    expect(remedyOf("uncertain", kind)).toBe("look");
  }
});

test("what waits for another try by itself asks nothing of the person", () => {
  expect(remedyOf("queued", "unavailable")).toBe("wait");
  expect(remedyOf("queued", "slow_down")).toBe("wait");
  expect(remedyOf("failed", "unavailable")).toBe("retry");
  expect(remedyOf("failed", "rejected")).toBe("edit");
  expect(remedyOf("failed", "reconnect")).toBe("reconnect");
});

test("waits between tries spread over their whole range, grow, and stay under ten minutes", () => {
  for (let failures = 1; failures < 12; failures += 1) {
    const longest = backoffMs(failures, 1);
    expect(backoffMs(failures, 0)).toBe(1_000);
    expect(longest).toBe(1_000 + Math.min(5_000 * 2 ** failures, 600_000));
    expect(backoffMs(failures, 0.5)).toBeCloseTo((1_000 + longest) / 2, -1);
  }
});

test("we look again less and less often, for at least the five minutes that proof takes", () => {
  const waits = [...CHECK_AFTER_MS];
  expect(waits.slice(1).every((wait, at) => wait >= (waits[at] ?? 0))).toBe(true);
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(5 * 60_000);
});
