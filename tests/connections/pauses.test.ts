import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConnectionsAnswer } from "@/lib/connections/schema";
import { waitUntil } from "@/scripts/wait";
import { type Mailbox, openMailbox } from "../support/mailbox";
import { createDatabase } from "../support/postgres";
import {
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  publish,
  readPost,
  startPublishing,
  successOf,
  tick,
} from "../support/posting";

/** A platform that refuses the whole installation is left alone: nothing fails, nothing is lost, the operator is told once. */

let desk: Desk;
let mailbox: Mailbox;
/** Where the sandbox's log stands at the beginning of a test. */
let since: number;

const operator = "operator@carillon.test";
const words =
  "X does not take posts from this installation at the moment (no credits are left). The operator has been told; your post waits and goes out by itself.";

beforeAll(async () => {
  mailbox = await openMailbox();
  desk = await openDesk(await createDatabase(), { SMTP_URL: mailbox.url, OPERATOR_EMAIL: operator });
});

afterAll(async () => {
  await desk.stop();
  await mailbox.stop();
});

beforeEach(async () => {
  since = (await desk.sandbox.forgetLog()).sequence;
  mailbox.received.length = 0;
});

afterEach(async () => {
  await desk.sandbox.clearFaults();
  await credits("there");
  await until("nothing waits any more", async () => {
    await aWhilePasses();
    return (await waiting()) === 0;
  });
  await desk.sql.query("delete from platform_pauses");
});

test("without credits X is asked once, however many posts wait; they go out by themselves when the credits are back", async () => {
  await credits("gone");
  const first = await publish(desk, { text: "Both at once" });
  expect(first.results).toMatchObject([
    { platform: "threads", status: "published" },
    {
      platform: "twitter",
      status: "queued",
      success: false,
      error: { kind: "operator", remedy: "operator", message: words },
    },
  ]);
  const texts = ["Both at once", ...["one", "two", "three", "four"].map((number) => `Waits: ${number}`)];
  for (const text of texts.slice(1)) {
    const { results } = await publish(desk, { text, to: [desk.accounts.twitter] });
    expect(results).toMatchObject([{ status: "queued", error: { kind: "operator", message: words } }]);
  }
  const unwanted = await publish(desk, { text: "Cancelled meanwhile", to: [desk.accounts.twitter] });
  expect(await asked()).toBe(1);

  await tick(desk);
  await until("the operator has mail", () => Promise.resolve(mailbox.received.length > 0));
  expect(mailbox.received[0]).toContain(`To: ${operator}`);
  expect(mailbox.received[0]).toContain("its credits are used up");
  expect(await seen()).toEqual({
    paused: words
      .replace("your post waits", "posts wait")
      .replace("goes out by itself", "go out by themselves"),
    health: ["twitter"],
  });

  // Far more often than a post may fail: each time one of them tries, and the others wait for what becomes of it.
  for (let round = 1; round <= 7; round += 1) {
    await aWhilePasses();
    await tick(desk);
    expect(await asked()).toBe(1 + round);
    expect(await waiting()).toBe(6);
  }
  const story = (await readPost(desk, first.id)).events[first.results[1]?.deliveryId ?? ""];
  expect(story?.filter(({ event }) => event === "paused")).toHaveLength(1);

  const cancelled = await desk.ada.send("DELETE", `/api/post/${unwanted.id}`);
  expect(cancelled.status).toBe(200);
  await credits("there");
  await tick(desk);
  expect(await asked()).toBe(8);
  await aWhilePasses();
  // One that goes out calls the others: no more time has to pass.
  await until("all are out", async () => (await waiting()) === 0);
  for (const text of texts) expect(await effectsOf(desk.sandbox, "twitter", text)).toHaveLength(1);
  expect(await effectsOf(desk.sandbox, "twitter", "Cancelled meanwhile")).toEqual([]);
  expect((await deliveryOf(desk, first.id, "twitter")).error).toBeNull();
  expect((await deliveryOf(desk, unwanted.id, "twitter")).state).toBe("cancelled");
  expect(await seen()).toEqual({ paused: undefined, health: [] });
  expect(mailbox.received).toHaveLength(1);
  expect(desk.app.output().split('"platform.paused"')).toHaveLength(2);
  expect(desk.app.output().split('"platform.resumed"')).toHaveLength(2);
});

test("of many posts that find the pause over at the same moment, one goes first", async () => {
  await credits("gone");
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await publish(desk, { text: `Crowd ${number}`, to: [desk.accounts.twitter] });
  }
  await desk.sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "latency",
    latencyMs: 700,
  });
  await aWhilePasses();
  await Promise.all([tick(desk), tick(desk), tick(desk)]);
  expect(await asked()).toBe(2);
});

test("a probe that fails for reasons of its own says nothing of X: the next one tries at once", async () => {
  await credits("gone");
  for (const text of ["Probe A", "Probe B"]) await publish(desk, { text, to: [desk.accounts.twitter] });
  await credits("there");
  await desk.sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "status",
    status: 400,
    times: 1,
  });
  await aWhilePasses();
  await until("both are at their end", async () => (await waiting()) === 0);
  const { rows } = await desk.sql.query(
    "select state from deliveries where content->>'text' like 'Probe _' order by state",
  );
  expect(rows).toEqual([{ state: "failed" }, { state: "published" }]);
  expect(await seen()).toMatchObject({ health: [] });
});

test("a probe whose process died is followed by another", async () => {
  await credits("gone");
  const { id } = await publish(desk, { text: "After a crash", to: [desk.accounts.twitter] });
  await credits("there");
  await desk.sql.query("update platform_pauses set probe = gen_random_uuid()");
  await desk.sql.query("update deliveries set next_attempt_at = now() where next_attempt_at is not null");
  await tick(desk);
  expect((await deliveryOf(desk, id, "twitter")).state).toBe("queued");
  await aWhilePasses();
  await tick(desk);
  expect((await deliveryOf(desk, id, "twitter")).state).toBe("published");
});

test("a pause that begins while a post is on its way stops it at the fence", async () => {
  await desk.sql.query("update grants set access_expires_at = now() where platform = 'twitter'");
  await desk.sandbox.fault({
    platform: "twitter",
    operation: "refresh",
    kind: "latency",
    latencyMs: 1_500,
    times: 1,
  });
  const { id, answer } = await startPublishing(desk, { text: "Held back", to: [desk.accounts.twitter] });
  await until("it is under way", async () => (await deliveryOf(desk, id, "twitter")).state === "sending");
  await desk.sql.query(
    "insert into platform_pauses (platform, code, message, until) values ('twitter', 'credits_depleted', 'No.', now() + interval '15 minutes')",
  );
  expect((await answer).results).toMatchObject([{ status: "queued", error: { kind: "operator" } }]);
  expect(await desk.sandbox.requests({ platform: "twitter", operation: "create_tweet", since })).toEqual([]);
  const { rows } = await desk.sql.query("select fenced_at from deliveries where post_id = $1", [id]);
  expect(rows).toEqual([{ fenced_at: null }]);
  await aWhilePasses();
  await tick(desk);
  expect(await effectsOf(desk.sandbox, "twitter", "Held back")).toHaveLength(1);
});

test("a post that stops X again and again, while others go out, is itself what X refuses", async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const { id } = await publish(desk, { text: "Stubborn", to: [desk.accounts.twitter], scheduledAt: later });
  await desk.sql.query("update deliveries set failures = 4, next_attempt_at = now() where post_id = $1", [
    id,
  ]);
  await credits("gone");
  await tick(desk);
  expect(await deliveryOf(desk, id, "twitter")).toMatchObject({
    state: "failed",
    error: { kind: "operator", remedy: "operator" },
  });
  expect(await seen()).toMatchObject({ health: [] });
});

const credits = (are: "gone" | "there") =>
  desk.sandbox.settings({ platform: "twitter", own: { trouble: are === "gone" ? "credits" : "none" } });

/** How often a post was sent to X. */
const asked = async () =>
  (await desk.sandbox.requests({ platform: "twitter", operation: "create_tweet", since })).length;

async function waiting(): Promise<number> {
  const { rows } = await desk.sql.query("select 1 from deliveries where next_attempt_at is not null");
  return rows.length;
}

/** The pause, and whatever waits for its end, are twenty minutes older. */
async function aWhilePasses(): Promise<void> {
  await desk.sql.query("update platform_pauses set until = until - interval '20 minutes'");
  await desk.sql.query(
    `update deliveries set next_attempt_at = next_attempt_at - interval '20 minutes',
       lease_until = lease_until - interval '20 minutes' where next_attempt_at is not null`,
  );
}

/** Where people see the pause. */
async function seen(): Promise<{ paused: string | undefined; health: string[] }> {
  const { platforms } = await successOf<ConnectionsAnswer>(await desk.ada.fetch("/api/connections"));
  const health = await successOf<{ paused: string[] }>(await fetch(`${desk.app.url}/api/health`));
  return {
    paused: platforms.find(({ spec }) => spec.id === "twitter")?.paused?.message,
    health: health.paused,
  };
}

const until = (otherwise: string, done: () => Promise<boolean>) =>
  waitUntil(
    async () => {
      if (await done()) return true;
      await tick(desk);
      return null;
    },
    { withinMs: 30_000, everyMs: 50, otherwise: `It did not happen: ${otherwise}.` },
  );
