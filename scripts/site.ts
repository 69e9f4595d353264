import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrate, type Serving, serveSandbox } from "./app";
import { type LocalDatabase, openDatabase } from "./database";
import { type Environment, givenEnvironment, localEnvironment } from "./environment";
import { dataDirectory } from "./paths";
import { freePort, isFree, portFrom, refuseBusyPort } from "./ports";
import { erasePostgres } from "./postgres";
import { diskProblem, Problem } from "./problem";
import { type Child, isAlive, untilAskedToStop } from "./processes";
import { answers, waitForHealth } from "./wait";

/** Everything on one machine, for `demo` and `dev`: database, sandbox, app; up until Ctrl-C, then all of it down again. */
export type Site = {
  command: "demo" | "dev";
  /** What to do before anything starts, such as building. */
  prepare(): Promise<void>;
  serve(serving: Serving): Promise<Child>;
  bootWithinMs: number;
};

const SANDBOX_PORT = 4010;

/** Runs the site to its end. Returns the exit code. @throws Problem when it cannot start, with everything stopped again */
export async function runSite(site: Site): Promise<number> {
  const given = givenEnvironment();
  const port = portFrom("PORT", given["PORT"], 3000);
  const host = given["HOST"] ?? "127.0.0.1";
  const origin = `http://127.0.0.1:${port}`;
  refuseSecondRun(site.command);
  if (process.argv.includes("--reset")) reset();
  await refuseBusyPort(port, `PORT=${port + 1} npm run ${site.command}`, host);
  const asked = untilAskedToStop();
  await site.prepare();

  const children: Child[] = [];
  let database: LocalDatabase | undefined;
  try {
    database = await openDatabase(given["DATABASE_URL"]);
    claimRun(origin);
    await migrate(database.url);
    const sandboxUrl = given["PLATFORM_SANDBOX_URL"] ?? (await startSandbox(children, given, origin));
    const environment: Environment = {
      ...(site.command === "demo" ? { LOG_LEVEL: "error" } : {}),
      ...localEnvironment({ origin, sandboxUrl, databaseUrl: database.url }),
    };
    const app = await site.serve({ port, host, environment, output: "ours" });
    children.push(app);
    const ready = waitForHealth(origin, { withinMs: site.bootWithinMs, gone: () => obituary(app) });
    const early = await Promise.race([ready, asked]);
    if (early === true) {
      console.log(welcome(site.command, origin, sandboxUrl));
    }
    return await stayUp(children, database, early === true ? asked : Promise.resolve(early));
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await database?.leave();
    releaseRun();
  }
}

async function startSandbox(children: Child[], given: Environment, appOrigin: string): Promise<string> {
  const wanted = portFrom("SANDBOX_PORT", given["SANDBOX_PORT"], SANDBOX_PORT);
  if (given["SANDBOX_PORT"]) await refuseBusyPort(wanted, `SANDBOX_PORT=${wanted + 1}`);
  const port = (await isFree(wanted)) ? wanted : await freePort();
  const state = join(dataDirectory(), "sandbox.json");
  const sandbox = await serveSandbox({ port, appOrigin, state, environment: given, output: "ours" });
  children.push(sandbox);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await answers(url)); tries += 1) {
    if (sandbox.exit() || tries > 300) throw new Problem("The sandbox did not start; what it said is above.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // As LinkedIn treats an ordinary app: what it connects cannot be renewed, and one sees what then happens.
  await fetch(`${url}/_sandbox/settings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ platform: "linkedin", own: { refreshTokens: false } }),
  });
  return url;
}

/** Until somebody asks, or one of the parts dies: then the others follow. */
async function stayUp(children: Child[], database: LocalDatabase, asked: Promise<string>): Promise<number> {
  const deaths = children.map((child) => child.exited.then(() => obituary(child)));
  if (database.embedded)
    deaths.push(
      database.embedded.gone.then(() => "PostgreSQL ended unexpectedly; its log is .data/postgres.log."),
    );
  const end = await Promise.race([asked.then(() => null), ...deaths]);
  if (end === null) {
    console.log("\nStopping …");
    return 0;
  }
  console.error(`\n${end} Everything else is stopped too.`);
  return 1;
}

function obituary(child: Child): string | null {
  const exit = child.exit();
  if (!exit) return null;
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
  return `${child.name.replace(/^./, (letter) => letter.toUpperCase())} ${how}; what it said is above.`;
}

const welcome = (command: string, origin: string, sandboxUrl: string): string => `
Carillon is ready.

  Open       ${origin}
  Sign in    one click on “Continue as the demo person” (or sign up: any address will do)
  Sandbox    ${sandboxUrl} shows what was published. Nothing leaves this machine.
  Stop       Ctrl-C. Your data stay in ${dataDirectory()}; to start afresh: npm run ${command} -- --reset
`;

const runFile = (): string => join(dataDirectory(), "run.json");

type Run = { pid: number; origin: string };

/** Two sites on one database would run each other's jobs against the wrong sandbox. */
function refuseSecondRun(command: string): void {
  const run = currentRun();
  if (!run) return;
  throw new Problem(
    `Carillon already runs from this folder at ${run.origin} (process ${run.pid}). Open that address, or stop it first. ` +
      `For a second one with data of its own: CARILLON_DATA=.data/second PORT=3001 npm run ${command}`,
  );
}

function currentRun(): Run | null {
  if (!existsSync(runFile())) return null;
  // safe: written by claimRun alone; a half-written one is not JSON, and whoever wrote it is gone
  const text = readFileSync(runFile(), "utf8");
  if (!text.endsWith("}")) return null;
  const run = JSON.parse(text) as Run;
  return run.pid !== process.pid && isAlive(run.pid) ? run : null;
}

function claimRun(origin: string): void {
  try {
    writeFileSync(runFile(), JSON.stringify({ pid: process.pid, origin } satisfies Run));
  } catch (error) {
    throw diskProblem(error, runFile());
  }
}

const releaseRun = (): void => rmSync(runFile(), { force: true });

function reset(): void {
  const home = dataDirectory();
  erasePostgres(home);
  rmSync(home, { recursive: true, force: true });
  console.log(`${home} is deleted: starting afresh.`);
}
