import { appendFileSync } from "node:fs";
import { cpus } from "node:os";

/**
 * Compares contestants in one run: each round measures every one of them in turn, so that whatever else the machine
 * does meets them all. Shown are medians over the rounds; a ratio is taken within each round before its median is.
 */
export type Contestant = {
  name: string;
  /** One measurement, in the comparison's unit. */
  measure: () => number | Promise<number>;
};

export type Comparison = { title: string; unit: string; rounds: number; lines: Line[] };

type Line = {
  name: string;
  median: number;
  least: number;
  most: number;
  ratios: { to: string; ratio: number }[];
};

type Options = {
  title: string;
  /** What a measurement counts, such as "ops/s" or "ms". */
  unit: string;
  /** Names of the contestants that the others are divided by. */
  against: string[];
  /** Five or more. */
  rounds?: number;
  contestants: Contestant[];
};

const RESULTS = new URL("./RESULTS.md", import.meta.url);

/** Runs all rounds after one that warms up and is not counted. */
export async function compare({
  title,
  unit,
  against,
  rounds = 15,
  contestants,
}: Options): Promise<Comparison> {
  const measured = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    // There and back again, starting elsewhere each time: nobody always inherits the same one's rubbish.
    const turn = round % contestants.length;
    const order = [...contestants.slice(turn), ...contestants.slice(0, turn)];
    for (const { name, measure } of round % 2 === 0 ? order : order.reverse()) {
      const value = await measure();
      if (round > 0) measured.get(name)?.push(value);
    }
  }
  const lines = [...measured].map(([name, values]): Line => {
    const ratios = against.map((to) => {
      const base = measured.get(to);
      if (!base) throw new Error(`Nothing in "${title}" is called "${to}".`);
      return { to, ratio: median(values.map((value, round) => value / (base[round] ?? Number.NaN))) };
    });
    return { name, median: median(values), least: Math.min(...values), most: Math.max(...values), ratios };
  });
  return { title, unit, rounds, lines };
}

/**
 * How often this work gets done in a second of processor time (all threads of this process, garbage collection too), one
 * after the other. For work that only computes: unlike the clock on the wall, it does not count who else is running.
 */
export async function perCpuSecond(work: () => unknown, forMs = 50): Promise<number> {
  const before = process.cpuUsage();
  let done = 0;
  let usedMs = 0;
  while (usedMs < forMs) {
    // Asking for the time costs as much as some work does.
    for (let at = 0; at < 50; at += 1) {
      const pending = work();
      if (pending instanceof Promise) await pending;
    }
    done += 50;
    const { user, system } = process.cpuUsage(before);
    usedMs = (user + system) / 1_000;
  }
  return (done * 1_000) / usedMs;
}

/** Prints the tables. With `--save` among the arguments they are also added to RESULTS.md, under this command and today. */
export function report(command: string, comparisons: Comparison[], notes: string[] = []): void {
  const text = [...comparisons.map(table), ...notes].join("\n\n");
  console.log(text);
  if (!process.argv.includes("--save")) return;
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
  const today = new Date().toISOString().slice(0, 10);
  appendFileSync(RESULTS, `## ${command} (${today})\n\n${machine}\n\n${text}\n\n`);
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [below, above] = [sorted[middle - 1], sorted[middle]];
  if (above === undefined) throw new Error("There is no median of nothing.");
  return sorted.length % 2 === 1 || below === undefined ? above : (below + above) / 2;
}

function table({ title, unit, rounds, lines }: Comparison): string {
  const ratioNames = lines[0]?.ratios.map(({ to }) => `÷ ${to}`) ?? [];
  const rows = [
    ["", `${unit}, median of ${rounds}`, "least to most", ...ratioNames],
    ...lines.map(({ name, median: middle, least, most, ratios }) => [
      name,
      figure(middle),
      `${figure(least)} to ${figure(most)}`,
      ...ratios.map(({ ratio }) => `${ratio.toFixed(2)}×`),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const shown = rows.map(
    (cells) => `| ${cells.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [`### ${title}`, "", shown[0], rule, ...shown.slice(1)].join("\n");
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function figure(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });
}
