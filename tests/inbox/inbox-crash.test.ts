import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SignedIn } from "@/lib/session";
import { waitUntil } from "@/scripts/wait";
import { killWorker, type ParkedWorker, workerPool } from "../support/crash";
import { type InboxSite, openInboxSite } from "../support/inbox-site";
import type { Statement } from "../support/tap";

/**
 * kill -9 around a send: the worker is killed where a message stands at the named point; time passes, and the scheduler
 * runs. What the customer has on their phone is what we say of the message: never twice, never silently lost. CRASH_ROUNDS
 * makes the long form.
 */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 1);
/** A whole world is started and imported here, beside whatever else the machine does. */
const HOOK_MS = 300_000;
const limit = 150_000 + ROUNDS * 60_000;

let site: InboxSite;
let ada: SignedIn;
let room: string;
let pool: ReturnType<typeof workerPool>;
let reply: typeof import("@/lib/inbox/send/reply");
const jane = "jane.harper";

beforeAll(async () => {
  site = await openInboxSite();
  reply = await import("@/lib/inbox/send/reply");
  ada = await site.person();
  await site.connect(ada, "adabell");
  await site.sandbox.message({ account: "adabell", from: jane, text: "Hello" });
  await site.settle();
  room = await site.conversationWith(ada, jane);
  pool = workerPool(site);
}, HOOK_MS);
afterAll(async () => {
  await pool.close();
  await site.stop();
}, HOOK_MS);

const isClaim = ({ sql }: Statement) => sql.startsWith('update "messages"') && /case when/.test(sql);
const isFence = ({ sql }: Statement) =>
  sql.startsWith('update "messages"') && /"fenced_at" = now\(\)/.test(sql);
const isSentSave = ({ sql, params }: Statement) =>
  sql.startsWith('update "messages"') && /"remote_id" = \$/.test(sql) && params.includes("sent");

type Point = {
  moment: "before" | "after";
  at(statement: Statement, earlier: Statement[]): Statement | null;
};
const only = (matches: (one: Statement) => boolean) => (one: Statement) => (matches(one) ? one : null);
const commit = (one: Statement, earlier: Statement[]) =>
  /^commit/i.test(one.sql) ? (earlier.find(isSentSave) ?? null) : null;

describe.each<{ name: string; point: Point }>([
  { name: "before the claim", point: { moment: "before", at: only(isClaim) } },
  { name: "after the claim", point: { moment: "after", at: only(isClaim) } },
  { name: "before the fence", point: { moment: "before", at: only(isFence) } },
  { name: "behind the fence, before the first byte", point: { moment: "after", at: only(isFence) } },
  { name: "after the answer, before it is saved", point: { moment: "before", at: only(isSentSave) } },
  { name: "after the commit", point: { moment: "after", at: commit } },
])("killed $name", ({ name, point }) => {
  test(`${ROUNDS} times: once on their phone, or told`, { timeout: limit }, async () => {
    await rounds(name, async (id) => {
      const worker = await pool.next();
      worker.tap.stopAt({
        moment: point.moment,
        about: (statement, earlier) => (point.at(statement, earlier)?.params.includes(id) ? id : null),
      });
      await waitUntil(() => (worker.tap.reached().includes(id) ? true : null), {
        withinMs: 90_000,
        everyMs: 5,
        otherwise: `The worker did not come to the point.\n${worker.program.output()}`,
      });
      await killWorker(worker);
    });
  });
});

describe.each(["hang", "accept_then_hang"] as const)(
  "killed while the platform holds its answer back: %s",
  (kind) => {
    test(`${ROUNDS} times: once on their phone, or told`, { timeout: limit }, async () => {
      await rounds(kind, async () => {
        const { sequence } = await site.sandbox.forgetLog();
        await site.sandbox.fault({ platform: "instagram", operation: "send", kind, times: 1 });
        const worker: ParkedWorker = await pool.next();
        worker.tap.stopAt(null);
        await waitUntil(
          async () => {
            const held = await site.sandbox.requests({ operation: "send", since: sequence });
            return held.some(({ fault }) => fault === kind) ? true : null;
          },
          { withinMs: 90_000, everyMs: 10, otherwise: `Nothing was sent.\n${worker.program.output()}` },
        );
        await killWorker(worker);
        await site.sandbox.clearFaults();
      });
    });
  },
);

/** The given crash, again and again: without an echo the first time, so that nothing but our own looking helps. */
async function rounds(name: string, crash: (messageId: string) => Promise<void>): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const echo = round % 2 === 1 ? "never" : "after";
    await site.sandbox.settings({ platform: "instagram", own: { echo } });
    const text = `Killed ${name}, round ${round}`;
    const [id = ""] = await reply.replyByPerson(ada, room, {
      wish: uuid(),
      text,
      media: [],
      quickReplies: [],
      channel: "public",
    });
    await crash(id);
    // Four looks, each once its time has come.
    for (let look = 0; look < 4; look += 1) {
      await site.timePasses();
      await site.settle();
    }
    const [message] = (await site.conversation(ada, room)).messages.filter((one) => one.text === text);
    const seen = (await site.sandbox.thread("adabell", jane)).messages.filter((one) => one.text === text);
    expect({
      text,
      seen: seen.map(({ mid }) => mid),
      remoteId: message?.remoteId,
      state: message?.state,
    }).toEqual(
      seen.length > 0
        ? { text, seen: [message?.remoteId], remoteId: seen[0]?.mid, state: "sent" }
        : { text, seen: [], remoteId: null, state: "uncertain" },
    );
    // What was not seen is only ever what the fence was drawn for: anything before it is simply sent.
    if (!/fence|hang/.test(name) || name === "before the fence") expect(message?.state, text).toBe("sent");
  }
}
