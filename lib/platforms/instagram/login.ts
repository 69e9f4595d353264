import { z } from "zod";
import {
  type Access,
  type Credentials,
  type Health,
  type Identified,
  type OAuthConnector,
  PlatformError,
} from "../contract";
import { type Answer, call, type Kit, RemoteId, TOKEN_TIMEOUT_MS } from "../kit";
import { authorizeUrl, expiryAfter, scopesOf } from "../oauth";
import { profileUrl, quotaOf } from "./account";
import { explainExchange, explainRefresh } from "./errors";
import { type Ask, HOST } from "./graph";
import { inboxAllowed, ownInboxScopes } from "./inbox/scopes";

/** The log-in with Instagram itself: a token of 60 days that renews itself and reaches one professional account. */

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const PUBLISH_SCOPES = ["instagram_business_basic", "instagram_business_content_publish"];
/** To publish, and what may be left out: comments (the first one is ours) and messages. */
const SCOPES = [...PUBLISH_SCOPES, ...ownInboxScopes.comments, ...ownInboxScopes.messages];

export function instagramLogin(kit: Kit): OAuthConnector {
  return {
    kind: "oauth",
    // Not described for this log-in; `state` alone protects it.
    pkce: "none",
    issuer: "https://www.instagram.com",
    // A token lives 60 days and buys its successor once it is a day old; one that ended buys nothing.
    refreshPolicy: {
      by: "access_token",
      beforeExpiryMs: 30 * DAY_MS,
      minAgeMs: DAY_MS,
      keepAliveMs: 2 * DAY_MS,
      rotates: false,
    },

    authorizeUrl: ({ state, redirectUri }) =>
      authorizeUrl(kit, "https://www.instagram.com/oauth/authorize", {
        client_id: kit.clientId,
        redirect_uri: redirectUri,
        response_type: "code",
        scope: SCOPES.join(","),
        state,
      }),

    // The code buys a token of an hour, which buys one of sixty days.
    async exchange({ code, redirectUri }) {
      const short = await call(kit, {
        method: "POST",
        url: "https://api.instagram.com/oauth/access_token",
        form: {
          client_id: kit.clientId,
          client_secret: kit.clientSecret,
          grant_type: "authorization_code",
          redirect_uri: redirectUri,
          // The redirect ends with "#_", which is not part of the code.
          code: code.replace(/#_$/, ""),
        },
        answer: ShortToken,
        effect: "read",
        explain: explainExchange(kit.clientSecret),
      });
      const long = await longToken("access_token", explainExchange(short.access_token), {
        grant_type: "ig_exchange_token",
        client_secret: kit.clientSecret,
        access_token: short.access_token,
      });
      const scopes = long.scopes ?? short.permissions;
      return { ...long, ...(scopes && { scopes }) };
    },

    async refresh(credentials) {
      try {
        return await longToken("refresh_access_token", explainRefresh(credentials.accessToken), {
          grant_type: "ig_refresh_token",
          access_token: credentials.accessToken,
        });
      } catch (error) {
        // Of a token that is not a day old Instagram says the same as of a dead one.
        if (!(error instanceof PlatformError) || error.kind !== "reconnect" || !isYoung(credentials))
          throw error;
        throw new PlatformError("unavailable", "Instagram renews a connection only once it is a day old.", {
          code: "too_young",
          retryAfterMs: DAY_MS,
          cause: error,
        });
      }
    },
  };

  /** The long-lived token calls have no version, and take their secrets in the query: that is how Meta documents them. */
  async function longToken(
    path: string,
    explain: (answer: Answer) => PlatformError | null,
    query: Record<string, string>,
  ): Promise<Credentials> {
    const token = await call(kit, {
      method: "GET",
      url: `${HOST}/${path}`,
      query,
      answer: LongToken,
      effect: "read",
      timeoutMs: TOKEN_TIMEOUT_MS,
      explain,
    });
    const accessExpiresAt = expiryAfter(token.expires_in);
    return {
      accessToken: token.access_token,
      ...(accessExpiresAt && { accessExpiresAt }),
      ...(token.permissions && { scopes: token.permissions }),
    };
  }
}

/** The one account behind a token. @throws PlatformError */
export async function ownAccount(kit: Kit, ask: Ask, credentials: Credentials): Promise<Identified> {
  const me = await meOf(ask, credentials);
  const access = { accessToken: credentials.accessToken, remoteId: me.user_id };
  const missing = credentials.scopes
    ? PUBLISH_SCOPES.filter((scope) => !credentials.scopes?.includes(scope))
    : await refusedScopes(ask, access);
  return {
    subject: me.id,
    identities: [
      {
        remoteId: me.user_id,
        ...faceOf(me),
        profileUrl: profileUrl(kit, me.username),
        missing,
        metadata: {
          ...metadataOf(me, missing),
          ...(credentials.scopes && inboxAllowed(ownInboxScopes, credentials.scopes)),
        },
      },
    ],
  };
}

/** Permissions change only with a new log-in or by being withdrawn, so what was granted is remembered and then tried. */
export async function ownHealth(ask: Ask, access: Access): Promise<Health> {
  const me = await meOf(ask, access);
  const ungranted = Missing.parse(access.metadata["missing"]);
  const missing = [...new Set([...ungranted, ...(await refusedScopes(ask, access))])];
  const allowed = await rememberedOrTried(ask, access);
  return { ...faceOf(me), missing, metadata: { ...metadataOf(me, ungranted), ...allowed } };
}

/** A comma list or an array. */
const Permissions = z.union([z.string().transform(scopesOf), z.array(z.string())]).optional();

// `user_id` beside the token is left alone: it is a bare number beyond 2^53, and /me tells the ids as strings.
const Short = z.object({ access_token: z.string().min(1), permissions: Permissions });
/** Documented as a list of one, seen as the thing itself. */
const ShortToken = z.union([Short, z.object({ data: z.tuple([Short]) }).transform(({ data }) => data[0])]);

const LongToken = z.object({
  access_token: z.string().min(1),
  expires_in: z.unknown().optional(),
  permissions: Permissions,
});

const Profile = z.object({
  /** Of this person with this app: what Meta's callbacks name. */
  id: RemoteId,
  /** The professional account: what paths name. */
  user_id: RemoteId,
  username: z.string(),
  name: z.string().optional(),
  account_type: z.string().optional(),
  profile_picture_url: z.string().optional(),
});
type Profile = z.infer<typeof Profile>;
const Me = z.union([Profile, z.object({ data: z.tuple([Profile]) }).transform(({ data }) => data[0])]);

const Missing = z.array(z.string()).catch([]);

const meOf = (ask: Ask, access: Pick<Access, "accessToken">): Promise<Profile> =>
  ask(access, {
    method: "GET",
    path: "me",
    query: { fields: "id,user_id,username,name,account_type,profile_picture_url" },
    answer: Me,
  });

const faceOf = (me: Profile) => ({
  name: me.name || me.username,
  handle: me.username,
  avatarUrl: me.profile_picture_url || null,
});

const metadataOf = (me: Profile, missing: string[]) => ({
  appScopedId: me.id,
  username: me.username,
  // Written in capitals or not, depending on whom one asks.
  accountType: me.account_type?.toLowerCase() ?? null,
  missing,
});

/** The publishing quota is shown only to those who may publish; what cannot be told just now is told by the next check. */
async function refusedScopes(ask: Ask, access: Pick<Access, "accessToken" | "remoteId">): Promise<string[]> {
  try {
    await quotaOf(ask, access);
    return [];
  } catch (error) {
    if (!(error instanceof PlatformError) || error.tokenRefused) throw error;
    return error.kind === "reconnect" ? ["instagram_business_content_publish"] : [];
  }
}

const Allowed = z.object({
  messaging: z.boolean().optional().catch(undefined),
  commenting: z.boolean().optional().catch(undefined),
});

/** What of the inbox was allowed. Where nobody noted it, the conversations tell: they are shown only to those who may answer. */
async function rememberedOrTried(ask: Ask, access: Access): Promise<z.infer<typeof Allowed>> {
  const remembered = Allowed.parse(access.metadata);
  if (remembered.messaging !== undefined) return remembered;
  try {
    await ask(access, {
      method: "GET",
      path: `${encodeURIComponent(access.remoteId)}/conversations`,
      query: { platform: "instagram" },
      answer: z.object({ data: z.array(z.unknown()) }),
    });
    return { ...remembered, messaging: true };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.tokenRefused) throw error;
    return error.kind === "reconnect" ? { ...remembered, messaging: false } : remembered;
  }
}

/** Less than a day of the sixty is used up. */
const isYoung = ({ accessExpiresAt }: Credentials, now = Date.now()) =>
  accessExpiresAt !== undefined && accessExpiresAt.getTime() > now + 59 * DAY_MS;
