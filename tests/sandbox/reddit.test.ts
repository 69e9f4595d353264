/** The simulated Reddit, knocked at over HTTP as a process of its own. Effects are counted where the world sees them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; body: Body };
type Fields = Record<string, string>;
type Tokens = { access_token: string; refresh_token?: string; scope: string; expires_in: number };
type Listed = { kind: string; data: Body };

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/reddit/callback`;
const agent = "web:carillon-tests:1.0 (by /u/adabell)";
const basic = basicOf("sandbox-reddit", "CNRY_secret_reddit");
const allScopes = "identity submit read flair edit history";
const hello = { sr: "bells", kind: "self", title: "Hello", text: "Ding dong" };
const aLink = { sr: "bells", kind: "link", title: "Look", url: "https://carillon.example/bells?a=1&b=2" };

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ appOrigin });
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.reset());

describe("consent", () => {
  test("shows a page with the people and the scopes, and comes back with code and state", async () => {
    const url = authorizeUrl();
    const page = await fetch(url);
    const markup = await page.text();
    expect(page.status).toBe(200);
    expect(markup).toContain("Ada Bell");
    expect(markup).toContain("submit");
    expect(markup).not.toContain('type="checkbox"');
    const body = new URLSearchParams({ person: "adabell", decision: "allow" });
    const back = await fetch(url, { method: "POST", body, redirect: "manual" });
    const location = new URL(back.headers.get("location") ?? "");
    expect(`${location.origin}${location.pathname}`).toBe(redirectUri);
    expect(location.searchParams.get("state")).toBe("a-state");
    expect(location.searchParams.get("code")).toMatch(/^CNRY_code_/);
  });

  test("is all or nothing", async () => {
    const back = await sandbox.consent({ authorizeUrl: authorizeUrl(), scopes: ["read"] });
    expect((await exchange(codeIn(back))).body["scope"]).toBe(allScopes);
  });

  test("that is denied comes back with access_denied, or with the error that was ordered", async () => {
    const deny = { authorizeUrl: authorizeUrl(), decision: "deny" } as const;
    const denied = await sandbox.consent(deny);
    expect(Object.fromEntries(denied.searchParams)).toEqual({ error: "access_denied", state: "a-state" });
    await own({ consentError: "invalid_scope" });
    const broken = await sandbox.consent({ authorizeUrl: authorizeUrl() });
    expect(Object.fromEntries(broken.searchParams)).toEqual({ error: "invalid_scope", state: "a-state" });
  });

  test.each([
    ["another client", { client_id: "someone-else" }],
    ["one more slash", { redirect_uri: `${redirectUri}/` }],
    ["response_type=token", { response_type: "token" }],
    ["no state", { state: null }],
    ["a state that is not ASCII", { state: "zustand-ü" }],
    ["a duration that does not exist", { duration: "forever" }],
    ["commas between the scopes", { scope: "identity,submit" }],
    ["a scope that does not exist", { scope: "identity everything" }],
    ["no scope", { scope: null }],
    ["a PKCE challenge", { code_challenge: "c".repeat(43), code_challenge_method: "S256" }],
  ])("refuses %s with a page, never with a redirect", async (_what, change) => {
    const page = await fetch(authorizeUrl(change), { redirect: "manual" });
    expect(page.status).toBe(400);
    expect(page.headers.get("location")).toBeNull();
  });
});

describe("the code", () => {
  test("buys a day of access and a refresh token, with the scopes named", async () => {
    const answer = await exchange(await aCode());
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ token_type: "bearer", expires_in: 86_400, scope: allScopes });
    expect(answer.body["access_token"]).toMatch(/^CNRY_access_/);
    expect(answer.body["refresh_token"]).toMatch(/^CNRY_refresh_/);
  });

  test.each([["temporary"], [null]])("buys no refresh token with duration %s", async (duration) => {
    const answer = await exchange(await aCode({ duration }));
    expect(answer.body).not.toHaveProperty("refresh_token");
    expect(answer.body["access_token"]).toMatch(/^CNRY_access_/);
  });

  test("works once, and is refused inside a 200", async () => {
    const code = await aCode();
    await exchange(code);
    const again = await exchange(code);
    expect([again.status, again.body]).toEqual([200, { error: "invalid_grant" }]);
    await own({ tokenErrorStatus: 400 });
    expect((await exchange(code)).status).toBe(400);
  });

  test("lives for ten minutes", async () => {
    const inTime = await aCode();
    const late = await aCode();
    await sandbox.advanceClock(590_000);
    expect((await exchange(inTime)).body).toHaveProperty("access_token");
    await sandbox.advanceClock(10_000);
    expect((await exchange(late)).body).toEqual({ error: "invalid_grant" });
  });

  test.each([
    ["another redirect URI", { redirect_uri: appOrigin }, "invalid_grant"],
    ["an invented code", { code: "invented" }, "invalid_grant"],
    ["no code", { code: "" }, "NO_TEXT"],
    ["no redirect URI", { redirect_uri: "" }, "invalid_request"],
    ["a verifier", { code_verifier: "v".repeat(43) }, "invalid_request"],
    ["the secret in the form", { client_secret: "CNRY_secret_reddit" }, "invalid_request"],
    ["another grant type", { grant_type: "password" }, "unsupported_grant_type"],
  ])("is worth nothing with %s, and not lost by it", async (_what, change, error) => {
    const code = await aCode();
    expect((await tokenCall({ ...codeForm(code), ...change })).body).toEqual({ error });
    expect((await exchange(code)).body).toHaveProperty("access_token");
  });

  test.each([
    ["nobody", null],
    ["a wrong secret", basicOf("sandbox-reddit", "guess")],
    ["percent-encoded credentials", basicOf("sandbox%2Dreddit", "CNRY%5Fsecret%5Freddit")],
  ])("is not sold to %s", async (_what, authorization) => {
    const answer = await tokenCall(codeForm(await aCode()), { authorization });
    expect([answer.status, answer.body]).toEqual([401, { message: "Unauthorized", error: 401 }]);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Basic /);
  });

  test("must come in a form: JSON is refused", async () => {
    const answer = await send("POST", "www.reddit.com/api/v1/access_token", {
      headers: { authorization: basic, "user-agent": agent, "content-type": "application/json" },
      body: JSON.stringify(codeForm(await aCode())),
    });
    expect(answer.body).toEqual({ error: "invalid_request" });
  });
});

describe("a refresh", () => {
  test("gives another access token and the same refresh token, or none", async () => {
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    expect(second.body["refresh_token"]).toBe(first.refresh_token);
    expect(second.body["access_token"]).not.toBe(first.access_token);
    await own({ returnRefreshToken: false });
    const third = await refresh(first.refresh_token);
    expect(third.body).not.toHaveProperty("refresh_token");
    expect((await me(String(third.body["access_token"]))).status).toBe(200);
  });

  test("rotates when Reddit is in that mood, and then says so", async () => {
    await sandbox.settings({ platform: "reddit", rotation: "always", own: { returnRefreshToken: false } });
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    expect(second.body["refresh_token"]).toMatch(/^CNRY_refresh_/);
    expect(second.body["refresh_token"]).not.toBe(first.refresh_token);
    expect((await refresh(first.refresh_token)).status).toBe(400);
    expect((await refresh(String(second.body["refresh_token"]))).status).toBe(200);
  });

  test("outlives every access token", async () => {
    const first = await signIn();
    await sandbox.advanceClock(86_400_000);
    expect((await me(first.access_token)).status).toBe(401);
    await sandbox.advanceClock(5 * 365 * 86_400_000);
    const later = await refresh(first.refresh_token);
    expect((await me(String(later.body["access_token"]))).status).toBe(200);
  });

  test("of an ended grant is refused in either wording", async () => {
    const { refresh_token } = await signIn();
    await sandbox.expire({ platform: "reddit", kind: "grant" });
    const answer = await refresh(refresh_token);
    expect([answer.status, answer.body]).toEqual([400, { message: "Bad Request", error: 400 }]);
    await own({ deadRefresh: "invalid_grant" });
    const other = await refresh(refresh_token);
    expect([other.status, other.body]).toEqual([200, { error: "invalid_grant" }]);
  });

  test("can have a shorter life, told in the answer", async () => {
    await own({ accessLifeSeconds: 3_600 });
    const { access_token, expires_in } = await signIn();
    expect(expires_in).toBe(3_600);
    await sandbox.advanceClock(3_600_000);
    expect((await me(access_token)).status).toBe(401);
  });
});

describe("revoking", () => {
  test("a refresh token ends its access tokens, too", async () => {
    const { access_token, refresh_token } = await signIn();
    const answer = await revoke({ token: refresh_token ?? "", token_type_hint: "refresh_token" });
    expect(answer.status).toBe(204);
    expect((await me(access_token)).status).toBe(401);
    expect((await refresh(refresh_token)).status).toBe(400);
  });

  test("an access token ends that one alone, also with the wrong hint", async () => {
    const { access_token, refresh_token } = await signIn();
    expect((await revoke({ token: access_token, token_type_hint: "refresh_token" })).status).toBe(204);
    expect((await me(access_token)).status).toBe(401);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  test("something unknown is 204 as well, but nothing at all is not", async () => {
    expect((await revoke({ token: "unknown" })).status).toBe(204);
    expect((await revoke({})).status).toBe(400);
    expect((await revoke({ token: "unknown", token_type_hint: "cookie" })).status).toBe(400);
  });

  test("needs the client's proof", async () => {
    const { access_token } = await signIn();
    expect((await revoke({ token: access_token }, null)).status).toBe(401);
    expect((await me(access_token)).status).toBe(200);
  });
});

describe("the door", () => {
  test.each([
    ["none", ""],
    ["a library's", "node"],
    ["a browser's", "Mozilla/5.0 (X11; Linux x86_64)"],
    ["one without a name behind it", "web:carillon-tests:1.0"],
  ])("is shut for a User-Agent that is %s, at both hosts", async (_what, userAgent) => {
    const { access_token } = await signIn();
    const refused = { message: "Too Many Requests", error: 429 };
    const atApi = await api("GET", "/api/v1/me", access_token, undefined, userAgent);
    expect([atApi.status, atApi.body]).toEqual([429, refused]);
    const atSite = await tokenCall(codeForm(await aCode()), { userAgent });
    expect([atSite.status, atSite.body]).toEqual([429, refused]);
    await own({ agentRefusal: 403 });
    expect((await api("GET", "/api/v1/me", access_token, undefined, userAgent)).status).toBe(403);
  });

  test("says who one is", async () => {
    const { access_token } = await signIn("chimecafe");
    const { status, body } = await me(access_token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: "chimecafe", id: "2c9hm3caf8", is_suspended: false });
    expect(body["icon_img"]).toContain("&amp;");
    const picture = await fetch(String(body["icon_img"]).split("?")[0] ?? "");
    expect(picture.headers.get("content-type")).toBe("image/svg+xml");
  });

  test("is shut for an unknown or missing token, and says how to ask", async () => {
    for (const token of ["unknown", null]) {
      const answer = await api("GET", "/api/v1/me", token);
      expect([answer.status, answer.body]).toEqual([401, { message: "Unauthorized", error: 401 }]);
      expect(answer.headers.get("www-authenticate")).toContain("invalid_token");
    }
  });

  test.each([
    ["GET", "/api/v1/me", "identity"],
    ["GET", "/r/bells/about", "read"],
    ["GET", "/r/bells/about/rules", "read"],
    ["GET", "/api/v1/bells/post_requirements", "submit"],
    ["GET", "/r/changeringing/api/link_flair_v2", "flair"],
    ["GET", "/user/adabell/submitted", "history"],
    ["GET", "/api/info?id=t3_a", "read"],
    ["POST", "/api/submit", "submit"],
    ["POST", "/api/del", "edit"],
    ["POST", "/api/comment", "submit"],
  ])("%s %s opens with the scope %s and no other", async (method, path, scope) => {
    const others = allScopes.split(" ").filter((one) => one !== scope);
    const without = await signIn("adabell", others.join(" "));
    const refused = await api(method, path, without.access_token);
    expect([refused.status, refused.body]).toEqual([403, { message: "Forbidden", error: 403 }]);
    expect(refused.headers.get("www-authenticate")).toContain("insufficient_scope");
    const { access_token } = await signIn("adabell", scope);
    expect([200, 400]).toContain((await api(method, path, access_token)).status);
  });

  test("counts requests in a window of ten minutes, and says what is left", async () => {
    await own({ windowLimit: 2 });
    const { access_token } = await signIn();
    const first = await me(access_token);
    expect(first.headers.get("x-ratelimit-used")).toBe("1");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("1.0");
    expect(Number(first.headers.get("x-ratelimit-reset"))).toBeGreaterThan(590);
    await sandbox.advanceClock(300_000);
    await me(access_token);
    const over = await me(access_token);
    expect([over.status, over.headers.get("x-ratelimit-remaining")]).toEqual([429, "0.0"]);
    // Seconds that are left, not a time.
    expect(Number(over.headers.get("x-ratelimit-reset"))).toBeLessThanOrEqual(300);
    await sandbox.advanceClock(300_000);
    expect((await me(access_token)).status).toBe(200);
  });

  test("asks for a person when it is told to", async () => {
    const { access_token } = await signIn();
    await own({ trouble: "user_required" });
    const answer = await submit(access_token, hello);
    expect([answer.status, answer.body["reason"]]).toEqual([403, "USER_REQUIRED"]);
  });

  test("does not take parameters it does not know, nor any twice", async () => {
    const { access_token } = await signIn();
    expect((await api("GET", "/api/v1/me?fields=id", access_token)).status).toBe(400);
    expect((await api("GET", "/user/adabell/submitted?limit=5&limit=6", access_token)).status).toBe(400);
    expect((await api("GET", "/nowhere", access_token)).body).toEqual({ message: "Not Found", error: 404 });
  });
});

describe("communities", () => {
  test("tell what they take", async () => {
    const { access_token } = await signIn();
    const about = async (sr: string) => (await api("GET", `/r/${sr}/about`, access_token)).body["data"];
    expect(await about("bells")).toMatchObject({ submission_type: "any", link_flair_enabled: false });
    expect(await about("RINGERS")).toMatchObject({ display_name: "ringers", submission_type: "self" });
    expect(await about("bellnews")).toMatchObject({ submission_type: "link", subreddit_type: "public" });
    expect(await about("changeringing")).toMatchObject({ link_flair_enabled: true, allow_images: false });
    expect(await about("carillonneurs")).toMatchObject({ restrict_posting: true });
    expect(await about("u_adabell")).toMatchObject({ subreddit_type: "user" });
    expect((await api("GET", "/r/nowhere/about", access_token)).status).toBe(404);
    const closed = await api("GET", "/r/belfry/about", access_token);
    expect([closed.status, closed.body["reason"]]).toEqual([403, "private"]);
  });

  test("know who is banned and who may come in", async () => {
    const { access_token } = await signIn("chimecafe");
    const ringers = await api("GET", "/r/ringers/about", access_token);
    expect(ringers.body["data"]).toMatchObject({ user_is_banned: true });
    expect((await api("GET", "/r/belfry/about", access_token)).status).toBe(200);
  });

  test("have rules, requirements and flairs", async () => {
    const { access_token } = await signIn();
    const { body } = await api("GET", "/r/ringers/about/rules", access_token);
    expect(body["rules"]).toMatchObject([{ short_name: "Words only", kind: "all" }]);
    const wanted = await api("GET", "/api/v1/towerlog/post_requirements?raw_json=1", access_token);
    expect(wanted.body).toMatchObject({ title_text_min_length: 15, body_restriction_policy: "required" });
    const flairs = await api("GET", "/r/changeringing/api/link_flair_v2", access_token);
    expect(flairs.body).toMatchObject([
      { text: "Question", text_editable: false },
      { text: "Performance", text_editable: true },
      { text: "Announcement", mod_only: true },
    ]);
    expect((await api("GET", "/r/bells/api/link_flair_v2", access_token)).status).toBe(403);
  });
});

describe("a submit", () => {
  test("of kind self is out, byte for byte, with id, name and address", async () => {
    const { access_token } = await signIn();
    const text = 'Ding 🔔 👩‍👩‍👧‍👦 שלום & <b> "quoted" \\ 你好';
    const { status, body } = await submit(access_token, { ...hello, text, spoiler: "true" });
    const { data } = body["json"] as { data: Fields };
    expect(status).toBe(200);
    expect(body).toMatchObject({ json: { errors: [] } });
    expect(data["name"]).toBe(`t3_${data["id"]}`);
    expect(await sandbox.effects("reddit")).toMatchObject([
      {
        id: data["id"],
        author: "adabell",
        text,
        link: null,
        details: { title: "Hello", subreddit: "bells", spoiler: true, over_18: false },
      },
    ]);
    const page = await fetch(data["url"] ?? "");
    expect(await page.text()).toContain("שלום");
  });

  test.each([
    ["/r/bells/comments/ID"],
    ["/r/bells/comments/ID/"],
    ["/r/bells/comments/ID/hello/"],
    ["/user/adabell/comments/ID/hello"],
  ])("can be visited at %s", async (path) => {
    const { access_token } = await signIn();
    const id = (await idOf(submit(access_token, hello))).slice("t3_".length);
    const page = await fetch(`${sandbox.url}/www.reddit.com${path.replace("ID", id)}`);
    expect(await page.text()).toContain("Ding dong");
    expect(await (await fetch(`${sandbox.url}/redd.it/${id}`)).text()).toContain("Ding dong");
    expect((await fetch(`${sandbox.url}/redd.it/nothing`)).status).toBe(404);
  });

  test("of kind link carries the link, and may have a text", async () => {
    const { access_token } = await signIn();
    await idOf(submit(access_token, { ...aLink, sr: "u_adabell" }));
    await idOf(submit(access_token, { ...aLink, text: "A body", resubmit: "True" }));
    expect(await sandbox.effects("reddit")).toMatchObject([
      { text: "Look", link: aLink.url },
      { text: "A body", link: aLink.url },
    ]);
  });

  test.each<[string, Fields, string[][]]>([
    ["no community", { ...hello, sr: "" }, [["SUBREDDIT_REQUIRED", "sr"]]],
    ["an unknown community", { ...hello, sr: "nowhere" }, [["SUBREDDIT_NOEXIST", "sr"]]],
    ["r/ before the name", { ...hello, sr: "r/bells" }, [["SUBREDDIT_NOEXIST", "sr"]]],
    ["no title", { ...hello, title: "" }, [["NO_TEXT", "title"]]],
    ["spaces for a title", { ...hello, title: " \n" }, [["NO_TEXT", "title"]]],
    ["a title of 301", { ...hello, title: "🔔".repeat(301) }, [["TOO_LONG", "title"]]],
    ["a text of 40,001", { ...hello, text: "a".repeat(40_001) }, [["TOO_LONG", "text"]]],
    ["no kind", { ...hello, kind: "" }, [["INVALID_OPTION", "kind"]]],
    ["a picture", { ...hello, kind: "image", url: "https://i.example/a.png" }, [["NO_IMAGES", "sr"]]],
    ["a film", { ...hello, kind: "video", url: "https://i.example/a.mp4" }, [["NO_VIDEOS", "sr"]]],
    ["a link without a link", { ...aLink, url: "" }, [["NO_URL", "url"]]],
    ["a link that is none", { ...aLink, url: "carillon" }, [["BAD_URL", "url"]]],
    ["a link to a script", { ...aLink, url: "javascript:alert(1)" }, [["BAD_URL", "url"]]],
    ["a domain nobody wants", { ...aLink, url: "https://www.spam.example/" }, [["DOMAIN_BANNED", "url"]]],
    ["words where only links go", { ...hello, sr: "bellnews" }, [["NO_SELFS", "sr"]]],
    ["a link where only words go", { ...aLink, sr: "ringers" }, [["NO_LINKS", "sr"]]],
    ["a place for members", { ...hello, sr: "carillonneurs" }, [["SUBREDDIT_NOTALLOWED", "sr"]]],
    ["another one's profile", { ...hello, sr: "u_chimecafe" }, [["SUBREDDIT_NOTALLOWED", "sr"]]],
    ["a closed place", { ...hello, sr: "belfry" }, [["SUBREDDIT_NO_ACCESS", "sr"]]],
    ["an unknown flair", { ...hello, flair_id: "f" }, [["INVALID_OPTION", "flair_id"]]],
    ["a flair text on its own", { ...hello, flair_text: "f" }, [["INVALID_OPTION", "flair_text"]]],
    [
      "two faults at once",
      { ...hello, sr: "nowhere", title: "" },
      [
        ["SUBREDDIT_NOEXIST", "sr"],
        ["NO_TEXT", "title"],
      ],
    ],
  ])("with %s is refused inside a 200", async (_what, fields, wanted) => {
    const { access_token } = await signIn();
    const answer = await submit(access_token, fields);
    expect(answer.status).toBe(200);
    expect(errorsIn(answer)).toEqual(wanted);
    expect(answer.body).not.toHaveProperty("json.data");
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("has room for a title of 300 and a text of 40,000 characters", async () => {
    const { access_token } = await signIn();
    await idOf(submit(access_token, { ...hello, title: "🔔".repeat(300), text: "é".repeat(40_000) }));
  });

  test.each<[string, Fields]>([
    ["a field it does not know", { ...hello, topic: "bells" }],
    ["a switch that is neither on nor off", { ...hello, nsfw: "maybe" }],
    ["a link beside kind self", { ...hello, url: "https://carillon.example/" }],
    ["the text as rich text", { ...hello, richtext_json: "{}" }],
    ["another kind of answer in mind", { ...hello, api_type: "xml" }],
  ])("with %s is a bad request", async (_what, fields) => {
    const { access_token } = await signIn();
    const answer = await submit(access_token, fields);
    expect([answer.status, answer.body["message"]]).toEqual([400, "Bad Request"]);
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("must be a form", async () => {
    const { access_token } = await signIn();
    const answer = await send("POST", "oauth.reddit.com/api/submit", {
      headers: {
        authorization: `Bearer ${access_token}`,
        "user-agent": agent,
        "content-type": "application/json",
      },
      body: JSON.stringify({ ...hello, api_type: "json" }),
    });
    expect(answer.status).toBe(400);
  });

  test("of a link that is there already is refused, unless that is wanted", async () => {
    const { access_token } = await signIn();
    const first = await idOf(submit(access_token, aLink));
    expect(errorsIn(await submit(access_token, aLink))).toEqual([["ALREADY_SUB", "url"]]);
    const other = await signIn("chimecafe");
    const again = await submit(other.access_token, { ...aLink, resubmit: "false" });
    expect(errorsIn(again)).toEqual([["ALREADY_SUB", "url"]]);
    await idOf(submit(access_token, { ...aLink, sr: "bellnews" }));
    const second = await idOf(submit(access_token, { ...aLink, resubmit: "true" }));
    for (const id of [first, second]) await form("/api/del", access_token, { id });
    await idOf(submit(access_token, aLink));
  });

  test("of the same words twice is two posts: nothing guards against it", async () => {
    const { access_token } = await signIn();
    await submit(access_token, hello);
    await submit(access_token, hello);
    expect(await sandbox.effects("reddit")).toHaveLength(2);
  });

  test.each([
    ["docs", "You're doing that too much. Try again in 9 minutes."],
    ["archive", "you are doing that too much. try again in 9 minutes."],
    ["break", "Looks like you've been doing that a lot. Take a break for 9 minutes before trying again."],
  ])("too soon for a new account says how long to wait (%s)", async (rateLimitWording, words) => {
    await own({ rateLimitWording });
    const { access_token } = await signIn("otto_klang");
    await idOf(submit(access_token, hello));
    await sandbox.advanceClock(60_000);
    const answer = await submit(access_token, hello);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ json: { errors: [["RATELIMIT", words, "ratelimit"]] } });
    await sandbox.advanceClock(9 * 60_000);
    await idOf(submit(access_token, hello));
  });

  test("too soon names seconds, and one minute, as they are", async () => {
    await sandbox.settings({ platform: "reddit", people: { adabell: { post_spacing_ms: 90_000 } } });
    const { access_token } = await signIn();
    await idOf(submit(access_token, hello));
    await sandbox.advanceClock(60_000);
    expect(JSON.stringify((await submit(access_token, hello)).body)).toMatch(/in (29|30) seconds\./);
  });

  test.each([["BAD_CAPTCHA"], ["SUBREDDIT_RATELIMIT"], ["GALLERIES_DISABLED"], ["SOMETHING_NEW"]])(
    "meets %s when that is ordered",
    async (submitError) => {
      const { access_token } = await signIn();
      await own({ submitError });
      expect(errorsIn(await submit(access_token, hello))[0]?.[0]).toBe(submitError);
      expect(await sandbox.effects("reddit")).toEqual([]);
    },
  );

  test.each<[string, Body, number, string]>([
    ["suspended", { is_suspended: true }, 403, "IN_TIMEOUT"],
    ["banned", { banned_from: ["bells"] }, 200, "BANNED_FROM_SUBREDDIT"],
    ["not verified", { has_verified_email: false }, 200, "VERIFIED_USER_REQUIRED"],
  ])("by someone %s is refused", async (_what, details, status, word) => {
    const { access_token } = await signIn();
    await sandbox.settings({ platform: "reddit", people: { adabell: details as Record<string, never> } });
    const answer = await submit(access_token, hello);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(word);
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("of a gallery is refused where there are none, before anyone looks into it", async () => {
    const { access_token } = await signIn();
    const gallery = await send("POST", "oauth.reddit.com/api/submit_gallery_post.json", {
      headers: {
        authorization: `Bearer ${access_token}`,
        "user-agent": agent,
        "content-type": "application/json",
      },
      body: JSON.stringify({ sr: "bells", title: "Bells", items: [], api_type: "json" }),
    });
    expect(errorsIn(gallery)).toEqual([["GALLERIES_DISABLED", "sr"]]);
  });
});

describe("a community's requirements", () => {
  const log = { sr: "towerlog", kind: "self", title: "[log] The old tower", text: "All bells ring again." };

  test.each<[string, Fields, string]>([
    ["a short title", { ...log, title: "[log] tower" }, "TITLE_MIN_LENGTH"],
    ["a long title", { ...log, title: `[log] tower ${"a".repeat(100)}` }, "TITLE_MAX_LENGTH"],
    ["a word too many", { ...log, title: "[log] tower clickbait" }, "TITLE_BLACKLISTED_STRING"],
    ["a word too few", { ...log, title: "[log] the old belfry" }, "TITLE_REQUIRED_STRING"],
    ["a title of another form", { ...log, title: "About an old tower" }, "TITLE_REGEX_REQUIREMENT"],
    ["no body", { ...log, text: "" }, "BODY_REQUIRED"],
    ["a short body", { ...log, text: "Rings." }, "BODY_MIN_LENGTH"],
    ["a bad word in the body", { ...log, text: "One bell for sale" }, "BODY_BLACKLISTED_STRING"],
    ["a body where none goes", { ...hello, sr: "bellpuzzles" }, "BODY_NOT_ALLOWED"],
    ["no flair", { ...hello, sr: "changeringing" }, "FLAIR_REQUIRED"],
    ["a listed domain", { ...aLink, sr: "bellnews", url: "https://tabloid.example/" }, "LINK_DOMAIN"],
  ])("broken by %s are told in full when asked for", async (_what, fields, code) => {
    const { access_token } = await signIn();
    const answer = await submit(access_token, { ...fields, validate_on_submit: "true" });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error_type: "SUBMIT_VALIDATION_ERROR",
      message: "Bad Request",
      reason: `SUBMIT_VALIDATION_${code}`,
      explanation: expect.stringMatching(/\.$/),
      fields: [expect.any(String)],
    });
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("can be told inside a 200 as well", async () => {
    const { access_token } = await signIn();
    await own({ validationShape: "json_errors" });
    const fields = { ...hello, sr: "changeringing", validate_on_submit: "true" };
    expect(errorsIn(await submit(access_token, fields))).toEqual([
      ["SUBMIT_VALIDATION_FLAIR_REQUIRED", "flair"],
    ]);
  });

  test("that are met let the post through", async () => {
    const { access_token } = await signIn();
    await idOf(submit(access_token, { ...log, validate_on_submit: "true" }));
    const flairs = (await api("GET", "/r/changeringing/api/link_flair_v2", access_token))
      .body as unknown as Fields[];
    const [question, performance, announcement] = flairs.map(({ id }) => id ?? "");
    const wear = (more: Fields) =>
      submit(access_token, { ...hello, sr: "changeringing", validate_on_submit: "true", ...more });
    await idOf(wear({ flair_id: question ?? "" }));
    await idOf(wear({ flair_id: performance ?? "", flair_text: "A quarter peal" }));
    expect((await sandbox.effects("reddit")).map(({ details }) => details["link_flair_text"])).toEqual([
      null,
      "Question",
      "A quarter peal",
    ]);
    const fixed = await wear({ flair_id: question ?? "", flair_text: "Mine" });
    expect(errorsIn(fixed)).toEqual([["INVALID_OPTION", "flair_text"]]);
    expect(errorsIn(await wear({ flair_id: announcement ?? "" }))).toEqual([["INVALID_OPTION", "flair_id"]]);
  });

  test("that nobody asked to check let the post out, and take it away without a word", async () => {
    const { access_token } = await signIn();
    const id = await idOf(submit(access_token, { ...hello, sr: "changeringing" }));
    const [post] = await listed(access_token);
    expect(post?.data).toMatchObject({ name: id, removed_by_category: "automod_filtered" });
  });
});

describe("reading back", () => {
  test("lists one's own posts, newest first, page by page", async () => {
    const { access_token } = await signIn();
    const ids: string[] = [];
    for (const title of ["One", "Two", "Three"])
      ids.push(await idOf(submit(access_token, { ...hello, title })));
    const other = await signIn("chimecafe");
    await idOf(submit(other.access_token, hello));
    const all = await listed(access_token, "limit=25&sort=new&raw_json=1");
    expect(all.map(({ data }) => data["name"])).toEqual(ids.toReversed());
    expect(all[0]).toMatchObject({
      kind: "t3",
      data: { title: "Three", selftext: "Ding dong", subreddit: "bells", author: "adabell", is_self: true },
    });
    const first = await api("GET", "/user/adabell/submitted?limit=2", access_token);
    expect(first.body).toMatchObject({ kind: "Listing", data: { dist: 2, after: ids[1] } });
    const rest = await listed(access_token, `limit=2&after=${ids[1]}`);
    expect(rest.map(({ data }) => data["name"])).toEqual([ids[0]]);
    const newer = await listed(access_token, `before=${ids[0]}`);
    expect(newer.map(({ data }) => data["name"])).toEqual([ids[2], ids[1]]);
  });

  test("gives whole seconds, and an address below the site", async () => {
    const { access_token } = await signIn();
    const before = Date.now() / 1_000;
    const id = await idOf(submit(access_token, { ...hello, title: "A title, with Ünïcode!" }));
    const [post] = await listed(access_token);
    expect(Number.isInteger(post?.data["created_utc"])).toBe(true);
    expect(Math.abs(Number(post?.data["created_utc"]) - before)).toBeLessThan(10);
    expect(post?.data["permalink"]).toBe(`/r/bells/comments/${id.slice("t3_".length)}/a_title_with_ünïcode/`);
    const page = await fetch(`${sandbox.url}/www.reddit.com${post?.data["permalink"]}`);
    expect(page.status).toBe(200);
  });

  test("escapes texts unless raw_json=1 is there", async () => {
    const { access_token } = await signIn();
    await idOf(submit(access_token, { ...aLink, title: "Bells & <b>" }));
    const [plain] = await listed(access_token);
    expect(plain?.data).toMatchObject({
      title: "Bells &amp; &lt;b&gt;",
      url: aLink.url.replace("&", "&amp;"),
    });
    const [raw] = await listed(access_token, "raw_json=1");
    expect(raw?.data).toMatchObject({ title: "Bells & <b>", url: aLink.url, is_self: false });
  });

  test("may lag behind", async () => {
    const { access_token } = await signIn();
    await own({ listLagMs: 5_000 });
    await idOf(submit(access_token, hello));
    expect(await listed(access_token)).toEqual([]);
    await sandbox.advanceClock(5_000);
    expect(await listed(access_token)).toHaveLength(1);
  });

  test.each(["limit=0", "limit=101", "limit=ten", "sort=old"])("refuses %s", async (query) => {
    const { access_token } = await signIn();
    expect((await api("GET", `/user/adabell/submitted?${query}`, access_token)).status).toBe(400);
  });

  test("knows nobody by an unknown name", async () => {
    const { access_token } = await signIn();
    expect((await api("GET", "/user/nobody/submitted", access_token)).status).toBe(404);
  });

  test("by name gives what is known and leaves the rest out, also what members keep to themselves", async () => {
    const { access_token } = await signIn("chimecafe");
    const open = await idOf(submit(access_token, hello));
    const closed = await idOf(submit(access_token, { ...hello, sr: "belfry" }));
    expect((await infoOf(access_token, open, closed, "t3_unknown")).map(({ name }) => name)).toEqual([
      open,
      closed,
    ]);
    const stranger = await signIn("adabell");
    expect((await infoOf(stranger.access_token, open, closed)).map(({ name }) => name)).toEqual([open]);
    expect((await api("GET", "/api/info?id=4bbe4m", access_token)).status).toBe(400);
  });
});

describe("deleting", () => {
  test("takes one's own post away and always says the same", async () => {
    const { access_token } = await signIn();
    const id = await idOf(submit(access_token, hello));
    const other = await signIn("chimecafe");
    for (const [token, name] of [
      [other.access_token, id],
      [access_token, "t3_unknown"],
      [access_token, id.slice("t3_".length)],
    ] as const) {
      const answer = await form("/api/del", token, { id: name });
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }
    expect(await listed(access_token)).toHaveLength(1);
    const done = await form("/api/del", access_token, { id });
    expect([done.status, done.body]).toEqual([200, {}]);
    expect(await listed(access_token)).toEqual([]);
    expect(await sandbox.effects("reddit")).toMatchObject([{ id: id.slice("t3_".length), deleted: true }]);
    expect(await infoOf(access_token, id)).toMatchObject([
      { name: id, author: "[deleted]", selftext: "[deleted]", removed_by_category: "deleted" },
    ]);
    expect((await form("/api/del", access_token, { id })).status).toBe(200);
  });
});

describe("a comment", () => {
  test("hangs below a post or another comment", async () => {
    const { access_token } = await signIn();
    const post = await idOf(submit(access_token, hello));
    const say = async (thing_id: string, text: string) => {
      const { body } = await form("/api/comment", access_token, { api_type: "json", thing_id, text });
      const { data } = body["json"] as { data: { things: Listed[] } };
      return data.things[0]?.data ?? {};
    };
    const first = await say(post, "two");
    const second = await say(String(first["name"]), "three");
    expect(second).toMatchObject({ parent_id: first["name"], link_id: post, body: "three" });
    expect((await sandbox.effects("reddit")).map(({ id, replyTo }) => [id, replyTo])).toEqual([
      [post.slice("t3_".length), null],
      [first["id"], post.slice("t3_".length)],
      [second["id"], first["id"]],
    ]);
    const page = await fetch(`${sandbox.url}/www.reddit.com${second["permalink"]}`);
    expect(page.status).toBe(200);
    expect(await listed(access_token)).toHaveLength(1);
  });

  test("needs words and something to hang below", async () => {
    const { access_token } = await signIn();
    const post = await idOf(submit(access_token, hello));
    const say = async (thing_id: string, text: string) =>
      errorsIn(await form("/api/comment", access_token, { api_type: "json", thing_id, text }));
    expect(await say(post, " ")).toEqual([["NO_TEXT", "text"]]);
    expect(await say("t3_unknown", "Hello")).toEqual([["DELETED_LINK", "parent"]]);
    expect(await sandbox.effects("reddit")).toHaveLength(1);
  });
});

describe("faults", () => {
  test("a lost answer leaves the post out, and a fault before it leaves nothing", async () => {
    const { access_token } = await signIn();
    const order = { platform: "reddit", operation: "submit", times: 1 };
    await sandbox.fault({ ...order, kind: "accept_then_reset" });
    await expect(submit(access_token, { ...hello, text: "Out" })).rejects.toThrow();
    await sandbox.fault({ ...order, kind: "status", status: 503 });
    const down = await submit(access_token, { ...hello, text: "Not out" });
    expect([down.status, down.body]).toEqual([503, { message: "Service Unavailable", error: 503 }]);
    await sandbox.fault({ ...order, kind: "rate_limit", retryAfterMs: 61_500 });
    const limited = await submit(access_token, { ...hello, text: "Not out" });
    expect(limited.status).toBe(429);
    expect(limited.headers.get("x-ratelimit-reset")).toBe("62");
    expect(limited.headers.get("retry-after")).toBe("62");
    expect(await sandbox.effects("reddit")).toMatchObject([{ text: "Out" }]);
  });

  test.each(["token", "refresh"])("%s can fail by itself", async (operation) => {
    const { refresh_token } = await signIn();
    await sandbox.fault({ platform: "reddit", operation, kind: "status", status: 400, times: 1 });
    const call = () => (operation === "token" ? aCode().then(exchange) : refresh(refresh_token));
    const answer = await call();
    expect([answer.status, answer.body]).toEqual([400, { message: "Bad Request", error: 400 }]);
    expect((await call()).body).toHaveProperty("access_token");
  });

  test("no secret is in the log", async () => {
    const { access_token } = await signIn();
    await submit(access_token, hello);
    expect(JSON.stringify(await sandbox.requests({ platform: "reddit" }))).not.toContain("CNRY_");
  });
});

function own(knobs: Record<string, string | number | boolean>): Promise<unknown> {
  return sandbox.settings({ platform: "reddit", own: knobs });
}

/** An authorize address; null takes a parameter away. */
function authorizeUrl(change: Record<string, string | null> = {}): string {
  const params: Record<string, string | null> = {
    client_id: "sandbox-reddit",
    response_type: "code",
    state: "a-state",
    redirect_uri: redirectUri,
    duration: "permanent",
    scope: allScopes,
    ...change,
  };
  const url = new URL(`${sandbox.url}/www.reddit.com/api/v1/authorize`);
  for (const [name, value] of Object.entries(params)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}

async function aCode(change: Record<string, string | null> = {}, person = "adabell"): Promise<string> {
  return codeIn(await sandbox.consent({ authorizeUrl: authorizeUrl(change), person }));
}

function codeIn(location: URL): string {
  return location.searchParams.get("code") ?? "";
}

function codeForm(code: string): Fields {
  return { grant_type: "authorization_code", code, redirect_uri: redirectUri };
}

function exchange(code: string): Promise<Reply> {
  return tokenCall(codeForm(code));
}

function refresh(token: string | undefined): Promise<Reply> {
  return tokenCall({ grant_type: "refresh_token", refresh_token: token ?? "" });
}

function tokenCall(
  fields: Fields,
  { authorization = basic, userAgent = agent }: { authorization?: string | null; userAgent?: string } = {},
): Promise<Reply> {
  const headers: Fields = { "user-agent": userAgent, ...(authorization === null ? {} : { authorization }) };
  return send("POST", "www.reddit.com/api/v1/access_token", { headers, body: new URLSearchParams(fields) });
}

function revoke(fields: Fields, authorization: string | null = basic): Promise<Reply> {
  const headers: Fields = { "user-agent": agent, ...(authorization === null ? {} : { authorization }) };
  return send("POST", "www.reddit.com/api/v1/revoke_token", { headers, body: new URLSearchParams(fields) });
}

async function signIn(person = "adabell", scope = allScopes): Promise<Tokens> {
  const { body } = await exchange(await aCode({ scope }, person));
  expect(body).toHaveProperty("access_token");
  return body as Tokens;
}

function me(token: string): Promise<Reply> {
  return api("GET", "/api/v1/me?raw_json=1", token);
}

function submit(token: string, fields: Fields): Promise<Reply> {
  return form("/api/submit", token, { api_type: "json", ...fields });
}

function form(path: string, token: string, fields: Fields): Promise<Reply> {
  return api("POST", path, token, new URLSearchParams(fields));
}

async function idOf(created: Promise<Reply>): Promise<string> {
  const { body } = await created;
  expect(body).toMatchObject({ json: { errors: [], data: { name: expect.stringMatching(/^t3_/) } } });
  return (body["json"] as { data: { name: string } }).data.name;
}

/** Code and field of each of the errors in a submit's answer. */
function errorsIn({ body }: Reply): (string | undefined)[][] {
  return (body["json"] as { errors: string[][] }).errors.map(([code, , field]) => [code, field]);
}

async function listed(token: string, query = "limit=100"): Promise<Listed[]> {
  const { status, body } = await api("GET", `/user/adabell/submitted?${query}`, token);
  expect(status).toBe(200);
  return (body["data"] as { children: Listed[] }).children;
}

async function infoOf(token: string, ...names: string[]): Promise<Body[]> {
  const { status, body } = await api("GET", `/api/info?id=${names.join(",")}`, token);
  expect(status).toBe(200);
  return (body["data"] as { children: Listed[] }).children.map(({ data }) => data);
}

function api(
  method: string,
  path: string,
  token: string | null,
  body?: URLSearchParams,
  userAgent = agent,
): Promise<Reply> {
  const headers: Fields = {
    "user-agent": userAgent,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  return send(method, `oauth.reddit.com${path}`, { headers, ...(body === undefined ? {} : { body }) });
}

async function send(method: string, address: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(`${sandbox.url}/${address}`, { method, ...init });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Body,
  };
}

function basicOf(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}
