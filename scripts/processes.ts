import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { bareEnvironment, root } from "./paths";
import { codeOf, Problem } from "./problem";

/**
 * Processes that never outlive us. Each child leads a process group of its own, so that Ctrl-C reaches us alone and we end
 * the children in order. Should we be killed outright, a small shell that holds the other end of a pipe ends them instead.
 */
export type Exit = { code: number | null; signal: NodeJS.Signals | null };
export type Child = {
  name: string;
  pid: number;
  process: ChildProcess;
  exited: Promise<Exit>;
  /** Null while it runs. */
  exit(): Exit | null;
  /** SIGTERM to its whole group, SIGKILL after `graceMs`. Returns when it is gone; harmless when it is gone already. */
  stop(graceMs?: number): Promise<void>;
};

export type ChildSpec = {
  name: string;
  command?: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Where its output goes: ours, or a pipe that the caller reads. */
  output: "ours" | "pipe";
};

/** Starts a child under the guard. @throws the system's error when the command cannot be started */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const output = spec.output === "ours" ? "inherit" : "pipe";
  const child = spawn(spec.command ?? process.execPath, spec.args, {
    cwd: spec.cwd ?? root,
    env: spec.env,
    stdio: ["ignore", output, output],
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${spec.name} has no process id.`);
  tellGuard(`group ${pid}`);
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      exit = { code, signal };
      // Grandchildren that ignored the end of their parent go with it.
      signalGroup(pid, "SIGKILL");
      tellGuard(`gone ${pid}`);
      resolve(exit);
    });
  });
  const stop = async (graceMs = 8_000) => {
    if (exit !== null) return;
    signalGroup(pid, "SIGTERM");
    const force = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
    await exited;
    clearTimeout(force);
  };
  return { name: spec.name, pid, process: child, exited, exit: () => exit, stop };
}

/**
 * Runs a program to its end with our terminal. Returns its exit code; a signal counts as 1.
 * @throws Problem when it takes longer than `withinMs`; it is ended then
 */
export async function runToEnd(
  args: string[],
  env: NodeJS.ProcessEnv,
  options: { command?: string; withinMs?: number } = {},
): Promise<number> {
  const { command, withinMs } = options;
  const child = await startChild({
    name: args.join(" "),
    args,
    env,
    output: "ours",
    ...(command ? { command } : {}),
  });
  const passOn = () => void child.stop();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, passOn);
  let late = false;
  const giveUp = () => {
    late = true;
    passOn();
  };
  const limit = withinMs === undefined ? undefined : setTimeout(giveUp, withinMs);
  const { code } = await child.exited;
  clearTimeout(limit);
  for (const signal of signals) process.removeListener(signal, passOn);
  if (late)
    throw new Problem(`It took longer than ${Math.round((withinMs ?? 0) / 60_000)} minutes and was ended.`);
  return code ?? 1;
}

/** Resolves with the reason when somebody asks us to stop: a signal, or the death of who started us. */
export function untilAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    // The terminal and npm may each deliver the same Ctrl-C: the first counts, the others find nothing left to do.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
    const parent = process.ppid;
    // Left running on purpose: whoever waits here has nothing else that keeps it alive.
    setInterval(() => {
      if (process.ppid !== parent) resolve("the process that started this one is gone");
    }, 1_000);
  });
}

/** Whether a process lives. A zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return codeOf(error) === "EPERM";
  }
  if (process.platform !== "linux") return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return false;
    throw error;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // macOS says EPERM for a group whose members are all zombies.
    if (codeOf(error) !== "ESRCH" && codeOf(error) !== "EPERM") throw error;
  }
}

const GUARD = `
groups= server= users=
while read -r verb pid rest; do
  case $verb in
    group) groups="$groups $pid" ;;
    server) server=$pid users=$rest ;;
    gone)
      kept=
      for group in $groups; do [ "$group" = "$pid" ] || kept="$kept $group"; done
      groups=$kept
      [ "$server" = "$pid" ] && server= ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group"; done
tries=0
for group in $groups; do
  while kill -s 0 -- "-$group" && [ $tries -lt 80 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL -- "-$group"
done
[ -n "$server" ] || exit 0
tries=0
while [ $tries -lt 10 ]; do
  others=
  for file in "$users"/*; do
    user=\${file##*/} user=\${user%%-*}
    [ "$user" != "$PPID" ] && kill -s 0 "$user" && others=yes
  done
  [ -n "$others" ] || { kill -s INT "$server"; exit 0; }
  sleep 0.5
  tries=$((tries + 1))
done
`;

let guard: ChildProcess | undefined;

/** `group <pid>` and `server <pid> <folder of its users>` are ended when we die; `gone <pid>` takes one off the list. */
export function tellGuard(line: string): void {
  if (process.platform === "win32") return;
  if (!guard) {
    guard = spawn("/bin/sh", ["-c", GUARD], {
      cwd: "/",
      env: bareEnvironment,
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // Without a shell there is no guard: the children still end with us on every orderly way out.
    guard.on("error", () => undefined);
    guard.stdin?.on("error", () => undefined);
    guard.unref();
  }
  guard.stdin?.write(`${line}\n`);
  // The pipe must not keep us alive. A socket has unref although the type of stdin does not say so.
  if (guard.stdin && "unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
}
