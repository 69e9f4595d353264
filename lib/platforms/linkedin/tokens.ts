import { z } from "zod";
import { type Credentials, type ExchangeRequest, PlatformError } from "../contract";
import { call, type Kit, TOKEN_TIMEOUT_MS } from "../kit";
import { expiryAfter, scopesOf } from "../oauth";
import { explainToken } from "./errors";

/**
 * LinkedIn's token endpoint. Spelled out, because a code verifier can make LinkedIn refuse the code, and because the life of
 * a refresh token is told in a field of LinkedIn's own.
 */

export const ENDPOINTS = {
  issuer: "https://www.linkedin.com/oauth",
  authorize: "https://www.linkedin.com/oauth/v2/authorization",
  token: "https://www.linkedin.com/oauth/v2/accessToken",
  revoke: "https://www.linkedin.com/oauth/v2/revoke",
};

/** The code lives 30 minutes and works once. @throws PlatformError */
export const redeem = (kit: Kit, { code, redirectUri }: ExchangeRequest): Promise<Credentials> =>
  request(kit, { grant_type: "authorization_code", code, redirect_uri: redirectUri });

/**
 * Renews an access token where LinkedIn gave a refresh token, which it does for approved partners only. That one lives 365
 * days from the first consent and no renewal makes it longer. @throws PlatformError reconnect where there is none
 */
export async function renew(kit: Kit, credentials: Credentials): Promise<Credentials> {
  const { refreshToken } = credentials;
  if (!refreshToken) {
    throw new PlatformError(
      "reconnect",
      "LinkedIn lets a connection live for 60 days and does not renew it by itself. Connect the account again.",
      { code: "no_refresh_token" },
    );
  }
  // An end that is not told anew is the old token's.
  const { accessExpiresAt: _ended, ...kept } = credentials;
  return {
    ...kept,
    ...(await request(kit, { grant_type: "refresh_token", refresh_token: refreshToken })),
  };
}

const Token = z.object({
  access_token: z.string().min(1),
  expires_in: z.unknown().optional(),
  scope: z.string().optional(),
  refresh_token: z.string().optional(),
  refresh_token_expires_in: z.unknown().optional(),
});

async function request(kit: Kit, parameters: Record<string, string>): Promise<Credentials> {
  const token = await call(kit, {
    method: "POST",
    url: ENDPOINTS.token,
    form: { ...parameters, client_id: kit.clientId, client_secret: kit.clientSecret },
    answer: Token,
    effect: "write",
    timeoutMs: TOKEN_TIMEOUT_MS,
    explain: explainToken,
  });
  const accessExpiresAt = expiryAfter(token.expires_in);
  const refreshExpiresAt = expiryAfter(token.refresh_token_expires_in);
  // Documented as URL-encoded, seen with commas and with spaces.
  const scopes = scopesOf((token.scope ?? "").replace(/%20|%2C|\+/gi, " "));
  return {
    accessToken: token.access_token,
    ...(accessExpiresAt && { accessExpiresAt }),
    ...(token.refresh_token && { refreshToken: token.refresh_token }),
    ...(refreshExpiresAt && { refreshExpiresAt }),
    ...(scopes.length > 0 && { scopes }),
  };
}
