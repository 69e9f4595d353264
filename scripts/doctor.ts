import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import { createConnection } from "node:net";
import { Client } from "pg";
import { isBuilt } from "./app";
import { type Environment, givenEnvironment, localEnvironment } from "./environment";
import { databaseProblem, withoutPassword } from "./migrations";
import { dataDirectory, root } from "./paths";
import { isFree, portFrom } from "./ports";
import { startPostgres } from "./postgres";
import { main } from "./problem";
import { answers } from "./wait";

/** `npm run doctor`: looks at everything Carillon needs, and says of each whether it is well and what to do if not. */
type Finding = { state: "ok" | "note" | "problem"; what: string; says: string };

const ok = (what: string, says: string): Finding => ({ state: "ok", what, says });
const note = (what: string, says: string): Finding => ({ state: "note", what, says });
const problem = (what: string, says: string): Finding => ({ state: "problem", what, says });

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fits = major > 22 || (major === 22 && minor >= 18);
  return fits
    ? ok("Node", process.version)
    : problem("Node", `${process.version} is too old. Run \`npm ci\`: Carillon brings Node 24.`);
}

function disk(): Finding {
  try {
    mkdirSync(dataDirectory(), { recursive: true });
    accessSync(dataDirectory(), constants.W_OK);
  } catch (error) {
    return problem(
      "Disk",
      `${dataDirectory()} cannot be written to (${reason(error)}). Set CARILLON_DATA to a folder that can.`,
    );
  }
  const { bavail, bsize } = statfsSync(root);
  const freeMb = Math.round((bavail * bsize) / 1_000_000);
  return freeMb >= 500
    ? ok("Disk", `${freeMb} MB free, data in ${dataDirectory()}`)
    : problem("Disk", `Only ${freeMb} MB are free. A build and a database want 500.`);
}

const build = (): Finding =>
  isBuilt()
    ? ok("Build", "made from the present sources")
    : note(
        "Build",
        "none of the present sources yet: `npm run build` makes it, `npm run demo` does so by itself",
      );

async function ports(given: Environment): Promise<Finding[]> {
  const wanted = [
    { what: "App port", port: portFrom("PORT", given["PORT"], 3000), health: "/api/health" },
    {
      what: "Sandbox",
      port: portFrom("SANDBOX_PORT", given["SANDBOX_PORT"], 4010),
      health: "/_sandbox/health",
    },
  ];
  return Promise.all(
    wanted.map(async ({ what, port, health }) => {
      if (await isFree(port)) return ok(what, `port ${port} is free`);
      if (await answers(`http://127.0.0.1:${port}${health}`))
        return ok(what, `Carillon answers on port ${port}`);
      return problem(
        what,
        `port ${port} is taken by another program. Choose one with ${what === "Sandbox" ? "SANDBOX_PORT" : "PORT"}=${port + 1}.`,
      );
    }),
  );
}

async function database(given: Environment): Promise<Finding> {
  const url = given["DATABASE_URL"];
  if (url) return reach(url, withoutPassword(url));
  try {
    const server = await startPostgres({ home: dataDirectory() });
    try {
      return await reach(
        server.url,
        server.joined ? "the embedded PostgreSQL, running" : "the embedded PostgreSQL",
      );
    } finally {
      await server.leave();
    }
  } catch (error) {
    return problem("Database", reason(error));
  }
}

async function reach(url: string, name: string): Promise<Finding> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; tables: string | null }>(
      "select current_setting('server_version') as version, to_regclass('public.deliveries')::text as tables",
    );
    const [row] = rows;
    const migrated = row?.tables
      ? ""
      : ", still empty: `npm run db:migrate` (demo, dev and start do so by themselves)";
    return ok("Database", `${name}: PostgreSQL ${row?.version ?? "?"}${migrated}`);
  } catch (error) {
    return problem("Database", reason(databaseProblem(error, url)));
  } finally {
    await client.end();
  }
}

/** The app's own schema decides. Without DATABASE_URL the commands make their own secrets, so those are looked at. */
async function settings(given: Environment): Promise<Finding[]> {
  const local = localEnvironment({
    origin: "http://127.0.0.1:3000",
    sandboxUrl: "http://127.0.0.1:4010",
    databaseUrl: "postgres://127.0.0.1/embedded",
  });
  const { parseEnv } = await import("@/lib/env");
  try {
    const parsed = parseEnv(given["DATABASE_URL"] ? given : local);
    const mode = given["DATABASE_URL"]
      ? "complete, as `npm start` wants it"
      : "made by the commands themselves; `npm start` on a server wants its own (.env.example)";
    const platforms = Object.entries(parsed.apps).map(([platform, { app, missing }]) => {
      if (app === null)
        return note("Platform", `${platform} is not configured: set ${missing.join(" and ")}`);
      return ok("Platform", `${platform}: ${parsed.sandboxUrl ? "simulated by the sandbox" : "configured"}`);
    });
    return [ok("Settings", mode), ...platforms];
  } catch (error) {
    return [problem("Settings", reason(error))];
  }
}

/** Whether somebody answers where mail is to be handed over. */
async function mail(smtpUrl: string | undefined): Promise<Finding> {
  if (!smtpUrl)
    return note("Mail", "SMTP_URL is not set: mails (confirmation, new password) are only logged");
  const url = URL.parse(smtpUrl);
  if (!url || !/^smtps?:$/.test(url.protocol))
    return problem("Mail", "SMTP_URL must look like smtp://user:password@mail.example:587.");
  const port = Number(url.port) || (url.protocol === "smtps:" ? 465 : 587);
  const reached = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: url.hostname, port, timeout: 5_000 });
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
  return reached
    ? ok("Mail", `${url.hostname}:${port} answers`)
    : problem("Mail", `${url.hostname}:${port} does not answer. Correct SMTP_URL, or start the mail server.`);
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// Last, so that everything above is there when it runs.
await main(async () => {
  const given = givenEnvironment();
  const findings = [
    node(),
    disk(),
    build(),
    ...(await ports(given)),
    await database(given),
    ...(await settings(given)),
    await mail(given["SMTP_URL"]),
  ];
  const marks = { ok: "ok     ", note: "note   ", problem: "PROBLEM" };
  for (const { state, what, says } of findings) console.log(`${marks[state]}  ${what.padEnd(11)}  ${says}`);
  const problems = findings.filter(({ state }) => state === "problem").length;
  console.log(problems === 0 ? "\nAll is well." : `\n${problems} to mend.`);
  return problems === 0 ? 0 : 1;
});
