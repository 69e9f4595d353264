/** Instagram's own log-in: consent, the code, the one-hour token, the sixty-day token and its refresh. */
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  type ConsentRequest,
  formBody,
  type Grant,
  json,
  jsonText,
  knob,
  strangeParam,
} from "@/lib/sandbox/kit";
import { graphError, instagramAccounts } from "@/lib/sandbox/meta";
import { DAY, endGrant, findToken, HOUR, issueToken, redeemCode, sameSecret } from "@/lib/sandbox/oauth";
import { badToken, invalidParam, missingPermission, plainRefusal } from "./errors";

const scopes = [
  "instagram_business_basic",
  "instagram_business_content_publish",
  "instagram_business_manage_comments",
  "instagram_business_manage_messages",
  "instagram_business_manage_insights",
];
/** what the platform calls sixty days */
const longLifeSeconds = 5_183_944;
const consentParams = [
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
  "force_reauth",
  "enable_fb_login",
];

/** GET https://www.instagram.com/oauth/authorize. PKCE is not part of it: a challenge is an unknown parameter. */
export function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  const refuse = (reason: string) => refusalPage(call, "Instagram", reason);
  const strange = strangeParam(query, consentParams);
  if (strange !== null) return refuse(`Unexpected parameter: ${strange}`);
  if (query.get("client_id") !== client.id) return refuse("Invalid Request: Invalid platform app");
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!client.redirectUris.includes(redirectUri)) return refuse("Invalid Request: Invalid redirect_uri");
  if (query.get("response_type") !== "code") return refuse("Invalid Request: response_type must be code");
  const asked = [...new Set((query.get("scope") ?? "").split(/[, ]/))];
  const unknown = asked.find((scope) => !scopes.includes(scope));
  if (unknown !== undefined) return refuse(`Invalid Request: Invalid scope: ${unknown}`);
  if (!asked.includes("instagram_business_basic")) {
    return refuse("Invalid Request: instagram_business_basic is required");
  }
  return {
    clientId: client.id,
    redirectUri,
    state: query.get("state"),
    scopes: asked,
    optionalScopes: asked.filter((scope) => scope !== "instagram_business_basic"),
    challenge: null,
  };
}

/** POST https://api.instagram.com/oauth/access_token, as a form of either encoding */
export function exchangeCode(call: Call): Answer {
  const form = call.parts === null ? formBody(call) : partsAsForm(call);
  if (form === null || call.query.size > 0) return plainRefusal(400, "Send the parameters as a form");
  const strange = strangeParam(form, ["client_id", "client_secret", "grant_type", "redirect_uri", "code"]);
  if (strange !== null) return plainRefusal(400, `Unexpected parameter: ${strange}`);
  if (form.get("client_id") !== call.client.id) return plainRefusal(400, "Invalid platform app");
  if (!sameSecret(form.get("client_secret") ?? "", call.client.secret)) {
    return plainRefusal(400, "Error validating client secret.");
  }
  if (form.get("grant_type") !== "authorization_code") return plainRefusal(400, "Invalid grant_type");
  const redeemed = redeemCode(call, {
    code: form.get("code") ?? "",
    clientId: call.client.id,
    redirectUri: form.get("redirect_uri") ?? "",
    verifier: null,
  });
  if ("refused" in redeemed) {
    if (redeemed.refused === "expired") return plainRefusal(400, "This authorization code has expired");
    if (redeemed.refused === "redirect_uri") {
      return plainRefusal(400, "Error validating verification code. The redirect_uri must be identical");
    }
    return plainRefusal(400, "Matching code was not found or was already used");
  }
  return shortAnswer(call, redeemed.grant);
}

/** GET https://graph.instagram.com/access_token */
export function exchangeLong(call: Call): Answer {
  const { query } = call;
  const strange = strangeParam(query, ["grant_type", "client_secret", "access_token"]);
  if (strange !== null) return invalidParam(`Unexpected parameter: ${strange}`);
  if (query.get("grant_type") !== "ig_exchange_token") return invalidParam("Invalid grant_type");
  if (!sameSecret(query.get("client_secret") ?? "", call.client.secret)) {
    return graphError(400, {
      message: "Error validating application. Invalid client secret.",
      type: "OAuthException",
      code: 101,
      is_transient: false,
    });
  }
  const found = findToken(call, query.get("access_token"));
  if (found === null || found.state === "spent") return badToken("Cannot parse access token");
  if (found.state === "expired") return badToken("Session has expired", { error_subcode: 463 });
  if (found.state === "revoked") {
    return badToken("The user has not authorized application", { error_subcode: 458 });
  }
  if (found.token.kind !== "short") return invalidParam("The access token is not a short-lived one");
  const { value } = issueToken(call, found.grant, "access", longLifeSeconds * 1_000);
  return json(200, { access_token: value, token_type: "bearer", expires_in: longLifeSeconds });
}

/** GET https://graph.instagram.com/refresh_access_token */
export function refresh(call: Call): Answer {
  const { query, world } = call;
  const strange = strangeParam(query, ["grant_type", "access_token"]);
  if (strange !== null) return invalidParam(`Unexpected parameter: ${strange}`);
  if (query.get("grant_type") !== "ig_refresh_token") return invalidParam("Invalid grant_type");
  const found = findToken(call, query.get("access_token"));
  const rotation = world.settings.rotation;
  if (found?.state === "spent" && rotation === "reuse_kills_family") endGrant(call, found.grant);
  if (found === null || found.state === "spent") return badToken("Cannot parse access token");
  if (found.state === "expired") return badToken("Session has expired", { error_subcode: 463 });
  if (found.state === "revoked") {
    return badToken("The user has not authorized application", { error_subcode: 458 });
  }
  const { token, grant } = found;
  if (token.kind !== "access") return invalidParam("The access token is not a long-lived one");
  if (!grant.scopes.includes("instagram_business_basic")) return missingPermission(call);
  if (call.now < token.issuedAt + DAY) {
    const code = knob(call, "earlyRefreshCode", 100);
    return graphError(400, {
      message: "The access token is less than 24 hours old.",
      type: "OAuthException",
      code,
      is_transient: false,
    });
  }
  const lifeMs = longLifeSeconds * 1_000;
  if (rotation === "never") {
    token.issuedAt = call.now;
    token.expiresAt = call.now + lifeMs;
    return refreshed(grant, token.value);
  }
  // The sheet does not say that the old string dies; the settings can make it.
  if (rotation === "always" || rotation === "reuse_kills_family") token.spentAt = call.now;
  if (rotation === "grace") token.expiresAt = Math.min(token.expiresAt ?? call.now, call.now) + 60_000;
  return refreshed(grant, issueToken(call, grant, "access", lifeMs).value);
}

/** The `user_id` in it is the app-scoped one, and more than a JavaScript number holds. */
function shortAnswer(call: Call, grant: Grant): Answer {
  const { value } = issueToken(call, grant, "short", HOUR);
  const account = instagramAccounts.find(({ id }) => id === grant.personId);
  const userId = account?.appScopedId ?? grant.personId;
  if (knob<string>(call, "tokenShape", "flat") === "data") {
    const permissions = grant.scopes.join(",");
    return json(200, { data: [{ access_token: value, user_id: userId, permissions }] });
  }
  return jsonText(
    200,
    `{"access_token":${JSON.stringify(value)},"user_id":${userId},"permissions":${JSON.stringify(grant.scopes)}}`,
  );
}

const refreshed = (grant: Grant, access_token: string): Answer =>
  json(200, {
    access_token,
    token_type: "bearer",
    expires_in: longLifeSeconds,
    permissions: grant.scopes.join(","),
  });

function partsAsForm(call: Call): URLSearchParams {
  return new URLSearchParams((call.parts ?? []).map(({ name, text }) => [name, text]));
}
