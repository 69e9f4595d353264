import type { FaultKind } from "@/lib/sandbox/faults";
import type { Issued, Person, Publication, Settings } from "@/lib/sandbox/kit";
import type { Entry } from "@/lib/sandbox/log";
import type { Removal } from "@/lib/sandbox/removal";
import { serveSandbox } from "@/scripts/app";
import { freePort } from "@/scripts/ports";
import { answers, waitUntil } from "@/scripts/wait";
import { type Program, watched } from "./program";

/** The real sandbox process, and a client of its control door. */
export type Effect = Omit<Publication, "createdAt" | "deletedAt"> & {
  createdAt: string;
  deleted: boolean;
  deletedAt: string | null;
};

/** What goes wrong, as the control door takes it: fields with a default may be left out. */
type Options<K> = K extends { kind: infer Kind } ? { kind: Kind } & Partial<Omit<K, "kind">> : never;
export type FaultOrder = {
  platform: string;
  operation: string;
  times?: number;
  skip?: number;
  latencyMs?: number;
} & Options<FaultKind>;

export type Consent = {
  authorizeUrl: string;
  person?: string;
  scopes?: string[];
  /** Ids of what is ticked one by one, such as Pages; absent: all. */
  assets?: string[];
  decision?: "allow" | "deny";
};

export type RunningSandbox = ReturnType<typeof clientOf> & {
  url: string;
  program: Program;
  stop(): Promise<void>;
};

/** Starts the sandbox on a free port. `appOrigin` is where its registered redirect URIs point. */
export async function startSandbox(options: {
  appOrigin: string;
  state?: string;
  environment?: Record<string, string>;
}): Promise<RunningSandbox> {
  const port = await freePort();
  const program = watched(
    await serveSandbox({
      port,
      appOrigin: options.appOrigin,
      environment: { PATH: process.env["PATH"], ...options.environment },
      output: "pipe",
      ...(options.state ? { state: options.state } : {}),
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  await waitUntil(
    async () => {
      if (program.exit()) throw new Error(`The sandbox ended:\n${program.output()}`);
      return (await answers(`${url}/_sandbox/health`)) ? true : null;
    },
    { withinMs: 30_000, otherwise: "The sandbox did not start." },
  );
  return { url, program, stop: () => program.stop(), ...clientOf(url) };
}

/** Every control the sandbox has, typed. A refusal is an error with the sandbox's own words. */
export function clientOf(url: string) {
  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/_sandbox/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The sandbox refused ${method} ${path}: ${response.status} ${text}`);
    // safe: both ends are ours, and the sandbox's own tests hold it to these shapes
    return JSON.parse(text) as T;
  };
  return {
    /** Consents without a browser. Returns where the browser would go next. */
    consent: async (consent: Consent): Promise<URL> => {
      const { location } = await control<{ location: string }>("POST", "consent", consent);
      return new URL(location);
    },
    people: () => control<(Person & { platform: string })[]>("GET", "people"),
    fault: (order: FaultOrder) => control<unknown>("POST", "faults", order),
    clearFaults: () => control<unknown>("DELETE", "faults"),
    requests: (filter: { platform?: string; operation?: string; since?: number; raw?: true } = {}) =>
      control<Entry[]>("GET", `requests?${query({ ...filter, raw: filter.raw ? 1 : undefined })}`),
    effects: (platform?: string) => control<Effect[]>("GET", `effects?${query({ platform })}`),
    /** Every secret that the sandbox has given out or seen: what a leak sweep looks for. */
    issued: () => control<(Issued & { platform: string })[]>("GET", "issued"),
    forgetLog: () => control<{ sequence: number }>("DELETE", "log"),
    reset: () => control<{ sequence: number }>("POST", "reset"),
    advanceClock: (advanceMs: number) => control<unknown>("POST", "clock", { advanceMs }),
    expire: (wanted: { platform: string; kind: "access" | "refresh" | "grant"; person?: string }) =>
      control<{ expired: number }>("POST", "tokens/expire", wanted),
    /** Someone takes the app off their list at the platform, which tells the app. */
    remove: (wanted: {
      platform: string;
      person: string;
      kind: "deauthorize" | "data-deletion";
      userIdAs?: "string" | "number";
    }) => control<Removal>("POST", "removals", wanted),
    settings: (change: { platform: string } & Partial<Settings>) =>
      control<Settings>("POST", "settings", change),
  };
}

function query(fields: Record<string, string | number | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
