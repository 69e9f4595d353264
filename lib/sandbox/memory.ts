/** All that the sandbox remembers: one World per simulator, the clock, faults and the log of requests. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Delivery } from "./courier";
import type { Fault } from "./faults";
import type { Call, Client, Simulator, World } from "./kit";
import type { Entry } from "./log";

export type Sandbox = {
  /** where it answers, e.g. http://127.0.0.1:4010 */
  origin: string;
  simulators: Simulator[];
  clients: Record<string, Client>;
  worlds: Record<string, World>;
  /** what the sandbox clock is ahead of the machine's */
  clock: { aheadMs: number };
  faults: Fault[];
  log: Entry[];
  sequence: number;
  /** where uploaded and fetched files lie */
  fileDirectory: string;
  /** what was brought to the app's webhook address, newest last */
  deliveries: Delivery[];
  /** what the app must know when its webhook address is verified */
  verifyToken: string;
  /** Says that something worth keeping changed. */
  changed(): void;
  /** Waited for before a platform's answer goes out: an echo may have to come first. */
  settled(call: Call): Promise<void>;
};

const Saved = z.object({
  version: z.literal(1),
  aheadMs: z.number(),
  sequence: z.number(),
  worlds: z.record(
    z.string(),
    z.object({ platform: z.string(), counter: z.number(), publications: z.array(z.unknown()) }).loose(),
  ),
});

export function openSandbox(options: {
  simulators: Simulator[];
  origin: string;
  /** the app's public origin; each platform's registered redirect URI hangs on it */
  appOrigin: string;
  environment: Record<string, string | undefined>;
  fileDirectory: string;
}): Sandbox {
  const { simulators, origin, appOrigin, environment, fileDirectory } = options;
  const callback = (platform: string) => `${appOrigin}/api/oauth/${platform}/callback`;
  return {
    origin,
    simulators,
    clients: Object.fromEntries(
      simulators.map(({ platform, clientEnv, alsoRedirectsTo = [] }) => [
        platform,
        {
          id: environment[clientEnv.id] || `sandbox-${platform}`,
          secret: environment[clientEnv.secret] || `CNRY_secret_${platform}`,
          redirectUri: callback(platform),
          redirectUris: [platform, ...alsoRedirectsTo].map(callback),
        },
      ]),
    ),
    worlds: Object.fromEntries(simulators.map((simulator) => [simulator.platform, newWorld(simulator)])),
    clock: { aheadMs: 0 },
    faults: [],
    log: [],
    sequence: 0,
    fileDirectory,
    deliveries: [],
    verifyToken: environment["INSTAGRAM_WEBHOOK_VERIFY_TOKEN"] || "CNRY_verify_instagram",
    changed: () => undefined,
    settled: () => Promise.resolve(),
  };
}

export function newWorld({ platform, knobs }: Simulator): World {
  return {
    platform,
    settings: {
      rotation: null,
      iss: "off",
      dropScopes: [],
      ignorePkce: false,
      people: {},
      own: { ...knobs },
    },
    counter: 0,
    codes: {},
    grants: {},
    tokens: {},
    publications: [],
    issued: [],
    shelves: {},
  };
}

/** The sandbox clock, milliseconds since 1970. */
export function now(sandbox: Sandbox): number {
  return Date.now() + sandbox.clock.aheadMs;
}

/**
 * Loads the worlds kept in `path`, when there is such a file, and keeps them there from now on: written beside it
 * and renamed, at most every 100 ms. Returns what writes at once. Throws when the file is not a sandbox's state; later
 * failures to write go to standard error, and the next change tries again.
 */
export function keepIn(path: string, sandbox: Sandbox): () => void {
  load(path, sandbox);
  mkdirSync(dirname(path), { recursive: true });
  let timer: NodeJS.Timeout | null = null;
  const save = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    try {
      write(path, sandbox);
    } catch (error) {
      process.stderr.write(`The sandbox could not save its state: ${String(error)}\n`);
    }
  };
  sandbox.changed = () => {
    timer ??= setTimeout(save, 100);
  };
  return save;
}

function write(path: string, { clock, sequence, worlds }: Sandbox): void {
  const beside = `${path}.${process.pid}.new`;
  writeFileSync(beside, JSON.stringify({ version: 1, aheadMs: clock.aheadMs, sequence, worlds }), {
    mode: 0o600,
  });
  renameSync(beside, path);
}

function load(path: string, sandbox: Sandbox): void {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  const saved = Saved.parse(JSON.parse(text));
  sandbox.clock.aheadMs = saved.aheadMs;
  sandbox.sequence = saved.sequence;
  for (const simulator of sandbox.simulators) {
    const world = saved.worlds[simulator.platform];
    if (world === undefined) continue;
    // safe: written by `save` above from a World, and a World that misses a later field gets its default
    const known = { ...newWorld(simulator), ...world } as World;
    // A state kept before publications had media.
    for (const publication of known.publications) publication.media ??= [];
    sandbox.worlds[simulator.platform] = known;
  }
}
