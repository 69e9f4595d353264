import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { build, isBuilt } from "@/scripts/app";
import { freePort } from "@/scripts/ports";
import { erasePostgres } from "@/scripts/postgres";
import { startChild } from "@/scripts/processes";
import { waitForHealth } from "@/scripts/wait";
import { copyTemplate, startTemplate } from "../support/databases";
import { type PersonAtApp, signUp } from "../support/people";
import { connectAccount, openDesk, publish } from "../support/posting";
import { clientOf } from "../support/sandbox";
import { compare, report } from "./harness";

/**
 * Memory at rest, after some use. The app alone as resident memory; the whole demo as its proportional share (PSS), since
 * PostgreSQL's processes share most of theirs and would be counted many times over. Linux only: it is read from /proc.
 */
const REST_MS = 10_000;
const ROUNDS = 5;
const Memory = z.object({ folder: z.string() });
const Run = z.object({ pid: z.number() });

if (process.platform !== "linux") throw new Error("This bench reads /proc, which only Linux has.");
if (!isBuilt()) await build();
const app = await appAlone();
const demo = await wholeDemo();
report(
  "npm run bench:memory",
  [app, demo.comparison],
  ["Aims: 350 MB for the app, 900 MB for the demo.", `The demo's share by process: ${demo.parts}.`],
);

async function appAlone() {
  const { templateUrl, end } = await startTemplate();
  const desk = await openDesk(await copyTemplate(templateUrl), { WORKERS: "on" });
  await use(desk.ada);
  await publish(desk, { text: "To be remembered" });
  const comparison = await compare({
    title: "The app at rest, workers included",
    unit: "MB resident",
    rounds: ROUNDS,
    against: [],
    contestants: [{ name: "app process", measure: () => atRest(() => statusOf(desk.app.pid, "VmRSS")) }],
  });
  await desk.stop();
  await end();
  return comparison;
}

async function wholeDemo() {
  const home = mkdtempSync(join(tmpdir(), "carillon-memory-"));
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const child = await startChild({
    name: "the demo",
    command: "npm",
    args: ["run", "demo"],
    env: {
      ...process.env,
      CARILLON_DATA: home,
      PORT: String(port),
      SANDBOX_PORT: String(sandboxPort),
      NODE_ENV: "production",
    },
    output: "pipe",
  });
  const origin = `http://127.0.0.1:${port}`;
  try {
    await waitForHealth(origin, { withinMs: 120_000, gone: () => (child.exit() ? "The demo ended." : null) });
    const ada = await signUp(origin);
    await use(ada);
    await connectAccount(ada, clientOf(`http://127.0.0.1:${sandboxPort}`), "threads", "adabell");
    const comparison = await compare({
      title: "The whole demo at rest: npm, the command, app, sandbox, PostgreSQL",
      unit: "MB proportional",
      rounds: ROUNDS,
      against: [],
      contestants: [
        {
          name: "npm run demo",
          measure: () => atRest(() => sum(everyProcess(child.pid, home).map(({ mb }) => mb))),
        },
      ],
    });
    return { comparison, parts: shares(everyProcess(child.pid, home)) };
  } finally {
    // npm would be gone before the demo has stopped what it started.
    process.kill(Run.parse(JSON.parse(readFileSync(join(home, "run.json"), "utf8"))).pid, "SIGTERM");
    await child.exited;
    erasePostgres(home);
    rmSync(home, { recursive: true, force: true });
  }
}

/** A few pages and answers, as a person would cause them. */
async function use(person: PersonAtApp): Promise<void> {
  for (const path of [
    "/",
    "/dashboard",
    "/compose",
    "/posts",
    "/settings/integrations",
    "/api/post",
    "/api/connections",
  ]) {
    for (let time = 0; time < 5; time += 1) await (await person.fetch(path)).arrayBuffer();
  }
}

async function atRest(measure: () => number): Promise<number> {
  await pause(REST_MS);
  return measure();
}

type Process = { pid: number; parent: number; name: string; mb: number };

/** The command with all it started, and the PostgreSQL of that folder, which has no parent of ours. */
function everyProcess(command: number, home: string): Process[] {
  // As root, PostgreSQL may have had to take its data elsewhere; this says where.
  const { folder } = Memory.parse(JSON.parse(readFileSync(join(home, "postgres.json"), "utf8")));
  const [first = ""] = readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n");
  const found = new Set([command, Number(first)]);
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid));
}

/** Nothing when it ended while we were looking. */
function readProcess(pid: number): Process[] {
  try {
    // Node calls its main thread so; Next adds its version, cut off.
    const name = readFileSync(`/proc/${pid}/comm`, "utf8")
      .trim()
      .replace(/^MainThread$/, "node")
      .replace(/ \(.*/, "");
    const [, pss = "0"] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
    return [{ pid, parent: Number(statusLine(pid, "PPid")), name, mb: Number(pss) / 1024 }];
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      ["ENOENT", "ESRCH", "EACCES"].includes(String(error.code))
    )
      return [];
    throw error;
  }
}

function statusOf(pid: number, field: string): number {
  return Number.parseInt(statusLine(pid, field), 10) / 1024;
}

function statusLine(pid: number, field: string): string {
  const [, value = ""] =
    new RegExp(`^${field}:\\s+(.+)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return value;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function shares(processes: Process[]): string {
  const names = [...new Set(processes.map(({ name }) => name))];
  return names
    .map((name) => ({ name, all: processes.filter((one) => one.name === name) }))
    .map(({ name, all }) => ({ name, count: all.length, mb: sum(all.map(({ mb }) => mb)) }))
    .sort((one, other) => other.mb - one.mb)
    .map(({ name, count, mb }) => `${name}${count > 1 ? ` (${count})` : ""} ${Math.round(mb)} MB`)
    .join(", ");
}
