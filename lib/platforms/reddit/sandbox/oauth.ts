/** The simulated Reddit's authorization server: consent, code and refresh exchange, revocation. */
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  type Choice,
  type ConsentRequest,
  empty,
  formBody,
  type Grant,
  isAnswer,
  json,
  shelf,
  strangeParam,
} from "@/lib/sandbox/kit";
import {
  basicCredentials,
  callbackUrl,
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
import { agentRefusal, clientUnauthorized, plain, setting } from "./answers";

export const ISSUER = "https://www.reddit.com";

const CODE_LIFE_MS = 600 * SECOND;

const knownScopes = (
  "account creddits edit flair history identity livemanage modconfig modcontributors modflair modlog modmail " +
  "modothers modposts modself modtraffic modwiki mysubreddits privatemessages read report save structuredstyles " +
  "submit subscribe vote wikiedit wikiread"
).split(" ");

const authorizeParams = ["client_id", "response_type", "state", "redirect_uri", "duration", "scope"];

/** The request for consent, checked; Reddit shows a page for every faulty parameter and does not redirect. */
export function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  const refuse = (reason: string) => refusalPage(call, "Reddit", reason);
  const strange = strangeParam(query, authorizeParams);
  if (strange !== null) return refuse(`The parameter ${strange} is unknown, or was given twice.`);
  if (query.get("client_id") !== client.id) return refuse("Invalid client id.");
  if (query.get("redirect_uri") !== client.redirectUri) {
    return refuse(
      "Invalid redirect_uri parameter: it must be the one that is registered, to the last character.",
    );
  }
  if (query.get("response_type") !== "code") return refuse("response_type must be code.");
  const state = query.get("state") ?? "";
  if (!/^[\x20-\x7e]+$/.test(state)) return refuse("state must be there, in printable ASCII.");
  if (!["permanent", "temporary"].includes(query.get("duration") ?? "temporary")) {
    return refuse("duration must be permanent or temporary.");
  }
  const scopes = query.get("scope")?.split(" ") ?? [];
  if (scopes.length === 0 || !scopes.every((scope) => knownScopes.includes(scope))) {
    return refuse("scope must be known names with single spaces between them.");
  }
  return {
    clientId: client.id,
    redirectUri: client.redirectUri,
    state,
    scopes: [...new Set(scopes)],
    optionalScopes: [],
    challenge: null,
  };
}

export function allowConsent(call: Call, request: ConsentRequest, choice: Choice): string {
  const error = setting(call, "consentError");
  if (error !== "") return callbackUrl(call, request, { error }, ISSUER);
  const code = issueCode(call, request, choice, CODE_LIFE_MS);
  // Only a code that was asked for with duration=permanent buys a refresh token.
  lastingCodes(call)[code.value] = call.query.get("duration") === "permanent";
  return callbackUrl(call, request, { code: code.value }, ISSUER);
}

export function denyConsent(call: Call, request: ConsentRequest): string {
  const error = setting(call, "consentError") || "access_denied";
  return callbackUrl(call, request, { error }, ISSUER);
}

/** One address serves both exchanges: "refresh" when the form says so, else "token". */
export function tokenOperation(call: Call): string {
  return formBody(call)?.get("grant_type") === "refresh_token" ? "refresh" : "token";
}

/** POST /api/v1/access_token, both exchanges. Its refusals usually come with HTTP 200. */
export function exchange(call: Call): Answer {
  const form = provenForm(call);
  if (isAnswer(form)) return form;
  switch (form.get("grant_type")) {
    case "authorization_code":
      return exchangeCode(call, form);
    case "refresh_token":
      return refresh(call, form);
    default:
      return oauthError(call, "unsupported_grant_type");
  }
}

/** POST /api/v1/revoke_token: 204 for what it knows and for what it does not. */
export function revoke(call: Call): Answer {
  const form = provenForm(call);
  if (isAnswer(form)) return form;
  const token = form.get("token") ?? "";
  const hint = form.get("token_type_hint") ?? "access_token";
  const isHint = hint === "access_token" || hint === "refresh_token";
  if (token === "" || !isHint || strangeParam(form, ["token", "token_type_hint"]) !== null) return plain(400);
  const found = findToken(call, token);
  if (found === null) return empty(204);
  if (found.grant.clientId !== call.client.id) return json(400, { error: "unauthorized_client" });
  if (found.token.kind === "refresh") endGrant(call, found.grant);
  else found.token.revokedAt ??= call.now;
  return empty(204);
}

function exchangeCode(call: Call, form: URLSearchParams): Answer {
  if (strangeParam(form, ["grant_type", "code", "redirect_uri"]) !== null) {
    return oauthError(call, "invalid_request");
  }
  const code = form.get("code") ?? "";
  const redirectUri = form.get("redirect_uri") ?? "";
  if (code === "") return oauthError(call, "NO_TEXT");
  if (redirectUri === "") return oauthError(call, "invalid_request");
  const redeemed = redeemCode(call, { code, clientId: call.client.id, redirectUri, verifier: null });
  if ("refused" in redeemed) return oauthError(call, "invalid_grant");
  const lasting = lastingCodes(call)[code] === true;
  return tokens(
    call,
    redeemed.grant,
    lasting ? issueToken(call, redeemed.grant, "refresh", null).value : null,
  );
}

function refresh(call: Call, form: URLSearchParams): Answer {
  const token = form.get("refresh_token") ?? "";
  if (token === "" || strangeParam(form, ["grant_type", "refresh_token"]) !== null) {
    return oauthError(call, "invalid_request");
  }
  const renewed = spendRefreshToken(call, token, call.client.id, "never", null);
  if ("refused" in renewed) {
    return setting(call, "deadRefresh") === "invalid_grant" ? oauthError(call, "invalid_grant") : plain(400);
  }
  const next = renewed.refresh.value;
  return tokens(call, renewed.grant, next !== token || setting(call, "returnRefreshToken") ? next : null);
}

function tokens(call: Call, grant: Grant, refreshToken: string | null): Answer {
  const lifeSeconds = setting(call, "accessLifeSeconds");
  return json(
    200,
    {
      access_token: issueToken(call, grant, "access", lifeSeconds * SECOND).value,
      token_type: "bearer",
      expires_in: lifeSeconds,
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
      scope: grant.scopes.join(" "),
    },
    { "cache-control": "no-store" },
  );
}

function oauthError(call: Call, error: string): Answer {
  return json(setting(call, "tokenErrorStatus"), { error }, { "cache-control": "no-store" });
}

/** The form of a client that named itself and proved it by HTTP Basic, id and secret as they are; or the refusal. */
function provenForm(call: Call): URLSearchParams | Answer {
  const stranger = agentRefusal(call);
  if (stranger !== null) return stranger;
  const basic = basicCredentials(call);
  const { id, secret } = call.client;
  if (basic === null || !sameSecret(basic.id, id) || !sameSecret(basic.secret, secret)) {
    return clientUnauthorized();
  }
  const form = formBody(call);
  return form === null || call.query.size > 0 ? oauthError(call, "invalid_request") : form;
}

function lastingCodes(call: Call): Record<string, boolean> {
  return shelf<boolean>(call, "lasting_codes");
}
