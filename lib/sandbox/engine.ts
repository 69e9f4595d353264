/** Takes a request meant for a platform: finds the route, lets faults strike, runs the handler, answers, logs. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { readBody, takeBody } from "./body";
import { consentPage } from "./consent";
import { type Fault, takeFault } from "./faults";
import { download } from "./files";
import {
  type Answer,
  type Call,
  formBody,
  isAnswer,
  json,
  type Route,
  redirect,
  type Simulator,
} from "./kit";
import { bodyForLog, type Entry, record } from "./log";
import { now, type Sandbox } from "./memory";

type Wire = { incoming: IncomingMessage; outgoing: ServerResponse };

type Handler = Pick<Route, "operation" | "takes" | "fetches"> & {
  maxBodyBytes: number;
  run(call: Call): Answer;
};

const megabyte = 1_048_576;
const evilHost = "evil.example";

/** Answers `/<real host>/<real path>`, or null when the first part is nobody's host. `address`: as if asked there. */
export async function answerPlatform(
  sandbox: Sandbox,
  request: Request,
  wire: Wire,
  address: string = request.url,
): Promise<Response | null> {
  const target = realAddress(address);
  if (target === null) return null;
  if (target.host === evilHost) return evil(sandbox, request, target);
  const reached = simulatorAt(sandbox, request, target);
  if (reached === null) return null;
  const { simulator, call } = reached;
  const handler = findHandler(simulator, call);
  const fits = await takeBody(request, handler, call);
  call.operation = typeof handler.operation === "string" ? handler.operation : handler.operation(call);
  const entry = record(sandbox.log, newEntry(sandbox, call));
  if (!fits) return send(entry, simulator.failure(call, 413), { close: true });
  const fault = takeFault(sandbox.faults, simulator.platform, call.operation);
  return fault === null
    ? send(entry, await perform(sandbox, simulator, handler, call, entry))
    : strike(fault, {
        entry,
        wire,
        simulator,
        call,
        perform: () => perform(sandbox, simulator, handler, call, entry),
      });
}

/** A call as it would come in at `address`, with nothing in it yet; also for decisions made without a browser. */
export function newCall(sandbox: Sandbox, simulator: Simulator, request: Request | null, address: URL): Call {
  const { platform, people } = simulator;
  const world = sandbox.worlds[platform];
  const client = sandbox.clients[platform];
  if (world === undefined || client === undefined)
    throw new Error(`The sandbox has no world for ${platform}.`);
  return {
    operation: "unknown",
    method: request?.method ?? "GET",
    url: address,
    host: address.host,
    path: address.pathname,
    params: {},
    query: address.searchParams,
    headers: request?.headers ?? new Headers(),
    body: new Uint8Array(),
    file: null,
    parts: null,
    fetched: {},
    fileDirectory: sandbox.fileDirectory,
    now: now(sandbox),
    sandboxOrigin: sandbox.origin,
    client,
    clients: sandbox.clients,
    people,
    world,
    worlds: sandbox.worlds,
    effect: false,
  };
}

/** The entry for this call, not answered yet. */
export function newEntry(sandbox: Sandbox, call: Call): Entry {
  sandbox.sequence += 1;
  sandbox.changed();
  return {
    sequence: sandbox.sequence,
    at: call.now,
    platform: call.world.platform,
    operation: call.operation,
    method: call.method,
    url: call.url.href,
    status: null,
    effect: false,
    fault: null,
    headers: Object.fromEntries(call.headers),
    body: call.parts
      ? JSON.stringify(call.parts.map(({ file, ...part }) => ({ ...part, bytes: file?.bytes ?? null })))
      : bodyForLog(call.body, call.headers.get("content-type") ?? ""),
    bodyBytes: call.file?.bytes ?? call.body.byteLength,
  };
}

/** What the person decided on the consent page: where the browser goes, or the platform's refusal. */
export function decide(
  simulator: Simulator,
  call: Call,
  decision: { allow: boolean; person: string | null; scopes: string[] | null; assets: string[] | null },
): { location: string } | { refusal: Answer } {
  const { consent } = simulator;
  if (consent === undefined) return { refusal: simulator.notFound(call) };
  const request = consent.check(call);
  if (isAnswer(request)) return { refusal: request };
  if (!decision.allow) return { location: consent.deny(call, request) };
  const seeded = call.people.find(
    ({ id, username }) => decision.person === id || decision.person === username,
  );
  const person = decision.person === null ? call.people[0] : seeded;
  const ticked = decision.scopes ?? request.scopes;
  if (person === undefined || !ticked.every((scope) => request.scopes.includes(scope))) {
    return { refusal: json(400, { error: "No such person here, or a scope that was not asked for." }) };
  }
  const scopes = request.scopes.filter(
    (one) => ticked.includes(one) || !request.optionalScopes.includes(one),
  );
  const assets = (request.assets ?? []).filter(
    ({ id, personId }) => personId === person.id && (decision.assets?.includes(id) ?? true),
  );
  return { location: consent.allow(call, request, { person, scopes, assets: assets.map(({ id }) => id) }) };
}

/** `B/HOST/PATH` or `https://HOST/PATH` as the real address; null when there is no host in it. */
export function realAddress(address: string): URL | null {
  const url = URL.parse(address);
  if (url === null) return null;
  const [, host, rest] = /^\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)(\/.*)?$/i.exec(url.pathname) ?? [];
  if (host === undefined) return null;
  return URL.parse(`https://${host.toLowerCase()}${rest ?? "/"}${url.search}`);
}

/** Whose request this is: of simulators that share the host, the first that claims it. */
function simulatorAt(
  sandbox: Sandbox,
  request: Request,
  target: URL,
): { simulator: Simulator; call: Call } | null {
  for (const simulator of sandbox.simulators) {
    if (!simulator.hosts.includes(target.host)) continue;
    const call = newCall(sandbox, simulator, request, target);
    if (simulator.claims?.(call) ?? true) return { simulator, call };
  }
  return null;
}

function findHandler(simulator: Simulator, call: Call): Handler {
  const { consent, routes, hosts } = simulator;
  if (consent?.hosts.includes(call.host) && call.path === consent.path) {
    if (call.method === "GET") {
      return { operation: "authorize", maxBodyBytes: 0, run: () => showConsent(simulator, call) };
    }
    if (call.method === "POST") {
      return { operation: "consent", maxBodyBytes: megabyte, run: () => takeDecision(simulator, call) };
    }
  }
  for (const route of routes) {
    if (route.method !== call.method || !(route.hosts ?? hosts).includes(call.host)) continue;
    const params = matchPath(route, call.path);
    if (params === null) continue;
    call.params = params;
    return {
      ...route,
      maxBodyBytes: route.maxBodyBytes ?? megabyte,
      run: (one) => route.handle(one),
    };
  }
  return { operation: "unknown", maxBodyBytes: megabyte, run: simulator.notFound };
}

function showConsent(simulator: Simulator, call: Call): Answer {
  const request = simulator.consent?.check(call) ?? simulator.notFound(call);
  return isAnswer(request) ? request : consentPage(simulator, call, request);
}

function takeDecision(simulator: Simulator, call: Call): Answer {
  const form = formBody(call);
  const decision = form?.get("decision");
  if (form === null || (decision !== "allow" && decision !== "deny")) return simulator.failure(call, 400);
  const decided = decide(simulator, call, {
    allow: decision === "allow",
    person: form.get("person"),
    scopes: form.getAll("scope"),
    assets: form.getAll("asset"),
  });
  return "location" in decided ? redirect(decided.location) : decided.refusal;
}

async function perform(
  sandbox: Sandbox,
  simulator: Simulator,
  handler: Handler,
  call: Call,
  entry: Entry,
): Promise<Answer> {
  try {
    for (const address of handler.fetches?.(call) ?? []) {
      call.fetched[address] = await download(sandbox.fileDirectory, address);
    }
    // Time passed if the request was held up: the platform looks at its clock when it acts.
    call.now = now(sandbox);
    const answer = finish(simulator, call, handler.run(call));
    await sandbox.settled(call);
    return answer;
  } catch (error) {
    // A simulator's own fault must not take the others down with it.
    process.stderr.write(`${simulator.platform} ${call.operation}: ${String(error)}\n`);
    entry.fault = "crash";
    return finish(simulator, call, simulator.failure(call, 500));
  } finally {
    entry.effect = call.effect;
    sandbox.changed();
  }
}

function finish(simulator: Simulator, call: Call, answer: Answer): Answer {
  return simulator.finish?.(call, answer) ?? answer;
}

async function strike(
  fault: Fault,
  at: { entry: Entry; wire: Wire; simulator: Simulator; call: Call; perform(): Promise<Answer> },
): Promise<Response> {
  const { entry, wire, simulator, call } = at;
  const { what } = fault;
  entry.fault = what.kind;
  if (fault.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, fault.latencyMs));
  const answer = (one: Answer) => send(entry, finish(simulator, call, one));
  const effectFirst = async () => {
    if ("effect" in what && what.effect) await at.perform();
  };
  switch (what.kind) {
    case "latency":
      return send(entry, await at.perform());
    case "status": {
      await effectFirst();
      const styled = simulator.failure(call, what.status);
      const own = what.body === undefined ? styled : bodyAsGiven(what.status, what.body);
      return answer({ ...own, headers: { ...own.headers, ...what.headers } });
    }
    case "rate_limit": {
      const limited = simulator.rateLimited(call, what.retryAfterMs);
      const retryAfter = String(Math.ceil(what.retryAfterMs / 1_000));
      return answer({ ...limited, headers: { "retry-after": retryAfter, ...limited.headers } });
    }
    case "hang":
      return hang(wire);
    case "accept_then_hang":
      await at.perform();
      return hang(wire);
    case "reset":
      return reset(wire);
    case "accept_then_reset":
      await at.perform();
      return reset(wire);
    case "slow_body":
      return drip(entry, await at.perform(), what.overMs);
    case "malformed_json": {
      const whole = await at.perform();
      const half = whole.body.slice(0, Math.ceil(whole.body.length / 2));
      return send(entry, { ...whole, body: half.length === 0 ? "{" : half });
    }
    case "html_error":
      await effectFirst();
      return answer({
        status: what.status,
        headers: { "content-type": "text/html" },
        body: "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n",
      });
    case "redirect":
      await effectFirst();
      return answer(redirect(what.url, what.status));
    case "kill":
      await effectFirst();
      killProcess(what.pid);
      return reset(wire);
  }
}

function bodyAsGiven(status: number, body: unknown): Answer {
  if (typeof body !== "string") return json(status, body);
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

function send(entry: Entry, answer: Answer, connection: { close: boolean } = { close: false }): Response {
  entry.status = answer.status;
  const headers = new Headers(answer.headers);
  if (connection.close) headers.set("connection", "close");
  const body = typeof answer.body === "string" ? answer.body : new Uint8Array(answer.body);
  return new Response([204, 205, 304].includes(answer.status) ? null : body, {
    status: answer.status,
    headers,
  });
}

/** No answer, ever; let go when the other side does. */
async function hang({ outgoing }: Wire): Promise<Response> {
  if (!outgoing.destroyed) await new Promise((resolve) => outgoing.once("close", resolve));
  return RESPONSE_ALREADY_SENT;
}

function reset({ incoming }: Wire): Response {
  incoming.socket.resetAndDestroy();
  return RESPONSE_ALREADY_SENT;
}

function drip(entry: Entry, answer: Answer, overMs: number): Response {
  const bytes = typeof answer.body === "string" ? new TextEncoder().encode(answer.body) : answer.body;
  const step = Math.max(1, Math.ceil(bytes.length / 10));
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => {
        timer = setTimeout(resolve, overMs / 10);
      });
      controller.enqueue(bytes.subarray(sent, sent + step));
      sent += step;
      if (sent >= bytes.length) controller.close();
    },
    cancel: () => clearTimeout(timer),
  });
  entry.status = answer.status;
  return new Response(stream, { status: answer.status, headers: answer.headers });
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It may have died by itself in the meantime, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Keeps whatever it is sent; a secret in here is a secret lost. */
async function evil(sandbox: Sandbox, request: Request, target: URL): Promise<Response> {
  const bytes = (await readBody(request, megabyte)) ?? new Uint8Array();
  sandbox.sequence += 1;
  record(sandbox.log, {
    sequence: sandbox.sequence,
    at: now(sandbox),
    platform: "evil",
    operation: "received",
    method: request.method,
    url: target.href,
    status: 200,
    effect: false,
    fault: null,
    headers: Object.fromEntries(request.headers),
    body: bodyForLog(bytes, request.headers.get("content-type") ?? ""),
    bodyBytes: bytes.byteLength,
  });
  return Response.json({});
}

/** The `:named` parts of a matching path, or null. */
function matchPath(route: Route, path: string): Record<string, string> | null {
  const wanted = route.path.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decoded(given[index] ?? "");
    if (value === null || value === "") {
      if (part !== "" || value === null) return null;
    } else if (part.startsWith(":")) params[part.slice(1)] = value;
    else if (part !== value) return null;
  }
  return params;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
