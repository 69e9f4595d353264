/** Consent and tokens on the simulated Facebook: the dialog, the exchanges, what a token is, and taking it all back. */
import { createHmac } from "node:crypto";
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  type Choice,
  type ConsentRequest,
  type Grant,
  isAnswer,
  json,
  newSecret,
  shelf,
  type Token,
} from "@/lib/sandbox/kit";
import { graphError, metaToken, pages } from "@/lib/sandbox/meta";
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
} from "@/lib/sandbox/oauth";
import { admitPerson, invalidParam, missingObject, readParams } from "./graph";

export const ISSUER = "https://www.facebook.com";

// The sheet gives no lifetime for the code; Meta's answer to a late one is known, so it ends.
const codeLifeMs = 600 * SECOND;
/** the first token: one to two hours */
const shortLifeSeconds = 5_400;
/** what Meta calls sixty days */
const longLifeSeconds = 5_183_944;

/** Every permission known here: those for Pages, and those for Instagram through Facebook. */
const scopes = [
  "public_profile",
  "email",
  "pages_show_list",
  "pages_read_engagement",
  "pages_manage_posts",
  "pages_manage_engagement",
  "pages_read_user_content",
  "pages_manage_metadata",
  "pages_messaging",
  "read_insights",
  "business_management",
  "ads_management",
  "ads_read",
  "instagram_basic",
  "instagram_content_publish",
  "instagram_manage_comments",
  "instagram_manage_messages",
  "instagram_manage_insights",
  "instagram_manage_contents",
  "instagram_manage_engagement",
];

export function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  const refuse = (reason: string) => refusalPage(call, "Facebook", reason);
  if (query.get("client_id") !== client.id) return refuse("Invalid App ID.");
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!client.redirectUris.includes(redirectUri)) {
    return refuse("URL blocked: the redirect URI is not among the app’s Valid OAuth Redirect URIs.");
  }
  const state = query.get("state");
  if (state === null || state === "") return refuse("The parameter state is required.");
  const type = query.get("response_type") ?? "code";
  if (type !== "code") return refuse("Only the response type code is simulated.");
  // A saved configuration of Login for Business stands for all permissions of the app.
  const listed = query.has("config_id") ? scopes : (query.get("scope") ?? "").split(/[\s,]+/).filter(Boolean);
  const unknown = listed.find((scope) => !scopes.includes(scope));
  if (unknown !== undefined) return refuse(`Invalid Scopes: ${unknown}`);
  const asked = [...new Set(["public_profile", ...listed])];
  return {
    clientId: client.id,
    redirectUri,
    state,
    scopes: asked,
    optionalScopes: asked.filter((scope) => scope !== "public_profile"),
    assets: pages.map(({ id, name, ownerId }) => ({ id, name, personId: ownerId })),
    challenge: null,
  };
}

export function allowConsent(call: Call, request: ConsentRequest, choice: Choice): string {
  const code = issueCode(call, request, choice, codeLifeMs);
  shelf<Consented>(call, "consented")[code.value] = { asked: request.scopes, pages: choice.assets };
  return `${callbackUrl(call, request, { code: code.value }, ISSUER)}#_=_`;
}

export const denyConsent = (call: Call, request: ConsentRequest): string =>
  callbackUrl(
    call,
    request,
    { error_reason: "user_denied", error: "access_denied", error_description: "Permissions error" },
    ISSUER,
  );

export function tokenOperation(call: Call): string {
  const type = readParams(call).get("grant_type");
  return type === "fb_exchange_token"
    ? "exchange_long"
    : type === "client_credentials"
      ? "app_token"
      : "token";
}

/** GET or POST /oauth/access_token, which sells three things. */
export function sellToken(call: Call): Answer {
  const params = readParams(call);
  if (params.get("client_id") !== call.client.id) {
    return oauthError(
      101,
      "Error validating application. Cannot get application info due to a system error.",
    );
  }
  if (!sameSecret(params.get("client_secret") ?? "", call.client.secret)) {
    return oauthError(101, "Error validating client secret.");
  }
  switch (tokenOperation(call)) {
    case "exchange_long":
      return exchangeLong(call, params);
    case "app_token":
      return appToken(call);
    default:
      return exchangeCode(call, params);
  }
}

/** GET /debug_token, asked with the app's token or a person's own. */
export function debugToken(call: Call): Answer {
  const params = readParams(call);
  const asker = appTokenIn(call, params) ? null : metaToken(call, params);
  if (asker !== null && isAnswer(asker)) return asker;
  const input = params.get("input_token");
  if (input === null || input === "") return invalidParam("The parameter input_token is required");
  if (isAppToken(call, input)) {
    const app = { app_id: call.client.id, type: "APP", application: "Carillon", is_valid: true, scopes: [] };
    return json(200, { data: app });
  }
  const found = findToken(call, input);
  if (found === null) return invalidToken(call, "Invalid OAuth access token - Cannot parse access token");
  if (found.state === "expired") return invalidToken(call, "Session has expired.", 463);
  if (found.state !== "live") return invalidToken(call, "The user has not authorized application.", 458);
  return json(200, { data: describe(call, found.token, found.grant) });
}

/** GET /me/permissions */
export function listPermissions(call: Call): Answer {
  const admitted = admitPerson(call);
  if (isAnswer(admitted)) return admitted;
  const { token } = admitted;
  if (!isSelf(call, token.personId)) return missingObject(call.params["id"] ?? "");
  const asked = shelf<string[]>(call, "asked_scopes")[token.grantId] ?? token.scopes;
  return json(200, {
    data: asked.map((permission) => ({
      permission,
      status: token.scopes.includes(permission) ? "granted" : "declined",
    })),
  });
}

/** DELETE /me/permissions, and of one of them. The first ends every token of this person, of all Pages. */
export function revoke(call: Call): Answer {
  const person = personToRevoke(call);
  if (typeof person !== "string") return person;
  const permission = call.params["permission"];
  const mine = Object.values(call.world.grants).filter(({ personId }) => personId === person);
  if (permission !== undefined && !scopes.includes(permission)) {
    return invalidParam(`Invalid permission: ${permission}`);
  }
  for (const grant of mine) {
    if (permission === undefined) endGrant(call, grant);
    else grant.scopes = grant.scopes.filter((scope) => scope !== permission);
  }
  return json(200, { success: true });
}

/** Whose permissions they are: the token's owner, or whom the app itself names. */
function personToRevoke(call: Call): string | Answer {
  const named = call.params["id"] ?? "";
  if (appTokenIn(call, readParams(call))) {
    return call.people.some(({ id }) => id === named) ? named : missingObject(named);
  }
  const admitted = admitPerson(call);
  if (isAnswer(admitted)) return admitted;
  return isSelf(call, admitted.token.personId) ? admitted.token.personId : missingObject(named);
}

type Consented = { asked: string[]; pages: string[] };

function exchangeCode(call: Call, params: URLSearchParams): Answer {
  const code = params.get("code");
  if (code === null || code === "") return oauthError(100, "Missing code parameter.");
  const redirectUri = params.get("redirect_uri") ?? "";
  const redeemed = redeemCode(call, { code, clientId: call.client.id, redirectUri, verifier: null });
  if ("refused" in redeemed) {
    switch (redeemed.refused) {
      case "used":
        return oauthError(100, "This authorization code has been used.", 36009);
      case "expired":
        return oauthError(100, "This authorization code has expired.", 36007);
      case "redirect_uri":
        return oauthError(
          100,
          "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
        );
      default:
        return oauthError(100, "Invalid verification code format.");
    }
  }
  const { grant } = redeemed;
  const consented = shelf<Consented>(call, "consented")[code];
  shelf<string[]>(call, "granted_pages")[grant.id] = consented?.pages ?? [];
  shelf<string[]>(call, "asked_scopes")[grant.id] = consented?.asked ?? grant.scopes;
  return sold(issueToken(call, grant, "short", shortLifeSeconds * SECOND).value, shortLifeSeconds);
}

function exchangeLong(call: Call, params: URLSearchParams): Answer {
  const found = findToken(call, params.get("fb_exchange_token"));
  if (found === null) return oauthError(190, "Invalid OAuth access token.");
  const { token, grant, state } = found;
  if (state === "expired") {
    return oauthError(190, "Error validating access token: Session has expired.", 463);
  }
  if (state !== "live") {
    return oauthError(190, "Error validating access token: The user has not authorized application.", 458);
  }
  if (token.kind === "page") return oauthError(100, "The access token is not a person’s.");
  // Meta says that only a new log-in makes it longer: a long one comes back as it is.
  if (token.kind === "access" && token.expiresAt !== null) {
    return sold(token.value, Math.floor((token.expiresAt - call.now) / SECOND));
  }
  return sold(issueToken(call, grant, "access", longLifeSeconds * SECOND).value, longLifeSeconds);
}

function appToken(call: Call): Answer {
  const access_token = `${call.client.id}|${newSecret(call, "app")}`;
  shelf<true>(call, "app_tokens")[access_token] = true;
  return json(200, { access_token, token_type: "bearer" });
}

/** Whether the request speaks with the app's own token. A proof is not needed for it, but must not be wrong. */
function appTokenIn(call: Call, params: URLSearchParams): boolean {
  const value =
    /^Bearer +(\S+)$/i.exec(call.headers.get("authorization") ?? "")?.[1] ?? params.get("access_token");
  if (value === null || !isAppToken(call, value)) return false;
  const proof = params.get("appsecret_proof");
  return (
    proof === null || sameSecret(proof, createHmac("sha256", call.client.secret).update(value).digest("hex"))
  );
}

function isAppToken(call: Call, value: string): boolean {
  return (
    sameSecret(value, `${call.client.id}|${call.client.secret}`) ||
    Object.hasOwn(shelf<true>(call, "app_tokens"), value)
  );
}

function describe(call: Call, token: Token, grant: Grant) {
  const ticked = shelf<string[]>(call, "granted_pages")[grant.id] ?? [];
  const accounts = pages.flatMap(({ id, instagram }) =>
    instagram !== null && ticked.includes(id) ? [instagram.id] : [],
  );
  const pageId = shelf<string>(call, "page_tokens")[token.value];
  const target = (scope: string) =>
    scope.startsWith("pages_") ? ticked : scope.startsWith("instagram_") ? accounts : null;
  return {
    app_id: call.client.id,
    type: pageId === undefined ? "USER" : "PAGE",
    application: "Carillon",
    data_access_expires_at: seconds(grant.createdAt + 90 * DAY),
    expires_at: token.expiresAt === null ? 0 : seconds(token.expiresAt),
    is_valid: true,
    issued_at: seconds(token.issuedAt),
    ...(pageId === undefined ? {} : { profile_id: pageId }),
    scopes: grant.scopes,
    granular_scopes: grant.scopes.flatMap((scope) => {
      const target_ids = target(scope);
      return target_ids === null ? [] : [{ scope, target_ids }];
    }),
    user_id: grant.personId,
  };
}

/** A dead token is described with success. */
function invalidToken(call: Call, message: string, subcode?: number): Answer {
  const error = { code: 190, message, ...(subcode === undefined ? {} : { subcode }) };
  return json(200, { data: { app_id: call.client.id, error, is_valid: false, scopes: [] } });
}

function oauthError(code: number, message: string, error_subcode?: number): Answer {
  const sub = error_subcode === undefined ? {} : { error_subcode };
  return graphError(400, { message, type: "OAuthException", code, ...sub });
}

const sold = (access_token: string, expires_in: number): Answer =>
  json(200, { access_token, token_type: "bearer", expires_in });

const isSelf = (call: Call, personId: string): boolean =>
  call.params["id"] === "me" || call.params["id"] === personId;

const seconds = (ms: number): number => Math.floor(ms / SECOND);
