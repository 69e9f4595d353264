import { describe, expect, test } from "vitest";
import type { Disconnected } from "@/lib/connections/schema";
import { waitUntil } from "@/scripts/wait";
import { connect, connectionsOf, consent, houseForFile, jsonOf } from "../support/house";
import type { PersonAtApp } from "../support/people";

/** Leaving an account: what is taken back at the platform, what is not, and what the person is told of it. */
const house = houseForFile();

const bells = "61555000111222331";
const guild = "61555000111222333";

const leave = async (person: PersonAtApp, id: string | undefined): Promise<Disconnected> =>
  jsonOf<Disconnected>(await person.send("DELETE", `/api/connections/${id}`));

const revocations = async (platform: string) =>
  (await house().sandbox.requests({ platform, operation: "revoke" })).length;

const rows = async (table: string) => (await house().sql.query(`select * from ${table} order by 1`)).rows;

describe("one consent at Facebook serves Pages and Instagram", () => {
  const both = async (instagramOwner: PersonAtApp) => {
    const { ada } = house();
    const [page] = await connect(house(), ada, "facebook", { assets: [bells] });
    const [instagram] = await connect(house(), instagramOwner, "instagram", {
      way: "facebook",
      assets: [bells],
    });
    return { page, instagram };
  };

  test("leaving one keeps the other alive and says so; leaving both withdraws it, once", async () => {
    const { ada } = house();
    const { page, instagram } = await both(ada);
    const first = await leave(ada, page);
    expect(first).toEqual({
      revoked: false,
      remains: [
        expect.stringContaining("other accounts of yours here use the same one"),
        expect.stringContaining("Apps and Websites"),
      ],
    });
    expect(await revocations("facebook")).toBe(0);
    expect(await jsonOf(await ada.send("POST", `/api/connections/${instagram}/check`))).toMatchObject({
      status: "active",
    });
    expect(await leave(ada, instagram)).toEqual({ revoked: true, remains: [] });
    expect(await revocations("facebook")).toBe(1);
    expect(await rows("grants")).toEqual([]);
  });

  test("it is not withdrawn under somebody else's feet", async () => {
    const { ada, otto } = house();
    const { page, instagram } = await both(otto);
    expect((await leave(ada, page)).remains.join(" ")).toContain("someone else in this Carillon");
    expect(await revocations("facebook")).toBe(0);
    expect(await jsonOf(await otto.send("POST", `/api/connections/${instagram}/check`))).toMatchObject({
      status: "active",
    });
    expect(await connectionsOf(ada)).toEqual([]);
  });

  test("both left at the same moment: withdrawn once", async () => {
    const { ada } = house();
    const { page, instagram } = await both(ada);
    const told = await Promise.all([leave(ada, page), leave(ada, instagram)]);
    expect(told.map(({ revoked }) => revoked).sort()).toEqual([false, true]);
    expect(await revocations("facebook")).toBe(1);
    expect(await rows("grants")).toEqual([]);
  });
});

test("two Pages of one consent left at the same moment: it is withdrawn once, and nothing stays", async () => {
  const { ada } = house();
  const [first, second] = await connect(house(), ada, "facebook", { assets: [bells, guild] });
  const told = await Promise.all([leave(ada, first), leave(ada, second)]);
  expect(told.map(({ revoked }) => revoked).sort()).toEqual([false, true]);
  expect(told.flatMap(({ remains }) => remains)).toEqual([
    expect.stringContaining("another account of yours came with it"),
  ]);
  expect(await revocations("facebook")).toBe(1);
  expect([await rows("grants"), await rows("connections")]).toEqual([[], []]);
});

test("pressed twice, an account is left once", async () => {
  const { ada } = house();
  const [id] = await connect(house(), ada, "reddit");
  const answers = await Promise.all([1, 2].map(() => ada.send("DELETE", `/api/connections/${id}`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  // An access token and a refresh token, each handed back once.
  expect(await revocations("reddit")).toBe(2);
});

test("a platform that does not answer keeps nobody, and the person is told what to do there", async () => {
  const { ada, sandbox } = house();
  const [id] = await connect(house(), ada, "tiktok");
  await sandbox.fault({ platform: "tiktok", operation: "revoke", kind: "reset", times: 5 });
  expect(await leave(ada, id)).toEqual({
    revoked: false,
    remains: [
      expect.stringContaining("has not confirmed"),
      expect.stringContaining("Manage app permissions"),
    ],
  });
  expect([await rows("grants"), await rows("connections")]).toEqual([[], []]);
});

test.each([
  ["threads", "Website permissions"],
  ["instagram", "Apps and websites"],
])(
  "%s takes nothing back from outside: what to do by hand is said before and after",
  async (platform, menu) => {
    const { ada } = house();
    const [id] = await connect(house(), ada, platform);
    const [connection] = await connectionsOf(ada);
    expect(connection?.leaving).toEqual({ revokes: false, byHand: expect.stringContaining(menu) });
    const { revoked, remains } = await leave(ada, id);
    expect({ revoked, remains: remains.join(" ") }).toEqual({
      revoked: false,
      remains: expect.stringContaining(menu),
    });
  },
);

test("nothing sealed is left in the table's file once the database has tidied up", async () => {
  const { ada, sql } = house();
  const [id] = await connect(house(), ada, "twitter");
  const [grant] = await rows("grants");
  await leave(ada, id);
  const seal = Buffer.from(String(grant?.credentials).slice(0, 60));
  // A row that some transaction may still see outlives one tidying.
  await waitUntil(
    async () => {
      await sql.query("vacuum full grants");
      await sql.query("checkpoint");
      const { rows: found } = await sql.query<{ file: Buffer }>(
        "select pg_read_binary_file(pg_relation_filepath('grants')) as file",
      );
      return found[0]?.file.includes(seal) ? null : true;
    },
    { withinMs: 30_000, otherwise: "The sealed credentials are still in the table's file." },
  );
});

describe("several accounts", () => {
  test("one consent reaches several accounts; connecting one of them again mends all of them", async () => {
    const { ada, sandbox, sql } = house();
    const ids = await connect(house(), ada, "facebook", { assets: [bells, guild] });
    const [before] = await rows("grants");
    await sandbox.expire({ platform: "facebook", kind: "grant" });
    for (const id of ids) await ada.send("POST", `/api/connections/${id}/check`);
    expect((await connectionsOf(ada)).map(({ status }) => status)).toEqual(["reconnect", "reconnect"]);
    const again = await connect(house(), ada, "facebook", {
      ...(ids[0] && { connection: ids[0] }),
      assets: [bells, guild],
    });
    expect(again.toSorted()).toEqual(ids.toSorted());
    expect((await connectionsOf(ada)).map(({ status, lastError }) => [status, lastError])).toEqual([
      ["active", null],
      ["active", null],
    ]);
    const [after, ...more] = await rows("grants");
    expect(more).toEqual([]);
    expect(after).toMatchObject({ id: before.id, version: before.version + 1 });
    for (const id of ids)
      expect(await jsonOf(await ada.send("POST", `/api/connections/${id}/check`))).toMatchObject({
        status: "active",
      });
    expect((await sql.query("select distinct grant_id from connections")).rows).toHaveLength(1);
  });

  test("several accounts of one platform live side by side, each with a consent of its own", async () => {
    const { ada } = house();
    for (const person of ["adabell", "chimecafe", "campanile"])
      await connect(house(), ada, "threads", { person });
    expect((await connectionsOf(ada)).map(({ handle }) => handle).sort()).toEqual([
      "adabell",
      "campanile",
      "chimecafe",
    ]);
    expect(await rows("grants")).toHaveLength(3);
  });

  test("an account that comes in by another way leaves no empty consent behind, and hands it back", async () => {
    const { ada } = house();
    const [before] = await connect(house(), ada, "instagram", { way: "facebook", assets: [bells] });
    const [after] = await connect(house(), ada, "instagram", { way: "instagram" });
    expect(after).toBe(before);
    expect((await rows("grants")).map(({ way }) => way)).toEqual(["instagram"]);
    expect(await revocations("facebook")).toBe(1);
  });

  test("a stranger's account on the same Page list stays the stranger's", async () => {
    const { ada, otto } = house();
    await connect(house(), ada, "facebook", { assets: [bells] });
    const back = await consent(house(), otto, "facebook", { assets: [bells, guild] });
    const arrived = await otto.fetch(`${back.pathname}${back.search}`);
    expect(arrived.headers.get("location")).toContain("owned_by_other");
    expect(await connectionsOf(otto)).toEqual([]);
  });
});

describe("an account that listens", () => {
  test.each([
    ["with Instagram", "instagram"],
    ["through Facebook", "facebook"],
  ])("%s: its events are stopped at the platform before its keys are gone", async (_name, way) => {
    const { ada, sandbox } = house();
    const [id] = await connect(house(), ada, "instagram", { way, assets: [bells] });
    const { subscribeAccount } = await import("@/lib/inbox/accounts");
    await subscribeAccount(id ?? "");
    expect(await sandbox.subscriptions()).toHaveLength(1);
    await leave(ada, id);
    expect(await sandbox.subscriptions()).toEqual([]);
    expect(await rows("inbox_accounts")).toEqual([]);
  });
});
