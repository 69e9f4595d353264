import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PlatformError, type PostContent, type PublishRequest } from "@/lib/platforms/contract";
import { countText } from "@/lib/platforms/counting";
import { createKit } from "@/lib/platforms/kit";
import { escapeLittleText } from "@/lib/platforms/linkedin/little-text";
import { linkedin } from "@/lib/platforms/linkedin/provider";
import { linkedinSpec } from "@/lib/platforms/linkedin/spec";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Seen = { line: string; search: string; body: string; headers: Record<string, unknown> };

let server: Server;
let origin: string;
let script: Record<string, Reply[]>;
let seen: Seen[];
/** How many requests LinkedIn had seen each time the fence was drawn. */
let fences: number[];
/** How long the provider wanted to wait, instead of waiting. */
let waits: number[];

const MEMBER = "urn:li:person:782bbtaQ";
const PAGE = "urn:li:organization:2414183";
const access = { accessToken: "CNRY_access", remoteId: MEMBER, metadata: { missing: [] } };
const pageAccess = { ...access, remoteId: PAGE };
const CREATE = "POST api.linkedin.com/rest/posts";
const WHO = "GET api.linkedin.com/v2/userinfo";
const ME = "GET api.linkedin.com/v2/me";
const ROLES = "GET api.linkedin.com/rest/organizationAcls";
const PAGES = "GET api.linkedin.com/rest/organizations";
const TOKEN = "POST www.linkedin.com/oauth/v2/accessToken";
const REVOKE = "POST www.linkedin.com/oauth/v2/revoke";
const MEMBER_SCOPES = ["openid", "profile", "w_member_social"];
const ALL_SCOPES = [
  ...MEMBER_SCOPES,
  "w_organization_social",
  "r_organization_social",
  "rw_organization_admin",
];

beforeEach(async () => {
  script = {};
  seen = [];
  fences = [];
  waits = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const [path = "", search = ""] = (request.url ?? "/").slice(1).split("?");
    const line = `${request.method} ${path}`;
    seen.push({ line, search, body: Buffer.concat(chunks).toString(), headers: request.headers });
    const reply = script[line]?.shift() ?? { status: 400, body: { unexpected: line } };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  // safe: a listening TCP server has an address of this kind
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
});

afterEach(() => {
  vi.useRealTimers();
  return new Promise((closed) => server.close(closed).closeAllConnections());
});

const app = { clientId: "CNRY-client", clientSecret: "CNRY secret+/" };

const provider = (more: { linkedinVersion?: string; scopes?: string[] } = {}) =>
  linkedin(
    createKit({
      ...app,
      sandboxUrl: origin,
      settings: { version: more.linkedinVersion, scopes: more.scopes?.join(" ") },
    }),
    {
      wait: async (ms) => void waits.push(ms),
    },
  );

function connectorOf({ connector } = provider()) {
  if (connector.kind !== "oauth") throw new Error("LinkedIn connects by OAuth.");
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

const publish = (content = aPost(), rest: Partial<PublishRequest> = {}) =>
  provider().publish({ access, content, resume: null, sending, ...rest });

const SHARE = "urn:li:share:7123456789012345678";
const created = (urn = SHARE): Reply => ({ status: 201, raw: "", headers: { "x-restli-id": urn } });
const duplicateOf = (urn: string): Reply => ({
  status: 422,
  body: { status: 422, code: "DUPLICATE_POST", message: `Content is a duplicate of ${urn}` },
});
const refusal = (status: number, body: object = {}): Reply => ({ status, body: { status, ...body } });
const roles = (ids: string[], more: object = {}): Reply => ({
  body: {
    elements: ids.map((id) => ({ organization: `urn:li:organization:${id}`, state: "APPROVED" })),
    paging: { start: 0, count: 20, links: [] },
    ...more,
  },
});
const jsonOf = (index: number): Record<string, unknown> => JSON.parse(seen[index]?.body ?? "");
const formOf = (index: number) => Object.fromEntries(new URLSearchParams(seen[index]?.body));

async function failure(work: Promise<unknown> | undefined): Promise<PlatformError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("This was expected to fail.");
}

describe("connecting", () => {
  test("asks for consent without PKCE, with spaces as %20", () => {
    const { authorizeUrl, pkce } = connectorOf();
    const url = authorizeUrl({ state: "s t", redirectUri: "https://us/cb", codeChallenge: "chal" });
    expect(pkce).toBe("none");
    expect(url.href).toContain(`${origin}/www.linkedin.com/oauth/v2/authorization?`);
    expect(url.search).not.toContain("+");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "CNRY-client",
      redirect_uri: "https://us/cb",
      state: "s t",
      scope: ALL_SCOPES.join(" "),
    });
  });

  test("asks a real LinkedIn only for what every app may have, unless the operator says more", () => {
    const asked = (scopes?: string[]) =>
      connectorOf(linkedin(createKit({ ...app, settings: { scopes: scopes?.join(" ") } })))
        .authorizeUrl({ state: "s", redirectUri: "https://us/cb", codeChallenge: "" })
        .searchParams.get("scope");
    expect(asked()).toBe(MEMBER_SCOPES.join(" "));
    expect(asked(["r_basicprofile", "w_organization_social"])).toBe("r_basicprofile w_organization_social");
  });

  test("redeems a code with id and secret in the body, and without a verifier", async () => {
    script[TOKEN] = [
      { body: { access_token: "A1", expires_in: 5_184_000, scope: "openid,profile w_member_social" } },
    ];
    const before = Date.now();
    const credentials = await connectorOf().exchange({
      code: "c",
      redirectUri: "https://us/cb",
      codeVerifier: "v",
    });
    expect(credentials).toEqual({
      accessToken: "A1",
      accessExpiresAt: expect.any(Date),
      scopes: MEMBER_SCOPES,
    });
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThanOrEqual(before + 60 * 86_400_000);
    expect(seen[0]?.headers["authorization"]).toBeUndefined();
    expect(formOf(0)).toEqual({
      grant_type: "authorization_code",
      code: "c",
      redirect_uri: "https://us/cb",
      client_id: "CNRY-client",
      client_secret: "CNRY secret+/",
    });
  });

  test.each([
    "openid profile w_member_social",
    "openid,profile,w_member_social",
    "openid%20profile%20w_member_social",
  ])("understands the granted list however it is written: %s", async (scope) => {
    script[TOKEN] = [{ body: { access_token: "A1", expires_in: 5_184_000, scope } }];
    const grant = { code: "c", redirectUri: "https://us/cb", codeVerifier: "v" };
    expect((await connectorOf().exchange(grant)).scopes).toEqual(MEMBER_SCOPES);
  });

  test.each<[string, number, unknown, string, boolean]>([
    [
      "a spent code",
      401,
      { error: "invalid_request", error_description: "… code not found" },
      "reconnect",
      false,
    ],
    ["another redirect address", 400, { error: "invalid_redirect_uri" }, "reconnect", false],
    ["a wrong secret", 401, { error: "invalid_client" }, "unavailable", true],
    ["a product the app lacks", 400, { error: "unauthorized_scope_error" }, "unavailable", true],
    ["a gateway's page", 403, null, "unavailable", false],
    ["a server error", 503, {}, "unavailable", false],
  ])("%s, while redeeming", async (_what, status, body, kind, operator) => {
    script[TOKEN] = [{ status, body }];
    const grant = { code: "c", redirectUri: "https://us/cb", codeVerifier: "v" };
    expect(await failure(connectorOf().exchange(grant))).toMatchObject({
      kind,
      operator,
      tokenRefused: false,
    });
    expect(seen).toHaveLength(1);
  });

  test("renews where LinkedIn gave a refresh token, and keeps whatever comes back", async () => {
    script[TOKEN] = [
      {
        body: {
          access_token: "A2",
          expires_in: 5_184_000,
          refresh_token: "R2",
          refresh_token_expires_in: 86_400,
        },
      },
      { body: { access_token: "A3", expires_in: 5_184_000 } },
    ];
    const renewed = await connectorOf().refresh?.({
      accessToken: "A1",
      refreshToken: "R1",
      scopes: MEMBER_SCOPES,
    });
    expect(renewed).toMatchObject({ accessToken: "A2", refreshToken: "R2", scopes: MEMBER_SCOPES });
    // The refresh token's own end, which no renewal puts off.
    expect((renewed?.refreshExpiresAt?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(86_400_000);
    expect(formOf(0)).toEqual({
      grant_type: "refresh_token",
      refresh_token: "R1",
      client_id: "CNRY-client",
      client_secret: "CNRY secret+/",
    });
    const again = await connectorOf().refresh?.({ accessToken: "A2", refreshToken: "R2" });
    expect(again).toMatchObject({ accessToken: "A3", refreshToken: "R2" });
  });

  test("without a refresh token only the person can renew, and LinkedIn is not asked", async () => {
    const error = await failure(connectorOf().refresh?.({ accessToken: "A1" }));
    expect(error).toMatchObject({ kind: "reconnect", effect: "definite", code: "no_refresh_token" });
    expect(seen).toEqual([]);
  });

  test("an ordinary grant is used to its last minute: no renewal is due before", () => {
    expect(connectorOf().refreshPolicy).toMatchObject({ beforeExpiryMs: 0, keepAliveMs: null });
  });

  test.each([
    ["a dead refresh token", 400, { error: "invalid_request" }, "reconnect"],
    ["the same in RFC words", 400, { error: "invalid_grant" }, "reconnect"],
    ["an answer that is not LinkedIn's", 401, {}, "unavailable"],
    ["a trouble of its own", 400, { error: "server_error" }, "unavailable"],
    ["too many requests", 429, {}, "slow_down"],
  ])("%s, while renewing", async (_what, status, body, kind) => {
    script[TOKEN] = [{ status, body }];
    const error = await failure(connectorOf().refresh?.({ accessToken: "A1", refreshToken: "R1" }));
    expect(error).toMatchObject({ kind });
  });

  test("disconnecting hands back both tokens, and minds not if the second is gone", async () => {
    script[REVOKE] = [{ body: {} }, { status: 400, body: { error: "invalid_request" } }];
    await connectorOf().revoke?.({ accessToken: "A1", refreshToken: "R1" });
    expect([formOf(0), formOf(1)]).toEqual([
      { client_id: "CNRY-client", client_secret: "CNRY secret+/", token: "R1" },
      { client_id: "CNRY-client", client_secret: "CNRY secret+/", token: "A1" },
    ]);
  });

  test("a refused revocation of the only token is told", async () => {
    script[REVOKE] = [{ status: 503, body: {} }];
    expect(await failure(connectorOf().revoke?.({ accessToken: "A1" }))).toMatchObject({
      kind: "unavailable",
    });
  });
});

describe("who a grant reaches", () => {
  const who = { body: { sub: "782bbtaQ", name: "Ada Bell", picture: "https://media.licdn.com/a.jpg" } };
  const member = {
    remoteId: MEMBER,
    name: "Ada Bell",
    handle: null,
    avatarUrl: "https://media.licdn.com/a.jpg",
    profileUrl: null,
    missing: [],
    metadata: { missing: [] },
  };

  test("the member alone, where only the member was asked for", async () => {
    script[WHO] = [who];
    const found = await provider().identify({ accessToken: "A1", scopes: MEMBER_SCOPES });
    expect(found).toEqual({ subject: MEMBER, identities: [member] });
    expect(seen.map(({ line }) => line)).toEqual([WHO]);
    expect(seen[0]?.headers["authorization"]).toBe("Bearer A1");
  });

  test("the member and every Page they may post for, each once", async () => {
    script[WHO] = [who];
    script[ROLES] = [
      roles(["2414183", "9"], { paging: { links: [{ rel: "next", href: "/…" }] } }),
      {
        body: {
          elements: [
            { organizationTarget: "urn:li:organization:10", role: "ADMINISTRATOR", state: "APPROVED" },
            { organization: "urn:li:organization:11", state: "REQUESTED" },
          ],
        },
      },
      roles(["9", "12"]),
      refusal(400, { code: "ILLEGAL_ARGUMENT" }),
    ];
    script[PAGES] = [
      {
        body: {
          results: {
            "2414183": { id: 2414183, localizedName: "Bell Works", vanityName: "bell-works" },
            "9": { localizedName: "Nine" },
          },
        },
      },
    ];
    const { subject, identities } = await provider().identify({ accessToken: "A1", scopes: ALL_SCOPES });
    expect(subject).toBe(MEMBER);
    expect(identities[0]).toEqual(member);
    expect(identities[1]).toEqual({
      remoteId: PAGE,
      name: "Bell Works",
      handle: "bell-works",
      avatarUrl: null,
      profileUrl: `${origin}/www.linkedin.com/company/bell-works/`,
      missing: [],
      metadata: { missing: [] },
    });
    expect(identities.slice(2).map(({ remoteId, name }) => [remoteId, name])).toEqual([
      ["urn:li:organization:9", "Nine"],
      ["urn:li:organization:10", "LinkedIn Page 10"],
      ["urn:li:organization:12", "LinkedIn Page 12"],
    ]);
    const asked = seen.filter(({ line }) => line === ROLES).map(({ search }) => new URLSearchParams(search));
    expect(asked.map((query) => [query.get("role"), query.get("start")])).toEqual([
      ["ADMINISTRATOR", "0"],
      ["ADMINISTRATOR", "20"],
      ["CONTENT_ADMIN", "0"],
      ["CONTENT_ADMINISTRATOR", "0"],
    ]);
    expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({
      q: "roleAssignee",
      state: "APPROVED",
      count: "20",
    });
    // Rest.li reads a list only with its parentheses and commas as they are.
    expect(seen.at(-1)?.search).toBe("ids=List(2414183,9,10,12)");
    for (const { line, headers } of seen) {
      expect(headers["linkedin-version"]).toBe(line === WHO ? undefined : "202609");
      expect(headers["x-restli-protocol-version"]).toBe(line === WHO ? undefined : "2.0.0");
    }
  });

  test("Pages are named one by one where the app may not ask for several", async () => {
    script[WHO] = [who];
    script[ROLES] = [roles(["9", "10"]), roles([]), roles([])];
    script[PAGES] = [refusal(403, { code: "ACCESS_DENIED" })];
    script[`${PAGES}/9`] = [{ body: { localizedName: "Nine" } }];
    script[`${PAGES}/10`] = [{ body: { localizedName: "Ten" } }];
    const { identities } = await provider().identify({ accessToken: "A1", scopes: ALL_SCOPES });
    expect(identities.map(({ name }) => name)).toEqual(["Ada Bell", "Nine", "Ten"]);
  });

  test("a Page nobody names is connected all the same", async () => {
    script[WHO] = [who];
    script[ROLES] = [roles(["9"]), roles([]), roles([])];
    const { identities } = await provider().identify({ accessToken: "A1", scopes: ALL_SCOPES });
    expect(identities[1]).toMatchObject({ name: "LinkedIn Page 9", remoteId: "urn:li:organization:9" });
  });

  test("who may not list Pages connects as themselves; a passing trouble is not taken for having none", async () => {
    script[WHO] = [who, who];
    script[ROLES] = [refusal(403, { code: "ACCESS_DENIED" }), refusal(503)];
    const { identities } = await provider().identify({ accessToken: "A1", scopes: ALL_SCOPES });
    expect(identities).toEqual([member]);
    const error = await failure(provider().identify({ accessToken: "A1", scopes: ALL_SCOPES }));
    expect(error).toMatchObject({ kind: "unavailable", effect: "definite" });
  });

  test("each account lacks only what it needs itself", async () => {
    script[WHO] = [who];
    script[ROLES] = [roles(["9"]), roles([]), roles([])];
    const { identities } = await provider().identify({
      accessToken: "A1",
      scopes: ["openid", "rw_organization_admin"],
    });
    expect(identities.map(({ missing }) => missing)).toEqual([
      ["w_member_social"],
      ["w_organization_social"],
    ]);
    for (const name of identities.flatMap(({ missing }) => missing))
      expect(linkedinSpec.publishScopes).toContain(name);
  });

  test("where LinkedIn does not say what it granted, it granted what was asked", async () => {
    script[WHO] = [who];
    const { identities } = await provider({ scopes: MEMBER_SCOPES }).identify({ accessToken: "A1" });
    expect(identities).toEqual([member]);
  });

  test("an app without OpenID Connect asks the old way", async () => {
    script[WHO] = [refusal(403, { code: "ACCESS_DENIED" })];
    script[ME] = [
      {
        body: {
          id: "782bbtaQ",
          localizedFirstName: "Ada",
          localizedLastName: "Bell",
          vanityName: "ada-bell",
        },
      },
    ];
    const { identities } = await provider().identify({
      accessToken: "A1",
      scopes: ["r_basicprofile", "w_member_social"],
    });
    expect(identities).toEqual([
      {
        ...member,
        handle: "ada-bell",
        avatarUrl: null,
        profileUrl: `${origin}/www.linkedin.com/in/ada-bell/`,
      },
    ]);
  });

  test("a token only seconds old may be called revoked: asked once more, after a while", async () => {
    const tooNew = refusal(401, { serviceErrorCode: 65601, code: "REVOKED_ACCESS_TOKEN" });
    script[WHO] = [tooNew, who];
    const { subject } = await provider().identify({ accessToken: "A1", scopes: MEMBER_SCOPES });
    expect(subject).toBe(MEMBER);
    expect(waits).toEqual([5_000]);
    script[WHO] = [tooNew, tooNew, who];
    expect(await failure(provider().identify({ accessToken: "A1" }))).toMatchObject({
      kind: "reconnect",
      code: "65601",
    });
    expect(waits).toHaveLength(2);
  });

  test("a check keeps in mind what was not granted", async () => {
    script[WHO] = [{ body: { sub: "782bbtaQ", given_name: "Ada", family_name: "Renamed" } }];
    const health = await provider().check?.({ ...access, metadata: { missing: ["w_member_social"] } });
    expect(health).toEqual({
      name: "Ada Renamed",
      handle: null,
      avatarUrl: null,
      missing: ["w_member_social"],
      metadata: { missing: ["w_member_social"] },
    });
  });

  test("a check of a Page sees a role that was taken away, and one that came back", async () => {
    script[ROLES] = [roles([]), roles([]), roles([]), roles([]), roles(["2414183"]), roles([])];
    const gone = await provider().check?.(pageAccess);
    expect(gone).toMatchObject({ missing: ["w_organization_social"], metadata: { missing: [] } });
    const back = await provider().check?.({ ...pageAccess, metadata: gone?.metadata ?? {} });
    expect(back).toMatchObject({ missing: [] });
  });
});

describe("little text", () => {
  test.each([
    ["nothing to escape", 'Grüße 👩‍👩‍👧‍👦 & "x" – $5 + 3% = ok!', 'Grüße 👩‍👩‍👧‍👦 & "x" – $5 + 3% = ok!'],
    ["every reserved character", "|{}@[]()<>#\\*_~", "\\|\\{\\}\\@\\[\\]\\(\\)\\<\\>\\#\\\\\\*\\_\\~"],
    ["a backslash that was there", "a\\(b", "a\\\\\\(b"],
    ["a hashtag", "Ring #bells, (#Glocken)", "Ring #bells, \\(#Glocken\\)"],
    ["hashtags in other scripts", "#日本 #été #2026bells", "#日本 #été #2026bells"],
    ["a hashtag up to its underscore", "#bell_tower", "#bell\\_tower"],
    ["a number sign", "We are #1 in C# and F#sharp", "We are \\#1 in C\\# and F\\#sharp"],
    ["hashtags glued together", "##a b#c &#39; #a#b", "\\#\\#a b\\#c &\\#39; #a\\#b"],
    ["a keycap", "#️⃣", "\\#️⃣"],
    [
      "a mention of a Page",
      "By @[Bell (Works)](urn:li:organization:2414183)!",
      "By @[Bell (Works)](urn:li:organization:2414183)!",
    ],
    ["a mention of a person", "@[Ada](urn:li:person:78-b_Q) (hi)", "@[Ada](urn:li:person:78-b_Q) \\(hi\\)"],
    [
      "what only looks like a mention",
      "@ada @[Ada](urn:li:share:1)",
      "\\@ada \\@\\[Ada\\]\\(urn:li:share:1\\)",
    ],
    ["a link", "(https://a.org/b_c?d=~e#f_g)", "\\(https://a.org/b_c?d=~e#f_g\\)"],
    [
      "parentheses in a link",
      "see https://en.wikipedia.org/wiki/Primer_(film).",
      "see https://en.wikipedia.org/wiki/Primer_(film).",
    ],
    ["a bare domain, which may not be a link there", "a.org/b_c", "a.org/b\\_c"],
    ["an e-mail address", "first_last@example.com", "first\\_last\\@example.com"],
  ])("%s", (_what, text, expected) => {
    expect(escapeLittleText(text)).toBe(expected);
    expect(countText("little_text", text)).toBe(expected.length);
  });

  test("whatever is written arrives whole: backslashes are all that is added", () => {
    const pieces = fc.constantFrom(
      ..."|{}@[]()<>#\\*_~",
      "a",
      "é",
      " ",
      "\n",
      "🎉",
      "1",
      "#tag",
      "https://a.org/x_y(z)",
      "a.org",
      "@[Ada](urn:li:person:1)",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const escaped = escapeLittleText(text);
        // Reading it as LinkedIn does: a backslash makes the next character mean itself.
        expect(escaped.replace(/\\([|{}@[\]()<>#\\*_~])/g, "$1")).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("outside of links, hashtags and mentions nothing reserved is left bare", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(..."|{}@[]()<>#\\*_~ab1 \n🎉"), { maxLength: 40 }), (parts) => {
        const bare = escapeLittleText(parts.join(""))
          .replace(/\\./gs, "")
          .replace(/#\p{N}*\p{L}[\p{L}\p{N}]*/gu, "");
        expect(bare).not.toMatch(/[|{}@[\]()<>#\\*_~]/);
      }),
      { numRuns: 500 },
    );
  });

  test("what fits is what is sent: escapes count, and so does every half of an emoji", () => {
    const { max, counting } = linkedinSpec.text;
    expect(countText(counting, "a".repeat(3_000))).toBe(max);
    expect(countText(counting, "_".repeat(1_500))).toBe(max);
    expect(countText(counting, `${"_".repeat(1_500)}a`)).toBe(max + 1);
    expect(countText(counting, "🎉".repeat(1_500))).toBe(max);
  });

  // Work that grows with the square of the length takes minutes here, and the test's own time limit tells.
  test.each(["@[", "@[a", "#1", "#a", "@[a](urn:li:person:", "https://a.org/_ ", "_"])(
    "a hundred thousand characters of %j",
    (piece) => {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      expect(countText("little_text", text)).toBeGreaterThanOrEqual(text.length);
    },
  );
});

describe("publishing", () => {
  test("sends exactly what was counted, behind the fence, and takes the id from the header", async () => {
    script[CREATE] = [created()];
    const text = "Ring (them) #bells_now 👩‍👩‍👧‍👦 https://a.org/b_c";
    expect(await publish(aPost({ text }))).toEqual({
      state: "published",
      remoteId: SHARE,
      url: `${origin}/www.linkedin.com/feed/update/${SHARE}/`,
    });
    expect(jsonOf(0)).toEqual({
      author: MEMBER,
      commentary: "Ring \\(them\\) #bells\\_now 👩‍👩‍👧‍👦 https://a.org/b_c",
      visibility: "PUBLIC",
      distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
      lifecycleState: "PUBLISHED",
      isReshareDisabledByAuthor: false,
    });
    expect(String(jsonOf(0)["commentary"])).toHaveLength(countText(linkedinSpec.text.counting, text));
    expect(fences).toEqual([0]);
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer CNRY_access",
      "linkedin-version": "202609",
      "x-restli-protocol-version": "2.0.0",
      "content-type": "application/json",
    });
  });

  test("speaks the version the operator set", async () => {
    script[CREATE] = [created()];
    await provider({ linkedinVersion: "202701" }).publish({
      access,
      content: aPost(),
      resume: null,
      sending,
    });
    expect(seen[0]?.headers["linkedin-version"]).toBe("202701");
  });

  test("a link is a card of its own, titled by its site where nobody titled it", async () => {
    script[CREATE] = [created(), created(), created()];
    const link = "https://www.carillon.example/bells_(big)?a=1&b=2";
    await publish(aPost({ link }));
    await publish(aPost({ link, options: { link_title: " The (big) bells " } }));
    await publish(aPost({ link, options: { link_title: "  " } }));
    expect(jsonOf(0)).toMatchObject({
      commentary: "Hello",
      content: { article: { source: link, title: "carillon.example" } },
    });
    expect(jsonOf(1)).toMatchObject({ content: { article: { source: link, title: "The (big) bells" } } });
    expect(jsonOf(2)).toMatchObject({ content: { article: { title: "carillon.example" } } });
  });

  test.each(["LOGGED_IN", "CONNECTIONS"])("what is meant for %s goes to no one else", async (visibility) => {
    script[CREATE] = [created()];
    const content = aPost({ options: { visibility } });
    await publish(content);
    expect(jsonOf(0)).toMatchObject({ visibility });
    // A Page cannot choose: rather not at all than to everyone.
    expect(await failure(publish(content, { access: pageAccess }))).toMatchObject({
      kind: "rejected",
      effect: "definite",
    });
    expect(seen).toHaveLength(1);
    expect(fences).toEqual([0]);
  });

  test("a Page posts in its own name", async () => {
    script[CREATE] = [created("urn:li:ugcPost:7")];
    const step = await publish(aPost({ options: { visibility: "" } }), { access: pageAccess });
    expect(step).toMatchObject({ state: "published", remoteId: "urn:li:ugcPost:7" });
    expect(jsonOf(0)).toMatchObject({ author: PAGE, visibility: "PUBLIC" });
  });

  test("without the fence nothing is sent", async () => {
    const lost = new Error("claim lost");
    await expect(publish(aPost(), { sending: () => Promise.reject(lost) })).rejects.toBe(lost);
    expect(seen).toHaveLength(0);
  });

  test.each<[string, Reply]>([
    ["a lost answer", { drop: true }],
    ["a server error", refusal(503)],
    ["a gateway that gave up", { status: 504, raw: "<html>" }],
    ["a success that names no post", { status: 201, raw: "" }],
    ["a success with an empty name", { status: 201, raw: "", headers: { "x-restli-id": "" } }],
  ])("%s leaves open whether it is out", async (_what, reply) => {
    script[CREATE] = [reply];
    expect(await failure(publish())).toMatchObject({ kind: "unavailable", effect: "ambiguous" });
    expect(seen).toHaveLength(1);
  });

  test("a token called revoked is tried once more, behind a fence of its own", async () => {
    const tooNew = refusal(401, { serviceErrorCode: 65601 });
    script[CREATE] = [tooNew, created(), tooNew, tooNew, created()];
    expect(await publish()).toMatchObject({ state: "published" });
    expect(fences).toEqual([0, 1]);
    expect(waits).toEqual([5_000]);
    expect(await failure(publish())).toMatchObject({ kind: "reconnect", tokenRefused: true });
    expect(seen).toHaveLength(4);
  });

  test("nothing can be read back, and it does not pretend to", () => {
    expect(provider().locate).toBeUndefined();
    expect(linkedinSpec.capabilities.readBack).toBe(false);
  });
});

describe("a copy of what is out", () => {
  const earlier = { since: new Date(), known: ["urn:li:share:1"] };

  test("after a lost answer, the post LinkedIn names is the one", async () => {
    script[CREATE] = [duplicateOf(SHARE)];
    expect(await publish(aPost(), { earlier })).toEqual({
      state: "published",
      remoteId: SHARE,
      url: `${origin}/www.linkedin.com/feed/update/${SHARE}/`,
    });
  });

  test("in words alone, and in the older status", async () => {
    const message = `Content is a duplicate of ${SHARE}`;
    script[CREATE] = [refusal(422, { message }), refusal(409, { message })];
    expect(await publish(aPost(), { earlier })).toMatchObject({ remoteId: SHARE });
    expect(await publish(aPost(), { earlier })).toMatchObject({ remoteId: SHARE });
  });

  test("without a lost answer it is somebody's earlier post, and this one is refused", async () => {
    script[CREATE] = [duplicateOf(SHARE)];
    expect(await failure(publish())).toMatchObject({
      kind: "rejected",
      effect: "definite",
      code: "duplicate",
    });
  });

  test("another post of ours with the same words is not taken for this one", async () => {
    script[CREATE] = [duplicateOf("urn:li:share:1")];
    expect(await failure(publish(aPost(), { earlier }))).toMatchObject({
      kind: "rejected",
      code: "duplicate",
    });
  });

  test("a copy that is not named leaves open where it is, not whether it failed", async () => {
    script[CREATE] = [refusal(422, { code: "DUPLICATE_POST", message: "Duplicate" })];
    expect(await failure(publish(aPost(), { earlier }))).toMatchObject({
      kind: "unavailable",
      effect: "ambiguous",
      code: "duplicate",
    });
  });

  test("a person's own words do not make a refusal a success", async () => {
    const message = `ERROR :: /commentary :: "duplicate of ${SHARE}" is not a valid value`;
    script[CREATE] = [refusal(422, { message }), refusal(400, { message: `duplicate of ${SHARE}` })];
    expect(await failure(publish(aPost(), { earlier }))).toMatchObject({ kind: "rejected", code: "422" });
    expect(await failure(publish(aPost(), { earlier }))).toMatchObject({ kind: "rejected", code: "400" });
  });
});

describe("what LinkedIn refuses", () => {
  test.each<[string, Reply, Partial<PlatformError>]>([
    [
      "a bad token",
      refusal(401, { serviceErrorCode: 65600 }),
      { kind: "reconnect", tokenRefused: true, code: "65600" },
    ],
    [
      "an expired token",
      refusal(401, { code: "EXPIRED_ACCESS_TOKEN" }),
      { kind: "reconnect", tokenRefused: true, code: "65602" },
    ],
    [
      "an expired token, in a number",
      refusal(401, { serviceErrorCode: 65602, message: "The token used in the request has expired" }),
      { kind: "reconnect", tokenRefused: true, code: "65602" },
    ],
    ["a token and no word", { status: 401, raw: "" }, { kind: "reconnect", tokenRefused: true, code: "401" }],
    [
      "a missing permission",
      refusal(403, {
        serviceErrorCode: 100,
        code: "ACCESS_DENIED",
        message: "Not enough permissions to access: …",
      }),
      { kind: "rejected", code: "ACCESS_DENIED", tokenRefused: false },
    ],
    ["a missing permission without a code", { status: 403, raw: "" }, { kind: "rejected", code: "403" }],
    [
      "too long a text",
      refusal(400, { code: "FIELD_LENGTH_TOO_LONG" }),
      { kind: "rejected", code: "FIELD_LENGTH_TOO_LONG" },
    ],
    [
      "a code within the words",
      refusal(400, { message: "com.linkedin: FIELD_LENGTH_TOO_LONG in commentary" }),
      { kind: "rejected", code: "FIELD_LENGTH_TOO_LONG" },
    ],
    [
      "a wrong value",
      refusal(400, { code: "INVALID_VALUE_FOR_FIELD" }),
      { kind: "rejected", code: "INVALID_VALUE_FOR_FIELD" },
    ],
    [
      "a bad link",
      refusal(422, { message: "ERROR :: /content/article/source :: not a valid URL" }),
      { kind: "rejected", code: "422", message: "LinkedIn refused the link of this post." },
    ],
    [
      "media on its way",
      refusal(400, { code: "MEDIA_ASSET_WAITING_UPLOAD" }),
      { kind: "unavailable", retryAfterMs: 5_000 },
    ],
    ["broken media", refusal(400, { code: "MEDIA_ASSET_PROCESSING_FAILED" }), { kind: "rejected" }],
    ["an old upload address", refusal(400, { code: "EXPIRED_UPLOAD_URL" }), { kind: "unavailable" }],
    ["too large a file", refusal(413), { kind: "rejected", code: "413" }],
    ["an unknown kind of file", refusal(415), { kind: "rejected", code: "415" }],
    [
      "a version that is over",
      refusal(426, { code: "NONEXISTENT_VERSION", message: "Requested version 202409 is not active" }),
      { kind: "unavailable", operator: true, code: "NONEXISTENT_VERSION" },
    ],
    [
      "something nobody knows",
      refusal(400, { code: "constructor" }),
      { kind: "rejected", code: "constructor" },
    ],
    ["a refusal that is not JSON", { status: 422, raw: "<html>" }, { kind: "rejected", code: "422" }],
  ])("%s is named by what helps, and nothing happened", async (_what, reply, expected) => {
    script[CREATE] = [reply];
    expect(await failure(publish())).toMatchObject({ effect: "definite", operator: false, ...expected });
    expect(seen).toHaveLength(1);
  });

  test("too many requests wait for LinkedIn's next day, or for as long as it says", async () => {
    script[CREATE] = [
      refusal(429, { message: "Resource level throttle limit" }),
      { ...refusal(429), headers: { "retry-after": "7" } },
    ];
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-05T22:30:00Z") });
    expect(await failure(publish())).toMatchObject({ kind: "slow_down", retryAfterMs: 91 * 60_000 });
    expect(await failure(publish())).toMatchObject({ kind: "slow_down", retryAfterMs: 7_000 });
  });
});

describe("taking back", () => {
  const path = `DELETE api.linkedin.com/rest/posts/${encodeURIComponent(SHARE)}`;

  test("deletes by URN, encoded", async () => {
    script[path] = [{ status: 204, raw: "" }];
    await provider().remove?.(access, SHARE);
    expect(seen[0]?.headers).toMatchObject({ "linkedin-version": "202609", "x-restli-method": "DELETE" });
  });

  test("what is gone already is gone", async () => {
    script[path] = [refusal(404)];
    await expect(provider().remove?.(access, SHARE)).resolves.toBeUndefined();
  });

  test("a refusal is told", async () => {
    script[path] = [refusal(403, { code: "ACCESS_DENIED" })];
    expect(await failure(provider().remove?.(access, SHARE))).toMatchObject({ kind: "rejected" });
  });
});
