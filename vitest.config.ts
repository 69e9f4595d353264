import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SlowestFirst } from "./tests/support/slowest-first";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@\//, replacement: here("./") },
      { find: "server-only", replacement: here("tests/support/nothing.ts") },
    ],
  },
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    exclude: ["tests/e2e/**", "tests/bench/**", "node_modules/**"],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/environment.ts"],
    sequence: { sequencer: SlowestFirst },
    pool: "forks",
    // Two more than there are cores: most tests wait for servers and processes of their own, and some for a minute.
    maxWorkers: 4,
    // Real servers, real processes, two cores: slow is not broken. Every wait inside has a deadline of its own.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
