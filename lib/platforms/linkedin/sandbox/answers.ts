/** How the simulated LinkedIn refuses, whom it lets in, which versions of its API live, and how it counts requests. */
import {
  type Answer,
  bearer,
  type Call,
  html,
  json,
  knob,
  type Person,
  personById,
  shelf,
} from "@/lib/sandbox/kit";
import { findToken } from "@/lib/sandbox/oauth";

/** What an operator or a tester may set. */
export const knobs = {
  /** the app is an approved partner, so refresh tokens are given out and taken */
  refreshTokens: true,
  /** the app has the Community Management product; without it the scopes of organizations fail the whole request */
  communityManagement: true,
  /** false: development tier, which may not look up several organizations at once */
  batchGet: true,
  /** what stands between the granted scopes in the token's answer: "," or " " */
  scopeSeparator: ",",
  /** the error for a refresh token that is dead; LinkedIn does not document it */
  refreshRefusal: "invalid_grant",
  /** how long a new access token still answers 401 */
  freshTokenMs: 0,
  /** the first and the last version that are served, YYYYMM */
  oldestVersion: "202511",
  newestVersion: "202609",
  /** "organization" or "organizationTarget": both names occur in the answers */
  organizationField: "organization",
  /** "share" or "ugcPost": what a new post's URN says it is */
  postKind: "share",
  duplicateWindowMs: 600_000,
  /** requests in one UTC day */
  memberDailyLimit: 150,
  appDailyLimit: 100_000,
  /** how long an upload is PROCESSING */
  processingMs: 300,
  /** why every upload from now on ends as PROCESSING_FAILED; "" for only the bad ones */
  processingError: "",
  /** false: a post that comes while its picture is PROCESSING is refused; true: taken, and unseen should it fail */
  acceptsEarlyImages: false,
  /** of images, videos and documents: what a token without an organization's scopes may ask the status of */
  memberMayAsk: "videos documents",
  uploadUrlLifeMs: 86_400_000,
  /** false: a video's uploadToken is empty */
  uploadTokens: true,
  maxDocumentBytes: 100_000_000,
};

const DAY = 86_400_000;

const notPermitted = "Not enough permissions to access: ";

/** The knob as set now. */
export function setting<K extends keyof typeof knobs>(call: Call, name: K): (typeof knobs)[K] {
  const fallback: string | number | boolean = knobs[name];
  // safe: `knob` answers with the fallback's type
  return knob(call, name, fallback) as (typeof knobs)[K];
}

export type Member = { person: Person; scopes: readonly string[] };

/** The member whose access token this is, when it is alive. */
export function signedIn(call: Call): Member | Answer {
  const value = bearer(call);
  if (value === null) return apiError(401, "Empty oauth2_access_token");
  const found = findToken(call, value);
  const person = found === null ? null : personById(call, found.grant.personId);
  if (found === null || person === null || found.token.kind !== "access") return invalidToken();
  if (found.state === "expired") {
    return apiError(401, "The token used in the request has expired", "EXPIRED_ACCESS_TOKEN", 65602);
  }
  const isFresh = call.now < found.token.issuedAt + setting(call, "freshTokenMs");
  if (found.state !== "live" || isFresh) {
    return apiError(
      401,
      "The token used in the request has been revoked by the user",
      "REVOKED_ACCESS_TOKEN",
      65601,
    );
  }
  return { person, scopes: found.grant.scopes };
}

/** As `signedIn`, for the versioned part of the API: its two headers must be right, and the day's requests count. */
export function signedInToRest(call: Call): Member | Answer {
  const member = signedIn(call);
  if ("status" in member) return member;
  const refusal = headerRefusal(call);
  if (refusal !== null) return refusal;
  return countRequest(call, member.person) ? member : tooManyRequests();
}

/** `code` and `serviceErrorCode` may each be missing, as on LinkedIn. */
export function apiError(status: number, message: string, code?: string, serviceErrorCode?: number): Answer {
  return json(status, {
    status,
    ...(serviceErrorCode === undefined ? {} : { serviceErrorCode }),
    ...(code === undefined ? {} : { code }),
    message,
  });
}

/** 403. `resource` as LinkedIn names it, e.g. "partnerApiPosts.CREATE.20260901". */
export function denied(resource: string): Answer {
  return apiError(403, notPermitted + resource, "ACCESS_DENIED", 100);
}

export function badRequest(message: string, code = "ILLEGAL_ARGUMENT"): Answer {
  return apiError(400, message, code);
}

/** The OAuth endpoints have words of their own. */
export function oauthError(status: number, error: string, description: string): Answer {
  return json(status, { error, error_description: description }, { "cache-control": "no-store" });
}

/** LinkedIn's page for a request for consent that it does not even show: 401, and never a redirect. */
export function consentRefused(reason: string): Answer {
  return html(
    401,
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>LinkedIn</title></head><body><main>` +
      `<h1>Bummer, something went wrong.</h1><p>${reason}</p></main></body></html>`,
    { "cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'" },
  );
}

/** An error of this status as the endpoint at hand would word it. */
export function failure(call: Call, status: number): Answer {
  if (["token", "refresh", "revoke"].includes(call.operation)) {
    const error = status === 401 ? "invalid_client" : status >= 500 ? "server_error" : "invalid_request";
    return oauthError(status, error, "The request could not be answered.");
  }
  switch (status) {
    case 400:
      return badRequest("The request was invalid.");
    case 401:
      return invalidToken();
    case 403:
      return denied(call.operation);
    case 404:
      return noSuchResource();
    case 426:
      return deadVersion(call.headers.get("linkedin-version") ?? "");
    case 429:
      return tooManyRequests();
    default:
      return apiError(status, status >= 500 ? "Unable to obtain activity" : "The request was refused.");
  }
}

export function noSuchResource(): Answer {
  return apiError(404, "No virtual resource found", "RESOURCE_NOT_FOUND", 0);
}

/** No header tells how long to wait: a day's limit ends at midnight UTC. */
export function tooManyRequests(): Answer {
  const message = "Resource level throttle limit for calls to this resource is reached.";
  return apiError(429, message, "TOO_MANY_REQUESTS", 101);
}

function invalidToken(): Answer {
  return apiError(401, "Invalid access token", "INVALID_ACCESS_TOKEN", 65600);
}

function deadVersion(version: string): Answer {
  return apiError(426, `Requested version ${version} is not active`, "NONEXISTENT_VERSION");
}

function headerRefusal(call: Call): Answer | null {
  const version = call.headers.get("linkedin-version");
  if (version === null) return badRequest("A version must be present.", "VERSION_MISSING");
  if (!/^20\d\d(0[1-9]|1[0-2])$/.test(version)) return deadVersion(version);
  if (version < setting(call, "oldestVersion") || version > setting(call, "newestVersion")) {
    return deadVersion(version);
  }
  return call.headers.get("x-restli-protocol-version") === "2.0.0"
    ? null
    : badRequest("X-Restli-Protocol-Version must be 2.0.0.");
}

/** Takes one request from the member's day and the app's, or from neither when one is used up. */
function countRequest(call: Call, person: Person): boolean {
  const day = Math.floor(call.now / DAY);
  const counts = shelf<{ day: number; count: number }>(call, "requests");
  const countOf = (key: string) => (counts[key]?.day === day ? counts[key].count : 0);
  const budgets = { [person.id]: setting(call, "memberDailyLimit"), app: setting(call, "appDailyLimit") };
  if (Object.entries(budgets).some(([key, limit]) => countOf(key) >= limit)) return false;
  for (const key of Object.keys(budgets)) counts[key] = { day, count: countOf(key) + 1 };
  return true;
}
