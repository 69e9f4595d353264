import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConnectionDto } from "@/lib/connections/schema";
import { createDatabase } from "../support/postgres";
import {
  bodyOf,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  publish,
  startPublishing,
  successOf,
  untilDelivery,
  untilSettled,
} from "../support/posting";

/** Tokens that end while a post is on its way. X hands out a refresh token once, and ends the grant of whoever shows it twice. */

const HOUR = 3_600_000;
let desk: Desk;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
  await desk.sandbox.settings({ platform: "twitter", rotation: "reuse_kills_family" });
});

afterAll(() => desk.stop());

beforeEach(() => desk.sandbox.clearFaults());

const onX = (text: string) => publish(desk, { text, to: [desk.accounts.twitter] });
const asked = async (operation: string, since: number) =>
  (await desk.sandbox.requests({ platform: "twitter", operation, since })).length;
const connection = async (id: string) =>
  successOf<ConnectionDto>(await desk.ada.fetch(`/api/connections/${id}`));

/** As time would do it: the platform refuses the token, and our clock says so too. */
async function accessTokenRunsOut(): Promise<void> {
  await desk.sandbox.expire({ platform: "twitter", kind: "access", person: "adabell" });
  await desk.sql.query(
    "update grants set access_expires_at = now() - interval '1 second' where platform = 'twitter'",
  );
}

test("a token that ran out a second ago is renewed once, and the post goes out", async () => {
  await accessTokenRunsOut();
  const { sequence } = await desk.sandbox.forgetLog();
  expect(await onX("Renewed in passing")).toMatchObject({ success: true });
  expect(await asked("refresh", sequence)).toBe(1);
  expect(await asked("create_tweet", sequence)).toBe(1);
});

test("twenty posts at once renew it exactly once, and all go out once", async () => {
  for (let round = 1; round <= 3; round += 1) {
    await accessTokenRunsOut();
    const { sequence } = await desk.sandbox.forgetLog();
    const texts = Array.from({ length: 20 }, (_, nth) => `All at once, round ${round}, post ${nth}`);
    const answers = await Promise.all(texts.map(onX));
    expect(answers.map(({ success }) => success)).toEqual(texts.map(() => true));
    expect(await asked("refresh", sequence)).toBe(1);
    expect(await asked("create_tweet", sequence)).toBe(20);
    for (const text of texts) expect(await effectsOf(desk.sandbox, "twitter", text)).toHaveLength(1);
  }
});

test("a token refused before anything happened: one renewal, one more try, out once", async () => {
  // The platform has ended it early; nothing on our side could know.
  await desk.sandbox.expire({ platform: "twitter", kind: "access", person: "adabell" });
  const { sequence } = await desk.sandbox.forgetLog();
  expect(await onX("Refused first")).toMatchObject({ success: true });
  expect(await asked("refresh", sequence)).toBe(1);
  expect(await asked("create_tweet", sequence)).toBe(2);
  expect(await effectsOf(desk.sandbox, "twitter", "Refused first")).toHaveLength(1);
});

test("in the middle of a chain it goes on behind what is out, and does not begin again", async () => {
  // Threads renews only what is a day old.
  await desk.sandbox.advanceClock(25 * HOUR);
  await desk.sql.query(
    "update grants set created_at = created_at - interval '25 hours', refreshed_at = refreshed_at - interval '25 hours' where platform = 'threads'",
  );
  await desk.sandbox.fault({
    platform: "threads",
    operation: "create_container",
    kind: "status",
    status: 401,
    skip: 1,
    times: 1,
  });
  const { sequence } = await desk.sandbox.forgetLog();
  const { id, answer } = await startPublishing(desk, {
    text: "First bell",
    replies: [{ text: "Second bell" }],
    to: [desk.accounts.threads],
  });
  await untilDelivery(desk, id, "threads", ({ state }) => state === "published", 20_000);
  await answer;
  const [first, ...more] = await effectsOf(desk.sandbox, "threads", "First bell");
  expect(more).toEqual([]);
  expect(await effectsOf(desk.sandbox, "threads", "Second bell")).toMatchObject([{ replyTo: first?.id }]);
  const renewals = await desk.sandbox.requests({
    platform: "threads",
    operation: "refresh",
    since: sequence,
  });
  expect(renewals).toHaveLength(1);
});

test("a renewal that fails for a moment disconnects nobody: the post waits and goes out later", async () => {
  await accessTokenRunsOut();
  await desk.sandbox.fault({ platform: "twitter", operation: "refresh", kind: "status", status: 503 });
  const { id, answer } = await startPublishing(desk, { text: "Later then", to: [desk.accounts.twitter] });
  const waiting = await untilDelivery(desk, id, "twitter", ({ error }) => error !== null);
  expect(waiting).toMatchObject({ state: "queued", error: { kind: "unavailable", remedy: "wait" } });
  expect((await connection(desk.accounts.twitter)).status).toBe("active");
  await desk.sandbox.clearFaults();
  await answer;
  await untilSettled(desk);
  expect((await deliveryOf(desk, id, "twitter")).state).toBe("published");
  expect(await effectsOf(desk.sandbox, "twitter", "Later then")).toHaveLength(1);
});

test("a 401 for everyone, also behind a fresh token, is shown but ends no grant", async () => {
  await desk.sandbox.fault({ platform: "twitter", operation: "create_tweet", kind: "status", status: 401 });
  const { sequence } = await desk.sandbox.forgetLog();
  const answer = await onX("An outage at X");
  expect(answer.results).toMatchObject([{ status: "failed", error: { remedy: "reconnect" } }]);
  expect(await asked("create_tweet", sequence)).toBe(2);
  expect(await asked("refresh", sequence)).toBe(1);
  const { rows } = await desk.sql.query("select dead_at from grants where platform = 'twitter'");
  expect(rows).toEqual([{ dead_at: null }]);
  await desk.sandbox.clearFaults();
  // The person presses "test": it works, so it is shown as working.
  await successOf(await desk.ada.send("POST", `/api/connections/${desk.accounts.twitter}/check`));
  expect((await connection(desk.accounts.twitter)).status).toBe("active");
});

test("when X ends the grant, the connection says so, nothing is sent, and X is not asked again", async () => {
  await desk.sandbox.expire({ platform: "twitter", kind: "refresh", person: "adabell" });
  await accessTokenRunsOut();
  const { sequence } = await desk.sandbox.forgetLog();
  const answer = await onX("Over");
  expect(answer.results).toMatchObject([
    { status: "failed", error: { kind: "reconnect", remedy: "reconnect" } },
  ]);
  expect(await asked("refresh", sequence)).toBe(1);
  expect(await asked("create_tweet", sequence)).toBe(0);
  expect((await connection(desk.accounts.twitter)).status).toBe("reconnect");

  const next = await desk.ada.send(
    "POST",
    "/api/post",
    bodyOf(desk, { text: "Over again", to: [desk.accounts.twitter] }),
  );
  expect(next.status).toBe(422);
  expect(await next.json()).toMatchObject({ error: { details: { problems: [{ code: "reconnect" }] } } });
  await untilSettled(desk);
  expect(await asked("refresh", sequence)).toBe(1);
});
