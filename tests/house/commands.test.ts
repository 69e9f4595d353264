import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort, refuseBusyPort } from "@/scripts/ports";
import { codeOf } from "@/scripts/problem";
import { isAlive } from "@/scripts/processes";
import { waitUntil } from "@/scripts/wait";
import { createDatabase } from "../support/postgres";
import { type Program, runProgram } from "../support/program";
import { testSecrets } from "../support/secrets";

let home: string;
let programs: Program[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "carillon-commands-"));
  programs = [];
});

afterEach(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  rmSync(home, { recursive: true, force: true });
});

type Started = { url: string; pid: number; joined: boolean };

describe("the embedded PostgreSQL", () => {
  test("starts, keeps what was written, and ends with its only user", async () => {
    const first = await user();
    await run(first.server.url, "create table bells (name text)", "insert into bells values ('Emmanuel')");
    first.program.kill("SIGTERM");
    expect((await first.program.ends()).code).toBe(0);
    expect(isAlive(first.server.pid)).toBe(false);

    const second = await user();
    expect(second.server.joined).toBe(false);
    expect(await run(second.server.url, "select name from bells")).toEqual([{ name: "Emmanuel" }]);
  });

  test("a second start joins the live server, and the last to leave turns it off", async () => {
    const first = await user();
    const second = await user();
    expect(second.server).toEqual({ ...first.server, joined: true });

    first.program.kill("SIGTERM");
    await first.program.ends();
    expect(await run(second.server.url, "select 1 as one")).toEqual([{ one: 1 }]);

    second.program.kill("SIGTERM");
    await second.program.ends();
    expect(isAlive(second.server.pid)).toBe(false);
  });

  test("two starts at the same moment share one server", async () => {
    const [one, other] = await Promise.all([user(), user()]);
    expect(one.server.pid).toBe(other.server.pid);
    expect([one.server.joined, other.server.joined].toSorted()).toEqual([false, true]);
  });

  test("ends soon after its user was killed outright", async () => {
    const { program, server } = await user();
    program.kill("SIGKILL");
    await waitUntil(() => (isAlive(server.pid) ? null : true), {
      withinMs: 30_000,
      otherwise: "It is still there.",
    });
  });

  test("loses no acknowledged row when it is killed outright, again and again", async () => {
    const rounds = Number(process.env["KILLS"] ?? 3);
    for (let round = 1; round <= rounds; round += 1) {
      const { program, server } = await user();
      await run(
        server.url,
        "create table if not exists acknowledged (round int)",
        `insert into acknowledged values (${round})`,
      );
      process.kill(server.pid, "SIGKILL");
      await program.ends();
    }
    const { server } = await user();
    expect(await run(server.url, "select count(*)::int as count from acknowledged")).toEqual([
      { count: rounds },
    ]);
  });

  test("takes over a pid file whose number now belongs to a stranger", async () => {
    const { program, server } = await user();
    process.kill(server.pid, "SIGKILL");
    await program.ends();
    const file = join(readFolder(), "data/postmaster.pid");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^\d+/, String(process.pid)));
    expect((await user()).server.joined).toBe(false);
    expect(isAlive(process.pid)).toBe(true);
  });

  test("a lock left by the dead does not keep anybody out", async () => {
    writeFileSync(join(home, "postgres.lock"), "2147483646");
    expect((await user()).server.joined).toBe(false);
  });

  test("keeps its password where only we can read it, and lets nobody in without", async () => {
    const { server } = await user();
    expect(statSync(join(home, "postgres.json")).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "postgres.log")).mode & 0o777).toBe(0o600);
    const url = new URL(server.url);
    expect(url.hostname).toBe("127.0.0.1");
    url.password = "guess";
    await expect(run(url.href, "select 1")).rejects.toThrow(/password authentication failed/);
  });

  test("says in a sentence that its disk cannot be written to", async () => {
    const file = join(home, "not-a-folder");
    writeFileSync(file, "");
    const program = await start("tests/support/serve-postgres.ts", [join(file, "inside")]);
    expect((await program.ends()).code).toBe(1);
    expect(program.output()).toMatch(/^\n.*not a folder.*\n$/);
  });
});

describe("a busy port", () => {
  test("is named, with who holds it and the command that goes around it", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = address && typeof address === "object" ? address.port : 0;
    const refusal = refuseBusyPort(port, "PORT=3001 npm run demo");
    await expect(refusal).rejects.toThrow(`Port ${port} is in use`);
    await expect(refusal).rejects.toThrow("PORT=3001 npm run demo");
    if (process.platform === "linux") await expect(refusal).rejects.toThrow(`process ${process.pid}`);
    await new Promise((resolve) => server.close(resolve));
    await expect(refuseBusyPort(port, "")).resolves.toBeUndefined();
  });
});

describe.runIf(process.platform === "linux")("npm run demo", { timeout: 150_000 }, () => {
  test("comes up by itself, and one signal ends every process it started", async () => {
    const { program, origin } = await demo();
    expect((await fetch(`${origin}/api/health`)).status).toBe(200);
    const family = descendants(program.pid);
    // The database, the sandbox, the app, and the guard that would end them.
    expect(family.length).toBeGreaterThanOrEqual(4);

    program.kill("SIGINT");
    expect((await program.ends()).code).toBe(0);
    expect(family.filter(isAlive)).toEqual([]);
  });

  test("takes everything along when it is killed outright", async () => {
    const { program } = await demo();
    const family = descendants(program.pid);
    program.kill("SIGKILL");
    await waitUntil(() => (family.some(isAlive) ? null : true), {
      withinMs: 30_000,
      otherwise: "Some are still there.",
    });
  });

  test("stops with a sentence when one of its parts dies, and says where it is to whoever starts a second", async () => {
    const { program, origin } = await demo();
    const second = await start("scripts/demo.ts", [], { PORT: String(await freePort()) });
    expect((await second.ends()).code).toBe(1);
    expect(second.output()).toContain(`already runs from this folder at ${origin}`);

    const app = descendants(program.pid).find((pid) => readProcess(pid, "cmdline").startsWith("next-server"));
    if (app === undefined) throw new Error("The app was not found among the demo's processes.");
    process.kill(app, "SIGKILL");
    expect((await program.ends()).code).toBe(1);
    expect(program.output()).toContain("The app was ended by SIGKILL");
  });
});

describe("npm start", () => {
  const good = {
    ...testSecrets,
    BETTER_AUTH_URL: "https://carillon.test",
    DATABASE_URL: "postgres://somebody:hidden-word@127.0.0.1:1/none",
  };
  test.each([
    ["BETTER_AUTH_SECRET", undefined],
    ["BETTER_AUTH_SECRET", "short-Gk3"],
    ["BETTER_AUTH_SECRET", "better-auth-secret-123456789012345678"],
    ["TOKEN_ENCRYPTION_KEY", undefined],
    ["TOKEN_ENCRYPTION_KEY", "abcd1234"],
    ["TOKEN_ENCRYPTION_KEY", "00".repeat(32)],
    ["CRON_SECRET", undefined],
    ["CRON_SECRET", "changeme-changeme-changeme"],
    ["BETTER_AUTH_URL", undefined],
    ["DATABASE_URL", "mysql://somebody:hidden-word@db.test/none"],
  ])("refuses %s = %s by its name and not its value", async (name, value) => {
    const { [name as keyof typeof good]: _replaced, ...rest } = good;
    const program = await start(
      "scripts/start.ts",
      [],
      value === undefined ? rest : { ...rest, [name]: value },
    );
    expect((await program.ends()).code).toBe(1);
    expect(program.output()).toContain(name);
    if (value) expect(program.output()).not.toContain(value);
    for (const other of Object.values(good)) expect(program.output()).not.toContain(other);
  });
});

describe("npm run db:migrate", () => {
  test("several at once bring one empty database up to date", async () => {
    const database = await createDatabase();
    await run(
      database.url,
      "drop schema public cascade",
      "drop schema drizzle cascade",
      "create schema public",
    );
    const all = await Promise.all(
      [1, 2, 3].map(() => start("scripts/migrate.ts", [], { DATABASE_URL: database.url })),
    );
    for (const program of all) expect((await program.ends()).code, program.output()).toBe(0);
    expect(await run(database.url, "select count(*)::int as count from users")).toEqual([{ count: 0 }]);
    await database.drop();
  });

  test("says which database cannot be reached, without its password", async () => {
    const program = await start("scripts/migrate.ts", [], {
      DATABASE_URL: "postgres://somebody:hidden-word@127.0.0.1:1/none",
    });
    expect((await program.ends()).code).toBe(1);
    expect(program.output()).toContain("The database at 127.0.0.1:1/none cannot be reached");
    expect(program.output()).not.toContain("hidden-word");
  });
});

/** A process that uses the database in `home`. */
async function user(): Promise<{ program: Program; server: Started }> {
  const program = await start("tests/support/serve-postgres.ts", [home]);
  const [line] = await program.says(/^\{.*\}$/m, 90_000);
  // safe: the program prints just this
  return { program, server: JSON.parse(line) as Started };
}

/** The demo on ports and data of its own. The build must be there: `npm test` makes it first. */
async function demo(): Promise<{ program: Program; origin: string }> {
  const port = await freePort();
  const program = await start("scripts/demo.ts", [], { PORT: String(port) });
  await program.says(/Carillon is ready/, 100_000);
  return { program, origin: `http://127.0.0.1:${port}` };
}

/** Children, their children, and so on. Linux tells. */
function descendants(pid: number): number[] {
  const children = readdirSync("/proc")
    .map(Number)
    .filter((candidate) => candidate > 0 && parentOf(candidate) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function parentOf(pid: number): number | null {
  const stat = readProcess(pid, "stat");
  return stat === "" ? null : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    // Gone between the listing and the reading.
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return "";
    throw error;
  }
}

async function start(
  file: string,
  args: string[] = [],
  environment: Record<string, string> = {},
): Promise<Program> {
  const program = await runProgram(file, args, { CARILLON_DATA: home, ...environment });
  programs.push(program);
  return program;
}

async function run(url: string, ...statements: string[]): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** Where the server of `home` has its data. */
function readFolder(): string {
  const near = join(home, "postgres");
  if (existsSync(near) && readdirSync(near).length > 0) return near;
  // safe: written by the server's starter
  return (JSON.parse(readFileSync(join(home, "postgres.json"), "utf8")) as { folder: string }).folder;
}
