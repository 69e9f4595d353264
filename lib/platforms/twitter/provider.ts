import { z } from "zod";
import { type Access, type Credentials, type Health, PlatformError, type Provider } from "../contract";
import { call, type Kit, RemoteId } from "../kit";
import { authorizeUrl, exchangeCode, refreshTokens, revokeToken } from "../oauth";
import { API } from "./api";
import { explain } from "./errors";
import { Missing } from "./options";
import { locateStep, publishStep } from "./publish";
import { MEDIA_SCOPE, twitterSpec } from "./spec";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

// A token never gains a scope: one given before uploads were asked for posts text only. offline.access is what makes a refresh token appear.
const SCOPES = ["tweet.read", "tweet.write", "users.read", MEDIA_SCOPE, "offline.access"];

const ENDPOINTS = { issuer: "https://x.com", token: `${API}/oauth2/token`, revoke: `${API}/oauth2/revoke` };

/** X gives refresh tokens "about 6 months" and never says when one ends. */
const REFRESH_TOKEN_LIFE_MS = 180 * DAY_MS;

/** X (API v2): one grant reaches one account, and a second grant for it ends the first. */
export function twitter(kit: Kit): Provider {
  return {
    spec: twitterSpec,
    connector: {
      kind: "oauth",
      pkce: "S256",
      issuer: ENDPOINTS.issuer,
      // An access token lives two hours, a refresh token works once: renewing without need is what breaks connections.
      refreshPolicy: {
        by: "refresh_token",
        beforeExpiryMs: 10 * MINUTE_MS,
        minAgeMs: 0,
        keepAliveMs: 60 * DAY_MS,
        rotates: true,
      },

      authorizeUrl: ({ state, redirectUri, codeChallenge }) =>
        authorizeUrl(kit, "https://x.com/i/oauth2/authorize", {
          response_type: "code",
          client_id: kit.clientId,
          redirect_uri: redirectUri,
          scope: SCOPES.join(" "),
          state,
          code_challenge: codeChallenge,
          code_challenge_method: "S256",
        }),

      exchange: async (grant) => dated(await exchangeCode(kit, ENDPOINTS, "basic", grant)),

      async refresh(credentials) {
        try {
          return dated(await refreshTokens(kit, ENDPOINTS, "basic", credentials));
        } catch (error) {
          throw explainRefresh(error);
        }
      },

      // X does not say that one takes the other with it, so both are handed back; the second may be gone by then.
      async revoke({ accessToken, refreshToken }) {
        if (refreshToken) await revokeToken(kit, ENDPOINTS, "basic", refreshToken);
        try {
          await revokeToken(kit, ENDPOINTS, "basic", accessToken);
        } catch (error) {
          if (!refreshToken || !(error instanceof PlatformError) || error.kind === "unavailable") throw error;
        }
      },
    },

    async identify(credentials) {
      const me = await profileOf(credentials);
      const missing = credentials.scopes
        ? [...twitterSpec.publishScopes, MEDIA_SCOPE].filter((scope) => !credentials.scopes?.includes(scope))
        : [];
      const { metadata, ...face } = faceOf(me);
      const identity = {
        remoteId: me.id,
        ...face,
        profileUrl: kit.address(`https://x.com/${encodeURIComponent(me.username)}`).href,
        missing,
        metadata: { ...metadata, missing },
      };
      return { subject: me.id, identities: [identity] };
    },

    // X lists the scopes with the token and never again: what was missing then is missing still.
    async check(access) {
      const missing = Missing.parse(access.metadata["missing"]);
      const { metadata, ...face } = faceOf(await profileOf(access));
      return { ...face, missing, metadata: { ...metadata, missing } };
    },

    publish: (request) => publishStep(kit, request),

    locate: (request) => locateStep(kit, request),

    async remove(access, remoteId) {
      try {
        await call(kit, {
          method: "DELETE",
          url: `${API}/tweets/${encodeURIComponent(remoteId)}`,
          bearer: access.accessToken,
          answer: z.object({ data: z.object({ deleted: z.literal(true) }) }),
          effect: "write",
          explain,
        });
      } catch (error) {
        // Someone deleted it before us.
        if (!(error instanceof PlatformError) || error.code !== "not_found") throw error;
      }
    },
  };

  async function profileOf(access: Pick<Access, "accessToken">): Promise<Profile> {
    try {
      return await me(access, [...PROFILE_FIELDS, "subscription_type"]);
    } catch (error) {
      // Some API plans refuse to tell the subscription, and with it the whole request.
      if (!(error instanceof PlatformError) || error.kind !== "rejected" || error.operator) throw error;
      return await me(access, PROFILE_FIELDS);
    }
  }

  async function me(access: Pick<Access, "accessToken">, fields: string[]): Promise<Profile> {
    const { data } = await call(kit, {
      method: "GET",
      url: `${API}/users/me`,
      query: { "user.fields": fields.join(",") },
      bearer: access.accessToken,
      answer: z.object({ data: Profile }),
      effect: "read",
      explain,
    });
    return data;
  }
}

const PROFILE_FIELDS = ["id", "name", "username", "profile_image_url"];

const Profile = z.object({
  id: RemoteId,
  name: z.string(),
  username: z.string(),
  profile_image_url: z.string().optional(),
  subscription_type: z.string().optional(),
});
type Profile = z.infer<typeof Profile>;

const faceOf = (me: Profile): Omit<Health, "missing"> => ({
  name: me.name || me.username,
  handle: me.username,
  avatarUrl: me.profile_image_url ?? null,
  metadata: {
    username: me.username,
    ...(me.subscription_type !== undefined && { subscriptionType: me.subscription_type }),
  },
});

const dated = (credentials: Credentials, now = Date.now()): Credentials => ({
  ...credentials,
  ...(credentials.refreshToken && { refreshExpiresAt: new Date(now + REFRESH_TOKEN_LIFE_MS) }),
});

/** A 400 is a spent or dead refresh token whatever its body says; a bare 401 is our client or an outage at X, never the person. */
function explainRefresh(error: unknown): unknown {
  if (!(error instanceof PlatformError)) return error;
  if (error.code === "400") {
    return new PlatformError("reconnect", "X did not accept the refresh token. Connect the account again.", {
      code: "400",
      cause: error,
    });
  }
  if (error.code === "401") {
    return new PlatformError("unavailable", "X refused to renew any connection just now.", {
      code: "401",
      cause: error,
    });
  }
  return error;
}
