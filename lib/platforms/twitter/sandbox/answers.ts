/** How the simulated X refuses, and whom it lets in. */
import {
  type Answer,
  bearer,
  type Call,
  empty,
  html,
  type Json,
  json,
  type Person,
  personById,
} from "@/lib/sandbox/kit";
import { liveToken } from "@/lib/sandbox/oauth";
import { setting } from "./knobs";
import { countRequest } from "./limits";

type Scope = "tweet.read" | "tweet.write" | "users.read" | "media.write";

/** The person whose access token this is, when it is alive, has these scopes, and may ask once more. */
export function signedIn(call: Call, scopes: readonly Scope[]): Person | Answer {
  const trouble = troubleOf(call);
  if (trouble !== null) return trouble;
  const found = liveToken(call, bearer(call), "access");
  const person = found === null ? null : personById(call, found.grant.personId);
  if (found === null || person === null) return unauthorized();
  if (!countRequest(call, person)) return tooManyRequests(call);
  const barred = barredFrom(call, person);
  if (barred !== null) return barred;
  return scopes.every((scope) => found.grant.scopes.includes(scope)) ? person : forbidden(NOT_PERMITTED);
}

export const NOT_PERMITTED = "You are not permitted to perform this action.";

export function problem(status: number, title: string, detail: string, type = "about:blank"): Answer {
  return json(status, { title, detail, type, status }, { "content-type": "application/problem+json" });
}

export function unauthorized(): Answer {
  return problem(401, "Unauthorized", "Unauthorized");
}

export function forbidden(detail: string): Answer {
  return problem(403, "Forbidden", detail);
}

/** 400, naming the parameters that are wrong and why. */
export function invalidRequest(message: string, parameters: Record<string, string[]> = {}): Answer {
  return json(
    400,
    {
      errors: [{ parameters, message }],
      title: "Invalid Request",
      detail: "One or more parameters to your request was invalid.",
      type: problemType("invalid-request"),
      status: 400,
    },
    { "content-type": "application/problem+json" },
  );
}

/** One entry of `errors` for something that is not there (or not for you). */
export function notFoundError(kind: "user" | "tweet", id: string): Record<string, Json> {
  return {
    value: id,
    detail: `Could not find ${kind} with id: [${id}].`,
    title: "Not Found Error",
    resource_type: kind,
    parameter: "id",
    resource_id: id,
    type: problemType("resource-not-found"),
  };
}

export function problemType(name: string): string {
  return `https://api.x.com/2/problems/${name}`;
}

/** The token endpoint speaks OAuth, not problems. */
export function oauthError(status: number, error: string, description: string): Answer {
  return json(status, { error, error_description: description }, { "cache-control": "no-store" });
}

export const DEAD_TOKEN = "Value passed for the token was invalid.";
export const NO_CLIENT_AUTHENTICATION = "Missing valid authorization header";

/** X's page for a request for consent that it does not even show. It never redirects on these. */
export function consentRefused(reason: string): Answer {
  return html(
    400,
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Something went wrong</title></head>` +
      `<body><main><h1>Something went wrong</h1><p>You weren’t able to give access to the App. Go back and try ` +
      `logging in again.</p><p>The sandbox says why: ${reason}</p></main></body></html>`,
    { "cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'" },
  );
}

/** An error of this status as the endpoint at hand would word it. */
export function failure(call: Call, status: number): Answer {
  const isOAuth = ["token", "refresh", "revoke"].includes(call.operation);
  if (isOAuth && status === 400) return oauthError(400, "invalid_request", DEAD_TOKEN);
  if (isOAuth && status === 401) return oauthError(401, "unauthorized_client", NO_CLIENT_AUTHENTICATION);
  switch (status) {
    case 400:
      return invalidRequest("The request was invalid.");
    case 401:
      return unauthorized();
    case 402:
      return creditsDepleted();
    case 403:
      return forbidden(NOT_PERMITTED);
    case 404:
      return problem(404, "Not Found", "Not Found");
    case 413:
      return empty(413);
    case 429:
      return tooManyRequests(call);
    default: {
      const title = status === 503 ? "Service Unavailable" : "Internal Server Error";
      return problem(status, title, title);
    }
  }
}

export function tooManyRequests(call: Call, retryAfterMs?: number): Answer {
  const answer =
    setting(call, "errorShape") === "legacy"
      ? legacy(429, 88, "Rate limit exceeded")
      : problem(429, "Too Many Requests", "Too Many Requests", problemType("rate-limit-exceeded"));
  if (retryAfterMs === undefined) return answer;
  const reset = String(Math.ceil((call.now + retryAfterMs) / 1_000));
  return {
    ...answer,
    headers: { ...answer.headers, "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset },
  };
}

function barredFrom(call: Call, person: Person): Answer | null {
  if (person.details?.suspended === true) {
    const message = "Your account is suspended and is not permitted to access this feature.";
    return setting(call, "errorShape") === "legacy"
      ? legacy(403, 64, message)
      : problem(403, "Forbidden", message, problemType("user-suspended"));
  }
  if (person.details?.locked === true) {
    return legacy(403, 326, "To protect our users from spam, this account is temporarily locked.");
  }
  return null;
}

function troubleOf(call: Call): Answer | null {
  switch (setting(call, "trouble")) {
    case "unauthorized":
      return unauthorized();
    case "credits":
      return creditsDepleted();
    case "enrolment":
      return json(
        403,
        {
          client_id: call.client.id,
          detail: "When authenticating requests, you must use keys and tokens of an App inside a Project.",
          reason: "client-not-enrolled",
          registration_url: "https://console.x.com",
          title: "Client Forbidden",
          type: problemType("client-forbidden"),
          status: 403,
        },
        { "content-type": "application/problem+json" },
      );
    case "authentication":
      return problem(
        403,
        "Unsupported Authentication",
        "Authenticating with this kind of token is forbidden for this endpoint.",
        problemType("unsupported-authentication"),
      );
    case "usage_cap":
      return problem(
        429,
        "UsageCapExceeded",
        "Usage cap exceeded: Monthly product cap",
        problemType("usage-capped"),
      );
    default:
      return null;
  }
}

function creditsDepleted(): Answer {
  const detail = "Your enrolled account does not have any credits to fulfill this request.";
  return problem(402, "CreditsDepleted", detail, problemType("credits"));
}

function legacy(status: number, code: number, message: string): Answer {
  return json(status, { errors: [{ code, message }] });
}
