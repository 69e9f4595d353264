import type { Prompt } from "@/lib/sandbox/ai";
import type { ShownMessage } from "@/lib/sandbox/control-messaging";
import type { Delivery } from "@/lib/sandbox/courier";
import type { FaultKind } from "@/lib/sandbox/faults";
import type { Issued, Json, Person, Publication, Settings } from "@/lib/sandbox/kit";
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

/** What somebody does on their phone; which fields a kind takes is said in lib/sandbox/control-messaging.ts. */
export type Deed = {
  account: string;
  /** a customer, or "business" (which types in its own app) with `peer` */
  from: string;
  peer?: string;
  kind?: string;
  text?: string;
  mid?: string;
  replyTo?: string;
  title?: string;
  payload?: string;
  reaction?: string;
  ref?: string;
  referral?: Record<string, Json>;
  to?: "us" | "other" | "request";
  /** base64 */
  files?: string[];
  count?: number;
  /** so many of them, for storms */
  times?: number;
};

/** A thread as the customer sees it. */
export type PhoneThread = {
  thread: {
    id: string;
    /** the Instagram-scoped id of the customer at this business */
    person: string;
    lastFromCustomerAt: number | null;
    state: "open" | "blocked" | "archived";
    owner: "us" | "other";
    seenByCustomer: string | null;
    seenByBusiness: string | null;
    typing: boolean;
  } | null;
  messages: ShownMessage[];
};

export type Answered = { status: number | null; answer: string; type: string };

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

    /** A customer (or the business in its own app) does something on Instagram. */
    message: (deed: Deed) =>
      control<{ mid: string; message: ShownMessage; mids: string[] }>("POST", "messages", deed),
    thread: (account: string, peer: string) =>
      control<PhoneThread>("GET", `messages?${query({ account, peer })}`),
    customers: (account: string) =>
      control<{ id: string; username: string; name: string | null }[]>(
        "GET",
        `customers?${query({ account })}`,
      ),
    comment: (what: {
      account: string;
      from: string;
      text?: string;
      media?: string;
      parent?: string;
      caption?: boolean;
    }) => control<{ id: string; mediaId: string }>("POST", "comments", what),
    subscriptions: () =>
      control<{ login: "instagram" | "facebook"; account: string; fields: string[] }[]>(
        "GET",
        "subscriptions",
      ),
    /** Every POST to the app's webhook address, and how many events have not been brought yet. */
    deliveries: (since = 0) =>
      control<{ waiting: number; deliveries: Delivery[] }>("GET", `deliveries?${query({ since })}`),
    /** Until every event was brought to the app. */
    delivered: (withinMs = 20_000) =>
      waitUntil(
        async () => {
          const all = (since: number) =>
            control<{ waiting: number; deliveries: Delivery[] }>("GET", `deliveries?${query({ since })}`);
          const { waiting } = await all(Number.MAX_SAFE_INTEGER);
          return waiting === 0 ? (await all(0)).deliveries : null;
        },
        { withinMs, otherwise: "The sandbox’s events were not brought to the app." },
      ),
    /** What the scripted model was asked, and what it said. */
    aiRequests: () => control<Prompt[]>("GET", "ai/requests"),
    releaseWebhooks: () => control<{ waiting: number }>("POST", "deliveries/release", {}),
    replay: (id: number) => control<Answered>("POST", "deliveries/replay", { id }),
    /** Any body to the app's webhook address, signed as Meta does unless `signature` is given (null: none). */
    rawWebhook: (what: {
      json?: Json;
      text?: string;
      login?: "instagram" | "facebook";
      signature?: string | null;
    }) => control<Answered>("POST", "webhooks/raw", what),
    testWebhook: (field = "messages") => control<Answered>("POST", "webhooks/test", { field }),
    verifyWebhook: (change: { mode?: string; token?: string; challenge?: string } = {}) =>
      control<Answered>("POST", "webhooks/verify", change),
  };
}

function query(fields: Record<string, string | number | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
