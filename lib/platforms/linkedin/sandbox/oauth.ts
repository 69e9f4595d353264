/** The simulated LinkedIn's authorization server: consent without PKCE, code and refresh exchange, revocation. */
import {
  type Answer,
  type Call,
  type Choice,
  type ConsentRequest,
  formBody,
  type Grant,
  json,
  newSecret,
  strangeParam,
} from "@/lib/sandbox/kit";
import {
  callbackUrl,
  DAY,
  endGrant,
  findToken,
  issueCode,
  issueToken,
  redeemCode,
  SECOND,
  sameSecret,
  // Its own name would make the linter take it for a React hook.
  useRefreshToken as spendRefreshToken,
} from "@/lib/sandbox/oauth";
import { consentRefused, oauthError, setting } from "./answers";

export const ISSUER = "https://www.linkedin.com/oauth";

const CODE_LIFE_MS = 1_800 * SECOND;
const ACCESS_LIFE_MS = 60 * DAY;
/** counted from the authorization; refreshing does not extend it */
const REFRESH_LIFE_MS = 365 * DAY;

const memberScopes = ["openid", "profile", "email", "w_member_social", "r_basicprofile"];

/** Those that come with the Community Management product. */
const organizationScopes = [
  "w_organization_social",
  "r_organization_social",
  "rw_organization_admin",
  "r_organization_admin",
  "w_member_social_feed",
  "w_organization_social_feed",
];

const authorizeParams = ["response_type", "client_id", "redirect_uri", "scope", "state"];
const credentials = ["client_id", "client_secret"];

/** The request for consent, checked; every fault gets a page with HTTP 401. A PKCE challenge is a fault here. */
export function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  if (query.get("client_id") !== client.id) return consentRefused("Client_id doesn't match.");
  const redirectUri = query.get("redirect_uri") ?? "";
  // LinkedIn looks at the address up to its query only, and takes no fragment.
  if (redirectUri.split("?")[0] !== client.redirectUri || redirectUri.includes("#")) {
    return consentRefused("Redirect_uri doesn't match.");
  }
  if (strangeParam(query, authorizeParams) !== null) {
    return consentRefused("A parameter is unknown or doubled.");
  }
  if (query.get("response_type") !== "code") return consentRefused("The response_type must be code.");
  // A plus sign is no space here.
  const plus = /[?&]scope=[^&]*\+/.test(call.url.search);
  const scopes = query.get("scope")?.split(" ") ?? [];
  const known = [...memberScopes, ...organizationScopes];
  if (plus || scopes.length === 0 || !scopes.every((scope) => known.includes(scope))) {
    return consentRefused("Invalid scope.");
  }
  const isBarred = scopes.some((scope) => organizationScopes.includes(scope));
  if (isBarred && !setting(call, "communityManagement")) {
    return consentRefused("Invalid scope: unauthorized_scope_error, not enabled for this application.");
  }
  return {
    clientId: client.id,
    redirectUri,
    state: query.get("state"),
    scopes: [...new Set(scopes)],
    optionalScopes: [],
    challenge: null,
  };
}

export function allowConsent(call: Call, request: ConsentRequest, choice: Choice): string {
  const code = issueCode(call, request, choice, CODE_LIFE_MS);
  return callbackUrl(call, request, { code: code.value }, ISSUER);
}

export function denyConsent(call: Call, request: ConsentRequest): string {
  const denial = {
    error: "user_cancelled_authorize",
    error_description: "The user cancelled the authorization",
  };
  return callbackUrl(call, request, denial, ISSUER);
}

/** One address serves both exchanges: "refresh" when the form says so, else "token". */
export function tokenOperation(call: Call): string {
  return formBody(call)?.get("grant_type") === "refresh_token" ? "refresh" : "token";
}

/** POST /oauth/v2/accessToken, both exchanges. */
export function exchange(call: Call): Answer {
  const form = authenticatedForm(call, ["grant_type"]);
  if (!(form instanceof URLSearchParams)) return form;
  switch (form.get("grant_type")) {
    case "authorization_code":
      return exchangeCode(call, form);
    case "refresh_token":
      return refresh(call, form);
    default:
      return oauthError(400, "unsupported_grant_type", "The grant_type is not supported.");
  }
}

/** POST /oauth/v2/revoke. A refresh token takes its grant along; an access token goes alone. */
export function revoke(call: Call): Answer {
  const form = authenticatedForm(call, ["token"]);
  if (!(form instanceof URLSearchParams)) return form;
  if (strangeParam(form, ["token", ...credentials]) !== null) return strange();
  const found = findToken(call, form.get("token"));
  if (found !== null && found.grant.clientId === call.client.id) {
    if (found.token.kind === "refresh") endGrant(call, found.grant);
    else found.token.revokedAt ??= call.now;
  }
  return json(200, {}, { "cache-control": "no-store" });
}

function exchangeCode(call: Call, form: URLSearchParams): Answer {
  for (const name of ["code", "redirect_uri"]) if (!form.get(name)) return missing(name);
  // Only the native flow knows verifiers; on this one a verifier matches nothing.
  if (form.has("code_verifier")) return mismatch();
  if (strangeParam(form, ["grant_type", "code", "redirect_uri", ...credentials]) !== null) return strange();
  const redeemed = redeemCode(call, {
    code: form.get("code") ?? "",
    clientId: call.client.id,
    redirectUri: form.get("redirect_uri") ?? "",
    verifier: null,
  });
  if ("refused" in redeemed) {
    return redeemed.refused === "unknown" || redeemed.refused === "used"
      ? oauthError(401, "invalid_request", "Unable to retrieve access token: authorization code not found")
      : mismatch();
  }
  const { grant } = redeemed;
  endGrantsOfOtherScopes(call, grant);
  const isPartner = setting(call, "refreshTokens");
  return tokens(call, grant, isPartner ? issueToken(call, grant, "refresh", REFRESH_LIFE_MS).value : null);
}

function refresh(call: Call, form: URLSearchParams): Answer {
  const token = form.get("refresh_token");
  if (token === null || token === "") return missing("refresh_token");
  if (strangeParam(form, ["grant_type", "refresh_token", ...credentials]) !== null) return strange();
  const lifeMs = (findToken(call, token)?.grant.createdAt ?? 0) + REFRESH_LIFE_MS - call.now;
  const renewed = setting(call, "refreshTokens")
    ? spendRefreshToken(call, token, call.client.id, "never", lifeMs)
    : ({ refused: "client" } as const);
  return "refused" in renewed
    ? oauthError(
        400,
        setting(call, "refreshRefusal"),
        "The provided authorization grant or refresh token is invalid, expired or revoked.",
      )
    : tokens(call, renewed.grant, renewed.refresh.value);
}

function tokens(call: Call, grant: Grant, refreshToken: string | null): Answer {
  const refreshLeftMs = grant.createdAt + REFRESH_LIFE_MS - call.now;
  const lifeMs = refreshToken === null ? ACCESS_LIFE_MS : Math.min(ACCESS_LIFE_MS, refreshLeftMs);
  return json(
    200,
    {
      access_token: issueToken(call, grant, "access", lifeMs).value,
      expires_in: Math.floor(lifeMs / SECOND),
      scope: grant.scopes.join(setting(call, "scopeSeparator")),
      token_type: "Bearer",
      ...(grant.scopes.includes("openid") ? { id_token: newSecret(call, "id") } : {}),
      ...(refreshToken === null
        ? {}
        : {
            refresh_token: refreshToken,
            refresh_token_expires_in: Math.floor(refreshLeftMs / SECOND),
          }),
    },
    { "cache-control": "no-store" },
  );
}

/** Another list of scopes for the same app and member kills the earlier tokens; the same list lets them live. */
function endGrantsOfOtherScopes(call: Call, grant: Grant): void {
  const listOf = (one: Grant) => [...one.scopes].sort().join(" ");
  for (const other of Object.values(call.world.grants)) {
    const isSameMember = other.personId === grant.personId && other.clientId === grant.clientId;
    if (isSameMember && listOf(other) !== listOf(grant)) endGrant(call, other);
  }
}

/** The form of a client that proved itself by id and secret in the body and gave `required`, or the refusal. */
function authenticatedForm(call: Call, required: string[]): URLSearchParams | Answer {
  const form = formBody(call);
  if (form === null) return missing(required[0] ?? "");
  if ([...call.query].length > 0) return strange();
  for (const name of [...required, ...credentials]) if (!form.get(name)) return missing(name);
  const proved =
    sameSecret(form.get("client_id") ?? "", call.client.id) &&
    sameSecret(form.get("client_secret") ?? "", call.client.secret);
  return proved ? form : oauthError(401, "invalid_client", "Client authentication failed");
}

function mismatch(): Answer {
  return oauthError(
    400,
    "invalid_redirect_uri",
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. " +
      "Or authorization code expired. Or external member binding exists",
  );
}

function missing(name: string): Answer {
  return oauthError(400, "invalid_request", `A required parameter "${name}" is missing`);
}

function strange(): Answer {
  return oauthError(400, "invalid_request", "A parameter is unknown or was given twice.");
}
