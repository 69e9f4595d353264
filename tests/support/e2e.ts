import { test as base } from "@playwright/test";
import { Client } from "pg";
import { DEMO_EMAIL } from "@/lib/demo";
import { copyTemplate } from "./databases";
import type { RunningSandbox } from "./sandbox";
import { type RunningSite, startSite } from "./site";

/**
 * `test` for browser specs. Each worker has an app, a sandbox and a database of its own, and each test finds them as new:
 * nobody but the demo person has an account, nothing is connected, nothing was published.
 */
type WorkerFixtures = { site: RunningSite & { databaseUrl: string } };
type TestFixtures = { sandbox: RunningSandbox; afresh: undefined };

export const test = base.extend<TestFixtures, WorkerFixtures>({
  site: [
    // Playwright reads the names of the fixtures it must hand in from this pattern.
    // biome-ignore lint/correctness/noEmptyPattern: it depends on none
    async ({}, use) => {
      const templateUrl = process.env["E2E_TEMPLATE_URL"];
      if (!templateUrl) throw new Error("The database is started by tests/support/e2e-setup.ts.");
      const database = await copyTemplate(templateUrl);
      const site = await startSite(database.url);
      await use({ ...site, databaseUrl: database.url });
      await site.stop();
      await database.drop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ site }, use) => use(site.app.url),
  sandbox: async ({ site }, use) => use(site.sandbox),
  afresh: [
    async ({ site }, use) => {
      await forgetEverything(site.databaseUrl);
      await site.sandbox.reset();
      await use(undefined);
    },
    { auto: true },
  ],
});

export { expect } from "@playwright/test";

/** Empties the database except for the demo person, whom the app makes only when it starts. */
async function forgetEverything(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public' and tablename not in ('users', 'accounts')",
    );
    await client.query(`truncate ${rows.map(({ name }) => client.escapeIdentifier(name)).join(", ")}`);
    await client.query("delete from users where email <> $1", [DEMO_EMAIL]);
    await client.query("delete from pgboss.job");
  } finally {
    await client.end();
  }
}
