import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PlatformError, type PostContent, type Resume } from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { threads } from "@/lib/platforms/threads/provider";

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
let fences: number[];

const TOKEN = "CNRY_access_token";
const SECRET = "CNRY_app_secret";
const ME = "17841405793187218";
const access = { accessToken: TOKEN, remoteId: ME, metadata: {} };
const CREATE = `POST /v1.0/${ME}/threads`;
const PUBLISH = `POST /v1.0/${ME}/threads_publish`;
const STATUS = "GET /v1.0/c1";
const LIST = "GET /v1.0/me/threads";

beforeEach(async () => {
  script = {};
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace("/graph.threads.net", "")}`;
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

const provider = () => {
  const { port } = server.address() as AddressInfo;
  return threads(
    createKit({ clientId: "app", clientSecret: SECRET, sandboxUrl: `http://127.0.0.1:${port}` }),
  );
};

const connector = () => {
  const { connector } = provider();
  if (connector.kind !== "oauth") throw new Error("Threads connects by OAuth.");
  return connector;
};

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello #bells",
  replies: [],
  media: [],
  options: {},
  ...content,
});

const publish = (content: PostContent, resume: Resume | null) =>
  provider().publish({ access, content, resume, sending: async () => void fences.push(seen.length) });

const locate = (
  content: PostContent,
  resume: Resume | null,
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
    error: {
      message: `said with ${TOKEN}`,
      type: "OAuthException",
      code,
      error_subcode,
      is_transient: false,
      ...more,
    },
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
const NOT_FOUND = refusal(24, 4279009);
const READY = { published: [], containerId: "c1", containers: 1, polls: 1, misses: 0 };

describe("connecting", () => {
  test("the consent page is asked for as few permissions as publishing and deleting need, separated by commas", () => {
    const url = connector().authorizeUrl({
      state: "s",
      redirectUri: "https://app.test/cb",
      codeChallenge: "unused",
    });
    expect(url.pathname).toBe("/threads.net/oauth/authorize");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: "app",
      redirect_uri: "https://app.test/cb",
      scope: "threads_basic,threads_content_publish,threads_delete",
      response_type: "code",
      state: "s",
    });
  });

  test("a code loses its #_ and buys a short token, which buys a long one", async () => {
    script["POST /oauth/access_token"] = [{ raw: `{"access_token":"short","user_id":17841405793187218}` }];
    script["GET /access_token"] = [
      { body: { access_token: "long", token_type: "bearer", expires_in: 5183944 } },
    ];
    const credentials = await connector().exchange({
      code: "AQB#_",
      redirectUri: "https://app.test/cb",
      codeVerifier: "v",
    });
    expect(credentials.accessToken).toBe("long");
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now() + 59 * 86_400_000);
    expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({
      client_id: "app",
      client_secret: SECRET,
      grant_type: "authorization_code",
      redirect_uri: "https://app.test/cb",
      code: "AQB",
    });
    expect(Object.fromEntries(seen[1]?.query ?? [])).toEqual({
      grant_type: "th_exchange_token",
      client_secret: SECRET,
      access_token: "short",
    });
  });

  test.each([
    [
      "a used code asks for a new log-in",
      { error_type: "OAuthException", code: 400, error_message: "used" },
      "reconnect",
      false,
    ],
    [
      "an undocumented refusal points at the configuration",
      { error: { code: 101, message: "app" } },
      "unavailable",
      true,
    ],
    ["a refusal in a foreign shape points at the configuration", { nope: true }, "unavailable", true],
  ])("%s", async (_promise, body, kind, operator) => {
    script["POST /oauth/access_token"] = [{ status: 400, body }];
    const error = await failureOf(connector().exchange({ code: "c", redirectUri: "r", codeVerifier: "v" }));
    expect(error).toMatchObject({ kind, operator, effect: "definite" });
  });

  test("an id beyond 2^53 keeps its digits, also when Threads writes it as a bare number", async () => {
    script["GET /v1.0/me"] = [{ raw: `{"id":17841405793187219,"username":"adabell","name":"Ada Bell"}` }];
    script["GET /v1.0/17841405793187219/threads_publishing_limit"] = [
      { body: { data: [{ quota_usage: 3, config: { quota_total: 250, quota_duration: 86400 } }] } },
    ];
    const { subject, identities } = await provider().identify({ accessToken: TOKEN });
    expect(subject).toBe("17841405793187219");
    expect(identities).toMatchObject([
      { remoteId: "17841405793187219", name: "Ada Bell", handle: "adabell", missing: [] },
    ]);
    expect(
      seen.every(({ bearer, query }) => bearer === `Bearer ${TOKEN}` && !query.has("access_token")),
    ).toBe(true);
  });

  test.each([10, 200])(
    "without the permission to publish (%i) the profile is connected and says so",
    async (code) => {
      script["GET /v1.0/me"] = [{ body: { id: ME, username: "adabell" } }];
      script[`GET /v1.0/${ME}/threads_publishing_limit`] = [{ ...refusal(code), status: 403 }];
      const { identities } = await provider().identify({ accessToken: TOKEN });
      expect(identities).toMatchObject([{ name: "adabell", missing: ["threads_content_publish"] }]);
      expect(await provider().check?.(access)).toMatchObject({ missing: ["threads_content_publish"] });
    },
  );
});

describe("renewing", () => {
  const DAY = 86_400_000;
  const refresh = (leftMs: number) =>
    connector().refresh?.({ accessToken: TOKEN, accessExpiresAt: new Date(Date.now() + leftMs) }) ??
    Promise.reject();

  test("the returned token is kept, with its own sixty days", async () => {
    script["GET /refresh_access_token"] = [
      { body: { access_token: "next", token_type: "bearer", expires_in: 5183944 } },
    ];
    expect((await refresh(20 * DAY)).accessToken).toBe("next");
    expect(Object.fromEntries(seen[0]?.query ?? [])).toEqual({
      grant_type: "th_refresh_token",
      access_token: TOKEN,
    });
  });

  test.each([
    ["a dead token asks for a new connection", 20 * DAY, refusal(190, 463), "reconnect"],
    ["a refused old token asks for a new connection", 20 * DAY, refusal(100), "reconnect"],
    ["a withdrawn permission asks for a new connection", 20 * DAY, refusal(10), "reconnect"],
    ["a token younger than a day is not dead", 59.9 * DAY, refusal(190), "unavailable"],
    ["a limit is waited for", 20 * DAY, refusal(4), "slow_down"],
    ["an outage kills no connection", 20 * DAY, { status: 503, raw: "<html>" }, "unavailable"],
    [
      "a page that is not Threads' answer kills no connection",
      20 * DAY,
      { status: 401, raw: "<html>" },
      "unavailable",
    ],
    ["a lost answer kills no connection", 20 * DAY, { drop: true }, "unavailable"],
  ] as [string, number, Reply, string][])("%s", async (_promise, leftMs, reply, kind) => {
    script["GET /refresh_access_token"] = [reply];
    const error = await failureOf(refresh(leftMs));
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain(TOKEN);
  });
});

describe("publishing", () => {
  test("a post is a container, a look at it, the fence, and the write; nothing visible comes before the fence", async () => {
    script[CREATE] = [{ body: { id: "c1" } }];
    script[STATUS] = [
      { body: { status: "IN_PROGRESS", id: "c1" } },
      { body: { status: "FINISHED", id: "c1" } },
    ];
    script[PUBLISH] = [{ raw: `{"id":18000000000000000001}` }];
    script["GET /v1.0/18000000000000000001"] = [
      { body: { id: "x", permalink: "https://www.threads.net/@ada/post/Ab" } },
    ];
    const content = aPost({
      link: "https://ring.test/",
      options: { reply_control: "followers_only", topic_tag: "bells" },
    });

    const made = await publish(content, null);
    expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({
      media_type: "TEXT",
      text: "Hello #bells",
      link_attachment: "https://ring.test/",
      reply_control: "followers_only",
      topic_tag: "bells",
    });
    if (made.state !== "processing")
      throw new Error("The container's id must be on record before the write.");
    const waited = await publish(content, JSON.parse(JSON.stringify(made.resume)));
    if (waited.state !== "processing") throw new Error("It is not ready yet.");
    expect(fences).toEqual([]);
    expect(await publish(content, waited.resume)).toEqual({
      state: "published",
      remoteId: "18000000000000000001",
      url: "https://www.threads.net/@ada/post/Ab",
    });
    expect(lines()).toEqual([CREATE, STATUS, STATUS, PUBLISH, "GET /v1.0/18000000000000000001"]);
    expect(fences).toEqual([3]);
    expect(seen[3]?.form.get("creation_id")).toBe("c1");
  });

  test("a fence that is lost stops the write", async () => {
    script[STATUS] = [{ body: { status: "FINISHED" } }];
    const lost = new Error("claim lost");
    const step = provider().publish({
      access,
      content: aPost(),
      resume: READY,
      sending: () => Promise.reject(lost),
    });
    await expect(step).rejects.toBe(lost);
    expect(lines()).toEqual([STATUS]);
  });

  test("a link that cannot be looked up leaves the post published", async () => {
    script[STATUS] = [{ body: { status: "FINISHED" } }];
    script[PUBLISH] = [{ body: { id: "p1" } }];
    script["GET /v1.0/p1"] = [{ status: 500, raw: "<html>" }];
    expect(await publish(aPost(), READY)).toEqual({ state: "published", remoteId: "p1", url: null });
  });

  test("each reply hangs below the part before it, and the post's own choices stay on the post", async () => {
    const content = aPost({ replies: [{ text: "two" }, { text: "three" }], options: { topic_tag: "bells" } });
    script[STATUS] = [{ body: { status: "FINISHED" } }];
    script[PUBLISH] = [{ body: { id: "p1" } }, { body: { id: "p2" } }];
    script[CREATE] = [{ body: { id: "c1" } }];
    const first = await publish(content, READY);
    expect(first).toMatchObject({ state: "processing", resume: { published: ["p1"] } });
    const made = await publish(content, first.state === "processing" ? first.resume : null);
    expect(Object.fromEntries(seen.at(-1)?.form ?? [])).toEqual({
      media_type: "TEXT",
      text: "two",
      reply_to_id: "p1",
    });
    const second = await publish(content, made.state === "processing" ? made.resume : null);
    await publish(content, second.state === "processing" ? second.resume : null);
    expect(Object.fromEntries(seen.at(-1)?.form ?? [])).toEqual({
      media_type: "TEXT",
      text: "three",
      reply_to_id: "p2",
    });
  });

  test("a reply made before its parent can be seen is tried again", async () => {
    script[CREATE] = [refusal(100, 33), { body: { id: "c1" } }];
    const content = aPost({ replies: [{ text: "two" }] });
    const early = await publish(content, { published: ["p1"] });
    expect(early).toMatchObject({ state: "processing", resume: { published: ["p1"], misses: 1 } });
    const made = await publish(content, early.state === "processing" ? early.resume : null);
    expect(made).toMatchObject({ resume: { published: ["p1"], containerId: "c1" } });
  });

  test("media not found is polled for and published again, and at last the container is made anew", async () => {
    script[STATUS] = [{ body: { status: "FINISHED" } }];
    script[PUBLISH] = [NOT_FOUND];
    script[CREATE] = [{ body: { id: "c2" } }];
    let resume: Resume = READY;
    for (let step = 0; resume["containerId"] === "c1"; step += 1) {
      expect(step).toBeLessThan(10);
      const next = await publish(aPost(), resume);
      if (next.state !== "processing") throw new Error("It cannot be out.");
      resume = next.resume;
    }
    expect(resume).toMatchObject({ containerId: "c2", containers: 2, misses: 0 });
    expect(lines().filter((line) => line === PUBLISH).length).toBeGreaterThan(1);
    // The last look shows that the old container is still not out.
    expect(lines().slice(-2)).toEqual([STATUS, CREATE]);
  });

  test("an expired container is made anew without a fence", async () => {
    script[STATUS] = [{ body: { status: "EXPIRED" } }];
    script[CREATE] = [{ body: { id: "c2" } }];
    expect(await publish(aPost(), READY)).toMatchObject({
      state: "processing",
      resume: { containerId: "c2" },
    });
    expect(fences).toEqual([]);
  });

  test("containers are not made without end", async () => {
    script[STATUS] = [{ body: { status: "ERROR", error_message: "UNKNOWN" } }];
    const error = await failureOf(publish(aPost(), { ...READY, containers: 3 }));
    expect(error).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(lines()).toEqual([STATUS]);
  });

  test("a container that is already out is never published twice", async () => {
    script[STATUS] = [{ body: { status: "PUBLISHED" } }];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({
      effect: "ambiguous",
      code: "already_published",
    });
    expect(lines()).toEqual([STATUS]);
  });

  test("a refusal because the container came out meanwhile is no failure", async () => {
    script[STATUS] = [{ body: { status: "FINISHED" } }, { body: { status: "PUBLISHED" } }];
    script[PUBLISH] = [refusal(100)];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({
      effect: "ambiguous",
      code: "already_published",
    });
  });

  test("a refusal of the write is final while the container is still not out", async () => {
    script[STATUS] = [{ body: { status: "FINISHED" } }];
    script[PUBLISH] = [refusal(2207051)];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({ kind: "rejected", effect: "definite" });
  });

  test.each([
    ["a lost answer", { drop: true }],
    ["a server error", { status: 502, raw: "<html>bad gateway</html>" }],
    ["an unknown error", refusal(1)],
    ["an answer without an id", { body: {} }],
  ] as [string, Reply][])("%s from the write leaves open whether it is out", async (_what, reply) => {
    script[STATUS] = [{ body: { status: "FINISHED" } }];
    script[PUBLISH] = [reply];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({
      kind: "unavailable",
      effect: "ambiguous",
    });
    expect(lines().filter((line) => line === PUBLISH)).toHaveLength(1);
  });

  test("a lost answer to the container call is definite: nobody can see a container", async () => {
    script[CREATE] = [{ drop: true }];
    expect(await failureOf(publish(aPost(), null))).toMatchObject({
      kind: "unavailable",
      effect: "definite",
    });
  });
});

describe("refusals are named by what helps", () => {
  test.each([
    ["an expired token", refusal(190, 463), "reconnect", "190/463", true],
    ["a lost session", refusal(102), "reconnect", "102", true],
    ["a missing permission", refusal(10), "reconnect", "10", false],
    ["a permission of the 200s", refusal(200), "reconnect", "200", false],
    ["the app's limit", refusal(4), "slow_down", "4", false],
    ["the user's limit", refusal(17), "slow_down", "17", false],
    ["the page limit", refusal(32), "slow_down", "32", false],
    ["a custom limit", refusal(613), "slow_down", "613", false],
    [
      "a business limit, though flagged transient",
      refusal(80002, undefined, { is_transient: true }),
      "slow_down",
      "80002",
      false,
    ],
    ["a restricted user as subcode", refusal(100, 4279013), "rejected", "100/4279013", false],
    ["a restricted user as code", refusal(4279013), "rejected", "4279013", false],
    ["suspected spam", refusal(2207051), "rejected", "2207051", false],
    [
      "too many links",
      refusal(100, undefined, { message: "THREADS_API__LINK_LIMIT_EXCEEDED" }),
      "rejected",
      "100",
      false,
    ],
    ["too long a text", refusal(100), "rejected", "100", false],
    ["a missing object", refusal(100, 33), "rejected", "100/33", false],
    ["an unknown failure", refusal(2), "unavailable", "2", false],
    ["a transient failure", refusal(100, undefined, { is_transient: true }), "unavailable", "100", false],
    ["a server failure", { ...refusal(100), status: 500 }, "unavailable", "100", false],
  ] as [string, Reply, string, string, boolean][])("%s", async (_what, reply, kind, code, tokenRefused) => {
    script[CREATE] = [reply];
    const error = await failureOf(publish(aPost(), null));
    expect(error).toMatchObject({ kind, code, tokenRefused, effect: "definite" });
    expect(error.message).not.toContain(TOKEN);
    expect(String(error.cause)).not.toContain(TOKEN);
  });

  test("Threads' own explanation reaches the person who can change the post", async () => {
    script[CREATE] = [
      refusal(100, undefined, { message: "Param text must be at most 500 characters long." }),
    ];
    expect((await failureOf(publish(aPost(), null))).message).toContain("at most 500 characters");
  });

  test("the wait is the longest the usage header names, in minutes", async () => {
    const usage = {
      [ME]: [{ estimated_time_to_regain_access: 3 }, { call_count: 100, estimated_time_to_regain_access: 7 }],
    };
    script[CREATE] = [{ ...refusal(4), headers: { "x-business-use-case-usage": JSON.stringify(usage) } }];
    expect((await failureOf(publish(aPost(), null))).retryAfterMs).toBe(7 * 60_000);
  });

  test.each(["{broken", `{"x":"y"}`])(
    "a usage header we cannot read (%s) leaves Retry-After",
    async (usage) => {
      script[CREATE] = [
        { ...refusal(4), headers: { "x-business-use-case-usage": usage, "retry-after": "90" } },
      ];
      expect((await failureOf(publish(aPost(), null))).retryAfterMs).toBe(90_000);
    },
  );

  test("a topic that Threads would refuse is refused before anything is sent", async () => {
    const error = await failureOf(publish(aPost({ options: { topic_tag: "rock & roll" } }), null));
    expect(error).toMatchObject({ kind: "rejected", code: "topic_tag" });
    expect(lines()).toEqual([]);
  });
});

describe("reading back", () => {
  const out = (...posts: object[]) => {
    script[LIST] = [{ body: { data: posts } }];
    script["GET /v1.0/p1"] = [{ body: { permalink: "https://www.threads.net/@ada/post/Ab" } }];
  };
  const status = (word: string) => {
    script[STATUS] = [{ body: { status: word } }];
  };

  test("a published container is found by its text, not by an equal post on record or from another day", async () => {
    status("PUBLISHED");
    out(
      { id: "other", text: "Something else", timestamp: at(0) },
      { id: "known", text: "Hello #bells", timestamp: at(3_000) },
      { id: "p1", text: "Hello bells \n", timestamp: at(1_000) },
      { id: "old", text: "Hello #bells", timestamp: at(86_400_000) },
    );
    expect(await locate(aPost(), READY, { ageMs: 3_000, known: ["known"] })).toEqual({
      state: "published",
      remoteId: "p1",
      url: "https://www.threads.net/@ada/post/Ab",
    });
  });

  test("a published container whose post is not listed yet cannot be told, and is never called absent", async () => {
    status("PUBLISHED");
    out({ id: "old", text: "Hello #bells", timestamp: at(86_400_000) });
    expect(await locate(aPost(), READY, { ageMs: 3_600_000 })).toBeNull();
  });

  test("a finished container is not out: the same one goes on, after the lost call had time to end", async () => {
    status("FINISHED");
    expect(await locate(aPost(), READY)).toBeNull();
    const aged = await locate(aPost(), READY, { ageMs: 6 * 60_000 });
    expect(aged).toMatchObject({ state: "processing", resume: READY });
    expect(lines()).toEqual([STATUS, STATUS]);
  });

  test("a container in progress cannot be told", async () => {
    status("IN_PROGRESS");
    expect(await locate(aPost(), READY)).toBeNull();
  });

  test("an expired container that left no post is made anew", async () => {
    status("EXPIRED");
    out();
    const located = await locate(aPost(), READY);
    expect(located?.state === "processing" && located.resume["containerId"]).toBeUndefined();
    expect(located?.state).toBe("processing");
  });

  test("a chain goes on after the part that came out", async () => {
    status("PUBLISHED");
    out({ id: "p1", text: "Hello #bells", timestamp: at(0) });
    const located = await locate(aPost({ replies: [{ text: "two" }] }), READY);
    expect(located).toMatchObject({ state: "processing", resume: { published: ["p1"], containers: 0 } });
    expect(located?.state === "processing" && located.resume["containerId"]).toBeUndefined();
  });

  test("the last reply needs no id: the chain is published", async () => {
    status("PUBLISHED");
    out();
    const located = await locate(aPost({ replies: [{ text: "two" }] }), { ...READY, published: ["p1"] });
    expect(located).toMatchObject({ state: "published", remoteId: "p1" });
  });

  test("a reply that is out but unlisted is waited for, then the chain goes on below the part above it", async () => {
    status("PUBLISHED");
    out({ id: "p1", text: "Hello #bells", timestamp: at(60_000) });
    const content = aPost({ replies: [{ text: "two" }, { text: "three" }] });
    expect(await locate(content, { ...READY, published: ["p1"] })).toBeNull();
    expect(await locate(content, { ...READY, published: ["p1"] }, { ageMs: 60_000 })).toMatchObject({
      state: "processing",
      resume: { published: ["p1", "p1"] },
    });
  });

  test("without a container nothing was written: absent, unless the list shows the post or is cut short", async () => {
    out();
    expect(await locate(aPost(), null)).toEqual({ state: "absent" });
    out({ id: "p1", text: "Hello #bells", timestamp: at(0) });
    expect(await locate(aPost(), null)).toMatchObject({ state: "published", remoteId: "p1" });
    out(...Array.from({ length: 100 }, (_, index) => ({ id: `n${index}`, text: "busy", timestamp: at(0) })));
    expect(await locate(aPost(), null)).toBeNull();
  });

  test("a container that Threads no longer knows is absent only once the list has caught up", async () => {
    script[STATUS] = [NOT_FOUND];
    out();
    expect(await locate(aPost(), READY)).toBeNull();
    expect(await locate(aPost(), READY, { ageMs: 60_000 })).toEqual({ state: "absent" });
  });

  test("a read-back that fails rises, so that nobody takes it for absence", async () => {
    script[STATUS] = [{ status: 503, raw: "<html>" }];
    await expect(locate(aPost(), READY)).rejects.toMatchObject({ kind: "unavailable" });
  });
});

test("deleting and the quota speak the sheet's words", async () => {
  script["DELETE /v1.0/p1"] = [{ body: { success: true, deleted_id: "p1" } }];
  script[`GET /v1.0/${ME}/threads_publishing_limit`] = [
    { body: { data: [{ quota_usage: 3, config: { quota_total: 250, quota_duration: 86400 } }] } },
  ];
  await provider().remove?.(access, "p1");
  expect(await provider().quota?.(access)).toEqual({ used: 3, total: 250, windowSeconds: 86_400 });
  expect(lines()[0]).toBe("DELETE /v1.0/p1");
});

test("a delete that did not happen is not called done", async () => {
  script["DELETE /v1.0/p1"] = [{ body: { success: false } }];
  await expect(provider().remove?.(access, "p1")).rejects.toBeInstanceOf(PlatformError);
});
