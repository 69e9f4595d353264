/** The simulated LinkedIn, knocked at over HTTP as a process of its own. Effects are counted where the world sees them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; body: Body };
type Change = Record<string, string | null>;

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/linkedin/callback`;
const memberScopes = "openid profile w_member_social";
const allScopes = `${memberScopes} w_organization_social r_organization_social rw_organization_admin`;
const ada = "urn:li:person:Ad4b3ll-7x";
const cafe = "urn:li:organization:107463920";
const rest = { "linkedin-version": "202609", "x-restli-protocol-version": "2.0.0" };
const day = 86_400_000;
const hello: Body = {
  author: ada,
  commentary: "Ding dong",
  visibility: "PUBLIC",
  distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
  lifecycleState: "PUBLISHED",
  isReshareDisabledByAuthor: false,
};

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ appOrigin });
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.reset());

test("the journey: consent, token, who am I, a post with a link, its address, gone again, signed out", async () => {
  const { access_token: token } = await signIn();
  const me = await send("GET", "api.linkedin.com/v2/userinfo", { headers: bearer(String(token)) });
  expect(me.body).toMatchObject({ sub: "Ad4b3ll-7x", name: "Ada Bell", given_name: "Ada" });
  const article = { source: "https://bells.example/?a=1&b=2", title: "Bells", description: "All of them" };
  const created = await post(token, { content: { article } });
  expect(created.status).toBe(201);
  const urn = created.headers.get("x-restli-id") ?? "";
  expect(urn).toMatch(/^urn:li:share:\d{19}$/);
  expect(await sandbox.effects("linkedin")).toMatchObject([
    { id: urn, personId: ada, author: "adabell", text: "Ding dong", link: article.source, deleted: false },
  ]);
  const shared = `${sandbox.url}/www.linkedin.com/feed/update/${urn}/`;
  expect(await (await fetch(shared)).text()).toContain("Ding dong");
  const gone = await api("DELETE", `/rest/posts/${encodeURIComponent(urn)}`, token);
  const again = await api("DELETE", `/rest/posts/${encodeURIComponent(urn)}`, token);
  expect([gone.status, again.status]).toEqual([204, 204]);
  expect(await sandbox.effects("linkedin")).toMatchObject([{ id: urn, deleted: true }]);
  const end = await oauth("revoke", { token: String(token) });
  expect(end.status).toBe(200);
  expect((await post(token)).body).toMatchObject({ status: 401, serviceErrorCode: 65601 });
});

describe("consent", () => {
  test("is all or nothing, and says so when the person cancels", async () => {
    const back = await sandbox.consent({ authorizeUrl: authorizeUrl(), scopes: ["openid"] });
    expect((await exchange(codeIn(back))).body["scope"]).toBe(allScopes.replaceAll(" ", ","));
    const no = await sandbox.consent({ authorizeUrl: authorizeUrl(), decision: "deny" });
    expect(Object.fromEntries(no.searchParams)).toMatchObject({
      error: "user_cancelled_authorize",
      state: "a-state",
    });
  });

  test.each([
    ["another client", { client_id: "someone-else" }],
    ["another redirect URI", { redirect_uri: `${redirectUri}/` }],
    ["response_type=token", { response_type: "token" }],
    ["an unknown scope", { scope: "openid everything" }],
    ["a PKCE challenge", { code_challenge: "c".repeat(43) }],
  ])("refuses %s with a page of 401, never with a redirect", async (_what, change) => {
    const page = await fetch(authorizeUrl(change), { redirect: "manual" });
    expect([page.status, page.headers.get("location")]).toEqual([401, null]);
  });

  test("wants %20 between scopes, not a plus sign", async () => {
    expect((await fetch(authorizeUrl())).status).toBe(200);
    expect((await fetch(authorizeUrl().replaceAll("%20", "+"))).status).toBe(401);
  });

  test("refuses an organization's scopes to an app without the product", async () => {
    await own({ communityManagement: false });
    expect((await fetch(authorizeUrl())).status).toBe(401);
    expect((await fetch(authorizeUrl({ scope: memberScopes }))).status).toBe(200);
  });
});

describe("tokens", () => {
  test("live for 60 days, and a partner's refresh token for 365 days that refreshing does not extend", async () => {
    const first = await signIn();
    expect(first).toMatchObject({ expires_in: 5_184_000, refresh_token_expires_in: 31_536_000 });
    await sandbox.advanceClock(60 * day);
    expect((await post(first["access_token"])).body).toMatchObject({ serviceErrorCode: 65602 });
    const second = await refresh(first["refresh_token"]);
    expect(second.body).toMatchObject({
      expires_in: 5_184_000,
      refresh_token: first["refresh_token"],
      refresh_token_expires_in: secondsOf(305),
    });
    await sandbox.advanceClock(295 * day);
    expect((await refresh(first["refresh_token"])).body["expires_in"]).toEqual(secondsOf(10));
    await sandbox.advanceClock(10 * day);
    expect((await refresh(first["refresh_token"])).status).toBe(400);
  });

  test("of an ordinary app cannot be refreshed", async () => {
    const partner = await signIn();
    await own({ refreshTokens: false });
    expect(await signIn()).not.toHaveProperty("refresh_token");
    expect((await refresh(partner["refresh_token"])).status).toBe(400);
  });

  test("a code works once and for 30 minutes", async () => {
    const [code, late] = [await aCode(), await aCode()];
    expect((await exchange(code)).status).toBe(200);
    expect(await exchange(code)).toMatchObject({ status: 401, body: { error: "invalid_request" } });
    await sandbox.advanceClock(1_800_000);
    expect(await exchange(late)).toMatchObject({ status: 400, body: { error: "invalid_redirect_uri" } });
  });

  test.each([
    ["a wrong secret", { client_secret: "guess" }, 401, "invalid_client"],
    ["no secret in the body", { client_secret: null }, 400, "invalid_request"],
    ["another redirect URI", { redirect_uri: appOrigin }, 400, "invalid_redirect_uri"],
    ["a verifier", { code_verifier: "v".repeat(43) }, 400, "invalid_redirect_uri"],
    ["an unknown field", { audience: "x" }, 400, "invalid_request"],
  ])("are not given for %s", async (_what, change, status, error) => {
    expect(await exchange(await aCode(), change)).toMatchObject({ status, body: { error } });
  });

  test("of one list of scopes are killed by another list, and live on beside the same one", async () => {
    const first = await signIn();
    await signIn();
    expect((await post(first["access_token"])).status).toBe(201);
    await signIn({ scope: memberScopes });
    expect((await post(first["access_token"])).body).toMatchObject({ serviceErrorCode: 65601 });
  });

  test("minted a moment ago may answer 401", async () => {
    await own({ freshTokenMs: 5_000 });
    const { access_token: token } = await signIn();
    expect((await post(token)).body).toMatchObject({ status: 401, serviceErrorCode: 65601 });
    await sandbox.advanceClock(5_000);
    expect((await post(token)).status).toBe(201);
  });
});

describe("organizations", () => {
  test("are those the person administers: none, one, two, page by page", async () => {
    const ask = async (person: string, paging: string) => {
      const { access_token } = await signIn({}, person);
      const finder = "q=roleAssignee&role=ADMINISTRATOR&state=APPROVED";
      const { body } = await api("GET", `/rest/organizationAcls?${finder}&${paging}`, access_token);
      return body as { elements: Body[]; paging: { links: Body[] } };
    };
    expect((await ask("adabell", "count=20&start=0")).elements).toEqual([]);
    expect((await ask("celeste-chime", "count=20&start=0")).elements).toMatchObject([
      { organization: cafe, role: "ADMINISTRATOR", state: "APPROVED" },
    ]);
    const page = await ask("otto-klang", "count=1&start=0");
    expect(page.elements).toHaveLength(1);
    expect(page.paging.links).toMatchObject([{ rel: "next", href: expect.stringContaining("start=1") }]);
    expect((await ask("otto-klang", "count=1&start=1")).paging.links).toEqual([]);
  });

  test("tell their names, post, and can be read back; a member's post cannot", async () => {
    const { access_token: token } = await signIn({}, "celeste-chime");
    const names = await api("GET", "/rest/organizations?ids=List(107463920,107463921)", token);
    expect(names.body).toMatchObject({ results: { 107463920: { localizedName: "Chime Café" } } });
    expect(names.body["statuses"]).toEqual({ 107463920: 200, 107463921: 403 });
    const created = await post(token, { author: cafe });
    const urn = created.headers.get("x-restli-id") ?? "";
    const read = await api("GET", `/rest/posts/${encodeURIComponent(urn)}`, token);
    expect(read).toMatchObject({ status: 200, body: { id: urn, author: cafe, commentary: "Ding dong" } });
    expect(await sandbox.effects("linkedin")).toMatchObject([{ personId: cafe, author: "chime-cafe" }]);
    const mine = await post(token, { author: "urn:li:person:cH1mEc4f3Q" });
    const own = encodeURIComponent(mine.headers.get("x-restli-id") ?? "");
    expect((await api("GET", `/rest/posts/${own}`, token)).status).toBe(403);
  });

  test.each([
    ["a stranger's page", cafe, allScopes],
    ["another member", "urn:li:person:cH1mEc4f3Q", allScopes],
    ["oneself without the scope", ada, "openid profile"],
  ])("and members are not to be posted for as %s", async (_what, author, scope) => {
    const { access_token: token } = await signIn({ scope });
    expect((await post(token, { author })).body).toMatchObject({ status: 403, code: "ACCESS_DENIED" });
    expect(await sandbox.effects("linkedin")).toEqual([]);
  });
});

describe("a post", () => {
  test.each([
    ["an unknown field", { subject: "x" }, 422, undefined],
    ["no lifecycleState", { lifecycleState: null }, 400, "MISSING_FIELD"],
    ["a draft", { lifecycleState: "DRAFT" }, 400, "INVALID_VALUE_FOR_FIELD"],
    ["an unknown visibility", { visibility: "FRIENDS" }, 400, "INVALID_VALUE_FOR_FIELD"],
    ["an author who is no URN", { author: "Ad4b3ll-7x" }, 400, "INVALID_URN_TYPE"],
    ["3001 characters", { commentary: "x".repeat(3_001) }, 400, "FIELD_LENGTH_TOO_LONG"],
    [
      "a link without a title",
      { content: { article: { source: "https://a.example/" } } },
      400,
      "MISSING_FIELD",
    ],
    ["a picture", { content: { media: { id: "urn:li:image:1" } } }, 400, "INVALID_VALUE_FOR_FIELD"],
  ])("with %s is refused", async (_what, change, status, code) => {
    const { access_token: token } = await signIn();
    const refused = await post(token, change);
    expect([refused.status, refused.body["code"]]).toEqual([status, code]);
    expect(await sandbox.effects("linkedin")).toEqual([]);
  });

  test.each([
    ["no version", { "linkedin-version": null }, 400],
    ["a dead version", { "linkedin-version": "202510" }, 426],
    ["a version to come", { "linkedin-version": "203001" }, 426],
    ["no protocol version", { "x-restli-protocol-version": null }, 400],
    ["another content type", { "content-type": "text/plain" }, 400],
  ])("sent with %s is refused", async (_what, change, status) => {
    const { access_token: token } = await signIn();
    expect((await post(token, {}, change)).status).toBe(status);
    expect(await sandbox.effects("linkedin")).toEqual([]);
  });

  test.each([
    ["Tea (or coffee)", "Tea ", "an unescaped reserved character cuts it short"],
    ["Tea \\(or coffee\\) \\\\o/ a\\_b", "Tea (or coffee) \\o/ a_b", "escapes are taken away"],
    ["#Bells and {hashtag|\\#|towers}!", "#Bells and #towers!", "hashtags stay"],
    ["At @[Chime Café](urn:li:organization:107463920) now", "At Chime Café now", "mentions stay"],
    ["https://a.example/b_c?d=(e) done", "https://a.example/b_c?d=(e) done", "links stay"],
  ])("%j is shown as %j: %s, with a 201 all the same", async (commentary, shown) => {
    const { access_token: token } = await signIn();
    expect((await post(token, { commentary })).status).toBe(201);
    expect(await sandbox.effects("linkedin")).toMatchObject([{ text: shown }]);
  });

  test("sent twice within ten minutes is refused, and the refusal names the first", async () => {
    const { access_token: token } = await signIn();
    await sandbox.fault({
      platform: "linkedin",
      operation: "create_post",
      kind: "accept_then_reset",
      times: 1,
    });
    await expect(post(token)).rejects.toThrow();
    const [first] = await sandbox.effects("linkedin");
    const again = await post(token);
    expect(again).toMatchObject({
      status: 422,
      body: { message: `Content is a duplicate of ${first?.id}` },
    });
    await sandbox.advanceClock(600_000);
    expect((await post(token)).status).toBe(201);
    expect(await sandbox.effects("linkedin")).toHaveLength(2);
  });

  test("is one request of the day's; the next day begins at midnight UTC", async () => {
    await own({ memberDailyLimit: 1 });
    const { access_token: token } = await signIn();
    expect((await post(token)).status).toBe(201);
    const limited = await post(token, { commentary: "Dong ding" });
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, null]);
    await sandbox.advanceClock(day);
    expect((await post(token, { commentary: "Dong ding" })).status).toBe(201);
  });

  test("is not deleted by a stranger, nor by a URN that is not encoded", async () => {
    const { access_token: token } = await signIn();
    const urn = (await post(token)).headers.get("x-restli-id") ?? "";
    const other = await signIn({}, "otto-klang");
    const path = `/rest/posts/${encodeURIComponent(urn)}`;
    expect((await api("DELETE", path, other["access_token"])).status).toBe(403);
    expect((await api("DELETE", `/rest/posts/${urn}`, token)).status).toBe(400);
    expect(await sandbox.effects("linkedin")).toMatchObject([{ id: urn, deleted: false }]);
  });
});

function own(knobs: Record<string, string | number | boolean>) {
  return sandbox.settings({ platform: "linkedin", own: knobs });
}

function authorizeUrl(change: Change = {}): string {
  const params = merged(
    {
      response_type: "code",
      client_id: "sandbox-linkedin",
      redirect_uri: redirectUri,
      state: "a-state",
      scope: allScopes,
    },
    change,
  );
  const query = new URLSearchParams(params).toString().replaceAll("+", "%20");
  return `${sandbox.url}/www.linkedin.com/oauth/v2/authorization?${query}`;
}

async function aCode(change: Change = {}, person = "adabell"): Promise<string> {
  return codeIn(await sandbox.consent({ authorizeUrl: authorizeUrl(change), person }));
}

function codeIn(back: URL): string {
  return back.searchParams.get("code") ?? "";
}

async function signIn(change: Change = {}, person = "adabell"): Promise<Body> {
  const { status, body } = await exchange(await aCode(change, person));
  expect(status).toBe(200);
  return body;
}

function exchange(code: string, change: Change = {}): Promise<Reply> {
  return oauth("accessToken", {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    ...change,
  });
}

function refresh(token: unknown): Promise<Reply> {
  return oauth("accessToken", { grant_type: "refresh_token", refresh_token: String(token) });
}

function oauth(endpoint: string, fields: Change): Promise<Reply> {
  const client = { client_id: "sandbox-linkedin", client_secret: "CNRY_secret_linkedin" };
  const body = new URLSearchParams(merged(client, fields));
  return send("POST", `www.linkedin.com/oauth/v2/${endpoint}`, { body });
}

function post(token: unknown, change: Body = {}, headers: Change = {}): Promise<Reply> {
  const body = JSON.stringify({ ...hello, ...change });
  return api("POST", "/rest/posts", token, { "content-type": "application/json", ...headers }, body);
}

function api(
  method: string,
  path: string,
  token: unknown,
  change: Change = {},
  body?: string,
): Promise<Reply> {
  const headers = merged({ ...rest, ...bearer(String(token)) }, change);
  return send(method, `api.linkedin.com${path}`, { headers, ...(body === undefined ? {} : { body }) });
}

/** These days in seconds, less the moments the test itself took. */
function secondsOf(days: number): number {
  // safe: an asymmetric matcher stands where a value is expected
  return expect.closeTo(days * 86_400, -2) as number;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** `base` with the changes laid over it; null takes a field away. */
function merged(base: Record<string, string>, change: Change): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...base, ...change }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
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
