import { join } from "node:path";
import { openDatabase } from "./database";
import { givenEnvironment, localEnvironment } from "./environment";
import { dataDirectory } from "./paths";
import { main, Problem } from "./problem";
import { refuseUnfitEnvironment } from "./settings";

/**
 * `npm run vault:check`: under which keys the stored secrets lie. Exits with 0 when all lie under the current one, with 2
 * when some still need an old one, with 1 when some cannot be opened at all.
 * `npm run vault:rotate`: moves them to the current key beside the running app. Stop it at any time and begin again.
 * With `-- --end-unsealed` it also destroys what was never sealed; those accounts must be connected again.
 */
await main(async () => {
  const [what, ...flags] = process.argv.slice(2);
  if (what !== "check" && what !== "rotate")
    throw new Problem("Say what to do: npm run vault:check, or npm run vault:rotate.");
  const given = givenEnvironment();
  const database = await openDatabase(given["DATABASE_URL"]);
  try {
    const environment = database.embedded
      ? localEnvironment({ origin: "http://127.0.0.1:3000", databaseUrl: database.url })
      : { NODE_ENV: "production", ...given };
    await refuseUnfitEnvironment(environment);
    Object.assign(process.env, { MEDIA_DIR: join(dataDirectory(), "media") }, environment);
    return what === "check" ? await check() : await rotateAll(flags.includes("--end-unsealed"));
  } finally {
    await database.leave();
  }
});

async function check(): Promise<number> {
  // Only now: what it imports reads the environment.
  const { keyUse } = await import("@/lib/connections/rotate/rotate");
  const { current, byKey, unsealed, unknownKey, tampered } = await keyUse();
  for (const [id, rows] of Object.entries(byKey))
    console.log(`key ${id}  ${id === current ? "current" : "old    "}  ${count(rows)}`);
  const broken = [
    ...unsealed.map((row) => ({ ...row, why: "is not sealed" })),
    ...unknownKey.map((row) => ({ ...row, why: `lies under key ${row.keyId}, which is not configured` })),
    ...tampered.map((row) => ({ ...row, why: "was altered, or belongs to another place" })),
  ];
  for (const { table, id, why } of broken) console.log(`PROBLEM  ${table} ${id} ${why}`);
  if (broken.length > 0) {
    console.log(
      `\n${count(broken.length)} cannot be opened. Nothing uses them; their accounts must be connected again.`,
    );
    return 1;
  }
  const old = Object.entries(byKey).reduce((sum, [id, rows]) => (id === current ? sum : sum + rows), 0);
  if (old > 0) {
    console.log(`\n${count(old)} still under an old key. Keep that key until: npm run vault:rotate`);
    return 2;
  }
  console.log("\nAll secrets lie under the current key. Old keys can be removed.");
  return 0;
}

async function rotateAll(ending: boolean): Promise<number> {
  const { endUnsealed, rotate } = await import("@/lib/connections/rotate/rotate");
  if (ending) console.log(`${count(await endUnsealed())} not sealed: destroyed.`);
  let moved = 0;
  for (;;) {
    const before = moved;
    const { missed, unreadable } = await rotate({
      progress: ({ resealed }) => {
        moved = before + resealed;
        console.log(`${count(moved)} under the current key`);
      },
    });
    if (missed > 0 && moved > before) continue;
    if (missed > 0) console.log(`${count(missed)} in use just now. Run it once more.`);
    if (unreadable > 0) console.log(`${count(unreadable)} cannot be opened: npm run vault:check`);
    if (missed === 0 && unreadable === 0) console.log("All secrets lie under the current key.");
    return missed === 0 && unreadable === 0 ? 0 : 1;
  }
}

function count(rows: number): string {
  return `${rows.toLocaleString("en")} ${rows === 1 ? "secret" : "secrets"}`;
}
