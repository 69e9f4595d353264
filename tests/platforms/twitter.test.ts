import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type LocateRequest,
  PlatformError,
  type PostContent,
  type PublishRequest,
} from "@/lib/platforms/contract";
import { countText } from "@/lib/platforms/counting";
import { createKit } from "@/lib/platforms/kit";
import { twitter } from "@/lib/platforms/twitter/provider";
import { partsOf, twitterSpec } from "@/lib/platforms/twitter/spec";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Seen = { line: string; query: URLSearchParams; body: string; authorization: string | undefined };

let server: Server;
let origin: string;
let script: Record<string, Reply[]>;
let seen: Seen[];
/** How many requests X had seen each time the fence was drawn. */
let fences: number[];

const ME = "2244994945000000001";
const access = { accessToken: "CNRY_access", remoteId: ME, metadata: { username: "XDev" } };
const CREATE = "POST /2/tweets";
const LIST = `GET /2/users/${ME}/tweets`;
const WHO = "GET /2/users/me";
const TOKEN = "POST /2/oauth2/token";
const REVOKE = "POST /2/oauth2/revoke";

beforeEach(async () => {
  script = {};
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace("/api.x.com", "")}`;
    const { authorization } = request.headers;
    seen.push({ line, query: url.searchParams, body: Buffer.concat(chunks).toString(), authorization });
    const reply = script[line]?.shift() ?? { status: 404, body: { unexpected: line } };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

const provider = () =>
  twitter(createKit({ clientId: "CNRY-client", clientSecret: "CNRY secret+/", sandboxUrl: origin }));

function connector() {
  const { connector } = provider();
  if (connector.kind !== "oauth") throw new Error("X connects by OAuth.");
  return connector;
}

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello",
  replies: [],
  media: [],
  options: {},
  ...content,
});

const sending = async () => void fences.push(seen.length);

const publish = (content: PostContent, rest: Partial<PublishRequest> = {}) =>
  provider().publish({ access, content, resume: null, sending, ...rest });

const SINCE = new Date("2026-11-05T12:00:00.500Z");

function locate(content: PostContent, rest: Partial<LocateRequest> = {}) {
  const { locate } = provider();
  if (!locate) throw new Error("X can be read back.");
  return locate({ access, content, resume: null, since: SINCE, known: [], ...rest });
}

const created = (id: string) => ({
  status: 201,
  body: { data: { id, text: "…", edit_history_tweet_ids: [id] } },
});
const aTweet = (id: string, text: string, rest: object = {}) => ({
  id,
  text,
  created_at: "2026-11-05T12:00:01.000Z",
  ...rest,
});
const jsonOf = (index: number): unknown => JSON.parse(seen[index]?.body ?? "");

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("This was expected to fail.");
}

const DUPLICATE = {
  status: 403,
  body: {
    title: "Forbidden",
    type: "about:blank",
    status: 403,
    detail: "You are not allowed to create a Tweet with duplicate content.",
  },
};

describe("connecting", () => {
  test("asks for consent with PKCE and spaces as %20", () => {
    const url = connector().authorizeUrl({
      state: "s t",
      redirectUri: "http://127.0.0.1:3000/cb",
      codeChallenge: "chal",
    });
    expect(url.href).toContain(`${origin}/x.com/i/oauth2/authorize?`);
    expect(url.search).not.toContain("+");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "CNRY-client",
      redirect_uri: "http://127.0.0.1:3000/cb",
      scope: "tweet.read tweet.write users.read media.write offline.access",
      state: "s t",
      code_challenge: "chal",
      code_challenge_method: "S256",
    });
  });

  test("redeems a code with HTTP Basic, the secret nowhere else", async () => {
    const scope = "users.read tweet.read tweet.write media.write offline.access";
    script[TOKEN] = [
      { body: { token_type: "bearer", expires_in: 7200, access_token: "A1", refresh_token: "R1", scope } },
    ];
    const before = Date.now();
    const credentials = await connector().exchange({
      code: "c",
      redirectUri: "https://us/cb",
      codeVerifier: "v",
    });
    expect(credentials).toMatchObject({ accessToken: "A1", refreshToken: "R1", scopes: scope.split(" ") });
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThanOrEqual(before + 7_200_000);
    const days = ((credentials.refreshExpiresAt?.getTime() ?? 0) - before) / 86_400_000;
    expect(Math.round(days)).toBe(180);
    expect(seen[0]?.authorization).toBe(
      `Basic ${Buffer.from("CNRY-client:CNRY secret+/").toString("base64")}`,
    );
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      grant_type: "authorization_code",
      code: "c",
      redirect_uri: "https://us/cb",
      code_verifier: "v",
    });
  });

  test("a renewal brings a new pair", async () => {
    script[TOKEN] = [
      { body: { token_type: "bearer", expires_in: 7200, access_token: "A2", refresh_token: "R2" } },
    ];
    const renewed = await connector().refresh?.({
      accessToken: "A1",
      refreshToken: "R1",
      scopes: ["tweet.read"],
    });
    expect(renewed).toMatchObject({ accessToken: "A2", refreshToken: "R2", scopes: ["tweet.read"] });
    expect(new URLSearchParams(seen[0]?.body).get("refresh_token")).toBe("R1");
    expect(connector().refreshPolicy.rotates).toBe(true);
  });

  test.each([
    [
      "a spent refresh token",
      400,
      { error: "invalid_request", error_description: "Value passed for the token was invalid." },
      "reconnect",
      false,
    ],
    ["the same in RFC words", 400, { error: "invalid_grant" }, "reconnect", false],
    ["a 400 without a word", 400, {}, "reconnect", false],
    [
      "a wrong client secret",
      401,
      { error: "unauthorized_client", error_description: "Missing valid authorization header" },
      "unavailable",
      true,
    ],
    [
      "an outage that answers 401",
      401,
      { title: "Unauthorized", type: "about:blank", status: 401 },
      "unavailable",
      false,
    ],
    ["a server error", 503, {}, "unavailable", false],
  ])("%s, at a renewal", async (_what, status, body, kind, operator) => {
    script[TOKEN] = [{ status, body }];
    const error = await failure(
      connector().refresh?.({ accessToken: "A1", refreshToken: "R1" }) ?? Promise.resolve(),
    );
    expect(error).toMatchObject({ kind, operator });
    expect(seen).toHaveLength(1);
  });

  test("disconnecting hands back both tokens, and minds not if the second is gone", async () => {
    script[REVOKE] = [{ body: { revoked: true } }, { status: 400, body: { error: "invalid_request" } }];
    await connector().revoke?.({ accessToken: "A1", refreshToken: "R1" });
    expect(seen.map(({ body }) => new URLSearchParams(body).get("token"))).toEqual(["R1", "A1"]);
    expect(seen.every(({ authorization }) => authorization?.startsWith("Basic "))).toBe(true);
  });

  test("finds out who consented, digits and all", async () => {
    script[WHO] = [
      {
        raw: `{"data":{"id":${ME},"name":"Dev","username":"XDev","profile_image_url":"https://pbs.twimg.com/a_normal.jpg","subscription_type":"Premium"}}`,
      },
    ];
    const found = await provider().identify({
      accessToken: "A1",
      scopes: ["tweet.read", "users.read", "media.write", "offline.access"],
    });
    expect(found).toEqual({
      subject: ME,
      identities: [
        {
          remoteId: ME,
          name: "Dev",
          handle: "XDev",
          avatarUrl: "https://pbs.twimg.com/a_normal.jpg",
          profileUrl: `${origin}/x.com/XDev`,
          metadata: { username: "XDev", subscriptionType: "Premium", missing: ["tweet.write"] },
          missing: ["tweet.write"],
        },
      ],
    });
    expect(seen[0]?.authorization).toBe("Bearer A1");
  });

  test("does without the subscription where X will not tell it", async () => {
    const refusal = {
      status: 400,
      body: { title: "Invalid Request", type: "https://api.x.com/2/problems/invalid-request", status: 400 },
    };
    script[WHO] = [refusal, { body: { data: { id: ME, name: "Dev", username: "XDev" } } }];
    const { identities } = await provider().identify({ accessToken: "A1" });
    expect(identities[0]?.metadata).toEqual({ username: "XDev", missing: [] });
    expect(seen.map(({ query }) => query.get("user.fields")?.includes("subscription_type"))).toEqual([
      true,
      false,
    ]);
  });

  test("a check keeps in mind what was not granted", async () => {
    script[WHO] = [
      { body: { data: { id: ME, name: "Dev", username: "Renamed", subscription_type: "None" } } },
    ];
    const health = await provider().check?.({
      ...access,
      metadata: { username: "XDev", missing: ["tweet.write"] },
    });
    expect(health).toMatchObject({
      missing: ["tweet.write"],
      handle: "Renamed",
      metadata: { subscriptionType: "None" },
    });
  });
});

describe("publishing", () => {
  test("sends exactly what was counted, behind the fence", async () => {
    script[CREATE] = [created("1445880548472328192")];
    const content = aPost({
      text: "Grüße 👨‍👩‍👧‍👦 & <b>",
      link: "https://example.com/a?b=c",
      options: { reply_settings: "following" },
    });
    expect(await publish(content)).toEqual({
      state: "published",
      remoteId: "1445880548472328192",
      url: `${origin}/x.com/XDev/status/1445880548472328192`,
    });
    expect(jsonOf(0)).toEqual({
      text: "Grüße 👨‍👩‍👧‍👦 & <b> https://example.com/a?b=c",
      reply_settings: "following",
    });
    expect(partsOf(content)[0]).toBe("Grüße 👨‍👩‍👧‍👦 & <b> https://example.com/a?b=c");
    expect(countText(twitterSpec.text.counting, partsOf(content)[0] ?? "")).toBe(
      6 + 2 + 1 + 1 + 1 + 3 + 1 + 23,
    );
    expect(fences).toEqual([0]);
    expect(seen[0]?.authorization).toBe("Bearer CNRY_access");
  });

  test.each([{}, { reply_settings: "everyone" }, { reply_settings: "" }])(
    "says nothing when everyone may reply: %j",
    async (options) => {
      script[CREATE] = [created("1")];
      await publish(aPost({ options }));
      expect(jsonOf(0)).toEqual({ text: "Hello" });
    },
  );

  test("links to the post even when the handle is not known", async () => {
    script[CREATE] = [created("1")];
    const step = await publish(aPost(), { access: { ...access, metadata: {} } });
    expect(step).toMatchObject({ url: `${origin}/x.com/i/web/status/1` });
  });

  test("a chain goes out part by part, each in reply to the one before", async () => {
    script[CREATE] = [created("11"), created("12"), created("13")];
    const content = aPost({
      text: "One",
      replies: [{ text: "Two" }, { text: "Three" }],
      options: { reply_settings: "verified" },
    });
    const first = await publish(content);
    expect(first).toEqual({ state: "processing", resume: { ids: ["11"] }, checkAfterMs: 0 });
    const second = await publish(content, { resume: { ids: ["11"] } });
    expect(second).toMatchObject({ state: "processing", resume: { ids: ["11", "12"] } });
    const third = await publish(content, { resume: { ids: ["11", "12"] } });
    expect(third).toMatchObject({ state: "published", remoteId: "11", parts: ["11", "12", "13"] });
    expect([jsonOf(0), jsonOf(1), jsonOf(2)]).toEqual([
      { text: "One", reply_settings: "verified" },
      { text: "Two", reply: { in_reply_to_tweet_id: "11" } },
      { text: "Three", reply: { in_reply_to_tweet_id: "12" } },
    ]);
    expect(fences).toEqual([0, 1, 2]);
  });

  test("a finished chain sends nothing more", async () => {
    const step = await publish(aPost({ replies: [{ text: "Two" }] }), { resume: { ids: ["11", "12"] } });
    expect(step).toMatchObject({ state: "published", remoteId: "11" });
    expect(seen).toHaveLength(0);
    expect(fences).toHaveLength(0);
  });

  test("without the fence nothing is sent", async () => {
    const lost = new Error("claim lost");
    await expect(publish(aPost(), { sending: () => Promise.reject(lost) })).rejects.toBe(lost);
    expect(seen).toHaveLength(0);
  });

  test.each([
    ["a lost answer", { drop: true }],
    ["a server error", { status: 503, body: {} }],
    ["a page where JSON should be", { status: 201, raw: "<html>" }],
    ["an answer cut short", { status: 201, raw: '{"data":{"id":"1' }],
    ["an error page of a gateway", { status: 502, raw: "<html>" }],
  ])("%s leaves open whether it is out", async (_what, reply) => {
    script[CREATE] = [reply];
    expect(await failure(publish(aPost()))).toMatchObject({ kind: "unavailable", effect: "ambiguous" });
    expect(seen).toHaveLength(1);
  });

  const problem = (status: number, name: string | null, detail = "") => ({
    status,
    body: { title: "…", type: name ? `https://api.x.com/2/problems/${name}` : "about:blank", status, detail },
  });
  const legacy = (status: number, code: number) => ({ status, body: { errors: [{ code, message: "…" }] } });

  test.each<[string, Reply, Partial<PlatformError>]>([
    ["an expired token", problem(401, null, "Unauthorized"), { kind: "reconnect", tokenRefused: true }],
    [
      "the wrong kind of token",
      problem(403, "unsupported-authentication"),
      { kind: "rejected", operator: true },
    ],
    [
      "an app without access",
      problem(403, "client-forbidden"),
      { kind: "rejected", operator: true, code: "client-forbidden" },
    ],
    [
      "a type on the old host",
      { status: 403, body: { type: "https://api.twitter.com/2/problems/client-forbidden" } },
      { operator: true },
    ],
    [
      "something not permitted",
      problem(403, null, "You are not permitted to perform this action."),
      { kind: "rejected", code: "403" },
    ],
    ["the same text twice", DUPLICATE, { kind: "rejected", code: "duplicate" }],
    [
      "the reply gate",
      problem(403, null, "Reply to this conversation is not allowed because you have not been mentioned"),
      { code: "reply_not_allowed" },
    ],
    [
      "the quote gate",
      problem(403, null, "Quoting this post is not allowed because …"),
      { code: "quote_not_allowed" },
    ],
    [
      "two cashtags",
      problem(403, null, "Posts may have a maximum of one cashtag."),
      { kind: "rejected", code: "cashtags" },
    ],
    [
      "a bad link",
      problem(403, null, "The Tweet contains an invalid URL."),
      { kind: "rejected", code: "invalid_url" },
    ],
    ["a suspended account", legacy(403, 64), { kind: "rejected", code: "suspended" }],
    ["the same as a type", problem(403, "user-suspended"), { kind: "rejected", code: "suspended" }],
    ["a locked account", legacy(403, 326), { kind: "rejected", code: "locked" }],
    ["a bad request", problem(400, "invalid-request"), { kind: "rejected", code: "invalid-request" }],
    [
      "no credits",
      { status: 402, body: { title: "CreditsDepleted" } },
      { kind: "unavailable", operator: true },
    ],
    ["a rate limit", legacy(429, 88), { kind: "slow_down", operator: false }],
    ["the monthly cap", problem(429, "usage-capped"), { kind: "slow_down", operator: true }],
    ["a refusal without words", { status: 403, raw: "" }, { kind: "rejected" }],
  ])("%s is named by what helps, and nothing happened", async (_what, reply, expected) => {
    script[CREATE] = [reply];
    expect(await failure(publish(aPost()))).toMatchObject({ effect: "definite", ...expected });
  });

  test.each<[string, Record<string, string>, number]>([
    ["the window's end", { "x-rate-limit-reset": "+900", "x-rate-limit-remaining": "0" }, 900],
    ["the window's end, though X does not say what is left", { "x-rate-limit-reset": "+600" }, 600],
    [
      "the day's end when the day is used up",
      {
        "x-rate-limit-reset": "+60",
        "x-rate-limit-remaining": "99",
        "x-user-limit-24hour-reset": "+50000",
        "x-user-limit-24hour-remaining": "0",
      },
      50_000,
    ],
    ["the day's end when only that is told", { "x-user-limit-24hour-reset": "+7000" }, 7_000],
    [
      "the app's day",
      {
        "x-app-limit-24hour-reset": "+9000",
        "x-app-limit-24hour-remaining": "0",
        "x-rate-limit-reset": "+5",
      },
      9_000,
    ],
    ["Retry-After", { "retry-after": "30" }, 30],
    [
      "hardly at all when the window is over",
      { "x-rate-limit-reset": "-100", "x-rate-limit-remaining": "0" },
      0,
    ],
  ])("a rate limit waits for %s", async (_what, headers, seconds) => {
    const now = Math.floor(Date.now() / 1000);
    const absolute = Object.entries(headers).map(([name, value]) => [
      name,
      /^[+-]/.test(value) ? String(now + Number(value)) : value,
    ]);
    script[CREATE] = [{ ...legacy(429, 88), headers: Object.fromEntries(absolute) }];
    const { retryAfterMs } = await failure(publish(aPost()));
    expect((retryAfterMs ?? Number.NaN) / 1000).toBeGreaterThan(seconds - 10);
    expect((retryAfterMs ?? Number.NaN) / 1000).toBeLessThanOrEqual(seconds + 2);
  });

  test("a copy X refuses is published when the earlier attempt is found to be it", async () => {
    script[CREATE] = [DUPLICATE];
    script[LIST] = [{ body: { data: [aTweet("77", "Hello")] } }];
    const step = await publish(aPost(), { earlier: { since: SINCE, known: [] } });
    expect(step).toMatchObject({ state: "published", remoteId: "77" });
  });

  test("a copy X refuses is refused when it is another post's", async () => {
    script[CREATE] = [DUPLICATE, DUPLICATE];
    script[LIST] = [{ body: { data: [aTweet("77", "Hello")] } }];
    const known = await failure(publish(aPost(), { earlier: { since: SINCE, known: ["77"] } }));
    expect(known).toMatchObject({ kind: "rejected", code: "duplicate", effect: "definite" });
    const first = await failure(publish(aPost()));
    expect(first).toMatchObject({ kind: "rejected", code: "duplicate" });
    expect(seen.map(({ line }) => line)).toEqual([CREATE, LIST, CREATE]);
  });

  test("a copy X refuses stays uncertain when X does not show its list", async () => {
    script[CREATE] = [DUPLICATE];
    script[LIST] = [{ status: 503, body: {} }];
    const error = await failure(publish(aPost(), { earlier: { since: SINCE, known: [] } }));
    expect(error).toMatchObject({ kind: "unavailable", effect: "ambiguous" });
  });
});

describe("reading back", () => {
  test("asks for the account's posts since just before the write, and finds the one", async () => {
    script[LIST] = [
      {
        raw: `{"data":[{"id":9007199254740993123,"text":"Hello","created_at":"2026-11-05T12:00:01.000Z"}],"meta":{"result_count":1}}`,
      },
    ];
    expect(await locate(aPost())).toEqual({
      state: "published",
      remoteId: "9007199254740993123",
      url: `${origin}/x.com/XDev/status/9007199254740993123`,
    });
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
      max_results: "100",
      "tweet.fields": "created_at,entities,note_tweet",
      start_time: "2026-11-05T11:59:00Z",
    });
  });

  test.each<[string, string, ReturnType<typeof aTweet>]>([
    ["escaped characters", "a < b && c > d", aTweet("1", "a &lt; b &amp;&amp; c &gt; d")],
    ["an entity typed by hand", "write &amp;", aTweet("1", "write &amp;amp;")],
    ["unescaped characters", "write &amp;", aTweet("1", "write &amp;")],
    ["another normal form", "cafe\u0301", aTweet("1", "café")],
    ["space at the ends", "Hello \n", aTweet("1", "Hello")],
    [
      "an explained short link",
      "See example.com/é?b=c&d=e and HTTPS://Example.org/",
      aTweet("1", "See https://t.co/abc and https://t.co/def", {
        entities: {
          urls: [
            { url: "https://t.co/abc", expanded_url: "http://example.com/%C3%A9?b=c&d=e" },
            { url: "https://t.co/def", expanded_url: "https://example.org" },
          ],
        },
      }),
    ],
    ["an unexplained short link", "See https://example.com/a now", aTweet("1", "See https://t.co/abc now")],
    ["links left as they are", "See https://example.com/a now", aTweet("1", "See https://example.com/a now")],
    ["a mention of oneself before a reply", "Hello", aTweet("1", "@xdev Hello")],
    [
      "a long post",
      "long ".repeat(100),
      aTweet("1", "long long …", { note_tweet: { text: "long ".repeat(100).trim() } }),
    ],
  ])("recognises a post despite %s", async (_what, text, tweet) => {
    script[LIST] = [{ body: { data: [tweet] } }];
    expect(await locate(aPost({ text }))).toMatchObject({ state: "published", remoteId: "1" });
  });

  test.each<[string, PostContent, unknown[], Partial<LocateRequest>]>([
    ["no posts at all", aPost(), [], {}],
    ["other texts", aPost(), [aTweet("1", "Hello!"), aTweet("2", "hello")], {}],
    ["a post on record", aPost(), [aTweet("1", "Hello")], { known: ["1"] }],
    ["an older post", aPost(), [{ ...aTweet("1", "Hello"), created_at: "2026-11-05T11:50:00.000Z" }], {}],
    [
      "the same words about another link",
      aPost({ text: "See https://example.com/a" }),
      [
        aTweet("1", "See https://t.co/x", {
          entities: { urls: [{ url: "https://t.co/x", expanded_url: "https://example.com/b" }] },
        }),
      ],
      {},
    ],
  ])("does not take %s for it", async (_what, content, data, rest) => {
    script[LIST] = [{ body: data.length > 0 ? { data } : { meta: { result_count: 0 } } }];
    expect(await locate(content, rest)).toEqual({ state: "absent" });
  });

  test("takes the earliest of several", async () => {
    script[LIST] = [
      {
        body: {
          data: [{ ...aTweet("2", "Hello"), created_at: "2026-11-05T12:10:00.000Z" }, aTweet("1", "Hello")],
        },
      },
    ];
    expect(await locate(aPost())).toMatchObject({ remoteId: "1" });
  });

  test("reads the list to its end before it says absent", async () => {
    script[LIST] = [
      { body: { data: [aTweet("1", "Other")], meta: { next_token: "n1" } } },
      { body: { data: [aTweet("2", "Hello")] } },
    ];
    expect(await locate(aPost())).toMatchObject({ remoteId: "2" });
    expect(seen[1]?.query.get("pagination_token")).toBe("n1");
  });

  test("a broken chain goes on from the part that is found", async () => {
    const content = aPost({ text: "One", replies: [{ text: "Two" }, { text: "Two" }] });
    const data = [aTweet("12", "Two"), aTweet("11", "One")];
    script[LIST] = [
      { body: { data } },
      { body: { data } },
      { body: { data: [aTweet("13", "Two"), ...data] } },
    ];
    expect(await locate(content)).toMatchObject({ state: "processing", resume: { ids: ["11"] } });
    expect(await locate(content, { resume: { ids: ["11", "12"] } })).toEqual({ state: "absent" });
    expect(await locate(content, { resume: { ids: ["11", "12"] } })).toMatchObject({
      state: "published",
      parts: ["11", "12", "13"],
    });
  });

  test("says nothing of a list it could not read", async () => {
    script[LIST] = [{ status: 429, body: {} }];
    expect(await failure(locate(aPost()))).toMatchObject({ kind: "slow_down" });
  });
});

describe("deleting", () => {
  test("removes a post, and is content when it is gone already", async () => {
    script["DELETE /2/tweets/9"] = [
      { body: { data: { deleted: true } } },
      { status: 404, body: { type: "https://api.x.com/2/problems/resource-not-found" } },
    ];
    await provider().remove?.(access, "9");
    await provider().remove?.(access, "9");
    expect(seen).toHaveLength(2);
  });

  test("does not claim success X did not give", async () => {
    script["DELETE /2/tweets/9"] = [{ body: { data: { deleted: false } } }, DUPLICATE];
    expect(await failure(provider().remove?.(access, "9") ?? Promise.resolve())).toMatchObject({
      kind: "unavailable",
    });
    expect(await failure(provider().remove?.(access, "9") ?? Promise.resolve())).toMatchObject({
      kind: "rejected",
    });
  });
});
