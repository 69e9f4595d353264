import { afterAll, beforeAll, expect, test } from "vitest";
import type { PublishAnswer } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import { createDatabase } from "../support/postgres";
import {
  bothPlatforms,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  startPublishing,
  tick,
  untilDelivery,
  untilSettled,
  visibleWrite,
} from "../support/posting";

/** A platform that takes a write and does not answer at all. A write is given up after a minute, so this takes a minute. */

type Started = { id: string; answer: Promise<PublishAnswer> };

let desk: Desk;
let accepted: Started;
let ignored: Started;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
  accepted = await hanging("It acts and never answers", "accept_then_hang");
  ignored = await hanging("It neither acts nor answers", "hang");
});

afterAll(() => desk.stop());

async function hanging(text: string, kind: "hang" | "accept_then_hang"): Promise<Started> {
  const { sequence } = await desk.sandbox.forgetLog();
  for (const platform of bothPlatforms) {
    await desk.sandbox.fault({ platform, operation: visibleWrite[platform], kind, times: 1 });
  }
  const started = await startPublishing(desk, { text });
  await waitUntil(
    async () => {
      const struck = (await desk.sandbox.requests({ since: sequence })).filter(({ fault }) => fault === kind);
      return struck.length === bothPlatforms.length ? true : null;
    },
    { withinMs: 30_000, everyMs: 20, otherwise: "The app did not ask both platforms." },
  );
  return started;
}

test("the author is not kept waiting, and nothing is called failed or published meanwhile", async () => {
  for (const { answer } of [accepted, ignored]) {
    const { success, results } = await answer;
    expect(success).toBe(false);
    for (const { status } of results) expect(["sending", "processing"]).toContain(status);
  }
});

test("when it had acted, it is found and called published; when it had not, it is never called so", async () => {
  for (const { id } of [accepted, ignored]) {
    for (const platform of bothPlatforms) {
      // Given up after a minute, which is where doubt begins.
      await untilDelivery(desk, id, platform, ({ state }) => state === "uncertain", 75_000);
    }
  }
  expect(await desk.sandbox.effects()).toEqual(
    expect.not.arrayContaining([expect.objectContaining({ text: "It neither acts nor answers" })]),
  );
  await desk.sql.query(
    "update deliveries set next_attempt_at = now() where state = 'uncertain' and lease_until is null",
  );
  await tick(desk);
  for (const platform of bothPlatforms) {
    const [effect, ...more] = await effectsOf(desk.sandbox, platform, "It acts and never answers");
    expect(more).toEqual([]);
    expect(await deliveryOf(desk, accepted.id, platform)).toMatchObject({
      state: "published",
      remoteId: effect?.id,
    });
    expect((await deliveryOf(desk, ignored.id, platform)).state).not.toBe("published");
  }
  await untilSettled(desk);
  expect((await deliveryOf(desk, ignored.id, "twitter")).state).toBe("failed");
  expect((await deliveryOf(desk, ignored.id, "threads")).state).toBe("published");
}, 90_000);
