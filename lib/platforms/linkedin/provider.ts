import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { PlatformError, type Provider } from "../contract";
import { call, type Kit } from "../kit";
import { authorizeUrl, revokeToken } from "../oauth";
import { accountsOf, healthOf } from "./accounts";
import { explain, isNotFound } from "./errors";
import { publishStep } from "./publish";
import { patiently, REST, versioned, type Wait } from "./rest";
import { linkedinSpec } from "./spec";
import { ENDPOINTS, redeem, renew } from "./tokens";

const DAY_MS = 24 * 60 * 60_000;

/** What every LinkedIn app may have: log-in, and posting as the member. */
const MEMBER_SCOPES = ["openid", "profile", "w_member_social"];
/** What an app with the Community Management API may have besides: posting for Pages. */
const PAGE_SCOPES = ["w_organization_social", "r_organization_social", "rw_organization_admin"];

/**
 * LinkedIn (Posts API): one grant reaches the member and the Pages they administer.
 */
export function linkedin(kit: Kit, { wait = setTimeout }: { wait?: Wait } = {}): Provider {
  const scopes = wantedScopes(kit);
  const ours = { kit, wait };
  return {
    spec: linkedinSpec,
    connector: {
      kind: "oauth",
      // Known on native apps only; a verifier sent from the web can make LinkedIn refuse the code.
      pkce: "none",
      issuer: ENDPOINTS.issuer,
      // Most grants cannot be renewed and are good to their last minute. No renewal makes the others' consent live longer
      // (365 days from the first day), but each gives an access token of up to 60 days.
      refreshPolicy: {
        by: "refresh_token",
        beforeExpiryMs: 0,
        minAgeMs: 0,
        keepAliveMs: null,
        aheadMs: 7 * DAY_MS,
        rotates: false,
        fixedEnd: true,
      },

      authorizeUrl: ({ state, redirectUri }) =>
        authorizeUrl(kit, ENDPOINTS.authorize, {
          response_type: "code",
          client_id: kit.clientId,
          redirect_uri: redirectUri,
          state,
          scope: scopes.join(" "),
        }),

      exchange: (grant) => redeem(kit, grant),

      refresh: (credentials) => renew(kit, credentials),

      // LinkedIn does not say that one takes the other with it, so both are handed back; the second may be gone by then.
      async revoke({ accessToken, refreshToken }) {
        if (refreshToken) await revokeToken(kit, ENDPOINTS, "body", refreshToken);
        try {
          await revokeToken(kit, ENDPOINTS, "body", accessToken);
        } catch (error) {
          if (!refreshToken || !(error instanceof PlatformError) || error.kind === "unavailable") throw error;
        }
      },
    },

    identify: (credentials) => accountsOf(ours, credentials, scopes),

    check: (access) => healthOf(ours, access),

    publish: (request) => publishStep(ours, request),

    async remove({ accessToken }, remoteId) {
      try {
        await patiently(wait, () =>
          call(kit, {
            method: "DELETE",
            url: `${REST}/posts/${encodeURIComponent(remoteId)}`,
            headers: { ...versioned(kit), "x-restli-method": "DELETE" },
            bearer: accessToken,
            answer: z.unknown(),
            effect: "write",
            explain,
          }),
        );
      } catch (error) {
        // Someone deleted it before us.
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

/**
 * What to ask for, always all of it: a grant with another list ends the member's earlier tokens, and one scope that the
 * app's products lack fails the whole log-in. Unless the operator says more, the member's alone; the sandbox has every product.
 */
function wantedScopes({ settings, sandboxed }: Kit): string[] {
  if (settings["scopes"]) return settings["scopes"].split(/[\s,]+/);
  return sandboxed ? [...MEMBER_SCOPES, ...PAGE_SCOPES] : MEMBER_SCOPES;
}
