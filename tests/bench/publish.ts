import { randomUUID } from "node:crypto";
import { build, isBuilt } from "@/scripts/app";
import { copyTemplate, startTemplate } from "../support/databases";
import { type Desk, openDesk, publish } from "../support/posting";
import { compare, median, report } from "./harness";

/**
 * What a person waits for when a post goes to several platforms, one of them slow: side by side, against the same
 * platforms one after the other. The platforms' own time is set, so that what is left is ours.
 */
const SLOWEST_MS = 900;
const QUICKER_MS = 180;
const ROUNDS = 25;

const TOGETHER = "both, as we do it";
const IN_TURN = "both, one after the other";

if (!isBuilt()) await build();
const { templateUrl, end } = await startTemplate();
const desk = await openDesk(await copyTemplate(templateUrl));
const latencies: { platform: string; operation: string; latencyMs: number }[] = [
  { platform: "twitter", operation: "create_tweet", latencyMs: SLOWEST_MS },
  { platform: "threads", operation: "create_container", latencyMs: QUICKER_MS },
  { platform: "threads", operation: "publish", latencyMs: QUICKER_MS },
];
for (const latency of latencies) await desk.sandbox.fault({ ...latency, kind: "latency" });

const { threads, twitter } = desk.accounts;
const together: number[] = [];
const comparison = await compare({
  title: `Publish to Threads (${QUICKER_MS} ms per write, two writes) and X (${SLOWEST_MS} ms)`,
  unit: "ms",
  rounds: ROUNDS,
  against: [IN_TURN],
  contestants: [
    {
      name: TOGETHER,
      measure: async () => {
        const tookMs = await timed(() => send(desk, [threads, twitter]));
        together.push(tookMs);
        return tookMs;
      },
    },
    {
      name: IN_TURN,
      measure: () =>
        timed(async () => {
          await send(desk, [threads]);
          await send(desk, [twitter]);
        }),
    },
    { name: "Threads alone", measure: () => timed(() => send(desk, [threads])) },
    { name: "X alone", measure: () => timed(() => send(desk, [twitter])) },
  ],
});
// The first round only warms up.
const overhead = together.slice(1).map((tookMs) => tookMs - SLOWEST_MS);
const { rows } = await desk.sql.query<{ ms: number }>(
  `select extract(epoch from mine.published_at - posts.created_at)::float * 1000 as ms
     from deliveries mine join posts on posts.id = mine.post_id
    where mine.platform = 'threads' and exists (
      select 1 from deliveries other where other.post_id = mine.post_id and other.platform = 'twitter')`,
);
const visible = rows.map(({ ms }) => ms);
await desk.stop();
await end();

report(
  "npm run bench:publish",
  [comparison],
  [
    `Over the slowest platform's own ${SLOWEST_MS} ms: p50 ${ms(median(overhead))}, p95 ${ms(quantile(overhead, 0.95))} (aim: 60 ms and 150 ms).`,
    `Threads is published ${ms(median(visible))} (p50) and ${ms(quantile(visible, 0.95))} (p95) after the post was taken, while X is still at work; 250 ms of that is the wait before we ask for its container.`,
    "Every one goes through the production build, its routes, PostgreSQL and the sandbox, all on this machine.",
  ],
);

async function send(at: Desk, to: string[]): Promise<void> {
  // X refuses the same text twice.
  const answer = await publish(at, { text: `Post ${randomUUID()}`, to });
  if (!answer.success) throw new Error(`A post did not go out: ${JSON.stringify(answer)}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
