import { z } from "zod";
import { type Credentials, type ExchangeRequest, PlatformError } from "../contract";
import { type Answer, call, type Kit, TOKEN_TIMEOUT_MS } from "../kit";
import { expiryAfter, scopesOf } from "../oauth";
import { API } from "./api";
import { explainToken } from "./errors";

/** TikTok's token endpoints. Spelled out, because TikTok says client_key where the RFC says client_id. */

/** @throws PlatformError */
export const redeem = (kit: Kit, { code, redirectUri }: ExchangeRequest): Promise<Credentials> =>
  tokens(kit, explainToken("code"), { code, grant_type: "authorization_code", redirect_uri: redirectUri });

/**
 * Renews an access token. The refresh token that comes back always replaces the old one: whether that dies at once is not
 * documented. Lifetimes are only ever what TikTok says, since its pages disagree. @throws PlatformError
 */
export async function renew(kit: Kit, credentials: Credentials): Promise<Credentials> {
  const { refreshToken } = credentials;
  if (!refreshToken) {
    throw new PlatformError("reconnect", "This connection cannot be renewed. Connect the account again.", {
      code: "no_refresh_token",
    });
  }
  const { accessExpiresAt: _ended, ...kept } = credentials;
  const renewed = await tokens(kit, explainToken("token"), {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
  });
  return { ...kept, ...renewed };
}

/** Ends the grant. TikTok wants an access token for that, so one that has ended is renewed first. @throws PlatformError */
export async function revoke(kit: Kit, credentials: Credentials, now = Date.now()): Promise<void> {
  const { accessExpiresAt, refreshToken } = credentials;
  const ended = accessExpiresAt !== undefined && accessExpiresAt.getTime() <= now;
  const { accessToken } = ended && refreshToken ? await renew(kit, credentials) : credentials;
  await post(kit, "revoke", { token: accessToken }, z.unknown(), explainToken("token"));
}

const Token = z.object({
  access_token: z.string().min(1),
  expires_in: z.unknown().optional(),
  refresh_token: z.string().nullish(),
  refresh_expires_in: z.unknown().optional(),
  scope: z.string().nullish(),
});

async function tokens(
  kit: Kit,
  explain: (answer: Answer) => PlatformError | null,
  form: Record<string, string>,
): Promise<Credentials> {
  const token = await post(kit, "token", form, Token, explain);
  const accessExpiresAt = expiryAfter(token.expires_in);
  const refreshExpiresAt = expiryAfter(token.refresh_expires_in);
  return {
    accessToken: token.access_token,
    ...(accessExpiresAt && { accessExpiresAt }),
    ...(token.refresh_token && { refreshToken: token.refresh_token }),
    ...(refreshExpiresAt && { refreshExpiresAt }),
    ...(typeof token.scope === "string" && { scopes: scopesOf(token.scope) }),
  };
}

function post<T>(
  kit: Kit,
  path: "token" | "revoke",
  form: Record<string, string>,
  answer: z.ZodType<T>,
  explain: (answer: Answer) => PlatformError | null,
): Promise<T> {
  return call(kit, {
    method: "POST",
    url: `${API}/oauth/${path}/`,
    form: { client_key: kit.clientId, client_secret: kit.clientSecret, ...form },
    answer,
    effect: "write",
    timeoutMs: TOKEN_TIMEOUT_MS,
    explain,
  });
}
