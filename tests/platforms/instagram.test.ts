import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MediaFile, PlatformError, type PostContent, type Provider } from "@/lib/platforms/contract";
import { instagram, instagramThroughFacebook } from "@/lib/platforms/instagram/provider";
import { instagramSpec } from "@/lib/platforms/instagram/spec";
import { createKit } from "@/lib/platforms/kit";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Seen = { line: string; query: URLSearchParams; form: URLSearchParams; bearer: string | undefined };

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];

const APP = "1234";
const TOKEN = "CNRY_access_token";
const SECRET = "CNRY_app_secret";
const ME = "17841405793187218";
const access = { accessToken: TOKEN, remoteId: ME, metadata: {} };
const IG = "/graph.instagram.com";
const FB = "/graph.facebook.com/v26.0";
const LIMIT = `GET ${IG}/v26.0/${ME}/content_publishing_limit`;
const PROFILE = `GET ${IG}/v26.0/me`;
const CONVERSATIONS = `GET ${IG}/v26.0/${ME}/conversations`;
const DAY = 86_400_000;

beforeEach(async () => {
  script = {};
  seen = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname}`;
    seen.push({
      line,
      query: url.searchParams,
      form: new URLSearchParams(Buffer.concat(chunks).toString()),
      bearer: request.headers.authorization,
    });
    const replies = script[line] ?? [];
    // The last answer of a line stays.
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 404,
      body: { unexpected: line },
    };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

const kit = (settings = {}) => {
  const { port } = server.address() as AddressInfo;
  return createKit({ clientId: APP, clientSecret: SECRET, sandboxUrl: `http://127.0.0.1:${port}`, settings });
};

const connectorOf = ({ connector }: Provider) => {
  if (connector.kind !== "oauth") throw new Error("Instagram connects by OAuth.");
  return connector;
};
const direct = () => connectorOf(instagram(kit()));
const linked = () => connectorOf(instagramThroughFacebook(kit()));

const refusal = (code: number, error_subcode?: number, more: object = {}): Reply => ({
  status: 400,
  body: {
    error: {
      message: `said with ${TOKEN}`,
      type: "IGApiException",
      code,
      error_subcode,
      is_transient: false,
      ...more,
    },
  },
});

const failureOf = async (promise: Promise<unknown> | undefined): Promise<PlatformError> => {
  const error = await promise?.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  return error;
};

const lines = () => seen.map(({ line }) => line);
const proofOf = (token: string) => createHmac("sha256", SECRET).update(token).digest("hex");
const me = (more: object = {}) => ({ id: "9007199254740999", user_id: ME, username: "adabell", ...more });
const room: Reply = {
  body: { data: [{ quota_usage: 2, config: { quota_total: 50, quota_duration: 86400 } }] },
};

describe("logging in with Instagram", () => {
  test("the consent page is asked for what publishing, comments and messages need, and for no PKCE", () => {
    const url = direct().authorizeUrl({
      state: "s",
      redirectUri: "https://app.test/cb",
      codeChallenge: "unused",
    });
    expect(url.pathname).toBe("/www.instagram.com/oauth/authorize");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: APP,
      redirect_uri: "https://app.test/cb",
      response_type: "code",
      scope:
        "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_comments,instagram_business_manage_messages",
      state: "s",
    });
  });

  const SHORT = "POST /api.instagram.com/oauth/access_token";
  const LONG = `GET ${IG}/access_token`;
  const exchange = () =>
    direct().exchange({ code: "AQD#_", redirectUri: "https://app.test/cb", codeVerifier: "v" });

  test.each([
    [
      "documented",
      `{"data":[{"access_token":"short","user_id":"1","permissions":"instagram_business_basic,instagram_business_content_publish"}]}`,
    ],
    [
      "seen",
      `{"access_token":"short","user_id":17841400000000001,"permissions":["instagram_business_basic","instagram_business_content_publish"]}`,
    ],
  ])("a code loses its #_ and buys a short token, which buys a long one (as %s)", async (_shape, raw) => {
    script[SHORT] = [{ raw }];
    script[LONG] = [{ body: { access_token: "long", token_type: "bearer", expires_in: 5183944 } }];
    const credentials = await exchange();
    expect(credentials.accessToken).toBe("long");
    expect(credentials.scopes).toEqual(["instagram_business_basic", "instagram_business_content_publish"]);
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 59 * DAY);
    expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({
      client_id: APP,
      client_secret: SECRET,
      grant_type: "authorization_code",
      redirect_uri: "https://app.test/cb",
      code: "AQD",
    });
    expect(Object.fromEntries(seen[1]?.query ?? [])).toEqual({
      grant_type: "ig_exchange_token",
      client_secret: SECRET,
      access_token: "short",
    });
  });

  test.each([
    [
      "a used code asks for a new log-in",
      { error_type: "OAuthException", code: 400, error_message: "Matching code was not found" },
      "reconnect",
      false,
    ],
    [
      "an undocumented refusal points at the configuration",
      { error: { code: 101, message: "app" } },
      "unavailable",
      true,
    ],
    ["a foreign shape points at the configuration", { nope: true }, "unavailable", true],
  ])("%s", async (_promise, body, kind, operator) => {
    script[SHORT] = [{ status: 400, body }];
    expect(await failureOf(exchange())).toMatchObject({ kind, operator, effect: "definite" });
  });

  test("an outage at the exchange is nobody's fault", async () => {
    script[SHORT] = [{ status: 503, raw: "<html>" }];
    expect(await failureOf(exchange())).toMatchObject({ kind: "unavailable", operator: false });
  });

  test.each([
    ["flat", (profile: object) => ({ body: profile })],
    ["wrapped", (profile: object) => ({ body: { data: [profile] } })],
  ])(
    "the account is the professional one, the subject the app's own name for it (%s)",
    async (_as, reply) => {
      script[PROFILE] = [
        reply(me({ name: "Ada Bell", account_type: "BUSINESS", profile_picture_url: "https://cdn/p.jpg" })),
      ];
      const { subject, identities } = await instagram(kit()).identify({
        accessToken: TOKEN,
        scopes: ["instagram_business_basic", "instagram_business_content_publish"],
      });
      expect(subject).toBe("9007199254740999");
      expect(identities).toMatchObject([
        {
          remoteId: ME,
          name: "Ada Bell",
          handle: "adabell",
          avatarUrl: "https://cdn/p.jpg",
          missing: [],
          metadata: { appScopedId: "9007199254740999", accountType: "business" },
        },
      ]);
      expect(identities[0]?.profileUrl).toContain("/www.instagram.com/adabell/");
      expect(lines()).toEqual([PROFILE]);
      expect(seen[0]?.bearer).toBe(`Bearer ${TOKEN}`);
      expect([...(seen[0]?.query.keys() ?? [])]).toEqual(["fields"]);
    },
  );

  test("ids that come as bare numbers keep their digits", async () => {
    script[PROFILE] = [{ raw: `{"id":9007199254740999,"user_id":17841405793187219,"username":"adabell"}` }];
    const { subject, identities } = await instagram(kit()).identify({ accessToken: TOKEN, scopes: [] });
    expect([subject, identities[0]?.remoteId]).toEqual(["9007199254740999", "17841405793187219"]);
  });

  test("an unticked permission is named, and still is at the next check", async () => {
    script[PROFILE] = [{ body: me() }];
    script[LIMIT] = [room];
    const { identities } = await instagram(kit()).identify({
      accessToken: TOKEN,
      scopes: ["instagram_business_basic"],
    });
    expect(identities[0]?.missing).toEqual(["instagram_business_content_publish"]);
    expect(instagramSpec.publishScopes).toEqual(expect.arrayContaining(identities[0]?.missing ?? []));
    const metadata = identities[0]?.metadata ?? {};
    const health = await instagram(kit()).check?.({ ...access, metadata });
    expect(health).toMatchObject({ missing: ["instagram_business_content_publish"], metadata });
  });

  test.each([10, 200])(
    "where Instagram names no permissions, and when one is withdrawn, the quota tells (%i)",
    async (code) => {
      script[PROFILE] = [{ body: me() }];
      script[LIMIT] = [refusal(code), refusal(code), room];
      const found = await instagram(kit()).identify({ accessToken: TOKEN });
      expect(found.identities[0]?.missing).toEqual(["instagram_business_content_publish"]);
      const health = await instagram(kit()).check?.(access);
      expect(health?.missing).toEqual(["instagram_business_content_publish"]);
      // What only seemed missing is not held against it for ever.
      expect(
        (await instagram(kit()).check?.({ ...access, metadata: health?.metadata ?? {} }))?.missing,
      ).toEqual([]);
    },
  );

  test("an inbox that was not allowed is remembered, and keeps nobody from publishing", async () => {
    script[PROFILE] = [{ body: me() }];
    script[LIMIT] = [room];
    const publishing = ["instagram_business_basic", "instagram_business_content_publish"];
    const allowing = async (...more: string[]) => {
      const scopes = [...publishing, ...more];
      return (await instagram(kit()).identify({ accessToken: TOKEN, scopes })).identities[0];
    };
    const identity = await allowing("instagram_business_manage_comments");
    expect(identity).toMatchObject({ missing: [], metadata: { messaging: false, commenting: true } });
    expect(await allowing("instagram_business_manage_messages")).toMatchObject({
      missing: [],
      metadata: { messaging: true, commenting: false },
    });
    seen = [];
    const health = await instagram(kit()).check?.({ ...access, metadata: identity?.metadata ?? {} });
    expect(health).toMatchObject({ missing: [], metadata: { messaging: false, commenting: true } });
    expect(lines()).not.toContain(CONVERSATIONS);
  });

  test.each<[string, Reply, object]>([
    ["shown", { body: { data: [] } }, { messaging: true }],
    ["kept from us", refusal(10), { messaging: false }],
    ["not to be had at the moment", { drop: true }, {}],
  ])("where nobody noted it, conversations that are %s tell", async (_how, reply, expected) => {
    script[PROFILE] = [{ body: me() }];
    script[LIMIT] = [room];
    script[CONVERSATIONS] = [reply];
    const health = await instagram(kit()).check?.(access);
    const { messaging, commenting } = health?.metadata ?? {};
    expect({ messaging, commenting }).toEqual({ messaging: undefined, commenting: undefined, ...expected });
  });

  test("a dead token is a dead token for the check", async () => {
    script[PROFILE] = [refusal(190, 460)];
    expect(await failureOf(instagram(kit()).check?.(access))).toMatchObject({
      kind: "reconnect",
      tokenRefused: true,
    });
  });

  test("the version of the Graph is the operator's to choose", async () => {
    script[`GET ${IG}/v27.0/me`] = [{ body: me() }];
    await instagram(kit({ version: "v27.0" })).identify({ accessToken: TOKEN, scopes: [] });
    expect(lines()).toEqual([`GET ${IG}/v27.0/me`]);
  });
});

describe("renewing", () => {
  const RENEW = `GET ${IG}/refresh_access_token`;
  const refresh = (leftMs: number) =>
    direct().refresh?.({ accessToken: TOKEN, accessExpiresAt: new Date(Date.now() + leftMs) });

  test("the returned token is kept, with its own sixty days and permissions", async () => {
    script[RENEW] = [
      { body: { access_token: "next", token_type: "bearer", expires_in: 5183944, permissions: "a,b" } },
    ];
    const renewed = await refresh(20 * DAY);
    expect(renewed).toMatchObject({ accessToken: "next", scopes: ["a", "b"] });
    expect(renewed?.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 59 * DAY);
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
      grant_type: "ig_refresh_token",
      access_token: TOKEN,
    });
  });

  test.each([
    ["a dead token asks for a new connection", 20 * DAY, refusal(190, 463), "reconnect"],
    ["an old token called a bad parameter asks for one too", 20 * DAY, refusal(100), "reconnect"],
    ["a withdrawn permission asks for a new connection", 20 * DAY, refusal(10), "reconnect"],
    ["a token younger than a day is not dead (190)", 59.9 * DAY, refusal(190), "unavailable"],
    ["a token younger than a day is not dead (100)", 59.9 * DAY, refusal(100), "unavailable"],
    ["a refusal that is not about the token kills nothing", 20 * DAY, refusal(368), "unavailable"],
    ["a limit is waited for", 20 * DAY, refusal(4), "slow_down"],
    ["an outage kills no connection", 20 * DAY, { status: 503, raw: "<html>" }, "unavailable"],
    ["a page that is not Instagram's kills nothing", 20 * DAY, { status: 401, raw: "<html>" }, "unavailable"],
    ["a lost answer kills no connection", 20 * DAY, { drop: true }, "unavailable"],
  ] as [string, number, Reply, string][])("%s", async (_promise, leftMs, reply, kind) => {
    script[RENEW] = [reply];
    const error = await failureOf(refresh(leftMs));
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain(TOKEN);
  });

  test("a connection is kept alive, and nobody tries before it is a day old", () => {
    expect(direct().refreshPolicy).toEqual({
      by: "access_token",
      beforeExpiryMs: 30 * DAY,
      minAgeMs: DAY,
      keepAliveMs: 2 * DAY,
      rotates: false,
    });
  });
});

describe("logging in with Facebook", () => {
  const PAGES = `GET ${FB}/me/accounts`;
  const all = [
    "instagram_basic",
    "instagram_content_publish",
    "pages_show_list",
    "pages_read_engagement",
    "instagram_manage_comments",
    "instagram_manage_contents",
    "instagram_manage_messages",
    "pages_manage_metadata",
    "pages_messaging",
  ];
  const aPage = (id: string, account?: object) => ({
    id,
    name: `Page ${id}`,
    access_token: `CNRY_page_${id}`,
    tasks: ["CREATE_CONTENT"],
    ...(account && { instagram_business_account: account }),
  });
  const granted: Reply = {
    body: { data: all.map((permission) => ({ permission, status: "granted" })) },
  };

  test("the dialog is asked for publishing, deleting, comments and messages, and for Instagram's onboarding", () => {
    const url = linked().authorizeUrl({ state: "s", redirectUri: "https://app.test/cb", codeChallenge: "x" });
    expect(url.pathname).toBe("/www.facebook.com/v26.0/dialog/oauth");
    expect(url.searchParams.get("scope")?.split(",").sort()).toEqual([...all].sort());
    expect(JSON.parse(url.searchParams.get("extras") ?? "")).toEqual({
      setup: { channel: "IG_API_ONBOARDING" },
    });
  });

  test("every linked account of every Page is one to connect, with its Page's token; each once", async () => {
    script[`GET ${FB}/me`] = [{ body: { id: "77" } }];
    script[PAGES] = [
      {
        body: {
          data: [aPage("1", { id: ME, username: "adabell", name: "Ada Bell" }), aPage("2")],
          paging: { cursors: { after: "A" }, next: "https://graph.facebook.com/next" },
        },
      },
      {
        body: {
          data: [
            aPage("3", { id: "17841400000000003", username: "bellworks" }),
            aPage("4", { id: ME, username: "adabell" }),
          ],
        },
      },
    ];
    const { subject, identities } = await instagramThroughFacebook(kit()).identify({
      accessToken: TOKEN,
      scopes: all,
    });
    expect(subject).toBe("facebook:77");
    expect(identities).toMatchObject([
      {
        remoteId: ME,
        name: "Ada Bell",
        handle: "adabell",
        missing: [],
        metadata: { pageId: "1", messaging: true, commenting: true },
        credentials: { accessToken: "CNRY_page_1" },
      },
      { remoteId: "17841400000000003", name: "bellworks", credentials: { accessToken: "CNRY_page_3" } },
    ]);
    expect(identities[0]?.credentials?.accessExpiresAt).toBeUndefined();
    expect(identities[0]?.profileUrl).toContain("/www.instagram.com/adabell/");
    expect(JSON.stringify(identities.map(({ metadata }) => metadata))).not.toContain("CNRY_");
    expect(seen.every(({ query }) => query.get("appsecret_proof") === proofOf(TOKEN))).toBe(true);
    expect(seen.find(({ line }) => line === PAGES)?.query.get("fields")).toContain(
      "instagram_business_account{id,username,name,profile_picture_url}",
    );
  });

  test("an unticked permission is named", async () => {
    script[`GET ${FB}/me`] = [{ body: { id: "77" } }];
    script[PAGES] = [{ body: { data: [aPage("1", { id: ME, username: "adabell" })] } }];
    const scopes = all.filter((scope) => scope !== "instagram_content_publish");
    const { identities } = await instagramThroughFacebook(kit()).identify({ accessToken: TOKEN, scopes });
    expect(identities[0]?.missing).toEqual(["instagram_content_publish"]);
    expect(instagramSpec.publishScopes).toContain("instagram_content_publish");
  });

  test("an inbox that was not allowed keeps nobody from publishing", async () => {
    script[`GET ${FB}/me`] = [{ body: { id: "77" } }];
    script[PAGES] = [{ body: { data: [aPage("1", { id: ME, username: "adabell" })] } }];
    const allowing = async (...without: string[]) => {
      const scopes = all.filter((scope) => !without.includes(scope));
      const found = await instagramThroughFacebook(kit()).identify({ accessToken: TOKEN, scopes });
      return found.identities[0];
    };
    expect(await allowing("instagram_manage_messages", "pages_messaging")).toMatchObject({
      missing: [],
      metadata: { messaging: false, commenting: true },
    });
    // Events come by way of the Page.
    expect(await allowing("pages_manage_metadata")).toMatchObject({
      missing: [],
      metadata: { messaging: false, commenting: false },
    });
  });

  test("without a list of permissions they are asked for; without a linked account nobody is connected", async () => {
    script[`GET ${FB}/me`] = [{ body: { id: "77" } }];
    script[`GET ${FB}/me/permissions`] = [granted];
    script[PAGES] = [{ body: { data: [aPage("2")] } }];
    expect((await instagramThroughFacebook(kit()).identify({ accessToken: TOKEN })).identities).toEqual([]);
  });

  const DEBUG = `GET ${FB}/debug_token`;
  const held = { ...access, metadata: { pageId: "1" } };
  const facts = (more: object = {}): Reply => ({
    body: {
      data: { app_id: Number(APP), is_valid: true, expires_at: 0, user_id: "77", scopes: all, ...more },
    },
  });

  test("the check looks at the Page's token and at the account", async () => {
    script[DEBUG] = [facts({ scopes: ["instagram_basic", "pages_show_list", "pages_read_engagement"] })];
    script[`GET ${FB}/${ME}`] = [{ body: { id: ME, username: "renamed" } }];
    expect(await instagramThroughFacebook(kit()).check?.(held)).toEqual({
      name: "renamed",
      handle: "renamed",
      avatarUrl: null,
      missing: ["instagram_content_publish"],
      metadata: { pageId: "1", username: "renamed", messaging: false, commenting: false },
    });
    expect(seen[0]?.query.get("input_token")).toBe(TOKEN);
    expect(seen[1]?.query.get("appsecret_proof")).toBe(proofOf(TOKEN));
  });

  test.each([
    [
      "a token that is no longer valid",
      facts({ is_valid: false, error: { code: 190, message: "m", subcode: 460 }, scopes: [] }),
    ],
    ["a token of another app", facts({ app_id: "999" })],
  ])("%s asks for a new connection", async (_what, reply) => {
    script[DEBUG] = [reply];
    const error = await failureOf(instagramThroughFacebook(kit()).check?.(held));
    expect(error).toMatchObject({ kind: "reconnect", tokenRefused: true });
  });

  test("a grant is not renewed, and is handed back as Facebook's", async () => {
    script[`DELETE ${FB}/me/permissions`] = [{ body: { success: true } }];
    expect(linked().refresh).toBeUndefined();
    await linked().revoke?.({ accessToken: TOKEN });
    expect(lines()).toEqual([`DELETE ${FB}/me/permissions`]);
  });

  test("a post is deleted here and only here", async () => {
    script[`DELETE ${FB}/p1`] = [{ body: { success: true, deleted_id: "p1" } }];
    await instagramThroughFacebook(kit()).remove?.(held, "p1");
    expect(seen[0]).toMatchObject({ bearer: `Bearer ${TOKEN}` });
    expect(instagram(kit()).remove).toBeUndefined();
    script[`DELETE ${FB}/p1`] = [refusal(-1, 2207073)];
    expect(await failureOf(instagramThroughFacebook(kit()).remove?.(held, "p1"))).toMatchObject({
      kind: "rejected",
      code: "-1/2207073",
    });
    script[`DELETE ${FB}/p1`] = [{ body: { success: false } }];
    expect(await failureOf(instagramThroughFacebook(kit()).remove?.(held, "p1"))).toBeInstanceOf(
      PlatformError,
    );
  });
});

test.each([
  ["Instagram", instagram],
  ["Facebook", instagramThroughFacebook],
])("what the way through %s promises is what it has", (_way, make) => {
  const provider = make(kit());
  const connector = connectorOf(provider);
  expect(provider.spec.capabilities).toEqual({
    delete: provider.remove !== undefined,
    readBack: provider.locate !== undefined,
    refresh: connector.refresh !== undefined,
    revoke: connector.revoke !== undefined,
    quota: provider.quota !== undefined,
  });
  expect(JSON.parse(JSON.stringify(provider.spec))).toEqual(provider.spec);
  expect(connector.pkce).toBe("none");
});

test("the quota is read, never assumed", async () => {
  script[LIMIT] = [room];
  expect(await instagram(kit()).quota?.(access)).toEqual({ used: 2, total: 50, windowSeconds: 86_400 });
  expect(seen[0]?.query.get("fields")).toBe("quota_usage,config");
  script[`GET ${FB}/${ME}/content_publishing_limit`] = [
    { body: { data: [{ quota_usage: 0, config: { quota_total: 25 } }] } },
  ];
  expect(await instagramThroughFacebook(kit()).quota?.(access)).toEqual({
    used: 0,
    total: 25,
    windowSeconds: 86_400,
  });
});

describe("refusals are named by what helps", () => {
  const picture: MediaFile = {
    kind: "image",
    mimeType: "image/jpeg",
    filename: "bells.jpeg",
    bytes: 3,
    width: 1080,
    height: 1080,
    durationMs: null,
    alt: "",
    url: "https://media.test/1.jpeg",
    async *open() {
      yield Buffer.from("abc");
    },
  };
  const content: PostContent = { text: "Hello", media: [picture], replies: [], options: {} };
  const make = (provider: Provider) =>
    provider.publish({ access, content, resume: null, sending: async () => {} });

  const table: [string, Reply, string, string, object?][] = [
    ["an expired token", refusal(190, 463), "reconnect", "190/463", { tokenRefused: true }],
    ["a checkpoint", refusal(190, 459), "reconnect", "190/459", { tokenRefused: true }],
    ["a lost session", refusal(102), "reconnect", "102", { tokenRefused: true }],
    ["a missing permission", refusal(10), "reconnect", "10", { tokenRefused: false }],
    ["a permission of the 200s", refusal(200), "reconnect", "200", { tokenRefused: false }],
    ["a capability the app lacks", refusal(3), "unavailable", "3", { operator: true }],
    ["the app's limit", refusal(4), "slow_down", "4"],
    ["the user's limit", refusal(17), "slow_down", "17"],
    ["a page's limit", refusal(32), "slow_down", "32"],
    ["a custom limit", refusal(613), "slow_down", "613"],
    [
      "Instagram's limit, though flagged transient",
      refusal(80002, undefined, { is_transient: true }),
      "slow_down",
      "80002",
    ],
    ["the day's posts used up", refusal(9, 2207042), "slow_down", "9/2207042", { retryAfterMs: 3_600_000 }],
    ["spam, which is no rate limit", refusal(4, 2207051), "rejected", "4/2207051"],
    ["a hold for policy", refusal(368), "rejected", "368"],
    ["a missing object", refusal(100, 33), "rejected", "100/33"],
    ["an unknown media type", refusal(100, 2207023), "rejected", "100/2207023"],
    ["a wrong number of items", refusal(100, 2207028), "rejected", "100/2207028"],
    ["a tag nobody knows", refusal(100, 2207035), "rejected", "100/2207035"],
    ["a cover outside of the video, which is no outage", refusal(1, 2207057), "rejected", "1/2207057"],
    ["media of somebody else", refusal(24, 2207006), "rejected", "24/2207006"],
    ["a restricted account", refusal(25, 2207050), "rejected", "25/2207050"],
    ["a video in a format it does not take", refusal(352, 2207026), "rejected", "352/2207026"],
    ["too large a picture", refusal(36000, 2207004), "rejected", "36000/2207004"],
    ["a picture in a format it does not take", refusal(36001, 2207005), "rejected", "36001/2207005"],
    ["a picture's shape", refusal(36003, 2207009), "rejected", "36003/2207009"],
    ["too long a caption", refusal(36004, 2207010), "rejected", "36004/2207010"],
    ["a file it could not fetch", refusal(9004, 2207052), "unavailable", "9004/2207052"],
    ["a file that came too slowly", refusal(-2, 2207003), "unavailable", "-2/2207003"],
    ["a container it could not create", refusal(-1, 2207032), "unavailable", "-1/2207032"],
    ["an unknown upload error", refusal(-1, 2207053), "unavailable", "-1/2207053"],
    ["an error of its server", refusal(-1, 2207001), "unavailable", "-1/2207001"],
    ["an error below zero nobody described", refusal(-1), "unavailable", "-1"],
    ["an unknown failure", refusal(2), "unavailable", "2"],
    ["a transient failure", refusal(100, undefined, { is_transient: true }), "unavailable", "100"],
    ["a server failure", { ...refusal(100), status: 500 }, "unavailable", "100"],
    ["a bad parameter", refusal(100), "rejected", "100"],
  ];

  test.each(table)("%s", async (_what, reply, kind, code, more = {}) => {
    script[`POST ${IG}/v26.0/${ME}/media`] = [reply];
    script[`POST ${FB}/${ME}/media`] = [reply];
    for (const provider of [instagram(kit()), instagramThroughFacebook(kit())]) {
      const error = await failureOf(make(provider));
      expect(error).toMatchObject({ kind, code, effect: "definite", ...more });
      expect(error.message).not.toContain(TOKEN);
      expect(error.message.length).toBeGreaterThan(10);
    }
  });

  test("who logged in with Instagram is not sent to Facebook", async () => {
    for (const subcode of [458, 459, 460, 464, 463]) {
      script[`POST ${IG}/v26.0/${ME}/media`] = [refusal(190, subcode)];
      expect((await failureOf(make(instagram(kit())))).message).not.toMatch(/facebook/i);
    }
  });

  test("Instagram's own explanation reaches the person who can change the post", async () => {
    script[`POST ${IG}/v26.0/${ME}/media`] = [
      refusal(100, undefined, { error_user_msg: "No such collaborator." }),
    ];
    expect((await failureOf(make(instagram(kit())))).message).toContain("No such collaborator.");
  });

  test("the wait is the longest the usage header names, in minutes", async () => {
    const usage = { [ME]: [{ estimated_time_to_regain_access: 3 }, { estimated_time_to_regain_access: 7 }] };
    script[`POST ${IG}/v26.0/${ME}/media`] = [
      { ...refusal(80002), headers: { "x-business-use-case-usage": JSON.stringify(usage) } },
    ];
    expect((await failureOf(make(instagram(kit())))).retryAfterMs).toBe(7 * 60_000);
  });

  test.each([
    ["a plain 401", { status: 401, raw: "" }, "reconnect"],
    ["a page instead of JSON", { raw: "<html>" }, "unavailable"],
    ["a redirect", { status: 302, headers: { location: "https://evil.test/" } }, "unavailable"],
    ["a lost answer", { drop: true }, "unavailable"],
  ] as [string, Reply, string][])(
    "%s to a container is definite: nobody can see one",
    async (_w, reply, kind) => {
      script[`POST ${IG}/v26.0/${ME}/media`] = [reply];
      expect(await failureOf(make(instagram(kit())))).toMatchObject({ kind, effect: "definite" });
    },
  );
});
