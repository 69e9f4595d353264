/** How the simulated TikTok refuses, whom it lets in, and how it counts requests. */
import { randomBytes } from "node:crypto";
import {
  type Answer,
  bearer,
  type Call,
  type Grant,
  isAnswer,
  type Json,
  json,
  jsonBody,
  jsonText,
  knob,
  type Person,
  personById,
  shelf,
  strangeParam,
} from "@/lib/sandbox/kit";
import { findToken } from "@/lib/sandbox/oauth";

/** What an operator or a tester may set. */
export const knobs = {
  codeLifeMs: 600_000,
  // The newer of the two documented readings; the older one is 86,400 s and 365 days.
  accessLifeMs: 7_200_000,
  refreshLifeMs: 180 * 86_400_000,
  /** true: a refresh does not prolong the consent, its remaining life counts down */
  refreshCountsDown: false,
  /** the status of an OAuth error; reported to be 200 at times */
  tokenErrorStatus: 200,
  /** an OAuth error code for every token request, e.g. "unauthorized_client" */
  tokenError: "",
  /** an error to come back with from every consent, e.g. "invalid_scope" */
  consentError: "",
  /** true: errors of the API come with 200, too */
  errorsAs200: false,
  /** "access_token_invalid" or "access_token_expired" */
  expiredCode: "access_token_invalid",
  /** "scope_not_authorized" (401) or "scope_permission_missed" (400) for a profile field */
  fieldScopeError: "scope_not_authorized",
  /** "invalid_params" or "invalid_param" */
  invalidParamCode: "invalid_params",
  /** the app has not passed TikTok's audit */
  unaudited: false,
  bannedFromPosting: false,
  /** direct posts a creator may make in 24 hours, by all apps */
  dailyPosts: 15,
  /** drafts that may wait in the inbox in 24 hours */
  pendingShares: 5,
  /** people who may post through the app in 24 hours; an unaudited app has 5 at most */
  activeUserCap: 1_000,
  initPerMinute: 6,
  creatorInfoPerMinute: 20,
  statusPerMinute: 30,
  /** of the whole app */
  userInfoPerMinute: 600,
  uploadUrlLifeMs: 3_600_000,
  processingMs: 300,
  /** how long after processing a public post has no public id */
  moderationMs: 300,
  /** the fail_reason of every post from now on */
  failReason: "",
  /** URL prefixes or hosts that are the app's, separated by commas; "": the origin of its redirect URI */
  verifiedPrefixes: "",
};

export type Admitted = { person: Person; grant: Grant };

/** A sliding minute: `limit` is the knob's name, `by` whom it is counted for. */
type Quota = { name: string; limit: keyof typeof knobs; by: "person" | "app" };

const MINUTE = 60_000;

const statuses: Record<string, number> = {
  access_token_invalid: 401,
  access_token_expired: 401,
  scope_not_authorized: 401,
  scope_permission_missed: 400,
  rate_limit_exceeded: 429,
  spam_risk_too_many_posts: 403,
  spam_risk_too_many_pending_share: 403,
  spam_risk_user_banned_from_posting: 403,
  reached_active_user_cap: 403,
  unaudited_client_can_only_post_to_private_accounts: 403,
  url_ownership_unverified: 403,
  privacy_level_option_mismatch: 403,
  invalid_publish_id: 400,
  token_not_authorized_for_specified_publish_id: 400,
};

/** The knob as set now. */
export function setting<K extends keyof typeof knobs>(call: Call, name: K): (typeof knobs)[K] {
  const fallback: string | number | boolean = knobs[name];
  // safe: `knob` answers with the fallback's type
  return knob(call, name, fallback) as (typeof knobs)[K];
}

/** `data` with the code that alone says that all is well. */
export function ok(data: unknown): Answer {
  return okText(JSON.stringify(data));
}

/** As `ok`, for JSON written by hand. */
export function okText(data: string): Answer {
  const error = { code: "ok", message: "", log_id: logId() };
  return jsonText(200, `{"data":${data},"error":${JSON.stringify(error)}}`);
}

/** An error of the table, with its own status. */
export function refused(call: Call, code: string, message: string): Answer {
  return apiError(setting(call, "errorsAs200") ? 200 : (statuses[code] ?? 400), code, message);
}

export function invalidParams(call: Call, message: string): Answer {
  return refused(call, setting(call, "invalidParamCode"), message);
}

export function apiError(status: number, code: string, message: string): Answer {
  return json(status, { data: {}, error: { code, message, log_id: logId() } });
}

/** The OAuth endpoints have a body of their own. */
export function oauthError(status: number, error: string, description: string): Answer {
  const body = { error, error_description: description, log_id: logId() };
  return json(status, body, { "cache-control": "no-store" });
}

/** An error of this status as the endpoint at hand would word it. */
export function failure(call: Call, status: number): Answer {
  if (["token", "refresh", "revoke"].includes(call.operation)) {
    const passing = status === 503 ? "temporarily_unavailable" : "server_error";
    const lasting = status === 401 ? "invalid_client" : "invalid_request";
    return oauthError(status, status >= 500 ? passing : lasting, "The request could not be answered.");
  }
  if (status >= 500) return apiError(status, "internal_error", "Something went wrong. Try again later.");
  switch (status) {
    case 401:
      return apiError(401, "access_token_invalid", "The access token is invalid.");
    case 403:
      return apiError(403, "spam_risk_user_banned_from_posting", "The user is banned from posting.");
    case 429:
      return tooManyRequests();
    default:
      return apiError(status, "invalid_params", "The request was refused.");
  }
}

/** No header tells how long to wait. */
export function tooManyRequests(): Answer {
  return apiError(429, "rate_limit_exceeded", "The rate limit of this endpoint is exceeded.");
}

/** Lets a request in whose token lives, carries one of these scopes, and is within the quota. Changes nothing. */
export function admit(call: Call, scopes: readonly string[], quota: Quota): Admitted | Answer {
  const found = findToken(call, bearer(call));
  const person = found === null ? null : personById(call, found.grant.personId);
  if (found === null || person === null || found.token.kind !== "access") return badToken(call);
  if (found.state === "expired") {
    return refused(call, setting(call, "expiredCode"), "The access token has expired.");
  }
  if (found.state !== "live") return badToken(call);
  if (!scopes.some((scope) => found.grant.scopes.includes(scope))) {
    const message = `The user did not authorize the scope required for this request: ${scopes.join(" or ")}.`;
    return refused(call, "scope_not_authorized", message);
  }
  if (recent(call, keyOf(quota, person)).length >= Number(setting(call, quota.limit))) {
    return setting(call, "errorsAs200") ? { ...tooManyRequests(), status: 200 } : tooManyRequests();
  }
  return { person, grant: found.grant };
}

/** As `admit`, and takes the request from the quota. */
export function admitCounted(call: Call, scopes: readonly string[], quota: Quota): Admitted | Answer {
  const admitted = admit(call, scopes, quota);
  if (isAnswer(admitted)) return admitted;
  const key = keyOf(quota, admitted.person);
  shelf<number[]>(call, "requests")[key] = [...recent(call, key), call.now];
  return admitted;
}

/** The JSON body, or the refusal of anything else and of parameters beside it. */
export function bodyOf(call: Call): { fields: Record<string, Json> } | Answer {
  const strange = strangeParam(call.query, []);
  if (strange !== null) return invalidParams(call, `Unexpected parameter: ${strange}`);
  const fields = jsonBody(call);
  return fields === null
    ? invalidParams(call, "The body must be a JSON object, declared as application/json.")
    : { fields };
}

function badToken(call: Call): Answer {
  return refused(call, "access_token_invalid", "The access token is invalid or not found in the request.");
}

function recent(call: Call, key: string): number[] {
  return (shelf<number[]>(call, "requests")[key] ?? []).filter((at) => at > call.now - MINUTE);
}

function keyOf({ name, by }: Quota, person: Person): string {
  return by === "app" ? name : `${name} ${person.id}`;
}

function logId(): string {
  return randomBytes(16).toString("hex").toUpperCase();
}
