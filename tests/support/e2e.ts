import { type BrowserContext, test as base, expect } from "@playwright/test";
import { Client } from "pg";
import { DEMO_EMAIL, DEMO_PASSWORD } from "@/lib/demo";
import { freePort } from "@/scripts/ports";
import { type RunningApp, startApp } from "./app";
import { copyTemplate } from "./databases";
import { keepHarvest, secretsIn, tablesOf, textsOf } from "./harvest";
import { type PersonAtApp, signIn } from "./people";
import { type Consent, type RunningSandbox, startSandbox } from "./sandbox";
import { openWire, type Wire } from "./wire";
import { type Witness, watch } from "./witness";

/**
 * `test` for browser specs. Each worker has an app, a sandbox and a database of its own, and each test finds them as new:
 * nobody but the demo person has an account, nothing is connected, nothing was published. Every test also fails when its
 * browser complains, breaks the security policy or asks a stranger, and leaves what it saw for the leak sweep.
 */
export type Site = { url: string; app: RunningApp; sandbox: RunningSandbox; wire: Wire; databaseUrl: string };

/** The demo person at this test's browser, signed in. */
export type Demo = {
  /** The same person over HTTP. */
  http: PersonAtApp;
  /** Connects an account without the consent page. Returns the connection's id. */
  connect(
    platform: "threads" | "twitter" | "instagram",
    decision?: Omit<Consent, "authorizeUrl">,
  ): Promise<string>;
};

type WorkerFixtures = { site: Site };
type TestFixtures = { sandbox: RunningSandbox; afresh: undefined; witness: Witness; demo: Demo };

export const test = base.extend<TestFixtures, WorkerFixtures>({
  site: [
    // Playwright reads the names of the fixtures it must hand in from this pattern.
    // biome-ignore lint/correctness/noEmptyPattern: it depends on none
    async ({}, use) => {
      const templateUrl = process.env["E2E_TEMPLATE_URL"];
      if (!templateUrl) throw new Error("The database is started by tests/support/e2e-setup.ts.");
      const database = await copyTemplate(templateUrl);
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const sandbox = await startSandbox({ appOrigin: url });
      const app = await startApp({
        databaseUrl: database.url,
        sandboxUrl: sandbox.url,
        env: {
          BETTER_AUTH_URL: url,
          ONLYFANS_RULES_URL: `${sandbox.url}/rules.onlyfans.example/rules.json`,
        },
      });
      const wire = await openWire({ port, to: app.url });
      await use({ url, app, sandbox, wire, databaseUrl: database.url });
      await wire.close();
      await app.stop();
      await sandbox.stop();
      await database.drop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ site }, use) => use(site.url),
  sandbox: async ({ site }, use) => use(site.sandbox),
  afresh: [
    async ({ site }, use, info) => {
      await forgetEverything(site.databaseUrl);
      await site.sandbox.reset();
      site.wire.take();
      const printed = site.app.output().length;
      await use(undefined);
      keepHarvest(info.testId, {
        secrets: await secretsIn(site.sandbox),
        texts: [
          ...site.wire.take().flatMap(textsOf),
          ...(await tablesOf(site.databaseUrl)),
          { where: "what the app printed", text: site.app.output().slice(printed) },
        ],
      });
    },
    { auto: true },
  ],
  witness: [
    async ({ context, site, afresh: _afresh }, use) => {
      const witness = await watch(context, [site.url, site.sandbox.url]);
      await use(witness);
      expect(witness.findings()).toEqual([]);
    },
    { auto: true },
  ],
  demo: async ({ context, site, afresh: _afresh }, use) => {
    const http = await signIn(site.url, { email: DEMO_EMAIL, password: DEMO_PASSWORD });
    await enter(context, site.url, http);
    await use({
      http,
      connect: (platform, decision) => connect(site, http, platform, decision),
    });
  },
});

export { expect } from "@playwright/test";

/** Gives this browser the session of someone who signed in over HTTP. */
export async function enter(context: BrowserContext, url: string, person: PersonAtApp): Promise<void> {
  await context.addCookies(
    [...person.cookies]
      .filter(([name]) => !name.startsWith("__Host-"))
      .map(([name, value]) => ({ name, value, url, httpOnly: true, sameSite: "Lax" as const })),
  );
}

/** A trip to the consent page and back, without a browser. @throws when it is refused */
export async function connect(
  { url, sandbox }: Pick<Site, "url" | "sandbox">,
  person: PersonAtApp,
  platform: string,
  decision: Omit<Consent, "authorizeUrl"> = {},
): Promise<string> {
  const begun = await person.send("POST", `/api/oauth/${platform}/connect`, {});
  // safe: this route's own answer
  const { authUrl } = (await begun.json()) as { authUrl: string };
  const back = await person.fetch((await sandbox.consent({ authorizeUrl: authUrl, ...decision })).href);
  const landed = new URL(back.headers.get("location") ?? "", url);
  const id = landed.searchParams.get("connection");
  if (!id) throw new Error(`Not connected: ${landed.pathname}${landed.search}`);
  return id;
}

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
