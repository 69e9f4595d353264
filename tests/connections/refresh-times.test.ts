import { describe, expect, test } from "vitest";
import { paceOf } from "@/lib/connections/refresh/gate";
import { LEASE_MS } from "@/lib/connections/refresh/refresh";
import { dueAt, isLost, waitMs } from "@/lib/connections/refresh/times";
import type { Credentials, OAuthConnector } from "@/lib/platforms/contract";
import { PlatformError } from "@/lib/platforms/contract";
import { facebook } from "@/lib/platforms/facebook/provider";
import { instagram, instagramThroughFacebook } from "@/lib/platforms/instagram/provider";
import { createKit, TOKEN_TIMEOUT_MS } from "@/lib/platforms/kit";
import { linkedin } from "@/lib/platforms/linkedin/provider";
import { reddit } from "@/lib/platforms/reddit/provider";
import { threads } from "@/lib/platforms/threads/provider";
import { tiktok } from "@/lib/platforms/tiktok/provider";
import { twitter } from "@/lib/platforms/twitter/provider";

/** When renewals happen: due times as data, waits with full jitter. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const kit = createKit({ clientId: "id", clientSecret: "secret" });
const ways = { instagram, instagramThroughFacebook, facebook, threads, twitter, linkedin, tiktok, reddit };
const connectorOf = (way: keyof typeof ways) => ways[way](kit).connector as OAuthConnector;
const now = Date.UTC(2026, 10, 28);
const from = (days: number) => new Date(now + days * DAY);

/** In days from now, as the platform's answer says. */
const due = (
  way: keyof typeof ways,
  says: { access?: number; refresh?: number; refreshToken?: string },
): number | null => {
  const credentials: Credentials = {
    accessToken: "a",
    ...(says.access !== undefined && { accessExpiresAt: from(says.access) }),
    ...(says.refresh !== undefined && { refreshExpiresAt: from(says.refresh) }),
    ...(says.refreshToken && { refreshToken: says.refreshToken }),
  };
  const at = dueAt(connectorOf(way), credentials, now);
  return at === null ? null : (at.getTime() - now) / DAY;
};

describe("a grant is due", () => {
  const refreshToken = "r";
  test.each([
    ["instagram", "every 48 hours", { access: 60 }, 2],
    ["instagram", "sooner when the token lives shorter, but not before it is a day old", { access: 3 }, 1.5],
    ["instagram", "not before it is a day old", { access: 1.5 }, 1],
    ["instagram", "never, when it ends before it may be renewed", { access: 1 / 24 }, null],
    ["instagram", "every 48 hours also when no end is told", {}, 2],
    ["threads", "every 48 hours", { access: 60 }, 2],
    ["facebook", "never: it has no renewal", { access: 60 }, null],
    ["instagramThroughFacebook", "never: it has no renewal", { access: 60 }, null],
    [
      "twitter",
      "not while its two hours run, which nobody may use, but well inside the half year",
      { access: 1 / 12, refresh: 180, refreshToken },
      60,
    ],
    ["twitter", "never without a refresh token", { access: 1 / 12 }, null],
    ["tiktok", "as X, whatever the pages say of lifetimes", { access: 1, refresh: 365, refreshToken }, 30],
    [
      "tiktok",
      "half-way, when the answer gives the refresh token less than we expect",
      { access: 1 / 12, refresh: 20, refreshToken },
      10,
    ],
    ["reddit", "now and then, to learn that it still lives", { access: 1, refreshToken }, 30],
    ["reddit", "never without a refresh token", { access: 1 }, null],
    ["linkedin", "never for ordinary apps", { access: 60 }, null],
    [
      "linkedin",
      "a week before its 60 days end, where a refresh token was given",
      { access: 60, refresh: 365, refreshToken },
      53,
    ],
    [
      "linkedin",
      "half-way to the end of a token that lives shorter than that week, not at once and for ever",
      { access: 2, refresh: 365, refreshToken },
      1,
    ],
    [
      "linkedin",
      "no more, once both end together: another token would live no longer",
      { access: 20, refresh: 20, refreshToken },
      null,
    ],
  ] as const)("%s: %s", (way, _words, says, days) => {
    expect(due(way, says)).toBe(days);
  });

  test("no grant whose renewal is bought with something that ends is due later than half-way to that end", () => {
    for (const way of ["instagram", "threads", "tiktok", "twitter"] as const) {
      for (const life of [3, 10, 59, 90, 400]) {
        const at = due(way, { access: life, refresh: life, refreshToken: "r" });
        expect(at, `${way} ${life}`).toBeLessThanOrEqual(life / 2);
      }
    }
  });
});

test("C2: a token call ends in less than half of the lease it holds", () => {
  expect(TOKEN_TIMEOUT_MS).toBeLessThan(LEASE_MS / 2);
});

describe("C8: what failed together does not come back together", () => {
  test.each([1, 2, 5, 30])(
    "failure %i in a row: full jitter, no second holds more than 3 %% of a thousand",
    (failures) => {
      const waits = Array.from({ length: 1_000 }, () => waitMs(failures));
      const seconds = new Map<number, number>();
      for (const ms of waits)
        seconds.set(Math.floor(ms / 1_000), (seconds.get(Math.floor(ms / 1_000)) ?? 0) + 1);
      expect(Math.max(...seconds.values())).toBeLessThanOrEqual(30);
      // Full: from nothing to the whole window.
      const windowMs = Math.min(6 * HOUR, 120_000 * 2 ** (failures - 1));
      expect(Math.min(...waits)).toBeLessThan(windowMs * 0.05);
      expect(Math.max(...waits)).toBeGreaterThan(windowMs * 0.95);
      expect(Math.max(...waits)).toBeLessThanOrEqual(windowMs);
    },
  );

  test("Retry-After is the least, and the jitter comes on top", () => {
    const waits = Array.from({ length: 1_000 }, () => waitMs(1, { retryAfterMs: 60_000 }));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(60_000);
    expect(new Set(waits.map((ms) => Math.floor(ms / 1_000))).size).toBeGreaterThan(60);
  });

  test("a lost answer is looked into within the half minute that a rotating platform may grant", () => {
    expect(waitMs(1, { window: "second look" }, () => 1)).toBeLessThanOrEqual(25_000);
    const lost = new PlatformError("unavailable", "", { effect: "ambiguous", code: "no_answer" });
    const down = new PlatformError("unavailable", "", { effect: "ambiguous", code: "503" });
    expect([isLost(lost), isLost(down)]).toEqual([true, false]);
  });
});

test.each([1, 2, 10, 60, 1_000])(
  "C10: at %i a minute no minute holds more, wherever it begins",
  (perMinute) => {
    const { everyMs, aheadMs } = paceOf(perMinute);
    // The worst minute: all of the allowance at once, then step by step.
    expect(Math.floor(aheadMs / everyMs) + Math.floor(60_000 / everyMs) + 1).toBeLessThanOrEqual(
      Math.max(perMinute, 2),
    );
  },
);
