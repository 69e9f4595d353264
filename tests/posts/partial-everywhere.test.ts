import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { DeliveryDto, PostDto } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import { due, settleWithin } from "../support/crash";
import {
  type Everywhere,
  everywhere,
  openEverywhere,
  type PlatformName,
  platformNames,
  publishEverywhere,
  seenOn,
} from "../support/everywhere";
import { createDatabase } from "../support/postgres";
import { successOf, tick, untilSettled } from "../support/posting";
import type { FaultOrder } from "../support/sandbox";

/**
 * Seven platforms, each in a mood of its own, drawn by lot: each result is what that platform shows, and trying again touches
 * only what failed. PARTIAL_ROUNDS makes the long form: 500. A platform that never answers costs a minute each time, so all seven
 * are silent together, once.
 */
const ROUNDS = Number(process.env["PARTIAL_ROUNDS"] ?? 5);
const SEED = Number(process.env["PARTIAL_SEED"] ?? 7);

type Mood = DistributiveOmit<FaultOrder, "platform" | "operation"> | null;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const moods: Record<string, Mood> = {
  "is well": null,
  refuses: { kind: "status", status: 400, times: 1 },
  "is busy": { kind: "rate_limit", retryAfterMs: 60_000, times: 1 },
  "is broken": { kind: "status", status: 503, times: 1 },
  "breaks after acting": { kind: "status", status: 502, effect: true, times: 1 },
  "cuts the line": { kind: "reset", times: 1 },
  "acts and cuts the line": { kind: "accept_then_reset", times: 1 },
};

let desk: Everywhere;

beforeAll(async () => {
  desk = await openEverywhere(await createDatabase());
});

afterAll(() => desk.stop());

beforeEach(() => desk.sandbox.clearFaults());

const lots = generator(SEED);

test.each(Array.from({ length: ROUNDS }, (_, nth) => nth))(
  "each in a mood of its own, round %i",
  async (round) => {
    const text = `Seven moods, round ${round} of ${SEED}`;
    const names = Object.keys(moods);
    const drawn = Object.fromEntries(
      platformNames.map((platform) => [platform, names[Math.floor(lots() * names.length)] ?? "is well"]),
    );
    const trial = await schedule(text);
    for (const platform of platformNames) {
      const mood = moods[drawn[platform] ?? ""];
      if (mood) await desk.sandbox.fault({ ...mood, platform, operation: everywhere[platform].write });
    }
    await settleWithin(desk, trial.ids);
    await desk.sandbox.clearFaults();
    await untilSettled(desk);
    const before = await deliveriesOf(trial.id);
    const story = JSON.stringify(drawn);
    for (const delivery of before) await isTrue(text, delivery, story);

    const { sequence } = await desk.sandbox.forgetLog();
    const open = before.filter(({ state }) => state !== "published");
    if (open.length > 0) {
      const deliveryIds = before.map(({ id }) => id);
      await successOf(
        await desk.ada.send("POST", `/api/post/${trial.id}/retry`, { deliveryIds, confirmUncertain: true }),
      );
    }
    await untilSettled(desk);
    const asked = new Set((await desk.sandbox.requests({ since: sequence })).map(({ platform }) => platform));
    for (const delivery of await deliveriesOf(trial.id)) {
      await isTrue(text, delivery, story);
      expect({ story, platform: delivery.platform, state: delivery.state }).toEqual({
        story,
        platform: delivery.platform,
        state: "published",
      });
      const earlier = before.find(({ id }) => id === delivery.id);
      if (earlier?.state !== "published") continue;
      expect([delivery.remoteId, delivery.publishedAt]).toEqual([earlier.remoteId, earlier.publishedAt]);
      expect({ story, touched: asked.has(delivery.platform) ? delivery.platform : null }).toEqual({
        story,
        touched: null,
      });
    }
  },
  120_000,
);

test("all seven take it and never answer: nothing is sent twice, and what is out is found", async () => {
  const text = "Seven silences";
  const kind = "accept_then_hang";
  const trial = await schedule(text);
  const { sequence } = await desk.sandbox.forgetLog();
  for (const platform of platformNames) {
    await desk.sandbox.fault({ platform, operation: everywhere[platform].write, kind, times: 1 });
  }
  // Each run of the scheduler waits for what it has begun; the next one brings the others as far.
  const ticks: Promise<void>[] = [];
  await waitUntil(
    async () => {
      const held = (await desk.sandbox.requests({ since: sequence })).filter(({ fault }) => fault === kind);
      if (held.length === platformNames.length) return true;
      await due(desk, await idle(trial.ids));
      ticks.push(tick(desk));
      return null;
    },
    { withinMs: 45_000, everyMs: 500, otherwise: "Not every platform was asked." },
  );
  await Promise.all(ticks);
  await desk.sandbox.clearFaults();
  await untilSettled(desk);
  for (const delivery of await deliveriesOf(trial.id)) {
    const name = delivery.platform as PlatformName;
    const effects = await seenOn(desk.sandbox, name, text);
    expect({ platform: name, effects: effects.length }).toEqual({ platform: name, effects: 1 });
    expect({ platform: name, state: delivery.state }).toEqual({
      platform: name,
      state: everywhere[name].look === null ? "uncertain" : "published",
    });
  }
}, 180_000);

async function schedule(text: string): Promise<{ id: string; ids: string[] }> {
  const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
  const { id, results } = await publishEverywhere(desk, { text, scheduledAt });
  return { id, ids: results.map(({ deliveryId }) => deliveryId) };
}

/** Those nobody works on at this moment. */
async function idle(ids: string[]): Promise<string[]> {
  const { rows } = await desk.sql.query<{ id: string }>(
    "select id from deliveries where id = any($1) and (lease_until is null or lease_until < now())",
    [ids],
  );
  return rows.map(({ id }) => id);
}

const deliveriesOf = async (postId: string): Promise<DeliveryDto[]> =>
  (await successOf<PostDto>(await desk.ada.fetch(`/api/post/${postId}`))).deliveries;

/** Published exactly when it is there, once, under that id; unknown only where the platform shows nobody what they posted. */
async function isTrue(text: string, delivery: DeliveryDto, story: string): Promise<void> {
  const name = delivery.platform as PlatformName;
  const effects = (await seenOn(desk.sandbox, name, text)).map(({ id }) => id);
  const seen = { story, platform: name, state: delivery.state, effects };
  if (delivery.state === "published") expect(seen).toEqual({ ...seen, effects: [delivery.remoteId] });
  else if (delivery.state === "failed") expect(seen).toEqual({ ...seen, effects: [] });
  else expect({ ...seen, look: everywhere[name].look }).toEqual({ ...seen, state: "uncertain", look: null });
}

/** Numbers from 0 to 1 that look like chance and are the same every time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
