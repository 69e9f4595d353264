import { describe, expect, test } from "vitest";
import { canRenew, endOf, healthOf, type Keeping, type Life } from "@/lib/connections/health/health";
import type { RefreshPolicy } from "@/lib/platforms/contract";
import { findProvider, platformIds } from "@/lib/platforms/registry";

/** How a connection is said to be, and when it ends whatever we do. */

const now = new Date("2026-11-28T12:00:00Z");
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);

describe("how it is", () => {
  const well: Life = { status: "active", missing: [], dead: false, platformPaused: false, endsAt: null };
  test.each<[string, Partial<Life>, string]>([
    ["nothing is wrong", {}, "active"],
    ["it ends in 15 days", { endsAt: inDays(15) }, "active"],
    ["it ends in 14 days", { endsAt: inDays(14) }, "expiring"],
    ["it ends in a minute", { endsAt: new Date(now.getTime() + 60_000) }, "expiring"],
    ["it has ended just now", { endsAt: now }, "reconnect"],
    ["the platform has ended the grant", { dead: true, status: "active" }, "reconnect"],
    ["its token was refused", { status: "reconnect" }, "reconnect"],
    ["a permission is missing", { missing: ["submit"] }, "limited"],
    ["a permission is missing, and it ends soon", { missing: ["submit"], endsAt: inDays(3) }, "limited"],
    ["a permission is missing, and it is dead", { missing: ["submit"], dead: true }, "reconnect"],
    ["the platform refuses the whole installation", { platformPaused: true }, "paused"],
    [
      "that, and it ends soon: only its owner can help",
      { platformPaused: true, endsAt: inDays(3) },
      "expiring",
    ],
    ["that, and it is dead", { platformPaused: true, dead: true }, "reconnect"],
  ])("%s", (_case, life, expected) => {
    expect(healthOf({ ...well, ...life }, now)).toBe(expected);
  });
});

describe("when it ends", () => {
  const policy: RefreshPolicy = {
    by: "refresh_token",
    beforeExpiryMs: 0,
    minAgeMs: 0,
    keepAliveMs: null,
    rotates: false,
  };
  const kept: Keeping = { renewable: true, failures: 0, accessExpiresAt: inDays(9), refreshExpiresAt: null };
  const selfRenewing: RefreshPolicy = { ...policy, by: "access_token" };
  const fixed: RefreshPolicy = { ...policy, fixedEnd: true };
  const rotating: RefreshPolicy = { ...policy, rotates: true };
  test.each<[string, Partial<Keeping>, RefreshPolicy | null, Date | null]>([
    ["LinkedIn without a refresh token", { renewable: false }, fixed, inDays(9)],
    [
      "LinkedIn with one: the end that no renewal moves",
      { refreshExpiresAt: inDays(200), accessExpiresAt: inDays(60) },
      fixed,
      inDays(200),
    ],
    ["its last access token outlives it", { refreshExpiresAt: inDays(5) }, fixed, inDays(9)],
    ["Threads, renewed in time", {}, selfRenewing, null],
    ["Threads, two renewals failed", { failures: 2 }, selfRenewing, null],
    ["Threads, renewals keep failing", { failures: 3 }, selfRenewing, inDays(9)],
    ["Threads, over: nothing renews it now", { accessExpiresAt: inDays(-1) }, selfRenewing, inDays(-1)],
    [
      "X, idle: its access token is renewed when it is used",
      { accessExpiresAt: inDays(-3), refreshExpiresAt: inDays(170) },
      rotating,
      null,
    ],
    ["X, renewals keep failing", { failures: 4, refreshExpiresAt: inDays(12) }, rotating, inDays(12)],
    ["X, its refresh token is over", { refreshExpiresAt: inDays(-1) }, rotating, inDays(-1)],
    ["Reddit, whose refresh token has no end", { failures: 9 }, policy, null],
    ["not set up here any more", { failures: 9 }, null, null],
    ["a pasted session", { renewable: false, accessExpiresAt: null }, null, null],
  ])("%s", (_case, grant, by, expected) => {
    expect(endOf({ ...kept, ...grant }, false, by, now)).toEqual(expected);
    // A Page has a token of its own, which has no end.
    expect(endOf({ ...kept, ...grant }, true, by, now)).toBeNull();
  });

  test("what can be renewed is told by what was handed out, platform by platform", () => {
    for (const name of ["THREADS", "INSTAGRAM", "META"]) {
      process.env[`${name}_APP_ID`] = "an id";
      process.env[`${name}_APP_SECRET`] = "a secret";
    }
    for (const name of ["TWITTER", "LINKEDIN", "REDDIT"]) {
      process.env[`${name}_CLIENT_ID`] = "an id";
      process.env[`${name}_CLIENT_SECRET`] = "a secret";
    }
    process.env["TIKTOK_CLIENT_KEY"] = "a key";
    process.env["TIKTOK_CLIENT_SECRET"] = "a secret";
    process.env["DATABASE_URL"] = "postgres://nowhere.test/none";
    const renewable = (refreshToken?: string) =>
      platformIds.filter((platform) => {
        const connector = findProvider(platform)?.provider.connector;
        return connector !== undefined && canRenew(connector, { refreshToken });
      });
    expect(renewable().sort()).toEqual(["instagram", "threads"]);
    expect(renewable("a token").sort()).toEqual([
      "instagram",
      "linkedin",
      "reddit",
      "threads",
      "tiktok",
      "twitter",
    ]);
  });
});
