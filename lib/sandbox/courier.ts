/**
 * Brings Instagram's events to the app, as Meta's own couriers do: apart from the requests that made them, several at a
 * time, again when they are refused. What waits is in the World and survives a restart; what was brought is logged.
 */
import {
  bodyOf,
  type Event,
  type Login,
  outbox,
  secretFor,
  signatures,
  subscriptionsIn,
} from "@/lib/platforms/instagram/sandbox/messaging/webhooks";
import type { Call, World } from "./kit";
import { now, type Sandbox } from "./memory";

/** One POST to the app. */
export type Delivery = {
  id: number;
  /** sandbox clock, milliseconds since 1970 */
  at: number;
  login: Login;
  url: string;
  accounts: string[];
  fields: string[];
  /** how many events were in it */
  events: number;
  /** the first is 1 */
  attempt: number;
  /** null: nobody answered in time */
  status: number | null;
  /** what the app said, at most 500 letters of it */
  answer: string;
  /** machine's clock */
  tookMs: number;
  signature: string;
  /** "" when it was longer than 64 KB */
  body: string;
};

export type Courier = { kick(): void; settled(call: Call): Promise<void>; stop(): void };

type Round = {
  world: World;
  /** ids of events that may go next */
  line: string[];
  /** ids of events that are on their way */
  away: Set<string>;
  /** accounts that have one on its way */
  busy: Map<string, number>;
  ended: AbortController;
};

type Answered = { status: number | null; answer: string; type: string };

const keptDeliveries = 20_000;
const keptBody = 65_536;
const keptAnswer = 500;
const longestPauseMs = 600_000;
const changesLiveMs = 36 * 3_600_000;
const longestWaitMs = 10_000;
/** The sandbox clock can be set forward at any time. */
const lookEveryMs = 100;

export function startCourier(sandbox: Sandbox): Courier {
  let round = newRound(worldOf(sandbox));
  let flying = 0;
  let isKicked = false;
  let waiting: (() => void)[] = [];
  const timer = setInterval(() => pump(), lookEveryMs);
  timer.unref();

  function pump(): void {
    const world = worldOf(sandbox);
    if (world !== round.world) {
      // Everything was reset: what is still on its way belongs to nobody.
      round.ended.abort();
      round = newRound(world);
    }
    if (setting<string>(world, "webhooks", "on") !== "on") return;
    while (flying < mostAtOnce(world)) {
      const events = nextOf(round, now(sandbox));
      if (events.length === 0) return;
      flying += 1;
      void bring(sandbox, round, events).finally(() => {
        flying -= 1;
        const woken = waiting;
        waiting = [];
        for (const wake of woken) wake();
        pump();
      });
    }
  }

  const courier: Courier = {
    kick() {
      if (isKicked) return;
      isKicked = true;
      setImmediate(() => {
        isKicked = false;
        pump();
      });
    },
    async settled(call) {
      const { world } = call;
      const isUnseen = () =>
        Object.values(outbox(world)).some(({ beforeAnswer, attempts }) => beforeAnswer && attempts === 0);
      if (world !== round.world || setting<string>(world, "echo", "after") !== "before") return;
      const end = Date.now() + longestWaitMs;
      pump();
      while (isUnseen() || [...round.away].some((id) => outbox(world)[id]?.beforeAnswer)) {
        if (setting<string>(world, "webhooks", "on") !== "on" || Date.now() >= end) return;
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
    stop: () => clearInterval(timer),
  };
  return courier;
}

/** Puts these very bytes before the app, signed as Meta does unless another signature is given. Logged. */
export async function postToApp(
  sandbox: Sandbox,
  what: {
    login: Login;
    body: string;
    events?: Event[];
    attempt?: number;
    signature?: string | null | undefined;
    signal?: AbortSignal;
  },
): Promise<Answered> {
  const world = worldOf(sandbox);
  const { login, body, events = [], attempt = 1, signature, signal } = what;
  const signed = signatures(secretFor(world, sandbox.clients, login), body);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "user-agent": "facebookexternalua",
  };
  if (signature === undefined) Object.assign(headers, signed);
  else if (signature !== null) headers["x-hub-signature-256"] = signature;
  const url = callbackUrl(sandbox);
  const began = Date.now();
  const at = now(sandbox);
  const answered = await ask(
    url,
    { method: "POST", headers, body },
    setting(world, "webhookTimeoutMs", 5_000),
    signal,
  );
  if (world !== worldOf(sandbox)) return answered;
  sandbox.sequence += 1;
  sandbox.deliveries.push({
    id: sandbox.sequence,
    at,
    login,
    url,
    accounts: [...new Set(events.map(({ account }) => account))],
    fields: [...new Set(events.map(({ field }) => field))],
    events: events.length,
    attempt,
    status: answered.status,
    answer: answered.answer,
    tookMs: Date.now() - began,
    signature: headers["x-hub-signature-256"] ?? "",
    body: body.length > keptBody ? "" : body,
  });
  if (sandbox.deliveries.length > keptDeliveries) sandbox.deliveries.splice(0, 1_000);
  return answered;
}

/** The GET with which Meta makes sure of the address. */
export function verifyApp(sandbox: Sandbox, query: Record<string, string>): Promise<Answered> {
  const url = new URL(callbackUrl(sandbox));
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return ask(url.href, { method: "GET" }, setting(worldOf(sandbox), "webhookTimeoutMs", 5_000));
}

/** Where events go: the knob `webhookUrl`, or the app's own address. */
export function callbackUrl(sandbox: Sandbox): string {
  const given = setting<string>(worldOf(sandbox), "webhookUrl", "");
  const app = new URL(sandbox.clients["instagram"]?.redirectUri ?? "");
  return given === "" ? new URL("/api/webhooks/instagram", app).href : given;
}

/** In order there is one on its way for each account. */
function mostAtOnce(world: World): number {
  const connections = setting<number>(world, "webhookConnections", 4);
  if (setting<string>(world, "webhookOrder", "kept") !== "kept") return connections;
  return Math.min(connections, Math.max(1, Object.keys(subscriptionsIn(world)).length));
}

function newRound(world: World): Round {
  return { world, line: [], away: new Set(), busy: new Map(), ended: new AbortController() };
}

/** What goes into the next POST: of one app, at most `webhookBatch`, taken out of the line. */
function nextOf(round: Round, at: number): Event[] {
  const box = outbox(round.world);
  const order = setting<string>(round.world, "webhookOrder", "kept");
  const most = Math.min(1_000, Math.max(1, setting(round.world, "webhookBatch", 1)));
  const take = (): Event[] => {
    const taken: Event[] = [];
    const left: string[] = [];
    let nth = 0;
    for (; nth < round.line.length && taken.length < most; nth += 1) {
      const id = round.line[nth] ?? "";
      const event = box[id];
      if (event === undefined) continue;
      // In order means: nothing of an account while something of it is on its way.
      const mustWait = order === "kept" && round.busy.has(busyName(event));
      if (mustWait || (taken[0] !== undefined && taken[0].login !== event.login)) left.push(id);
      else taken.push(event);
    }
    round.line = left.concat(round.line.slice(nth));
    return taken;
  };
  let events = take();
  if (events.length === 0) {
    const due = Object.values(box).filter(({ id, dueAt }) => dueAt <= at && !round.away.has(id));
    round.line = inOrder(due, order).map(({ id }) => id);
    events = take();
  }
  return events;
}

function inOrder(events: Event[], order: string): Event[] {
  if (order === "reversed") return events.reverse();
  if (order !== "shuffled") return events;
  return events
    .map((event) => ({ event, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ event }) => event);
}

async function bring(sandbox: Sandbox, round: Round, events: Event[]): Promise<void> {
  const { world, ended } = round;
  const [first] = events;
  if (first === undefined) return;
  for (const event of events) {
    round.away.add(event.id);
    round.busy.set(busyName(event), (round.busy.get(busyName(event)) ?? 0) + 1);
    event.attempts += 1;
  }
  const body = bodyOf(world, events, now(sandbox));
  const copies = Math.max(1, setting(world, "webhookCopies", 1));
  const what = { login: first.login, body, events, attempt: first.attempts, signal: ended.signal };
  try {
    const answers = await Promise.all(Array.from({ length: copies }, () => postToApp(sandbox, what)));
    if (world !== worldOf(sandbox)) return;
    if (answers.some(({ status }) => status === 200)) {
      for (const { id } of events) delete outbox(world)[id];
    } else later(world, events, now(sandbox));
    sandbox.changed();
  } finally {
    for (const event of events) {
      round.away.delete(event.id);
      const left = (round.busy.get(busyName(event)) ?? 1) - 1;
      if (left > 0) round.busy.set(busyName(event), left);
      else round.busy.delete(busyName(event));
    }
  }
}

/** Once more at once, then ever later. After an hour of failures the app gets no more messages until it subscribes again. */
function later(world: World, events: Event[], at: number): void {
  const box = outbox(world);
  for (const event of events) {
    event.failingSince ??= at;
    const failedForMs = at - event.failingSince;
    if (event.place === "changes") {
      if (failedForMs >= changesLiveMs) delete box[event.id];
    } else if (failedForMs >= setting(world, "webhookUnsubscribeAfterMs", 3_600_000)) {
      for (const name of Object.keys(subscriptionsIn(world))) {
        if (subscriptionsIn(world)[name]?.login === event.login) delete subscriptionsIn(world)[name];
      }
      for (const other of Object.values(box)) if (other.login === event.login) delete box[other.id];
      return;
    }
    const pause =
      event.attempts === 1 ? 0 : setting(world, "webhookRetryMs", 1_000) * 2 ** (event.attempts - 2);
    event.dueAt = at + Math.min(pause, longestPauseMs);
  }
}

async function ask(
  url: string,
  init: RequestInit,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Answered> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: either });
    const answer = (await response.text()).slice(0, keptAnswer);
    return { status: response.status, answer, type: response.headers.get("content-type") ?? "" };
  } catch (error) {
    // Nobody there, cut off, too slow, or reset meanwhile: to Meta it is all one.
    if (error instanceof TypeError || error instanceof DOMException) {
      return { status: null, answer: "", type: "" };
    }
    throw error;
  }
}

function worldOf(sandbox: Sandbox): World {
  const world = sandbox.worlds["instagram"];
  if (world === undefined) throw new Error("Instagram is not simulated.");
  return world;
}

function setting<T extends string | number>(world: World, name: string, fallback: T): T {
  const value = world.settings.own[name];
  // safe: the types were just compared
  return typeof value === typeof fallback ? (value as T) : fallback;
}

const busyName = ({ login, account }: Event): string => `${login}/${account}`;
