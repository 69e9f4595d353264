/** The simulated Login Kit for web: consent, codes, rotating refresh tokens, revocation. */
import { createHash } from "node:crypto";
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  type Choice,
  type ConsentRequest,
  empty,
  formBody,
  type Grant,
  json,
  sawSecret,
  strangeParam,
  type Token,
} from "@/lib/sandbox/kit";
import {
  callbackUrl,
  endGrant,
  findToken,
  issueCode,
  issueToken,
  redeemCode,
  sameSecret,
  // Its own name would make the linter take it for a React hook.
  useRefreshToken as spendRefreshToken,
} from "@/lib/sandbox/oauth";
import { oauthError, setting } from "./answers";

export const ISSUER = "https://www.tiktok.com";

const knownScopes = [
  "user.info.basic",
  "user.info.profile",
  "user.info.stats",
  "video.publish",
  "video.upload",
  "video.list",
];

const authorizeParams = [
  "client_key",
  "response_type",
  "scope",
  "redirect_uri",
  "state",
  "disable_auto_auth",
  "code_challenge",
  "code_challenge_method",
];

/** The request for consent, checked. A fault gets a page, never a redirect. */
export function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  const refuse = (reason: string) => refusalPage(call, "TikTok", reason);
  const strange = strangeParam(query, authorizeParams);
  if (strange !== null) return refuse(`Unexpected parameter: ${strange}`);
  if (query.get("client_key") !== client.id) return refuse("client_key: this app is not registered.");
  if (query.get("redirect_uri") !== client.redirectUri) {
    return refuse("redirect_uri: it is not registered for this app.");
  }
  if (query.get("response_type") !== "code") return refuse("response_type: it must be code.");
  if (!["0", "1", null].includes(query.get("disable_auto_auth"))) {
    return refuse("disable_auto_auth: it must be 0 or 1.");
  }
  const scopes = [...new Set((query.get("scope") ?? "").split(","))];
  const unknown = scopes.find((scope) => !knownScopes.includes(scope));
  if (unknown !== undefined) return refuse(`invalid_scope: ${unknown}`);
  const challenge = query.get("code_challenge");
  if (query.get("code_challenge_method") !== (challenge === null ? null : "S256")) {
    return refuse("code_challenge_method: it must be S256, and come with a code_challenge.");
  }
  return {
    clientId: client.id,
    redirectUri: client.redirectUri,
    state: query.get("state"),
    scopes,
    optionalScopes: scopes.filter((scope) => scope !== "user.info.basic"),
    // Not needed on web; whoever sends one is held to it. "plain", for it is compared with the hex digest below.
    challenge: challenge === null ? null : { value: challenge, method: "plain" },
  };
}

export function allowConsent(call: Call, request: ConsentRequest, choice: Choice): string {
  const error = setting(call, "consentError");
  if (error !== "") return refusalUrl(call, request, error, "The request for authorization was refused.");
  const code = issueCode(call, request, choice, setting(call, "codeLifeMs"));
  return callbackUrl(call, request, { code: code.value, scopes: code.scopes.join(",") }, ISSUER);
}

export function denyConsent(call: Call, request: ConsentRequest): string {
  return refusalUrl(call, request, "access_denied", "The user denied the request.");
}

/** One address serves both exchanges: "refresh" when the form says so, else "token". */
export function tokenOperation(call: Call): string {
  return formBody(call)?.get("grant_type") === "refresh_token" ? "refresh" : "token";
}

/** POST /v2/oauth/token/, both exchanges. */
export function exchange(call: Call): Answer {
  const form = authenticatedForm(call);
  if (!(form instanceof URLSearchParams)) return form;
  const ordered = setting(call, "tokenError");
  if (ordered !== "") return refuse(call, ordered, "The request was refused.");
  switch (form.get("grant_type")) {
    case "authorization_code":
      return exchangeCode(call, form);
    case "refresh_token":
      return refresh(call, form);
    case null:
      return missing(call, "grant_type");
    default:
      return refuse(call, "unsupported_grant_type", "The grant type is not supported.");
  }
}

/** POST /v2/oauth/revoke/: an empty answer, and the app is out of the person's settings. */
export function revoke(call: Call): Answer {
  const form = authenticatedForm(call);
  if (!(form instanceof URLSearchParams)) return form;
  const token = form.get("token");
  if (token === null || token === "") return missing(call, "token");
  const strange = strangeParam(form, ["client_key", "client_secret", "token"]);
  if (strange !== null) return unexpected(call, strange);
  const found = findToken(call, token);
  if (found?.token.kind === "refresh") {
    return refuse(call, "invalid_request", "The token to revoke must be an access token.");
  }
  if (found !== null && found.grant.clientId === call.client.id) endGrant(call, found.grant);
  return empty(200);
}

function exchangeCode(call: Call, form: URLSearchParams): Answer {
  const names = ["code", "redirect_uri"];
  for (const name of names) if (!form.get(name)) return missing(call, name);
  const allowed = ["client_key", "client_secret", "grant_type", "code_verifier", ...names];
  const strange = strangeParam(form, allowed);
  if (strange !== null) return unexpected(call, strange);
  const redeemed = redeemCode(call, {
    code: form.get("code") ?? "",
    clientId: call.client.id,
    redirectUri: form.get("redirect_uri") ?? "",
    verifier: hexDigest(call, form.get("code_verifier")),
  });
  if ("grant" in redeemed) {
    const { grant } = redeemed;
    const life = setting(call, "refreshLifeMs");
    return tokens(call, grant, issueToken(call, grant, "refresh", life));
  }
  switch (redeemed.refused) {
    case "redirect_uri": {
      const description = "Redirect_uri is not matched with the uri when requesting code.";
      return refuse(call, "invalid_request", description);
    }
    case "verifier":
      return refuse(call, "invalid_request", "Code verifier or code challenge is invalid.");
    case "expired":
      return refuse(call, "invalid_grant", "Authorization code is expired.");
    case "unknown":
    case "used":
    case "client":
      return refuse(call, "invalid_grant", "Authorization code is invalid or was used already.");
  }
}

function refresh(call: Call, form: URLSearchParams): Answer {
  const token = form.get("refresh_token");
  if (token === null || token === "") return missing(call, "refresh_token");
  const strange = strangeParam(form, ["client_key", "client_secret", "grant_type", "refresh_token"]);
  if (strange !== null) return unexpected(call, strange);
  const left = (findToken(call, token)?.token.expiresAt ?? call.now) - call.now;
  const life = setting(call, "refreshCountsDown") ? left : setting(call, "refreshLifeMs");
  const renewed = spendRefreshToken(call, token, call.client.id, "always", life);
  return "refused" in renewed
    ? refuse(call, "invalid_grant", "Refresh token is invalid or expired.")
    : tokens(call, renewed.grant, renewed.refresh);
}

function tokens(call: Call, grant: Grant, refreshToken: Token): Answer {
  const life = setting(call, "accessLifeMs");
  return json(
    200,
    {
      open_id: grant.personId,
      scope: grant.scopes.join(","),
      access_token: issueToken(call, grant, "access", life).value,
      expires_in: Math.floor(life / 1_000),
      refresh_token: refreshToken.value,
      refresh_expires_in: Math.floor(((refreshToken.expiresAt ?? call.now) - call.now) / 1_000),
      token_type: "Bearer",
    },
    { "cache-control": "no-store" },
  );
}

/** The form of a client that proved itself in it, or the refusal. */
function authenticatedForm(call: Call): URLSearchParams | Answer {
  const form = formBody(call);
  if (form === null || call.query.size > 0) {
    return refuse(call, "invalid_request", "Send the parameters as a form body.");
  }
  if (!form.has("client_key")) return missing(call, "client_key");
  const proved =
    form.get("client_key") === call.client.id &&
    sameSecret(form.get("client_secret") ?? "", call.client.secret);
  return proved ? form : refuse(call, "invalid_client", "Client key or secret is incorrect.");
}

/** TikTok's challenge is the lower-case hex of the digest, where the RFC has base64url. */
function hexDigest(call: Call, verifier: string | null): string | null {
  if (verifier === null) return null;
  sawSecret(call, "verifier", verifier);
  return /^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)
    ? createHash("sha256").update(verifier).digest("hex")
    : null;
}

function refusalUrl(call: Call, request: ConsentRequest, error: string, description: string): string {
  return callbackUrl(call, request, { error, error_description: description }, ISSUER);
}

function refuse(call: Call, error: string, description: string): Answer {
  return oauthError(setting(call, "tokenErrorStatus"), error, description);
}

function missing(call: Call, name: string): Answer {
  return refuse(call, "invalid_request", `The parameter ${name} is missing.`);
}

function unexpected(call: Call, name: string): Answer {
  return refuse(call, "invalid_request", `The parameter ${name} is unknown or was given twice.`);
}
