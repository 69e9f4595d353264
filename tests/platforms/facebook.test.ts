import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LocateRequest, PlatformError, type PostContent, type Resume } from "@/lib/platforms/contract";
import { facebook } from "@/lib/platforms/facebook/provider";
import { createKit } from "@/lib/platforms/kit";

/** Connecting Pages, posts of text and links, first comments, and what Facebook's refusals come to. */

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Seen = {
  line: string;
  query: Record<string, string>;
  form: Record<string, string>;
  bearer: string | undefined;
};

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];
let fences: number[];

const APP = "138483919580948";
const SECRET = "CNRY_app_secret";
const USER_TOKEN = "CNRY_user_token";
const TOKEN = "CNRY_page_token";
const PAGE = "17558477680344021755";
const POST = `${PAGE}_42`;
const access = { accessToken: TOKEN, remoteId: PAGE, metadata: { pageId: PAGE, tasks: ["CREATE_CONTENT"] } };
const V = "/v26.0";
const FEED = `POST ${V}/${PAGE}/feed`;
const LIST = `GET ${V}/${PAGE}/feed`;
const COMMENT = `POST ${V}/${POST}/comments`;
const COMMENTS = `GET ${V}/${POST}/comments`;
const DEBUG = `GET ${V}/debug_token`;
const TOKENS = `GET ${V}/oauth/access_token`;

beforeEach(async () => {
  script = {};
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace("/graph.facebook.com", "")}`;
    seen.push({
      line,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
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

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const provider = (settings: Record<string, string> = {}) =>
  facebook(createKit({ clientId: APP, clientSecret: SECRET, sandboxUrl: origin(), settings }));

const connector = (settings: Record<string, string> = {}) => {
  const { connector } = provider(settings);
  if (connector.kind !== "oauth") throw new Error("Facebook connects by OAuth.");
  return connector;
};

const proofOf = (token: string) => createHmac("sha256", SECRET).update(token).digest("hex");

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello bells",
  replies: [],
  media: [],
  options: {},
  ...content,
});
const COMMENTED = aPost({ options: { first_comment: "And one more thing" } });
const OUT = { post: { id: POST, url: "https://www.facebook.com/p/42" } };

const publish = (
  content: PostContent,
  resume: Resume | null = null,
  earlier?: Pick<LocateRequest, "since" | "known">,
) =>
  provider().publish({
    access,
    content,
    resume,
    sending: async () => void fences.push(seen.length),
    ...(earlier && { earlier }),
  });

const locate = (
  content: PostContent,
  resume: Resume | null = null,
  more: { ageMs?: number; known?: string[] } = {},
) =>
  provider().locate?.({
    access,
    content,
    resume,
    since: new Date(Date.now() - (more.ageMs ?? 0)),
    known: more.known ?? [],
  });

const refusal = (code: number, error_subcode?: number, more: object = {}): Reply => ({
  status: 400,
  body: {
    error: { message: `said with ${TOKEN}`, type: "OAuthException", code, error_subcode, ...more },
  },
});

const failureOf = async (promise: Promise<unknown>): Promise<PlatformError> => {
  const error = await promise.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  return error;
};

const lines = () => seen.map(({ line }) => line);
const at = (ageMs: number) => new Date(Date.now() - ageMs).toISOString().replace(/\.\d+Z$/, "+0000");
const debugged = (more: object = {}): Reply => ({
  body: {
    data: {
      app_id: Number(APP),
      is_valid: true,
      expires_at: 0,
      user_id: "1207059",
      scopes: ["pages_show_list", "pages_read_engagement", "pages_manage_posts"],
      ...more,
    },
  },
});
const LISTED_PAGE = {
  id: PAGE,
  name: "Metricsaurus",
  username: "metricsaurus",
  access_token: TOKEN,
  tasks: ["ANALYZE", "CREATE_CONTENT"],
  picture: { data: { url: "https://cdn.test/p.jpg" } },
};

describe("connecting", () => {
  test("the dialog is asked for what publishing needs, and for what was declined before", () => {
    const url = connector().authorizeUrl({
      state: "s",
      redirectUri: "https://app.test/cb",
      codeChallenge: "c",
    });
    expect(url.pathname).toBe("/www.facebook.com/v26.0/dialog/oauth");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: APP,
      redirect_uri: "https://app.test/cb",
      state: "s",
      response_type: "code",
      scope:
        "pages_show_list,pages_read_engagement,pages_manage_posts,pages_manage_engagement,business_management",
      auth_type: "rerequest",
    });
  });

  test("an app of Login for Business sends its configuration instead of scopes, in the version it was set to", () => {
    const url = connector({ configId: "777", version: "v25.0" }).authorizeUrl({
      state: "s",
      redirectUri: "r",
      codeChallenge: "c",
    });
    expect(url.pathname).toBe("/www.facebook.com/v25.0/dialog/oauth");
    expect(url.searchParams.get("config_id")).toBe("777");
    expect(url.searchParams.has("scope")).toBe(false);
  });

  test("a code buys a short token, which buys a long one, and what was granted is read", async () => {
    script[TOKENS] = [
      { body: { access_token: "short", token_type: "bearer", expires_in: 3600 } },
      { body: { access_token: USER_TOKEN, token_type: "bearer", expires_in: 5183944 } },
    ];
    script[`GET ${V}/me/permissions`] = [
      {
        body: {
          data: [
            { permission: "pages_manage_posts", status: "granted" },
            { permission: "pages_show_list", status: "declined" },
          ],
        },
      },
    ];
    const credentials = await connector().exchange({
      code: "AQB",
      redirectUri: "https://a/cb",
      codeVerifier: "v",
    });
    expect(credentials).toMatchObject({ accessToken: USER_TOKEN, scopes: ["pages_manage_posts"] });
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 59 * 86_400_000);
    const app = { client_id: APP, client_secret: SECRET };
    expect(seen.map(({ query }) => query)).toMatchObject([
      { code: "AQB", redirect_uri: "https://a/cb", ...app },
      { grant_type: "fb_exchange_token", fb_exchange_token: "short", ...app },
      { appsecret_proof: proofOf(USER_TOKEN) },
    ]);
    expect(connector().refresh).toBeUndefined();
  });

  test.each([
    ["a used code", refusal(100, 36009), "reconnect", false],
    ["an expired code", refusal(100, 36007), "reconnect", false],
    ["an unknown refusal", refusal(191), "unavailable", true],
    ["a wrong secret, told as an unknown error", refusal(1), "unavailable", true],
    ["a refusal in a foreign shape", { status: 400, body: { nope: true } }, "unavailable", true],
    ["a limit", refusal(4), "slow_down", false],
    ["an outage", { status: 503, body: {} }, "unavailable", false],
  ])("%s ends the log-in by its remedy", async (_what, reply, kind, operator) => {
    script[TOKENS] = [reply];
    const error = await failureOf(connector().exchange({ code: "c", redirectUri: "r", codeVerifier: "v" }));
    expect(error).toMatchObject({ kind, operator, effect: "definite" });
    expect(error.message).not.toContain(TOKEN);
  });

  test("every ticked Page is an account with a token of its own, on all pages of the list", async () => {
    script[DEBUG] = [debugged()];
    script[`GET ${V}/me`] = [{ body: { id: "1207059" } }];
    script[`GET ${V}/me/accounts`] = [
      {
        body: {
          data: [LISTED_PAGE],
          paging: { cursors: { after: "MTc1" }, next: "https://elsewhere.test/" },
        },
      },
      {
        body: {
          data: [
            { id: "2", name: "Read only", access_token: "t2", tasks: ["ANALYZE"] },
            { id: "3", name: "No token" },
          ],
          paging: { cursors: { after: "MTc2" } },
        },
      },
    ];
    const { subject, identities } = await provider().identify({ accessToken: USER_TOKEN });
    expect(subject).toBe("1207059");
    expect(identities).toEqual([
      {
        remoteId: PAGE,
        name: "Metricsaurus",
        handle: "metricsaurus",
        avatarUrl: "https://cdn.test/p.jpg",
        profileUrl: `${origin()}/www.facebook.com/metricsaurus`,
        metadata: { pageId: PAGE, tasks: ["ANALYZE", "CREATE_CONTENT"] },
        missing: [],
        credentials: {
          accessToken: TOKEN,
          scopes: ["pages_show_list", "pages_read_engagement", "pages_manage_posts"],
        },
      },
      expect.objectContaining({ remoteId: "2", handle: null, avatarUrl: null, missing: ["CREATE_CONTENT"] }),
    ]);
    const lists = seen.filter(({ line }) => line.endsWith("/me/accounts"));
    expect(lists.map(({ query }) => query["after"])).toEqual([undefined, "MTc1"]);
    expect(lists[0]?.query["fields"]).toBe("id,name,username,picture{url},access_token,tasks");
    expect(lists.every(({ bearer }) => bearer === `Bearer ${USER_TOKEN}`)).toBe(true);
    expect(lists.every(({ query }) => query["appsecret_proof"] === proofOf(USER_TOKEN))).toBe(true);
  });

  test("what was unticked for a Page is missing there, and there alone", async () => {
    script[DEBUG] = [
      debugged({
        scopes: ["pages_show_list", "pages_manage_posts"],
        granular_scopes: [{ scope: "pages_show_list" }, { scope: "pages_manage_posts", target_ids: ["2"] }],
      }),
    ];
    script[`GET ${V}/me`] = [{ body: { id: "1" } }];
    script[`GET ${V}/me/accounts`] = [{ body: { data: [LISTED_PAGE, { ...LISTED_PAGE, id: "2" }] } }];
    const { identities } = await provider().identify({ accessToken: USER_TOKEN });
    expect(identities.map(({ missing }) => missing)).toEqual([
      ["pages_manage_posts", "pages_read_engagement"],
      ["pages_read_engagement"],
    ]);
  });

  test("Pages of a business are found where that was granted, each once, and those without access are left out", async () => {
    script[DEBUG] = [debugged({ scopes: ["pages_show_list", "business_management"] })];
    script[`GET ${V}/me`] = [{ body: { id: "1" } }];
    script[`GET ${V}/me/accounts`] = [{ body: { data: [LISTED_PAGE] } }];
    script[`GET ${V}/me/businesses`] = [{ body: { data: [{ id: "b1" }] } }];
    script[`GET ${V}/b1/owned_pages`] = [{ body: { data: [{ id: PAGE }, { id: "7" }] } }];
    script[`GET ${V}/b1/client_pages`] = [{ body: { data: [{ id: "8" }] } }];
    script[`GET ${V}/7`] = [{ body: { id: "7", name: "Owned", access_token: "t7" } }];
    script[`GET ${V}/8`] = [refusal(10)];
    const { identities } = await provider().identify({ accessToken: USER_TOKEN });
    expect(identities.map(({ remoteId }) => remoteId)).toEqual([PAGE, "7"]);
    expect(seen.find(({ line }) => line === `GET ${V}/7`)?.query["fields"]).not.toContain("tasks");
    expect(lines().filter((line) => line === `GET ${V}/${PAGE}`)).toEqual([]);
  });

  test("without that permission no business is asked after", async () => {
    script[DEBUG] = [debugged()];
    script[`GET ${V}/me`] = [{ body: { id: "1" } }];
    script[`GET ${V}/me/accounts`] = [{ body: { data: [LISTED_PAGE] } }];
    await provider().identify({ accessToken: USER_TOKEN });
    expect(lines().join()).not.toContain("businesses");
  });

  test("a token of another app is refused", async () => {
    script[DEBUG] = [debugged({ app_id: "999" })];
    expect(await failureOf(provider().identify({ accessToken: USER_TOKEN }))).toMatchObject({
      kind: "reconnect",
      code: "other_app",
    });
  });

  test("the check asks as the app about the Page's token, and looks at the Page", async () => {
    script[DEBUG] = [debugged()];
    script[`GET ${V}/${PAGE}`] = [{ body: { id: PAGE, name: "New name", picture: { data: { url: "u" } } } }];
    expect(await provider().check?.(access)).toEqual({
      name: "New name",
      handle: null,
      avatarUrl: "u",
      metadata: { pageId: PAGE, tasks: ["CREATE_CONTENT"] },
      missing: [],
    });
    expect(seen[0]?.query).toMatchObject({ input_token: TOKEN, access_token: `${APP}|${SECRET}` });
  });

  test.each([
    [460, "password"],
    [458, "removed"],
    [492, "role"],
    [463, "Connect the account again"],
  ])("a token that is dead by 190/%i is told so", async (subcode, words) => {
    script[DEBUG] = [
      { body: { data: { error: { code: 190, message: "m", subcode }, is_valid: false, scopes: [] } } },
    ];
    const error = await failureOf(provider().check?.(access) ?? Promise.resolve());
    expect(error).toMatchObject({ kind: "reconnect", tokenRefused: true, code: `190/${subcode}` });
    expect(error.message).toContain(words);
  });

  test("when it is our own app's token that is refused, nobody is asked to reconnect", async () => {
    script[DEBUG] = [refusal(190)];
    expect(await failureOf(provider().check?.(access) ?? Promise.resolve())).toMatchObject({
      kind: "unavailable",
      operator: true,
    });
  });

  test.each([[{ success: true }], [true]])("leaving takes back every permission (%j)", async (body) => {
    script[`DELETE ${V}/me/permissions`] = [{ body }];
    await connector().revoke?.({ accessToken: USER_TOKEN });
    expect(seen[0]).toMatchObject({
      bearer: `Bearer ${USER_TOKEN}`,
      query: { appsecret_proof: proofOf(USER_TOKEN) },
    });
  });

  test("when the person's token has ended, the app takes back what their Pages' tokens still allow", async () => {
    script[`DELETE ${V}/me/permissions`] = [refusal(190, 463)];
    script[DEBUG] = [debugged({ is_valid: false })];
    script[`DELETE ${V}/1207059/permissions`] = [{ body: { success: true } }];
    await connector().revoke?.({ accessToken: USER_TOKEN });
    expect(seen.at(-1)).toMatchObject({ bearer: `Bearer ${APP}|${SECRET}` });
  });

  test("an app that was removed already has nothing to take back", async () => {
    script[`DELETE ${V}/me/permissions`] = [refusal(190, 458)];
    await connector().revoke?.({ accessToken: USER_TOKEN });
    expect(seen).toHaveLength(1);
  });
});

describe("text and links", () => {
  test("a text is one write behind one fence, and its address comes with it", async () => {
    script[FEED] = [{ body: { id: POST, permalink_url: "https://www.facebook.com/p/42" } }];
    expect(await publish(aPost({ link: "https://example.org/a?b=1&c=2" }))).toEqual({
      state: "published",
      remoteId: POST,
      url: "https://www.facebook.com/p/42",
    });
    expect(seen).toEqual([
      {
        line: FEED,
        query: { appsecret_proof: proofOf(TOKEN) },
        form: { message: "Hello bells", link: "https://example.org/a?b=1&c=2", fields: "id,permalink_url" },
        bearer: `Bearer ${TOKEN}`,
      },
    ]);
    expect(fences).toEqual([0]);
  });

  test("a link alone has no empty text beside it", async () => {
    script[FEED] = [{ body: { id: POST, permalink_url: "/p/42" } }];
    const step = await publish(aPost({ text: "", link: "https://example.org/" }));
    expect(step).toMatchObject({ url: `${origin()}/www.facebook.com/p/42` });
    expect(seen[0]?.form).not.toHaveProperty("message");
  });

  test("where Facebook leaves out the address it is asked for, and guessed when that fails", async () => {
    script[FEED] = [{ body: { id: POST } }];
    script[`GET ${V}/${POST}`] = [
      { body: { permalink_url: "https://www.facebook.com/later" } },
      { status: 500 },
    ];
    expect(await publish(aPost())).toMatchObject({ url: "https://www.facebook.com/later" });
    expect(await publish(aPost())).toMatchObject({
      remoteId: POST,
      url: `${origin()}/www.facebook.com/${POST}`,
    });
  });

  test.each([
    ["no answer", { drop: true }],
    ["a 503", { status: 503, body: {} }],
    ["an unknown error", refusal(1)],
    ["a passing error", refusal(100, undefined, { is_transient: true })],
    ["a passing subcode", refusal(100, 1363047)],
    ["half an answer", { raw: `{"id":` }],
  ])("%s leaves open whether it is out", async (_what, reply) => {
    script[FEED] = [reply];
    expect(await failureOf(publish(aPost()))).toMatchObject({ kind: "unavailable", effect: "ambiguous" });
    expect(seen).toHaveLength(1);
  });
});

describe("what refusals come to", () => {
  test.each<[number, number | undefined, object]>([
    [190, 463, { kind: "reconnect", tokenRefused: true, code: "190/463" }],
    [102, undefined, { kind: "reconnect", tokenRefused: true }],
    [10, undefined, { kind: "reconnect", tokenRefused: false }],
    [200, undefined, { kind: "reconnect", tokenRefused: false }],
    [299, undefined, { kind: "reconnect", tokenRefused: false }],
    [1, 2853006, { kind: "reconnect", tokenRefused: false }],
    [200, 2069030, { kind: "rejected" }],
    [3, undefined, { kind: "unavailable", operator: true }],
    [4, undefined, { kind: "slow_down" }],
    [17, undefined, { kind: "slow_down" }],
    [32, undefined, { kind: "slow_down" }],
    [341, undefined, { kind: "slow_down" }],
    [613, 1996, { kind: "slow_down" }],
    [80001, undefined, { kind: "slow_down" }],
    [1390008, undefined, { kind: "slow_down" }],
    [368, undefined, { kind: "rejected" }],
    [100, 33, { kind: "rejected", code: "100/33" }],
    [100, undefined, { kind: "rejected" }],
    [506, undefined, { kind: "rejected", code: "duplicate" }],
    [100, 1366051, { kind: "rejected", code: "duplicate" }],
    [1609005, undefined, { kind: "rejected" }],
    [100, 1609008, { kind: "rejected" }],
    [6001, undefined, { kind: "unavailable" }],
  ])("%i/%s", async (code, subcode, expected) => {
    script[FEED] = [refusal(code, subcode)];
    const error = await failureOf(publish(aPost()));
    expect(error).toMatchObject({ effect: "definite", operator: false, ...expected });
    expect(error.message).not.toContain(TOKEN);
  });

  test("a missing proof is the operator's to mend", async () => {
    script[FEED] = [
      refusal(100, undefined, { message: "API calls from the server require an appsecret_proof argument" }),
    ];
    expect(await failureOf(publish(aPost()))).toMatchObject({ kind: "unavailable", operator: true });
  });

  test("how long to wait comes from the longest limit, in minutes, and is a quarter of an hour when untold", async () => {
    const limit = (minutes: number) => ({
      type: "pages",
      call_count: 100,
      estimated_time_to_regain_access: minutes,
    });
    const usage = JSON.stringify({ [PAGE]: [limit(3), limit(19)], other: [limit(7)] });
    script[FEED] = [
      { ...refusal(80001), headers: { "x-business-use-case-usage": usage } },
      { ...refusal(32), headers: { "x-app-usage": `{"call_count":100}`, "retry-after": "30" } },
      refusal(4),
    ];
    const waits: (number | null)[] = [];
    for (let one = 0; one < 3; one++) waits.push((await failureOf(publish(aPost()))).retryAfterMs);
    expect(waits).toEqual([19 * 60_000, 30_000, 15 * 60_000]);
  });

  test("Facebook's own words are shown where they say more, but never with a token in them", async () => {
    script[FEED] = [refusal(100, undefined, { error_user_msg: "Pick a shorter name." }), refusal(100)];
    expect((await failureOf(publish(aPost()))).message).toBe("Facebook refused this: Pick a shorter name.");
    expect((await failureOf(publish(aPost()))).message).toBe("Facebook refused this.");
  });
});

describe("a copy, and a lost answer", () => {
  const posts = (...data: object[]): Reply => ({ body: { data } });
  const ours = {
    id: POST,
    message: "Hello  bells\n",
    created_time: at(1_000),
    permalink_url: "https://f.test/42",
  };

  test("the copy of an attempt in doubt is that attempt", async () => {
    script[FEED] = [refusal(506)];
    script[LIST] = [posts(ours)];
    const earlier = { since: new Date(), known: [] };
    expect(await publish(aPost(), null, earlier)).toMatchObject({ state: "published", remoteId: POST });
  });

  test("the copy of a post we know, or of none in that time, is a refusal", async () => {
    script[FEED] = [refusal(506)];
    script[LIST] = [posts(ours)];
    const refused = { kind: "rejected", code: "duplicate", effect: "definite" };
    expect(await failureOf(publish(aPost()))).toMatchObject(refused);
    expect(lines()).toEqual([FEED]);
    const earlier = { since: new Date(), known: [POST] };
    expect(await failureOf(publish(aPost(), null, earlier))).toMatchObject(refused);
  });

  test("a copy that Facebook will not show stays in doubt", async () => {
    script[FEED] = [refusal(506)];
    script[LIST] = [{ status: 503, body: {} }];
    const earlier = { since: new Date(), known: [] };
    expect(await failureOf(publish(aPost(), null, earlier))).toMatchObject({
      effect: "ambiguous",
      code: "duplicate",
    });
  });

  test("it is found among the Page's posts by its words, since then, and not among those we know", async () => {
    script[LIST] = [
      posts(
        { ...ours, id: `${PAGE}_1`, created_time: at(3_600_000) },
        { ...ours, id: `${PAGE}_2`, message: "Hello bells!" },
        { ...ours, id: `${PAGE}_3` },
        ours,
      ),
    ];
    expect(await locate(aPost(), null, { known: [`${PAGE}_3`] })).toEqual({
      state: "published",
      remoteId: POST,
      url: "https://f.test/42",
    });
    expect(seen[0]?.query).toMatchObject({ fields: "id,message,created_time,permalink_url", limit: "100" });
  });

  test("not there is absent; a list too short to tell is no proof", async () => {
    const others = (created: string) =>
      Array.from({ length: 100 }, (_, nth) => ({
        id: `${PAGE}_o${nth}`,
        message: "Other",
        created_time: created,
      }));
    script[LIST] = [posts(), posts(...others(at(0))), posts(...others(at(600_000)))];
    expect(await locate(aPost())).toEqual({ state: "absent" });
    expect(await locate(aPost())).toBeNull();
    expect(await locate(aPost())).toEqual({ state: "absent" });
  });

  test("posts without words are told apart only when there is one", async () => {
    const bare = { id: POST, created_time: at(0), permalink_url: "https://f.test/42" };
    const linkOnly = aPost({ text: "", link: "https://example.org/" });
    script[LIST] = [posts(bare), posts(bare, { ...bare, id: `${PAGE}_43` })];
    expect(await locate(linkOnly)).toMatchObject({ state: "published", remoteId: POST });
    expect(await locate(linkOnly)).toBeNull();
  });

  test("where the feed is not shown, what the Page published is", async () => {
    script[LIST] = [refusal(10)];
    script[`GET ${V}/${PAGE}/published_posts`] = [posts(ours)];
    expect(await locate(aPost())).toMatchObject({ state: "published", remoteId: POST });
  });
});

describe("the first comment", () => {
  test("the post is on record before its comment, which has a fence of its own", async () => {
    script[FEED] = [{ body: { id: POST, permalink_url: OUT.post.url } }];
    script[COMMENT] = [{ body: { id: `${POST}_1` } }];
    const step = await publish(COMMENTED);
    expect(step).toMatchObject({ state: "processing", resume: OUT });
    const done = await publish(
      COMMENTED,
      JSON.parse(JSON.stringify(step.state === "processing" && step.resume)),
    );
    expect(done).toEqual({ state: "published", remoteId: POST, url: OUT.post.url });
    expect(lines()).toEqual([FEED, COMMENT]);
    expect(seen[1]?.form).toEqual({ message: "And one more thing" });
    expect(fences).toEqual([0, 1]);
  });

  test("a definite refusal is told beside the post, which is out", async () => {
    script[COMMENT] = [refusal(1705)];
    expect(await publish(COMMENTED, OUT)).toEqual({
      state: "published",
      remoteId: POST,
      url: OUT.post.url,
      note: "The post is out, but its first comment is not. Facebook does not let this Page comment here.",
    });
  });

  test("a limit is waited for, but not for ever", async () => {
    script[COMMENT] = [refusal(32)];
    const first = await publish(COMMENTED, OUT);
    expect(first).toMatchObject({
      state: "processing",
      checkAfterMs: 15 * 60_000,
      resume: { commentTries: 1 },
    });
    expect(await publish(COMMENTED, { ...OUT, commentTries: 2 })).toMatchObject({
      state: "published",
      note: expect.stringContaining("slow down"),
    });
  });

  test("a lost answer is settled below the post", async () => {
    script[COMMENT] = [{ drop: true }];
    expect(await failureOf(publish(COMMENTED, OUT))).toMatchObject({ effect: "ambiguous" });
    script[COMMENTS] = [
      { body: { data: [{ id: "c", message: "And one more  thing" }] } },
      { body: { data: [] } },
    ];
    expect(await locate(COMMENTED, OUT)).toEqual({ state: "published", remoteId: POST, url: OUT.post.url });
    expect(await locate(COMMENTED, OUT)).toBeNull();
    expect(await locate(COMMENTED, OUT, { ageMs: 6 * 60_000 })).toMatchObject({
      state: "processing",
      resume: OUT,
    });
  });

  test("comments that are not shown leave the post published, with a word about it", async () => {
    script[COMMENTS] = [refusal(10)];
    expect(await locate(COMMENTED, OUT)).toMatchObject({
      state: "published",
      remoteId: POST,
      note: expect.stringContaining("first comment"),
    });
  });

  test("a post that was lost and found goes on to its comment", async () => {
    script[LIST] = [{ body: { data: [{ id: POST, message: "Hello bells", created_time: at(0) }] } }];
    script[`GET ${V}/${POST}`] = [{ body: { permalink_url: OUT.post.url } }];
    expect(await locate(COMMENTED)).toMatchObject({ state: "processing", resume: OUT });
  });

  test("a post known by its number alone is found under its Page's name", async () => {
    script[`POST ${V}/42/comments`] = [refusal(100, 33)];
    script[COMMENT] = [{ body: { id: `${POST}_1` } }];
    const bare = { post: { id: "42", url: null } };
    expect(await publish(COMMENTED, bare)).toEqual({ state: "published", remoteId: "42", url: null });
    expect(lines()).toEqual([`POST ${V}/42/comments`, COMMENT]);
  });
});

describe("deleting", () => {
  test("a post is deleted with the Page's token", async () => {
    script[`DELETE ${V}/${POST}`] = [{ body: { success: true } }];
    await provider().remove?.(access, POST);
    expect(seen[0]).toMatchObject({ bearer: `Bearer ${TOKEN}`, query: { appsecret_proof: proofOf(TOKEN) } });
  });

  test("what is gone already is deleted; what Facebook refuses is not", async () => {
    script[`DELETE ${V}/${POST}`] = [refusal(100, 33), refusal(200)];
    await provider().remove?.(access, POST);
    expect(await failureOf(provider().remove?.(access, POST) ?? Promise.resolve())).toMatchObject({
      kind: "reconnect",
    });
  });
});
