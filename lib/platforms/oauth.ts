import * as oauth from "oauth4webapi";
import { Agent, fetch } from "undici";
import { type Credentials, PlatformError } from "./contract";
import { explainStatus, type Kit, parseJson, TOKEN_TIMEOUT_MS } from "./kit";

/**
 * The protocol steps that follow the RFCs, through oauth4webapi.
 * A platform that deviates spells out its own request with `call` instead.
 */
export type Endpoints = { issuer: string; token: string; revoke?: string };

export type ClientAuthentication = "basic" | "body";

/** A fresh PKCE verifier: 256 bits, 43 characters (RFC 7636 4.1). */
export const createVerifier = (): string => oauth.generateRandomCodeVerifier();

export const challengeOf = (verifier: string): Promise<string> => oauth.calculatePKCECodeChallenge(verifier);

/** An authorize URL with spaces as %20: some platforms read a "+" in a scope list as a plus. */
export function authorizeUrl(kit: Kit, endpoint: string, query: Record<string, string>): URL {
  const url = kit.address(endpoint);
  url.search = new URLSearchParams(query).toString().replaceAll("+", "%20");
  return url;
}

/** Redeems a code (RFC 6749 4.1.3, RFC 7636 4.5). @throws PlatformError */
export async function exchangeCode(
  kit: Kit,
  endpoints: Endpoints,
  authentication: ClientAuthentication,
  grant: { code: string; redirectUri: string; codeVerifier: string },
): Promise<Credentials> {
  return tokens(kit, endpoints, authentication, {
    grant_type: "authorization_code",
    code: grant.code,
    redirect_uri: grant.redirectUri,
    code_verifier: grant.codeVerifier,
  });
}

/** Renews an access token (RFC 6749 6). Keeps the old refresh token where no new one is returned. @throws PlatformError */
export async function refreshTokens(
  kit: Kit,
  endpoints: Endpoints,
  authentication: ClientAuthentication,
  credentials: Credentials,
): Promise<Credentials> {
  if (!credentials.refreshToken) {
    throw new PlatformError("reconnect", "This connection cannot be renewed. Connect the account again.", {
      code: "no_refresh_token",
    });
  }
  const renewed = await tokens(kit, endpoints, authentication, {
    grant_type: "refresh_token",
    refresh_token: credentials.refreshToken,
  });
  // An end that is not told anew is the old token's.
  const { accessExpiresAt: _ended, ...kept } = credentials;
  return { ...kept, ...renewed };
}

/** Asks the platform to forget a token (RFC 7009). @throws PlatformError */
export async function revokeToken(
  kit: Kit,
  endpoints: Endpoints & { revoke: string },
  authentication: ClientAuthentication,
  token: string,
): Promise<void> {
  const response = await attempt(() =>
    oauth.revocationRequest(
      server(kit, endpoints),
      { client_id: kit.clientId },
      clientAuth(kit, authentication),
      token,
      options(kit),
    ),
  );
  const refusal = explainStatus(response, "definite");
  if (refusal) throw refusal;
}

/** When a token dies, from `expires_in` seconds; undefined when the platform said nothing usable. */
export function expiryAfter(expiresIn: unknown, now = Date.now()): Date | undefined {
  const seconds = typeof expiresIn === "string" ? Number(expiresIn) : expiresIn;
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0
    ? new Date(now + seconds * 1000)
    : undefined;
}

/** A scope list as platforms return it: separated by spaces, commas or both. */
export const scopesOf = (list: string): string[] => list.split(/[\s,]+/).filter(Boolean);

async function tokens(
  kit: Kit,
  endpoints: Endpoints,
  authentication: ClientAuthentication,
  parameters: Record<string, string>,
): Promise<Credentials> {
  const { grant_type = "", ...rest } = parameters;
  const response = await attempt(() =>
    oauth.genericTokenEndpointRequest(
      server(kit, endpoints),
      { client_id: kit.clientId },
      clientAuth(kit, authentication),
      grant_type,
      rest,
      options(kit),
    ),
  );
  const body = parseJson(await attempt(() => response.text()));
  const answer = isRecord(body) ? body : {};
  if (response.status !== 200) throw refusal(response, answer);
  const { access_token, refresh_token, expires_in, scope } = answer;
  if (typeof access_token !== "string" || access_token === "") {
    throw new PlatformError("unavailable", "The platform answered without a token.", {
      effect: "ambiguous",
      code: "unreadable",
    });
  }
  const accessExpiresAt = expiryAfter(expires_in);
  return {
    accessToken: access_token,
    ...(accessExpiresAt && { accessExpiresAt }),
    ...(typeof refresh_token === "string" && refresh_token !== "" && { refreshToken: refresh_token }),
    ...(typeof scope === "string" && { scopes: scopesOf(scope) }),
  };
}

/** RFC 6749 5.2. invalid_grant: the grant is dead. invalid_client and the like: our own configuration is wrong. */
function refusal(response: Response, answer: Record<string, unknown>): PlatformError {
  const code = typeof answer["error"] === "string" ? answer["error"] : String(response.status);
  if (["invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"].includes(code)) {
    return new PlatformError(
      "unavailable",
      "The platform does not accept this app's client id or secret. The operator must check them.",
      {
        code,
        operator: true,
      },
    );
  }
  if (code === "invalid_grant" || code === "invalid_request") {
    return new PlatformError("reconnect", "The platform did not accept the code or token.", { code });
  }
  return (
    explainStatus(response, "ambiguous") ??
    new PlatformError("unavailable", "The platform answered unexpectedly.", { code })
  );
}

function server(kit: Kit, endpoints: Endpoints): oauth.AuthorizationServer {
  return {
    issuer: endpoints.issuer,
    token_endpoint: kit.address(endpoints.token).href,
    ...(endpoints.revoke && { revocation_endpoint: kit.address(endpoints.revoke).href }),
  };
}

function clientAuth(kit: Kit, authentication: ClientAuthentication): oauth.ClientAuth {
  if (authentication === "body") return oauth.ClientSecretPost(kit.clientSecret);
  // Platforms compare base64(id:secret) as it stands; the form-encoding of RFC 6749 2.3.1, which turns "-" into "%2D", locks us out.
  const pair = Buffer.from(`${kit.clientId}:${kit.clientSecret}`).toString("base64");
  return (_server, _client, _body, headers) => headers.set("authorization", `Basic ${pair}`);
}

// A token call never rides on an idle connection, for the reason given in kit.ts.
const dispatcher = new Agent({ pipelining: 0 });

const options = (kit: Kit) => ({
  [oauth.allowInsecureRequests]: kit.sandboxed,
  [oauth.customFetch]: (url: string, init: RequestInit) =>
    // safe: undici's Response is the web Response that oauth4webapi expects; the types differ in name only
    fetch(url, {
      ...(init as object),
      redirect: "manual",
      dispatcher,
    }) as unknown as Promise<Response>,
  signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
});

async function attempt<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (cause) {
    throw new PlatformError("unavailable", "The platform did not answer.", {
      effect: "ambiguous",
      code: "no_answer",
      cause,
    });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
