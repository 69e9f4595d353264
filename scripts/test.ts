import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { z } from "zod";
import { build, isBuilt } from "./app";
import { installBrowser } from "./browser";
import { nextCli, root } from "./paths";
import { main, Problem } from "./problem";
import { runToEnd } from "./processes";

/**
 * `npm test`: everything a change must pass. Goes on after a failure, so that one run tells all; the very last line is
 * `N passed, M failed`. `-- --only unit` or `-- --only e2e` runs a part.
 */
type Tally = { passed: number; failed: number /** By name, where the runner tells. */; failures?: string[] };
type Step = { name: string; part: "checks" | "unit" | "e2e"; run(): Promise<Tally> };

const bin = (path: string): string => join(root, "node_modules", path);
const reports = mkdtempSync(join(tmpdir(), "carillon-reports-"));

const steps: Step[] = [
  { name: "Lint", part: "checks", run: () => check([bin("@biomejs/biome/bin/biome"), "check", "."]) },
  // The routes' types are made by Next; a fresh clone has none yet.
  {
    name: "Types",
    part: "checks",
    run: () => check([nextCli, "typegen"], [bin("typescript/bin/tsc"), "--noEmit"]),
  },
  { name: "Unused code", part: "checks", run: () => check([bin("knip/bin/knip.js")]) },
  { name: "Build", part: "checks", run: buildOnce },
  { name: "Unit and integration tests", part: "unit", run: unitTests },
  { name: "Browser tests", part: "e2e", run: browserTests },
];

const stopped = { asked: false };
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => (stopped.asked = true));

/** A suite that hangs is a failure like any other. */
const PATIENCE_MS = 30 * 60_000;

/** A step that breaks down is a failure, not the end of the run. */
async function counted(step: Step): Promise<Tally> {
  try {
    return await step.run();
  } catch (error) {
    console.error(error instanceof Problem ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}

/** Commands that pass or fail as one check; the first to fail ends it. */
async function check(...commands: string[][]): Promise<Tally> {
  for (const command of commands) {
    const code = await runToEnd(command, { ...process.env, NEXT_TELEMETRY_DISABLED: "1" });
    if (code !== 0 || stopped.asked) return { passed: 0, failed: 1 };
  }
  return { passed: 1, failed: 0 };
}

async function buildOnce(): Promise<Tally> {
  if (!isBuilt()) await build();
  return { passed: 1, failed: 0 };
}

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

async function unitTests(): Promise<Tally> {
  const file = join(reports, "vitest.json");
  const code = await runToEnd(
    [bin("vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`],
    { ...process.env, NODE_ENV: "test" },
    { withinMs: PATIENCE_MS },
  );
  const report = VitestReport.parse(readReport(file));
  // A file that fails before its first test has no failed test to be counted.
  const failures = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (status === "failed" && failed.length === 0) return [`${file}, before its first test`];
    return failed.map(({ fullName }) => `${file}: ${fullName}`);
  });
  return honest({ passed: report.numPassedTests, failed: failures.length, failures }, code);
}

/** Suites hold suites; those of a file hold its tests. */
type Suite = {
  specs?: { title: string; file: string; ok: boolean }[] | undefined;
  suites?: Suite[] | undefined;
};
const Suite: z.ZodType<Suite> = z.lazy(() =>
  z.object({
    specs: z.array(z.object({ title: z.string(), file: z.string(), ok: z.boolean() })).optional(),
    suites: z.array(Suite).optional(),
  }),
);

const PlaywrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
  suites: z.array(Suite),
});

const failedSpecs = ({ specs = [], suites = [] }: Suite): string[] => [
  ...specs.filter(({ ok }) => !ok).map(({ file, title }) => `tests/e2e/${file}: ${title}`),
  ...suites.flatMap(failedSpecs),
];

async function browserTests(): Promise<Tally> {
  if (!(await installBrowser())) {
    throw new Problem(
      "There is no Chromium and none could be installed. Install one (Debian: apt-get install chromium), then run again.",
    );
  }
  const file = join(reports, "playwright.json");
  const code = await runToEnd(
    [bin("@playwright/test/cli.js"), "test", `--reporter=${process.env["CI"] ? "dot" : "list"},json`],
    {
      ...process.env,
      NODE_ENV: "test",
      PLAYWRIGHT_JSON_OUTPUT_FILE: file,
    },
    { withinMs: PATIENCE_MS },
  );
  const { stats, suites } = PlaywrightReport.parse(readReport(file));
  const failures = suites.flatMap(failedSpecs);
  return honest({ passed: stats.expected, failed: stats.unexpected + stats.flaky, failures }, code);
}

/** A runner that ends badly although every test passed has failed at something else. */
const honest = (tally: Tally, code: number): Tally =>
  code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;

function readReport(file: string): unknown {
  if (!existsSync(file)) throw new Problem("The tests ended without a report.");
  return JSON.parse(readFileSync(file, "utf8"));
}

function partAskedFor(): "unit" | "e2e" | null {
  const at = process.argv.indexOf("--only");
  if (at === -1) return null;
  const wanted = process.argv[at + 1];
  if (wanted === "unit" || wanted === "e2e") return wanted;
  throw new Problem("--only takes unit or e2e.");
}

// Last, so that everything above is there when it runs.
await main(async () => {
  const only = partAskedFor();
  const total: Tally = { passed: 0, failed: 0 };
  const lines: string[] = [];
  if (only && !isBuilt()) await build();
  for (const step of steps.filter(({ part }) => only === null || part === only)) {
    // Ctrl-C has ended the step before; the ones behind it are not begun.
    if (stopped.asked) throw new Problem("Stopped before the end: this says nothing about the rest.");
    console.log(`\n── ${step.name}`);
    const started = Date.now();
    const tally = await counted(step);
    total.passed += tally.passed;
    total.failed += tally.failed;
    const seconds = Math.round((Date.now() - started) / 1000);
    lines.push(
      `${tally.failed === 0 ? "ok  " : "FAIL"}  ${step.name}: ${tally.passed} passed, ${tally.failed} failed (${seconds} s)`,
      ...(tally.failures ?? []).map((failure) => `        ${failure}`),
    );
  }
  rmSync(reports, { recursive: true, force: true });
  console.log(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});
