import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type QueryResult } from "pg";
import { PgBoss } from "pg-boss";
import { applyMigrations } from "@/scripts/migrations";
import { startPostgres } from "@/scripts/postgres";

/** One PostgreSQL for a run of tests, with a migrated template; every database of the run is a copy of it. */
export type TestDatabase = { url: string; drop(): Promise<void> };

/** Starts it in a folder of its own, which `end` removes. Fast, because it promises to survive nothing. */
export async function startTemplate(): Promise<{ templateUrl: string; end(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), "carillon-test-"));
  const server = await startPostgres({ home, durability: "throwaway" });
  await applyMigrations(server.url);
  // The queue's tables are part of the template too: making them anew costs each copy half a second.
  const boss = new PgBoss(server.url);
  await boss.start();
  await boss.stop({ graceful: false });
  const end = async () => {
    await server.leave();
    rmSync(home, { recursive: true, force: true });
  };
  return { templateUrl: server.url, end };
}

/** A copy of the template. */
export async function copyTemplate(templateUrl: string): Promise<TestDatabase> {
  const template = new URL(templateUrl);
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(template, `create database ${name} template ${template.pathname.slice(1)}`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabase(template, name) };
}

/**
 * A pool that has been ended may still be hanging up: cut off meanwhile, its connections would fail with nobody to hear it.
 * Who stays longer than that is cut off.
 */
async function dropDatabase(template: URL, name: string): Promise<void> {
  const isLeft = async () => {
    const { rows } = await administer(template, `select from pg_stat_activity where datname = '${name}'`);
    return rows.length === 0;
  };
  const deadline = Date.now() + 5_000;
  while (!(await isLeft()) && Date.now() < deadline) await wait(20);
  await administer(template, `drop database if exists ${name} with (force)`);
}

/** Runs one statement on the server, outside every test database. */
async function administer(template: URL, statement: string): Promise<QueryResult> {
  const url = new URL(template);
  url.pathname = "/postgres";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}
