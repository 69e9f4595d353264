import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Removed } from "@/lib/posts/remove";
import { due, parkWorker, scheduleTrial } from "../support/crash";
import { createDatabase } from "../support/postgres";
import {
  bothPlatforms,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  publish,
  readPost,
  successOf,
  tick,
  untilDelivery,
} from "../support/posting";
import { testSecrets } from "../support/secrets";

/** Posts for later, the scheduler's door, and taking back. */

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
});

afterAll(() => desk.stop());

async function isOutOnce(id: string, text: string): Promise<void> {
  for (const platform of bothPlatforms) {
    const [effect, ...more] = await effectsOf(desk.sandbox, platform, text);
    expect(more, platform).toEqual([]);
    expect(await deliveryOf(desk, id, platform)).toMatchObject({ state: "published", remoteId: effect?.id });
  }
}

describe("a post for later", () => {
  test("waits for its hour, and goes out with the scheduler", async () => {
    const { postId, text, deliveries } = await scheduleTrial(desk, "At eight, by the scheduler");
    await tick(desk);
    expect((await readPost(desk, postId)).status).toBe("scheduled");
    expect(await effectsOf(desk.sandbox, "threads", text)).toEqual([]);
    await due(desk, Object.values(deliveries));
    await tick(desk);
    // Threads prepares a post first; the next run finds it ready.
    await due(desk, [deliveries.threads]);
    await tick(desk);
    await isOutOnce(postId, text);
  });

  test("goes out by a worker", async () => {
    const { postId, text, deliveries } = await scheduleTrial(desk, "At eight, by a worker");
    await due(desk, Object.values(deliveries));
    const worker = await parkWorker(desk);
    worker.tap.stopAt(null);
    for (const platform of bothPlatforms) {
      await untilDelivery(desk, postId, platform, ({ state }) => state === "published", 15_000);
    }
    await isOutOnce(postId, text);
    worker.program.kill("SIGTERM");
    expect(await worker.program.ends()).toMatchObject({ code: 0 });
    await worker.tap.close();
  });

  test("an hour that is past means now", async () => {
    const answer = await publish(desk, {
      text: "At once",
      scheduledAt: new Date(Date.now() - 60_000).toISOString(),
    });
    expect(answer).toMatchObject({ success: true, status: "published" });
  });

  test("thirty of them, with four runs of the scheduler and two workers at the same moment, go out once each", async () => {
    const trials = await Promise.all(
      Array.from({ length: 30 }, (_, nth) => scheduleTrial(desk, `Together at eight, number ${nth}`)),
    );
    const workers = await Promise.all([parkWorker(desk), parkWorker(desk)]);
    const ids = trials.flatMap(({ deliveries }) => Object.values(deliveries));
    await due(desk, ids);
    for (const { tap } of workers) tap.stopAt(null);
    await Promise.all([tick(desk), tick(desk), tick(desk), tick(desk)]);
    await due(desk, await stillWaiting(ids));
    await Promise.all([tick(desk), tick(desk), tick(desk), tick(desk)]);
    for (const { postId, text } of trials) {
      for (const platform of bothPlatforms) {
        await untilDelivery(desk, postId, platform, ({ state }) => state === "published", 15_000);
      }
      await isOutOnce(postId, text);
    }
    for (const { program, tap } of workers) {
      program.kill("SIGTERM");
      await program.ends();
      await tap.close();
    }
  });

  async function stillWaiting(ids: string[]): Promise<string[]> {
    const { rows } = await desk.sql.query<{ id: string }>(
      "select id from deliveries where id = any($1) and next_attempt_at is not null and (lease_until is null or lease_until < now())",
      [ids],
    );
    return rows.map(({ id }) => id);
  }

  test("can be called off, and then its hour brings nothing", async () => {
    const { postId, text, deliveries } = await scheduleTrial(desk, "Called off");
    const { post, remaining } = await successOf<Removed>(
      await desk.ada.send("DELETE", `/api/post/${postId}`),
    );
    expect(post.status).toBe("cancelled");
    expect(remaining).toEqual([]);
    // Even if someone were to wake it.
    await due(desk, Object.values(deliveries));
    await tick(desk);
    expect((await readPost(desk, postId)).status).toBe("cancelled");
    for (const platform of bothPlatforms) expect(await effectsOf(desk.sandbox, platform, text)).toEqual([]);
  });

  test("called off in the very moment it goes out: never both", async () => {
    const trials = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => scheduleTrial(desk, `A photo finish, number ${nth}`)),
    );
    await due(
      desk,
      trials.flatMap(({ deliveries }) => Object.values(deliveries)),
    );
    await Promise.all([
      tick(desk),
      ...trials.map(({ postId }) => desk.ada.send("DELETE", `/api/post/${postId}`)),
    ]);
    const left = await stillWaiting(trials.flatMap(({ deliveries }) => Object.values(deliveries)));
    await due(desk, left);
    await tick(desk);
    for (const { postId, text } of trials) {
      for (const { platform, state, removedAt } of (await readPost(desk, postId)).deliveries) {
        const effects = await effectsOf(desk.sandbox, platform, text);
        const said = { state, removed: removedAt !== null };
        const seen = effects.map(({ deleted }) => (deleted ? "removed" : "out"));
        if (state === "cancelled") expect({ ...said, seen }).toEqual({ ...said, seen: [] });
        else
          expect({ ...said, seen }).toEqual({
            ...said,
            state: "published",
            seen: [said.removed ? "removed" : "out"],
          });
      }
    }
  });
});

describe("the scheduler's door", () => {
  const secret = testSecrets.CRON_SECRET;

  test.each<[string, Record<string, string>, string]>([
    ["no header", {}, ""],
    ["an empty one", { authorization: "" }, ""],
    ["the scheme alone", { authorization: "Bearer " }, ""],
    ["a wrong secret of the same length", { authorization: `Bearer ${"x".repeat(secret.length)}` }, ""],
    ["a shorter one", { authorization: `Bearer ${secret.slice(0, -1)}` }, ""],
    ["a longer one", { authorization: `Bearer ${secret}x` }, ""],
    ["a lower-case scheme", { authorization: `bearer ${secret}` }, ""],
    ["another scheme", { authorization: `Basic ${secret}` }, ""],
    ["the secret alone", { authorization: secret }, ""],
    ["undefined", { authorization: "Bearer undefined" }, ""],
    ["null", { authorization: "Bearer null" }, ""],
    ["the secret in the address", {}, `?secret=${secret}`],
    ["the header in the address", {}, `?authorization=Bearer%20${secret}`],
  ])("with %s stays shut, and nothing is worked off", async (_what, headers, query) => {
    const { postId, deliveries } = await scheduleTrial(desk, "Behind the door");
    await due(desk, Object.values(deliveries));
    const answer = await fetch(`${desk.app.url}/api/cron/run-jobs${query}`, { headers });
    expect(answer.status).toBe(401);
    expect((await readPost(desk, postId)).status).toBe("scheduled");
    await successOf(await desk.ada.send("DELETE", `/api/post/${postId}`));
  });

  test("opens to a session neither", async () => {
    expect((await desk.ada.fetch("/api/cron/run-jobs")).status).toBe(401);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("takes no %s, even with the secret", async (method) => {
    for (const job of ["run-jobs", "refresh-tokens"]) {
      const answer = await fetch(`${desk.app.url}/api/cron/${job}`, {
        method,
        headers: { authorization: `Bearer ${secret}` },
      });
      expect(answer.status).toBe(405);
    }
  });

  test.each(["run-jobs", "refresh-tokens"])("%s does nothing for a HEAD", async (job) => {
    const { postId, deliveries } = await scheduleTrial(desk, "Only looked at");
    await due(desk, Object.values(deliveries));
    const answer = await fetch(`${desk.app.url}/api/cron/${job}`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(answer.status).toBe(401);
    expect((await readPost(desk, postId)).status).toBe("scheduled");
    await successOf(await desk.ada.send("DELETE", `/api/post/${postId}`));
  });

  test("with the right secret says what it did", async () => {
    const answer = await fetch(`${desk.app.url}/api/cron/run-jobs`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(await successOf(answer)).toMatchObject({ failed: 0, more: false });
  });
});

describe("taking a post back", () => {
  test("deletes it on both platforms", async () => {
    const { id } = await publish(desk, { text: "Taken back" });
    const { post, remaining } = await successOf<Removed>(await desk.ada.send("DELETE", `/api/post/${id}`));
    expect(remaining).toEqual([]);
    expect(post.deliveries.every(({ removedAt }) => removedAt !== null)).toBe(true);
    for (const platform of bothPlatforms) {
      expect(await effectsOf(desk.sandbox, platform, "Taken back")).toMatchObject([{ deleted: true }]);
    }
  });

  test("names what a platform would not delete, and can be asked again", async () => {
    await desk.sandbox.fault({
      platform: "twitter",
      operation: "delete_tweet",
      kind: "status",
      status: 503,
      times: 1,
    });
    const { id } = await publish(desk, { text: "Half taken back" });
    const first = await successOf<Removed>(await desk.ada.send("DELETE", `/api/post/${id}`));
    expect(first.remaining).toMatchObject([
      { accountName: expect.stringContaining("@adabell"), url: expect.any(String) },
    ]);
    expect((await deliveryOf(desk, id, "twitter")).removedAt).toBeNull();
    expect((await deliveryOf(desk, id, "threads")).removedAt).not.toBeNull();
    expect(await effectsOf(desk.sandbox, "twitter", "Half taken back")).toMatchObject([{ deleted: false }]);

    const second = await successOf<Removed>(await desk.ada.send("DELETE", `/api/post/${id}`));
    expect(second.remaining).toEqual([]);
    expect(await effectsOf(desk.sandbox, "twitter", "Half taken back")).toMatchObject([{ deleted: true }]);
  });

  test("takes every part of a chain back", async () => {
    const { id } = await publish(desk, {
      text: "A chain",
      replies: [{ text: "its end" }],
      to: [desk.accounts.twitter],
    });
    await successOf<Removed>(await desk.ada.send("DELETE", `/api/post/${id}`));
    for (const text of ["A chain", "its end"]) {
      expect(await effectsOf(desk.sandbox, "twitter", text)).toMatchObject([{ deleted: true }]);
    }
  });
});
