import { spawn } from "node:child_process";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareEnvironment } from "./paths";
import type { Place } from "./postgres-place";
import { diskProblem, Problem } from "./problem";

/** Making a cluster with initdb, and reading what PostgreSQL's programs say when they fail. */
const MAJOR = "18";

/**
 * Creates the data folder unless it is there. A half-made one never gets its final name.
 * @throws Problem when the data are of another major version, or initdb fails
 */
export async function createCluster(
  place: Place,
  options: { role: string; password: string; durability: "durable" | "throwaway" },
): Promise<void> {
  const version = join(place.data, "PG_VERSION");
  if (existsSync(version)) {
    const found = readFileSync(version, "utf8").trim();
    if (found === MAJOR) return;
    throw new Problem(
      `The data in ${place.data} were written by PostgreSQL ${found}, and this is ${MAJOR}. To start afresh: npm run demo -- --reset`,
    );
  }
  const unfinished = `${place.data}.new`;
  const passwordFile = join(place.folder, "password");
  try {
    rmSync(unfinished, { recursive: true, force: true });
    writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    if (place.account) chownSync(passwordFile, place.account.uid, place.account.gid);
    await initdb(place, [
      `--pgdata=${unfinished}`,
      `--username=${options.role}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-instructions",
      ...(options.durability === "throwaway" ? ["--no-sync"] : []),
    ]);
    renameSync(unfinished, place.data);
  } catch (error) {
    throw diskProblem(error, place.folder);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function initdb(place: Place, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(place.programs, "initdb"), args, {
      ...place.account,
      cwd: "/",
      env: bareEnvironment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(startProblem(said, place.folder))));
  });
}

/** The sentence for a PostgreSQL that said `log` and died. */
export function startProblem(log: string, path: string): Problem {
  const [, library] = /error while loading shared libraries: ([^:]+)/.exec(log) ?? [];
  if (library)
    return new Problem(
      `PostgreSQL misses the library ${library}. Install it with the system's package manager, or set DATABASE_URL.`,
    );
  const causes = {
    ENOSPC: /No space left on device|Disk quota exceeded/,
    EROFS: /Read-only file system/,
    EACCES: /Permission denied/,
  };
  for (const [code, pattern] of Object.entries(causes)) {
    if (!pattern.test(log)) continue;
    const problem = diskProblem(Object.assign(new Error(code), { code }), path);
    if (problem instanceof Problem) return problem;
  }
  const last = log.split("\n").findLast((line) => /FATAL|PANIC|error:/.test(line));
  return new Problem(`PostgreSQL did not start${last ? `: ${oneLine(last)}` : ""}. Look into ${path}.`);
}

/** PostgreSQL's line without its time and process number. */
const oneLine = (text: string): string => text.replace(/^.*?(FATAL|PANIC|error):\s*/, "").trim();
