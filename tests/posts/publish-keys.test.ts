import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PublishAnswer } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import { startApp } from "../support/app";
import { signUp } from "../support/people";
import { createDatabase } from "../support/postgres";
import {
  bodyOf,
  bothPlatforms,
  connectAccount,
  type Desk,
  effectsOf,
  openDesk,
  publish,
  readPost,
  startPublishing,
  untilSettled,
  visibleWrite,
} from "../support/posting";

/** One Idempotency-Key, one post: however often it is sent, from wherever, and whatever dies meanwhile. */
const CRASHES = Number(process.env["CRASH_ROUNDS"] ?? 2);

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
});

afterAll(() => desk.stop());

beforeEach(() => desk.sandbox.clearFaults());

const send = (body: object, key?: string, headers: Record<string, string> = {}) =>
  desk.ada.send("POST", "/api/post", body, {
    ...(key !== undefined && { "idempotency-key": key }),
    ...headers,
  });

const postsWith = async (text: string): Promise<number> => {
  const { rows } = await desk.sql.query("select 1 from posts where content->>'text' = $1", [text]);
  return rows.length;
};

async function isOutOnce(text: string): Promise<void> {
  expect(await postsWith(text)).toBe(1);
  for (const platform of bothPlatforms) {
    expect(await effectsOf(desk.sandbox, platform, text), platform).toHaveLength(1);
  }
}

describe("the same key again", () => {
  test("fifty at the same moment make one post; the others are told to wait, or get its answer", async () => {
    const body = bodyOf(desk, { text: "Fifty clicks" });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(body, "fifty")));
    const told = await Promise.all(
      answers.map(async (answer) => ({ status: answer.status, body: await answer.json() })),
    );
    const taken = told.filter(({ status }) => status === 200 || status === 202);
    const refused = told.filter(({ status }) => status === 409);
    expect(taken.length + refused.length).toBe(50);
    expect(new Set(taken.map((answer) => answer.body.id)).size).toBe(1);
    for (const answer of refused) {
      expect(answer.body).toMatchObject({ error: { code: "in_progress", remedy: "wait" } });
    }
    await isOutOnce("Fifty clicks");
  });

  test("afterwards brings the stored answer word for word, and sends nothing", async () => {
    const body = bodyOf(desk, { text: "Word for word" });
    const first = await send(body, "word");
    const words = await first.text();
    expect(first.status).toBe(200);
    const { sequence } = await desk.sandbox.forgetLog();
    // What has changed since is not what was answered then.
    await desk.sql.query("update deliveries set account_name = 'Renamed since'");
    for (let time = 0; time < 3; time += 1) {
      const again = await send(body, "word");
      expect(again.status).toBe(200);
      expect(await again.text()).toBe(words);
    }
    expect(await desk.sandbox.requests({ since: sequence })).toEqual([]);
    await isOutOnce("Word for word");
  });

  test("while the first is under way says so, and begins nothing", async () => {
    const text = "Under way";
    for (const platform of bothPlatforms) {
      await desk.sandbox.fault({
        platform,
        operation: visibleWrite[platform],
        kind: "latency",
        latencyMs: 1_000,
        times: 1,
      });
    }
    const { answer } = await startPublishing(desk, { text, key: "under-way" });
    const second = await send(bodyOf(desk, { text }), "under-way");
    expect(second.status).toBe(409);
    await answer;
    await isOutOnce(text);
  });

  test("with another body is refused", async () => {
    await publish(desk, { text: "The one", key: "reused" });
    const other = await send(bodyOf(desk, { text: "The other" }), "reused");
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ error: { code: "key_reused" } });
    expect(await postsWith("The other")).toBe(0);
    await isOutOnce("The one");
  });

  test("after 24 hours is a new key", async () => {
    const wish = { text: "Every day", to: [desk.accounts.threads], key: "daily" };
    const first = await publish(desk, wish);
    expect((await publish(desk, wish)).id).toBe(first.id);
    await desk.sql.query(
      "update idempotency_keys set expires_at = expires_at - interval '24 hours' where key = 'daily'",
    );
    const next = await publish(desk, wish);
    expect(next.id).not.toBe(first.id);
    expect(await effectsOf(desk.sandbox, "threads", "Every day")).toHaveLength(2);
  });

  test("from two people are two posts", async () => {
    const otto = await signUp(desk.app.url);
    const theirs = await connectAccount(otto, desk.sandbox, "twitter", "otto_klang");
    const text = "The same key, another person";
    await publish(desk, { text, to: [desk.accounts.twitter], key: "shared" });
    const answer = await otto.send("POST", "/api/post", bodyOf(desk, { text, to: [theirs] }), {
      "idempotency-key": "shared",
    });
    expect(answer.status).toBe(200);
    const authors = (await effectsOf(desk.sandbox, "twitter", text)).map(({ author }) => author);
    expect(authors.toSorted()).toEqual(["adabell", "otto_klang"]);
  });
});

test("without a key, each request is a post", async () => {
  const wish = { text: "No key", to: [desk.accounts.threads] };
  const ids = new Set([(await publish(desk, wish)).id, (await publish(desk, wish)).id]);
  expect(ids.size).toBe(2);
});

test.each([
  ["with a space in it", "two words"],
  ["of 256 characters", "k".repeat(256)],
  ["of other letters", "cl\u00e9"],
])("a key %s is refused before anything happens", async (_what, key) => {
  const answer = await send(bodyOf(desk, { text: `Wrong key ${key.length}` }), key);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: "invalid_key" } });
  expect(await postsWith(`Wrong key ${key.length}`)).toBe(0);
});

test("a refused post does not use its key up", async () => {
  const refused = await send(bodyOf(desk, { text: "x".repeat(600) }), "second-chance");
  expect(refused.status).toBe(422);
  const better = await publish(desk, { text: "Short enough now", key: "second-chance" });
  expect(better.success).toBe(true);
});

test("a browser that hangs up and sends the key again gets the same post", async () => {
  const text = "Hung up";
  await desk.sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "latency",
    latencyMs: 800,
    times: 1,
  });
  const { sequence } = await desk.sandbox.forgetLog();
  const hangUp = new AbortController();
  const given = desk.ada.fetch("/api/post", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "hung-up" },
    body: JSON.stringify(bodyOf(desk, { text })),
    signal: hangUp.signal,
  });
  const cut = given.then(
    () => "answered",
    () => "cut off",
  );
  await expect
    .poll(() => desk.sandbox.requests({ operation: "create_tweet", since: sequence }))
    .toHaveLength(1);
  hangUp.abort();
  expect(await cut).toBe("cut off");
  const answer = await insist(text, "hung-up");
  expect(answer).toMatchObject({ success: true });
  await isOutOnce(text);
});

describe("the app is killed while it publishes, and the key is sent again after the restart", () => {
  test.each(
    bothPlatforms.flatMap((acts) =>
      Array.from({ length: Math.ceil(CRASHES / 2) }, (_, round) => ({ acts, round })),
    ),
  )("$acts had acted (round $round): the same post, out once", async ({ acts, round }) => {
    const text = `Killed at it, ${acts} acted, round ${round}`;
    const key = `killed-${acts}-${round}`;
    const { sequence } = await desk.sandbox.forgetLog();
    for (const platform of bothPlatforms) {
      const kind = platform === acts ? "accept_then_hang" : "hang";
      await desk.sandbox.fault({ platform, operation: visibleWrite[platform], kind, times: 1 });
    }
    const given = send(bodyOf(desk, { text }), key);
    const cut = given.then(
      () => "answered",
      () => "cut off",
    );
    await waitUntil(
      async () => {
        const held = (await desk.sandbox.requests({ since: sequence })).filter(({ fault }) => fault !== null);
        return held.length === 2 ? true : null;
      },
      { withinMs: 30_000, everyMs: 20, otherwise: "The app did not ask both platforms." },
    );
    const { rows } = await desk.sql.query<{ id: string }>(
      "select id from posts where content->>'text' = $1",
      [text],
    );
    await killAndRestart();
    expect(await cut).toBe("cut off");

    // Whoever held the key is gone: once its sign of life is too old, the post is told as it stands.
    await desk.sql.query("update idempotency_keys set running_until = now() where key = $1", [key]);
    const answer = await insist(text, key);
    expect(answer.id).toBe(rows[0]?.id);
    expect(answer.results.map(({ status }) => status)).not.toContain("published");

    await untilSettled(desk);
    const again = await insist(text, key);
    expect(again.id).toBe(answer.id);
    const { deliveries } = await readPost(desk, answer.id);
    for (const { platform, state, remoteId } of deliveries) {
      const effects = await effectsOf(desk.sandbox, platform, text);
      // X, where it had not acted, is proved absent and shown as failed; the Threads container goes on by itself.
      const out = platform === acts || platform === "threads";
      expect({ platform, state, ids: effects.map(({ id }) => id) }).toEqual({
        platform,
        state: out ? "published" : "failed",
        ids: out ? [remoteId] : [],
      });
    }
    expect(await postsWith(text)).toBe(1);
  });
});

/** Sends the key again and again, as a program would, until it is no longer told to wait. */
async function insist(text: string, key: string): Promise<PublishAnswer> {
  return waitUntil(
    async () => {
      const answer = await send(bodyOf(desk, { text }), key);
      const body: unknown = await answer.json();
      if (answer.status === 409) return null;
      expect([200, 202], JSON.stringify(body)).toContain(answer.status);
      // safe: a success has this shape
      return body as PublishAnswer;
    },
    { withinMs: 20_000, everyMs: 50, otherwise: "The key stayed busy." },
  );
}

/** The same address afterwards, as behind a service manager. */
async function killAndRestart(): Promise<void> {
  desk.app.kill("SIGKILL");
  expect(await desk.app.ends()).toMatchObject({ signal: "SIGKILL" });
  const app = await startApp({
    databaseUrl: desk.databaseUrl,
    sandboxUrl: desk.sandbox.url,
    port: Number(new URL(desk.app.url).port),
    env: { WORKERS: "off" },
  });
  desk.app = app;
}
