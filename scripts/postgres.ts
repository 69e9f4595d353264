import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { bareEnvironment } from "./paths";
import { freePort, isFree } from "./ports";
import { findPlace, type Place } from "./postgres-place";
import { createCluster, startProblem } from "./postgres-programs";
import { codeOf, diskProblem, Problem } from "./problem";
import { isAlive, tellGuard } from "./processes";
import { waitUntil } from "./wait";

/**
 * The PostgreSQL that comes along. Whoever needs it says where its home is: the first starts it, later ones join it, and the
 * last one to leave turns it off. Its data outlive every kind of death; a pid file left by the dead is taken over, a live
 * server never.
 */
export type Server = {
  /** The address of the application's database, password included. */
  url: string;
  pid: number;
  /** True when another process had started it. */
  joined: boolean;
  /** Resolves when the server is gone, whoever ended it. */
  gone: Promise<void>;
  /** Leaves; the last to leave stops the server and waits for its end. */
  leave(): Promise<void>;
};

export const DATABASE = "carillon";
const ROLE = "carillon";

type Durability = "durable" | "throwaway";
type Memory = { folder: string | null; port: number | null; password: string };
type Home = { path: string; memory: Memory };

/**
 * Starts the server of this home, or joins the one that runs.
 * @throws Problem with what to do: read-only disk, no space, missing library, another's lock
 */
export async function startPostgres(options: { home: string; durability?: Durability }): Promise<Server> {
  const { path } = openHome(options.home);
  return withLock(join(path, "postgres.lock"), async () => {
    // Read behind the lock: of two first starts at the same moment, one finds the password that the other has chosen.
    const home = openHome(path);
    const place = findPlace(home.path, home.memory.folder);
    home.memory.folder = place.folder;
    remember(home);
    const note = join(home.path, "postgres.users", `${process.pid}-${randomBytes(4).toString("hex")}`);
    writeFileSync(note, "");
    try {
      const running = await findRunning(home, place);
      const pid = running ?? (await startFresh(home, place, options.durability ?? "durable"));
      return serverOf(home, pid, note, { joined: running !== null });
    } catch (error) {
      rmSync(note, { force: true });
      throw error;
    }
  });
}

/** Deletes everything a stopped server of this home has kept. @throws Problem while somebody uses it */
export function erasePostgres(path: string): void {
  if (!existsSync(join(path, "postgres.json"))) return;
  const { memory } = openHome(path);
  if (usersOf(path).length > 0)
    throw new Problem(
      `The database in ${path} is in use. Stop what runs (demo, dev, worker), then try again.`,
    );
  if (memory.folder) rmSync(memory.folder, { recursive: true, force: true });
}

function serverOf(home: Home, pid: number, note: string, how: { joined: boolean }): Server {
  const users = join(home.path, "postgres.users");
  tellGuard(`server ${pid} ${users}`);
  let watch: NodeJS.Timeout | undefined;
  const gone = new Promise<void>((resolve) => {
    watch = setInterval(() => {
      if (isAlive(pid)) return;
      clearInterval(watch);
      resolve();
    }, 500);
    watch.unref();
  });
  const leave = async () => {
    if (!existsSync(note)) return;
    await withLock(join(home.path, "postgres.lock"), async () => {
      rmSync(note, { force: true });
      if (usersOf(home.path).length === 0) await stopServer(pid);
      tellGuard(`gone ${pid}`);
    });
    clearInterval(watch);
  };
  return { url: addressOf(home.memory, DATABASE), pid, joined: how.joined, gone, leave };
}

/** The same server, another of its databases. */
function addressOf(memory: Memory, database: string): string {
  return `postgres://${ROLE}:${memory.password}@127.0.0.1:${memory.port}/${database}`;
}

function openHome(path: string): Home {
  try {
    mkdirSync(join(path, "postgres.users"), { recursive: true });
    // Root's server runs as another user, who must be able to pass through. What is secret in here has mode 600 of its own.
    chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    const file = join(path, "postgres.json");
    if (existsSync(file)) {
      // safe: we are its only writer
      return { path: realpathSync(path), memory: JSON.parse(readFileSync(file, "utf8")) as Memory };
    }
    return {
      path: realpathSync(path),
      memory: { folder: null, port: null, password: randomBytes(24).toString("hex") },
    };
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Problem(`${path}/postgres.json is damaged. To start afresh: npm run demo -- --reset`);
    throw diskProblem(error, path);
  }
}

function remember(home: Home): void {
  const file = join(home.path, "postgres.json");
  try {
    writeFileSync(`${file}.new`, JSON.stringify(home.memory), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw diskProblem(error, file);
  }
}

function usersOf(path: string): number[] {
  const folder = join(path, "postgres.users");
  const notes = readdirSync(folder).map((name) => ({ name, pid: Number.parseInt(name, 10) }));
  for (const { name, pid } of notes) if (!isAlive(pid)) rmSync(join(folder, name), { force: true });
  return notes.map(({ pid }) => pid).filter(isAlive);
}

/** The pid of a live server of ours, waiting for one that is just coming up or going down. Null when there is none. */
async function findRunning(home: Home, place: Place): Promise<number | null> {
  const file = join(place.data, "postmaster.pid");
  return waitUntil<{ pid: number | null }>(
    async () => {
      if (!existsSync(file)) return { pid: null };
      const lines = readFileSync(file, "utf8").split("\n");
      const pid = Number(lines[0]);
      if (!isAlive(pid)) return { pid: null };
      if (!isServerOf(pid, place.data)) {
        disown(file, lines);
        return { pid: null };
      }
      const port = Number(lines[3]);
      if (port > 0 && (await isOurs({ ...home.memory, port }, place.data))) {
        home.memory.port = port;
        remember(home);
        return { pid };
      }
      return null;
    },
    {
      withinMs: 60_000,
      otherwise: `A PostgreSQL server holds ${place.data} but does not let us in. Stop it (its number is in postmaster.pid there), then try again.`,
    },
  ).then(({ pid }) => pid);
}

/**
 * The pid in the file now belongs to a stranger, and PostgreSQL would refuse to start beside it. A number that no process can
 * have says the same without losing the other lines, by which PostgreSQL finds survivors of the old server.
 */
function disown(file: string, lines: string[]): void {
  writeFileSync(file, ["2147483646", ...lines.slice(1)].join("\n"));
}

/** Whether this process is a PostgreSQL server on that folder: it makes its data folder its working folder. */
function isServerOf(pid: number, data: string): boolean {
  if (process.platform !== "linux") return true;
  try {
    return (
      readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "postgres" &&
      realpathSync(`/proc/${pid}/cwd`) === realpathSync(data)
    );
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return false;
    // Another user's process: not ours to look into, and never one that we started.
    if (codeOf(error) === "EACCES" || codeOf(error) === "EPERM") return false;
    throw error;
  }
}

async function isOurs(memory: Memory, data: string): Promise<boolean> {
  const client = new Client({
    connectionString: addressOf(memory, "postgres"),
    connectionTimeoutMillis: 2_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data: string }>("select current_setting('data_directory') as data");
    return rows[0] !== undefined && realpathSync(rows[0].data) === realpathSync(data);
  } catch (error) {
    // Not listening yet, still starting, or shutting down: each has a code, and none is an answer.
    if (codeOf(error) !== null || (error instanceof Error && /timeout|terminated/i.test(error.message)))
      return false;
    throw error;
  } finally {
    await client.end();
  }
}

async function startFresh(home: Home, place: Place, durability: Durability): Promise<number> {
  await createCluster(place, { role: ROLE, password: home.memory.password, durability });
  const log = join(home.path, "postgres.log");
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { port } = home.memory;
    home.memory.port = port !== null && (await isFree(port)) ? port : await freePort();
    const child = launch(place, home.memory.port, log, durability);
    const outcome = await readyOrDead(child, home.memory, place);
    if (outcome === "ready" && child.pid !== undefined) {
      child.unref();
      remember(home);
      await createDatabase(home.memory);
      return child.pid;
    }
    const said = readFileSync(log, "utf8");
    // Survivors of a killed server notice within moments; a port may be taken between looking and listening.
    const passing =
      /pre-existing shared memory block|could not bind|Address already in use|lock file "postmaster.pid" already exists/.test(
        said,
      );
    if (!passing || Date.now() > deadline) throw startProblem(said, log);
  }
}

function launch(place: Place, port: number, log: string, durability: Durability): ChildProcess {
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    shared_buffers: "32MB",
    max_connections: durability === "durable" ? 60 : 200,
    max_wal_size: "256MB",
    max_parallel_workers: 2,
    autovacuum_max_workers: 2,
    log_timezone: "UTC",
    timezone: "UTC",
    // Tests may lose everything but time.
    ...(durability === "throwaway"
      ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }
      : {}),
  };
  const out = openSync(log, "w", 0o600);
  try {
    return spawn(
      join(place.programs, "postgres"),
      ["-D", place.data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      // Of its own group: Ctrl-C is for us, and the database is the last to go. Nothing of our environment is its business.
      {
        ...place.account,
        cwd: "/",
        env: bareEnvironment,
        stdio: ["ignore", out, out],
        detached: true,
      },
    );
  } finally {
    closeSync(out);
  }
}

async function readyOrDead(child: ChildProcess, memory: Memory, place: Place): Promise<"ready" | "dead"> {
  let dead = false;
  child.once("exit", () => {
    dead = true;
  });
  child.once("error", () => {
    dead = true;
  });
  return waitUntil<"ready" | "dead">(
    async () => {
      if (dead) return "dead";
      return (await isOurs(memory, place.data)) ? "ready" : null;
    },
    // A crashed server first replays its log, which may take a while on a slow disk.
    {
      withinMs: 120_000,
      everyMs: 30,
      otherwise: `PostgreSQL did not become ready. Its log is in ${place.folder}.`,
    },
  );
}

async function createDatabase(memory: Memory): Promise<void> {
  const client = new Client({ connectionString: addressOf(memory, "postgres") });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(DATABASE)}`);
  } finally {
    await client.end();
  }
}

/** SIGINT is PostgreSQL's fast shutdown: it ends sessions, writes everything down and goes. SIGQUIT goes at once and recovers later. */
async function stopServer(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, "SIGINT");
  let patience = 100;
  await waitUntil(
    () => {
      if (!isAlive(pid)) return true;
      patience -= 1;
      if (patience === 0) process.kill(pid, "SIGQUIT");
      return null;
    },
    {
      withinMs: 20_000,
      everyMs: 100,
      otherwise: `PostgreSQL (process ${pid}) does not stop. End it with: kill -QUIT ${pid}`,
    },
  );
}

/** One at a time may start or stop a server. A lock whose holder is dead is taken over. */
async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await waitUntil(
    () => {
      try {
        writeFileSync(file, String(process.pid), { flag: "wx" });
        return true;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw diskProblem(error, file);
      }
      breakStaleLock(file);
      return null;
    },
    {
      withinMs: 150_000,
      everyMs: 50,
      otherwise: `Another Carillon is still starting or stopping the database. If none is, delete ${file}.`,
    },
  );
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function breakStaleLock(file: string): void {
  try {
    const holder = Number(readFileSync(file, "utf8"));
    // Zero: its maker has not yet written its name.
    if (holder === 0 || isAlive(holder)) return;
    const aside = `${file}.${process.pid}`;
    // Of two who see the same stale lock, one wins the rename.
    renameSync(file, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
