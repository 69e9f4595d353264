import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./environment";
import { dataDirectory, nextCli, root, typescript } from "./paths";
import { Problem } from "./problem";
import { type Child, runToEnd, startChild } from "./processes";

/** The built app: made by `next build` as a self-contained server, which boots faster and weighs less than `next start`. */
const standalone = join(root, ".next/standalone");
const stamp = join(standalone, "carillon-sources");

/** What ends up in the build. The sandbox, the scripts and the tests do not. */
const SOURCES = ["app", "components", "lib", "drizzle/schema", "public"];
const FILES = [
  "proxy.ts",
  "instrumentation.ts",
  "instrumentation-client.ts",
  "next.config.ts",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
];

/** Whether the build on disk was made from the sources on disk. */
export function isBuilt(): boolean {
  return (
    existsSync(join(standalone, "server.js")) &&
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === fingerprint()
  );
}

/** Builds. @throws Problem when Next says no; its own words are on the terminal by then */
export async function build(): Promise<void> {
  const sources = fingerprint();
  const code = await runToEnd([nextCli, "build"], {
    ...process.env,
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
  });
  if (code !== 0) throw new Problem("The app could not be built; the reason is above.");
  cpSync(join(root, ".next/static"), join(standalone, ".next/static"), { recursive: true });
  if (existsSync(join(root, "public")))
    cpSync(join(root, "public"), join(standalone, "public"), { recursive: true });
  mkdirSync(standalone, { recursive: true });
  writeFileSync(stamp, sources);
}

export type Serving = {
  port: number;
  host: string;
  environment: Environment;
  output: "ours" | "pipe";
  node?: string[];
};

/** Starts the built app. It answers /api/health when it is ready. */
export function serveBuilt(options: Serving): Promise<Child> {
  return startChild({
    name: "the app",
    args: [...(options.node ?? []), join(standalone, "server.js")],
    cwd: root,
    env: appEnvironment(options, "production"),
    output: options.output,
  });
}

/** Starts `next dev`: the same app, with hot reload. */
export function serveSources(options: Serving): Promise<Child> {
  return startChild({
    name: "the app",
    args: [nextCli, "dev", "--hostname", options.host, "--port", String(options.port)],
    env: appEnvironment(options, "development"),
    output: options.output,
  });
}

/** Starts the platforms' simulators. `state` is the file that keeps their memory; without it they forget. */
export function serveSandbox(options: {
  port: number;
  appOrigin: string;
  state?: string;
  environment: Environment;
  output: "ours" | "pipe";
}): Promise<Child> {
  const {
    NODE_ENV,
    DATABASE_URL,
    BETTER_AUTH_SECRET,
    TOKEN_ENCRYPTION_KEY,
    TOKEN_ENCRYPTION_KEYS_OLD,
    CRON_SECRET,
    ...rest
  } = options.environment;
  return startChild({
    name: "the sandbox",
    // Other people's platforms know nothing of our database or keys.
    args: ["--max-semi-space-size=2", "--import", "tsx", join(root, "lib/sandbox/server.ts")],
    env: {
      ...rest,
      NODE_ENV: "production",
      PORT: String(options.port),
      APP_ORIGIN: options.appOrigin,
      ...(options.state ? { SANDBOX_STATE: options.state } : {}),
    },
    output: options.output,
  });
}

/** Brings the database up to date in a process of its own: what that needs of memory is given back. @throws Problem when it fails */
export async function migrate(databaseUrl: string): Promise<void> {
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const code = await runToEnd([...typescript, join(root, "scripts/migrate.ts")], env);
  if (code !== 0) throw new Problem("The database could not be brought up to date; the reason is above.");
}

function appEnvironment(options: Serving, mode: "production" | "development"): NodeJS.ProcessEnv {
  return {
    // Named in full: the built app runs in a folder of its own.
    MEDIA_DIR: join(dataDirectory(), "media"),
    ...options.environment,
    NODE_ENV: mode,
    NEXT_TELEMETRY_DISABLED: "1",
    PORT: String(options.port),
    // Next's server listens on HOSTNAME, which containers set to a name that is no address.
    HOSTNAME: options.host,
  };
}

function fingerprint(): string {
  const hash = createHash("sha256");
  const inFolders = SOURCES.flatMap((folder) => filesUnder(folder));
  for (const file of [...FILES, ...inFolders].sort()) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(`${file}\0`).update(readFileSync(path));
  }
  return hash.digest("hex");
}

function filesUnder(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => !/^lib\/sandbox\/|\/sandbox\.ts$/.test(name) && statSync(join(root, name)).isFile());
}
