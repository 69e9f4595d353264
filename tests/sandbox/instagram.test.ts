/** The simulated Instagram through both log-ins, knocked at over HTTP. Effects are counted where the world sees them. */
import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { type FileServer, picture, serveFiles, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; text: string; body: Body };
type Fields = Record<string, string>;
/** One of the two ways in: a host, a token, and what goes with every call. */
type Door = { graph: string; token: string; proof: Fields };

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/instagram/callback`;
const ada = "17841400012345671";
const adaScoped = "25025320123456781";
const chime = "17841400012345673";
const app = { client_id: "sandbox-instagram", client_secret: "CNRY_secret_instagram" };
const day = 86_400_000;
const ownScopes = [
  "instagram_business_basic",
  "instagram_business_content_publish",
  "instagram_business_manage_comments",
];
const facebookScopes = [
  "pages_show_list",
  "pages_read_engagement",
  "instagram_basic",
  "instagram_content_publish",
  "instagram_manage_comments",
  "instagram_manage_contents",
];

let sandbox: RunningSandbox;
let files: FileServer;
let jpeg: { url: string; sha256: string };
let clip: { url: string; sha256: string; bytes: Buffer };

beforeAll(async () => {
  [sandbox, files] = await Promise.all([startSandbox({ appOrigin }), serveFiles()]);
  jpeg = serve(await picture("jpeg"), "image/jpeg");
  const bytes = await video({ seconds: 5 });
  clip = { ...serve(bytes, "video/mp4"), bytes };
});
afterAll(() => Promise.all([sandbox.stop(), files.stop()]));
beforeEach(() => sandbox.reset());

describe("consent", () => {
  test("comes back with code, state and a fragment that is no part of the code", async () => {
    const back = await sandbox.consent({ authorizeUrl: authorizeUrl() });
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
    expect(back.searchParams.get("state")).toBe("a-state");
    expect(back.hash).toBe("#_");
    expect(back.searchParams.get("code")).toMatch(/^CNRY_code_\w+$/);
  });

  test("grants what was left ticked, and never without the basic scope", async () => {
    const scopes = ["instagram_business_manage_comments"];
    const back = await sandbox.consent({ authorizeUrl: authorizeUrl(), scopes });
    const { body } = await exchange(codeIn(back));
    expect(body["permissions"]).toEqual([ownScopes[0], ownScopes[2]]);
  });

  test("that is denied says so", async () => {
    const back = await sandbox.consent({ authorizeUrl: authorizeUrl(), decision: "deny" });
    expect(Object.fromEntries(back.searchParams)).toEqual({
      error: "access_denied",
      error_reason: "user_denied",
      error_description: "The user denied your request",
      state: "a-state",
    });
  });

  test("takes spaces between the scopes, and the two switches", async () => {
    const spaced = authorizeUrl({
      scope: ownScopes.join(" "),
      force_reauth: "true",
      enable_fb_login: "0",
    });
    expect((await sandbox.consent({ authorizeUrl: spaced })).searchParams.has("code")).toBe(true);
  });

  test.each([
    ["another client", { client_id: "someone-else" }],
    ["one more slash", { redirect_uri: `${redirectUri}/` }],
    ["response_type=token", { response_type: "token" }],
    ["a name from before 2025", { scope: "business_basic" }],
    ["the other log-in's names", { scope: "instagram_basic" }],
    ["no basic scope", { scope: "instagram_business_content_publish" }],
    ["a PKCE challenge", { code_challenge: "c".repeat(43) }],
  ])("refuses %s with a page, never with a redirect", async (_what, change) => {
    const page = await fetch(authorizeUrl(change), { redirect: "manual" });
    expect(page.status).toBe(400);
    expect(page.headers.get("location")).toBeNull();
  });
});

describe("tokens", () => {
  test("the answer carries the app-scoped id as a number that JavaScript cannot hold", async () => {
    const answer = await exchange(await aCode());
    expect(answer.text).toContain(`"user_id":${adaScoped},`);
    expect(String(answer.body["user_id"])).not.toBe(adaScoped);
    await own({ tokenShape: "data" });
    const wrapped = await exchange(await aCode());
    expect(wrapped.body["data"]).toEqual([
      { access_token: expect.any(String), user_id: adaScoped, permissions: ownScopes.join(",") },
    ]);
  });

  test("a code works once, for an hour, as a form of either encoding but not as JSON", async () => {
    const code = await aCode();
    const refused = { error_type: "OAuthException", code: 400 };
    const fields = { ...app, grant_type: "authorization_code", redirect_uri: redirectUri, code };
    const headers = { "content-type": "application/json" };
    const asJson = await send("POST", "api.instagram.com/oauth/access_token", {
      headers,
      body: JSON.stringify(fields),
    });
    expect([asJson.status, asJson.body]).toMatchObject([400, refused]);
    expect((await exchange(code, { redirect_uri: `${redirectUri}/` })).body).toMatchObject(refused);
    expect((await exchange(code, { client_secret: "guess" })).body).toMatchObject(refused);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    expect((await send("POST", "api.instagram.com/oauth/access_token", { body: form })).status).toBe(200);
    expect((await exchange(code)).body).toEqual({
      ...refused,
      error_message: "Matching code was not found or was already used",
    });
    const late = await aCode();
    await sandbox.advanceClock(3_600_000);
    expect((await exchange(late)).status).toBe(400);
  });

  test("one hour buys sixty days, and only with the secret", async () => {
    const short = String((await exchange(await aCode())).body["access_token"]);
    expect((await exchangeLong(short, "guess")).body["error"]).toMatchObject({ code: 101 });
    const long = await exchangeLong(short);
    expect(long.body).toEqual({
      access_token: expect.stringMatching(/^CNRY_access_/),
      token_type: "bearer",
      expires_in: 5_183_944,
    });
    expect((await exchangeLong(String(long.body["access_token"]))).status).toBe(400);
    await sandbox.advanceClock(3_600_000);
    expect((await exchangeLong(short)).body["error"]).toMatchObject({ code: 190, error_subcode: 463 });
    expect((await call(ownDoor(short), "GET", "me")).status).toBe(400);
    expect((await call(ownDoor(String(long.body["access_token"])), "GET", "me")).status).toBe(200);
  });

  test("a refresh waits for a day, and lengthens the life by sixty", async () => {
    const { token } = await signIn();
    expect((await refresh(token)).body["error"]).toMatchObject({ code: 100 });
    await own({ earlyRefreshCode: 190 });
    expect((await refresh(token)).body["error"]).toMatchObject({ code: 190 });
    await sandbox.advanceClock(day);
    const fresh = await refresh(token);
    expect(fresh.body).toMatchObject({ expires_in: 5_183_944, permissions: ownScopes.join(",") });
    await sandbox.advanceClock(59.5 * day);
    expect((await refresh(token)).body["error"]).toMatchObject({ code: 190, error_subcode: 463 });
    const newer = ownDoor(String(fresh.body["access_token"]));
    expect((await call(newer, "GET", "me")).status).toBe(200);
    await sandbox.expire({ platform: "instagram", kind: "grant" });
    expect((await call(newer, "GET", "me")).body["error"]).toMatchObject({ code: 190, error_subcode: 458 });
  });

  test("who am I tells both ids, flat or wrapped", async () => {
    const door = await signIn("chimecafe");
    const fields = "id,user_id,username,name,account_type,followers_count";
    const { body } = await call(door, "GET", "me", { fields });
    expect(body).toEqual({
      id: "25025320123456783",
      user_id: chime,
      username: "chimecafe",
      name: "Chime Café",
      account_type: "BUSINESS",
      followers_count: 0,
    });
    await own({ profileShape: "data" });
    expect((await call(door, "GET", "me", { fields })).body).toEqual({ data: [body] });
  });

  test("nobody gets in without a token, with a strange parameter, or to another's account", async () => {
    const door = await signIn();
    expect((await send("GET", "graph.instagram.com/v26.0/me")).body["error"]).toMatchObject({ code: 104 });
    expect((await call(ownDoor("invented"), "GET", "me")).body["error"]).toMatchObject({ code: 190 });
    expect((await call(door, "GET", "me", { date_format: "U" })).body["error"]).toMatchObject({ code: 100 });
    expect((await call(door, "GET", "me", { fields: "shoe_size" })).body["error"]).toMatchObject({
      code: 100,
    });
    const foreign = await call(door, "GET", chime, { fields: "username" });
    expect(foreign.body["error"]).toMatchObject({ code: 100, error_subcode: 33, type: "IGApiException" });
  });

  test("every answer names the version that served it and how much of the limits is used", async () => {
    const door = await signIn();
    const old = await send("GET", `graph.instagram.com/v18.0/me?access_token=${door.token}`);
    expect(old.headers.get("facebook-api-version")).toBe("v21.0");
    expect(JSON.parse(old.headers.get("x-app-usage") ?? "")).toMatchObject({ call_count: 3 });
    expect((await send("GET", "graph.instagram.com/v27.0/me")).body["error"]).toMatchObject({ code: 2_500 });
    await sandbox.fault({ platform: "instagram", operation: "me", kind: "rate_limit", retryAfterMs: 90_000 });
    const limited = await call(door, "GET", ada);
    expect([limited.status, limited.body["error"]]).toMatchObject([429, { code: 80_002 }]);
    expect(JSON.parse(limited.headers.get("x-business-use-case-usage") ?? "")[ada]).toMatchObject([
      { type: "instagram", call_count: 100, estimated_time_to_regain_access: 2 },
    ]);
  });
});

describe.each([
  ["its own log-in", signIn],
  ["Facebook's log-in", signInThroughFacebook],
])("publishing through %s", (_name, enter) => {
  test("a picture: container, poll, publish, read back", async () => {
    const door = await enter();
    const made = await container(door, { image_url: jpeg.url, caption: "Ding #bells", alt_text: "A bell" });
    expect(made.body).toEqual({ id: expect.stringMatching(/^\d+$/) });
    const creation_id = String(made.body["id"]);
    await own({ processingMs: 0 });
    await finished(door, creation_id);
    expect(await sandbox.effects("instagram")).toEqual([]);
    const published = await publish(door, creation_id);
    expect(published.status).toBe(200);
    const id = String(published.body["id"]);
    expect(await sandbox.effects("instagram")).toMatchObject([
      {
        id,
        personId: ada,
        text: "Ding #bells",
        media: [{ sha256: jpeg.sha256, mime: "image/jpeg", alt: "A bell" }],
        details: { media_type: "IMAGE", media_product_type: "FEED" },
      },
    ]);
    const fields =
      "id,permalink,shortcode,media_type,media_product_type,timestamp,caption,alt_text,comments_count";
    expect((await call(door, "GET", id, { fields })).body).toMatchObject({
      id,
      permalink: `${sandbox.url}/feed/instagram/${id}`,
      caption: "Ding #bells",
      alt_text: "A bell",
      comments_count: 0,
    });
    expect((await statusOf(door, creation_id))["status_code"]).toBe("PUBLISHED");
    const again = await publish(door, creation_id);
    expect(again.body["error"]).toMatchObject({ code: 24, error_subcode: 2207008 });
    expect(await sandbox.effects("instagram")).toHaveLength(1);
  });

  test("the token may be a parameter and the version left out; the post has a page of its own", async () => {
    await own({ processingMs: 0 });
    const door = await enter();
    const given = { ...door.proof, access_token: door.token };
    const post = (path: string, fields: Fields) =>
      send("POST", `${door.graph}/${path}`, { body: new URLSearchParams({ ...given, ...fields }) });
    const media = await post(`${ada}/media`, { image_url: jpeg.url, is_carousel_item: "false" });
    const { body } = await post(`${ada}/media_publish`, { creation_id: String(media.body["id"]) });
    const read = await call(door, "GET", String(body["id"]), { fields: "shortcode" });
    const page = await fetch(`${sandbox.url}/www.instagram.com/p/${read.body["shortcode"]}`, {
      redirect: "manual",
    });
    expect(page.headers.get("location")).toBe(`${sandbox.url}/feed/instagram/${body["id"]}`);
  });

  test("a carousel in order, pictures and videos with the alt texts of its pictures", async () => {
    await own({ processingMs: 0 });
    const door = await enter();
    const first = await made(door, { is_carousel_item: "true", image_url: jpeg.url, alt_text: "One" });
    const second = await made(door, { is_carousel_item: "true", media_type: "VIDEO", video_url: clip.url });
    const children = `${second},${first}`;
    const parent = await made(door, { media_type: "CAROUSEL", children, caption: "Both" });
    await finished(door, parent);
    const { body } = await publish(door, parent);
    const [post] = await sandbox.effects("instagram");
    expect(post).toMatchObject({ text: "Both", details: { media_type: "CAROUSEL_ALBUM" } });
    expect(post?.media).toMatchObject([
      { sha256: clip.sha256, alt: null },
      { sha256: jpeg.sha256, alt: "One" },
    ]);
    const read = await call(door, "GET", String(body["id"]), { fields: "children{media_type,permalink}" });
    expect(read.body["children"]).toEqual({
      data: [
        { id: expect.any(String), media_type: "VIDEO" },
        { id: expect.any(String), media_type: "IMAGE" },
      ],
    });
  });

  test("a reel and a story; the list has the one, the stories have the other", async () => {
    await own({ processingMs: 0 });
    const door = await enter();
    const reel = await made(door, {
      media_type: "REELS",
      video_url: clip.url,
      caption: "Swing",
      share_to_feed: "false",
      cover_url: jpeg.url,
    });
    const story = await made(door, { media_type: "STORIES", image_url: jpeg.url, caption: "unseen" });
    const [reelId, storyId] = [
      String((await publish(door, reel)).body["id"]),
      String((await publish(door, story)).body["id"]),
    ];
    expect(await sandbox.effects("instagram")).toMatchObject([
      { text: "Swing", details: { media_type: "VIDEO", media_product_type: "REELS", share_to_feed: false } },
      { text: "", details: { media_type: "IMAGE", media_product_type: "STORY" } },
    ]);
    expect((await call(door, "GET", `${ada}/media`)).body["data"]).toEqual([{ id: reelId }]);
    expect((await call(door, "GET", `${ada}/stories`)).body["data"]).toEqual([{ id: storyId }]);
    await sandbox.advanceClock(day - 60_000);
    const { body } = await call(door, "GET", `${ada}/content_publishing_limit`, {
      fields: "quota_usage,config",
    });
    expect(body).toEqual({ data: [{ quota_usage: 2, config: { quota_total: 50, quota_duration: 86_400 } }] });
  });

  test("a first comment, a reply to a reply, hiding and deleting", async () => {
    await own({ processingMs: 0 });
    const door = await enter();
    const id = await posted(door);
    const first = String((await call(door, "POST", `${id}/comments`, { message: "First!" })).body["id"]);
    const reply = String((await call(door, "POST", `${first}/replies`, { message: "Second" })).body["id"]);
    await call(door, "POST", `${reply}/replies`, { message: "Third" });
    const read = await call(door, "GET", `${id}/comments`, { fields: "text,from,replies{text}" });
    expect(read.body["data"]).toMatchObject([
      {
        id: first,
        text: "First!",
        from: { id: ada, username: "adabell" },
        replies: { data: [{ text: "Third" }, { text: "Second" }] },
      },
    ]);
    const [, ...comments] = await sandbox.effects("instagram");
    expect(comments.map(({ text, replyTo }) => [text, replyTo])).toEqual([
      ["First!", id],
      ["Second", first],
      ["Third", first],
    ]);
    expect((await call(door, "POST", first, { hide: "true" })).body).toEqual({ success: true });
    expect((await call(door, "POST", `${first}/replies`, { message: "Fourth" })).status).toBe(400);
    expect((await call(door, "DELETE", first)).body).toEqual({ success: true });
    expect((await call(door, "GET", `${id}/comments`)).body).toEqual({ data: [] });
    expect((await call(door, "POST", `${id}/comments`, { message: "x".repeat(301) })).status).toBe(400);
    expect((await call(door, "POST", id, { comment_enabled: "false" })).body).toEqual({ success: true });
    expect((await call(door, "POST", `${id}/comments`, { message: "Late" })).status).toBe(400);
  });

  test.each<[string, Fields, Fields]>([
    ["an unknown media type", { media_type: "GIF" }, { code: "100", sub: "2207023" }],
    ["a single VIDEO", { media_type: "VIDEO", video_url: "CLIP" }, { code: "100", sub: "2207023" }],
    ["a carousel of one", { media_type: "CAROUSEL", children: "1" }, { code: "100", sub: "2207028" }],
    ["a carousel of strangers", { media_type: "CAROUSEL", children: "1,2" }, { code: "24", sub: "2207008" }],
    ["a long caption", { image_url: "JPEG", caption: "x".repeat(2_201) }, { code: "36004", sub: "2207010" }],
    ["31 hashtags", { image_url: "JPEG", caption: "#a ".repeat(31) }, { code: "36004", sub: "2207010" }],
    ["21 mentions", { image_url: "JPEG", caption: "@a ".repeat(21) }, { code: "36004", sub: "2207010" }],
    ["an address nobody answers", { image_url: "GONE" }, { code: "9004", sub: "2207052" }],
    [
      "an address that is not ASCII",
      { image_url: "http://127.0.0.1/ü.jpg" },
      { code: "9004", sub: "2207052" },
    ],
    ["a PNG", { image_url: "PNG" }, { code: "36001", sub: "2207005" }],
    ["more than 8 MiB", { image_url: "BIG" }, { code: "36000", sub: "2207004" }],
    ["a tall picture", { image_url: "TALL" }, { code: "36003", sub: "2207009" }],
    [
      "a tag without a place",
      { image_url: "JPEG", user_tags: '[{"username":"x"}]' },
      { code: "100", sub: "2207035" },
    ],
    [
      "a cover after the end",
      { media_type: "REELS", video_url: "CLIP", thumb_offset: "6000" },
      { code: "1", sub: "2207057" },
    ],
    ["no media", { caption: "Words" }, { code: "100" }],
    ["alt text on a reel", { media_type: "REELS", video_url: "CLIP", alt_text: "x" }, { code: "100" }],
    ["long alt text", { image_url: "JPEG", alt_text: "x".repeat(1_001) }, { code: "100" }],
    ["four collaborators", { image_url: "JPEG", collaborators: '["a","b","c","d"]' }, { code: "100" }],
    [
      "a caption on a carousel's item",
      { is_carousel_item: "true", image_url: "JPEG", caption: "x" },
      { code: "100" },
    ],
    [
      "an AI label on a carousel's item",
      { is_carousel_item: "true", image_url: "JPEG", is_ai_generated: "true" },
      { code: "100" },
    ],
    [
      "a reel in a carousel",
      { is_carousel_item: "true", media_type: "REELS", video_url: "CLIP" },
      { code: "100" },
    ],
    ["a parameter that does not exist", { image_url: "JPEG", title: "x" }, { code: "100" }],
  ])("refuses %s at once", async (_what, given, { code, sub }) => {
    const door = await enter();
    const fields: Fields = {};
    for (const [name, value] of Object.entries(given)) fields[name] = await addressOf(value);
    const { status, body } = await container(door, fields);
    expect(status).toBe(400);
    expect(body["error"]).toMatchObject({
      code: Number(code),
      ...(sub ? { error_subcode: Number(sub) } : {}),
    });
  });

  test.each([
    ["is too short for a reel", { seconds: 2 }, "REELS"],
    ["is too long for a story", { seconds: 61 }, "STORIES"],
    ["is too wide", { width: 1_922, height: 1_080 }, "REELS"],
  ])("a video that %s fails while it is processed", async (_what, shape, media_type) => {
    await own({ processingMs: 0 });
    const door = await enter();
    const { url } = serve(await video(shape), "video/mp4");
    const id = await made(door, { media_type, video_url: url });
    expect(await statusOf(door, id)).toEqual({
      id,
      status_code: "ERROR",
      status: "Error: Media upload has failed with error code 2207026",
    });
    expect((await publish(door, id)).body["error"]).toMatchObject({ code: 9_007, error_subcode: 2207027 });
  });
});

describe("the rules of publishing", () => {
  test("too early is refused, and so is a container of yesterday", async () => {
    await own({ processingMs: 60_000 });
    const door = await signIn();
    const id = await made(door, { image_url: jpeg.url });
    expect((await statusOf(door, id))["status_code"]).toBe("IN_PROGRESS");
    expect((await publish(door, id)).body["error"]).toMatchObject({ code: 9_007, error_subcode: 2207027 });
    await sandbox.advanceClock(60_000);
    expect((await statusOf(door, id))["status_code"]).toBe("FINISHED");
    await sandbox.advanceClock(day);
    expect((await statusOf(door, id))["status_code"]).toBe("EXPIRED");
    expect((await publish(door, id)).body["error"]).toMatchObject({ code: 24, error_subcode: 2207008 });
    expect(await sandbox.effects("instagram")).toEqual([]);
  });

  test("a video must be ready before a carousel is made of it", async () => {
    await own({ processingMs: 60_000 });
    const door = await signIn();
    const still = await made(door, { is_carousel_item: "true", image_url: jpeg.url });
    const moving = await made(door, { is_carousel_item: "true", media_type: "VIDEO", video_url: clip.url });
    const early = await container(door, { media_type: "CAROUSEL", children: `${still},${moving}` });
    expect(early.body["error"]).toMatchObject({ code: 9_007 });
    expect((await publish(door, still)).body["error"]).toMatchObject({ code: 100 });
  });

  test("the quotas hold for posts, when they are published, and for containers", async () => {
    await own({ processingMs: 0, quotaTotal: 1, containerLimit: 3 });
    const door = await signIn();
    await posted(door);
    const second = await made(door, { image_url: jpeg.url });
    expect((await publish(door, second)).body["error"]).toMatchObject({ code: 9, error_subcode: 2207042 });
    await made(door, { image_url: jpeg.url });
    expect((await container(door, { image_url: jpeg.url })).body["error"]).toMatchObject({ code: 4 });
    await sandbox.advanceClock(day);
    await posted(door);
    expect(await sandbox.effects("instagram")).toHaveLength(2);
  });

  test("errors that were ordered come with their codes", async () => {
    await own({ processingMs: 0, containerError: 2207053 });
    const door = await signIn();
    const failed = await made(door, { image_url: jpeg.url });
    expect((await statusOf(door, failed))["status"]).toContain("2207053");
    await own({ containerError: 0, publishError: 2207050 });
    const id = await made(door, { image_url: jpeg.url });
    expect((await publish(door, id)).body["error"]).toMatchObject({ code: 25, error_subcode: 2207050 });
    await own({ createError: 2207001 });
    expect((await container(door, { image_url: jpeg.url })).body["error"]).toMatchObject({ code: -1 });
  });

  test("a lost answer leaves a container that says PUBLISHED", async () => {
    await own({ processingMs: 0 });
    const door = await signIn();
    const id = await made(door, { image_url: jpeg.url });
    await sandbox.fault({ platform: "instagram", operation: "publish", kind: "accept_then_reset" });
    await expect(publish(door, id)).rejects.toThrow();
    expect((await statusOf(door, id))["status_code"]).toBe("PUBLISHED");
    expect(await sandbox.effects("instagram")).toHaveLength(1);
  });

  test("takes JSON as well as a form, with lists as lists", async () => {
    await own({ processingMs: 0 });
    const door = await signIn();
    const children = [1, 2].map(() => made(door, { is_carousel_item: "true", image_url: jpeg.url }));
    const { status, body } = await send("POST", `graph.instagram.com/v26.0/${ada}/media`, {
      headers: { authorization: `Bearer ${door.token}`, "content-type": "application/json" },
      body: JSON.stringify({
        media_type: "CAROUSEL",
        children: await Promise.all(children),
        caption: "JSON",
        collaborators: ["chimecafe"],
      }),
    });
    expect(status).toBe(200);
    await publish(door, String(body["id"]));
    expect(await sandbox.effects("instagram")).toMatchObject([
      { text: "JSON", details: { collaborators: ["chimecafe"] } },
    ]);
  });

  test("pages through the media with cursors", async () => {
    await own({ processingMs: 0 });
    const door = await signIn();
    const ids: string[] = [];
    for (let nth = 0; nth < 3; nth += 1) ids.push(await posted(door));
    const first = await call(door, "GET", "me/media", { limit: "2" });
    expect(first.body["data"]).toEqual([{ id: ids[2] }, { id: ids[1] }]);
    const { cursors, next } = first.body["paging"] as { cursors: Fields; next: string };
    const rest = await send("GET", next.replace("https://", ""));
    expect(rest.body["data"]).toEqual([{ id: ids[0] }]);
    expect(rest.body["paging"]).not.toHaveProperty("next");
    const back = await call(door, "GET", "me/media", { limit: "2", before: String(cursors["after"]) });
    expect(back.body["data"]).toEqual([{ id: ids[2] }]);
  });

  test("only what was granted is allowed", async () => {
    await own({ processingMs: 0 });
    const door = await signIn("adabell", ["instagram_business_content_publish"]);
    const id = await posted(door);
    const refused = await call(door, "POST", `${id}/comments`, { message: "First!" });
    expect([refused.status, refused.body["error"]]).toMatchObject([403, { code: 10 }]);
    const other = await signIn("chimecafe");
    expect((await call(other, "GET", id)).body["error"]).toMatchObject({ code: 100, error_subcode: 33 });
  });
});

describe("what only one log-in can do", () => {
  test("media is deleted through Facebook, and stays through Instagram", async () => {
    await own({ processingMs: 0 });
    const facebook = await signInThroughFacebook();
    const instagram = await signIn();
    const id = await posted(facebook);
    expect((await call(instagram, "DELETE", id)).body["error"]).toMatchObject({ code: 100 });
    const bare = await signInThroughFacebook(facebookScopes.filter((one) => !one.endsWith("contents")));
    expect((await call(bare, "DELETE", id)).body["error"]).toMatchObject({ code: 10 });
    expect(await sandbox.effects("instagram")).toMatchObject([{ deleted: false }]);
    expect((await call(facebook, "DELETE", id)).body).toEqual({ success: true, deleted_id: id });
    expect(await sandbox.effects("instagram")).toMatchObject([{ deleted: true }]);
    expect((await call(facebook, "GET", id)).body["error"]).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test("Facebook's host wants a proof with every token", async () => {
    const door = await signInThroughFacebook();
    const naked = await call({ ...door, proof: {} }, "GET", ada);
    expect(naked.body["error"]).toMatchObject({ code: 100, type: "GraphMethodException" });
    const account = await call(door, "GET", ada, { fields: "id,username,name,media_count" });
    expect(account.body).toEqual({ id: ada, username: "adabell", name: "Ada Bell Bells", media_count: 0 });
    expect((await call(door, "GET", chime)).body["error"]).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test("Facebook's log-in has one add-on in a caption, and tags of products", async () => {
    const door = await signInThroughFacebook();
    const poll = { image_url: jpeg.url, poll_attachment: '{"options":["a","b"]}' };
    await made(door, poll);
    await made(door, { image_url: jpeg.url, product_tags: '[{"product_id":"1","x":0.1,"y":0.2}]' });
    expect((await container(door, { ...poll, is_comment_prompt_used: "true" })).status).toBe(400);
    expect((await container(door, { ...poll, poll_attachment: '{"options":["a"]}' })).status).toBe(400);
  });

  test("the user's own token reaches the accounts of the Pages that were ticked", async () => {
    const user = await facebookUser(facebookScopes, ["61555000111222331"]);
    expect((await call(user, "GET", ada)).status).toBe(200);
    const other = await facebookUser(facebookScopes, ["61555000111222333"]);
    expect((await call(other, "GET", ada)).body["error"]).toMatchObject({ code: 100, error_subcode: 33 });
  });

  test("a video is uploaded in pieces, or from an address, and in no other order", async () => {
    await own({ processingMs: 0 });
    const door = await signInThroughFacebook();
    const { body } = await container(door, { media_type: "REELS", upload_type: "resumable", caption: "Up" });
    const uri = String(body["uri"]).replace("https://", "");
    const id = String(body["id"]);
    expect(uri).toBe(`rupload.facebook.com/ig-api-upload/v26.0/${id}`);
    expect((await statusOf(door, id))["status_code"]).toBe("IN_PROGRESS");
    const half = Math.floor(clip.bytes.byteLength / 2);
    const piece = (start: number, end: number) =>
      send("POST", uri, {
        headers: {
          authorization: `OAuth ${door.token}`,
          offset: String(start),
          file_size: String(clip.bytes.byteLength),
        },
        body: new Uint8Array(clip.bytes.subarray(start, end)),
      });
    expect((await piece(half, clip.bytes.byteLength)).body["debug_info"]).toMatchObject({ retriable: false });
    expect((await piece(0, half)).body["debug_info"]).toMatchObject({ retriable: true });
    expect((await piece(half, clip.bytes.byteLength)).body).toEqual({
      success: true,
      message: "Upload successful.",
    });
    await publish(door, id);
    const other = await container(door, { media_type: "REELS", upload_type: "resumable" });
    const headers = { authorization: `OAuth ${door.token}`, file_url: clip.url };
    const fetched = await send("POST", String(other.body["uri"]).replace("https://", ""), { headers });
    expect(fetched.body["success"]).toBe(true);
    await publish(door, String(other.body["id"]));
    expect(await sandbox.effects("instagram")).toMatchObject([
      { text: "Up", media: [{ sha256: clip.sha256 }] },
      { text: "", media: [{ sha256: clip.sha256 }] },
    ]);
  });

  test.each<[string, Fields]>([
    ["a resumable upload", { media_type: "REELS", upload_type: "resumable" }],
    ["tags of products", { image_url: "JPEG", product_tags: '[{"product_id":"1"}]' }],
    ["a poll", { image_url: "JPEG", poll_attachment: '{"options":["a","b"]}' }],
  ])("Instagram's own log-in refuses %s", async (_what, given) => {
    const fields: Fields = {};
    for (const [name, value] of Object.entries(given)) fields[name] = await addressOf(value);
    const { body } = await container(await signIn(), fields);
    expect(body["error"]).toMatchObject({ code: 100 });
  });
});

function serve(bytes: Buffer, mimeType: string): { url: string; sha256: string } {
  const { url } = files.file(bytes, { mimeType });
  return { url, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Names in the tables above stand for files. */
async function addressOf(name: string): Promise<string> {
  switch (name) {
    case "JPEG":
      return jpeg.url;
    case "CLIP":
      return clip.url;
    case "GONE":
      return `${files.url}/nothing.jpg`;
    case "PNG":
      return serve(await picture("png"), "image/png").url;
    case "BIG":
      return serve(Buffer.concat([await picture("jpeg"), Buffer.alloc(8 * 1_048_576)]), "image/jpeg").url;
    case "TALL":
      return serve(await picture("jpeg", { width: 400, height: 600 }), "image/jpeg").url;
    default:
      return name;
  }
}

const own = (knobs: Record<string, string | number | boolean>) =>
  sandbox.settings({ platform: "instagram", own: knobs });

function authorizeUrl(change: Fields = {}): string {
  const query = new URLSearchParams({
    client_id: app.client_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: ownScopes.join(","),
    state: "a-state",
    ...change,
  });
  return `${sandbox.url}/www.instagram.com/oauth/authorize?${query}`;
}

const codeIn = (back: URL): string => back.searchParams.get("code") ?? "";

const aCode = async (person = "adabell", scopes = ownScopes): Promise<string> =>
  codeIn(await sandbox.consent({ authorizeUrl: authorizeUrl(), person, scopes }));

const exchange = (code: string, change: Fields = {}): Promise<Reply> =>
  send("POST", "api.instagram.com/oauth/access_token", {
    body: new URLSearchParams({
      ...app,
      grant_type: "authorization_code",
      redirect_uri: redirectUri,
      code,
      ...change,
    }),
  });

function exchangeLong(access_token: string, client_secret = app.client_secret): Promise<Reply> {
  const query = new URLSearchParams({ grant_type: "ig_exchange_token", client_secret, access_token });
  return send("GET", `graph.instagram.com/access_token?${query}`);
}

function refresh(access_token: string): Promise<Reply> {
  const query = new URLSearchParams({ grant_type: "ig_refresh_token", access_token });
  return send("GET", `graph.instagram.com/refresh_access_token?${query}`);
}

async function signIn(person?: string, scopes?: string[]): Promise<Door> {
  const short = await exchange(await aCode(person, scopes));
  const long = await exchangeLong(String(short.body["access_token"]));
  return ownDoor(String(long.body["access_token"]));
}

const ownDoor = (token: string): Door => ({ graph: "graph.instagram.com", token, proof: {} });

/** With the token of Ada's Page. */
async function signInThroughFacebook(scopes = facebookScopes): Promise<Door> {
  const user = await facebookUser(scopes);
  const { body } = await call(user, "GET", "me/accounts", { fields: "id,access_token" });
  const pages = body["data"] as { id: string; access_token: string }[];
  const page = pages.find(({ id }) => id === "61555000111222331");
  return facebookDoor(page?.access_token ?? "");
}

async function facebookUser(scopes: string[], assets?: string[]): Promise<Door> {
  const facebook = {
    client_id: "sandbox-facebook",
    redirect_uri: `${appOrigin}/api/oauth/facebook/callback`,
  };
  const query = new URLSearchParams({ ...facebook, state: "a-state", scope: scopes.join(",") });
  const authorizeUrl = `${sandbox.url}/www.facebook.com/v26.0/dialog/oauth?${query}`;
  const back = await sandbox.consent({ authorizeUrl, person: "adabell", ...(assets ? { assets } : {}) });
  const secret = { client_secret: "CNRY_secret_facebook" };
  const sell = async (fields: Fields): Promise<string> => {
    const asked = new URLSearchParams({ ...secret, ...fields });
    const { body } = await send("GET", `graph.facebook.com/v26.0/oauth/access_token?${asked}`);
    return String(body["access_token"]);
  };
  const short = await sell({ ...facebook, code: codeIn(back) });
  const { client_id } = facebook;
  return facebookDoor(await sell({ client_id, grant_type: "fb_exchange_token", fb_exchange_token: short }));
}

const facebookDoor = (token: string): Door => ({
  graph: "graph.facebook.com",
  token,
  proof: { appsecret_proof: createHmac("sha256", "CNRY_secret_facebook").update(token).digest("hex") },
});

function call(door: Door, method: string, path: string, fields: Fields = {}): Promise<Reply> {
  const headers = { authorization: `Bearer ${door.token}` };
  const params = new URLSearchParams({ ...door.proof, ...fields });
  const address = `${door.graph}/v26.0/${path}`;
  return method === "POST"
    ? send(method, address, { headers, body: params })
    : send(method, `${address}?${params}`, { headers });
}

const container = (door: Door, fields: Fields) => call(door, "POST", `${ada}/media`, fields);

async function made(door: Door, fields: Fields): Promise<string> {
  const { status, text, body } = await container(door, fields);
  expect(status, text).toBe(200);
  return String(body["id"]);
}

const publish = (door: Door, creation_id: string) =>
  call(door, "POST", `${ada}/media_publish`, { creation_id });

/** Needs processingMs: 0. */
async function posted(door: Door): Promise<string> {
  const { status, text, body } = await publish(door, await made(door, { image_url: jpeg.url }));
  expect(status, text).toBe(200);
  return String(body["id"]);
}

const statusOf = async (door: Door, id: string): Promise<Body> =>
  (await call(door, "GET", id, { fields: "status_code,status" })).body;

const finished = (door: Door, id: string) =>
  waitUntil(async () => ((await statusOf(door, id))["status_code"] === "FINISHED" ? true : null), {
    withinMs: 30_000,
    otherwise: "The container was never finished.",
  });

async function send(method: string, address: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`${sandbox.url}/${address}`, { ...init, method, redirect: "manual" });
  const text = await response.text();
  // safe: every answer asked for here is a JSON object
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as Body };
}
