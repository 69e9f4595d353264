import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { root, typescript } from "./paths";
import { main, Problem } from "./problem";
import { runToEnd } from "./processes";

/** `npm run bench [name] [-- --save]`: runs tests/bench/<name>.ts, or all of them, one after the other so that none disturbs another. */
await main(async () => {
  const folder = join(root, "tests/bench");
  const known = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && file !== "harness.ts")
    .map((file) => basename(file, ".ts"));
  const [wanted, ...args] = process.argv.slice(2);
  const isName = wanted !== undefined && !wanted.startsWith("--");
  if (isName && !known.includes(wanted))
    throw new Problem(`There is no bench "${wanted}". There are: ${known.join(", ")}.`);
  const names = isName ? [wanted] : known;
  const rest = isName ? args : process.argv.slice(2);
  let worst = 0;
  for (const name of names) {
    const env = { ...process.env, NODE_ENV: "production" as const };
    worst = Math.max(worst, await runToEnd([...typescript, join(folder, `${name}.ts`), ...rest], env));
  }
  return worst;
});
