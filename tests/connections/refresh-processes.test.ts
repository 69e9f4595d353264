import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { withAccess } from "@/lib/connections/access";
import { refreshDue } from "@/lib/connections/refresh/due";
import { waitUntil } from "@/scripts/wait";
import { mediaDirectory } from "../support/app";
import { createDatabase } from "../support/postgres";
import { runProgram } from "../support/program";
import { type Keep, type Kept, type Other, openKeep, startOther } from "../support/refreshing";
import { testSecrets } from "../support/secrets";
import type { Statement } from "../support/tap";

/**
 * Several processes and one rotating token: really started, halted and killed. REFRESH_ROUNDS makes the long form (300),
 * with eight processes in place of four and with a platform that takes over a minute.
 */
const ROUNDS = Number(process.env["REFRESH_ROUNDS"] ?? 2);
const LONG = process.env["REFRESH_ROUNDS"] !== undefined;
/** Each takes a process that boots for seconds. */
const KILLS = LONG ? ROUNDS : 1;
const PROCESSES = LONG ? 8 : 4;
const CALLERS = 50;
const limit = 90_000 + ROUNDS * 20_000;

let keep: Keep;
let kept: Kept;
let others: Other[];
let since: number;

beforeAll(async () => {
  keep = await openKeep(await createDatabase());
  others = await Promise.all(Array.from({ length: PROCESSES }, () => startOther(keep)));
  kept = await keep.connect("twitter", "adabell");
});
afterAll(async () => {
  for (const other of others) await other.stop();
  await keep.stop();
});
beforeEach(async () => {
  await keep.sandbox.clearFaults();
  await keep.sandbox.settings({
    platform: "twitter",
    rotation: "reuse_kills_family",
    // Looking whether a token works, hundreds of times, is more than X allows one account in a quarter of an hour.
    own: { meLimit: 100_000 },
  });
  await keep.sql.query("truncate refresh_gates");
  since = (await keep.sandbox.forgetLog()).sequence;
});

const borrow = () => withAccess(kept.connectionId, async (_provider, access) => access.accessToken);

const isMark = ({ sql }: Statement) => /update "grants" set .*"asked" = "grants"\."asked" \+ 1/.test(sql);
const isSave = ({ sql }: Statement) => /update "grants" set .*"credentials" = \$/.test(sql);

/** Halts the process where it is about to send this statement about the grant, and waits until it stands there. */
async function standing(other: Other, is: (statement: Statement) => boolean): Promise<void> {
  await waitUntil(() => (other.tap.reached().length > 0 ? true : null), {
    withinMs: 30_000,
    everyMs: 5,
    otherwise: `It did not come to that point (${is.name}).`,
  });
}
const stopAt = (other: Other, is: (statement: Statement) => boolean) =>
  other.tap.stopAt({ moment: "before", about: (statement) => (is(statement) ? "here" : null) });

/** As time would do it to the claim of a process that is not heard of any more. */
const leaseRunsOut = () => keep.sql.query("update grants set lease_until = now() - interval '1 second'");

const makeDue = async () => {
  await keep.runOut(kept);
  await keep.makeDue(kept);
};

test(`C1: ${PROCESSES} processes with ${CALLERS} callers each: one renewal, one token, for all`, {
  timeout: limit,
}, async () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    await keep.runOut(kept);
    const { sequence } = await keep.sandbox.forgetLog();
    const got = (await Promise.all(others.map((other) => other.borrow(kept.connectionId, CALLERS)))).flat();
    expect(got).toHaveLength(PROCESSES * CALLERS);
    expect(new Set(got).size).toBe(1);
    expect(got[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(await keep.asked("twitter", sequence)).toBe(1);
    expect(await keep.works(kept)).toBe(true);
  }
});

describe("C3: a holder that was halted past its claim", () => {
  test("before it asked: it shows the old token to nobody, and takes what the second brought", {
    timeout: limit,
  }, async () => {
    const [holder] = others as [Other];
    for (let round = 1; round <= ROUNDS; round += 1) {
      await keep.runOut(kept);
      const { sequence } = await keep.sandbox.forgetLog();
      stopAt(holder, isMark);
      const late = holder.borrow(kept.connectionId, 1);
      await standing(holder, isMark);
      holder.kill("SIGSTOP");
      await leaseRunsOut();
      const newest = await borrow();
      const { version } = await keep.grant(kept.grantId);
      holder.tap.stopAt(null);
      holder.kill("SIGCONT");
      expect((await late)[0]).toMatch(/^[0-9a-f]{64}$/);
      expect(await keep.grant(kept.grantId)).toMatchObject({ version, dead: false, asked: 0 });
      expect(await borrow()).toBe(newest);
      expect(await keep.asked("twitter", sequence)).toBe(1);
      expect(await keep.works(kept)).toBe(true);
    }
  });

  test("before it saved: it overwrites nothing, and the newest token stays", { timeout: limit }, async () => {
    const [, holder] = others as [Other, Other];
    // The old token works a moment longer, so that the second has something to bring.
    await keep.sandbox.settings({ platform: "twitter", rotation: "grace" });
    for (let round = 1; round <= ROUNDS; round += 1) {
      await keep.runOut(kept);
      const { sequence } = await keep.sandbox.forgetLog();
      stopAt(holder, isSave);
      const late = holder.borrow(kept.connectionId, 1);
      await standing(holder, isSave);
      holder.kill("SIGSTOP");
      await leaseRunsOut();
      const newest = await borrow();
      const { version } = await keep.grant(kept.grantId);
      holder.tap.stopAt(null);
      holder.kill("SIGCONT");
      await late;
      expect(await keep.grant(kept.grantId)).toMatchObject({ version, dead: false });
      expect(await borrow()).toBe(newest);
      expect(await keep.asked("twitter", sequence)).toBe(2);
      expect(await keep.works(kept)).toBe(true);
    }
  });
});

describe("C4: killed between the platform's new token and our writing it down", () => {
  async function killedSaving(): Promise<void> {
    const other = await startOther(keep);
    stopAt(other, isSave);
    const run = other.run(60_000).then(
      () => null,
      (error: unknown) => error,
    );
    await standing(other, isSave);
    await other.stop();
    expect(await run).toBeInstanceOf(Error);
    // While the claim lasts nobody asks; a run of the schedule passes it by.
    expect(await refreshDue(60_000)).toMatchObject({ claimed: 0 });
    await leaseRunsOut();
  }

  test("a platform that lets the old token live a moment longer: the next run brings the connection back", {
    timeout: limit,
  }, async () => {
    await keep.sandbox.settings({ platform: "twitter", rotation: "grace" });
    for (let round = 1; round <= KILLS; round += 1) {
      await makeDue();
      const { sequence } = await keep.sandbox.forgetLog();
      await killedSaving();
      expect((await keep.grant(kept.grantId)).asked).toBe(1);
      expect(await refreshDue(60_000)).toMatchObject({ refreshed: 1 });
      expect(await keep.grant(kept.grantId)).toMatchObject({ dead: false, asked: 0 });
      expect(await keep.asked("twitter", sequence)).toBe(2);
      expect(await keep.works(kept)).toBe(true);
    }
  });

  test("a platform without grace: one careful try, then the person is told, and the platform left in peace", {
    timeout: limit,
  }, async () => {
    await keep.sandbox.settings({ platform: "twitter", rotation: "always" });
    for (let round = 1; round <= KILLS; round += 1) {
      await makeDue();
      const { sequence } = await keep.sandbox.forgetLog();
      await killedSaving();
      expect(await refreshDue(60_000)).toMatchObject({ failed: 1, ended: 1 });
      await keep.workJobs();
      expect(await keep.statusOf(kept.connectionId)).toBe("reconnect");
      const { rows } = await keep.sql.query("select 1 from notifications where incident like $1", [
        `ended:${kept.grantId}:%`,
      ]);
      expect(rows).toHaveLength(1);
      expect(await refreshDue(60_000)).toMatchObject({ claimed: 0 });
      expect(await keep.asked("twitter", sequence)).toBe(2);
      kept = await keep.connect("twitter", "adabell");
    }
  });
});

describe("C6: asked to stop in the middle of a renewal", () => {
  test.each([
    ["that is answered in time: it is saved", { kind: "latency", latencyMs: 2_000 }],
    [
      "that is never answered: it leaves all the same, and the next one knows that it asked",
      { kind: "hang" },
    ],
  ] as const)("%s", { timeout: limit }, async (_words, fault) => {
    await makeDue();
    const before = await keep.grant(kept.grantId);
    await keep.sandbox.fault({ platform: "twitter", operation: "refresh", times: 1, ...fault });
    const worker = await runProgram("scripts/worker.ts", [], {
      ...testSecrets,
      DATABASE_URL: keep.databaseUrl,
      BETTER_AUTH_URL: "http://127.0.0.1:3000",
      PLATFORM_SANDBOX_URL: keep.sandbox.url,
      MEDIA_DIR: mediaDirectory,
      LOG_LEVEL: "silent",
    });
    await waitUntil(async () => ((await keep.grant(kept.grantId)).asked === 1 ? true : null), {
      withinMs: 60_000,
      everyMs: 20,
      otherwise: "The worker did not ask.",
    });
    worker.kill("SIGTERM");
    // Ten seconds are promised; a busy machine gets some more.
    expect(await worker.ends(20_000)).toMatchObject({ code: 0 });
    const after = await keep.grant(kept.grantId);
    if (fault.kind === "latency") {
      expect(after).toMatchObject({ version: before.version + 1, asked: 0, leased: false });
    } else {
      expect(after).toMatchObject({ version: before.version, asked: 1, dead: false });
      await leaseRunsOut();
      expect(await refreshDue(60_000)).toMatchObject({ refreshed: 1 });
    }
    expect(await keep.works(kept)).toBe(true);
  });
});

test("C2: a platform that takes longer than any lock of ten seconds is asked once, and the late answer counts", {
  timeout: limit + 120_000,
}, async () => {
  const slow = kept;
  const hanging = await keep.connect("tiktok", "adabell");
  await keep.sandbox.fault({
    platform: "twitter",
    operation: "refresh",
    kind: "latency",
    latencyMs: 15_000,
    times: 1,
  });
  await keep.sandbox.fault({
    platform: "tiktok",
    operation: "refresh",
    kind: LONG ? "latency" : "hang",
    latencyMs: LONG ? 65_000 : 0,
    times: 1,
  });
  await keep.runOut(slow);
  await keep.runOut(hanging);
  const [one, two] = others as [Other, Other];
  const [late, never] = await Promise.all([
    Promise.all([one.borrow(slow.connectionId, CALLERS), two.borrow(slow.connectionId, CALLERS)]),
    Promise.all([one.borrow(hanging.connectionId, CALLERS), two.borrow(hanging.connectionId, CALLERS)]),
  ]);
  expect(new Set(late.flat()).size).toBe(1);
  expect(late.flat()[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(await keep.asked("twitter", since)).toBe(1);
  // Who is not answered in twenty seconds waits, and so does everyone who wanted it.
  expect(new Set(never.flat())).toEqual(new Set(["unavailable: no_answer"]));
  expect(await keep.asked("tiktok", since)).toBe(1);
  expect(await keep.grant(hanging.grantId)).toMatchObject({ dead: false, failures: 1 });
});
