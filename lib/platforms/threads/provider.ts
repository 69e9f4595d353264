import { z } from "zod";
import { type Access, type Credentials, type Health, PlatformError, type Provider } from "../contract";
import { type Answer, call, type Kit, RemoteId, TOKEN_TIMEOUT_MS } from "../kit";
import { authorizeUrl, expiryAfter } from "../oauth";
import { explainExchange, explainRefresh } from "./errors";
import { graph, HOST } from "./graph";
import { locateStep } from "./locate";
import { publishStep } from "./publish";
import { threadsSpec } from "./spec";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Read the profile, publish, and delete what we published: nothing more is asked for. */
const SCOPES = ["threads_basic", "threads_content_publish", "threads_delete"];

/** Threads (Meta's Threads API, v1.0): one token reaches one profile. */
export function threads(kit: Kit): Provider {
  return {
    spec: threadsSpec,
    connector: {
      kind: "oauth",
      pkce: "none",
      issuer: "https://threads.net",
      // A token lives 60 days and buys its successor once it is a day old; the consent behind it (90 days) grows with it.
      refreshPolicy: {
        by: "access_token",
        beforeExpiryMs: 30 * DAY_MS,
        minAgeMs: DAY_MS,
        keepAliveMs: 2 * DAY_MS,
        rotates: false,
      },

      authorizeUrl: ({ state, redirectUri }) =>
        authorizeUrl(kit, "https://threads.net/oauth/authorize", {
          client_id: kit.clientId,
          redirect_uri: redirectUri,
          // Commas: spaces are documented too, but reported not to work.
          scope: SCOPES.join(","),
          response_type: "code",
          state,
        }),

      // The code buys a one-hour token, which buys a sixty-day one.
      async exchange({ code, redirectUri }) {
        const short = await call(kit, {
          method: "POST",
          url: `${HOST}/oauth/access_token`,
          form: {
            client_id: kit.clientId,
            client_secret: kit.clientSecret,
            grant_type: "authorization_code",
            redirect_uri: redirectUri,
            // Threads ends the redirect with "#_", which is not part of the code.
            code: code.replace(/#_$/, ""),
          },
          answer: Token,
          effect: "read",
          explain: explainExchange(kit.clientSecret),
        });
        return tokenFrom("access_token", explainExchange(short.access_token), {
          grant_type: "th_exchange_token",
          client_secret: kit.clientSecret,
          access_token: short.access_token,
        });
      },

      async refresh(credentials) {
        try {
          return await tokenFrom("refresh_access_token", explainRefresh(credentials.accessToken), {
            grant_type: "th_refresh_token",
            access_token: credentials.accessToken,
          });
        } catch (error) {
          // Threads says the same of a token that is dead and of one that is not a day old yet.
          if (!(error instanceof PlatformError) || error.kind !== "reconnect" || !isYoung(credentials))
            throw error;
          throw new PlatformError("unavailable", "Threads renews a connection only once it is a day old.", {
            code: "too_young",
            retryAfterMs: DAY_MS,
            cause: error,
          });
        }
      },
    },

    async identify(credentials) {
      const me = await profileOf(credentials);
      const missing = await missingScopes({ ...credentials, remoteId: me.id }).catch((error: unknown) => {
        // The profile is connected either way, and the next check asks again.
        if (error instanceof PlatformError && (error.kind === "unavailable" || error.kind === "slow_down"))
          return [];
        throw error;
      });
      const identity = {
        remoteId: me.id,
        ...faceOf(me),
        profileUrl: kit.address(`https://www.threads.net/@${encodeURIComponent(me.username)}`).href,
        missing,
      };
      return { subject: me.id, identities: [identity] };
    },

    check: async (access) => ({ ...faceOf(await profileOf(access)), missing: await missingScopes(access) }),

    publish: (request) => publishStep(kit, request),

    locate: (request) => locateStep(kit, request),

    async remove(access, remoteId) {
      await graph(kit, access, { method: "DELETE", path: encodeURIComponent(remoteId), answer: Removed });
    },

    async quota(access) {
      const { quota_usage, config } = await quotaOf(access);
      return { used: quota_usage, total: config.quota_total, windowSeconds: config.quota_duration };
    },
  };

  /** Both long-lived token calls want their secrets in the query: that is how Meta documents them. */
  async function tokenFrom(
    path: string,
    explain: (answer: Answer) => PlatformError | null,
    query: Record<string, string>,
  ): Promise<Credentials> {
    const token = await call(kit, {
      method: "GET",
      url: `${HOST}/${path}`,
      query,
      answer: Token,
      effect: "read",
      timeoutMs: TOKEN_TIMEOUT_MS,
      explain,
    });
    const accessExpiresAt = expiryAfter(token.expires_in);
    return { accessToken: token.access_token, ...(accessExpiresAt && { accessExpiresAt }) };
  }

  function profileOf(access: Pick<Access, "accessToken">): Promise<Profile> {
    return graph(kit, access, {
      method: "GET",
      path: "me",
      query: { fields: "id,username,name,threads_profile_picture_url" },
      answer: Profile,
    });
  }

  async function quotaOf(access: Pick<Access, "accessToken" | "remoteId">): Promise<Limits> {
    const { data } = await graph(kit, access, {
      method: "GET",
      path: `${encodeURIComponent(access.remoteId)}/threads_publishing_limit`,
      query: { fields: "quota_usage,config" },
      answer: z.object({ data: z.tuple([Limits]).rest(z.unknown()) }),
    });
    return data[0];
  }

  /** Threads never says what was granted; the publishing quota is shown only to those who may publish. */
  async function missingScopes(access: Pick<Access, "accessToken" | "remoteId">): Promise<string[]> {
    try {
      await quotaOf(access);
      return [];
    } catch (error) {
      if (error instanceof PlatformError && error.kind === "reconnect" && !error.tokenRefused) {
        return ["threads_content_publish"];
      }
      throw error;
    }
  }
}

/** `user_id` beside the token is left alone: it is a bare number beyond 2^53, and /me tells the same as a string. */
const Token = z.object({ access_token: z.string().min(1), expires_in: z.unknown().optional() });

const Profile = z.object({
  id: RemoteId,
  username: z.string(),
  name: z.string().optional(),
  threads_profile_picture_url: z.string().optional(),
});
type Profile = z.infer<typeof Profile>;

const Limits = z.object({
  quota_usage: z.number(),
  config: z.object({ quota_total: z.number(), quota_duration: z.number() }),
});
type Limits = z.infer<typeof Limits>;

const Removed = z.object({ success: z.literal(true) });

const faceOf = (me: Profile): Omit<Health, "missing"> => ({
  name: me.name || me.username,
  handle: me.username,
  avatarUrl: me.threads_profile_picture_url ?? null,
  metadata: { username: me.username },
});

/** Less than a day of the sixty is used up. */
const isYoung = ({ accessExpiresAt }: Credentials, now = Date.now()) =>
  accessExpiresAt !== undefined && accessExpiresAt.getTime() > now + 59 * DAY_MS;
