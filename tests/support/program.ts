import { join } from "node:path";
import { root, typescript } from "@/scripts/paths";
import { type Child, type Exit, startChild } from "@/scripts/processes";
import { waitUntil } from "@/scripts/wait";

/** A real process of ours, with everything it ever printed. It never outlives the test run. */
export type Program = Child & {
  /** Standard output and error in the order they came. */
  output(): string;
  /** Waits for words in the output. @throws when the program ends without them, or after `withinMs` */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Waits for its end. @throws after `withinMs` */
  ends(withinMs?: number): Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
};

/** Adds eyes and ears to a child that was started with its output piped. */
export function watched(child: Child): Program {
  const chunks: string[] = [];
  for (const stream of [child.process.stdout, child.process.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  }
  const output = () => chunks.join("");
  return {
    ...child,
    output,
    says: (pattern, withinMs = 30_000) =>
      waitUntil(
        () => {
          const found = pattern.exec(output());
          if (!found && child.exit()) throw new Error(`It ended without saying ${pattern}:\n${output()}`);
          return found;
        },
        { withinMs, everyMs: 25, otherwise: `It did not say ${pattern} in ${withinMs} ms.` },
      ),
    ends: (withinMs = 30_000) =>
      waitUntil(() => child.exit(), {
        withinMs,
        everyMs: 25,
        otherwise: `${child.name} did not end in ${withinMs} ms.`,
      }),
    kill: (signal) => void child.process.kill(signal),
  };
}

/** Runs one of our TypeScript files as a process. The environment is the given one, and nothing else of ours but PATH. */
export async function runProgram(
  file: string,
  args: string[] = [],
  environment: Record<string, string> = {},
): Promise<Program> {
  const env = { NODE_ENV: "test" as const, PATH: process.env["PATH"], ...environment };
  return watched(
    await startChild({ name: file, args: [...typescript, join(root, file), ...args], env, output: "pipe" }),
  );
}
