import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { z } from "zod";
import type { RunningSandbox } from "./sandbox";
import type { Exchange } from "./wire";

/**
 * What a browser test leaves for the leak sweep at the end of the run: every secret that was in play, and every text that
 * a secret might have got into.
 */
const Harvest = z.object({
  secrets: z.array(z.object({ kind: z.string(), value: z.string() })),
  texts: z.array(z.object({ where: z.string(), text: z.string() })),
});
export type Harvest = z.infer<typeof Harvest>;
export type Text = Harvest["texts"][number];

/** The folder of this run, made by e2e-setup. */
export function harvestFolder(): string {
  const folder = process.env["E2E_HARVEST"];
  if (!folder) throw new Error("The harvest's folder is made by tests/support/e2e-setup.ts.");
  return folder;
}

export function keepHarvest(name: string, harvest: Harvest): void {
  const folder = harvestFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(harvest));
}

export const readHarvests = (): Harvest[] =>
  readdirSync(harvestFolder()).map((file) =>
    Harvest.parse(JSON.parse(readFileSync(join(harvestFolder(), file), "utf8"))),
  );

export const secretsIn = async (sandbox: RunningSandbox): Promise<Harvest["secrets"]> =>
  (await sandbox.issued()).map(({ kind, value }) => ({ kind, value }));

/** An exchange as texts. The code in the address of the way back is the protocol's own doing, and excused there alone. */
export function textsOf({ method, path, asked, sent, status, headers, body }: Exchange): Text[] {
  const [where = path] = path.split("?");
  // The sweep reads the build itself.
  if (where.startsWith("/_next/static/")) return [];
  const address = /^\/api\/oauth\/\w+\/callback$/.test(where) ? excuseCode(path) : path;
  return [
    { where: `the address of ${method} ${where}`, text: address },
    { where: `the question ${method} ${where}`, text: `${JSON.stringify(asked)}\n${sent}` },
    { where: `the answer to ${method} ${where} (${status})`, text: `${headers.join("\n")}\n${body}` },
  ];
}

function excuseCode(path: string): string {
  const url = new URL(path, "http://app.test");
  url.searchParams.delete("code");
  return url.pathname + url.search;
}

/** Every row of every table that is not PostgreSQL's own, as text. */
export async function tablesOf(databaseUrl: string): Promise<Text[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ schema: string; name: string }>(
      `select schemaname as schema, tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const texts: Text[] = [];
    for (const { schema, name } of rows) {
      const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      const found = await client.query<{ row: string }>(`select t::text as row from ${table} t`);
      if (found.rows.length > 0)
        texts.push({
          where: `the table ${schema}.${name}`,
          text: found.rows.map(({ row }) => row).join("\n"),
        });
    }
    return texts;
  } finally {
    await client.end();
  }
}
