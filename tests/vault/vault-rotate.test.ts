import { setTimeout as breath } from "node:timers/promises";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decryptToken, encryptToken, type KeyRing, parseKeyRing } from "@/lib/vault/cipher";
import { waitUntil } from "@/scripts/wait";
import type { TestDatabase } from "../support/databases";
import { createDatabase } from "../support/postgres";
import { type Program, runProgram } from "../support/program";
import { testSecrets } from "../support/secrets";
import { openTap } from "../support/tap";

/**
 * Moving secrets to a new key while people read and renew them, and the job is killed. VAULT_ROWS=20000 VAULT_KILLS=20
 * make the long form.
 */
const ROWS = Number(process.env["VAULT_ROWS"] ?? 800);
const KILLS = Number(process.env["VAULT_KILLS"] ?? 1);
const limit = 120_000 + KILLS * 15_000 + ROWS * 10;

const K1 = testSecrets.TOKEN_ENCRYPTION_KEY;
const K2 = "2f0d8a61c4e7935bb81e60f29d47a3c5107be84f6a92d3150c7e4b88f1936ad2";
const K3 = "c07a4d1e93b85f26e48d03716fa9bc5214d7e08362fb951c7ad04e6b8f3129c7";
const oldRing = parseKeyRing(K1, undefined);
const newRing = parseKeyRing(K2, undefined);
const keyOf = (ring: KeyRing) => ring.current.id;

let database: TestDatabase;
let sql: Pool;
let rotation: typeof import("@/lib/connections/rotate/rotate");
let data: typeof import("@/lib/connections/data");
let refreshData: typeof import("@/lib/connections/refresh/data");
let seal: typeof import("@/lib/connections/seal");

beforeAll(async () => {
  database = await createDatabase();
  sql = new Pool({ connectionString: database.url, max: 4 });
  Object.assign(process.env, {
    DATABASE_URL: database.url,
    TOKEN_ENCRYPTION_KEY: K2,
    TOKEN_ENCRYPTION_KEYS_OLD: K1,
  });
  rotation = await import("@/lib/connections/rotate/rotate");
  data = await import("@/lib/connections/data");
  refreshData = await import("@/lib/connections/refresh/data");
  seal = await import("@/lib/connections/seal");
  await sql.query("insert into users (id, name, email) values ('ada', 'Ada Bell', 'ada@people.test')");
});
beforeEach(() => sql.query("truncate grants, oauth_states, audit cascade"));
afterAll(async () => {
  await (await import("@/lib/jobs/queue")).stopQueue();
  await (await import("@/lib/db")).database().close();
  await sql.end();
  await database.drop();
});

const placeOf = (table: string, rowId: string, revision = 1) => ({
  table,
  rowId,
  userId: "ada",
  platform: "twitter",
  field: table === "oauth_states" ? "verifier" : "credentials",
  revision,
});

const idOf = (kind: string, nth: number) =>
  `01900000-000${kind}-7000-8000-${nth.toString(16).padStart(12, "0")}`;
const tokenOf = (id: string) => `CNRY_access_${id}`;
const sealed = (ring: KeyRing, table: string, id: string) =>
  encryptToken(
    ring,
    placeOf(table, id),
    table === "oauth_states" ? tokenOf(id) : JSON.stringify({ accessToken: tokenOf(id) }),
  );

/** Grants, half of them with an account that has a token of its own, and a few trips under way: all under one key. */
async function seed(
  rows: number,
  ring: KeyRing,
): Promise<{ grants: string[]; connections: string[]; states: string[] }> {
  const grants = Array.from({ length: rows }, (_, nth) => idOf("1", nth));
  const connections = Array.from({ length: rows / 2 }, (_, nth) => idOf("2", nth));
  const states = Array.from({ length: 20 }, (_, nth) => idOf("3", nth));
  await sql.query(
    `insert into grants (id, user_id, platform, subject, credentials, key_id)
     select id, 'ada', 'twitter', id::text, sealed, $3 from unnest($1::uuid[], $2::text[]) as row (id, sealed)`,
    [grants, grants.map((id) => sealed(ring, "grants", id)), keyOf(ring)],
  );
  await sql.query(
    `insert into connections (id, user_id, grant_id, platform, remote_id, name, credentials, key_id)
     select id, 'ada', grant_id, 'twitter', id::text, 'An account', sealed, $4
     from unnest($1::uuid[], $2::uuid[], $3::text[]) as row (id, grant_id, sealed)`,
    [
      connections,
      grants.slice(0, connections.length),
      connections.map((id) => sealed(ring, "connections", id)),
      keyOf(ring),
    ],
  );
  await sql.query(
    `insert into oauth_states (id, hash, browser_hash, session_id, user_id, platform, verifier, expires_at)
     select id, id::text, 'x', 'x', 'ada', 'twitter', sealed, now() + interval '10 minutes' from unnest($1::uuid[], $2::text[]) as row (id, sealed)`,
    [states, states.map((id) => sealed(ring, "oauth_states", id))],
  );
  return { grants, connections, states };
}

const command = (
  what: "check" | "rotate",
  env: Record<string, string> = {},
  ...flags: string[]
): Promise<Program> =>
  runProgram("scripts/vault.ts", [what, ...flags], {
    ...testSecrets,
    DATABASE_URL: database.url,
    BETTER_AUTH_URL: "http://127.0.0.1:3000",
    TOKEN_ENCRYPTION_KEY: K2,
    TOKEN_ENCRYPTION_KEYS_OLD: K1,
    ...env,
  });

/** Starts the job behind a tap and kills it outright at its nth batch: before the database has seen it, or after it has done it. */
async function killAtBatch(nth: number, moment: "before" | "after"): Promise<void> {
  const tap = await openTap(database.url);
  let batches = 0;
  tap.stopAt({
    moment,
    about: (statement) => {
      if (!/with given as/.test(statement.sql)) return null;
      batches += 1;
      return batches === nth ? "batch" : null;
    },
  });
  const job = await command("rotate", { DATABASE_URL: tap.url });
  await waitUntil(
    () => {
      if (job.exit()) throw new Error(`The job ended by itself:\n${job.output()}`);
      return tap.reached().includes("batch") ? true : null;
    },
    { withinMs: 60_000, everyMs: 10, otherwise: "The job did not come to its batch." },
  );
  job.kill("SIGKILL");
  await job.ends();
  await tap.close();
}

test(`${ROWS} rows move to the new key under readers and renewals, the job killed ${KILLS}×: nothing is lost`, {
  timeout: limit,
}, async () => {
  const { grants, connections } = await seed(ROWS, oldRing);
  const latest = new Map(grants.map((id) => [id, tokenOf(id)]));
  const errors: unknown[] = [];
  let reads = 0;
  let renewals = 0;
  let working = true;
  const pick = (ids: string[]) => ids[Math.floor(Math.random() * ids.length)] ?? "";
  const until = async (work: () => Promise<void>) => {
    while (working) {
      await work().catch((error: unknown) => errors.push(error));
      // A crowd, not a stampede: the job is to be met by them, not starved.
      await breath(3);
    }
  };
  const read = async () => {
    const held = await data.findHeld(pick(connections));
    const grant = await data.findGrant(pick(grants));
    if (!held || !grant) throw new Error("A row is gone.");
    const own = await seal.openCredentials(held.grant, held.connection);
    if (own.accessToken !== tokenOf(held.connection.id)) throw new Error("The wrong token.");
    const { accessToken } = await seal.openCredentials(grant);
    if (!accessToken.startsWith(tokenOf(grant.id))) throw new Error("The wrong token.");
    reads += 1;
  };
  /** As a renewal saves; every second one in a process that still seals under the old key. */
  const renew = async () => {
    const seen = await data.findGrant(pick(grants));
    if (!seen) return;
    const hold = { id: seen.id, version: seen.version, owner: crypto.randomUUID() };
    const leased = await refreshData.leaseGrant(hold, 5_000);
    if (!leased) return;
    renewals += 1;
    const version = leased.version + 1;
    const text = `${tokenOf(leased.id)}_${renewals}`;
    const row = { table: "grants", id: leased.id, userId: "ada", platform: "twitter", version } as const;
    const change =
      renewals % 2 === 0
        ? seal.sealCredentials(row, { accessToken: text })
        : {
            credentials: encryptToken(
              oldRing,
              placeOf("grants", leased.id, version),
              JSON.stringify({ accessToken: text }),
            ),
            keyId: keyOf(oldRing),
          };
    if (!(await refreshData.saveRenewal(hold, { ...change, version })))
      throw new Error("A renewal was not saved.");
    latest.set(leased.id, text);
  };
  const crowd = [until(read), until(read), until(read), until(read), until(renew), until(renew)];

  for (let kill = 0; kill < KILLS; kill++)
    await killAtBatch(1 + (kill % 3), kill % 2 === 0 ? "after" : "before");
  // Begun again, it finds what is left.
  await rotation.rotate();
  working = false;
  await Promise.all(crowd);
  expect(errors).toEqual([]);
  expect(reads).toBeGreaterThan(50);
  expect(renewals).toBeGreaterThan(10);

  // Whoever sealed under the old key meanwhile is found by one more round.
  await rotation.rotate();
  const { rows } = await sql.query<{ id: string; version: number; credentials: string; key_id: string }>(
    "select id, version, credentials, key_id from grants",
  );
  expect(rows).toHaveLength(ROWS);
  // The old key is gone: everything reads, and holds the newest token.
  for (const { id, version, credentials, key_id } of rows) {
    expect(key_id).toBe(keyOf(newRing));
    const opened = JSON.parse(decryptToken(newRing, placeOf("grants", id, version), credentials));
    expect(opened.accessToken).toBe(latest.get(id));
  }
  const own = await sql.query("select id, credentials, key_id, version from connections");
  for (const { id, credentials, key_id, version } of own.rows) {
    expect([key_id, version]).toEqual([keyOf(newRing), 1]);
    expect(JSON.parse(decryptToken(newRing, placeOf("connections", id), credentials)).accessToken).toBe(
      tokenOf(id),
    );
  }
  const trips = await sql.query("select id, verifier from oauth_states");
  for (const { id, verifier } of trips.rows)
    expect(decryptToken(newRing, placeOf("oauth_states", id), verifier)).toBe(tokenOf(id));
});

test("a server moves them by itself, and asks for nothing once it is done", async () => {
  await seed(60, oldRing);
  const { drain } = await import("@/lib/jobs/run");
  expect(await rotation.needsRotation()).toBe(true);
  await drain(20_000);
  expect(await rotation.needsRotation()).toBe(false);
  const { byKey } = await rotation.keyUse();
  expect(byKey).toEqual({ [keyOf(newRing)]: 110, [keyOf(oldRing)]: 0 });
});

describe("what is not right", () => {
  // As other programs keep them: two kinds of token, and one that looks like hex of even length.
  const plain = ["EAAGm0PX4ZCpsBAKZCZBkZD", "ya29.a0AfH6SMBx7v", "0fc3a1b2c3d4e5f60718293a4b5c6d7e"];

  test("plain tokens are used by nobody, moved by nothing, named by the check, and destroyed by the one command for it", {
    timeout: 300_000,
  }, async () => {
    const { grants, connections } = await seed(20, newRing);
    for (const [nth, token] of plain.entries())
      await sql.query("update grants set credentials = $2, key_id = 'none' where id = $1", [
        grants[15 + nth],
        token,
      ]);
    await sql.query("update connections set credentials = $2 where id = $1", [connections[3], plain[0]]);
    await sql.query("update oauth_states set verifier = 'plain' where id = $1", [idOf("3", 1)]);

    for (const nth of [15, 16, 17]) {
      const grant = await data.findGrant(grants[nth] ?? "");
      if (!grant) throw new Error("The grant is gone.");
      await expect(seal.openCredentials(grant)).rejects.toMatchObject({
        kind: "reconnect",
        code: "vault_malformed",
      });
    }
    expect(await rotation.rotate()).toMatchObject({ resealed: 0, unreadable: 5 });

    const check = await command("check");
    expect((await check.ends(120_000)).code).toBe(1);
    for (const token of plain) expect(check.output()).not.toContain(token);
    expect(check.output()).toContain(`PROBLEM  grants ${grants[15]} is not sealed`);

    const ending = await command("rotate", {}, "--end-unsealed");
    expect((await ending.ends(120_000)).code, ending.output()).toBe(0);
    expect(ending.output()).toContain("5 secrets not sealed: destroyed.");
    const use = await rotation.keyUse();
    expect(use).toMatchObject({ unsealed: [], unknownKey: [], tampered: [] });
    const everything = await sql.query(
      "select g::text as row from grants g union all select c::text from connections c union all select s::text from oauth_states s",
    );
    for (const { row } of everything.rows) for (const token of plain) expect(row).not.toContain(token);
    const { rows } = await sql.query("select status, count(*)::int from connections group by 1 order by 1");
    expect(rows).toEqual([
      { status: "active", count: 9 },
      { status: "reconnect", count: 1 },
    ]);
    const trail = await sql.query("select 1 from audit where action = 'grant.end_unsealed'");
    expect(trail.rows).toHaveLength(4);
  });

  test("an unknown key, an altered text and a text in the wrong place are told apart, and left as they are", async () => {
    const { grants } = await seed(10, oldRing);
    const stranger = parseKeyRing(K3, undefined);
    const put = (nth: number, text: string) =>
      sql.query("update grants set credentials = $2 where id = $1", [grants[nth], text]);
    await put(0, sealed(stranger, "grants", grants[0] ?? ""));
    await put(1, sealed(oldRing, "grants", grants[2] ?? ""));
    const before = (await sql.query("select id, credentials from grants order by id limit 2")).rows;
    expect(await rotation.rotate()).toMatchObject({ resealed: 8 + 5 + 20, unreadable: 2 });
    expect((await sql.query("select id, credentials from grants order by id limit 2")).rows).toEqual(before);
    const { unsealed, unknownKey, tampered } = await rotation.keyUse();
    expect({ unsealed, unknownKey, tampered }).toEqual({
      unsealed: [],
      unknownKey: [{ table: "grants", id: grants[0], keyId: keyOf(stranger) }],
      tampered: [{ table: "grants", id: grants[1], keyId: keyOf(oldRing) }],
    });
  });

  test("what changed between reading and putting back stays as it was changed", async () => {
    const { grants } = await seed(2, oldRing);
    const { putResealed, sealedRows } = await import("@/lib/connections/rotate/rotate-data");
    const rows = await sealedRows("grants", { after: null, notUnder: keyOf(newRing), limit: 10 });
    await sql.query("update grants set version = 2 where id = $1", [grants[0]]);
    const client = await sql.connect();
    await client.query("begin");
    await client.query("select 1 from grants where id = $1 for update", [grants[1]]);
    // One has moved on, the other is in somebody's hand: neither is overwritten, and nobody waits.
    const done = await putResealed(
      "grants",
      keyOf(newRing),
      rows.map((row) => ({ id: row.id, before: row.sealed, after: "overwritten", version: row.version })),
    );
    await client.query("rollback");
    client.release();
    expect(done).toBe(0);
    const { rows: left } = await sql.query("select 1 from grants where credentials = 'overwritten'");
    expect(left).toEqual([]);
  });
});
