/**
 * The building blocks of a simulator: what one is, what it is handed, what it may remember.
 *
 * A simulator is a plain object of routes. A route's handler is synchronous: the whole effect of a request happens
 * in one breath, so the server can run it and then lose the answer (or never run it) and still tell the truth
 * about what happened. Everything remembered is JSON in the World, so it survives a restart.
 */
import { createHash, randomBytes } from "node:crypto";

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Someone who lives on the simulated platform. `details` are the platform's own facts, e.g. subscription_type. */
export type Person = {
  id: string;
  username: string;
  name: string;
  about?: string;
  details?: Record<string, Json>;
};

/** Something the world can see. Counting these is how a test learns what really happened. */
export type Publication = {
  id: string;
  platform: string;
  personId: string;
  /** the person's username when it was published */
  author: string;
  text: string;
  replyTo: string | null;
  link: string | null;
  /** sandbox clock, milliseconds since 1970 */
  createdAt: number;
  deletedAt: number | null;
  /** the pictures, videos and documents in it, in order */
  media: Shown[];
  details: Record<string, Json>;
};

/** A file the platform was sent or fetched. Its bytes lie in the sandbox's own folder under `id`; see files.ts. */
export type StoredFile = {
  id: string;
  bytes: number;
  /** hex, of all its bytes */
  sha256: string;
  /** by its content, not by what was claimed; application/octet-stream when nothing known */
  mime: string;
  /** pixels, for pictures and videos that say */
  width: number | null;
  height: number | null;
  durationMs: number | null;
};

/** A file as part of a publication. */
export type Shown = StoredFile & { alt: string | null };

/** What came of fetching an address, as a platform's own downloader would: 200 with a file, anything else without. */
export type Fetched = { status: number | null; file: StoredFile | null };

/** One part of a multipart body. Text parts have `text`, files have `file`. */
export type Part = {
  name: string;
  /** null: a plain field */
  filename: string | null;
  type: string;
  text: string;
  file: StoredFile | null;
};

/** A secret that left the simulator, or came in and must not be seen elsewhere. */
export type Issued = { kind: string; value: string; at: number };

/** An authorization code and everything it is bound to. */
export type Code = {
  value: string;
  clientId: string;
  redirectUri: string;
  personId: string;
  scopes: string[];
  challenge: { value: string; method: string } | null;
  issuedAt: number;
  expiresAt: number;
  usedAt: number | null;
  /** the grant it became, once redeemed */
  grantId: string | null;
};

/** What a person consented to once. Its end is the end of all its tokens. */
export type Grant = {
  id: string;
  personId: string;
  clientId: string;
  scopes: string[];
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
};

export type Token = {
  value: string;
  /** "access" or "refresh"; a platform may add kinds of its own, e.g. "short" */
  kind: string;
  grantId: string;
  issuedAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  /** when a rotating refresh token was used up */
  spentAt: number | null;
};

/** How refresh tokens behave: kept; used up; used up and a replay ends the grant; used up after 60 s of grace. */
export type Rotation = "never" | "always" | "reuse_kills_family" | "grace";

export type Settings = {
  /** null: as the platform does by itself */
  rotation: Rotation | null;
  /** "off", "on" (the platform's own issuer), or any other value, sent as it is */
  iss: string;
  /** scopes the platform silently does not grant */
  dropScopes: string[];
  /** the platform forgets to check PKCE */
  ignorePkce: boolean;
  /** by person id: facts that override the seeded `details` */
  people: Record<string, Record<string, Json>>;
  /** the simulator's own knobs, e.g. processingMs */
  own: Record<string, Json>;
};

/** One simulator's memory. Plain JSON from end to end. */
export type World = {
  platform: string;
  settings: Settings;
  counter: number;
  codes: Record<string, Code>;
  grants: Record<string, Grant>;
  tokens: Record<string, Token>;
  publications: Publication[];
  issued: Issued[];
  /** named drawers for what only one platform has, e.g. containers; see `shelf` */
  shelves: Record<string, Record<string, Json>>;
};

/** The app as registered with the platform. `redirectUris` are all that are registered, the platform's own first. */
export type Client = { id: string; secret: string; redirectUri: string; redirectUris: string[] };

/** One request, as the real platform would have received it. */
export type Call = {
  operation: string;
  method: string;
  /** the real address: https://HOST/PATH?QUERY */
  url: URL;
  host: string;
  path: string;
  /** the `:named` parts of the route's path, decoded */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Headers;
  /** empty for a route that takes a file or parts */
  body: Uint8Array;
  /** the body of a route with `takes: "file"` */
  file: StoredFile | null;
  /** the body of a route with `takes: "parts"`, in order; null when it was no multipart/form-data */
  parts: Part[] | null;
  /** by address: what the route's `fetches` brought */
  fetched: Record<string, Fetched>;
  /** where the sandbox keeps files; see files.ts */
  fileDirectory: string;
  /** sandbox clock, milliseconds since 1970; every lifetime is measured by it */
  now: number;
  /** where the sandbox itself answers, e.g. http://127.0.0.1:4010 */
  sandboxOrigin: string;
  client: Client;
  /** the apps registered with every platform, for simulators that share accounts */
  clients: Record<string, Client>;
  people: Person[];
  world: World;
  /** the other simulators' worlds by platform, where two platforms share accounts (Instagram and Facebook) */
  worlds: Record<string, World>;
  /** true once this request changed what the world can see; set by `publish` and `unpublish` */
  effect: boolean;
};

export type Answer = { status: number; headers: Record<string, string>; body: string | Uint8Array };

/** `path` may have `:named` parts; the first matching route answers, so list exact paths before named ones. */
export type Route = {
  /** a function where one path serves several things, e.g. GET /:id; it must change nothing */
  operation: string | ((call: Call) => string);
  method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  path: string;
  /** which of the simulator's hosts; absent: all of them */
  hosts?: string[];
  /** default 1 MB */
  maxBodyBytes?: number;
  /**
   * How the body is read before `handle`: absent, into `body`; "file", onto the disk as `file`, whatever its size;
   * "parts", as multipart/form-data into `parts`, or as usual where it is of another type.
   */
  takes?: "file" | "parts";
  /** Addresses the platform downloads before `handle` sees what came of it in `fetched`. Must change nothing. */
  fetches?(call: Call): string[];
  handle(call: Call): Answer;
};

/** A well-formed request for consent, after the platform checked it. */
export type ConsentRequest = {
  clientId: string;
  redirectUri: string;
  state: string | null;
  scopes: string[];
  /** those the person may untick; the others are shown as a plain list */
  optionalScopes: string[];
  /** What the person chooses one by one besides scopes, such as Facebook Pages; all are ticked at first. */
  assets?: Asset[];
  challenge: { value: string; method: string } | null;
};

export type Asset = { id: string; name: string; personId: string };

/** `assets`: the ids ticked, among those of this person. */
export type Choice = { person: Person; scopes: string[]; assets: string[] };

/**
 * The platform's consent page. The server draws it, and also lets a test decide without a browser.
 * GET is logged as operation "authorize", the person's decision as "consent".
 */
type Consent = {
  hosts: string[];
  path: string;
  /** A ConsentRequest, or the platform's refusal. Must never redirect to an address that is not registered. */
  check(call: Call): ConsentRequest | Answer;
  /** Where the browser goes after Allow, usually `callbackUrl(call, request, { code })`. */
  allow(call: Call, request: ConsentRequest, choice: Choice): string;
  deny(call: Call, request: ConsentRequest): string;
};

export type Simulator = {
  platform: string;
  /** as people call it, e.g. "Threads" */
  name: string;
  /** the real hosts it answers for */
  hosts: string[];
  /** its issuer identifier, for `iss` when that is switched on */
  issuer: string;
  /** names of the environment variables with the registered client's id and secret */
  clientEnv: { id: string; secret: string };
  /** other platforms whose callback address is registered with the same app */
  alsoRedirectsTo?: string[];
  /** Where simulators share a host: whether this request is ours. Absent: every request to our hosts is. */
  claims?(call: Call): boolean;
  people: Person[];
  /** what faults may be asked for; the routes' and consent's operation names */
  operations: string[];
  consent?: Consent;
  routes: Route[];
  /** own knobs and their defaults, set through /_sandbox/settings under `own` */
  knobs?: Record<string, Json>;
  /** no such path or method here */
  notFound(call: Call): Answer;
  /** an error with this HTTP status in the platform's style: used by faults and for oversized bodies */
  failure(call: Call, status: number): Answer;
  /** 429 in the platform's style with its own headers; the server adds Retry-After (whole seconds, rounded up) */
  rateLimited(call: Call, retryAfterMs: number): Answer;
  /** the last word on every answer, also faulty ones, e.g. rate-limit headers */
  finish?(call: Call, answer: Answer): Answer;
};

// Answers

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return jsonText(status, JSON.stringify(body), headers);
}

/** JSON written by hand, e.g. with an unquoted number above 2^53. */
export function jsonText(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "content-type": "application/json; charset=utf-8", ...headers }, body: text };
}

export function html(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "content-type": "text/html; charset=utf-8", ...headers }, body };
}

export function redirect(location: string, status = 302): Answer {
  return { status, headers: { location, "cache-control": "no-store" }, body: "" };
}

export function empty(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: "" };
}

export function isAnswer(value: object): value is Answer {
  return "status" in value && "body" in value && "headers" in value;
}

// Reading a request strictly

/** The body as form fields, or null unless it is declared and encoded as application/x-www-form-urlencoded. */
export function formBody(call: Call): URLSearchParams | null {
  if (mediaType(call) !== "application/x-www-form-urlencoded") return null;
  const text = utf8(call.body);
  return text === null ? null : new URLSearchParams(text);
}

/** The body as a JSON object, or null unless it is declared as JSON and is one. */
export function jsonBody(call: Call): Record<string, Json> | null {
  const text = mediaType(call) === "application/json" ? utf8(call.body) : null;
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    // safe: JSON.parse makes nothing but Json, and arrays and null are excluded here
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, Json>)
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The declared content type without its parameters, lower case; "" when absent. */
function mediaType(call: Call): string {
  return (call.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The first parameter name that is not allowed, or that is given twice; null when all is well. */
export function strangeParam(params: URLSearchParams, allowed: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of params.keys()) {
    if (!allowed.includes(name) || seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}

/** The token of `Authorization: Bearer …`, or null. */
export function bearer(call: Call): string | null {
  return /^Bearer +(\S+)$/i.exec(call.headers.get("authorization") ?? "")?.[1] ?? null;
}

// The world

/** The publication joins the world's feed; the request now had an effect. */
export function publish(
  call: Call,
  what: { id: string; personId: string; text: string } & Partial<
    Pick<Publication, "replyTo" | "link" | "media" | "details">
  >,
): Publication {
  const publication: Publication = {
    id: what.id,
    platform: call.world.platform,
    personId: what.personId,
    author: personById(call, what.personId)?.username ?? "",
    text: what.text,
    replyTo: what.replyTo ?? null,
    link: what.link ?? null,
    createdAt: call.now,
    deletedAt: null,
    media: what.media ?? [],
    details: what.details ?? {},
  };
  call.world.publications.push(publication);
  call.effect = true;
  return publication;
}

/** The publication is gone from the platform, but stays in the feed, marked as deleted. */
export function unpublish(call: Call, publication: Publication): void {
  publication.deletedAt = call.now;
  call.effect = true;
}

/** A publication that is still there. */
export function findPublication(call: Call, id: string): Publication | null {
  return call.world.publications.find((one) => one.id === id && one.deletedAt === null) ?? null;
}

/** The seeded person with the settings' overrides laid over their details. */
export function personById(call: Call, id: string): Person | null {
  const person = call.people.find((one) => one.id === id);
  if (person === undefined) return null;
  return { ...person, details: { ...person.details, ...call.world.settings.people[id] } };
}

/** The address of a publication in the sandbox's own feed. */
export function permalink(call: Call, id: string): string {
  return `${call.sandboxOrigin}/feed/${call.world.platform}/${id}`;
}

/** A drawer of this world by name. The caller says what is in it: only one simulator uses a drawer. */
export function shelf<T>(call: Pick<Call, "world">, name: string): Record<string, T> {
  call.world.shelves[name] ??= {};
  // safe: a drawer has one owner, who always names the same JSON type
  return call.world.shelves[name] as unknown as Record<string, T>;
}

/** A knob of the simulator's own as set now; `fallback` also says which type it has. */
export function knob<T extends string | number | boolean>(call: Call, name: string, fallback: T): T {
  const value = call.world.settings.own[name];
  // safe: the types were just compared
  return typeof value === typeof fallback ? (value as T) : fallback;
}

/** A decimal id of 19 digits, above 2^53, growing with the sandbox clock (X calls this a snowflake). */
export function newId(call: Call): string {
  call.world.counter += 1;
  return String((BigInt(call.now - 1288834974657) << 22n) | BigInt(call.world.counter % 4_194_304));
}

/** A fresh secret with the canary in it, listed for leak sweeps. `kind` is a word: access, refresh, code … */
export function newSecret(call: Call, kind: string): string {
  const value = `CNRY_${kind}_${call.world.platform}_${randomBytes(24).toString("hex")}`;
  call.world.issued.push({ kind, value, at: call.now });
  return value;
}

/** Lists a secret the app made itself (a PKCE verifier), so that leak sweeps look for it too. */
export function sawSecret(call: Call, kind: string, value: string): void {
  if (!call.world.issued.some((one) => one.value === value))
    call.world.issued.push({ kind, value, at: call.now });
}

/** A short fingerprint of a secret, fit for a log. */
export function fingerprint(secret: string): string {
  return `#${createHash("sha256").update(secret).digest("hex").slice(0, 8)}`;
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
