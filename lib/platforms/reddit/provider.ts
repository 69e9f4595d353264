import { z } from "zod";
import { type Access, type Credentials, type Health, PlatformError, type Provider } from "../contract";
import { type Answer, call, type Kit, RemoteId, TOKEN_TIMEOUT_MS } from "../kit";
import { authorizeUrl, expiryAfter, scopesOf } from "../oauth";
import { ask, SITE, userAgent } from "./api";
import { choicesFor } from "./choices";
import { explainRevoke, explainToken } from "./errors";
import { bareId } from "./find";
import { locateStep, publishStep } from "./publish";
import { redditSpec } from "./spec";

/** Say who it is, read a subreddit's rules and flairs, post, find our post again (history) and delete it (edit). */
const SCOPES = ["identity", "read", "submit", "flair", "edit", "history"];

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Reddit: one grant reaches one account; where it posts is chosen with each post. */
export function reddit(kit: Kit): Provider {
  return {
    spec: redditSpec,
    connector: {
      kind: "oauth",
      pkce: "none",
      issuer: SITE,
      // An access token lives a day (an hour in older texts); a refresh token lives until it is revoked. Renewing one that
      // nobody uses shows in time when it was.
      refreshPolicy: {
        by: "refresh_token",
        beforeExpiryMs: 10 * MINUTE_MS,
        minAgeMs: 0,
        keepAliveMs: 30 * DAY_MS,
        rotates: false,
      },

      authorizeUrl: ({ state, redirectUri }) =>
        authorizeUrl(kit, `${SITE}/api/v1/authorize`, {
          client_id: kit.clientId,
          response_type: "code",
          state,
          redirect_uri: redirectUri,
          // Without it there is no refresh token.
          duration: "permanent",
          scope: SCOPES.join(" "),
        }),

      exchange: ({ code, redirectUri }) =>
        tokens({
          grant_type: "authorization_code",
          // Browsers may end the redirect with "#_", which is not part of the code.
          code: code.replace(/#_$/, ""),
          redirect_uri: redirectUri,
        }),

      async refresh({ refreshToken, scopes }) {
        if (!refreshToken) {
          throw new PlatformError(
            "reconnect",
            "This connection cannot be renewed. Connect the account again.",
            {
              code: "no_refresh_token",
            },
          );
        }
        const renewed = await tokens({ grant_type: "refresh_token", refresh_token: refreshToken });
        // Sources disagree on whether it rotates: a returned one counts, else the old one lives on.
        return { refreshToken, ...(scopes && { scopes }), ...renewed };
      },

      // Reddit does not say for sure that one takes the other with it, so both are handed back.
      async revoke({ accessToken, refreshToken }) {
        if (refreshToken) await revoke(refreshToken, "refresh_token");
        await revoke(accessToken, "access_token");
      },
    },

    async identify(credentials) {
      const me = await profileOf(credentials);
      const missing = credentials.scopes
        ? redditSpec.publishScopes.filter((scope) => !credentials.scopes?.includes(scope))
        : [];
      const { metadata, ...face } = faceOf(me);
      const identity = {
        remoteId: me.id,
        ...face,
        profileUrl: kit.address(`${SITE}/user/${encodeURIComponent(me.name)}`).href,
        missing,
        metadata: { ...metadata, missing },
      };
      return { subject: me.id, identities: [identity] };
    },

    // Scopes are listed with the token and never again: what was missing then is missing still.
    async check(access) {
      const missing = Missing.parse(access.metadata["missing"]);
      const { metadata, ...face } = faceOf(await profileOf(access));
      return { ...face, missing, metadata: { ...metadata, missing } };
    },

    publish: (request) => publishStep(kit, request),

    locate: (request) => locateStep(kit, request),

    choices: (access, options) => choicesFor(kit, access, options),

    // Reddit answers 200 whatever it did, so a post that is gone already is no error.
    async remove(access, remoteId) {
      await ask(kit, access, {
        method: "POST",
        path: "/api/del",
        form: { id: `t3_${bareId(remoteId)}` },
        answer: z.object({}),
        effect: "write",
      });
    },
  };

  /** Spelled out rather than left to the OAuth library: every call names our agent, and a refusal may be a 200. */
  async function tokens(form: Record<string, string>): Promise<Credentials> {
    const token = await post("/api/v1/access_token", form, Token, explainToken);
    const accessExpiresAt = expiryAfter(token.expires_in);
    return {
      accessToken: token.access_token,
      ...(accessExpiresAt && { accessExpiresAt }),
      ...(token.refresh_token && { refreshToken: token.refresh_token }),
      ...(typeof token.scope === "string" && { scopes: scopesOf(token.scope) }),
    };
  }

  async function revoke(token: string, hint: "access_token" | "refresh_token"): Promise<void> {
    await post("/api/v1/revoke_token", { token, token_type_hint: hint }, z.unknown(), explainRevoke);
  }

  function post<T>(
    path: string,
    form: Record<string, string>,
    answer: z.ZodType<T>,
    explain: (answer: Answer) => PlatformError | null,
  ): Promise<T> {
    const pair = Buffer.from(`${kit.clientId}:${kit.clientSecret}`).toString("base64");
    return call(kit, {
      method: "POST",
      url: `${SITE}${path}`,
      form,
      headers: { authorization: `Basic ${pair}`, "user-agent": userAgent(kit) },
      answer,
      effect: "write",
      timeoutMs: TOKEN_TIMEOUT_MS,
      explain,
    });
  }

  async function profileOf(access: Pick<Access, "accessToken">): Promise<Profile> {
    const me = await ask(kit, access, { method: "GET", path: "/api/v1/me", answer: Profile });
    if (me.is_suspended) {
      throw new PlatformError(
        "rejected",
        "Reddit has suspended this account. Log in on reddit.com to see why.",
        { code: "suspended" },
      );
    }
    return me;
  }
}

const Token = z.object({
  access_token: z.string().min(1),
  expires_in: z.unknown().optional(),
  refresh_token: z.string().nullish(),
  scope: z.string().nullish(),
});

const Profile = z.object({
  id: RemoteId,
  name: z.string().min(1),
  icon_img: z.string().nullish(),
  is_suspended: z.boolean().nullish(),
});
type Profile = z.infer<typeof Profile>;

const Missing = z.array(z.string()).catch([]);

const faceOf = (me: Profile): Omit<Health, "missing"> => ({
  name: me.name,
  handle: me.name,
  // What follows the "?" is HTML-escaped and asks for a size only.
  avatarUrl: me.icon_img?.split("?")[0] || null,
  metadata: { username: me.name },
});
