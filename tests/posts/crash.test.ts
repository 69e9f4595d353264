import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import {
  type CrashPoint,
  crashPoints,
  due,
  killAt,
  killWhileAsking,
  killWorker,
  scheduleTrial,
  type Trial,
  workerPool,
} from "../support/crash";
import { createDatabase } from "../support/postgres";
import {
  bothPlatforms,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  readingBack,
  readPost,
  tick,
  untilSettled,
  visibleWrite,
} from "../support/posting";

/**
 * kill -9 anywhere: a worker is killed at a named point of publishing, in the hardest sense, while a delivery to each
 * platform stands exactly there. Then ten minutes pass and the scheduler runs. Nothing is out twice, nothing is forgotten,
 * and what we say is what the world sees. CRASH_ROUNDS and CRASH_RANDOM make the long form: 30 and 300.
 */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 1);
const RANDOM_KILLS = Number(process.env["CRASH_RANDOM"] ?? 2);

let desk: Desk;
let pool: ReturnType<typeof workerPool>;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
  pool = workerPool(desk);
});

afterAll(async () => {
  await pool.close();
  await desk.stop();
});

const both = ({ deliveries }: Trial): string[] => Object.values(deliveries);

describe.each<{ point: string; at: CrashPoint; twitter: "published" | "failed" }>([
  { point: "before the claim", at: crashPoints.beforeClaim, twitter: "published" },
  { point: "after the claim", at: crashPoints.afterClaim, twitter: "published" },
  { point: "before the fence", at: crashPoints.beforeFence, twitter: "published" },
  // X cannot tell whether a write without an answer arrived until it is proved absent; then a person is asked.
  { point: "behind the fence, before the first byte", at: crashPoints.beforeSend, twitter: "failed" },
  { point: "after the answer, before it is saved", at: crashPoints.afterResponse, twitter: "published" },
  { point: "before the commit", at: crashPoints.beforeCommit, twitter: "published" },
  { point: "after the commit", at: crashPoints.afterCommit, twitter: "published" },
])("killed $point", ({ point, at, twitter }) => {
  test(`${ROUNDS} times: once at each platform, or told`, { timeout: limit(ROUNDS) }, async () => {
    const trials = await rounds(point, async (trial) => {
      await makeContainer(trial);
      await due(desk, both(trial));
      await killAt(await pool.next(), both(trial), at);
    });
    await untilSettled(desk);
    await everyoneIsToldTheTruth(trials, { threads: "published", twitter });
    await afterRetryAllAreOut(trials);
  });
});

describe.each<{ point: string; kind: "hang" | "accept_then_hang"; twitter: "published" | "failed" }>([
  { point: "with the request sent, before the platform acts", kind: "hang", twitter: "failed" },
  { point: "after the platform acted, before its answer", kind: "accept_then_hang", twitter: "published" },
])("killed $point", ({ point, kind, twitter }) => {
  test(`${ROUNDS} times: once at each platform, or told`, { timeout: limit(ROUNDS) }, async () => {
    const trials = await rounds(point, async (trial) => {
      await makeContainer(trial);
      await due(desk, both(trial));
      await killWhileAsking(await pool.next(), desk, visibleWrite, kind);
    });
    await untilSettled(desk);
    await everyoneIsToldTheTruth(trials, { threads: "published", twitter });
    await afterRetryAllAreOut(trials);
  });
});

test(`killed between two steps (container and publish, post and its reply), ${ROUNDS} times: it continues where it was`, {
  timeout: limit(ROUNDS),
}, async () => {
  const { sequence } = await desk.sandbox.forgetLog();
  const trials = await rounds(
    "between two steps",
    async (trial) => {
      await due(desk, both(trial));
      await killAt(await pool.next(), both(trial), crashPoints.betweenSteps);
    },
    (text) => [`${text}, the reply`],
  );
  await untilSettled(desk);
  await everyoneIsToldTheTruth(trials, { threads: "published", twitter: "published" });
  for (const { text } of trials) {
    for (const platform of bothPlatforms) {
      const [first] = await effectsOf(desk.sandbox, platform, text);
      const replies = await effectsOf(desk.sandbox, platform, `${text}, the reply`);
      expect(
        replies.map(({ replyTo }) => replyTo),
        `${platform}: ${text}`,
      ).toEqual([first?.id]);
    }
  }
  // The container on record is the one that is published: none is made a second time.
  const made = await desk.sandbox.requests({
    platform: "threads",
    operation: "create_container",
    since: sequence,
    raw: true,
  });
  const texts = made.map(({ body }) => new URLSearchParams(body ?? "").get("text"));
  for (const { text } of trials) expect(texts.filter((one) => one === text)).toEqual([text]);
});

test(`killed while reading back, ${ROUNDS} times: it is found in the end and never sent again`, {
  timeout: limit(ROUNDS),
}, async () => {
  const trials = await rounds("while reading back", async (trial) => {
    await makeContainer(trial);
    for (const platform of bothPlatforms) {
      await desk.sandbox.fault({
        platform,
        operation: visibleWrite[platform],
        kind: "accept_then_reset",
        times: 1,
      });
    }
    await due(desk, both(trial));
    await tick(desk);
    for (const platform of bothPlatforms) {
      expect((await deliveryOf(desk, trial.postId, platform)).state, platform).toBe("uncertain");
    }
    await due(desk, both(trial));
    await killWhileAsking(await pool.next(), desk, readingBack, "hang");
  });
  const { sequence } = await desk.sandbox.forgetLog();
  await untilSettled(desk);
  await everyoneIsToldTheTruth(trials, { threads: "published", twitter: "published" });
  const writes = (await desk.sandbox.requests({ since: sequence })).filter(({ method }) => method === "POST");
  expect(writes).toEqual([]);
});

test(`killed while telling the author, ${ROUNDS} times: what is out stays out`, {
  timeout: limit(ROUNDS),
}, async () => {
  const trials = await rounds("while telling the author", async (trial) => {
    await makeContainer(trial);
    await due(desk, both(trial));
    const worker = await pool.next();
    // Both deliveries settle, then the job that tells of it reads whose post it was.
    worker.tap.stopAt({
      moment: "before",
      about: ({ sql, params }) =>
        sql.startsWith('select "user_id" from "posts"') && params.includes(trial.postId)
          ? trial.postId
          : null,
    });
    await waitUntil(
      async () => {
        if (worker.tap.reached().length === 0) return null;
        const { deliveries } = await readPost(desk, trial.postId);
        return deliveries.every(({ state }) => state === "published") ? true : null;
      },
      { withinMs: 20_000, everyMs: 20, otherwise: `Nobody was told.\n${worker.program.output()}` },
    );
    await killWorker(worker);
  });
  const { sequence } = await desk.sandbox.forgetLog();
  await untilSettled(desk);
  await everyoneIsToldTheTruth(trials, { threads: "published", twitter: "published" });
  expect(
    (await desk.sandbox.requests({ since: sequence })).filter(({ method }) => method === "POST"),
  ).toEqual([]);
});

test(`killed at ${RANDOM_KILLS} random moments: nothing doubled, nothing lost, nothing untrue`, {
  timeout: limit(RANDOM_KILLS),
}, async () => {
  const trials: Trial[] = [];
  for (let round = 0; round < RANDOM_KILLS; round += 1) {
    const three = await Promise.all(
      [1, 2, 3].map((nth) => scheduleTrial(desk, `At random, round ${round}, post ${nth}`)),
    );
    trials.push(...three);
    // What earlier kills left behind is under way in this worker too.
    await due(desk, three.flatMap(both));
    const worker = await pool.next();
    const killAfterMs = Math.random() * 1_200;
    worker.tap.stopAt(null);
    const from = Date.now();
    await waitUntil(() => (Date.now() - from >= killAfterMs ? true : null), {
      withinMs: 5_000,
      everyMs: 1,
      otherwise: "Time stood still.",
    });
    await killWorker(worker);
  }
  await untilSettled(desk);
  await everyoneIsToldTheTruth(trials, {});
  await afterRetryAllAreOut(trials);
});

/** The given crash, again and again, each time with a post of its own. */
async function rounds(
  point: string,
  crash: (trial: Trial) => Promise<void>,
  replies: (text: string) => string[] = () => [],
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const text = `Killed ${point}, round ${round}`;
    const trial = await scheduleTrial(desk, text, replies(text));
    trials.push(trial);
    await crash(trial);
  }
  return trials;
}

/** Brings the Threads delivery to where one write makes it visible, which is where an X delivery begins. */
async function makeContainer({ deliveries }: Trial): Promise<void> {
  // However slow this machine is, the container is not ready before the scheduler has run.
  await desk.sandbox.fault({
    platform: "threads",
    operation: "container_status",
    kind: "status",
    status: 200,
    body: { status: "IN_PROGRESS" },
  });
  await due(desk, [deliveries.threads]);
  await tick(desk);
  await desk.sandbox.clearFaults();
}

/** What we say of each delivery is what the platform shows. */
async function everyoneIsToldTheTruth(
  trials: Trial[],
  expected: { threads?: string; twitter?: string },
): Promise<void> {
  for (const { postId, text } of trials) {
    const { deliveries } = await readPost(desk, postId);
    for (const { platform, state, remoteId, error } of deliveries) {
      const effects = await effectsOf(desk.sandbox, platform, text);
      const seen = { text, platform, state, remoteId, effects: effects.map(({ id }) => id) };
      const published = { text, platform, state: "published", remoteId: effects[0]?.id, effects: [remoteId] };
      const failed = { text, platform, state: "failed", remoteId: null, effects: [] };
      expect(seen).toEqual(state === "published" ? published : failed);
      if (state === "failed") expect(error?.remedy, `${platform}: ${text}`).toBe("retry");
      const wanted = platform === "threads" ? expected.threads : expected.twitter;
      if (wanted) expect(state, `${platform}: ${text}`).toBe(wanted);
    }
  }
}

/** A person sends what failed again: in the end each text is on each platform exactly once. */
async function afterRetryAllAreOut(trials: Trial[]): Promise<void> {
  for (const { postId, text } of trials) {
    const { deliveries } = await readPost(desk, postId);
    const failed = deliveries.filter(({ state }) => state === "failed").map(({ id }) => id);
    if (failed.length > 0) {
      const retried = await desk.ada.send("POST", `/api/post/${postId}/retry`, { deliveryIds: failed });
      expect(retried.status, text).toBe(200);
    }
    for (const platform of bothPlatforms) {
      expect(await effectsOf(desk.sandbox, platform, text), `${platform}: ${text}`).toHaveLength(1);
    }
  }
}

function limit(kills: number): number {
  return 30_000 + kills * 15_000;
}
