import { afterAll, beforeAll, expect, test } from "vitest";
import { crashPoints, due, killAt, scheduleTrial, workerPool } from "../support/crash";
import { createDatabase } from "../support/postgres";
import {
  connectAccount,
  type Desk,
  deliveryOf,
  effectsOf,
  openDesk,
  successOf,
  tick,
  untilSettled,
} from "../support/posting";

/**
 * kill -9 between the platform's new token and our writing it down: whether the connection survives is the platform's to say.
 * What is ours: one careful try, then the truth, and no storm of tries. CRASH_ROUNDS makes the long form.
 */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 1);
const limit = 30_000 + ROUNDS * 15_000;

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

const renewals = async (since: number) =>
  (await desk.sandbox.requests({ platform: "twitter", operation: "refresh", since })).length;

/** A worker is killed as it renews the token that a due post needs; then its claims run out. @returns the post's id */
async function killedRenewing(
  text: string,
  at: "beforeRenewalIsSaved" | "afterRenewalIsSaved",
): Promise<string> {
  const { postId, deliveries } = await scheduleTrial(desk, text);
  await desk.sandbox.expire({ platform: "twitter", kind: "access" });
  const { rows } = await desk.sql.query<{ id: string }>(
    "update grants set access_expires_at = now() - interval '1 second' where platform = 'twitter' returning id",
  );
  await due(desk, [deliveries.twitter]);
  await killAt(
    await pool.next(),
    rows.map(({ id }) => id),
    crashPoints[at],
  );
  await desk.sql.query("update grants set lease_until = lease_until - interval '1 minute'");
  return postId;
}

test("a platform that lets the old token live a moment longer: one more try brings the connection back", {
  timeout: limit,
}, async () => {
  await desk.sandbox.settings({ platform: "twitter", rotation: "grace" });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const text = `Renewed in the grace, round ${round}`;
    const { sequence } = await desk.sandbox.forgetLog();
    const postId = await killedRenewing(text, "beforeRenewalIsSaved");
    await untilSettled(desk);
    expect((await deliveryOf(desk, postId, "twitter")).state).toBe("published");
    expect(await effectsOf(desk.sandbox, "twitter", text)).toHaveLength(1);
    expect(await renewals(sequence)).toBe(2);
  }
});

test("killed after the new token is written down: nothing is asked again", { timeout: limit }, async () => {
  await desk.sandbox.settings({ platform: "twitter", rotation: "reuse_kills_family" });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const text = `Renewed and written down, round ${round}`;
    const { sequence } = await desk.sandbox.forgetLog();
    const postId = await killedRenewing(text, "afterRenewalIsSaved");
    await untilSettled(desk);
    expect((await deliveryOf(desk, postId, "twitter")).state).toBe("published");
    expect(await effectsOf(desk.sandbox, "twitter", text)).toHaveLength(1);
    expect(await renewals(sequence)).toBe(1);
  }
});

test("a platform without grace: the connection says that it is over, the author is told, and the platform is left in peace", {
  timeout: limit,
}, async () => {
  await desk.sandbox.settings({ platform: "twitter", rotation: "always" });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const text = `Renewed for nobody, round ${round}`;
    const { sequence } = await desk.sandbox.forgetLog();
    const postId = await killedRenewing(text, "beforeRenewalIsSaved");
    await untilSettled(desk);
    await tick(desk);
    expect(await deliveryOf(desk, postId, "twitter")).toMatchObject({
      state: "failed",
      error: { kind: "reconnect", remedy: "reconnect" },
    });
    expect(await effectsOf(desk.sandbox, "twitter", text)).toEqual([]);
    const shown = await desk.ada.fetch(`/api/connections/${desk.accounts.twitter}`);
    expect(await successOf(shown)).toMatchObject({ status: "reconnect" });
    const told = await desk.sql.query("select 1 from notifications where href = $1", [`/posts/${postId}`]);
    expect(told.rows).toHaveLength(1);
    expect(await renewals(sequence)).toBe(2);

    // The person connects it again, and all is well.
    const again = await connectAccount(desk.ada, desk.sandbox, "twitter", "adabell");
    expect(again).toBe(desk.accounts.twitter);
    await successOf(
      await desk.ada.send("POST", `/api/post/${postId}/retry`, {
        deliveryIds: [(await deliveryOf(desk, postId, "twitter")).id],
      }),
    );
    expect(await effectsOf(desk.sandbox, "twitter", text)).toHaveLength(1);
  }
});
