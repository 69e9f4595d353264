import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GET } from "@/app/api/cron/refresh-tokens/route";
import { findGrant } from "@/lib/connections/data";
import { type RefreshRun, refreshDue } from "@/lib/connections/refresh/due";
import { canRefresh, refreshGrant } from "@/lib/connections/refresh/refresh";
import { findProvider } from "@/lib/platforms/registry";
import { createDatabase } from "../support/postgres";
import { type Keep, keepMany, openKeep } from "../support/refreshing";
import { testSecrets } from "../support/secrets";
import { serveTokens, type TokenServer, tokenHosts } from "../support/token-server";

/** Many grants due at once: the schedule's door, its budget, limits per minute, and a platform that is down. */

/** What a run leaves at the end of its budget for calls under way. */
const CALL_MS = 22_000;
/** C10 for longer than four seconds: more than one of the platform's minutes, for instance. */
const RATE_MS = Number(process.env["REFRESH_RATE_MS"] ?? 4_000);
const PER_MINUTE = 60;

let keep: Keep;
let server: TokenServer;

beforeAll(async () => {
  server = await serveTokens();
  keep = await openKeep(await createDatabase(), {
    sandboxUrl: server.url,
    env: { REFRESH_PER_MINUTE: `tiktok=${PER_MINUTE}` },
  });
});
afterAll(async () => {
  await keep.stop();
  await server.close();
});
beforeEach(async () => {
  server.calls.clear();
  Object.assign(server.mood, { latencyMs: 0, downHosts: new Set(), perMinute: null });
  await keep.sql.query("truncate grants, refresh_gates cascade");
});

const called = (platform: keyof typeof tokenHosts) => server.calls.get(tokenHosts[platform])?.length ?? 0;
const cron = (authorization: string | null = `Bearer ${testSecrets.CRON_SECRET}`) =>
  GET(
    new Request(`http://127.0.0.1:3000/api/cron/refresh-tokens?secret=${testSecrets.CRON_SECRET}`, {
      headers: authorization === null ? {} : { authorization },
    }),
  );
const ran = async () => (await (await cron()).json()) as RefreshRun;
const count = async (condition: string): Promise<number> =>
  Number((await keep.sql.query(`select count(*) from grants where ${condition}`)).rows[0].count);
const sum = (runs: RefreshRun[], what: "claimed" | "refreshed" | "failed" | "skipped") =>
  runs.reduce((total, run) => total + run[what], 0);

describe("the schedule's door", () => {
  test.each([
    ["no secret", null],
    ["a wrong one", `Bearer ${"x".repeat(testSecrets.CRON_SECRET.length)}`],
    ["one of another length", "Bearer x"],
    ["the scheme in small letters", `bearer ${testSecrets.CRON_SECRET}`],
    ["an unset one", "Bearer undefined"],
    ["an empty one", "Bearer "],
    ["another scheme", `Basic ${testSecrets.CRON_SECRET}`],
  ])("C14: stays shut for %s, whatever the query says", async (_words, authorization) => {
    await keepMany(keep.userId, "threads", 1);
    const answer = await cron(authorization);
    expect(answer.status).toBe(401);
    expect(called("threads")).toBe(0);
  });

  test("C12: five runs at once renew each due grant once; after runs that did not happen one catches up; the next finds nothing", async () => {
    server.mood.latencyMs = 50;
    for (const platform of ["threads", "twitter", "reddit"] as const)
      await keepMany(keep.userId, platform, 30);
    await keep.sql.query("update grants set refresh_due_at = now() - interval '3 days' where random() < 0.5");
    const runs = await Promise.all([ran(), ran(), ran(), ran(), ran()]);
    expect(sum(runs, "refreshed")).toBe(90);
    expect(sum(runs, "failed")).toBe(0);
    expect([called("threads"), called("twitter"), called("reddit")]).toEqual([30, 30, 30]);
    expect(await count("version = 2 and lease_owner is null and refresh_due_at > now()")).toBe(90);
    expect(await ran()).toEqual({ claimed: 0, refreshed: 0, failed: 0, ended: 0, skipped: 0, more: false });
  });

  test("C13: a run begins nothing that might not end in its time; the next ones do the rest, and nobody is asked twice", async () => {
    server.mood.latencyMs = 300;
    await keepMany(keep.userId, "threads", 200);
    const first = await refreshDue(CALL_MS + 3_000);
    expect(first).toMatchObject({ failed: 0, more: true });
    expect(first.refreshed).toBeGreaterThan(0);
    expect(first.refreshed).toBeLessThan(200);
    // What was claimed and not begun is given back as it was.
    expect(await count("lease_owner is not null or asked > 0")).toBe(0);
    expect(await count("version = 1")).toBe(200 - first.refreshed);
    const rest = await refreshDue(CALL_MS + 60_000);
    expect(rest).toMatchObject({ refreshed: 200 - first.refreshed, more: false });
    expect(called("threads")).toBe(200);
  });

  test("C13: without time for one call nothing is claimed", async () => {
    await keepMany(keep.userId, "threads", 3);
    expect(await refreshDue(CALL_MS - 1)).toMatchObject({ claimed: 0 });
    expect(called("threads")).toBe(0);
  });
});

test("C10: with a limit per minute our own burst is never refused, a person's renewal goes ahead of it, and other platforms do not wait", {
  timeout: 60_000 + RATE_MS,
}, async () => {
  server.mood.perMinute = PER_MINUTE;
  await keepMany(keep.userId, "tiktok", 5_000);
  await keepMany(keep.userId, "threads", 20);
  const from = Date.now();
  const running = refreshDue(CALL_MS + RATE_MS);
  const { rows } = await keep.sql.query(
    "select id from grants where platform = 'tiktok' order by id desc limit 6",
  );
  const outcomes = await Promise.all(rows.map(({ id }) => renewByHand(id)));
  const run = await running;
  const minutes = (Date.now() - from) / 60_000;
  const renewed = outcomes.filter((outcome) => outcome === "renewed").length;
  expect(server.refused()).toBe(0);
  expect(called("tiktok")).toBeGreaterThan(1);
  expect(called("tiktok")).toBeLessThanOrEqual(Math.ceil(minutes * PER_MINUTE) + 4);
  // Some at once, out of the allowance; who comes after them hears when to come again, and TikTok was not asked.
  expect(renewed).toBeGreaterThan(0);
  expect(outcomes).toEqual(outcomes.map((outcome) => (outcome === "renewed" ? outcome : "refresh_turns")));
  expect(run).toMatchObject({ failed: 0, ended: 0, more: true });
  expect(await count("platform = 'threads' and version = 2")).toBe(20);
  expect(await count("platform = 'tiktok' and version = 2")).toBe(called("tiktok"));
  expect(await count("lease_owner is not null or failures > 0 or asked > 0")).toBe(0);
});

async function renewByHand(id: string): Promise<string> {
  const grant = await findGrant(id);
  const provider = findProvider(grant?.platform ?? "")?.provider;
  if (!grant || !provider || !canRefresh(provider.connector)) throw new Error("It cannot be renewed.");
  return refreshGrant(provider, provider.connector, grant).then(
    () => "renewed",
    (error: { code?: string }) => error.code ?? String(error),
  );
}

test("C9: a platform that is down is asked a few times and then by one probe at a time, by all processes together; the others notice nothing", async () => {
  server.mood.downHosts.add(tokenHosts.twitter);
  await keepMany(keep.userId, "twitter", 60);
  await keepMany(keep.userId, "threads", 60);
  await keepMany(keep.userId, "reddit", 60);
  const runs = await Promise.all([ran(), ran()]);
  expect([called("threads"), called("reddit"), sum(runs, "refreshed")]).toEqual([60, 60, 120]);
  // Five failures shut the gate; what was under way in both runs by then is all that comes on top.
  const asked = called("twitter");
  expect(asked).toBeGreaterThanOrEqual(5);
  expect(asked).toBeLessThanOrEqual(5 + 2 * 10);
  expect(await count("platform = 'twitter' and failures = 1 and dead_at is null")).toBe(asked);
  expect(await count("platform = 'twitter' and failures = 0 and asked = 0 and lease_owner is null")).toBe(
    60 - asked,
  );

  // All of them are due again, and someone wants one now: still nobody asks.
  const again = () =>
    keep.sql.query(
      "update grants set retry_at = null, refresh_due_at = now() - interval '1 second' where version = 1",
    );
  await again();
  expect(await ran()).toMatchObject({ refreshed: 0, failed: 0, more: true });
  const { rows } = await keep.sql.query(
    "select id from grants where platform = 'twitter' and version = 1 limit 1",
  );
  expect(await renewByHand(rows[0].id)).toBe("refresh_shut");
  expect(called("twitter")).toBe(asked);

  // Half a minute later: one probe, whoever comes first.
  const probeTime = () => keep.sql.query("update refresh_gates set probe_at = now() - interval '1 second'");
  await probeTime();
  expect(sum(await Promise.all([ran(), ran(), ran()]), "failed")).toBe(1);
  expect(called("twitter")).toBe(asked + 1);

  // It is back: the probe opens the gate, and the next run does the rest.
  server.mood.downHosts.clear();
  await again();
  await probeTime();
  expect(await ran()).toMatchObject({ refreshed: 1, failed: 0 });
  expect(await ran()).toMatchObject({ refreshed: 59, failed: 0, more: false });
  expect(called("twitter")).toBe(asked + 1 + 60);
});
