/** The simulated X, knocked at over HTTP as a process of its own. Effects are counted where the world sees them. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; body: Body };
type Link = { start: number; end: number; url: string; expanded_url: string };
type Tokens = { access_token: string; refresh_token?: string; scope: string; expires_in: number };

const ada = "1846023975518208001";
const redirectUri = "http://127.0.0.1:3000/api/oauth/twitter/callback";
const allScopes = "tweet.read tweet.write users.read media.write offline.access";
const basic = basicOf("sandbox-twitter", "CNRY_secret_twitter");
const badToken = { error: "invalid_request", error_description: "Value passed for the token was invalid." };
const badCode = {
  error: "invalid_request",
  error_description: "Value passed for the authorization code was invalid.",
};
const noClient = {
  error: "unauthorized_client",
  error_description: "Missing valid authorization header",
};

let sandbox: ChildProcess;
let origin: string;

beforeAll(async () => {
  // Empty: the sandbox's own defaults, whatever this machine is set up for.
  const own = {
    PORT: "0",
    APP_ORIGIN: "",
    SANDBOX_STATE: "",
    TWITTER_CLIENT_ID: "",
    TWITTER_CLIENT_SECRET: "",
  };
  sandbox = spawn(process.execPath, ["--import", "tsx", "lib/sandbox/server.ts"], {
    env: { ...process.env, ...own },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (sandbox.stdout === null) throw new Error("The sandbox has no output to read its address from.");
  for await (const line of createInterface(sandbox.stdout)) {
    const address = /http:\/\/\S+/.exec(line)?.[0];
    if (address !== undefined) {
      origin = address;
      break;
    }
  }
  expect(origin).toBeDefined();
}, 30_000);

afterAll(async () => {
  if (sandbox.exitCode !== null || sandbox.signalCode !== null) return;
  const gone = once(sandbox, "exit");
  sandbox.kill("SIGTERM");
  await gone;
});

beforeEach(() => control("reset", {}));

describe("consent", () => {
  test("shows a page with the people and the scopes, and comes back with code and state", async () => {
    const { url } = authorizeUrl();
    const page = await fetch(url);
    const markup = await page.text();
    expect(page.status).toBe(200);
    expect(markup).toContain("Ada Bell");
    expect(markup).toContain("tweet.write");
    expect(markup).not.toContain('type="checkbox"');
    const form = new URLSearchParams({ person: ada, decision: "allow" });
    for (const scope of allScopes.split(" ")) form.append("scope", scope);
    const back = await fetch(url, { method: "POST", body: form, redirect: "manual" });
    const location = new URL(back.headers.get("location") ?? "");
    expect(`${location.origin}${location.pathname}`).toBe(redirectUri);
    expect(location.searchParams.get("state")).toBe("a-state");
    expect(location.searchParams.get("code")).toMatch(/^CNRY_code_/);
  });

  test("is all or nothing: what is unticked is granted all the same", async () => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url, scopes: ["tweet.read"] });
    const answer = await exchange(codeIn(location), verifier);
    expect(answer.body.scope).toBe(allScopes);
  });

  test("that is denied comes back with access_denied and the state", async () => {
    const { url } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url, decision: "deny" });
    expect(Object.fromEntries(new URL(String(location)).searchParams)).toEqual({
      error: "access_denied",
      state: "a-state",
    });
  });

  test.each([
    ["no PKCE", { code_challenge: null, code_challenge_method: null }],
    ["a challenge that is no SHA-256", { code_challenge: "short" }],
    ["a method that X does not know", { code_challenge_method: "s256" }],
    ["commas between the scopes", { scope: "tweet.read,users.read" }],
    ["a scope that does not exist", { scope: "tweet.read everything" }],
    ["no scope", { scope: null }],
    ["another client", { client_id: "someone-else" }],
    [
      "localhost instead of the registered address",
      { redirect_uri: redirectUri.replace("127.0.0.1", "localhost") },
    ],
    ["one more slash", { redirect_uri: `${redirectUri}/` }],
    ["response_type=token", { response_type: "token" }],
    ["a state of 501 characters", { state: "s".repeat(501) }],
    ["a parameter X does not know", { prompt: "login" }],
  ])("refuses %s with a page, never with a redirect", async (_what, change) => {
    const page = await fetch(authorizeUrl(change).url, { redirect: "manual" });
    expect(page.status).toBe(400);
    expect(page.headers.get("location")).toBeNull();
    expect(await page.text()).toContain("Something went wrong");
  });

  test("also takes the plain method", async () => {
    const verifier = randomBytes(32).toString("base64url");
    const plain = { code_challenge: verifier, code_challenge_method: "plain" };
    expect((await exchange(await codeFor("adabell", plain), verifier)).status).toBe(200);
  });
});

describe("the code", () => {
  test("buys two hours of access and a refresh token, with the scopes named", async () => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    const answer = await exchange(codeIn(location), verifier);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ token_type: "bearer", expires_in: 7200, scope: allScopes });
    expect(answer.body.access_token).toMatch(/^CNRY_access_/);
    expect(answer.body.refresh_token).toMatch(/^CNRY_refresh_/);
  });

  test("buys no refresh token without offline.access", async () => {
    const tokens = await signIn("adabell", "tweet.read users.read");
    expect(tokens).not.toHaveProperty("refresh_token");
  });

  test("works once", async () => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    await exchange(codeIn(location), verifier);
    const again = await exchange(codeIn(location), verifier);
    expect([again.status, again.body]).toEqual([400, badCode]);
  });

  test("lives for 30 seconds", async () => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    await control("clock", { advanceMs: 30_000 });
    expect((await exchange(codeIn(location), verifier)).body).toEqual(badCode);
  });

  test.each([
    ["another verifier", { code_verifier: "v".repeat(43) }],
    ["another redirect URI", { redirect_uri: "http://127.0.0.1:3000/" }],
    ["an invented code", { code: "invented" }],
  ])("is worth nothing with %s", async (_what, change) => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    const answer = await tokenCall({ ...codeForm(codeIn(location), verifier), ...change });
    expect([answer.status, answer.body]).toEqual([400, badCode]);
  });

  test.each([
    [
      "the secret in the body",
      { body: { client_id: "sandbox-twitter", client_secret: "CNRY_secret_twitter" } },
    ],
    ["the secret both in the header and the body", { body: { client_secret: "CNRY_secret_twitter" }, basic }],
    ["a wrong secret", { body: {}, basic: basicOf("sandbox-twitter", "guess") }],
    ["a public client's form", { body: { client_id: "sandbox-twitter" } }],
  ])("is not sold to %s", async (_what, how) => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    const form = { ...codeForm(codeIn(location), verifier), ...how.body };
    const answer = await tokenCall(form, "basic" in how ? how.basic : null);
    expect([answer.status, answer.body]).toEqual([401, noClient]);
  });

  test("is sold to percent-encoded credentials, too", async () => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    const encoded = basicOf("sandbox%2Dtwitter", "CNRY%5Fsecret%5Ftwitter");
    expect((await tokenCall(codeForm(codeIn(location), verifier), encoded)).status).toBe(200);
  });

  test("must come in a form: JSON is refused", async () => {
    const answer = await send("POST", "/2/oauth2/token", {
      headers: { authorization: basic, "content-type": "application/json" },
      body: JSON.stringify({ grant_type: "authorization_code" }),
    });
    expect([answer.status, answer.body.error]).toEqual([400, "invalid_request"]);
  });

  test("and its form may hold nothing X does not know", async () => {
    const { url, verifier } = authorizeUrl();
    const { location } = await control("consent", { authorizeUrl: url });
    const answer = await tokenCall({ ...codeForm(codeIn(location), verifier), audience: "x" });
    expect([answer.status, answer.body.error]).toEqual([400, "invalid_request"]);
  });
});

describe("a refresh", () => {
  test("gives a new pair and uses the old refresh token up", async () => {
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.refresh_token).not.toBe(first.refresh_token);
    const replay = await refresh(first.refresh_token);
    expect([replay.status, replay.body]).toEqual([400, badToken]);
    expect((await refresh(String(second.body.refresh_token))).status).toBe(200);
  });

  test("that is replayed ends the whole family when X is in that mood", async () => {
    await control("settings", { platform: "twitter", rotation: "reuse_kills_family" });
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    await refresh(first.refresh_token);
    expect((await refresh(String(second.body.refresh_token))).body).toEqual(badToken);
    expect((await me(String(second.body.access_token))).status).toBe(401);
  });

  test("outlives the access token, but not 180 days", async () => {
    const first = await signIn();
    await control("clock", { advanceMs: 7_200_000 });
    expect((await me(first.access_token)).status).toBe(401);
    const second = await refresh(first.refresh_token);
    expect((await me(String(second.body.access_token))).status).toBe(200);
    await control("clock", { advanceMs: 180 * 86_400_000 });
    expect((await refresh(String(second.body.refresh_token))).body).toEqual(badToken);
  });

  test("is over for a person who signed in again through the same app, and only for them", async () => {
    const first = await signIn("adabell");
    const other = await signIn("chimecafe");
    const second = await signIn("adabell");
    expect((await me(first.access_token)).status).toBe(401);
    expect((await refresh(first.refresh_token)).body).toEqual(badToken);
    expect((await me(second.access_token)).status).toBe(200);
    expect((await me(other.access_token)).status).toBe(200);
  });

  test("needs the client's proof", async () => {
    const { refresh_token } = await signIn();
    const answer = await tokenCall({ grant_type: "refresh_token", refresh_token: refresh_token ?? "" }, null);
    expect([answer.status, answer.body]).toEqual([401, noClient]);
  });
});

describe("revoking", () => {
  test("a refresh token ends the grant", async () => {
    const tokens = await signIn();
    const answer = await form("/2/oauth2/revoke", { token: tokens.refresh_token ?? "" });
    expect([answer.status, answer.body]).toEqual([200, { revoked: true }]);
    expect((await me(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).body).toEqual(badToken);
  });

  test("an access token ends that token alone", async () => {
    const tokens = await signIn();
    await form("/2/oauth2/revoke", { token: tokens.access_token, token_type_hint: "access_token" });
    expect((await me(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(200);
  });

  test("needs the client's proof", async () => {
    const tokens = await signIn();
    const answer = await form("/2/oauth2/revoke", { token: tokens.access_token }, null);
    expect([answer.status, answer.body]).toEqual([401, noClient]);
    expect((await me(tokens.access_token)).status).toBe(200);
  });
});

describe("who I am", () => {
  test("has an id beyond 2^53 and just the fields that were asked for", async () => {
    const { access_token } = await signIn();
    const plain = await me(access_token);
    expect(plain.body).toEqual({ data: { id: ada, name: "Ada Bell", username: "adabell" } });
    expect(Number(ada)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    const rich = await me(access_token, "subscription_type,verified_type,profile_image_url");
    expect(rich.body.data).toMatchObject({ subscription_type: "None", verified_type: "none" });
    const picture = await fetch(String((rich.body.data as Body).profile_image_url));
    expect(picture.headers.get("content-type")).toBe("image/svg+xml");
  });

  test("refuses fields and parameters X does not know", async () => {
    const { access_token } = await signIn();
    for (const query of ["user.fields=shoe_size", "fields=id"]) {
      const answer = await api("GET", `/2/users/me?${query}`, access_token);
      expect([answer.status, problemOf(answer)]).toEqual([400, "invalid-request"]);
    }
  });

  test("may refuse the subscription", async () => {
    const { access_token } = await signIn();
    await own({ subscriptionField: "refused" });
    expect((await me(access_token, "subscription_type")).status).toBe(403);
    expect((await me(access_token, "verified")).status).toBe(200);
  });

  test("is the same at the former host, and nothing without a token", async () => {
    const { access_token } = await signIn();
    const answer = await fetch(`${origin}/api.twitter.com/2/users/me`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(answer.status).toBe(200);
    const nobody = await api("GET", "/2/users/me", null);
    expect(nobody.body).toEqual({
      title: "Unauthorized",
      detail: "Unauthorized",
      type: "about:blank",
      status: 401,
    });
  });
});

describe("a post", () => {
  test("goes out, is listed, leads to the feed, and is deleted", async () => {
    const { access_token } = await signIn();
    const created = await post(access_token, { text: "Hello, <bells> & all" });
    const { id, text } = created.body.data as { id: string; text: string };
    expect(created.status).toBe(201);
    expect(text).toBe("Hello, &lt;bells&gt; &amp; all");
    expect(BigInt(id)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(await effects()).toMatchObject([
      { id, text: "Hello, <bells> & all", author: "adabell", deleted: false },
    ]);
    expect(await idsOf(access_token)).toEqual([id]);
    const link = await fetch(`${origin}/x.com/adabell/status/${id}`, { redirect: "manual" });
    expect(link.headers.get("location")).toBe(`${origin}/feed/twitter/${id}`);
    const deleted = await api("DELETE", `/2/tweets/${id}`, access_token);
    expect([deleted.status, deleted.body]).toEqual([200, { data: { deleted: true } }]);
    expect(await idsOf(access_token)).toEqual([]);
    expect((await api("GET", `/2/tweets/${id}`, access_token)).body.errors).toHaveLength(1);
    expect(await effects()).toMatchObject([{ id, deleted: true }]);
  });

  test("wraps its links, and says what they were only when asked", async () => {
    const { access_token } = await signIn();
    await post(access_token, { text: "🔔 see https://example.com/a?b=1&c=2 and example.org." });
    const [plain] = await list(access_token);
    expect(plain?.text).toMatch(/^🔔 see https:\/\/t\.co\/\w{10} and https:\/\/t\.co\/\w{10}\.$/);
    expect(plain).not.toHaveProperty("entities");
    const [rich] = await list(access_token, "tweet.fields=entities,created_at");
    const urls = (rich?.entities as { urls: Link[] } | undefined)?.urls ?? [];
    expect(urls.map(({ expanded_url }) => expanded_url)).toEqual([
      "https://example.com/a?b=1&c=2",
      "http://example.org",
    ]);
    for (const { start, end, url } of urls) {
      expect([...String(rich?.text)].slice(start, end).join("")).toBe(url);
    }
    expect(rich?.created_at).toMatch(/T\d\d:\d\d:\d\d\.000Z$/);
  });

  test.each([
    ["280 letters", "a".repeat(280), 201],
    ["281 letters", "a".repeat(281), 403],
    ["140 Chinese characters", "鐘".repeat(140), 201],
    ["141 Chinese characters", "鐘".repeat(141), 403],
    ["140 families of five code points each", "👨‍👩‍👧".repeat(140), 201],
    ["140 flags and a letter", `${"🇫🇷".repeat(140)}a`, 403],
    ["257 letters after a link of 200", `https://example.com/${"p".repeat(180)} ${"a".repeat(256)}`, 201],
    ["one letter more", `https://example.com/${"p".repeat(180)} ${"a".repeat(257)}`, 403],
    ["a bare domain counted as a link", `${"a".repeat(257)} t.co`, 403],
    ["an e and its accent, which are one letter", "e\u0301".repeat(280), 201],
    ["a zero-width no-break space", "a\uFEFFb", 400],
    ["nothing", "", 400],
    ["spaces", "   ", 400],
    ["one cashtag", "up: $BELL", 201],
    ["two cashtags", "up: $BELL $RING", 403],
    ["dollars", "from $5 to $10 and a$BELL", 201],
  ])("of %s is counted as X counts", async (_what, text, status) => {
    const { access_token } = await signIn();
    expect((await post(access_token, { text })).status).toBe(status);
    expect(await effects()).toHaveLength(status === 201 ? 1 : 0);
  });

  test("may be long for those who pay, and is read whole in its note", async () => {
    const { access_token } = await signIn("chimecafe");
    const text = `${"ding dong & ".repeat(60)}https://example.com/end`;
    expect((await post(access_token, { text })).status).toBe(201);
    const [found] = await list(access_token, "tweet.fields=note_tweet,entities", "1846023975518208002");
    expect(String(found?.text)).toMatch(/…$/);
    expect([...String(found?.text)].length).toBeLessThan(400);
    const note = found?.note_tweet as { text: string; entities: { urls: { expanded_url: string }[] } };
    expect(note.text).toContain("ding dong &amp; ");
    expect(note.entities.urls[0]?.expanded_url).toBe("https://example.com/end");
    expect((await post(access_token, { text: "b".repeat(25_001) })).status).toBe(403);
    await control("settings", { platform: "twitter", people: { chimecafe: { subscription_type: "None" } } });
    expect((await post(access_token, { text: "c".repeat(281) })).status).toBe(403);
  });

  test("that says the same again is a duplicate, until the first is gone", async () => {
    const { access_token } = await signIn();
    const first = await post(access_token, { text: "Once" });
    const again = await post(access_token, { text: "Once" });
    expect(again.status).toBe(403);
    expect(again.body.detail).toBe("You are not allowed to create a Tweet with duplicate content.");
    await api("DELETE", `/2/tweets/${(first.body.data as Body).id}`, access_token);
    expect((await post(access_token, { text: "Once" })).status).toBe(201);
  });

  test.each([
    ["an unknown property", { text: "a", idempotency_key: "k" }, 400],
    ["a text that is a number", { text: 7 }, 400],
    ["no text", {}, 400],
    ["a reply to a number", { text: "a", reply: { in_reply_to_tweet_id: 7 } }, 400],
    ["an unknown property of the reply", { text: "a", reply: { in_reply_to_tweet_id: "7", to: "me" } }, 400],
    ["an unknown audience", { text: "a", reply_settings: "everyone" }, 400],
    ["media that were never uploaded", { text: "a", media: { media_ids: ["7"] } }, 400],
    ["a poll", { text: "a", poll: { options: ["a", "b"], duration_minutes: 5 } }, 403],
    ["a quote", { text: "a", quote_tweet_id: "7" }, 403],
    ["a reply to what is not there", { text: "a", reply: { in_reply_to_tweet_id: "7" } }, 403],
  ])("with %s is refused", async (_what, body, status) => {
    const { access_token } = await signIn();
    const answer = await post(access_token, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("json");
    expect(answer.body.status).toBe(status);
    expect(await effects()).toEqual([]);
  });

  test("must come as JSON", async () => {
    const { access_token } = await signIn();
    const headers = { authorization: `Bearer ${access_token}` };
    const asForm = await send("POST", "/2/tweets", { headers, body: new URLSearchParams({ text: "a" }) });
    const broken = await send("POST", "/2/tweets", {
      headers: { ...headers, "content-type": "application/json" },
      body: '{"text":',
    });
    expect([asForm.status, broken.status]).toEqual([400, 400]);
  });

  test("needs more than the scope to write", async () => {
    for (const scope of ["tweet.write users.read", "tweet.read tweet.write", "tweet.read users.read"]) {
      const { access_token } = await signIn("adabell", scope);
      const answer = await post(access_token, { text: "a" });
      expect(answer.body).toMatchObject({
        status: 403,
        detail: "You are not permitted to perform this action.",
      });
    }
    expect(await effects()).toEqual([]);
  });

  test("may be answered by its author, and by others only when they were called in", async () => {
    const adas = await signIn("adabell");
    const chimes = await signIn("chimecafe");
    const first = await idOf(post(adas.access_token, { text: "First" }));
    const second = await idOf(reply(adas.access_token, first, "Second"));
    const refused = await reply(chimes.access_token, first, "Me too");
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toMatch(/^Reply to this conversation is not allowed/);
    const call = await idOf(post(adas.access_token, { text: "What do you say, @ChimeCafe?" }));
    expect((await reply(chimes.access_token, call, "Ding")).status).toBe(201);
    const fields = "tweet.fields=conversation_id,referenced_tweets,in_reply_to_user_id";
    const { body } = await api("GET", `/2/tweets/${second}?${fields}`, adas.access_token);
    expect(body.data).toMatchObject({
      conversation_id: first,
      referenced_tweets: [{ type: "replied_to", id: first }],
      in_reply_to_user_id: ada,
    });
  });

  test("is deleted by its author alone", async () => {
    const adas = await signIn("adabell");
    const chimes = await signIn("chimecafe");
    const id = await idOf(post(adas.access_token, { text: "Mine" }));
    expect((await api("DELETE", `/2/tweets/${id}`, chimes.access_token)).status).toBe(403);
    expect((await api("DELETE", "/2/tweets/7", adas.access_token)).status).toBe(404);
    expect((await api("DELETE", "/2/tweets/seven", adas.access_token)).status).toBe(400);
    expect(await effects()).toMatchObject([{ id, deleted: false }]);
  });
});

describe("the list", () => {
  test("comes newest first, in pages", async () => {
    const { access_token } = await signIn();
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.unshift(await idOf(post(access_token, { text: `Stroke ${n}` })));
    const first = await api("GET", `/2/users/${ada}/tweets?max_results=5`, access_token);
    const meta = first.body.meta as { next_token: string };
    expect(meta).toMatchObject({ result_count: 5, newest_id: ids[0], oldest_id: ids[4] });
    const rest = await list(access_token, `max_results=5&pagination_token=${meta.next_token}`);
    expect(rest.map(({ id }) => id)).toEqual(ids.slice(5));
    expect(await idsOf(access_token, `since_id=${ids[2]}`)).toEqual(ids.slice(0, 2));
  });

  test("can be cut by time and leave replies out", async () => {
    const { access_token } = await signIn();
    const first = await idOf(post(access_token, { text: "Early" }));
    const { now } = await control("clock", { advanceMs: 60_000 });
    const cut = new Date(Number(now)).toISOString();
    const second = await idOf(reply(access_token, first, "Late"));
    expect(await idsOf(access_token, `start_time=${cut}`)).toEqual([second]);
    expect(await idsOf(access_token, `end_time=${cut}`)).toEqual([first]);
    expect(await idsOf(access_token, "exclude=replies,retweets")).toEqual([first]);
  });

  test("may lag behind, when X is told to", async () => {
    const { access_token } = await signIn();
    await own({ listLagMs: 5_000 });
    const id = await idOf(post(access_token, { text: "Soon" }));
    expect(await idsOf(access_token)).toEqual([]);
    await control("clock", { advanceMs: 5_000 });
    expect(await idsOf(access_token)).toEqual([id]);
  });

  test.each([
    "max_results=4",
    "max_results=101",
    "limit=5",
    "tweet.fields=mood",
    "start_time=yesterday",
    "end_time=2026-13-01T00:00:00Z",
    "since_id=abc",
    "exclude=likes",
    "pagination_token=abc",
    "max_results=5&max_results=6",
  ])("refuses %s", async (query) => {
    const { access_token } = await signIn();
    const answer = await api("GET", `/2/users/${ada}/tweets?${query}`, access_token);
    expect([answer.status, problemOf(answer)]).toEqual([400, "invalid-request"]);
  });

  test("of nobody is a 200 with errors", async () => {
    const { access_token } = await signIn();
    const answer = await api("GET", "/2/users/7/tweets", access_token);
    expect([answer.status, answer.body.data]).toEqual([200, undefined]);
    expect(answer.body.errors).toHaveLength(1);
  });
});

describe("limits and trouble", () => {
  test("each person has a hundred posts in a quarter of an hour, told in Unix seconds", async () => {
    const { access_token } = await signIn();
    const first = await post(access_token, { text: "One" });
    expect(first.headers.get("x-rate-limit-limit")).toBe("100");
    expect(first.headers.get("x-rate-limit-remaining")).toBe("99");
    expect(first.headers.get("x-app-limit-24hour-remaining")).toBe("9999");
    const inSeconds = Number(first.headers.get("x-rate-limit-reset")) - Date.now() / 1_000;
    expect(inSeconds).toBeGreaterThan(800);
    expect(inSeconds).toBeLessThanOrEqual(902);
    await own({ createLimit: 2 });
    expect((await post(access_token, { text: "Two" })).status).toBe(201);
    const third = await post(access_token, { text: "Three" });
    expect([third.status, problemOf(third)]).toEqual([429, "rate-limit-exceeded"]);
    expect(third.headers.get("x-rate-limit-remaining")).toBe("0");
    const other = await signIn("chimecafe");
    expect((await post(other.access_token, { text: "Three" })).status).toBe(201);
    await control("clock", { advanceMs: 900_000 });
    expect((await post(access_token, { text: "Three" })).status).toBe(201);
  });

  test("the app and the account have their days", async () => {
    const { access_token } = await signIn();
    await own({ appCreateLimit: 1 });
    await post(access_token, { text: "One" });
    const over = await post(access_token, { text: "Two" });
    expect([over.status, over.headers.get("x-app-limit-24hour-remaining")]).toEqual([429, "0"]);
    await own({ appCreateLimit: 10, dailyPostLimit: 1 });
    const mine = await post(access_token, { text: "Two" });
    expect([mine.status, mine.headers.get("x-user-limit-24hour-remaining")]).toEqual([429, "0"]);
    expect(await effects()).toHaveLength(1);
  });

  test.each([
    ["unauthorized", 401, "about:blank"],
    ["credits", 402, "credits"],
    ["enrolment", 403, "client-forbidden"],
    ["authentication", 403, "unsupported-authentication"],
    ["usage_cap", 429, "usage-capped"],
  ])("%s is told as X tells it", async (trouble, status, type) => {
    const { access_token } = await signIn();
    await own({ trouble });
    const answer = await post(access_token, { text: "a" });
    expect([answer.status, problemOf(answer)]).toEqual([status, type]);
    expect(await effects()).toEqual([]);
  });

  test("a suspended person and a limit are also told in the old words", async () => {
    const { access_token } = await signIn();
    await own({ errorShape: "legacy", createLimit: 0 });
    expect((await post(access_token, { text: "a" })).body).toEqual({
      errors: [{ code: 88, message: "Rate limit exceeded" }],
    });
    await own({ createLimit: 100 });
    await control("settings", { platform: "twitter", people: { adabell: { suspended: true } } });
    expect((await post(access_token, { text: "a" })).body).toMatchObject({ errors: [{ code: 64 }] });
    await own({ errorShape: "problem" });
    expect(problemOf(await post(access_token, { text: "a" }))).toBe("user-suspended");
  });

  test("a lost answer leaves the post out, and a fault before it leaves nothing", async () => {
    const { access_token } = await signIn();
    await control("faults", {
      platform: "twitter",
      operation: "create_tweet",
      kind: "accept_then_reset",
      times: 1,
    });
    await expect(post(access_token, { text: "Out" })).rejects.toThrow();
    await control("faults", {
      platform: "twitter",
      operation: "create_tweet",
      kind: "status",
      status: 503,
      times: 1,
    });
    expect((await post(access_token, { text: "Not out" })).body).toMatchObject({ status: 503 });
    await control("faults", {
      platform: "twitter",
      operation: "create_tweet",
      kind: "rate_limit",
      retryAfterMs: 60_000,
      times: 1,
    });
    const limited = await post(access_token, { text: "Not out" });
    const inSeconds = Number(limited.headers.get("x-rate-limit-reset")) - Date.now() / 1_000;
    expect(limited.status).toBe(429);
    expect(Math.abs(inSeconds - 60)).toBeLessThan(5);
    expect(await effects()).toMatchObject([{ text: "Out" }]);
  });

  test("a refresh can fail by itself, in the token endpoint's own words", async () => {
    await control("faults", {
      platform: "twitter",
      operation: "refresh",
      kind: "status",
      status: 400,
      times: 1,
    });
    const { refresh_token } = await signIn();
    expect((await refresh(refresh_token)).body).toEqual(badToken);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  test("an unknown address is X's own 404", async () => {
    const { access_token } = await signIn();
    expect((await api("GET", "/2/moments", access_token)).body).toMatchObject({
      title: "Not Found",
      status: 404,
    });
  });
});

async function control(order: string, body: Body): Promise<Body> {
  const answer = await fetch(`${origin}/_sandbox/${order}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.ok, `${order}: ${answer.status}`).toBe(true);
  return (await answer.json()) as Body;
}

function own(knobs: Body): Promise<Body> {
  return control("settings", { platform: "twitter", own: knobs });
}

async function effects(): Promise<Body[]> {
  return (await (await fetch(`${origin}/_sandbox/effects?platform=twitter`)).json()) as Body[];
}

/** An authorize address with a fresh verifier; null takes a parameter away. */
function authorizeUrl(change: Record<string, string | null> = {}): { url: string; verifier: string } {
  const verifier = randomBytes(32).toString("base64url");
  const params: Record<string, string | null> = {
    response_type: "code",
    client_id: "sandbox-twitter",
    redirect_uri: redirectUri,
    scope: allScopes,
    state: "a-state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...change,
  };
  const url = new URL(`${origin}/x.com/i/oauth2/authorize`);
  for (const [name, value] of Object.entries(params)) if (value !== null) url.searchParams.set(name, value);
  return { url: url.href, verifier };
}

async function codeFor(person: string, change: Record<string, string | null>): Promise<string> {
  const { location } = await control("consent", { authorizeUrl: authorizeUrl(change).url, person });
  return codeIn(location);
}

function codeIn(location: unknown): string {
  return new URL(String(location)).searchParams.get("code") ?? "";
}

function codeForm(code: string, verifier: string): Record<string, string> {
  return { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
}

function exchange(code: string, verifier: string): Promise<Reply> {
  return tokenCall(codeForm(code, verifier));
}

function refresh(token: string | undefined): Promise<Reply> {
  return tokenCall({ grant_type: "refresh_token", refresh_token: token ?? "" });
}

function tokenCall(fields: Record<string, string>, authorization: string | null = basic): Promise<Reply> {
  return form("/2/oauth2/token", fields, authorization);
}

function form(
  path: string,
  fields: Record<string, string>,
  authorization: string | null = basic,
): Promise<Reply> {
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  return send("POST", path, { headers, body: new URLSearchParams(fields) });
}

async function signIn(person = "adabell", scope = allScopes): Promise<Tokens> {
  const { url, verifier } = authorizeUrl({ scope });
  const { location } = await control("consent", { authorizeUrl: url, person });
  const { body } = await exchange(codeIn(location), verifier);
  return body as Tokens;
}

function me(token: string, fields?: string): Promise<Reply> {
  return api("GET", `/2/users/me${fields === undefined ? "" : `?user.fields=${fields}`}`, token);
}

function post(token: string, body: Body): Promise<Reply> {
  return api("POST", "/2/tweets", token, body);
}

function reply(token: string, to: string, text: string): Promise<Reply> {
  return post(token, { text, reply: { in_reply_to_tweet_id: to } });
}

async function idOf(created: Promise<Reply>): Promise<string> {
  const { status, body } = await created;
  expect(status).toBe(201);
  return (body.data as { id: string }).id;
}

async function list(token: string, query = "max_results=100", user = ada): Promise<Body[]> {
  const { status, body } = await api("GET", `/2/users/${user}/tweets?${query}`, token);
  expect(status).toBe(200);
  return (body.data ?? []) as Body[];
}

async function idsOf(token: string, query?: string): Promise<unknown[]> {
  return (await list(token, query)).map(({ id }) => id);
}

function api(method: string, path: string, token: string | null, body?: Body): Promise<Reply> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  if (body === undefined) return send(method, path, { headers });
  const asJson = { ...headers, "content-type": "application/json" };
  return send(method, path, { headers: asJson, body: JSON.stringify(body) });
}

async function send(method: string, path: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(`${origin}/api.x.com${path}`, { method, ...init });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}

/** The last part of a problem's type. */
function problemOf({ body }: Reply): string | undefined {
  return String(body.type).split("/").at(-1);
}

function basicOf(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}
