import { z } from "zod";
import type { Access, Health, Provider } from "../contract";
import { call, type Kit, RemoteId } from "../kit";
import { authorizeUrl } from "../oauth";
import { API } from "./api";
import { choicesFor } from "./creator";
import { explain, isScopeMissing } from "./errors";
import { locateStep, publishStep } from "./publish";
import { tiktokSpec } from "./spec";
import { redeem, renew, revoke } from "./tokens";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Who it is, the name in links, posting, and drafts. */
const SCOPES = ["user.info.basic", "user.info.profile", "video.publish", "video.upload"];

/** TikTok (Login Kit for web, Content Posting API): one grant reaches one account. */
export function tiktok(kit: Kit): Provider {
  return {
    spec: tiktokSpec,
    connector: {
      kind: "oauth",
      // On the web there is none; what TikTok wants elsewhere is not the RFC's either.
      pkce: "none",
      issuer: "https://www.tiktok.com",
      // An access token lives 24 h or 2 h and a refresh token a year or half of one, depending on the page one reads.
      refreshPolicy: {
        by: "refresh_token",
        beforeExpiryMs: 30 * MINUTE_MS,
        minAgeMs: 0,
        keepAliveMs: 30 * DAY_MS,
        rotates: true,
      },

      authorizeUrl: ({ state, redirectUri }) =>
        authorizeUrl(kit, "https://www.tiktok.com/v2/auth/authorize/", {
          // TikTok says client_key where the RFC says client_id.
          client_key: kit.clientId,
          response_type: "code",
          scope: SCOPES.join(","),
          redirect_uri: redirectUri,
          state,
          // Always the page: without it, who left a permission out could not add it by connecting again.
          disable_auto_auth: "1",
        }),

      exchange: (grant) => redeem(kit, grant),

      refresh: (credentials) => renew(kit, credentials),

      revoke: (credentials) => revoke(kit, credentials),
    },

    async identify(credentials) {
      const me = await profileOf(credentials);
      const { scopes } = credentials;
      const missing = scopes ? tiktokSpec.publishScopes.filter((scope) => !scopes.includes(scope)) : [];
      const { metadata, ...face } = faceOf(me);
      const identity = {
        remoteId: me.open_id,
        ...face,
        profileUrl: me.username
          ? kit.address(`https://www.tiktok.com/@${encodeURIComponent(me.username)}`).href
          : null,
        missing,
        metadata: { ...metadata, missing },
      };
      return { subject: me.open_id, identities: [identity] };
    },

    // TikTok lists the scopes with the token and never again: what was missing then is missing still.
    async check(access) {
      const missing = Missing.parse(access.metadata["missing"]);
      const { metadata, ...face } = faceOf(await profileOf(access));
      return { ...face, missing, metadata: { ...metadata, missing } };
    },

    publish: (request) => publishStep(kit, request),

    locate: (request) => locateStep(kit, request),

    choices: (access, options) => choicesFor(kit, access, options),
  };

  /** The name in links needs a permission of its own, and people may untick it. */
  async function profileOf(access: Pick<Access, "accessToken">): Promise<Profile> {
    try {
      return await me(access, [...BASIC_FIELDS, "username"]);
    } catch (error) {
      if (!isScopeMissing(error)) throw error;
      return await me(access, BASIC_FIELDS);
    }
  }

  async function me({ accessToken }: Pick<Access, "accessToken">, fields: string[]): Promise<Profile> {
    const { data } = await call(kit, {
      method: "GET",
      url: `${API}/user/info/`,
      query: { fields: fields.join(",") },
      bearer: accessToken,
      answer: z.object({ data: z.object({ user: Profile }) }),
      effect: "read",
      explain: explain("definite"),
    });
    return data.user;
  }
}

const BASIC_FIELDS = ["open_id", "avatar_url", "display_name"];

const Profile = z.object({
  open_id: RemoteId,
  avatar_url: z.string().nullish(),
  display_name: z.string().nullish(),
  username: z.string().nullish(),
});
type Profile = z.infer<typeof Profile>;

const Missing = z.array(z.string()).catch([]);

const faceOf = ({ display_name, username, avatar_url }: Profile): Omit<Health, "missing"> => ({
  name: display_name || username || "TikTok account",
  handle: username || null,
  avatarUrl: avatar_url || null,
  metadata: { ...(username && { username }) },
});
