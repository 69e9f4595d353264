import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DeliveryDto, PublishAnswer } from "@/lib/posts/schema";
import { createDatabase } from "../support/postgres";
import {
  bothPlatforms,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  type PlatformName,
  publish,
  readPost,
  startPublishing,
  successOf,
  tick,
  untilDelivery,
  untilSettled,
  visibleWrite,
} from "../support/posting";
import type { FaultOrder } from "../support/sandbox";

/** Each account gets a result of its own, and each result is what the platform shows. */

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

beforeEach(() => desk.sandbox.clearFaults());

test("a post goes out everywhere, and the answer says where to see it", async () => {
  const answer = await publish(desk, { text: "Out on both" });
  expect(answer).toMatchObject({ success: true, partial: false, status: "published" });
  for (const platform of bothPlatforms) {
    const [effect, ...more] = await effectsOf(desk.sandbox, platform, "Out on both");
    expect(more).toEqual([]);
    const result = answer.results.find((one) => one.platform === platform);
    expect(result).toMatchObject({ success: true, status: "published", postId: effect?.id });
    const seen = await fetch(result?.url ?? "");
    expect(await seen.text()).toContain("Out on both");
  }
});

/** How a platform may behave at the write that makes a post visible; `shown` is what we must say of it at once. */
const behaviours: Record<
  string,
  {
    fault: DistributiveOmit<FaultOrder, "platform" | "operation"> | null;
    shown(delivery: DeliveryDto): boolean;
  }
> = {
  "is well": { fault: null, shown: ({ state }) => state === "published" },
  refuses: {
    fault: { kind: "status", status: 400, times: 1 },
    shown: ({ state, error }) => state === "failed" && error?.remedy === "edit",
  },
  "is busy": {
    fault: { kind: "rate_limit", retryAfterMs: 60_000, times: 1 },
    shown: ({ state, error }) =>
      (state === "queued" || state === "processing") && error?.kind === "slow_down",
  },
  "is broken": {
    fault: { kind: "status", status: 503, times: 1 },
    shown: ({ state, error }) => state === "uncertain" && error?.remedy === "look",
  },
  "cuts the line": {
    fault: { kind: "reset", times: 1 },
    shown: ({ state, error }) => state === "uncertain" && error?.remedy === "look",
  },
};

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const names = Object.keys(behaviours);
const combinations = names.flatMap((threads) => names.map((twitter) => ({ threads, twitter })));
type Combination = (typeof combinations)[number];

describe("every way two platforms can behave, together", () => {
  const posts: { id: string; text: string; behaves: Combination }[] = [];
  test.each(combinations)(
    "Threads $threads, X $twitter: each result is the platform's own",
    async (behaves) => {
      const text = `Threads ${behaves.threads}, X ${behaves.twitter}`;
      for (const platform of bothPlatforms) {
        const fault = behaviours[behaves[platform]]?.fault;
        if (fault) await desk.sandbox.fault({ ...fault, platform, operation: visibleWrite[platform] });
      }
      const { id, answer } = await startPublishing(desk, { text });
      posts.push({ id, text, behaves });
      unawaited.push(answer);
      for (const platform of bothPlatforms) {
        const behaviour = behaviours[behaves[platform]];
        const delivery = await untilDelivery(desk, id, platform, (one) => behaviour?.shown(one) ?? false);
        await isTrue(text, platform, delivery);
      }
    },
  );

  test("in the end nothing is in doubt, and what is not out says what helps", async () => {
    await untilSettled(desk);
    for (const { id, text, behaves } of posts) {
      for (const platform of bothPlatforms) {
        const delivery = await deliveryOf(desk, id, platform);
        await isTrue(text, platform, delivery);
        expect({ text, platform, state: delivery.state }).toEqual({
          text,
          platform,
          state: endOf(platform, behaves[platform]),
        });
      }
    }
  });

  test("trying again touches only what failed: in the end each text is out once everywhere", async () => {
    for (const { id, text } of posts) {
      const before = await readPost(desk, id);
      const retried = await desk.ada.send("POST", `/api/post/${id}/retry`, {
        deliveryIds: before.deliveries.map((delivery) => delivery.id),
      });
      expect(retried.status).toBe(200);
      for (const delivery of before.deliveries) {
        const now = await deliveryOf(desk, id, delivery.platform);
        await isTrue(text, now.platform, now);
        expect(now.state, text).toBe("published");
        if (delivery.state === "published") {
          expect(now.remoteId).toBe(delivery.remoteId);
          expect(now.publishedAt).toBe(delivery.publishedAt);
        }
      }
    }
  });

  /** Where a delivery ends by itself: a Threads container proves that it was not published, so it goes on. */
  function endOf(platform: PlatformName, behaviour: string): string {
    if (behaviour === "refuses") return "failed";
    const unanswered = behaviour === "is broken" || behaviour === "cuts the line";
    return unanswered && platform === "twitter" ? "failed" : "published";
  }
});

describe("what comes after being out cannot undo it", () => {
  test("the look-up of the link fails: it is published, only without a link", async () => {
    await desk.sandbox.fault({ platform: "threads", operation: "media", kind: "status", status: 500 });
    const answer = await publish(desk, { text: "No link to see", to: [desk.accounts.threads] });
    expect(answer.results).toMatchObject([{ status: "published", success: true, url: null }]);
    await untilSettled(desk);
    expect(await effectsOf(desk.sandbox, "threads", "No link to see")).toHaveLength(1);
  });

  test("telling the author fails again and again: no result changes, nothing is sent again, and the word arrives later", async () => {
    await desk.sql.query(`
      create function refuse_notices() returns trigger language plpgsql as $$ begin raise exception 'no notices today'; end $$;
      create trigger refuse_notices before insert on notifications for each row execute function refuse_notices()`);
    await desk.sandbox.fault({
      platform: "twitter",
      operation: "create_tweet",
      kind: "status",
      status: 400,
      times: 1,
    });
    const { id, results } = await publish(desk, { text: "Nobody can be told" });
    expect(results.map(({ status }) => status)).toEqual(["published", "failed"]);
    const { sequence } = await desk.sandbox.forgetLog();
    await tick(desk);
    await tick(desk);
    expect((await readPost(desk, id)).deliveries.map(({ state }) => state)).toEqual(["published", "failed"]);
    expect(await desk.sandbox.requests({ since: sequence })).toEqual([]);

    await desk.sql.query("drop trigger refuse_notices on notifications; drop function refuse_notices()");
    await desk.sql.query(
      "update pgboss.job set start_after = now() where name = 'post.settled' and state = 'retry'",
    );
    await tick(desk);
    const notices = await desk.sql.query<{ body: string }>("select body from notifications where href = $1", [
      `/posts/${id}`,
    ]);
    expect(notices.rows).toHaveLength(1);
    expect(notices.rows[0]?.body).toContain("Ada Bell");
    expect(await desk.sandbox.requests({ since: sequence })).toEqual([]);
  });
});

test("one platform's slowness does not hold up the other's result", async () => {
  await desk.sandbox.fault({
    platform: "threads",
    operation: "publish",
    kind: "latency",
    latencyMs: 1_500,
    times: 1,
  });
  const { id, answer } = await startPublishing(desk, { text: "X first" });
  await untilDelivery(desk, id, "twitter", ({ state }) => state === "published", 1_200);
  expect((await deliveryOf(desk, id, "threads")).state).not.toBe("published");
  expect(await answer).toMatchObject({ success: true });
});

test("retrying someone else's post, or a delivery of another post, is refused", async () => {
  const { id, results } = await publish(desk, { text: "Mine", to: [desk.accounts.threads] });
  const other = await publish(desk, { text: "Mine too", to: [desk.accounts.threads] });
  const retry = (postId: string, deliveryId: string | undefined) =>
    desk.ada.send("POST", `/api/post/${postId}/retry`, { deliveryIds: [deliveryId] });
  expect((await retry(id, other.results[0]?.deliveryId)).status).toBe(404);
  const same = await successOf<{ status: string }>(await retry(id, results[0]?.deliveryId));
  expect(same.status).toBe("published");
  expect(await effectsOf(desk.sandbox, "threads", "Mine")).toHaveLength(1);
});

/** Published exactly when it is there, once, under that id; nothing else is ever called published. */
async function isTrue(text: string, platform: string, delivery: DeliveryDto): Promise<void> {
  const effects = await effectsOf(desk.sandbox, platform, text);
  const published = delivery.state === "published";
  expect({ text, platform, ids: effects.map(({ id }) => id) }).toEqual({
    text,
    platform,
    ids: published ? [delivery.remoteId] : [],
  });
}
