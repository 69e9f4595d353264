import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type LocateRequest,
  PlatformError,
  type PostContent,
  type PublishRequest,
} from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { reddit } from "@/lib/platforms/reddit/provider";
import { redditSpec } from "@/lib/platforms/reddit/spec";

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
  authorization: string | undefined;
  agent: string | undefined;
};

let server: Server;
let origin: string;
/** What Reddit answers, in order; the last answer of a list is given again and again. */
let script: Record<string, Reply[]>;
let seen: Seen[];
/** What Reddit had been asked when the fence was drawn. */
let fences: string[][];

const access = { accessToken: "CNRY_access", remoteId: "abc12", metadata: { username: "Ring-er_1" } };
const ME = "GET /api/v1/me";
const TOKEN = "POST /api/v1/access_token";
const REVOKE = "POST /api/v1/revoke_token";
const ABOUT = "GET /r/bells/about";
const RULES = "GET /api/v1/bells/post_requirements";
const FLAIRS = "GET /r/bells/api/link_flair_v2";
const SUBMIT = "POST /api/submit";
const LIST = "GET /user/Ring-er_1/submitted";
const BASIC = `Basic ${Buffer.from("CNRY-client:CNRY secret+/").toString("base64")}`;

beforeEach(async () => {
  script = { [ABOUT]: [{ body: { kind: "t5", data: { submission_type: "any" } } }], [RULES]: [{ body: {} }] };
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace(/^\/(?:oauth|www)\.reddit\.com/, "")}`;
    seen.push({
      line,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
      authorization: request.headers.authorization,
      agent: request.headers["user-agent"],
    });
    const replies = script[line] ?? [];
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? { status: 500, body: { line } };
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
  reddit(createKit({ clientId: "CNRY-client", clientSecret: "CNRY secret+/", sandboxUrl: origin }));

function connector() {
  const { connector } = provider();
  if (connector.kind !== "oauth") throw new Error("Reddit connects by OAuth.");
  return connector;
}

function refresh(credentials = { accessToken: "A1", refreshToken: "R1" }) {
  const { refresh } = connector();
  if (!refresh) throw new Error("Reddit renews.");
  return refresh(credentials);
}

const exchange = (code = "c") =>
  connector().exchange({ code, redirectUri: "https://us/cb", codeVerifier: "v" });

const aPost = ({ options, ...content }: Partial<PostContent> = {}): PostContent => ({
  text: "Hello",
  replies: [],
  media: [],
  options: { subreddit: "bells", title: "Ding", ...options },
  ...content,
});

const lines = () => seen.map(({ line }) => line);
const sending = async () => void fences.push(lines());

const publish = (content: PostContent, rest: Partial<PublishRequest> = {}) =>
  provider().publish({ access, content, resume: null, sending, ...rest });

const SINCE = new Date("2026-11-05T12:00:00.500Z");

function locate(content: PostContent, rest: Partial<LocateRequest> = {}) {
  const { locate } = provider();
  if (!locate) throw new Error("Reddit can be read back.");
  return locate({ access, content, resume: null, since: SINCE, known: [], ...rest });
}

const submitted = (id: string) => ({
  body: {
    json: {
      errors: [],
      data: { url: `https://www.reddit.com/r/bells/comments/${id}/ding/`, id, name: `t3_${id}` },
    },
  },
});
const refusal = (...errors: [string, string | null, string | null][]) => ({ body: { json: { errors } } });

const listed = (id: string, more: object = {}) => ({
  kind: "t3",
  data: {
    id,
    name: `t3_${id}`,
    subreddit: "bells",
    title: "Ding",
    is_self: true,
    selftext: "Hello",
    url: `https://www.reddit.com/r/bells/comments/${id}/ding/`,
    created_utc: Date.parse("2026-11-05T12:00:01.000Z") / 1000,
    ...more,
  },
});
const listing = (children: object[], after: string | null = null) => ({
  body: { kind: "Listing", data: { after, children } },
});

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("This was expected to fail.");
}

describe("connecting", () => {
  test("asks for a lasting consent, without PKCE and with spaces as %20", () => {
    const url = connector().authorizeUrl({
      state: "s t",
      redirectUri: "http://127.0.0.1:3000/cb",
      codeChallenge: "c",
    });
    expect(url.href).toContain(`${origin}/www.reddit.com/api/v1/authorize?`);
    expect(url.search).not.toContain("+");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: "CNRY-client",
      response_type: "code",
      state: "s t",
      redirect_uri: "http://127.0.0.1:3000/cb",
      duration: "permanent",
      scope: "identity read submit flair edit history",
    });
  });

  test("redeems a code with HTTP Basic, the secret nowhere else, and takes the lifetime it is told", async () => {
    script[TOKEN] = [
      {
        body: {
          access_token: "A1",
          token_type: "bearer",
          expires_in: 86_400,
          refresh_token: "R1",
          scope: "identity submit read flair",
        },
      },
    ];
    const before = Date.now();
    const credentials = await exchange("c0de#_");
    expect(credentials).toMatchObject({
      accessToken: "A1",
      refreshToken: "R1",
      scopes: ["identity", "submit", "read", "flair"],
    });
    expect((credentials.accessExpiresAt?.getTime() ?? 0) - before).toBeGreaterThanOrEqual(86_400_000);
    expect(seen[0]).toMatchObject({ authorization: BASIC, agent: expect.stringContaining("CNRY-client") });
    expect(seen[0]?.form).toEqual({
      grant_type: "authorization_code",
      code: "c0de",
      redirect_uri: "https://us/cb",
    });
  });

  test("a renewal keeps the old refresh token unless a new one comes", async () => {
    const answer = { access_token: "A2", token_type: "bearer", expires_in: 3600, scope: "identity" };
    script[TOKEN] = [{ body: answer }, { body: { ...answer, refresh_token: "R2" } }];
    expect(await refresh()).toMatchObject({ accessToken: "A2", refreshToken: "R1", scopes: ["identity"] });
    expect(await refresh()).toMatchObject({ accessToken: "A2", refreshToken: "R2" });
    expect(seen.map(({ form }) => form)).toEqual([
      { grant_type: "refresh_token", refresh_token: "R1" },
      { grant_type: "refresh_token", refresh_token: "R1" },
    ]);
    expect(
      seen.every(({ authorization, agent }) => authorization === BASIC && agent?.includes("CNRY-client")),
    ).toBe(true);
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    ["a dead token inside a 200", { body: { error: "invalid_grant" } }, { kind: "reconnect" }],
    [
      "a dead token in the RFC's words",
      { status: 400, body: { error: "invalid_grant" } },
      { kind: "reconnect" },
    ],
    [
      "a dead token as a bare 400",
      { status: 400, body: { message: "Bad Request", error: 400 } },
      { kind: "reconnect" },
    ],
    ["a 400 as a page", { status: 400, raw: "<html>" }, { kind: "unavailable", operator: false }],
    [
      "a wrong client secret",
      { status: 401, body: { message: "Unauthorized", error: 401 } },
      { kind: "unavailable", operator: true },
    ],
    ["the same inside a 200", { body: { error: 401 } }, { kind: "unavailable", operator: true }],
    [
      "another client's grant",
      { status: 400, body: { error: "unauthorized_client" } },
      { kind: "unavailable", operator: true },
    ],
    ["a gate", { status: 403, raw: "<html>" }, { kind: "unavailable", operator: true }],
    ["a server error", { status: 503, body: {} }, { kind: "unavailable", effect: "ambiguous" }],
    ["a server error inside a 200", { body: { error: 500 } }, { kind: "unavailable" }],
    ["a lost answer", { drop: true }, { kind: "unavailable", effect: "ambiguous" }],
    ["an answer without a token", { body: {} }, { kind: "unavailable", effect: "ambiguous" }],
    [
      "an unknown word inside a 200",
      { body: { error: "strange" } },
      { kind: "unavailable", operator: false },
    ],
    [
      "too many requests",
      {
        status: 429,
        body: { message: "Too Many Requests", error: 429 },
        headers: { "x-ratelimit-reset": "12" },
      },
      { kind: "slow_down", retryAfterMs: 13_000 },
    ],
  ])("%s, at a renewal", async (_what, reply, expected) => {
    script[TOKEN] = [reply];
    expect(await failure(refresh())).toMatchObject(expected);
    expect(seen).toHaveLength(1);
  });

  test("a used code says: start again", async () => {
    script[TOKEN] = [{ body: { error: "invalid_grant" } }];
    expect(await failure(exchange())).toMatchObject({ kind: "reconnect", effect: "definite" });
  });

  test("disconnecting hands back both tokens", async () => {
    script[REVOKE] = [{ status: 204, raw: "" }];
    await connector().revoke?.({ accessToken: "A1", refreshToken: "R1" });
    expect(seen.map(({ form, authorization }) => ({ ...form, authorization }))).toEqual([
      { token: "R1", token_type_hint: "refresh_token", authorization: BASIC },
      { token: "A1", token_type_hint: "access_token", authorization: BASIC },
    ]);
  });

  test("disconnecting with the wrong client is not taken for done", async () => {
    script[REVOKE] = [{ status: 400, body: { error: "unauthorized_client" } }];
    const work = connector().revoke?.({ accessToken: "A1", refreshToken: "R1" }) ?? Promise.resolve();
    expect(await failure(work)).toMatchObject({ kind: "unavailable", operator: true });
  });

  test("finds out who consented, and what was not granted", async () => {
    script[ME] = [
      {
        body: {
          name: "Ring-er_1",
          id: "abc12",
          icon_img: "https://styles.redditmedia.com/a.png?width=256&amp;s=1",
          is_suspended: false,
        },
      },
    ];
    const found = await provider().identify({ accessToken: "A1", scopes: ["identity", "read", "flair"] });
    expect(found).toEqual({
      subject: "abc12",
      identities: [
        {
          remoteId: "abc12",
          name: "Ring-er_1",
          handle: "Ring-er_1",
          avatarUrl: "https://styles.redditmedia.com/a.png",
          profileUrl: `${origin}/www.reddit.com/user/Ring-er_1`,
          metadata: { username: "Ring-er_1", missing: ["submit"] },
          missing: ["submit"],
        },
      ],
    });
    expect(seen[0]).toMatchObject({
      authorization: "Bearer A1",
      agent: expect.stringMatching(/^\w+:[^:\s]*CNRY-client[^:\s]*:[\d.]+ \(by \/u\/[\w-]+\)$/),
      query: { raw_json: "1" },
    });
    const checked = await provider().check?.({ ...access, metadata: { missing: ["submit"] } });
    expect(checked).toMatchObject({ missing: ["submit"], metadata: { username: "Ring-er_1" } });
  });

  test("a suspended account is said to be suspended", async () => {
    script[ME] = [{ body: { name: "Ring-er_1", id: "abc12", is_suspended: true } }];
    expect(await failure(provider().identify({ accessToken: "A1" }))).toMatchObject({
      kind: "rejected",
      code: "suspended",
    });
  });
});

describe("publishing", () => {
  test("reads the subreddit's rules first, then sends the text as it is, behind the fence", async () => {
    script[SUBMIT] = [submitted("4bbe4m")];
    const text = "Grüße 👨‍👩‍👧‍👦 & <b> *bold*\n\n+ %20";
    expect(await publish(aPost({ text }))).toEqual({
      state: "published",
      remoteId: "4bbe4m",
      url: `${origin}/www.reddit.com/r/bells/comments/4bbe4m/`,
    });
    expect(fences).toHaveLength(1);
    expect(fences[0]?.toSorted()).toEqual([RULES, ABOUT].toSorted());
    expect(seen.at(-1)).toMatchObject({ line: SUBMIT, authorization: "Bearer CNRY_access" });
    expect(seen.at(-1)?.form).toEqual({
      api_type: "json",
      sr: "bells",
      title: "Ding",
      kind: "self",
      text,
      nsfw: "false",
      spoiler: "false",
      sendreplies: "true",
      resubmit: "false",
      validate_on_submit: "true",
    });
    expect(seen.every(({ agent }) => agent?.includes("CNRY-client"))).toBe(true);
  });

  test("a link makes it a link post, with the text below", async () => {
    script[SUBMIT] = [submitted("1"), submitted("2")];
    const link = "https://example.com/a?b=c&d=e";
    const options = { nsfw: true, spoiler: true, mute_replies: true, resubmit: true };
    await publish(aPost({ link, options }));
    expect(seen.at(-1)?.form).toMatchObject({
      kind: "link",
      url: link,
      text: "Hello",
      nsfw: "true",
      spoiler: "true",
      sendreplies: "false",
      resubmit: "true",
    });
    await publish(aPost({ link, text: "" }));
    expect(seen.at(-1)?.form).toMatchObject({ kind: "link", url: link, resubmit: "false" });
    expect(seen.at(-1)?.form).not.toHaveProperty("text");
  });

  test("an id with its prefix is the same id", async () => {
    script[SUBMIT] = [{ body: { json: { errors: [], data: { id: "t3_4bbe4m" } } } }];
    expect(await publish(aPost())).toMatchObject({ remoteId: "4bbe4m" });
  });

  test.each(["bells", "r/bells", "/r/bells/", " R/bells "])("%j is a subreddit", async (subreddit) => {
    script[SUBMIT] = [submitted("1")];
    await publish(aPost({ options: { subreddit } }));
    expect(seen.at(-1)?.form["sr"]).toBe("bells");
  });

  test.each(["u_Ring-er_1", "u/ring-er_1", "/user/Ring-er_1"])(
    "%s is the account's own profile",
    async (subreddit) => {
      script[SUBMIT] = [submitted("1")];
      expect(await publish(aPost({ options: { subreddit } }))).toMatchObject({ state: "published" });
      expect(seen.map(({ form }) => form["sr"]?.toLowerCase())).toEqual(["u_ring-er_1"]);
    },
  );

  test.each([{ subreddit: "u_someone" }, { subreddit: "" }, { subreddit: "two words" }, { title: "  " }])(
    "%j goes nowhere",
    async (options) => {
      expect(await failure(publish(aPost({ options })))).toMatchObject({
        kind: "rejected",
        effect: "definite",
      });
      expect(lines()).toEqual([]);
      expect(fences).toEqual([]);
    },
  );

  test("without the fence nothing is sent", async () => {
    const lost = new Error("claim lost");
    await expect(publish(aPost(), { sending: () => Promise.reject(lost) })).rejects.toBe(lost);
    expect(lines()).not.toContain(SUBMIT);
  });

  test.each([
    ["a lost answer", { drop: true }],
    ["a server error", { status: 503, body: {} }],
    ["a conflict", { status: 409, body: { message: "Conflict", error: 409 } }],
    ["a gateway's page", { status: 520, raw: "<html>" }],
    ["a page where JSON should be", { raw: "<html>" }],
    ["an answer without an id", { body: { json: { errors: [], data: {} } } }],
  ])("%s leaves open whether it is out", async (_what, reply) => {
    script[SUBMIT] = [reply];
    expect(await failure(publish(aPost()))).toMatchObject({ kind: "unavailable", effect: "ambiguous" });
    expect(lines().filter((line) => line === SUBMIT)).toHaveLength(1);
  });

  test("a failure before the fence leaves nothing open", async () => {
    script[RULES] = [{ status: 503, body: {} }];
    expect(await failure(publish(aPost()))).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(fences).toEqual([]);
  });

  const forbidden = (reason?: string) => ({
    status: 403,
    body: { message: "Forbidden", error: 403, ...(reason && { reason }) },
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    ["an ended token", { status: 401, body: { error: 401 } }, { kind: "reconnect", tokenRefused: true }],
    [
      "the way to the log-in page",
      { status: 302, raw: "", headers: { location: "https://www.reddit.com/login/?dest=x" } },
      { kind: "reconnect", tokenRefused: true },
    ],
    [
      "a scope that was not given",
      {
        ...forbidden(),
        headers: { "www-authenticate": 'Bearer realm="reddit", error="insufficient_scope"' },
      },
      { kind: "reconnect", tokenRefused: false },
    ],
    [
      "a gate that lets no app through",
      { status: 403, raw: "<html>" },
      { kind: "unavailable", operator: true },
    ],
    ["a private subreddit", forbidden("private"), { kind: "rejected", code: "private" }],
    ["a forbidden one", forbidden(), { kind: "rejected", code: "forbidden" }],
    [
      "an account that must show itself",
      forbidden("USER_REQUIRED"),
      { kind: "rejected", code: "USER_REQUIRED" },
    ],
    ["a suspended account", refusal(["IN_TIMEOUT", "…", null]), { kind: "rejected", code: "IN_TIMEOUT" }],
    ["an unknown subreddit", refusal(["SUBREDDIT_NOEXIST", "…", "sr"]), { code: "SUBREDDIT_NOEXIST" }],
    ["a link that is there", refusal(["ALREADY_SUB", "…", "url"]), { kind: "rejected", code: "ALREADY_SUB" }],
    ["a captcha", refusal(["BAD_CAPTCHA", "…", "captcha"]), { kind: "rejected", code: "BAD_CAPTCHA" }],
    [
      "a code nobody knows",
      refusal(["constructor", "No bells on Sundays.", null]),
      { kind: "rejected", code: "constructor", message: "Reddit refused this: No bells on Sundays." },
    ],
    [
      "a rule of the subreddit",
      {
        status: 400,
        body: {
          fields: ["title"],
          explanation: "Your title needs a year.",
          error_type: "SUBMIT_VALIDATION_ERROR",
          message: "Bad Request",
          reason: "SUBMIT_VALIDATION_TITLE_REGEX_REQUIREMENT",
        },
      },
      {
        kind: "rejected",
        code: "SUBMIT_VALIDATION_TITLE_REGEX_REQUIREMENT",
        message: "The subreddit's rules refuse this: Your title needs a year.",
      },
    ],
    [
      "a bare bad request",
      { status: 400, body: { message: "Bad Request", error: 400 } },
      { kind: "rejected", code: "400" },
    ],
    [
      "too fast, and wrong besides",
      refusal(["RATELIMIT", "try again in 3 minutes", "ratelimit"], ["NO_SELFS", "…", "kind"]),
      { kind: "rejected", code: "NO_SELFS" },
    ],
  ])("%s is named by what helps, and nothing happened", async (_what, reply, expected) => {
    script[SUBMIT] = [reply];
    expect(await failure(publish(aPost()))).toMatchObject({ effect: "definite", ...expected });
  });

  test.each<[string, Reply, number]>([
    [
      "the old wording",
      refusal(["RATELIMIT", "you are doing that too much. try again in 9 minutes.", "ratelimit"]),
      541,
    ],
    [
      "the middle one",
      refusal(["RATELIMIT", "You're doing that too much. Try again in 59 seconds.", "ratelimit"]),
      60,
    ],
    [
      "the new one",
      refusal(["RATELIMIT", "Looks like you've been busy. Take a break for 1 minute.", "ratelimit"]),
      61,
    ],
    ["milliseconds", refusal(["RATELIMIT", "Try again in 500 milliseconds", "ratelimit"]), 1.5],
    ["a wording without a number", refusal(["RATELIMIT", "Later!", "ratelimit"]), 600],
    ["the subreddit's own limit", refusal(["SUBREDDIT_RATELIMIT", "Later!", null]), 600],
    [
      "the window's end, in seconds left",
      { status: 429, body: {}, headers: { "x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "299.4" } },
      300.4,
    ],
    [
      "the longer of two waits",
      { status: 429, body: {}, headers: { "x-ratelimit-reset": "5", "retry-after": "30" } },
      30,
    ],
  ])("waits as %s says", async (_what, reply, seconds) => {
    script[SUBMIT] = [reply];
    expect(await failure(publish(aPost()))).toMatchObject({
      kind: "slow_down",
      effect: "definite",
      retryAfterMs: seconds * 1000,
    });
  });
});

describe("what the subreddit asks", () => {
  const link = "https://news.example.com/x";

  test.each<[string, object, Partial<PostContent>, RegExp]>([
    ["a longer title", { title_text_min_length: 5 }, {}, /title needs at least 5/],
    ["a shorter title", { title_text_max_length: 3 }, {}, /title may have 3/],
    [
      "a word in the title",
      { title_required_strings: ["[OC]", "[Help]"] },
      {},
      /title must contain “\[OC\]” or “\[Help\]”/,
    ],
    [
      "no such word in the title",
      { title_blacklisted_strings: ["Ding"] },
      {},
      /title must not contain “Ding”/,
    ],
    ["a text", { body_restriction_policy: "required" }, { text: " " }, /needs a text/],
    ["no text", { body_restriction_policy: "notAllowed" }, {}, /title only/],
    ["a longer text", { body_text_min_length: 6 }, {}, /text needs at least 6/],
    ["a shorter text", { body_text_max_length: 4 }, {}, /text may have 4/],
    ["a word in the text", { body_required_strings: ["Budget:"] }, {}, /text must contain “Budget:”/],
    ["no such word in the text", { body_blacklisted_strings: ["Hello"] }, {}, /text must not contain/],
    [
      "no links to a site",
      { link_restriction_policy: "blacklist", domain_blacklist: ["example.com"] },
      { link },
      /no links to this site/,
    ],
    [
      "links to some sites",
      { link_restriction_policy: "whitelist", domain_whitelist: ["bells.org"] },
      { link },
      /no links to this site/,
    ],
  ])("%s", async (_what, rules, content, says) => {
    script[RULES] = [{ body: rules }];
    const error = await failure(publish(aPost(content)));
    expect(error).toMatchObject({ kind: "rejected", effect: "definite", code: "requirements" });
    expect(error.message).toContain("r/bells");
    expect(error.message).toMatch(says);
    expect(fences).toEqual([]);
    expect(lines()).not.toContain(SUBMIT);
  });

  test.each<[string, object, Partial<PostContent>, RegExp]>([
    ["links only", { submission_type: "link" }, {}, /links only/],
    ["texts only", { submission_type: "self" }, { link }, /texts only/],
    ["nothing from this account", { user_is_banned: true }, {}, /banned/],
    ["no spoiler marks", { spoilers_enabled: false }, { options: { spoiler: true } }, /spoiler/],
    ["no flairs", { link_flair_enabled: false }, { options: { flair_text: "Photo" } }, /no flairs/],
  ])("%s", async (_what, about, content, says) => {
    script[ABOUT] = [{ body: { kind: "t5", data: about } }];
    expect((await failure(publish(aPost(content)))).message).toMatch(says);
    expect(fences).toEqual([]);
  });

  test("everything at once, in one message", async () => {
    script[RULES] = [{ body: { title_text_min_length: 5, body_restriction_policy: "notAllowed" } }];
    expect((await failure(publish(aPost()))).message).toMatch(/title needs .*; it takes a title only/);
  });

  test.each<[string, object, Partial<PostContent>]>([
    ["a wanted word in another case", { title_required_strings: ["ding"] }, {}],
    ["an unwanted word inside another", { title_blacklisted_strings: ["Din"] }, {}],
    ["lengths that count characters, not bytes", { body_text_max_length: 2 }, { text: "🔔🔔" }],
    ["rules for texts, and a link", { body_restriction_policy: "required" }, { text: "", link }],
    [
      "a list of sites that is switched off",
      { link_restriction_policy: "none", domain_blacklist: ["example.com"] },
      { link },
    ],
    [
      "a subdomain of a welcome site",
      { link_restriction_policy: "whitelist", domain_whitelist: ["Example.com"] },
      { link },
    ],
    ["a site that only ends alike", { domain_blacklist: ["ample.com"] }, { link }],
    // Run here, this one would not end in our lifetime.
    ["patterns, which are left to Reddit", { body_regexes: ["^(a+)+$"] }, { text: `${"a".repeat(60)}!` }],
    ["nothing, spelled as null", { title_required_strings: null, title_text_min_length: null }, {}],
  ])("does not stand in the way: %s", async (_what, rules, content) => {
    script[RULES] = [{ body: rules }];
    script[SUBMIT] = [submitted("1")];
    expect(await publish(aPost(content))).toMatchObject({ state: "published" });
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    [
      "that is private",
      { status: 403, body: { message: "Forbidden", error: 403, reason: "private" } },
      { code: "private" },
    ],
    [
      "that is closed",
      { status: 404, body: { message: "Not Found", error: 404, reason: "banned" } },
      { code: "banned" },
    ],
    ["that nobody knows", { status: 404, body: { message: "Not Found", error: 404 } }, { code: "not_found" }],
    [
      "that leads to a search",
      { status: 302, raw: "", headers: { location: "https://www.reddit.com/subreddits/search?q=bells" } },
      { code: "SUBREDDIT_NOEXIST" },
    ],
  ])("a subreddit %s is refused before anything is sent", async (_what, reply, expected) => {
    script[ABOUT] = [reply];
    expect(await failure(publish(aPost()))).toMatchObject({
      kind: "rejected",
      effect: "definite",
      ...expected,
    });
    expect(fences).toEqual([]);
  });
});

describe("flair", () => {
  const flairs: Reply = {
    body: [
      { id: "f-1", text: "Photo", text_editable: false, mod_only: false },
      { id: "f-2", text: "Other", text_editable: true, mod_only: false },
      { id: "f-3", text: "Official", text_editable: false, mod_only: true },
    ],
  };

  test.each<[string, object, object]>([
    ["by its name, in any case", { flair_text: " photo " }, { flair_id: "f-1" }],
    ["by its id", { flair_id: "f-1" }, { flair_id: "f-1" }],
    ["by both", { flair_id: "f-1", flair_text: "Photo" }, { flair_id: "f-1" }],
    [
      "in own words",
      { flair_id: "f-2", flair_text: "Carillon" },
      { flair_id: "f-2", flair_text: "Carillon" },
    ],
  ])("is chosen %s", async (_what, options, sent) => {
    script[FLAIRS] = [flairs];
    script[SUBMIT] = [submitted("1")];
    await publish(aPost({ options: { ...options } }));
    const { flair_id, flair_text } = seen.at(-1)?.form ?? {};
    expect({ ...(flair_id && { flair_id }), ...(flair_text && { flair_text }) }).toEqual(sent);
  });

  test.each<[string, object, Record<string, unknown>, RegExp]>([
    [
      "a flair where one is asked for",
      { is_flair_required: true },
      {},
      /wants a flair \(such as “Photo”, “Other”\)/,
    ],
    ["an unknown name", {}, { flair_text: "Nope" }, /does not have this flair \(such as “Photo”/],
    ["an unknown id", {}, { flair_id: "f-9" }, /does not have this flair/],
    ["own words where they are fixed", {}, { flair_id: "f-1", flair_text: "Mine" }, /always “Photo”/],
  ])("names what is missing: %s", async (_what, rules, options, says) => {
    script[RULES] = [{ body: rules }];
    script[FLAIRS] = [flairs];
    const error = await failure(publish(aPost({ options })));
    expect(error).toMatchObject({ kind: "rejected", code: "requirements" });
    expect(error.message).toMatch(says);
    expect(fences).toEqual([]);
  });

  test("is not asked about when nobody wants one", async () => {
    script[SUBMIT] = [submitted("1")];
    await publish(aPost());
    expect(lines()).not.toContain(FLAIRS);
  });

  test("on one's own profile is chosen in the same way", async () => {
    script["GET /r/u_Ring-er_1/api/link_flair_v2"] = [flairs];
    script[SUBMIT] = [submitted("1")];
    await publish(aPost({ options: { subreddit: "u_Ring-er_1", flair_text: "Photo" } }));
    expect(seen.at(-1)?.form["flair_id"]).toBe("f-1");
    expect(lines()).toHaveLength(2);
  });

  test("that only moderators choose is refused when asked for, and left to Reddit when required", async () => {
    script[FLAIRS] = [{ status: 403, body: { message: "Forbidden", error: 403 } }];
    script[SUBMIT] = [submitted("1")];
    const asked = await failure(publish(aPost({ options: { flair_text: "Photo" } })));
    expect(asked.message).toMatch(/members do not choose flairs/);
    script[RULES] = [{ body: { is_flair_required: true } }];
    expect(await publish(aPost())).toMatchObject({ state: "published" });
  });
});

describe("reading back", () => {
  test("looks through the account's newest posts, and finds the one", async () => {
    script[LIST] = [listing([listed("9", { title: "Dong" }), listed("8")])];
    expect(await locate(aPost())).toEqual({
      state: "published",
      remoteId: "8",
      url: `${origin}/www.reddit.com/r/bells/comments/8/`,
    });
    expect(seen[0]?.query).toEqual({ sort: "new", limit: "100", raw_json: "1" });
  });

  test.each<[string, Partial<PostContent>, object]>([
    ["the subreddit's own spelling", {}, { subreddit: "Bells" }],
    ["tidied white space", { text: "One  two\n" }, { selftext: "One two" }],
    ["another normal form", { text: "cafe\u0301" }, { selftext: "café" }],
    [
      "an address made whole",
      { link: "https://Example.com" },
      { is_self: false, url: "https://example.com/" },
    ],
    ["a list that shows no text", {}, { selftext: undefined, is_self: undefined, url: undefined }],
  ])("recognises a post despite %s", async (_what, content, shown) => {
    const text = content.link ? { selftext: "Hello" } : {};
    script[LIST] = [listing([listed("8", { ...text, ...shown })])];
    expect(await locate(aPost(content))).toMatchObject({ state: "published", remoteId: "8" });
  });

  test.each<[string, object[], Partial<LocateRequest>]>([
    ["no posts at all", [], {}],
    ["another title", [listed("8", { title: "Dong" })], {}],
    ["another subreddit", [listed("8", { subreddit: "bell" })], {}],
    ["a post on record", [listed("8")], { known: ["8"] }],
    ["an older post", [listed("8", { created_utc: SINCE.getTime() / 1000 - 120 })], {}],
  ])("does not take %s for it", async (_what, children, rest) => {
    script[LIST] = [listing(children)];
    expect(await locate(aPost(), rest)).toEqual({ state: "absent" });
  });

  test.each<[string, Partial<PostContent>, object]>([
    ["another text", {}, { selftext: "Hello, edited" }],
    ["another link", { link: "https://example.com/a" }, { is_self: false, url: "https://example.com/b" }],
    ["a link instead of a text", {}, { is_self: false, selftext: "" }],
  ])("the same title with %s proves nothing", async (_what, content, shown) => {
    script[LIST] = [listing([listed("8", shown)])];
    expect(await locate(aPost(content))).toBeNull();
  });

  test("takes the earliest of several", async () => {
    script[LIST] = [listing([listed("9", { created_utc: SINCE.getTime() / 1000 + 600 }), listed("8")])];
    expect(await locate(aPost())).toMatchObject({ remoteId: "8" });
  });

  test("reads on until the list is older than the write, and no further", async () => {
    const old = listed("1", { created_utc: SINCE.getTime() / 1000 - 3600, title: "Old" });
    script[LIST] = [listing([listed("9", { title: "Dong" })], "t3_9"), listing([listed("8"), old], "t3_1")];
    expect(await locate(aPost())).toMatchObject({ remoteId: "8" });
    expect(seen.map(({ query }) => query["after"])).toEqual([undefined, "t3_9"]);
  });

  test("never says absent of a list without end", async () => {
    script[LIST] = [listing([listed("9", { title: "Dong" })], "t3_9")];
    expect(await failure(locate(aPost()))).toMatchObject({ kind: "unavailable", code: "too_many" });
    expect(seen).toHaveLength(10);
  });

  test("says nothing of a list it could not read", async () => {
    script[LIST] = [{ status: 429, body: {} }];
    expect(await failure(locate(aPost()))).toMatchObject({ kind: "slow_down" });
  });
});

describe("a second try, while the first may be out", () => {
  const earlier = { since: SINCE, known: [] };

  test("looks first, and sends nothing when it is out", async () => {
    script[LIST] = [listing([listed("8")])];
    expect(await publish(aPost(), { earlier })).toMatchObject({ state: "published", remoteId: "8" });
    expect(lines()).toEqual([LIST]);
    expect(fences).toEqual([]);
  });

  test("sends when it is not out", async () => {
    script[LIST] = [listing([])];
    script[SUBMIT] = [submitted("9")];
    expect(await publish(aPost(), { earlier })).toMatchObject({ remoteId: "9" });
    expect(lines().filter((line) => line === SUBMIT)).toHaveLength(1);
  });

  test("sends nothing when it cannot look", async () => {
    script[LIST] = [{ status: 503, body: {} }];
    expect(await failure(publish(aPost(), { earlier }))).toMatchObject({
      kind: "unavailable",
      effect: "definite",
    });
    expect(lines()).toEqual([LIST]);
  });

  const content = aPost({ link: "https://example.com/a" });
  const ours = listed("8", { is_self: false, url: "https://example.com/a" });
  const there = refusal(["ALREADY_SUB", "that link has already been submitted", "url"]);

  test.each<[string, Reply, object]>([
    ["is published when the list, late, shows that it is ours", listing([ours]), { remoteId: "8" }],
  ])("a link that is there already %s", async (_what, second, expected) => {
    script[LIST] = [listing([]), second];
    script[SUBMIT] = [there];
    expect(await publish(content, { earlier })).toMatchObject(expected);
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    ["is refused when it is another's", listing([]), { kind: "rejected", effect: "definite" }],
    [
      "stays uncertain when the list cannot be read",
      { status: 503, body: {} },
      { kind: "unavailable", effect: "ambiguous" },
    ],
    [
      "stays uncertain when a post is only nearly ours",
      listing([{ ...ours, data: { ...ours.data, selftext: "Hello?" } }]),
      { kind: "unavailable", effect: "ambiguous" },
    ],
  ])("a link that is there already %s", async (_what, second, expected) => {
    script[LIST] = [listing([]), second];
    script[SUBMIT] = [there];
    expect(await failure(publish(content, { earlier }))).toMatchObject({ code: "ALREADY_SUB", ...expected });
  });
});

describe("deleting", () => {
  test("names the post by its full name, and asks once", async () => {
    script["POST /api/del"] = [{ body: {} }];
    await provider().remove?.(access, "4bbe4m");
    expect(seen.map(({ line, form }) => ({ line, ...form }))).toEqual([
      { line: "POST /api/del", id: "t3_4bbe4m" },
    ]);
  });

  test("without the permission for it asks to connect again", async () => {
    const scope = 'Bearer realm="reddit", error="insufficient_scope"';
    script["POST /api/del"] = [{ status: 403, body: { error: 403 }, headers: { "www-authenticate": scope } }];
    const work = provider().remove?.(access, "4bbe4m") ?? Promise.resolve();
    expect(await failure(work)).toMatchObject({ kind: "reconnect", code: "insufficient_scope" });
  });
});

test("the spec offers what the provider can do, and no chains", () => {
  expect(redditSpec.maxReplies).toBe(0);
  expect(redditSpec.fields.filter(({ required }) => required).map(({ name }) => name)).toEqual([
    "subreddit",
    "title",
  ]);
});
