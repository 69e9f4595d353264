/** How the simulated Reddit refuses, whom it lets in, and how it counts requests. */
import { STATUS_CODES } from "node:http";
import {
  type Answer,
  bearer,
  type Call,
  empty,
  formBody,
  isAnswer,
  type Json,
  json,
  knob,
  type Person,
  personById,
  shelf,
  strangeParam,
} from "@/lib/sandbox/kit";
import { liveToken } from "@/lib/sandbox/oauth";

export const apiHost = "oauth.reddit.com";

/** What an operator or a tester may set. */
export const knobs = {
  /** the HTTP status of `{"error":…}` at the token endpoint: both 200 and 400 are seen */
  tokenErrorStatus: 200,
  /** how a dead refresh token is refused: "bad_request" or "invalid_grant" */
  deadRefresh: "bad_request",
  /** a refresh answers with the refresh token, too, though it stays the same one */
  returnRefreshToken: true,
  accessLifeSeconds: 86_400,
  /** the status for a missing or generic User-Agent: 429 or 403 */
  agentRefusal: 429,
  /** what the person's decision comes back as instead, e.g. "invalid_scope" */
  consentError: "",
  /** what every API call runs into: "none", or "user_required" */
  trouble: "none",
  /** what every submit is refused with, e.g. "BAD_CAPTCHA" */
  submitError: "",
  /** where a broken post requirement is told: "http_400", or "json_errors" inside a 200 */
  validationShape: "http_400",
  /** how RATELIMIT is worded: "archive", "docs", or "break" */
  rateLimitWording: "docs",
  /** how long a new post is missing from its author's list */
  listLagMs: 0,
  /** requests per client id in ten minutes */
  windowLimit: 1_000,
  /** how long a picture or a film by itself is processed before its post is there */
  processingMs: 300,
  /** processing fails: pictures and films never become a post, though the answer is the same */
  mediaFails: false,
  /** false: the answer to such a submit has no websocket_url */
  websocketUrl: true,
  maxImageBytes: 20 * 1_048_576,
  maxGifBytes: 100 * 1_048_576,
  maxVideoBytes: 1_024 * 1_048_576,
  maxVideoMs: 900_000,
};

type Knob = keyof typeof knobs;

export type Scope = "identity" | "submit" | "read" | "flair" | "edit" | "history";

/** One entry of `json.errors`: code, message, field. */
export type SubmitError = [code: string, message: string, field: string];

const WINDOW_MS = 600_000;

/** The knob as set now. */
export function setting<K extends Knob>(call: Call, name: K): (typeof knobs)[K] {
  const fallback: string | number | boolean = knobs[name];
  // safe: `knob` answers with the fallback's type
  return knob(call, name, fallback) as (typeof knobs)[K];
}

/** The person whose access token this is, when it is alive, has this scope, and the client may ask once more. */
export function signedIn(call: Call, scope: Scope): Person | Answer {
  const stranger = agentRefusal(call);
  if (stranger !== null) return stranger;
  const found = liveToken(call, bearer(call), "access");
  const person = found === null ? null : personById(call, found.grant.personId);
  if (found === null || person === null) return unauthorized();
  if (!countRequest(call)) return plain(429);
  if (setting(call, "trouble") === "user_required") return forbidden("USER_REQUIRED");
  return found.grant.scopes.includes(scope) ? person : insufficientScope();
}

/** The refusal of a client that does not say who it is as `<platform>:<app id>:<version> (by /u/<username>)`, or null. */
export function agentRefusal(call: Call): Answer | null {
  const agent = call.headers.get("user-agent") ?? "";
  return /^[^\s:]+:[^\s:]+:[^\s:()]+ \(by \/u\/[\w-]{3,20}\)$/.test(agent)
    ? null
    : plain(setting(call, "agentRefusal"));
}

/** The form of a writing call, or the refusal. */
export function formOf(call: Call, fields: readonly string[]): URLSearchParams | Answer {
  const form = formBody(call);
  if (form === null) return badRequest("The body must be a form.");
  const strange = strangeParam(form, [...fields, "api_type"]) ?? strangeParam(call.query, ["raw_json"]);
  if (strange !== null) return badRequest(`The parameter ${strange} is unknown, or was given twice.`);
  return form;
}

/** The form of a call that answers in JSON only when it is told to: without `api_type` nothing is done at all. */
export function apiForm(call: Call, fields: readonly string[]): URLSearchParams | Answer {
  const form = formOf(call, fields);
  if (isAnswer(form) || form.get("api_type") === "json") return form;
  return badRequest("api_type must be json.");
}

/** The refusal of a query with anything but these parameters and `raw_json`, or null. */
export function queryRefusal(call: Call, allowed: readonly string[] = []): Answer | null {
  const strange = strangeParam(call.query, [...allowed, "raw_json"]);
  return strange === null ? null : badRequest(`The parameter ${strange} is unknown, or was given twice.`);
}

/** What a reading call gives: `&`, `<` and `>` in texts come as HTML entities unless `raw_json=1` was asked for. */
export function reading(call: Call, body: Json): Answer {
  return json(200, call.query.get("raw_json") === "1" ? body : escaped(body));
}

/** Reddit says most of what it refuses inside a 200. */
export function jsonErrors(...errors: SubmitError[]): Answer {
  return json(200, { json: { errors } });
}

export function plain(status: number, headers: Record<string, string> = {}): Answer {
  return json(status, { message: STATUS_CODES[status] ?? "Unknown Error", error: status }, headers);
}

export function badRequest(explanation: string): Answer {
  return json(400, { message: "Bad Request", error: 400, explanation });
}

/** 403 with a reason: private, banned, USER_REQUIRED, IN_TIMEOUT. */
export function forbidden(reason: string): Answer {
  return json(403, { message: "Forbidden", error: 403, reason });
}

export function unauthorized(): Answer {
  return plain(401, { "www-authenticate": 'Bearer realm="reddit", error="invalid_token"' });
}

export function clientUnauthorized(): Answer {
  return plain(401, { "www-authenticate": 'Basic realm="reddit"' });
}

/** An error of this status as the endpoint at hand would word it. */
export function failure(call: Call, status: number): Answer {
  if (status === 401) return call.host === apiHost ? unauthorized() : clientUnauthorized();
  return status === 413 ? empty(413) : plain(status);
}

export function tooManyRequests(call: Call, retryAfterMs: number): Answer {
  if (call.host !== apiHost) return plain(429);
  return plain(429, {
    "x-ratelimit-used": String(setting(call, "windowLimit")),
    "x-ratelimit-remaining": "0.0",
    "x-ratelimit-reset": String(Math.ceil(retryAfterMs / 1_000)),
  });
}

/** The answer with `x-ratelimit-*` as they stand; what it already says wins. The reset is in seconds from now. */
export function withLimits(call: Call, answer: Answer): Answer {
  if (call.host !== apiHost) return answer;
  const { startedAt, count } = windowOf(call);
  return {
    ...answer,
    headers: {
      "x-ratelimit-used": String(count),
      "x-ratelimit-remaining": Math.max(0, setting(call, "windowLimit") - count).toFixed(1),
      "x-ratelimit-reset": String(Math.ceil((startedAt + WINDOW_MS - call.now) / 1_000)),
      ...answer.headers,
    },
  };
}

function insufficientScope(): Answer {
  return plain(403, { "www-authenticate": 'Bearer realm="reddit", error="insufficient_scope"' });
}

type Window = { startedAt: number; count: number };

function windowOf(call: Call): Window {
  const kept = shelf<Window>(call, "windows")[call.client.id];
  const isOpen = kept !== undefined && call.now < kept.startedAt + WINDOW_MS && call.now >= kept.startedAt;
  return isOpen ? kept : { startedAt: call.now, count: 0 };
}

function countRequest(call: Call): boolean {
  const { startedAt, count } = windowOf(call);
  if (count >= setting(call, "windowLimit")) return false;
  shelf<Window>(call, "windows")[call.client.id] = { startedAt, count: count + 1 };
  return true;
}

function escaped(value: Json): Json {
  if (typeof value === "string") {
    return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  }
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escaped(one)]));
}
