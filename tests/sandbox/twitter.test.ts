/** The simulated X, knocked at over HTTP as a process of its own. Effects are counted where the world sees them. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { animation, picture, video } from "../support/media";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; body: Body };
type Link = { start: number; end: number; url: string; expanded_url: string };
type Tokens = { access_token: string; refresh_token?: string; scope: string; expires_in: number };

type Processing = { state: string; check_after_secs?: number; error?: { code: number; message: string } };

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
    ["a community", { text: "a", community_id: "7" }, 403],
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

describe("a picture", () => {
  test("goes up in one call, gets its alt text, and is in the post in its place", async () => {
    const { access_token } = await signIn();
    const files = [await picture("jpeg"), await picture("png", { width: 640, height: 480 })];
    const ids: string[] = [];
    for (const file of files) {
      const { status, body } = await upload(access_token, file);
      expect(status).toBe(200);
      expect(body.data).toMatchObject({ size: file.byteLength, expires_after_secs: 86_400 });
      ids.push((body.data as { id: string }).id);
    }
    const described = await describeMedia(access_token, ids[1] ?? "", "A small tower");
    expect([described.status, described.body.data]).toMatchObject([200, { id: ids[1] }]);
    const id = await idOf(post(access_token, { text: "Two towers", media: { media_ids: ids } }));
    expect(await effects()).toMatchObject([
      {
        id,
        text: "Two towers",
        media: [
          { sha256: sha256(files[0]), mime: "image/jpeg", alt: null },
          { sha256: sha256(files[1]), mime: "image/png", width: 640, height: 480, alt: "A small tower" },
        ],
        details: { reply_settings: "everyone", poll: null },
      },
    ]);
    const [found] = await list(access_token, "tweet.fields=attachments");
    expect(found).toMatchObject({
      id,
      text: "Two towers",
      attachments: { media_keys: [`3_${ids[0]}`, `3_${ids[1]}`] },
    });
  });

  test("also goes up as base64, and needs no words beside it", async () => {
    const { access_token } = await signIn();
    const file = await picture("webp", { width: 320, height: 200 });
    const { body } = await api("POST", "/2/media/upload", access_token, {
      media: file.toString("base64"),
      media_category: "tweet_image",
    });
    expect(body.data).toMatchObject({ image: { w: 320, h: 200, image_type: "image/webp" } });
    const id = (body.data as { id: string }).id;
    const withId = { media: { media_ids: [id] }, made_with_ai: true, reply_settings: "verified" };
    await idOf(post(access_token, withId));
    expect(await effects()).toMatchObject([
      {
        text: "",
        media: [{ sha256: sha256(file) }],
        details: { madeWithAi: true, reply_settings: "verified" },
      },
    ]);
  });

  test.each([
    ["no category", { media_category: null }],
    ["the category of a GIF", { media_category: "tweet_gif" }],
    ["the category of a video", { media_category: "tweet_video" }],
    ["a command of the previous protocol", { command: "INIT" }],
    ["an owner who is no id", { additional_owners: "adabell" }],
  ])("with %s is refused", async (_what, fields) => {
    const { access_token } = await signIn();
    expect((await upload(access_token, await picture("png"), fields)).status).toBe(400);
  });

  test("is refused when it is no picture, too big, empty, or sent otherwise", async () => {
    const { access_token } = await signIn();
    const refused = [
      await upload(access_token, await picture("tiff")),
      await upload(access_token, Buffer.from("a drawing of a bell")),
      await upload(access_token, Buffer.alloc(0)),
      await api("POST", "/2/media/upload", access_token, { media: "???", media_category: "tweet_image" }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    const png = await picture("png");
    const padded = Buffer.concat([png, Buffer.alloc(5_242_881 - png.byteLength)]);
    expect((await upload(access_token, padded)).status).toBe(400);
    expect((await upload(access_token, padded.subarray(0, -1))).status).toBe(200);
    await own({ maxImageBytes: 6_000_000 });
    expect((await upload(access_token, padded)).status).toBe(200);
  });

  test("needs media.write, and nothing less", async () => {
    const { access_token } = await signIn("adabell", "tweet.read tweet.write users.read");
    const answer = await upload(access_token, await picture("png"));
    expect(answer.body).toMatchObject({
      status: 403,
      detail: "You are not permitted to perform this action.",
    });
    const { access_token: only } = await signIn("adabell", "media.write");
    expect((await upload(only, await picture("png"))).status).toBe(200);
  });

  test("costs nothing when the credits are gone: it is refused, as the post is", async () => {
    const { access_token } = await signIn();
    await own({ trouble: "credits" });
    expect((await upload(access_token, await picture("png"))).body).toMatchObject({
      title: "CreditsDepleted",
    });
    const start = await initialize(access_token, { media_type: "video/mp4", total_bytes: 1_000 });
    expect([start.status, start.body.title]).toEqual([402, "CreditsDepleted"]);
  });

  test("has its own limits", async () => {
    const { access_token } = await signIn();
    const file = await picture("png");
    const first = await upload(access_token, file);
    expect(first.headers.get("x-rate-limit-limit")).toBe("500");
    expect(first.headers.get("x-rate-limit-remaining")).toBe("499");
    await own({ uploadLimit: 1 });
    expect((await upload(access_token, file)).status).toBe(429);
    await own({ uploadLimit: 500, appUploadLimit: 1 });
    expect((await upload(access_token, file)).status).toBe(429);
  });

  test.each([
    ["a thousand characters", "a".repeat(1_000), 200],
    ["one more", "a".repeat(1_001), 400],
    ["a thousand bells", "🔔".repeat(1_000), 200],
  ])("may have an alt text of %s: %s", async (_what, text, status) => {
    const { access_token } = await signIn();
    const id = mediaId(await upload(access_token, await picture("png")));
    expect((await describeMedia(access_token, id, text)).status).toBe(status);
  });

  test("is described by its owner alone, in X's own shape", async () => {
    const { access_token } = await signIn();
    const chimes = await signIn("chimecafe");
    const id = mediaId(await upload(access_token, await picture("png")));
    expect((await describeMedia(chimes.access_token, id, "Not mine")).status).toBe(400);
    for (const body of [
      { id, metadata: { alt_text: "bare" } },
      { id, metadata: { alt_text: { text: "a" }, mood: "b" } },
      { media_id: id, alt_text: { text: "a" } },
      { id: "7", metadata: { alt_text: { text: "a" } } },
    ]) {
      expect((await api("POST", "/2/media/metadata", access_token, body)).status).toBe(400);
    }
  });
});

describe("media in a post", () => {
  test("are one's own, ready, and not older than a day", async () => {
    const { access_token } = await signIn();
    const chimes = await signIn("chimecafe");
    const id = mediaId(await upload(access_token, await picture("png")));
    const shared = mediaId(
      await upload(access_token, await picture("png"), { additional_owners: "1846023975518208002" }),
    );
    const attempt = (token: string, one: string) => post(token, { text: one, media: { media_ids: [one] } });
    const foreign = await attempt(chimes.access_token, id);
    expect([foreign.status, problemOf(foreign)]).toEqual([400, "invalid-request"]);
    expect((await attempt(chimes.access_token, shared)).status).toBe(201);
    await own({ processingMs: 60_000 });
    const film = await uploadInSegments(access_token, await smallVideo());
    expect((await attempt(access_token, film)).status).toBe(400);
    await control("clock", { advanceMs: 60_000 });
    expect((await attempt(access_token, film)).status).toBe(201);
    await control("clock", { advanceMs: 86_400_000 - 60_000 });
    const { access_token: later } = await signIn();
    expect((await attempt(later, id)).status).toBe(400);
    expect(await effects()).toHaveLength(2);
  });

  test("are up to four photos, or one GIF, or one video", async () => {
    const { access_token } = await signIn();
    await own({ processingMs: 0 });
    const photos: string[] = [];
    for (let n = 0; n < 5; n += 1) photos.push(mediaId(await upload(access_token, await picture("png"))));
    const gif = await uploadInSegments(access_token, await animation(), {
      media_type: "image/gif",
      media_category: "tweet_gif",
    });
    const movingPhoto = mediaId(await upload(access_token, await animation()));
    const film = await uploadInSegments(access_token, await smallVideo());
    const [first = ""] = photos;
    const attempt = (...media_ids: string[]) => post(access_token, { media: { media_ids } });
    const five = await attempt(...photos);
    expect(five.status).toBe(400);
    expect(JSON.stringify(five.body)).toContain("maximum of 4 items");
    const refused = [
      await attempt(),
      await attempt(first, gif),
      await attempt(gif, movingPhoto),
      await attempt(film, first),
      await attempt(film, film),
    ];
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect(await effects()).toEqual([]);
    const taken = [await attempt(...photos.slice(0, 4)), await attempt(gif), await attempt(film)];
    expect(taken.map(({ status }) => status)).toEqual([201, 201, 201]);
    const media = (await effects()).map((one) => (one.media as Body[]).map(({ mime }) => mime));
    expect(media).toEqual([
      ["image/png", "image/png", "image/png", "image/png"],
      ["image/gif"],
      ["video/mp4"],
    ]);
  });

  test.each([
    ["ids that are numbers", { media_ids: [7] }],
    ["a field X does not know", { media_ids: ["7"], alt: "a" }],
    ["eleven people tagged", { media_ids: ["7"], tagged_user_ids: Array.from({ length: 11 }, () => "7") }],
    ["a list alone", ["7"]],
  ])("are refused as %s", async (_what, media) => {
    const { access_token } = await signIn();
    expect((await post(access_token, { text: "a", media })).status).toBe(400);
  });

  test("make the same words another post, and the same files the same", async () => {
    const { access_token } = await signIn();
    const attempt = async (file: Buffer) =>
      (
        await post(access_token, {
          text: "Look",
          media: { media_ids: [mediaId(await upload(access_token, file))] },
        })
      ).status;
    const [one, other] = [await picture("png"), await picture("jpeg")];
    expect([await attempt(one), await attempt(other), await attempt(one)]).toEqual([201, 201, 403]);
  });

  test("show as a link at the end of the text, when X is told to", async () => {
    const { access_token } = await signIn();
    await own({ mediaLinkInText: true });
    const id = mediaId(await upload(access_token, await picture("png")));
    await post(access_token, { text: "Look", media: { media_ids: [id] } });
    const [found] = await list(access_token, "tweet.fields=entities");
    expect(found?.text).toMatch(/^Look https:\/\/t\.co\/\w{10}$/);
    expect(JSON.stringify(found?.entities)).toContain("/photo/1");
  });
});

describe("an upload in segments", () => {
  test("is announced, appended in order, finalized, and looked at until it succeeded", async () => {
    const { access_token } = await signIn();
    const film = await smallVideo();
    const type = { media_type: "video/mp4", media_category: "tweet_video" };
    const begun = await initialize(access_token, { ...type, total_bytes: film.byteLength });
    expect(begun.body.data).toMatchObject({
      expires_after_secs: 86_400,
      media_key: expect.stringMatching(/^7_/),
    });
    const id = mediaId(begun);
    const half = Math.ceil(film.byteLength / 2);
    expect((await append(access_token, id, 1, film.subarray(half))).status).toBe(400);
    const first = await append(access_token, id, 0, film.subarray(0, half));
    const { expires_at } = first.body.data as { expires_at: number };
    expect(Math.abs(expires_at - Date.now() / 1_000 - 86_400)).toBeLessThan(10);
    expect((await finalize(access_token, id)).status).toBe(400);
    expect((await statusOf(access_token, id)).status).toBe(400);
    expect((await append(access_token, id, 1, film.subarray(half))).status).toBe(200);
    // A segment that is sent twice is one segment.
    expect((await append(access_token, id, 1, film.subarray(half))).status).toBe(200);
    expect((await append(access_token, id, 2, film.subarray(0, 1))).status).toBe(400);
    expect(processingOf(await finalize(access_token, id))).toMatchObject({
      state: "pending",
      check_after_secs: 1,
    });
    await waitUntil(
      async () => (processingOf(await statusOf(access_token, id))?.state === "succeeded" ? true : null),
      { withinMs: 30_000, otherwise: "The video was never ready." },
    );
    expect(processingOf(await finalize(access_token, id))?.state).toBe("succeeded");
    expect((await append(access_token, id, 2, film)).status).toBe(400);
    expect((await describeMedia(access_token, id, "A film")).status).toBe(400);
    await own({ videoAltText: true });
    expect((await describeMedia(access_token, id, "A film")).status).toBe(200);
    await idOf(post(access_token, { text: "Watch", media: { media_ids: [id] } }));
    expect(await effects()).toMatchObject([
      { media: [{ sha256: sha256(film), mime: "video/mp4", durationMs: 5_000, alt: "A film" }] },
    ]);
  });

  test("is only its owner's to go on with", async () => {
    const { access_token } = await signIn();
    const chimes = await signIn("chimecafe");
    const id = mediaId(await initialize(access_token, { media_type: "video/mp4", total_bytes: 3 }));
    const answers = [
      await append(chimes.access_token, id, 0, Buffer.from("abc")),
      await finalize(chimes.access_token, id),
      await append(access_token, "7", 0, Buffer.from("abc")),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    await control("clock", { advanceMs: 86_400_000 });
    const { access_token: later } = await signIn();
    expect((await append(later, id, 0, Buffer.from("abc"))).status).toBe(400);
  });

  test("tells how long to wait, and what went wrong", async () => {
    const { access_token } = await signIn();
    await own({ processingMs: 10_000 });
    const id = await uploadInSegments(access_token, await smallVideo());
    expect(processingOf(await statusOf(access_token, id))).toMatchObject({
      state: "in_progress",
      check_after_secs: 10,
    });
    await own({ processingMs: 0, processingError: "Something broke" });
    const broken = await uploadInSegments(access_token, await smallVideo());
    expect(processingOf(await statusOf(access_token, broken))).toMatchObject({
      state: "failed",
      error: { message: "Something broke" },
    });
    expect((await post(access_token, { text: "a", media: { media_ids: [broken] } })).status).toBe(400);
  });

  test("of more than 8 MB at a time is a 413 without a word, or of less where X is in that mood", async () => {
    const { access_token } = await signIn();
    const size = 8_388_608;
    const id = mediaId(await initialize(access_token, { media_type: "video/mp4", total_bytes: 2 * size }));
    const over = await appendRaw(access_token, id, 0, Buffer.alloc(size + 1));
    expect([over.status, await over.text()]).toEqual([413, ""]);
    expect((await append(access_token, id, 0, Buffer.alloc(size))).status).toBe(200);
    await own({ maxChunkBytes: 1_048_576 });
    const lower = await appendRaw(access_token, id, 1, Buffer.alloc(1_048_577));
    expect([lower.status, await lower.text()]).toEqual([413, ""]);
  });

  test.each([
    ["a type X does not know", { media_type: "video/x-msvideo" }],
    ["no type", { media_type: undefined }],
    ["a size in words", { total_bytes: "1000" }],
    ["no size", { total_bytes: undefined }],
    ["more than 16 GB", { total_bytes: 17_179_869_185 }],
    ["more than 512 MB for those who do not pay", { total_bytes: 536_870_913 }],
    ["an unknown category", { media_category: "tweet_film" }],
    ["a video as a picture", { media_category: "tweet_image" }],
    [
      "a GIF of more than 15 MB",
      { media_type: "image/gif", media_category: "tweet_gif", total_bytes: 15_728_641 },
    ],
    ["a field X does not know", { command: "INIT" }],
  ])("with %s is refused", async (_what, fields) => {
    const { access_token } = await signIn();
    const usual = { media_type: "video/mp4", total_bytes: 1_000, media_category: "tweet_video" };
    expect((await initialize(access_token, { ...usual, ...fields })).status).toBe(400);
  });

  test("takes segments as forms only, with both fields", async () => {
    const { access_token } = await signIn();
    const id = mediaId(await initialize(access_token, { media_type: "video/mp4", total_bytes: 3 }));
    const asJson = await api("POST", `/2/media/upload/${id}/append`, access_token, {
      segment_index: 0,
      media: "YWJj",
    });
    expect(asJson.status).toBe(400);
    for (const index of ["", "-1", "1000", "one"]) {
      expect((await append(access_token, id, index, Buffer.from("abc"))).status).toBe(400);
    }
    expect((await append(access_token, id, 0, Buffer.from("abcd"))).status).toBe(400);
  });

  test.each([
    ["half a second", { seconds: 0.5 }, "succeeded"],
    ["20 minutes", { seconds: 1_200 }, "succeeded"],
    ["20 minutes and a second", { seconds: 1_201 }, "failed"],
    ["1024 × 1280", { width: 1_024, height: 1_280 }, "succeeded"],
    ["1080 × 1280", { width: 1_080, height: 1_280 }, "failed"],
    ["1282 × 720", { width: 1_282, height: 720 }, "failed"],
    ["30 × 64", { width: 30, height: 64 }, "failed"],
    ["1 : 3", { width: 400, height: 1_200 }, "succeeded"],
    ["more than 1 : 3", { width: 390, height: 1_200 }, "failed"],
  ])("a video of %s has %o and %s", async (_what, shape, state) => {
    const { access_token } = await signIn();
    const film = await video({ seconds: 1, width: 720, height: 1_280, ...shape });
    const id = await uploadInSegments(access_token, film);
    await control("clock", { advanceMs: 1_000 });
    expect(processingOf(await statusOf(access_token, id))?.state).toBe(state);
  });

  test("a GIF must be one, small enough and of at most 350 pictures", async () => {
    const { access_token } = await signIn();
    await own({ processingMs: 1 });
    const gif = { media_type: "image/gif", media_category: "tweet_gif" };
    const states: unknown[] = [];
    for (const file of [
      await animation({ width: 16, height: 16, frames: 350 }),
      await animation({ width: 16, height: 16, frames: 351 }),
      await animation({ width: 1_281, height: 20 }),
      await picture("png"),
    ]) {
      const id = await uploadInSegments(access_token, file, gif);
      await control("clock", { advanceMs: 10 });
      states.push(processingOf(await statusOf(access_token, id))?.state);
    }
    expect(states).toEqual(["succeeded", "failed", "failed", "failed"]);
  });

  test("a picture in segments is ready at once", async () => {
    const { access_token } = await signIn();
    const id = await uploadInSegments(access_token, await picture("png"), {
      media_type: "image/png",
      media_category: "tweet_image",
    });
    expect(processingOf(await statusOf(access_token, id))).toBeUndefined();
    expect((await post(access_token, { media: { media_ids: [id] } })).status).toBe(201);
  });

  test("a long video is uploaded by all, and posted by those who pay", async () => {
    const adas = await signIn("adabell");
    const chimes = await signIn("chimecafe");
    await own({ processingMs: 0 });
    const film = await video({ seconds: 141, width: 640, height: 360 });
    const attempt = async (token: string) =>
      post(token, { media: { media_ids: [await uploadInSegments(token, film)] } });
    const refused = await attempt(adas.access_token);
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toBe("This user is not allowed to post a video longer than 2 minutes");
    expect((await attempt(chimes.access_token)).status).toBe(201);
    const enough = await video({ seconds: 140, width: 640, height: 360 });
    const id = await uploadInSegments(adas.access_token, enough);
    expect((await post(adas.access_token, { media: { media_ids: [id] } })).status).toBe(201);
  });

  test("a status is asked for with its command and the id", async () => {
    const { access_token } = await signIn();
    const id = mediaId(await upload(access_token, await picture("png")));
    for (const query of [
      `media_id=${id}`,
      `command=INIT&media_id=${id}`,
      "command=STATUS",
      `command=STATUS&id=${id}`,
    ]) {
      expect((await api("GET", `/2/media/upload?${query}`, access_token)).status).toBe(400);
    }
    expect((await api("GET", `/2/media/${id}`, access_token)).status).toBe(404);
  });
});

describe("a poll", () => {
  const poll = { options: ["Tenor", "Treble"], duration_minutes: 1_440 };

  test("goes out with the text, and can be read as an attachment", async () => {
    const { access_token } = await signIn();
    const id = await idOf(post(access_token, { text: "Which?", poll, reply_settings: "following" }));
    expect(await effects()).toMatchObject([
      { id, media: [], details: { poll, reply_settings: "following", replySettings: "following" } },
    ]);
    const [found] = await list(access_token, "tweet.fields=attachments");
    expect(found?.attachments).toEqual({ poll_ids: [expect.stringMatching(/^\d{19}$/)] });
  });

  test.each([
    ["four options of 25 characters", { options: ["🔔".repeat(25), "b".repeat(25), "c", "d"] }, 201],
    ["five minutes", { duration_minutes: 5 }, 201],
    ["seven days", { duration_minutes: 10_080 }, 201],
    ["one option", { options: ["a"] }, 400],
    ["five options", { options: ["a", "b", "c", "d", "e"] }, 400],
    ["an option of 26 characters", { options: ["a".repeat(26), "b"] }, 400],
    ["an empty option", { options: ["", "b"] }, 400],
    ["four minutes", { duration_minutes: 4 }, 400],
    ["a minute more than seven days", { duration_minutes: 10_081 }, 400],
    ["half a minute", { duration_minutes: 5.5 }, 400],
    ["no duration", { duration_minutes: undefined }, 400],
    ["a field X does not know", { colour: "red" }, 400],
  ])("with %s is answered as X would", async (_what, change, status) => {
    const { access_token } = await signIn();
    expect((await post(access_token, { text: "Which?", poll: { ...poll, ...change } })).status).toBe(status);
    expect(await effects()).toHaveLength(status === 201 ? 1 : 0);
  });

  test("needs words, and no media beside it", async () => {
    const { access_token } = await signIn();
    expect((await post(access_token, { poll })).status).toBe(400);
    const id = mediaId(await upload(access_token, await picture("png")));
    expect((await post(access_token, { text: "Which?", poll, media: { media_ids: [id] } })).status).toBe(400);
    expect(await effects()).toEqual([]);
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

/** A form with a file and fields; null takes a field away. */
function formOf(file: Buffer, fields: Record<string, string | null>): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== null) body.set(name, value);
  body.set("media", new Blob([new Uint8Array(file)]), "file");
  return body;
}

function upload(token: string, file: Buffer, fields: Record<string, string | null> = {}): Promise<Reply> {
  const body = formOf(file, { media_category: "tweet_image", ...fields });
  return send("POST", "/2/media/upload", { headers: { authorization: `Bearer ${token}` }, body });
}

function initialize(token: string, fields: Body): Promise<Reply> {
  return api("POST", "/2/media/upload/initialize", token, fields);
}

function appendRaw(token: string, id: string, index: number | string, piece: Buffer): Promise<Response> {
  return fetch(`${origin}/api.x.com/2/media/upload/${id}/append`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: formOf(piece, { segment_index: String(index) }),
  });
}

async function append(token: string, id: string, index: number | string, piece: Buffer): Promise<Reply> {
  const answer = await appendRaw(token, id, index, piece);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}

function finalize(token: string, id: string): Promise<Reply> {
  return api("POST", `/2/media/upload/${id}/finalize`, token);
}

function statusOf(token: string, id: string): Promise<Reply> {
  return api("GET", `/2/media/upload?command=STATUS&media_id=${id}`, token);
}

/** The id of a whole upload in two segments. */
async function uploadInSegments(
  token: string,
  file: Buffer,
  type: Body = { media_type: "video/mp4", media_category: "tweet_video" },
): Promise<string> {
  const id = mediaId(await initialize(token, { ...type, total_bytes: file.byteLength }));
  const half = Math.ceil(file.byteLength / 2);
  for (const [index, piece] of [file.subarray(0, half), file.subarray(half)].entries()) {
    expect((await append(token, id, index, piece)).status).toBe(200);
  }
  expect((await finalize(token, id)).status).toBe(200);
  return id;
}

function describeMedia(token: string, id: string, text: string): Promise<Reply> {
  return api("POST", "/2/media/metadata", token, { id, metadata: { alt_text: { text } } });
}

function mediaId({ status, body }: Reply): string {
  expect(status).toBe(200);
  return (body.data as { id: string }).id;
}

function processingOf({ body }: Reply): Processing | undefined {
  return (body.data as { processing_info?: Processing }).processing_info;
}

function smallVideo(): Promise<Buffer> {
  return video({ seconds: 5, width: 720, height: 1_280 });
}

function sha256(file: Buffer | undefined): string {
  return createHash("sha256")
    .update(file ?? "")
    .digest("hex");
}

/** The last part of a problem's type. */
function problemOf({ body }: Reply): string | undefined {
  return String(body.type).split("/").at(-1);
}

function basicOf(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}
