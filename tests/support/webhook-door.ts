import { join } from "node:path";
import { root } from "@/scripts/paths";
import { signed } from "./inbox-wire";
import { type Program, runProgram } from "./program";
import { testSecrets } from "./secrets";

/** The webhook's door in a process of its own. */
export type Door = {
  program: Program;
  url: string;
  /** Posts a delivery as Meta would. @returns how it was answered; null: not at all */
  post(body: string): Promise<number | null>;
  kill(): Promise<void>;
};

/** Starts one that knows this database. */
export async function openDoor(databaseUrl: string, sandboxUrl: string): Promise<Door> {
  const program = await runProgram("tests/support/webhook-program.ts", [], {
    ...testSecrets,
    DATABASE_URL: databaseUrl,
    BETTER_AUTH_URL: "http://127.0.0.1:3000",
    PLATFORM_SANDBOX_URL: sandboxUrl,
    LOG_LEVEL: "silent",
    TSX_TSCONFIG_PATH: join(root, "tests/support/tsconfig.program.json"),
  });
  const [, port] = await program.says(/ready on (\d+)/, 120_000);
  const url = `http://127.0.0.1:${port}/api/webhooks/instagram`;
  return {
    program,
    url,
    post: async (body) => {
      const headers = { "content-type": "application/json", "x-hub-signature-256": signed(body) };
      try {
        return (await fetch(url, { method: "POST", body, headers })).status;
      } catch (error) {
        // fetch's word for a connection that ended without an answer.
        if (error instanceof TypeError) return null;
        throw error;
      }
    },
    kill: async () => {
      program.kill("SIGKILL");
      const { signal } = await program.ends();
      if (signal !== "SIGKILL") throw new Error(`It ended by itself (${signal}):\n${program.output()}`);
    },
  };
}

/** Several of them, one after the other: the next boots while another dies. */
export function doors(databaseUrl: string, sandboxUrl: string, wanted: number) {
  const booting: Promise<Door>[] = [];
  let started = 0;
  const boot = () => {
    if (started === wanted) return;
    started += 1;
    booting.push(openDoor(databaseUrl, sandboxUrl));
  };
  boot();
  boot();
  return {
    next: async (): Promise<Door> => {
      const first = booting.shift();
      if (!first) throw new Error("No door is left.");
      const door = await first;
      boot();
      return door;
    },
    close: async () => {
      for (const door of await Promise.all(booting)) await door.kill();
    },
  };
}
