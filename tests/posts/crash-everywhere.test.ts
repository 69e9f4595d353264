import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PostDto } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import {
  type CrashPoint,
  crashPoints,
  due,
  killAt,
  killWhileAsking,
  killWorker,
  workerPool,
} from "../support/crash";
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

/**
 * kill -9 anywhere, on all seven platforms at once, with a picture or a film on its way: the worker is killed where every
 * delivery of a post stands at the same named point. Then ten minutes pass and the scheduler runs. Nothing is out twice, nothing
 * is forgotten, and what we say is what the world sees. CRASH_ROUNDS and CRASH_RANDOM make the long form: 30 and 300.
 */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 1);
const RANDOM_KILLS = Number(process.env["CRASH_RANDOM"] ?? 2);

let desk: Everywhere;
let pool: ReturnType<typeof workerPool>;

beforeAll(async () => {
  desk = await openEverywhere(await createDatabase());
  pool = workerPool(desk);
});

afterAll(async () => {
  await pool.close();
  await desk.stop();
});

/** One text on its way to all platforms; its hour comes when `due` says so. */
type Trial = { postId: string; text: string; ids: string[] };

describe.each<{ point: string; at: CrashPoint }>([
  { point: "before the claim", at: crashPoints.beforeClaim },
  { point: "after the claim", at: crashPoints.afterClaim },
  { point: "between two steps", at: crashPoints.betweenSteps },
  { point: "before the fence", at: crashPoints.beforeFence },
  { point: "behind the fence, before the first byte", at: crashPoints.beforeSend },
  { point: "after the answer, before it is saved", at: crashPoints.afterResponse },
  { point: "before the commit", at: crashPoints.beforeCommit },
  { point: "after the commit", at: crashPoints.afterCommit },
])("killed $point", ({ point, at }) => {
  test(`${ROUNDS} times: once at each platform, or told`, { timeout: limit(ROUNDS) }, async () => {
    const stepping = point === "between two steps" ? steps : platformNames;
    const trials = await rounds(point, async (trial) => {
      await due(desk, trial.ids);
      await killAt(await pool.next(), await idsOf(trial, stepping), at);
    });
    await everyoneIsToldTheTruth(trials);
  });
});

/** Those that work in steps even where nothing has to be waited for. */
const steps: PlatformName[] = ["threads", "instagram", "tiktok"];

const only = (kind: "write" | "upload" | "look"): Record<string, string> =>
  Object.fromEntries(
    platformNames.flatMap((name) => (everywhere[name][kind] ? [[name, everywhere[name][kind]]] : [])),
  );

describe.each<{ point: string; kind: "hang" | "accept_then_hang"; operation: "write" | "upload" }>([
  { point: "with the request sent, before the platform acts", kind: "hang", operation: "write" },
  { point: "after the platform acted, before its answer", kind: "accept_then_hang", operation: "write" },
  { point: "during an upload", kind: "hang", operation: "upload" },
  { point: "after an upload, before its answer", kind: "accept_then_hang", operation: "upload" },
])("killed $point", ({ point, kind, operation }) => {
  test(`${ROUNDS} times: once at each platform, or told`, { timeout: limit(ROUNDS) }, async () => {
    const trials = await rounds(point, async (trial) => {
      await due(desk, trial.ids);
      await killWhileAsking(await pool.next(), desk, only(operation), kind);
    });
    await everyoneIsToldTheTruth(trials);
  });
});

test(`killed while reading back, ${ROUNDS} times: never sent again`, { timeout: limit(ROUNDS) }, async () => {
  const { write: _first, ...looks } = { write: null, ...only("look") };
  const trials = await rounds("while reading back", async (trial) => {
    for (const [platform, operation] of Object.entries(only("write"))) {
      await desk.sandbox.fault({ platform, operation, kind: "accept_then_reset", times: 1 });
    }
    await due(desk, trial.ids);
    await untilUncertain(trial);
    await desk.sandbox.clearFaults();
    await due(desk, trial.ids);
    await killWhileAsking(await pool.next(), desk, looks, "hang");
  });
  await everyoneIsToldTheTruth(trials);
});

test(`killed at ${RANDOM_KILLS} random moments: nothing doubled, nothing lost, nothing untrue`, {
  timeout: limit(RANDOM_KILLS),
}, async () => {
  const trials: Trial[] = [];
  for (let round = 0; round < RANDOM_KILLS; round += 1) {
    const two = [
      await schedule(`At random, round ${round}, one`),
      await schedule(`At random, round ${round}, two`),
    ];
    trials.push(...two);
    await due(
      desk,
      two.flatMap(({ ids }) => ids),
    );
    const worker = await pool.next();
    const killAfterMs = Math.random() * 4_000;
    worker.tap.stopAt(null);
    const from = Date.now();
    await waitUntil(() => (Date.now() - from >= killAfterMs ? true : null), {
      withinMs: 8_000,
      everyMs: 1,
      otherwise: "Time stood still.",
    });
    await killWorker(worker);
  }
  await everyoneIsToldTheTruth(trials);
});

/** The given crash, again and again, each time with a post of its own. */
async function rounds(point: string, crash: (trial: Trial) => Promise<void>): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const trial = await schedule(`Killed ${point}, round ${round}`);
    trials.push(trial);
    await crash(trial);
  }
  return trials;
}

async function schedule(text: string): Promise<Trial> {
  const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
  const { id, results } = await publishEverywhere(desk, { text, scheduledAt });
  return { postId: id, text, ids: results.map(({ deliveryId }) => deliveryId) };
}

const deliveriesOf = async ({ postId }: Trial) =>
  (await successOf<PostDto>(await desk.ada.fetch(`/api/post/${postId}`))).deliveries;

const idsOf = async (trial: Trial, names: readonly PlatformName[]): Promise<string[]> =>
  (await deliveriesOf(trial))
    .filter(({ platform }) => names.some((name) => name === platform))
    .map(({ id }) => id);

/** The app's own scheduler takes every delivery as far as the write whose answer is lost. */
async function untilUncertain(trial: Trial): Promise<void> {
  await waitUntil(
    async () => {
      await tick(desk);
      const open = (await deliveriesOf(trial)).filter(
        ({ state }) => state !== "uncertain" && state !== "published",
      );
      if (open.length === 0) return true;
      await due(
        desk,
        open.map(({ id }) => id),
      );
      return null;
    },
    { withinMs: 45_000, everyMs: 50, otherwise: "Not every answer was lost." },
  );
}

/**
 * Once time has passed, what we say of each delivery is what the platform shows; and when a person sends again what did not
 * arrive, and what nobody can know, each text is on each platform exactly once.
 */
async function everyoneIsToldTheTruth(trials: Trial[]): Promise<void> {
  await untilSettled(desk);
  for (const trial of trials) {
    const open: string[] = [];
    for (const { id, platform, state, remoteId, error } of await deliveriesOf(trial)) {
      const name = platform as PlatformName;
      const effects = (await seenOn(desk.sandbox, name, trial.text)).map((effect) => effect.id);
      const seen = { text: trial.text, platform, state, remoteId, effects };
      if (state === "published") expect(seen).toEqual({ ...seen, effects: [remoteId] });
      else if (state === "failed") {
        expect({ ...seen, remedy: error?.remedy }).toEqual({ ...seen, effects: [], remedy: "retry" });
      } else {
        // Only where the platform shows nobody what they posted may we end without knowing.
        expect({ ...seen, look: everywhere[name].look }).toEqual({ ...seen, state: "uncertain", look: null });
        expect(effects.length).toBeLessThanOrEqual(1);
      }
      if (state !== "published") open.push(id);
    }
    if (open.length > 0) {
      const retried = await desk.ada.send("POST", `/api/post/${trial.postId}/retry`, {
        deliveryIds: open,
        confirmUncertain: true,
      });
      expect(retried.status, trial.text).toBe(200);
    }
  }
  await untilSettled(desk);
  for (const { text } of trials) {
    for (const platform of platformNames) {
      const effects = await seenOn(desk.sandbox, platform, text);
      expect({ text, platform, effects: effects.length }).toEqual({ text, platform, effects: 1 });
    }
  }
}

function limit(kills: number): number {
  return 60_000 + kills * 60_000;
}
