import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import type { MediaDto } from "@/lib/media/schema";
import type { PostDto } from "@/lib/posts/schema";
import { build, isBuilt } from "@/scripts/app";
import { waitUntil } from "@/scripts/wait";
import { copyTemplate, startTemplate } from "../support/databases";
import { bodyOf, type Everywhere, openEverywhere, type PlatformName } from "../support/everywhere";
import { video } from "../support/media";
import { successOf } from "../support/posting";
import { compare, report } from "./harness";

/**
 * A film of one gigabyte: into the library, then out to those that take one so long, one by pieces, one by its address, one by
 * a form in pieces. What counts is how far the process's memory rises above what it was before.
 */
const BYTES = 1_073_741_824;
const ROUNDS = 5;
const TO: PlatformName[] = ["tiktok", "threads", "facebook"];

if (process.platform !== "linux") throw new Error("This bench reads /proc, which only Linux has.");
if (!isBuilt()) await build();
const { templateUrl, end } = await startTemplate();
const desk = await openEverywhere(await copyTemplate(templateUrl), { WORKERS: "on" });
const tookMs = { up: [] as number[], out: [] as number[] };
/** Before the first byte of any film: what a warm process keeps for the next one counts against it. */
const idleMb = residentMb();

const comparison = await compare({
  title: `A film of 1 GB into the library, then out to ${TO.join(", ")} at once`,
  unit: "MB above idle, at most",
  rounds: ROUNDS,
  against: [],
  contestants: [
    {
      name: "app process, workers included",
      measure: () =>
        highest(async () => {
          const started = performance.now();
          const film = await upload(desk);
          tookMs.up.push(performance.now() - started);
          await publish(desk, film);
          tookMs.out.push(performance.now() - started);
        }),
    },
  ],
});
await desk.stop();
await end();
const seconds = (values: number[]) =>
  (values.reduce((sum, value) => sum + value, 0) / values.length / 1_000).toFixed(0);
report(
  "npm run bench:media",
  [comparison],
  [
    "Aim: 300 MB above idle.",
    `On this machine, with the platforms and the database beside it: ${seconds(tookMs.up)} s into the library, ${seconds(tookMs.out)} s until it is out everywhere.`,
  ],
);

/** What a process holds in memory, read every twentieth of a second. */
async function highest(work: () => Promise<void>): Promise<number> {
  let most = residentMb();
  const look = setInterval(() => {
    most = Math.max(most, residentMb());
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(look);
  }
  return most - idleMb;
}

function residentMb(): number {
  const status = readFileSync(`/proc/${desk.app.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}

/** A real container at the front, and free space behind it up to a gigabyte; each one differs, or it would be known already. */
async function* film(head: Buffer): AsyncGenerator<Buffer> {
  const free = Buffer.alloc(16);
  free.writeUInt32BE(BYTES - head.byteLength, 0);
  free.write("free", 4, "latin1");
  free.writeDoubleBE(Math.random(), 8);
  yield head;
  yield free;
  const piece = Buffer.alloc(1_048_576);
  for (let left = BYTES - head.byteLength - free.byteLength; left > 0; left -= piece.byteLength) {
    yield piece.subarray(0, Math.min(left, piece.byteLength));
  }
}

async function upload(at: Everywhere): Promise<MediaDto> {
  const head = await video({ seconds: 240, width: 720, height: 1_280, bytes: 1_000_000 });
  const request: RequestInit & { duplex: "half" } = {
    method: "POST",
    headers: { "content-type": "video/mp4", "content-length": String(BYTES) },
    // safe: Node's web stream is the platform's; the types differ in name only
    body: Readable.toWeb(Readable.from(film(head))) as unknown as ReadableStream,
    duplex: "half",
  };
  return successOf<MediaDto>(await at.ada.fetch("/api/media?filename=bell.mp4", request));
}

async function publish(at: Everywhere, { id }: MediaDto): Promise<void> {
  const text = `A long bell, ${id}`;
  const { targets } = bodyOf(at, { text, to: TO });
  const body = {
    content: { text, media: [{ id }] },
    targets: targets.map(({ content: _own, ...target }) => target),
  };
  const { id: postId } = await successOf<{ id: string }>(await at.ada.send("POST", "/api/post", body));
  const { deliveries } = await waitUntil(
    async () => {
      const post = await successOf<PostDto>(await at.ada.fetch(`/api/post/${postId}`));
      return post.deliveries.some(({ nextAttemptAt }) => nextAttemptAt !== null) ? null : post;
    },
    { withinMs: 300_000, everyMs: 500, otherwise: "The film did not get out." },
  );
  const held = deliveries.filter(({ state }) => state !== "published");
  if (held.length > 0)
    throw new Error(
      `Not everywhere: ${JSON.stringify(held.map(({ platform, error }) => [platform, error]))}`,
    );
}
