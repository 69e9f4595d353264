/** The simulated X's authorization server: consent with PKCE, code and refresh exchange, revocation. */
import {
  type Answer,
  type Call,
  type Choice,
  type ConsentRequest,
  formBody,
  json,
  strangeParam,
} from "@/lib/sandbox/kit";
import {
  basicCredentials,
  callbackUrl,
  DAY,
  endEarlierGrants,
  endGrant,
  findToken,
  HOUR,
  issueCode,
  issueToken,
  redeemCode,
  SECOND,
  sameSecret,
  // Its own name would make the linter take it for a React hook.
  useRefreshToken as spendRefreshToken,
} from "@/lib/sandbox/oauth";
import { consentRefused, DEAD_TOKEN, NO_CLIENT_AUTHENTICATION, oauthError } from "./answers";

export const ISSUER = "https://x.com";

const CODE_LIFE_MS = 30 * SECOND;
const ACCESS_LIFE_MS = 2 * HOUR;
const REFRESH_LIFE_MS = 180 * DAY;

const knownScopes = (
  "tweet.read tweet.write tweet.moderate.write users.read users.email follows.read follows.write offline.access " +
  "space.read mute.read mute.write like.read like.write list.read list.write block.read block.write " +
  "bookmark.read bookmark.write dm.read dm.write media.write"
).split(" ");

const authorizeParams = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
];

/** The request for consent, checked; X shows a page of its own for every fault and never redirects on one. */
export function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  if (strangeParam(query, authorizeParams) !== null)
    return consentRefused("a parameter is unknown or doubled.");
  if (query.get("response_type") !== "code") return consentRefused("response_type must be code.");
  if (query.get("client_id") !== client.id) return consentRefused("this client_id is not registered.");
  // Byte for byte, so `localhost` in place of 127.0.0.1 is another address, as is one more slash.
  if (query.get("redirect_uri") !== client.redirectUri) {
    return consentRefused("this redirect_uri is not registered for the App.");
  }
  const state = query.get("state");
  if (state !== null && state.length > 500) return consentRefused("state may have at most 500 characters.");
  const scopes = query.get("scope")?.split(" ") ?? [];
  if (scopes.length === 0 || !scopes.every((scope) => knownScopes.includes(scope))) {
    return consentRefused("scope must be known names with single spaces between them.");
  }
  const challenge = challengeOf(query);
  if (challenge === null) return consentRefused("PKCE is mandatory: code_challenge and its method.");
  return {
    clientId: client.id,
    redirectUri: client.redirectUri,
    state,
    scopes: [...new Set(scopes)],
    optionalScopes: [],
    challenge,
  };
}

export function allowConsent(call: Call, request: ConsentRequest, choice: Choice): string {
  const code = issueCode(call, request, choice, CODE_LIFE_MS);
  return callbackUrl(call, request, { code: code.value }, ISSUER);
}

export function denyConsent(call: Call, request: ConsentRequest): string {
  return callbackUrl(call, request, { error: "access_denied" }, ISSUER);
}

/** One address serves both exchanges: "refresh" when the form says so, else "token". */
export function tokenOperation(call: Call): string {
  return formBody(call)?.get("grant_type") === "refresh_token" ? "refresh" : "token";
}

/** POST /2/oauth2/token, both exchanges. */
export function exchange(call: Call): Answer {
  const form = authenticatedForm(call);
  if (!(form instanceof URLSearchParams)) return form;
  switch (form.get("grant_type")) {
    case "authorization_code":
      return exchangeCode(call, form);
    case "refresh_token":
      return refresh(call, form);
    case null:
      return missing("grant_type");
    default:
      return oauthError(400, "unsupported_grant_type", "The grant_type is not supported.");
  }
}

/** POST /2/oauth2/revoke. A refresh token takes its grant along; an access token goes alone. */
export function revoke(call: Call): Answer {
  const form = authenticatedForm(call);
  if (!(form instanceof URLSearchParams)) return form;
  const token = form.get("token");
  if (token === null || token === "") return missing("token");
  if (strangeParam(form, ["token", "token_type_hint", "client_id"]) !== null) return strange();
  const found = findToken(call, token);
  // A token that is unknown or another app's is no secret to be told about: the answer is the same.
  if (found !== null && found.grant.clientId === call.client.id) {
    if (found.token.kind === "refresh") endGrant(call, found.grant);
    else found.token.revokedAt ??= call.now;
  }
  return json(200, { revoked: true }, { "cache-control": "no-store" });
}

function exchangeCode(call: Call, form: URLSearchParams): Answer {
  const names = ["code", "redirect_uri", "code_verifier"] as const;
  for (const name of names) if (!form.get(name)) return missing(name);
  if (strangeParam(form, ["grant_type", "client_id", ...names]) !== null) return strange();
  const redeemed = redeemCode(call, {
    code: form.get("code") ?? "",
    clientId: call.client.id,
    redirectUri: form.get("redirect_uri") ?? "",
    verifier: form.get("code_verifier"),
  });
  if ("refused" in redeemed) {
    return oauthError(400, "invalid_request", "Value passed for the authorization code was invalid.");
  }
  const { grant } = redeemed;
  // The newest sign-in of a person through an app is the only one that lives.
  endEarlierGrants(call, grant);
  const lasting = grant.scopes.includes("offline.access");
  return tokens(call, grant, lasting ? issueToken(call, grant, "refresh", REFRESH_LIFE_MS).value : null);
}

function refresh(call: Call, form: URLSearchParams): Answer {
  const token = form.get("refresh_token");
  if (token === null || token === "") return missing("refresh_token");
  if (strangeParam(form, ["grant_type", "client_id", "refresh_token"]) !== null) return strange();
  const renewed = spendRefreshToken(call, token, call.client.id, "always", REFRESH_LIFE_MS);
  return "refused" in renewed
    ? oauthError(400, "invalid_request", DEAD_TOKEN)
    : tokens(call, renewed.grant, renewed.refresh.value);
}

function tokens(call: Call, grant: Parameters<typeof issueToken>[1], refreshToken: string | null): Answer {
  const access = issueToken(call, grant, "access", ACCESS_LIFE_MS);
  return json(
    200,
    {
      token_type: "bearer",
      expires_in: ACCESS_LIFE_MS / SECOND,
      access_token: access.value,
      scope: grant.scopes.join(" "),
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    },
    { "cache-control": "no-store" },
  );
}

/** The form of a confidential client that proved itself by HTTP Basic, or the refusal. */
function authenticatedForm(call: Call): URLSearchParams | Answer {
  const form = formBody(call);
  const basic = basicCredentials(call);
  const proved =
    basic !== null &&
    meansSame(basic.id, call.client.id) &&
    meansSame(basic.secret, call.client.secret) &&
    !form?.has("client_secret");
  if (!proved) return oauthError(401, "unauthorized_client", NO_CLIENT_AUTHENTICATION);
  if (form === null || [...call.query].length > 0) return missing("grant_type");
  const named = form.get("client_id");
  if (named !== null && named !== call.client.id) {
    return oauthError(400, "invalid_request", "Value passed for the client_id was invalid.");
  }
  return form;
}

/** RFC 6749 encodes id and secret before Basic, X's own tools do not: both are taken. */
function meansSame(given: string, registered: string): boolean {
  return sameSecret(given, registered) || sameSecret(formDecoded(given) ?? "", registered);
}

function formDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function challengeOf(query: URLSearchParams): { value: string; method: string } | null {
  const value = query.get("code_challenge") ?? "";
  const method = query.get("code_challenge_method") ?? "";
  const wellFormed =
    (method === "S256" && /^[\w-]{43}$/.test(value)) ||
    (method === "plain" && /^[\w\-.~]{43,128}$/.test(value));
  return wellFormed ? { value, method } : null;
}

function missing(name: string): Answer {
  return oauthError(400, "invalid_request", `Missing required parameter [${name}].`);
}

function strange(): Answer {
  return oauthError(400, "invalid_request", "A parameter is unknown or was given twice.");
}
