import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isBuilt, serveBuilt } from "@/scripts/app";
import { freePort } from "@/scripts/ports";
import { waitForHealth } from "@/scripts/wait";
import { type Program, watched } from "./program";
import { testSecrets } from "./secrets";

/** Several processes of one installation share their uploads. Made in global-setup.ts; outside the tests, here. */
export const mediaDirectory = process.env["MEDIA_DIR"] ?? mkdtempSync(join(tmpdir(), "carillon-media-"));

/** The real app: the production build as a process of its own, on a free port. */
export type RunningApp = {
  url: string;
  pid: number;
  /** Everything it has printed: the place to look for leaks. */
  output(): string;
  /** Any signal, at any moment. SIGKILL is a crash. */
  kill(signal: NodeJS.Signals): void;
  ends: Program["ends"];
  stop(): Promise<void>;
};

export type AppOptions = {
  databaseUrl: string;
  sandboxUrl?: string;
  /** A port of your choosing, such as that of an app that was killed; else a free one. */
  port?: number;
  env?: Record<string, string>;
};

/** Starts the app and waits until it says it is well. @throws when there is no fresh build, or with what the app said when it died */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  if (!isBuilt())
    throw new Error("The build is missing or older than the sources. Make it with: npm run build");
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    PATH: process.env["PATH"],
    BETTER_AUTH_URL: url,
    ...testSecrets,
    DATABASE_URL: options.databaseUrl,
    ...(options.sandboxUrl ? { PLATFORM_SANDBOX_URL: options.sandboxUrl } : {}),
    MEDIA_DIR: mediaDirectory,
    ...options.env,
  };
  const program = watched(await serveBuilt({ port, host: "127.0.0.1", environment, output: "pipe" }));
  try {
    await waitForHealth(url, {
      withinMs: 60_000,
      gone: () => (program.exit() ? `The app ended:\n${program.output()}` : null),
    });
  } catch (error) {
    await program.stop();
    throw new Error(`The app did not start. It said:\n${program.output()}`, { cause: error });
  }
  const { pid, output, kill, ends } = program;
  return { url, pid, output, kill, ends, stop: () => program.stop() };
}
