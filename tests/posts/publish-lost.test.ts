import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PublishAnswer } from "@/lib/posts/schema";
import { createDatabase } from "../support/postgres";
import {
  bothPlatforms,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  publish,
  startPublishing,
  successOf,
  tenMinutesPass,
  tick,
  untilDelivery,
  untilSettled,
  visibleWrite,
} from "../support/posting";

/**
 * When the answer to a write is lost, it may or may not be out. Nothing is sent again by itself; we look for it, and until
 * something is proved we say that we do not know. LOST_ROUNDS makes the long form: 300 of each kind.
 */
const ROUNDS = Number(process.env["LOST_ROUNDS"] ?? 3);
const AT_ONCE = 10;

let desk: Desk;
/** Where an answer was lost, a request looks for the post until its patience is over; no test has to wait for that. */
const unawaited: Promise<PublishAnswer>[] = [];

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
});

afterAll(async () => {
  await Promise.all(unawaited);
  await desk.stop();
});

describe.each(bothPlatforms)("%s acted, and its answer is lost", (platform) => {
  const operation = visibleWrite[platform];

  test.each([
    { how: "the connection breaks", fault: { kind: "accept_then_reset" } },
    { how: "a gateway says 502", fault: { kind: "status", status: 502, effect: true } },
    { how: "a gateway sends a page", fault: { kind: "html_error", status: 502, effect: true } },
    { how: "half of the answer comes", fault: { kind: "malformed_json" } },
  ] as const)("$how: sent once, found by looking, and called published", async ({ how, fault }) => {
    for (let round = 0; round < ROUNDS; round += AT_ONCE) {
      const texts = Array.from({ length: Math.min(AT_ONCE, ROUNDS - round) }, (_, nth) =>
        [platform, how, round + nth].join(", "),
      );
      const { sequence } = await desk.sandbox.forgetLog();
      await desk.sandbox.fault({ platform, operation, times: texts.length, ...fault });
      const answers = await Promise.all(
        texts.map((text) => publish(desk, { text, to: [desk.accounts[platform]] })),
      );
      for (const [nth, { id, results }] of answers.entries()) {
        const [effect, ...more] = await effectsOf(desk.sandbox, platform, texts[nth] ?? "");
        expect(more).toEqual([]);
        expect(results).toMatchObject([{ status: "published", success: true, postId: effect?.id }]);
        const told = await desk.sql.query<{ event: string }>(
          "select event from delivery_events where delivery_id in (select id from deliveries where post_id = $1) order by created_at, id",
          [id],
        );
        expect(told.rows.map(({ event }) => event)).toEqual(expect.arrayContaining(["answer_lost", "found"]));
      }
      const writes = await desk.sandbox.requests({ platform, operation, since: sequence });
      expect(writes).toHaveLength(texts.length);
    }
  });
});

describe.each(bothPlatforms)("%s did nothing, and we cannot know", (platform) => {
  const operation = visibleWrite[platform];

  /** A delivery in doubt, with the request that brought it there left to itself. */
  async function inDoubt(text: string): Promise<{ id: string; deliveryId: string }> {
    await desk.sandbox.fault({ platform, operation, kind: "reset", times: 1 });
    const { id, answer } = await startPublishing(desk, { text, to: [desk.accounts[platform]] });
    const delivery = await untilDelivery(desk, id, platform, ({ state }) => state === "uncertain");
    unawaited.push(answer);
    return { id, deliveryId: delivery.id };
  }

  const retry = (id: string, deliveryIds: string[], confirmUncertain?: boolean) =>
    desk.ada.send("POST", `/api/post/${id}/retry`, {
      deliveryIds,
      ...(confirmUncertain && { confirmUncertain }),
    });

  test("a person may send it again, but only after saying that they have looked", async () => {
    const text = `${platform}: a person decides`;
    const { id, deliveryId } = await inDoubt(text);
    const refused = await retry(id, [deliveryId]);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { code: "may_be_out", remedy: "look" } });
    expect(await effectsOf(desk.sandbox, platform, text)).toEqual([]);

    expect((await retry(id, [deliveryId], true)).status).toBe(200);
    expect((await deliveryOf(desk, id, platform)).state).toBe("published");
    await untilSettled(desk);
    expect(await effectsOf(desk.sandbox, platform, text)).toHaveLength(1);
  });

  test("looking soon proves nothing; looking after its time does", async () => {
    const text = `${platform}: not there yet is not absent`;
    const { id, deliveryId } = await inDoubt(text);
    const { sequence } = await desk.sandbox.forgetLog();
    await desk.sql.query(
      "update deliveries set next_attempt_at = now() where id = $1 and lease_until is null",
      [deliveryId],
    );
    await tick(desk);
    expect((await deliveryOf(desk, id, platform)).state).toBe("uncertain");
    expect(await desk.sandbox.requests({ operation, since: sequence })).toEqual([]);

    await untilSettled(desk);
    const later = await deliveryOf(desk, id, platform);
    if (platform === "twitter") {
      expect(later).toMatchObject({ state: "failed", error: { code: "not_published", remedy: "retry" } });
      expect(await effectsOf(desk.sandbox, platform, text)).toEqual([]);
      // Proved not to be out: no question is asked.
      await successOf(await retry(id, [deliveryId]));
    }
    expect((await deliveryOf(desk, id, platform)).state).toBe("published");
    expect(await effectsOf(desk.sandbox, platform, text)).toHaveLength(1);
  });

  test("while looking itself fails, it stays in doubt and nothing is sent", async () => {
    const text = `${platform}: blind`;
    const looking = platform === "threads" ? "container_status" : "list_tweets";
    const { id } = await inDoubt(text);
    await desk.sandbox.fault({ platform, operation: looking, kind: "status", status: 503 });
    const { sequence } = await desk.sandbox.forgetLog();
    for (let round = 0; round < 3; round += 1) {
      await tenMinutesPass(desk.sql);
      await tick(desk);
      expect((await deliveryOf(desk, id, platform)).state).toBe("uncertain");
    }
    expect(await desk.sandbox.requests({ operation, since: sequence })).toEqual([]);
    await desk.sandbox.clearFaults();
    await untilSettled(desk);
    const end = await deliveryOf(desk, id, platform);
    const effects = await effectsOf(desk.sandbox, platform, text);
    expect(effects).toHaveLength(end.state === "published" ? 1 : 0);
    expect(end.state).toBe(platform === "threads" ? "published" : "failed");
  });
});

test("X shows a post so late that it was taken for absent: sending it again finds it instead of doubling or failing", async () => {
  const text = "twitter: late to the list";
  await desk.sandbox.settings({ platform: "twitter", own: { listLagMs: 3_600_000 } });
  await desk.sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "accept_then_reset",
    times: 1,
  });
  const { id, answer } = await startPublishing(desk, { text, to: [desk.accounts.twitter] });
  unawaited.push(answer);
  await untilDelivery(desk, id, "twitter", ({ state }) => state === "uncertain");
  await untilSettled(desk);
  const thought = await deliveryOf(desk, id, "twitter");
  expect(thought.state).toBe("failed");

  await desk.sandbox.settings({ platform: "twitter", own: { listLagMs: 0 } });
  await successOf(await desk.ada.send("POST", `/api/post/${id}/retry`, { deliveryIds: [thought.id] }));
  const [effect, ...more] = await effectsOf(desk.sandbox, "twitter", text);
  expect(more).toEqual([]);
  expect(await deliveryOf(desk, id, "twitter")).toMatchObject({ state: "published", remoteId: effect?.id });
});
