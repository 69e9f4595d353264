import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Credentials, PlatformError } from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { tiktok } from "@/lib/platforms/tiktok/provider";
import { tiktokSpec } from "@/lib/platforms/tiktok/spec";
import { applies } from "@/lib/posts/media-rules";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Seen = { line: string; search: string; body: string; headers: Record<string, unknown> };

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];

const KEY = "CNRY_client_key";
const SECRET = "CNRY_client_secret";
const TOKEN = "act.CNRY_access_token";
const REFRESH = "rft.CNRY_refresh_token";
const ME = "afd97af1-b87b-48b9-ac98-410aghda5344";
const access = { accessToken: TOKEN, remoteId: ME, metadata: { username: "adabell", missing: [] } };
const TOKENS = "POST /v2/oauth/token/";
const REVOKE = "POST /v2/oauth/revoke/";
const INFO = "GET /v2/user/info/";
const CREATOR = "POST /v2/post/publish/creator_info/query/";

beforeEach(async () => {
  script = {};
  seen = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace("/open.tiktokapis.com", "")}`;
    seen.push({
      line,
      search: url.search,
      body: Buffer.concat(chunks).toString(),
      headers: request.headers,
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

const provider = () => {
  const { port } = server.address() as AddressInfo;
  return tiktok(createKit({ clientId: KEY, clientSecret: SECRET, sandboxUrl: `http://127.0.0.1:${port}` }));
};

const connector = () => {
  const { connector } = provider();
  if (connector.kind !== "oauth") throw new Error("TikTok connects by OAuth.");
  return connector;
};

const exchange = () =>
  connector().exchange({ code: "co*de!1", redirectUri: "https://app.test/cb/", codeVerifier: "unused" });

const refresh = (credentials: Credentials = { accessToken: TOKEN, refreshToken: REFRESH }) =>
  connector().refresh?.(credentials) ?? Promise.reject();

const failureOf = async (promise: Promise<unknown> | undefined): Promise<PlatformError> => {
  const error = await promise?.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  for (const secret of [KEY, SECRET, TOKEN, REFRESH]) expect(error.message).not.toContain(secret);
  return error;
};

const said = (data: object, code = "ok", status = 200): Reply => ({
  status,
  body: { data, error: { code, message: `said with ${TOKEN}`, log_id: "L1" } },
});
const formOf = (one: Seen | undefined) => Object.fromEntries(new URLSearchParams(one?.body));
const lines = () => seen.map(({ line }) => line);

const GRANTED = {
  open_id: ME,
  scope: "user.info.basic,user.info.profile,video.publish,video.upload",
  access_token: TOKEN,
  expires_in: 86_400,
  refresh_token: REFRESH,
  refresh_expires_in: 31_536_000,
  token_type: "Bearer",
};
const USER = {
  user: { open_id: ME, avatar_url: "https://p16.test/a.webp", display_name: "Ada Bell", username: "adabell" },
};
const CAN = {
  creator_avatar_url: "https://p16.test/c.webp",
  creator_username: "adabell",
  creator_nickname: "Ada Bell",
  privacy_level_options: ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
  comment_disabled: false,
  duet_disabled: false,
  stitch_disabled: true,
  max_video_post_duration_sec: 300,
};

describe("connecting", () => {
  test("the consent page is asked for by client key, with commas between scopes, and always shown", () => {
    const url = connector().authorizeUrl({
      state: "s",
      redirectUri: "https://app.test/cb/",
      codeChallenge: "unused",
    });
    expect(url.pathname).toBe("/www.tiktok.com/v2/auth/authorize/");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_key: KEY,
      response_type: "code",
      scope: "user.info.basic,user.info.profile,video.publish,video.upload",
      redirect_uri: "https://app.test/cb/",
      state: "s",
      disable_auto_auth: "1",
    });
  });

  test("a code buys tokens that live as long as TikTok says, and no verifier is sent", async () => {
    script[TOKENS] = [{ body: { ...GRANTED, expires_in: 7_200, refresh_expires_in: 15_552_000 } }];
    const before = Date.now();
    const credentials = await exchange();
    expect(credentials).toMatchObject({
      accessToken: TOKEN,
      refreshToken: REFRESH,
      scopes: ["user.info.basic", "user.info.profile", "video.publish", "video.upload"],
    });
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThanOrEqual(before + 7_200_000);
    expect(credentials.accessExpiresAt?.getTime()).toBeLessThan(before + 7_260_000);
    expect(credentials.refreshExpiresAt?.getTime()).toBeGreaterThanOrEqual(before + 15_552_000_000);
    expect(formOf(seen[0])).toEqual({
      client_key: KEY,
      client_secret: SECRET,
      code: "co*de!1",
      grant_type: "authorization_code",
      redirect_uri: "https://app.test/cb/",
    });
    expect(seen[0]?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(seen[0]?.headers["authorization"]).toBeUndefined();
  });

  test("the account is named by its open_id, and every field is asked for at once", async () => {
    script[INFO] = [said(USER)];
    const { subject, identities } = await provider().identify({
      accessToken: TOKEN,
      scopes: GRANTED.scope.split(","),
    });
    expect(subject).toBe(ME);
    expect(identities).toEqual([
      {
        remoteId: ME,
        name: "Ada Bell",
        handle: "adabell",
        avatarUrl: "https://p16.test/a.webp",
        profileUrl: expect.stringMatching(/\/www\.tiktok\.com\/@adabell$/),
        missing: [],
        metadata: { username: "adabell", missing: [] },
      },
    ]);
    expect(new URLSearchParams(seen[0]?.search).get("fields")).toBe(
      "open_id,avatar_url,display_name,username",
    );
    expect(seen[0]?.headers["authorization"]).toBe(`Bearer ${TOKEN}`);
  });

  test.each([
    ["scope_not_authorized", 401],
    ["scope_permission_missed", 400],
    ["scope_not_authorized", 200],
  ])(
    "without the permission to read the name (%s, %i) the account is connected all the same",
    async (code, status) => {
      script[INFO] = [said({}, code, status), said({ user: { open_id: ME, display_name: "Ada Bell" } })];
      const { identities } = await provider().identify({
        accessToken: TOKEN,
        scopes: ["user.info.basic", "video.publish"],
      });
      expect(identities).toMatchObject([{ name: "Ada Bell", handle: null, profileUrl: null, missing: [] }]);
      expect(new URLSearchParams(seen[1]?.search).get("fields")).toBe("open_id,avatar_url,display_name");
    },
  );

  test("an unticked permission to post is missing, now and at the next check", async () => {
    script[INFO] = [said(USER)];
    const { identities } = await provider().identify({
      accessToken: TOKEN,
      scopes: ["user.info.basic", "user.info.profile", "video.upload"],
    });
    expect(identities).toMatchObject([{ missing: ["video.publish"] }]);
    const metadata = identities[0]?.metadata ?? {};
    expect(await provider().check?.({ ...access, metadata })).toMatchObject({
      missing: ["video.publish"],
      handle: "adabell",
      metadata: { username: "adabell", missing: ["video.publish"] },
    });
  });

  test.each([400, 200])("a refused log-in is one whether it comes as %i or not", async (status) => {
    script[TOKENS] = [{ status, body: { error: "invalid_request", error_description: SECRET, log_id: "L" } }];
    expect(await failureOf(exchange())).toMatchObject({ kind: "reconnect", code: "invalid_request" });
  });
});

describe("renewing and ending", () => {
  test("the returned refresh token replaces the old one, and the lifetimes are the returned ones", async () => {
    script[TOKENS] = [
      { body: { ...GRANTED, access_token: "act.next", refresh_token: "rft.next", expires_in: 7_200 } },
    ];
    const renewed = await refresh({
      accessToken: TOKEN,
      refreshToken: REFRESH,
      accessExpiresAt: new Date(0),
      refreshExpiresAt: new Date(0),
    });
    expect(renewed).toMatchObject({ accessToken: "act.next", refreshToken: "rft.next" });
    expect(renewed.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 7_100_000);
    expect(renewed.refreshExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 31_000_000_000);
    expect(formOf(seen[0])).toEqual({
      client_key: KEY,
      client_secret: SECRET,
      grant_type: "refresh_token",
      refresh_token: REFRESH,
    });
  });

  test("where no refresh token comes back the old one is kept, and no life is invented", async () => {
    script[TOKENS] = [{ body: { access_token: "act.next" } }];
    const renewed = await refresh({
      accessToken: TOKEN,
      refreshToken: REFRESH,
      accessExpiresAt: new Date(0),
      scopes: ["video.publish"],
    });
    expect(renewed).toEqual({ accessToken: "act.next", refreshToken: REFRESH, scopes: ["video.publish"] });
  });

  test.each([
    [
      "a spent refresh token ends the connection",
      { status: 400, body: { error: "invalid_grant" } },
      "reconnect",
      false,
    ],
    [
      "so it does inside a 200",
      { body: { error: "invalid_grant", error_description: "x" } },
      "reconnect",
      false,
    ],
    ["a withdrawn consent ends it", { status: 400, body: { error: "access_denied" } }, "reconnect", false],
    [
      "an unclear request ends nothing",
      { status: 400, body: { error: "invalid_request" } },
      "unavailable",
      false,
    ],
    [
      "a wrong secret is the operator's",
      { status: 401, body: { error: "invalid_client" } },
      "unavailable",
      true,
    ],
    ["so is a scope that the app lacks", { body: { error: "invalid_scope" } }, "unavailable", true],
    [
      "trouble at TikTok ends nothing",
      { status: 503, body: { error: "temporarily_unavailable" } },
      "unavailable",
      false,
    ],
    ["nor does it inside a 200", { body: { error: "server_error" } }, "unavailable", false],
    [
      "the other shape of a refusal is understood",
      { body: { error: { code: "invalid_grant" } } },
      "reconnect",
      false,
    ],
    [
      "a limit is waited for",
      { status: 429, body: { error: { code: "rate_limit_exceeded" } } },
      "slow_down",
      false,
    ],
    ["a page that is not TikTok's answer ends nothing", { status: 401, raw: "<html>" }, "unavailable", false],
    ["an outage ends nothing", { status: 502, raw: "<html>" }, "unavailable", false],
    ["a lost answer ends nothing", { drop: true }, "unavailable", false],
    ["an answer without a token ends nothing", { body: {} }, "unavailable", false],
  ] as [string, Reply, string, boolean][])("%s", async (_promise, reply, kind, operator) => {
    script[TOKENS] = [reply];
    expect(await failureOf(refresh())).toMatchObject({ kind, operator, tokenRefused: false });
  });

  test("without a refresh token nothing is asked", async () => {
    expect(await failureOf(refresh({ accessToken: TOKEN }))).toMatchObject({ code: "no_refresh_token" });
    expect(seen).toEqual([]);
  });

  test("the grant is ended with the access token, and an empty answer means yes", async () => {
    script[REVOKE] = [{ raw: "" }];
    await connector().revoke?.({ accessToken: TOKEN, refreshToken: REFRESH });
    expect(lines()).toEqual([REVOKE]);
    expect(formOf(seen[0])).toEqual({ client_key: KEY, client_secret: SECRET, token: TOKEN });
  });

  test("an access token that has ended is renewed first, or the grant would live on", async () => {
    script[TOKENS] = [{ body: { ...GRANTED, access_token: "act.next" } }];
    script[REVOKE] = [{ body: {} }];
    const accessExpiresAt = new Date(Date.now() - 1_000);
    await connector().revoke?.({ accessToken: TOKEN, refreshToken: REFRESH, accessExpiresAt });
    expect(formOf(seen[1])).toMatchObject({ token: "act.next" });
  });

  test("a refusal inside a 200 is not taken for an end", async () => {
    script[REVOKE] = [{ body: { error: "invalid_client", error_description: "" } }];
    expect(await failureOf(connector().revoke?.({ accessToken: TOKEN }))).toMatchObject({ operator: true });
  });

  test("renewing keeps well inside what either page says of the lifetimes", () => {
    const { refreshPolicy } = connector();
    expect(refreshPolicy).toMatchObject({ rotates: true, minAgeMs: 0 });
    expect(refreshPolicy.beforeExpiryMs).toBeLessThan(2 * 3_600_000);
    expect(refreshPolicy.keepAliveMs).toBeLessThan(180 * 86_400_000);
  });
});

describe("what the account may do now", () => {
  const choices = (options: Record<string, unknown> = {}) => provider().choices?.(access, options);

  test("the choices are this account's own, with its name beside them", async () => {
    script[CREATOR] = [said(CAN)];
    expect(await choices()).toEqual({
      fields: {
        privacy_level: {
          options: [
            { value: "PUBLIC_TO_EVERYONE", label: "Everyone" },
            { value: "MUTUAL_FOLLOW_FRIENDS", label: expect.any(String) },
            { value: "SELF_ONLY", label: "Only you" },
          ],
        },
        allow_stitch: { disabled: expect.stringContaining("Stitch") },
      },
      account: { name: "Ada Bell", avatarUrl: "https://p16.test/c.webp" },
      maxVideoMs: 300_000,
    });
    expect(seen[0]).toMatchObject({
      body: "",
      headers: { "content-type": "application/json; charset=UTF-8", authorization: `Bearer ${TOKEN}` },
    });
  });

  test("a private account, and one with everything turned off", async () => {
    script[CREATOR] = [
      said({
        ...CAN,
        privacy_level_options: ["FOLLOWER_OF_CREATOR", "NEW_LEVEL"],
        comment_disabled: true,
        duet_disabled: true,
      }),
    ];
    const answer = await choices();
    expect(answer?.fields["privacy_level"]?.options).toEqual([
      { value: "FOLLOWER_OF_CREATOR", label: "Your followers" },
      { value: "NEW_LEVEL", label: "NEW_LEVEL" },
    ]);
    expect(Object.keys(answer?.fields ?? {})).toEqual([
      "privacy_level",
      "allow_comment",
      "allow_duet",
      "allow_stitch",
    ]);
  });

  test("branded content is not offered to be for only oneself", async () => {
    script[CREATOR] = [said(CAN), said({ ...CAN, privacy_level_options: ["SELF_ONLY"] })];
    const offered = await choices({ brand_content: true });
    expect(offered?.fields["privacy_level"]?.options?.map(({ value }) => value)).toEqual([
      "PUBLIC_TO_EVERYONE",
      "MUTUAL_FOLLOW_FRIENDS",
    ]);
    const none = await choices({ brand_content: true });
    expect(none?.fields["privacy_level"]).toEqual({ options: [], disabled: expect.any(String) });
  });

  test("a draft is asked nothing: TikTok's app does that", async () => {
    expect(await choices({ mode: "draft" })).toEqual({ fields: {} });
    expect(seen).toEqual([]);
  });

  test.each([
    ["spam_risk_too_many_posts", 403],
    ["spam_risk_user_banned_from_posting", 200],
    ["reached_active_user_cap", 403],
    ["unaudited_client_can_only_post_to_private_accounts", 403],
  ])("%s means that nothing is offered now", async (code, status) => {
    script[CREATOR] = [said({}, code, status)];
    expect(await choices()).toEqual({ fields: {}, blocked: expect.stringMatching(/\S/) });
  });

  test("any other refusal is told as one", async () => {
    script[CREATOR] = [said({}, "access_token_invalid", 401)];
    expect(await failureOf(choices())).toMatchObject({ kind: "reconnect", tokenRefused: true });
  });
});

describe("what refusals mean", () => {
  const MINUTE = 60_000;
  const DAY = 24 * 60 * MINUTE;

  test.each([
    ["access_token_invalid", 401, { kind: "reconnect", tokenRefused: true }],
    ["access_token_invalid", 200, { kind: "reconnect", tokenRefused: true }],
    ["access_token_expired", 401, { kind: "reconnect", tokenRefused: true }],
    ["some_new_code", 401, { kind: "reconnect", tokenRefused: true, code: "some_new_code" }],
    ["scope_not_authorized", 401, { kind: "reconnect", tokenRefused: false }],
    ["scope_permission_missed", 400, { kind: "reconnect", tokenRefused: false }],
    ["rate_limit_exceeded", 429, { kind: "slow_down", retryAfterMs: MINUTE }],
    ["rate_limit_exceeded", 200, { kind: "slow_down", retryAfterMs: MINUTE }],
    ["some_new_code", 429, { kind: "slow_down", retryAfterMs: MINUTE }],
    ["url_ownership_unverified", 403, { kind: "rejected", operator: false }],
    ["privacy_level_option_mismatch", 403, { kind: "rejected" }],
    ["invalid_param", 400, { kind: "rejected" }],
    ["invalid_params", 400, { kind: "rejected" }],
    ["internal_error", 500, { kind: "unavailable" }],
    ["internal_error", 200, { kind: "unavailable" }],
    ["some_new_code", 503, { kind: "unavailable", code: "503" }],
    ["some_new_code", 403, { kind: "rejected", code: "some_new_code" }],
    ["some_new_code", 200, { kind: "rejected", code: "some_new_code" }],
  ])("%s (%i)", async (code, status, expected) => {
    script[CREATOR] = [said({}, code, status)];
    const error = await failureOf(provider().choices?.(access, {}));
    expect(error).toMatchObject({ code, effect: "definite", ...expected });
  });

  test.each([
    ["spam_risk_too_many_posts", { kind: "slow_down", retryAfterMs: DAY, operator: false }],
    ["spam_risk_user_banned_from_posting", { kind: "rejected" }],
    ["reached_active_user_cap", { kind: "slow_down", retryAfterMs: DAY, operator: true }],
    ["unaudited_client_can_only_post_to_private_accounts", { kind: "rejected", operator: false }],
  ])("%s stops a post", async (code, expected) => {
    script[INFO] = [said({}, code, 403)];
    expect(await failureOf(provider().check?.(access))).toMatchObject({ code, ...expected });
  });

  test("a longer wait than a minute is kept to", async () => {
    script[INFO] = [{ ...said({}, "rate_limit_exceeded", 429), headers: { "retry-after": "90" } }];
    expect(await failureOf(provider().check?.(access))).toMatchObject({ retryAfterMs: 90_000 });
  });

  test.each([
    ["a page instead of an answer", { status: 502, raw: "<html>" }, "unavailable"],
    ["no answer at all", { drop: true }, "unavailable"],
    ["an answer without what we asked for", said({}), "unavailable"],
    ["a 401 without a word", { status: 401, raw: "" }, "reconnect"],
  ] as [string, Reply, string][])("%s", async (_what, reply, kind) => {
    script[INFO] = [reply];
    expect(await failureOf(provider().check?.(access))).toMatchObject({ kind, effect: "definite" });
  });
});

describe("the spec", () => {
  const shown = (options: Record<string, unknown>, kind: "image" | "video") => {
    const file = {
      id: "f",
      kind,
      mimeType: "x/y",
      filename: "f",
      bytes: 1,
      width: 1,
      height: 1,
      durationMs: null,
      alt: "",
    };
    return tiktokSpec.fields.filter(({ only }) => applies(only, [file], options)).map(({ name }) => name);
  };

  test("who can see it is asked for a post, never for a draft, and never answered for the person", () => {
    expect(shown({}, "video")).toContain("privacy_level");
    expect(shown({}, "video")).toEqual(shown({ mode: "direct" }, "video"));
    expect(shown({ mode: "draft" }, "video")).toEqual(["mode"]);
    expect(shown({ mode: "draft" }, "image")).toEqual(["mode", "title"]);
    const field = tiktokSpec.fields.find(({ name }) => name === "privacy_level");
    expect(field).toMatchObject({ kind: "choice", required: true, live: true, options: [] });
  });

  test("pictures and videos have questions of their own", () => {
    const video = shown({ mode: "direct" }, "video");
    const pictures = shown({ mode: "direct" }, "image");
    expect(video.filter((name) => !pictures.includes(name))).toEqual([
      "allow_duet",
      "allow_stitch",
      "is_aigc",
      "cover_second",
    ]);
    expect(pictures.filter((name) => !video.includes(name))).toEqual(["title", "auto_add_music"]);
  });

  test("what a person agrees to stands beside the button, and branded content has a policy of its own", () => {
    const notices = (options: Record<string, unknown>) =>
      (tiktokSpec.notices ?? []).filter(({ only }) => applies(only, [], options)).map(({ text }) => text);
    expect(notices({})[0]).toBe("By posting, you agree to TikTok's Music Usage Confirmation.");
    expect(notices({ disclose: true, brand_content: true })[0]).toBe(
      "By posting, you agree to TikTok's Branded Content Policy and Music Usage Confirmation.",
    );
    expect(notices({})).toHaveLength(2);
    expect(notices({ mode: "draft" }).join(" ")).toContain("TikTok inbox");
  });

  test("whose promotion it is, is asked once something is promoted", () => {
    expect(shown({ mode: "direct" }, "video")).not.toContain("brand_content");
    expect(shown({ mode: "direct", disclose: true }, "video")).toEqual(
      expect.arrayContaining(["brand_organic", "brand_content"]),
    );
  });
});
