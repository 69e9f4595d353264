import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
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
  return { url: url.href, drop: () => administer(template, `drop database if exists ${name} with (force)`) };
}

/** Runs one statement on the server, outside every test database. */
async function administer(template: URL, statement: string): Promise<void> {
  const url = new URL(template);
  url.pathname = "/postgres";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
