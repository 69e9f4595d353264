import { createHmac } from "node:crypto";
import { z } from "zod";
import { type Credentials, type ExchangeRequest, type OAuthConnector, PlatformError } from "./contract";
import { type Answer, type Call, call, type Kit, RemoteId } from "./kit";
import { APP_REMOVED, codeOf, explainGraph, graphErrorOf } from "./meta-errors";
import { authorizeUrl, expiryAfter } from "./oauth";

/** What Facebook Pages, and Instagram through Facebook, share: Facebook Login, the Graph API and its refusals. */

export { codeOf, explainGraph, graphErrorOf, isMissing, refusedToken } from "./meta-errors";

/** The newest version we have facts about. An expired one is not refused: the oldest that still lives answers. */
export const graphVersion = (kit: Kit): string => kit.settings["version"] || "v26.0";

/** Proves to graph.facebook.com that whoever sends this token also holds the app's secret. One per token. */
export const appSecretProof = (kit: Kit, token: string): string =>
  createHmac("sha256", kit.clientSecret).update(token).digest("hex");

export type GraphCall<T> = Pick<
  Call<T>,
  "method" | "query" | "form" | "json" | "multipart" | "answer" | "timeoutMs"
> & {
  /** Below the version, without a leading slash. */
  path: string;
  token: string;
  effect?: Call<T>["effect"];
  /** What an edge of the Graph knows of its own codes; asked before the table that all share. */
  explain?(answer: Answer): PlatformError | null;
  /** The platform's name in messages. */
  name?: string;
};

/**
 * One call to graph.facebook.com. The token travels in a header; its proof is a parameter of the address, whatever the body.
 * @throws PlatformError
 */
export function graph<T>(
  kit: Kit,
  { path, token, effect = "read", query, explain, name, ...request }: GraphCall<T>,
): Promise<T> {
  const shared = explainGraph(token, effect === "write" ? "ambiguous" : "definite", name);
  return call(kit, {
    ...request,
    url: `${HOST}/${graphVersion(kit)}/${path}`,
    query: { ...query, appsecret_proof: appSecretProof(kit, token) },
    bearer: token,
    effect,
    explain: (answer) => explain?.(answer) ?? shared(answer),
  });
}

const MAX_LISTS = 100;

/** A whole list, followed by its cursors. @throws PlatformError */
export async function graphList<T>(
  kit: Kit,
  { item, query, ...request }: Omit<GraphCall<T>, "method" | "answer"> & { item: z.ZodType<T> },
): Promise<T[]> {
  const answer = z.object({ data: z.array(item), paging: Paging.optional() });
  const items: T[] = [];
  let after: string | undefined;
  for (let list = 0; list < MAX_LISTS; list++) {
    const { data, paging } = await graph(kit, {
      ...request,
      method: "GET",
      query: { ...query, limit: "100", after },
      answer,
    });
    items.push(...data);
    after = paging?.next ? paging.cursors?.after : undefined;
    if (after === undefined) break;
  }
  return items;
}

const Paging = z.object({
  cursors: z.object({ after: z.string().optional() }).optional(),
  next: z.string().optional(),
});

/**
 * Facebook Login: a code buys a token of an hour or two, which buys one of about 60 days, of which Page tokens without an end
 * are made. There is no renewal: who must log in again is told so by the check.
 * @param extras what the dialog is told besides, such as Instagram's onboarding
 */
export function facebookLogin(
  kit: Kit,
  { scopes, extras, name = "Facebook" }: { scopes: string[]; extras?: unknown; name?: string },
): OAuthConnector {
  return {
    kind: "oauth",
    // Meta knows PKCE only for its OpenID Connect variant, "still in testing".
    pkce: "none",
    issuer: "https://www.facebook.com",
    refreshPolicy: {
      by: "access_token",
      beforeExpiryMs: null,
      minAgeMs: 0,
      keepAliveMs: null,
      rotates: false,
    },

    authorizeUrl: ({ state, redirectUri }) =>
      authorizeUrl(kit, `https://www.facebook.com/${graphVersion(kit)}/dialog/oauth`, {
        client_id: kit.clientId,
        redirect_uri: redirectUri,
        state,
        response_type: "code",
        // In Login for Business a saved configuration says what is asked for.
        ...(kit.settings["configId"] ? { config_id: kit.settings["configId"] } : { scope: scopes.join(",") }),
        // Without this, a permission once declined is never asked for again.
        auth_type: "rerequest",
        ...(extras !== undefined && { extras: JSON.stringify(extras) }),
      }),

    exchange: (grant) => exchange(kit, name, grant),

    /** Ends every Page token of this person for this app. */
    async revoke({ accessToken }) {
      try {
        await graph(kit, {
          method: "DELETE",
          path: "me/permissions",
          token: accessToken,
          answer: Done,
          name,
        });
      } catch (error) {
        if (!(error instanceof PlatformError) || !error.tokenRefused) throw error;
        if (error.code === APP_REMOVED) return;
        // The person's token ends after 60 days, their Pages' do not: then the app's own token ends them.
        const { userId } = await debugToken(kit, accessToken);
        if (userId === null) throw error;
        await graph(kit, {
          method: "DELETE",
          path: `${encodeURIComponent(userId)}/permissions`,
          token: appToken(kit),
          answer: Done,
          name,
        });
      }
    },
  };
}

/** Older answers are a bare `true`. */
export const Done = z.union([z.literal(true), z.object({ success: z.literal(true) })]);

/** What a person allowed: they may have unticked any of it. @throws PlatformError */
export async function grantedPermissions(kit: Kit, token: string): Promise<string[]> {
  const permissions = await graphList(kit, {
    path: "me/permissions",
    token,
    item: z.object({ permission: z.string(), status: z.string() }),
  });
  return permissions.filter(({ status }) => status === "granted").map(({ permission }) => permission);
}

export type TokenFacts = {
  valid: boolean;
  /** "190/460" and the like, where it is not valid. */
  error: { code: string; subcode: number | null } | null;
  appId: string | null;
  userId: string | null;
  scopes: string[];
  /** The accounts a scope was ticked for; a scope that names none was given for all. */
  targets: Record<string, string[]>;
};

/** What Facebook says of a token, asked as the app. @throws PlatformError */
export async function debugToken(kit: Kit, token: string): Promise<TokenFacts> {
  const { data } = await call(kit, {
    method: "GET",
    url: `${HOST}/${graphVersion(kit)}/debug_token`,
    query: {
      input_token: token,
      access_token: appToken(kit),
      appsecret_proof: appSecretProof(kit, appToken(kit)),
    },
    answer: z.object({ data: Debugged }),
    effect: "read",
    explain: explainApp("Facebook"),
  });
  const { error } = data;
  return {
    valid: data.is_valid && !error,
    error: error ? { code: codeOf(error.code, error.subcode), subcode: error.subcode ?? null } : null,
    appId: data.app_id ?? null,
    userId: data.user_id ?? null,
    scopes: data.scopes ?? [],
    targets: Object.fromEntries(
      (data.granular_scopes ?? []).flatMap(({ scope, target_ids }) =>
        target_ids ? [[scope, target_ids]] : [],
      ),
    ),
  };
}

const Debugged = z.object({
  is_valid: z.boolean(),
  app_id: RemoteId.optional(),
  user_id: RemoteId.optional(),
  scopes: z.array(z.string()).optional(),
  granular_scopes: z
    .array(z.object({ scope: z.string(), target_ids: z.array(RemoteId).optional() }))
    .optional(),
  error: z.object({ code: z.number(), subcode: z.number().optional() }).optional(),
});

/** What a Page must tell to be of use: no token, no way to act for it. `tasks`: what the person may do there. */
export const Page = z.object({
  id: RemoteId,
  name: z.string(),
  access_token: z.string().min(1).optional(),
  tasks: z.array(z.string()).optional(),
});
type Page = z.infer<typeof Page>;

/**
 * The Pages a person let us reach, each with a token of its own: those of /me/accounts, and with `business_management` those
 * that a business holds for them.
 * @param fields what to ask of each Page; must name id, name, access_token and tasks
 * @param page how to read one: `Page`, extended by what else is asked for
 * @throws PlatformError
 */
export async function pagesOf<T extends Page>(
  kit: Kit,
  token: string,
  { fields, page, granted }: { fields: string; page: z.ZodType<T>; granted: string[] },
): Promise<(T & { access_token: string })[]> {
  const pages = await graphList(kit, { path: "me/accounts", token, query: { fields }, item: page });
  if (granted.includes("business_management")) {
    // What a person may do there is told in their own list only.
    const query = { fields: fields.replace(/,tasks\b/, "") };
    for (const id of await businessPageIds(kit, token)) {
      if (pages.some((known) => known.id === id)) continue;
      const path = encodeURIComponent(id);
      const found = await unlessRefused(
        () => graph(kit, { method: "GET", path, token, query, answer: page }),
        null,
      );
      if (found) pages.push(found);
    }
  }
  return pages.filter((one): one is T & { access_token: string } => one.access_token !== undefined);
}

async function businessPageIds(kit: Kit, token: string): Promise<string[]> {
  const item = z.object({ id: RemoteId });
  const list = (path: string) =>
    unlessRefused(() => graphList(kit, { path, token, query: { fields: "id" }, item }), []);
  const ids = new Set<string>();
  for (const business of await list("me/businesses")) {
    for (const edge of ["owned_pages", "client_pages"]) {
      for (const { id } of await list(`${encodeURIComponent(business.id)}/${edge}`)) ids.add(id);
    }
  }
  return [...ids];
}

/** Does without what Facebook will not show this person. What it cannot show just now, or to nobody, still fails. */
async function unlessRefused<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refused =
      error instanceof PlatformError &&
      (error.kind === "rejected" || (error.kind === "reconnect" && !error.tokenRefused));
    if (!refused) throw error;
    return otherwise;
  }
}

const HOST = "https://graph.facebook.com";

const appToken = (kit: Kit): string => `${kit.clientId}|${kit.clientSecret}`;

const Token = z.object({ access_token: z.string().min(1), expires_in: z.unknown().optional() });

async function exchange(kit: Kit, name: string, grant: ExchangeRequest): Promise<Credentials> {
  // Both calls carry their secrets in the query: that is how Meta documents them.
  const buy = (query: Record<string, string>) =>
    call(kit, {
      method: "GET",
      url: `${HOST}/${graphVersion(kit)}/oauth/access_token`,
      query: { ...query, client_id: kit.clientId, client_secret: kit.clientSecret },
      answer: Token,
      effect: "read",
      explain: explainExchange(name),
    });
  const short = await buy({ redirect_uri: grant.redirectUri, code: grant.code });
  const long = await buy({ grant_type: "fb_exchange_token", fb_exchange_token: short.access_token });
  const accessExpiresAt = expiryAfter(long.expires_in);
  return {
    accessToken: long.access_token,
    ...(accessExpiresAt && { accessExpiresAt }),
    scopes: await grantedPermissions(kit, long.access_token),
  };
}

/** A code that was used (36009) or is too old (36007), or a dead token. A wrong redirect address is said to be 100 too. */
const explainExchange = (name: string) => (answer: Answer) => {
  const error = graphErrorOf(answer);
  if (!error || ![100, 102, 190].includes(error.code)) return explainApp(name)(answer);
  return new PlatformError(
    "reconnect",
    `${name} did not accept this log-in. Start again; if it keeps failing, the operator must check the app's redirect address.`,
    { code: codeOf(error.code, error.error_subcode) },
  );
};

/** The table for what the app asks in its own name: whatever is refused there for good is our own configuration's fault. */
const explainApp = (name: string) => (answer: Answer) => {
  const error = graphErrorOf(answer);
  const known =
    error && (error.code !== 1 || error.is_transient) ? explainGraph("", "definite", name)(answer) : null;
  if (known && (known.kind === "slow_down" || known.kind === "unavailable")) return known;
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return null;
  if (!error && answer.status < 400) return null;
  return new PlatformError(
    "unavailable",
    `${name} does not accept this app. The operator must check its id, secret and redirect address.`,
    { code: error ? codeOf(error.code, error.error_subcode) : String(answer.status), operator: true },
  );
};
