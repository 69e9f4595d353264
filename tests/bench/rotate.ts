import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "pg";
import { encryptToken, parseKeyRing } from "../../lib/vault/cipher";
import { applyMigrations } from "../../scripts/migrations";
import { startPostgres } from "../../scripts/postgres";
import { compare, report } from "./harness";

/** What does the cipher cost a rotation? The same loop over the same rows, once with it and once putting back other text of the same length. */
const ROWS = 20_000;
const WITH = "rotate";
const WITHOUT = "the same loop without the cipher";

const [one, other] = [randomBytes(32).toString("hex"), randomBytes(32).toString("hex")];
const home = mkdtempSync(join(tmpdir(), "carillon-bench-"));
const server = await startPostgres({ home, durability: "throwaway" });
await applyMigrations(server.url);
Object.assign(process.env, {
  DATABASE_URL: server.url,
  BETTER_AUTH_URL: "http://127.0.0.1:3000",
  BETTER_AUTH_SECRET: randomBytes(36).toString("base64"),
  CRON_SECRET: randomBytes(36).toString("base64"),
  TOKEN_ENCRYPTION_KEY: one,
  TOKEN_ENCRYPTION_KEYS_OLD: other,
});
// Only now: what they import reads the environment.
const { moveRows, rotate } = await import("../../lib/connections/rotate/rotate");
const { database } = await import("../../lib/db");

const sql = new Pool({ connectionString: server.url, max: 2 });
const oldRing = parseKeyRing(other, undefined);
const current = parseKeyRing(one, undefined).current.id;
const ids = Array.from(
  { length: ROWS },
  (_, nth) => `01900000-0001-7000-8000-${nth.toString(16).padStart(12, "0")}`,
);
const text = JSON.stringify({
  accessToken: randomBytes(150).toString("base64url"),
  refreshToken: randomBytes(100).toString("base64url"),
});
const sealed = ids.map((rowId) =>
  encryptToken(
    oldRing,
    { table: "grants", rowId, userId: "ada", platform: "twitter", field: "credentials", revision: 1 },
    text,
  ),
);
await sql.query("insert into users (id, name, email) values ('ada', 'Ada', 'ada@people.test')");

/** Everything back under the old key, in a table without dead rows. */
async function begin(): Promise<void> {
  await sql.query("truncate grants cascade");
  await sql.query(
    `insert into grants (id, user_id, platform, subject, credentials, key_id)
     select id, 'ada', 'twitter', id::text, sealed, $3 from unnest($1::uuid[], $2::text[]) as row (id, sealed)`,
    [ids, sealed, oldRing.current.id],
  );
  await sql.query("vacuum analyze grants");
}

async function perSecond(work: () => Promise<number>): Promise<number> {
  await begin();
  const began = performance.now();
  const rows = await work();
  if (rows !== ROWS) throw new Error(`${rows} rows were moved, not ${ROWS}.`);
  return (ROWS * 1_000) / (performance.now() - began);
}

async function withoutCipher(): Promise<number> {
  let moved = 0;
  await moveRows(
    "grants",
    ({ sealed: before }) => `v1.${current}.${before.slice(20)}`,
    ({ put }) => {
      moved += put;
      return true;
    },
  );
  return moved;
}

const comparison = await compare({
  title: `Move ${ROWS.toLocaleString("en")} grants to a new key`,
  unit: "rows per second",
  rounds: 5,
  against: [WITHOUT],
  contestants: [
    { name: WITHOUT, measure: () => perSecond(withoutCipher) },
    { name: WITH, measure: () => perSecond(async () => (await rotate()).resealed) },
  ],
});
report(
  "npm run bench:rotate",
  [comparison],
  [
    "Higher is better. Aims: 0.7× or more, and 20,000 rows within 60 s. One process, the embedded PostgreSQL beside it, 550 bytes in each.",
  ],
);

await database().close();
await sql.end();
await server.leave();
rmSync(home, { recursive: true, force: true });
