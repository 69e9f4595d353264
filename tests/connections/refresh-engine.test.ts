import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { withAccess } from "@/lib/connections/access";
import { findGrant, listConnections } from "@/lib/connections/data";
import { checkConnection, refreshConnection } from "@/lib/connections/health/check";
import { endGrant } from "@/lib/connections/leave/end";
import { refreshDue } from "@/lib/connections/refresh/due";
import { sealCredentials } from "@/lib/connections/seal";
import { db } from "@/lib/db";
import { waitUntil } from "@/scripts/wait";
import { createDatabase } from "../support/postgres";
import { type Keep, type Kept, openKeep } from "../support/refreshing";
import type { FaultOrder } from "../support/sandbox";

/** One grant and what can happen to it: the engine against the sandbox, in this process, over a real database. */

const RANDOM_ROUNDS = Number(process.env["REFRESH_FAULTS"] ?? 6);
const BUDGET_MS = 60_000;
const platforms = ["instagram", "threads", "twitter", "linkedin", "tiktok", "reddit"] as const;
type Name = (typeof platforms)[number];

let keep: Keep;
const kept = {} as Record<Name, Kept>;
/** Where the sandbox's log stands at the beginning of a test. */
let since: number;

beforeAll(async () => {
  keep = await openKeep(await createDatabase());
  await keep.sandbox.settings({ platform: "linkedin", own: { refreshTokens: true } });
  for (const platform of platforms) kept[platform] = await keep.connect(platform, "adabell");
});
afterAll(() => keep.stop());

beforeEach(async () => {
  await keep.sandbox.clearFaults();
  await keep.sql.query("truncate refresh_gates");
  since = (await keep.sandbox.forgetLog()).sequence;
});

/** What is due at this moment is this, and nothing else. */
async function renewNow(...ones: Kept[]) {
  await keep.sql.query("update grants set refresh_due_at = null where dead_at is null");
  // Only where a token must be a day old: the others' end would come nearer for nothing.
  if (ones.some(({ platform }) => platform === "instagram" || platform === "threads"))
    await keep.sandbox.advanceClock(25 * 3_600_000);
  for (const one of ones) await keep.makeDue(one);
  return refreshDue(BUDGET_MS);
}

const all = () => platforms.map((platform) => kept[platform]);
const everyone = platforms.length;

/** What the platform says to the next renewal. */
const trouble = (platform: string, fault: Trouble) =>
  keep.sandbox.fault({ platform, operation: "refresh", times: 1, ...fault } as FaultOrder);
type Trouble = Partial<FaultOrder> & Pick<FaultOrder, "kind">;

const borrow = (one: Kept) => withAccess(one.connectionId, async (_provider, access) => access.accessToken);
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

test("what is due is renewed, on every platform, and then not again", async () => {
  const before = await Promise.all(all().map(({ grantId }) => keep.grant(grantId)));
  const run = await renewNow(...all());
  expect(run).toEqual({
    claimed: everyone,
    refreshed: everyone,
    failed: 0,
    ended: 0,
    skipped: 0,
    more: false,
  });
  for (const [nth, one] of all().entries()) {
    const now = await keep.grant(one.grantId);
    expect(now, one.platform).toMatchObject({ failures: 0, asked: 0, leased: false });
    expect(now.version, one.platform).toBe((before[nth]?.version ?? 0) + 1);
    expect(now.dueInMs, one.platform).toBeGreaterThan(24 * 3_600_000);
    expect(await keep.asked(one.platform, since), one.platform).toBe(1);
    expect(await keep.works(one), one.platform).toBe(true);
  }
  expect(await refreshDue(BUDGET_MS)).toMatchObject({ claimed: 0 });
});

// What ends a grant is the platform's own word that it has ended; everything else waits and comes back.
test.each<[string, Trouble]>([
  ["500", { kind: "status", status: 500 }],
  ["503 with a page", { kind: "html_error", status: 503 }],
  ["a page in place of an answer", { kind: "html_error", status: 200 }],
  ["401", { kind: "status", status: 401, body: {} }],
  ["403", { kind: "status", status: 403, body: {} }],
  ["408", { kind: "status", status: 408, body: {} }],
  ["429", { kind: "rate_limit", retryAfterMs: 30_000 }],
  ["a cut connection", { kind: "reset" }],
  ["an error inside a 200", { kind: "status", status: 200, body: { error: { code: "internal_error" } } }],
  ["an answer without a token", { kind: "status", status: 200, body: { token_type: "bearer" } }],
])("C7: %s ends nothing on any platform; it waits, and the next try succeeds", async (_name, fault) => {
  const before = await Promise.all(all().map(({ grantId }) => keep.grant(grantId)));
  for (const platform of platforms) await trouble(platform, fault);
  const run = await renewNow(...all());
  expect(run).toMatchObject({ claimed: everyone, failed: everyone, ended: 0 });
  for (const [nth, { platform, grantId }] of all().entries()) {
    const failed = await keep.grant(grantId);
    expect(failed, platform).toMatchObject({ dead: false, asked: 0, leased: false, failures: 1 });
    expect(failed.version, platform).toBe(before[nth]?.version);
    // By the clock of a busy machine; what it waits is measured on the pure function.
    expect(failed.retryInMs, platform).toBeGreaterThan(fault.kind === "rate_limit" ? 15_000 : -15_000);
  }
  expect(await renewNow(...all())).toMatchObject({ refreshed: everyone });
  for (const one of all()) {
    expect(await keep.works(one), one.platform).toBe(true);
    expect(await keep.asked(one.platform, since), one.platform).toBe(2);
  }
});

test.each([
  ["no refresh token: the old one is kept", { expires_in: 7_200 }, 7_200],
  ["no expires_in: no end is known", {}, null],
  ["expires_in 0: no end is known", { expires_in: 0 }, null],
  ["a negative expires_in: no end is known", { expires_in: -5 }, null],
  ["expires_in as text: a number all the same", { expires_in: "7200" }, 7_200],
])("C7: an answer with %s", async (_words, body, life) => {
  const ones = [kept.twitter, kept.linkedin, kept.tiktok, kept.reddit];
  for (const { platform } of ones)
    await trouble(platform, { kind: "status", status: 200, body: { access_token: "new", ...body } });
  expect(await renewNow(...ones)).toMatchObject({ refreshed: ones.length });
  for (const one of ones) {
    const { rows } = await keep.sql.query<{ life: number | null }>(
      "select extract(epoch from access_expires_at - refreshed_at)::float8 as life from grants where id = $1",
      [one.grantId],
    );
    if (life === null) expect(rows, one.platform).toEqual([{ life: null }]);
    else expect(Math.abs((rows[0]?.life ?? 0) - life), one.platform).toBeLessThan(60);
    // Nobody is renewed over and over because an end is unknown.
    await borrow(one);
    await borrow(one);
    expect(await keep.asked(one.platform, since), one.platform).toBe(1);
  }
  // The refresh token is still the one that works.
  expect(await renewNow(...ones)).toMatchObject({ refreshed: ones.length });
  for (const one of ones) expect(await keep.works(one), one.platform).toBe(true);
});

test(`C7: ${RANDOM_ROUNDS} rounds of passing trouble end no connection`, {
  timeout: 60_000 + RANDOM_ROUNDS * 1_000,
}, async () => {
  const troubles: Trouble[] = [
    { kind: "status", status: 500 },
    { kind: "status", status: 502 },
    { kind: "status", status: 401, body: {} },
    { kind: "html_error" },
    { kind: "reset" },
    { kind: "rate_limit", retryAfterMs: 5_000 },
  ];
  const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
  for (let round = 1; round <= RANDOM_ROUNDS; round += 1) {
    // Each round is a day, and LinkedIn's refresh token ends after a year, however often it was used.
    if (round % 300 === 0) kept.linkedin = await keep.connect("linkedin", "adabell");
    for (const platform of platforms) if (Math.random() < 0.7) await trouble(platform, any(troubles));
    await keep.sql.query("truncate refresh_gates");
    await renewNow(...all());
    await keep.sandbox.clearFaults();
  }
  for (const { platform, grantId } of all())
    expect(await keep.grant(grantId), platform).toMatchObject({ dead: false });
  await keep.sql.query("truncate refresh_gates");
  expect(await renewNow(...all())).toMatchObject({ refreshed: everyone });
  for (const one of all()) expect(await keep.works(one), one.platform).toBe(true);
});

describe("C8, C16: a failed renewal waits, whoever wants the token", () => {
  const twitter = () => kept.twitter;

  test("a token that still lives is used without asking; one that is over says when to come back", async () => {
    await keep.sandbox.fault({
      platform: "twitter",
      operation: "refresh",
      kind: "rate_limit",
      retryAfterMs: 120_000,
      times: 1,
    });
    await renewNow(twitter());
    expect((await keep.grant(twitter().grantId)).retryInMs).toBeGreaterThan(115_000);
    await keep.sql.query(
      "update grants set access_expires_at = now() + interval '5 minutes' where platform = 'twitter'",
    );
    await borrow(twitter());
    await keep.sql.query(
      "update grants set access_expires_at = now() - interval '1 second' where platform = 'twitter'",
    );
    const failure = await failureOf(borrow(twitter()));
    expect(failure).toMatchObject({ kind: "unavailable", code: "429" });
    expect((failure as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(110_000);
    expect(await refreshDue(BUDGET_MS)).toMatchObject({ claimed: 0 });
    expect(await keep.asked("twitter", since)).toBe(1);
  });

  test("C16: a token that ran out is renewed once on its way, though the schedule never ran", async () => {
    await renewNow(twitter());
    await keep.runOut(twitter());
    since = (await keep.sandbox.forgetLog()).sequence;
    const tokens = await Promise.all(Array.from({ length: 20 }, () => borrow(twitter())));
    expect(new Set(tokens).size).toBe(1);
    expect(await keep.asked("twitter", since)).toBe(1);
    expect(await keep.works(twitter())).toBe(true);
  });
});

describe("C15: too early, late, and too late", () => {
  const instagram = () => kept.instagram;

  test("a token that is not a day old is not shown to Instagram, by the schedule or by hand", async () => {
    await renewNow(instagram());
    since = (await keep.sandbox.forgetLog()).sequence;
    await keep.sql.query("update grants set refresh_due_at = now() where id = $1", [instagram().grantId]);
    expect(await refreshDue(BUDGET_MS)).toMatchObject({ claimed: 1, skipped: 1 });
    expect((await keep.grant(instagram().grantId)).dueInMs).toBeGreaterThan(23 * 3_600_000);
    expect(await refreshDue(BUDGET_MS)).toMatchObject({ claimed: 0 });
    const user = { type: "user", id: keep.userId, name: "Ada", email: "", sessionId: "" } as never;
    expect(await failureOf(refreshConnection(user, instagram().connectionId))).toMatchObject({
      code: "too_early",
    });
    expect(await keep.asked("instagram", since)).toBe(0);
  });

  test("one of 59 days is renewed; one that is over is marked without a call, and told once", async () => {
    await keep.sql.query("update grants set access_expires_at = now() + interval '1 day' where id = $1", [
      instagram().grantId,
    ]);
    expect(await renewNow(instagram())).toMatchObject({ refreshed: 1 });
    since = (await keep.sandbox.forgetLog()).sequence;
    await keep.sql.query("update grants set access_expires_at = now() - interval '1 second' where id = $1", [
      instagram().grantId,
    ]);
    expect(await renewNow(instagram())).toMatchObject({ failed: 1, ended: 1 });
    expect(await keep.grant(instagram().grantId)).toMatchObject({
      dead: true,
      code: "expired",
      dueInMs: null,
    });
    expect(await keep.statusOf(instagram().connectionId)).toBe("reconnect");
    expect(await refreshDue(BUDGET_MS)).toMatchObject({ claimed: 0 });
    expect(await failureOf(borrow(instagram()))).toMatchObject({ kind: "reconnect" });
    expect(await keep.asked("instagram", since)).toBe(0);
    await keep.workJobs();
    await keep.workJobs();
    const { rows } = await keep.sql.query("select title, body from notifications where user_id = $1", [
      keep.userId,
    ]);
    expect(rows).toEqual([
      {
        title: expect.stringMatching(/^Instagram: .*adabell.* needs to be reconnected$/),
        body: expect.stringContaining("ended"),
      },
    ]);
    kept.instagram = await keep.connect("instagram", "adabell");
  });
});

test("C17: five refusals in a row that no waiting mends: parked, shown, told, and not asked again until it is connected anew", async () => {
  await keep.sandbox.fault({
    platform: "twitter",
    operation: "refresh",
    kind: "status",
    status: 403,
    body: {},
  });
  for (let refusal = 1; refusal <= 5; refusal += 1) {
    expect(await keep.grant(kept.twitter.grantId)).toMatchObject({ dead: false, refusals: refusal - 1 });
    expect(await renewNow(kept.twitter)).toMatchObject({ failed: 1, ended: refusal === 5 ? 1 : 0 });
  }
  expect(await keep.grant(kept.twitter.grantId)).toMatchObject({ dead: true, code: "parked", dueInMs: null });
  expect(await keep.statusOf(kept.twitter.connectionId)).toBe("reconnect");
  const [shown] = (await listConnections(keep.userId)).filter(({ platform }) => platform === "twitter");
  expect(shown).toMatchObject({ status: "reconnect", lastError: { code: "parked" } });
  await keep.sql.query(
    "update grants set refresh_due_at = now(), retry_at = null where platform = 'twitter'",
  );
  expect(await refreshDue(BUDGET_MS)).toMatchObject({ claimed: 0 });
  expect(await failureOf(borrow(kept.twitter))).toMatchObject({ kind: "reconnect", code: "parked" });
  const user = { type: "user", id: keep.userId, name: "Ada", email: "", sessionId: "" } as never;
  expect(await failureOf(refreshConnection(user, kept.twitter.connectionId))).toMatchObject({
    code: "refresh_failed",
  });
  await checkConnection(user, kept.twitter.connectionId);
  expect(await keep.asked("twitter", since)).toBe(5);
  await keep.workJobs();
  const { rows } = await keep.sql.query("select 1 from notifications where incident like $1", [
    `ended:${kept.twitter.grantId}:%`,
  ]);
  expect(rows).toHaveLength(1);
  await keep.sandbox.clearFaults();
  kept.twitter = await keep.connect("twitter", "adabell");
  expect(await renewNow(kept.twitter)).toMatchObject({ refreshed: 1 });
});

test("the platform's own no ends the grant at once, and is believed only while nobody has renewed it", async () => {
  await keep.sandbox.fault({
    platform: "twitter",
    operation: "refresh",
    kind: "latency",
    latencyMs: 1_500,
    times: 1,
  });
  await keep.sandbox.expire({ platform: "twitter", kind: "refresh", person: "adabell" });
  await keep.runOut(kept.twitter);
  const borrowed = borrow(kept.twitter);
  await waitUntil(async () => ((await keep.grant(kept.twitter.grantId)).asked === 1 ? true : null), {
    withinMs: 30_000,
    everyMs: 10,
    otherwise: "It was not asked.",
  });
  // Meanwhile the person connects the account again, which moves the version on.
  const { id, userId } = { id: kept.twitter.grantId, userId: keep.userId };
  const { version } = await keep.grant(id);
  const row = { table: "grants" as const, id, userId, platform: "twitter", version: version + 1 };
  const fresh = sealCredentials(row, { accessToken: "brought by a sibling", refreshToken: "r" });
  await keep.sql.query(
    "update grants set credentials = $2, version = version + 1, access_expires_at = now() + interval '2 hours', lease_owner = null, lease_until = null, asked = 0 where id = $1",
    [id, fresh.credentials],
  );
  expect(await borrowed).toBe("brought by a sibling");
  expect(await keep.grant(id)).toMatchObject({ dead: false, failures: 0 });
  kept.twitter = await keep.connect("twitter", "adabell");
});

test("a grant that its platform ends in the middle of a renewal is lent to nobody", async () => {
  await trouble("twitter", { kind: "latency", latencyMs: 1_500 });
  await keep.runOut(kept.twitter);
  const borrowed = failureOf(borrow(kept.twitter));
  await waitUntil(async () => ((await keep.grant(kept.twitter.grantId)).asked === 1 ? true : null), {
    withinMs: 30_000,
    everyMs: 10,
    otherwise: "It was not asked.",
  });
  const grant = await findGrant(kept.twitter.grantId);
  const why = { code: "deauthorized", message: "Removed at the platform." };
  if (grant) await db().transaction((tx) => endGrant(tx, grant, why));
  expect(await borrowed).toMatchObject({ kind: "reconnect", code: "deauthorized" });
  expect(await keep.grant(kept.twitter.grantId)).toMatchObject({ dead: true, code: "deauthorized" });
  kept.twitter = await keep.connect("twitter", "adabell");
});

test("C4: a rotating token whose answer was lost with its process twice is not shown a third time", async () => {
  await keep.sql.query("update grants set asked = 2 where id = $1", [kept.twitter.grantId]);
  expect(await renewNow(kept.twitter)).toMatchObject({ failed: 1, ended: 1 });
  expect(await keep.asked("twitter", since)).toBe(0);
  expect(await keep.grant(kept.twitter.grantId)).toMatchObject({ dead: true, code: "answer_lost" });
  // Where nothing rotates, asking again harms nobody.
  await keep.sql.query("update grants set asked = 2 where id = $1", [kept.reddit.grantId]);
  expect(await renewNow(kept.reddit)).toMatchObject({ refreshed: 1 });
  kept.twitter = await keep.connect("twitter", "adabell");
});

test("C18: while a platform takes its time, no transaction is open, and the connections are listed at once", async () => {
  await keep.sandbox.fault({
    platform: "twitter",
    operation: "refresh",
    kind: "latency",
    latencyMs: 2_000,
    times: 1,
  });
  const run = renewNow(kept.twitter);
  await waitUntil(async () => ((await keep.grant(kept.twitter.grantId)).asked === 1 ? true : null), {
    withinMs: 30_000,
    everyMs: 10,
    otherwise: "It was not asked.",
  });
  const looks: number[] = [];
  for (let look = 0; look < 20; look += 1) {
    await listConnections(keep.userId);
    // A row lock held by the renewal would make this wait for the platform.
    await keep.sql.query("update grants set updated_at = now() where id = $1", [kept.twitter.grantId]);
    const { rows } = await keep.sql.query(
      "select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
    );
    looks.push(rows.length);
  }
  expect((await keep.grant(kept.twitter.grantId)).asked).toBe(1);
  expect(looks).toEqual(looks.map(() => 0));
  expect(await run).toMatchObject({ refreshed: 1 });
});
