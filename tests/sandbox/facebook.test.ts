/** The simulated Facebook, knocked at over HTTP as a process of its own. Effects are counted where the world sees them. */
import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { type FileServer, picture, serveFiles, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type GraphError = { code: number; error_subcode?: number; type: string; message: string };
type Status = {
  video_status: string;
  uploading_phase: object;
  processing_phase: { error: GraphError };
  publishing_phase: object;
};
/** Every member of every answer that is looked into here; what is missing fails the test that wants it. */
type Body = {
  [name in "id" | "post_id" | "video_id" | "upload_url" | "upload_session_id" | "h"]: string;
} & { [name in "access_token" | "start_offset" | "end_offset" | "message" | "permalink_url"]: string } & {
  expires_in: number;
  file_offset: number;
  error?: GraphError;
  debug_info: { type: string };
  status: Status;
  paging: { cursors: { after: string }; next: string };
  picture: { data: { url: string } };
  data: Body[] & { is_valid: boolean; error: GraphError; scopes: string[]; granular_scopes: object[] };
};
type Reply = { status: number; headers: Headers; body: Body };
type Params = Record<string, string | Blob>;

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/facebook/callback`;
const client = { client_id: "sandbox-facebook", client_secret: "CNRY_secret_facebook" };
const bells = "61555000111222331";
const guild = "61555000111222333";
const tower = "61555000111222337";
const everything =
  "pages_show_list,pages_read_engagement,pages_manage_posts,pages_manage_engagement,business_management";
const day = 86_400_000;
const codes = (reply: Reply) => [reply.body.error?.code, reply.body.error?.error_subcode];

let sandbox: RunningSandbox;
let files: FileServer;

beforeAll(async () => {
  sandbox = await startSandbox({ appOrigin });
  files = await serveFiles();
}, 60_000);

afterAll(async () => {
  await files?.stop();
  await sandbox?.stop();
});

beforeEach(() => sandbox.reset());

describe("consent", () => {
  test("shows a page where Pages and permissions are ticked one by one", async () => {
    const page = await fetch(dialog());
    const markup = await page.text();
    expect(page.status).toBe(200);
    expect(markup).toContain("Ada Bell Bells");
    expect(markup).toContain('name="asset"');
    expect(markup).toMatch(/type="checkbox" name="scope" value="pages_manage_posts"/);
    expect(markup).toMatch(/type="hidden" name="scope" value="public_profile"/);
  });

  test("comes back with code and state and the fragment that no server sees", async () => {
    const back = await sandbox.consent({ authorizeUrl: dialog() });
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
    expect(back.searchParams.get("state")).toBe("a-state");
    expect(back.searchParams.get("code")).toMatch(/^CNRY_code_/);
    expect(back.hash).toBe("#_=_");
  });

  test("denied comes back with Meta's three words", async () => {
    const back = await sandbox.consent({ authorizeUrl: dialog(), decision: "deny" });
    expect(Object.fromEntries(back.searchParams)).toEqual({
      error_reason: "user_denied",
      error: "access_denied",
      error_description: "Permissions error",
      state: "a-state",
    });
  });

  test("also takes Instagram's callback, spaces between scopes, and a configuration instead of scopes", async () => {
    const instagram = dialog({
      redirect_uri: `${appOrigin}/api/oauth/instagram/callback`,
      scope: "instagram_basic instagram_content_publish instagram_manage_contents pages_show_list",
    });
    expect((await sandbox.consent({ authorizeUrl: instagram })).pathname).toBe(
      "/api/oauth/instagram/callback",
    );
    const configured = await sandbox.consent({ authorizeUrl: dialog({ scope: null, config_id: "77" }) });
    expect(configured.searchParams.get("code")).toBeTruthy();
  });

  test("of another version leads to the newest", async () => {
    const old = await fetch(dialog().replace("/v26.0/", "/v18.0/"), { redirect: "manual" });
    expect(old.headers.get("location")).toBe(dialog());
  });

  test.each([
    ["another client", { client_id: "someone" }],
    ["one more slash", { redirect_uri: `${redirectUri}/` }],
    ["no state", { state: null }],
    ["a permission that is gone", { scope: "manage_pages" }],
    ["response_type=token", { response_type: "token" }],
  ])("refuses %s with a page, never with a redirect", async (_what, change) => {
    const page = await fetch(dialog(change), { redirect: "manual" });
    expect([page.status, page.headers.get("location")]).toEqual([400, null]);
  });
});

describe("tokens", () => {
  test("the code buys a short token once, by GET or by form", async () => {
    const [first, second] = [await code(), await code()];
    const byGet = await exchange(first);
    expect(byGet.body).toMatchObject({ token_type: "bearer", expires_in: 5_400 });
    const byForm = await post("/v26.0/oauth/access_token", {
      ...client,
      redirect_uri: redirectUri,
      code: second,
    });
    expect(byForm.body.access_token).toMatch(/^CNRY_short_/);
    const again = await exchange(first);
    expect([again.status, ...codes(again)]).toEqual([400, 100, 36009]);
  });

  test.each([
    ["another redirect URI", { redirect_uri: `${redirectUri}?x=1` }, 100],
    ["a wrong secret", { client_secret: "guess" }, 101],
    ["an invented code", { code: "invented" }, 100],
  ])("the code is worth nothing with %s", async (_what, change, expected) => {
    const answer = await exchange(await code(), change);
    expect([answer.status, codes(answer)[0]]).toEqual([400, expected]);
  });

  test("a code that came late says so", async () => {
    const late = await code();
    await sandbox.advanceClock(600_000);
    expect(codes(await exchange(late))).toEqual([100, 36007]);
  });

  test("the short token buys one of sixty days, which only comes back as it is", async () => {
    const { body } = await exchange(await code());
    const long = await lengthen(body.access_token);
    expect(long.body).toMatchObject({ token_type: "bearer", expires_in: 5_183_944 });
    await sandbox.advanceClock(day);
    const again = await lengthen(long.body.access_token);
    expect(again.body.access_token).toBe(long.body.access_token);
    expect(again.body.expires_in).toBeLessThanOrEqual(5_183_944 - 86_400);
    await sandbox.advanceClock(60 * day);
    expect(codes(await lengthen(long.body.access_token))).toEqual([190, 463]);
  });

  test("a Page's token has no end when it comes from the long one, and ends with the short one", async () => {
    const short = (await exchange(await code())).body.access_token;
    const brief = await pageTokenFrom(short);
    const long = (await lengthen(short)).body.access_token;
    const lasting = await pageTokenFrom(long);
    expect(await pageTokenFrom(long)).toBe(lasting);
    expect((await debug(lasting)).body.data).toMatchObject({ type: "PAGE", expires_at: 0, is_valid: true });
    await sandbox.advanceClock(3 * 3_600_000);
    expect(codes(await get(`/v26.0/${bells}`, { access_token: brief }))).toEqual([190, 463]);
    await sandbox.advanceClock(70 * day);
    expect((await get(`/v26.0/${bells}`, { access_token: lasting })).status).toBe(200);
    expect(codes(await get("/v26.0/me", { access_token: long }))).toEqual([190, 463]);
  });

  test("debug_token tells what the token may do and where", async () => {
    const token = await signIn({ scopes: ["pages_show_list", "pages_manage_posts"], assets: [bells] });
    const { data } = (await debug(token)).body;
    expect(data).toMatchObject({ app_id: "sandbox-facebook", type: "USER", is_valid: true });
    expect(data.scopes).toEqual(["public_profile", "pages_show_list", "pages_manage_posts"]);
    expect(data.granular_scopes).toContainEqual({ scope: "pages_manage_posts", target_ids: [bells] });
    const dead = await debug("invented");
    expect([dead.status, dead.body.data.is_valid, dead.body.data.error.code]).toEqual([200, false, 190]);
    const app = await get(
      "/oauth/access_token",
      { ...client, grant_type: "client_credentials" },
      { proof: false },
    );
    expect((await debug(token, app.body.access_token)).body.data.is_valid).toBe(true);
    expect(codes(await debug(token, "sandbox-facebook|guess"))[0]).toBe(190);
  });

  test("every call needs the proof of its own token", async () => {
    const token = await signIn();
    const none = await get("/v26.0/me", { access_token: token }, { proof: false });
    expect([none.status, none.body.error?.type, none.body.error?.code]).toEqual([
      400,
      "GraphMethodException",
      100,
    ]);
    const other = await get(
      "/v26.0/me",
      { access_token: token, appsecret_proof: proofOf("x") },
      { proof: false },
    );
    expect(other.body.error?.message).toContain("Invalid appsecret_proof");
    const time = "1790000000";
    const timed = { access_token: token, appsecret_time: time, appsecret_proof: proofOf(`${token}|${time}`) };
    expect((await get("/v26.0/me", timed, { proof: false })).status).toBe(200);
  });

  test("revoking ends every token of the person, of all their Pages", async () => {
    const [first, second] = [await signIn(), await signIn()];
    const page = await pageTokenFrom(second);
    expect((await remove("/v26.0/me/permissions", { access_token: first })).body).toEqual({ success: true });
    for (const token of [first, second, page]) {
      expect(codes(await get("/v26.0/me", { access_token: token }))).toEqual([190, 458]);
    }
  });

  test("one permission can be taken back, and is listed as declined", async () => {
    const token = await signIn({ scopes: ["pages_show_list", "pages_manage_posts"] });
    await remove("/v26.0/me/permissions/pages_manage_posts", { access_token: token });
    const { data } = (await get("/v26.0/me/permissions", { access_token: token })).body;
    expect(data).toContainEqual({ permission: "pages_show_list", status: "granted" });
    expect(data).toContainEqual({ permission: "pages_manage_posts", status: "declined" });
    expect(data).toContainEqual({ permission: "pages_read_engagement", status: "declined" });
  });
});

describe("accounts", () => {
  test("lists the ticked Pages one by one, with the fields asked for and no others", async () => {
    const access_token = await signIn();
    const fields = "id,name,tasks,picture.width(200){url},instagram_business_account{id,username}";
    const first = await get("/v26.0/me/accounts", { access_token, fields, limit: "1" });
    expect(first.body.data).toEqual([
      {
        id: bells,
        name: "Ada Bell Bells",
        tasks: expect.arrayContaining(["CREATE_CONTENT"]),
        picture: { data: { url: expect.stringContaining("/picture.svg") } },
        instagram_business_account: { id: "17841400012345671", username: "adabell" },
      },
    ]);
    const { after } = first.body.paging.cursors;
    const second = await get("/v26.0/me/accounts", { access_token, fields, limit: "1", after });
    expect(second.body.data[0]).toEqual(
      expect.not.objectContaining({ instagram_business_account: expect.anything() }),
    );
    const third = await fetch(second.body.paging.next).then((response) => response.json());
    expect(third.data[0].id).toBe(tower);
    expect(third.paging).not.toHaveProperty("next");
    expect((await fetch(first.body.data[0]?.picture.data.url ?? "")).headers.get("content-type")).toContain(
      "svg",
    );
  });

  test("leaves out what was not ticked, and everything without pages_show_list", async () => {
    const some = await get("/v26.0/me/accounts", {
      access_token: await signIn({ assets: [guild] }),
      fields: "id",
    });
    expect(some.body.data).toEqual([{ id: guild }]);
    const none = await get("/v26.0/me/accounts", {
      access_token: await signIn({ scopes: ["pages_manage_posts"] }),
    });
    expect(none.body).toEqual({ data: [] });
  });

  test("a field that Meta does not know is an error", async () => {
    const answer = await get("/v26.0/me", { access_token: await signIn(), fields: "id,shoe_size" });
    expect([answer.status, codes(answer)[0]]).toEqual([400, 100]);
  });

  test("a lost role ends the Page's token", async () => {
    const token = await pageToken();
    await sandbox.settings({ platform: "facebook", people: { adabell: { lostPages: [bells] } } });
    expect(codes(await write(token, "feed", { message: "Hello" }))).toEqual([190, 492]);
  });

  test("people are listed with their Pages", async () => {
    const ada = (await sandbox.people()).find(
      (one) => one.platform === "facebook" && one.username === "adabell",
    );
    expect(ada?.details?.["pages"]).toContainEqual({ id: bells, name: "Ada Bell Bells" });
  });
});

describe("versions", () => {
  test.each([
    ["/v24.0/me", "v24.0"],
    ["/v18.0/me", "v21.0"],
    ["/me", "v21.0"],
  ])("%s is answered by %s", async (path, version) => {
    const answer = await get(path, { access_token: await signIn() });
    expect([answer.status, answer.headers.get("facebook-api-version")]).toEqual([200, version]);
  });

  test("what ended in October 2026 is refused", async () => {
    const access_token = await signIn();
    expect(codes(await get("/v26.0/", { access_token, ids: `${bells},${guild}` }))[0]).toBe(100);
    expect(codes(await get("/v26.0/me", { access_token, date_format: "U" }))[0]).toBe(100);
  });
});

describe("a post", () => {
  test("is written by form or JSON, read back, changed and deleted", async () => {
    const token = await pageToken();
    const form = await write(token, "feed", {
      message: "Ding",
      link: "https://example.com/a",
      fields: "id,permalink_url",
    });
    expect(form.body).toEqual({
      id: expect.stringMatching(`^${bells}_\\d+$`),
      permalink_url: expect.any(String),
    });
    const viaJson = await json(`/v26.0/${bells}/feed`, token, { message: "Dong" });
    expect(viaJson.status).toBe(200);
    const [first, second] = await sandbox.effects("facebook");
    expect(first).toMatchObject({ text: "Ding", link: "https://example.com/a", author: "adabell" });
    expect(first?.details).toMatchObject({ page: bells, pageName: "Ada Bell Bells" });
    const list = await read(token, `${bells}/published_posts`, {
      fields: "id,message,created_time,permalink_url",
    });
    expect(list.body.data.map((one: Body) => [one.id, one.message])).toEqual([
      [second?.id, "Dong"],
      [first?.id, "Ding"],
    ]);
    expect((await post(`/v26.0/${form.body.id}`, { access_token: token, message: "Ding!" })).body).toEqual({
      success: true,
    });
    expect((await read(token, form.body.id, { fields: "message,is_published" })).body).toMatchObject({
      message: "Ding!",
      is_published: true,
    });
    expect((await remove(`/v26.0/${form.body.id}`, { access_token: token })).body).toEqual({ success: true });
    expect(codes(await read(token, form.body.id))).toEqual([100, 33]);
    expect((await sandbox.effects("facebook"))[0]).toMatchObject({ text: "Ding!", deleted: true });
  });

  test("that says the same as the last one is a duplicate, until something else was said", async () => {
    const token = await pageToken();
    await write(token, "feed", { message: "Once" });
    const twice = await write(token, "feed", { message: "Once" });
    expect([twice.status, codes(twice)[0]]).toEqual([400, 506]);
    await write(token, "feed", { message: "Between" });
    expect((await write(token, "feed", { message: "Once" })).status).toBe(200);
    expect(await sandbox.effects("facebook")).toHaveLength(3);
  });

  test.each([
    ["nothing in it", {}, 100],
    ["a link that cannot be scraped", { link: "https://nowhere.invalid/" }, 1609005],
    ["63,207 characters", { message: "a".repeat(63_207) }, 100],
    ["published=perhaps", { message: "Hi", published: "perhaps" }, 100],
    ["a time without published=false", { message: "Hi", scheduled_publish_time: "1999999999" }, 100],
    [
      "a time that is too soon",
      { message: "Hi", published: "false", scheduled_publish_time: "1600000000" },
      100,
    ],
    ["attached_media that is no list", { message: "Hi", attached_media: "none" }, 100],
  ])("is refused with %s", async (_what, params, expected) => {
    const answer = await write(await pageToken(), "feed", params);
    expect([answer.status, codes(answer)[0]]).toEqual([400, expected]);
    expect(await sandbox.effects("facebook")).toEqual([]);
  });

  test("needs the Page's own token, the permissions and the task", async () => {
    const person = await signIn();
    expect(codes(await write(person, "feed", { message: "Hi" }))).toEqual([190, 2069032]);
    expect(codes(await write(await pageToken({ page: guild }), "feed", { message: "Hi" }))).toEqual([
      100, 33,
    ]);
    const unticked = await pageToken({ scopes: ["pages_show_list", "pages_read_engagement"] });
    expect(codes(await write(unticked, "feed", { message: "Hi" }))[0]).toBe(200);
    const onlyLooks = await pageToken({ page: tower });
    expect(codes(await write(onlyLooks, "feed", { message: "Hi" }, tower))[0]).toBe(200);
    const blind = await pageToken({ scopes: ["pages_show_list", "pages_manage_posts"] });
    expect(codes(await read(blind, `${bells}/feed`))[0]).toBe(10);
    expect(await sandbox.effects("facebook")).toEqual([]);
  });

  test("that is scheduled is seen from its time on", async () => {
    const token = await pageToken();
    const at = Math.floor(Date.now() / 1_000) + 3_600;
    const timed = await write(token, "feed", {
      message: "Later",
      published: "false",
      scheduled_publish_time: String(at),
    });
    expect((await read(token, `${bells}/scheduled_posts`)).body.data).toMatchObject([{ id: timed.body.id }]);
    expect(
      (await read(token, timed.body.id, { fields: "is_published,scheduled_publish_time" })).body,
    ).toMatchObject({
      is_published: false,
      scheduled_publish_time: at,
    });
    expect((await read(token, `${bells}/feed`)).body.data).toEqual([]);
    expect(await sandbox.effects("facebook")).toEqual([]);
    await sandbox.advanceClock(3_700_000);
    expect((await read(token, `${bells}/feed`)).body.data).toMatchObject([{ id: timed.body.id }]);
    expect((await sandbox.effects("facebook"))[0]?.createdAt).toBe(new Date(at * 1_000).toISOString());
  });

  test("takes a first comment, which can be deleted", async () => {
    const token = await pageToken();
    const { id } = (await write(token, "feed", { message: "Post" })).body;
    const params = { access_token: token, message: "First", fields: "id,permalink_url" };
    const comment = await post(`/v26.0/${id}/comments`, params);
    expect(comment.body.id).toMatch(new RegExp(`^${id.split("_")[1]}_\\d+$`));
    expect((await read(token, `${id}/comments`)).body.data).toMatchObject([
      { id: comment.body.id, message: "First" },
    ]);
    expect((await read(token, `${bells}/feed`)).body.data).toHaveLength(1);
    expect((await sandbox.effects("facebook"))[1]).toMatchObject({ replyTo: id, text: "First" });
    await remove(`/v26.0/${comment.body.id}`, { access_token: token });
    expect((await read(token, `${id}/comments`)).body.data).toEqual([]);
    const mute = await pageToken({
      scopes: ["pages_show_list", "pages_read_engagement", "pages_manage_posts"],
    });
    expect(codes(await post(`/v26.0/${id}/comments`, { ...params, access_token: mute }))[0]).toBe(200);
    await sandbox.settings({ platform: "facebook", own: { commentsClosed: true } });
    expect(codes(await post(`/v26.0/${id}/comments`, params))[0]).toBe(1705);
  });

  test("whose answer is lost is there all the same", async () => {
    const token = await pageToken();
    await sandbox.fault({
      platform: "facebook",
      operation: "create_post",
      kind: "accept_then_reset",
      times: 1,
    });
    await expect(write(token, "feed", { message: "Lost" })).rejects.toThrow();
    expect((await read(token, `${bells}/feed`)).body.data).toMatchObject([{ message: "Lost" }]);
  });
});

describe("photos", () => {
  test("one goes out with its caption and its description, by address or as a file", async () => {
    const token = await pageToken();
    const bytes = await picture("jpeg");
    const { url } = files.file(bytes, { mimeType: "image/jpeg" });
    const fetched = await write(token, "photos", { url, caption: "Bell", alt_text_custom: "A bell" });
    expect(fetched.body).toEqual({
      id: expect.stringMatching(/^\d+$/),
      post_id: expect.stringMatching(`^${bells}_`),
    });
    const sent = await write(token, "photos", {
      source: new Blob([new Uint8Array(bytes)]),
      caption: "Again",
    });
    expect(sent.status).toBe(200);
    const [one, two] = await sandbox.effects("facebook");
    expect(one).toMatchObject({ id: fetched.body.post_id, text: "Bell" });
    expect(one?.media).toMatchObject([{ alt: "A bell", mime: "image/jpeg", sha256: sha256(bytes) }]);
    expect(two?.media).toMatchObject([{ alt: null, sha256: sha256(bytes) }]);
    await remove(`/v26.0/${fetched.body.id}`, { access_token: token });
    expect((await sandbox.effects("facebook"))[0]?.deleted).toBe(true);
  });

  test.each([
    [
      "one list",
      (ids: string[]) => ({ attached_media: JSON.stringify(ids.map((media_fbid) => ({ media_fbid }))) }),
    ],
    [
      "numbered parameters",
      (ids: string[]) =>
        Object.fromEntries(
          ids.map((id, nth) => [`attached_media[${nth}]`, JSON.stringify({ media_fbid: id })]),
        ),
    ],
  ])("several go out in their order, named as %s, and only once", async (_what, named) => {
    const token = await pageToken();
    const pictures = [await picture("png", { width: 300 }), await picture("jpeg", { width: 400 })];
    const ids: string[] = [];
    for (const [nth, bytes] of pictures.entries()) {
      const { url } = files.file(bytes, { mimeType: "image/jpeg" });
      const unseen = await write(token, "photos", { url, published: "false", alt_text_custom: `No. ${nth}` });
      expect(Object.keys(unseen.body)).toEqual(["id"]);
      ids.push(unseen.body.id);
    }
    expect(await sandbox.effects("facebook")).toEqual([]);
    const posted = await write(token, "feed", { message: "Both", ...named(ids) });
    expect(posted.status).toBe(200);
    const [effect] = await sandbox.effects("facebook");
    expect(effect?.media.map(({ alt, sha256: sum }) => [alt, sum])).toEqual([
      ["No. 0", sha256(pictures[0] ?? "")],
      ["No. 1", sha256(pictures[1] ?? "")],
    ]);
    expect(codes(await write(token, "feed", { message: "Both", ...named(ids) }))).toEqual([100, 1366051]);
  });

  test("an unseen one is forgotten after a day", async () => {
    const token = await pageToken();
    const { id } = await unseenPhoto(token);
    await sandbox.advanceClock(day + 1_000);
    const answer = await write(token, "feed", { attached_media: JSON.stringify([{ media_fbid: id }]) });
    expect(codes(answer)).toEqual([100, 33]);
  });

  test("what is no such picture, too large or not to be had is refused", async () => {
    const token = await pageToken();
    const webp = files.file(await picture("webp"), { mimeType: "image/webp" });
    expect(codes(await write(token, "photos", { url: webp.url }))).toEqual([100, 1366046]);
    expect(codes(await write(token, "photos", { url: `${files.url}/none.jpeg` }))).toEqual([100, 2069019]);
    expect(codes(await write(token, "photos", { caption: "No picture" }))[0]).toBe(100);
    await sandbox.settings({ platform: "facebook", own: { maxPhotoBytes: 1_000 } });
    const jpeg = files.file(await picture("jpeg"), { mimeType: "image/jpeg" });
    expect(codes(await write(token, "photos", { url: jpeg.url }))).toEqual([100, 1366046]);
    expect(await sandbox.effects("facebook")).toEqual([]);
  });

  test("become a story once, and the story is no post", async () => {
    const token = await pageToken();
    const { id } = await unseenPhoto(token);
    const story = await write(token, "photo_stories", { photo_id: id });
    expect(story.body).toEqual({ success: true, post_id: expect.any(String) });
    expect(codes(await write(token, "photo_stories", { photo_id: id }))[0]).toBe(100);
    expect((await read(token, `${bells}/stories`)).body.data).toMatchObject([
      { post_id: story.body.post_id, media_type: "photo", media_id: id },
    ]);
    expect((await read(token, `${bells}/feed`)).body.data).toEqual([]);
    expect((await sandbox.effects("facebook"))[0]?.details).toMatchObject({ kind: "story" });
  });
});

describe("a video", () => {
  test("by address is a post once it is processed", async () => {
    await sandbox.settings({ platform: "facebook", own: { processingMs: 60_000 } });
    const token = await pageToken();
    const bytes = await video();
    const { url } = files.file(bytes, { mimeType: "video/mp4" });
    const sent = await write(token, "videos", { file_url: url, description: "Ringing", title: "Bells" });
    const fields = "status,permalink_url,post_id";
    const before = (await read(token, sent.body.id, { fields })).body;
    expect(before).toMatchObject({ status: { video_status: "processing" } });
    expect(before).not.toHaveProperty("post_id");
    expect((await read(token, `${bells}/feed`)).body.data).toEqual([]);
    await sandbox.advanceClock(60_000);
    const after = (await read(token, sent.body.id, { fields })).body;
    expect(after.status).toMatchObject({
      video_status: "ready",
      publishing_phase: { publish_status: "published" },
    });
    expect((await read(token, `${bells}/feed`)).body.data).toMatchObject([
      { id: after.post_id, message: "Ringing" },
    ]);
    const [effect] = await sandbox.effects("facebook");
    expect(effect).toMatchObject({ id: after.post_id, media: [{ sha256: sha256(bytes) }] });
  });

  test("goes up in chunks, each where the last one ended", async () => {
    await sandbox.settings({ platform: "facebook", own: { chunkBytes: 4_000 } });
    const token = await pageToken();
    const bytes = await video({ seconds: 4, bytes: 10_000 });
    const start = await write(token, "videos", { upload_phase: "start", file_size: String(bytes.length) });
    const session = { upload_session_id: start.body.upload_session_id };
    expect([start.body.start_offset, start.body.end_offset]).toEqual(["0", "4000"]);
    const early = await write(token, "videos", { ...session, upload_phase: "finish" });
    expect(codes(early)[0]).toBe(6001);
    let { start_offset, end_offset } = start.body;
    while (start_offset !== end_offset) {
      const video_file_chunk = new Blob([
        new Uint8Array(bytes.subarray(Number(start_offset), Number(end_offset))),
      ]);
      const transfer = { ...session, upload_phase: "transfer", video_file_chunk };
      const astray = await write(token, "videos", { ...transfer, start_offset: "1" });
      expect(codes(astray)[0]).toBe(6001);
      ({ start_offset, end_offset } = (await write(token, "videos", { ...transfer, start_offset })).body);
    }
    const done = await write(token, "videos", { ...session, upload_phase: "finish", description: "Whole" });
    expect(done.body).toEqual({ success: true });
    expect((await sandbox.effects("facebook"))[0]).toMatchObject({
      text: "Whole",
      media: [{ sha256: sha256(bytes) }],
    });
    expect(codes(await write(token, "videos", { ...session, upload_phase: "finish" }))[0]).toBe(6000);
  });

  test("goes up through the app's own upload, which can be resumed", async () => {
    const token = await pageToken();
    const bytes = await video();
    const about = { file_name: "a.mp4", file_length: String(bytes.length), file_type: "video/mp4" };
    const { id } = (await post("/v26.0/sandbox-facebook/uploads", { access_token: token, ...about })).body;
    const put = (from: number, to: number) =>
      send("POST", `${sandbox.url}/graph.facebook.com/v26.0/${id}`, {
        headers: { authorization: `OAuth ${token}`, file_offset: String(from) },
        body: new Uint8Array(bytes.subarray(from, to)),
      });
    await put(0, 100);
    const headers = { authorization: `OAuth ${token}` };
    const far = await send("GET", `${sandbox.url}/graph.facebook.com/v26.0/${id}`, { headers });
    expect(far.body.file_offset).toBe(100);
    expect(codes(await put(50, 100))[0]).toBe(100);
    const { h } = (await put(100, bytes.length)).body;
    const sent = await write(token, "videos", { fbuploader_video_file_chunk: h, description: "By handle" });
    expect(sent.status).toBe(200);
    expect((await sandbox.effects("facebook"))[0]?.media).toMatchObject([{ sha256: sha256(bytes) }]);
  });

  test("that cannot be fetched or is none is refused", async () => {
    const token = await pageToken();
    expect(codes(await write(token, "videos", { file_url: `${files.url}/none.mp4` }))[0]).toBe(389);
    const { url } = files.file(await picture("jpeg"), { mimeType: "video/mp4" });
    expect(codes(await write(token, "videos", { file_url: url }))[0]).toBe(6000);
    expect(codes(await write(token, "videos", {}))[0]).toBe(100);
  });

  test("whose processing fails never becomes a post", async () => {
    await sandbox.settings({ platform: "facebook", own: { processingError: "1363129", processingMs: 0 } });
    const token = await pageToken();
    const { url } = files.file(await video(), { mimeType: "video/mp4" });
    const { id } = (await write(token, "videos", { file_url: url })).body;
    expect((await read(token, id, { fields: "status" })).body.status).toMatchObject({
      video_status: "error",
      processing_phase: { status: "error", error: { code: 1363129 } },
    });
    expect(await sandbox.effects("facebook")).toEqual([]);
  });
});

describe("a reel", () => {
  test("is started, uploaded, looked after, finished, and found by its id", async () => {
    const token = await pageToken();
    const bytes = await video();
    const { video_id, upload_url } = (await write(token, "video_reels", { upload_phase: "start" })).body;
    const path = new URL(upload_url).pathname;
    expect(path).toBe(`/rupload.facebook.com/video-upload/v26.0/${video_id}`);
    const finish = {
      upload_phase: "finish",
      video_id,
      video_state: "PUBLISHED",
      description: "Swing",
      title: "T",
    };
    expect(codes(await write(token, "video_reels", finish))[0]).toBe(100);
    expect((await upload(upload_url, token, bytes.subarray(0, 500), { size: bytes.length })).body).toEqual({
      success: true,
    });
    expect((await statusOf(token, video_id)).uploading_phase).toEqual({
      status: "in_progress",
      bytes_transfered: 500,
    });
    const astray = await upload(upload_url, token, bytes.subarray(400, 450), {
      offset: 400,
      size: bytes.length,
    });
    expect([astray.status, astray.body.debug_info.type]).toEqual([400, "ProcessingFailedError"]);
    await upload(upload_url, token, bytes.subarray(500), { offset: 500, size: bytes.length });
    await untilStatus(token, video_id, "ready");
    expect(await sandbox.effects("facebook")).toEqual([]);
    expect((await write(token, "video_reels", finish)).body).toEqual({ success: true });
    expect(codes(await write(token, "video_reels", finish))[0]).toBe(100);
    await sandbox.advanceClock(1_000);
    const found = (await read(token, video_id, { fields: "permalink_url,post_id" })).body;
    const effects = await sandbox.effects("facebook");
    expect(effects).toMatchObject([{ id: found.post_id, text: "Swing", media: [{ sha256: sha256(bytes) }] }]);
    expect(found.permalink_url).toContain(found.post_id);
  });

  test("can be fetched from an address in a header, with the Page's token as OAuth", async () => {
    const token = await pageToken();
    const { video_id, upload_url } = (await write(token, "video_reels", { upload_phase: "start" })).body;
    const { url } = files.file(await video(), { mimeType: "video/mp4" });
    const by = (headers: Record<string, string>) => send("POST", upload_url, { headers });
    expect((await by({ authorization: `Bearer ${token}`, file_url: url })).status).toBe(400);
    expect((await by({ authorization: `OAuth ${await signIn()}`, file_url: url })).status).toBe(400);
    await by({ authorization: `OAuth ${token}`, file_url: `${files.url}/none.mp4` });
    expect((await statusOf(token, video_id)).video_status).toBe("upload_failed");
    expect((await by({ authorization: `OAuth ${token}`, file_url: url })).body).toEqual({ success: true });
    await untilStatus(token, video_id, "ready");
  });

  test.each([
    ["is square", { width: 1080, height: 1080 }, 1363040],
    ["is small", { width: 270, height: 480 }, 1363127],
    ["is over in two seconds", { seconds: 2 }, 1363128],
    ["takes 91 seconds", { seconds: 91 }, 1363128],
  ])("that %s fails in processing", async (_what, about, expected) => {
    const token = await pageToken();
    const { id } = await uploadedVideo(token, "video_reels", await video(about));
    const status = await untilStatus(token, id, "error");
    expect(status.processing_phase.error.code).toBe(expected);
    const params = { upload_phase: "finish", video_id: id, video_state: "PUBLISHED" };
    expect(codes(await write(token, "video_reels", params))).toEqual([6000, expected]);
    expect(await sandbox.effects("facebook")).toEqual([]);
  });

  test("is processed only once it is finished when Meta is in that mood", async () => {
    await sandbox.settings({ platform: "facebook", own: { processAfterFinish: true } });
    const token = await pageToken();
    const { id } = await uploadedVideo(token, "video_reels", await video());
    expect((await statusOf(token, id)).video_status).toBe("upload_complete");
    await write(token, "video_reels", { upload_phase: "finish", video_id: id, video_state: "PUBLISHED" });
    await untilStatus(token, id, "ready");
  });

  test("is one of thirty a day", async () => {
    const token = await pageToken();
    const bytes = await video();
    const reel = async () => {
      const { id } = await uploadedVideo(token, "video_reels", bytes);
      return write(token, "video_reels", { upload_phase: "finish", video_id: id, video_state: "PUBLISHED" });
    };
    for (let nth = 0; nth < 30; nth += 1) expect((await reel()).status).toBe(200);
    expect(codes(await reel())[0]).toBe(613);
    await sandbox.advanceClock(day);
    expect((await reel()).status).toBe(200);
  });

  test("can be a draft, or wait for its time", async () => {
    const token = await pageToken();
    const bytes = await video();
    const finish = async (how: Params) => {
      const { id } = await uploadedVideo(token, "video_reels", bytes);
      return write(token, "video_reels", { upload_phase: "finish", video_id: id, ...how });
    };
    const at = (days: number) => String(Math.floor((Date.now() + days * day) / 1_000));
    expect((await finish({ video_state: "DRAFT" })).status).toBe(200);
    expect((await finish({ video_state: "SCHEDULED", scheduled_publish_time: at(1) })).status).toBe(200);
    expect((await finish({ video_state: "SCHEDULED", scheduled_publish_time: at(30) })).status).toBe(400);
    expect((await finish({ video_state: "SOON" })).status).toBe(400);
    expect(await sandbox.effects("facebook")).toEqual([]);
    await sandbox.advanceClock(2 * day);
    await read(token, `${bells}/feed`);
    expect(await sandbox.effects("facebook")).toHaveLength(1);
  });
});

test("a video story takes sixty seconds at most and answers with its post", async () => {
  const token = await pageToken();
  const good = await uploadedVideo(token, "video_stories", await video({ seconds: 60 }));
  const done = await write(token, "video_stories", { upload_phase: "finish", video_id: good.id });
  expect(done.body).toEqual({ success: true, post_id: expect.any(String) });
  expect((await sandbox.effects("facebook"))[0]).toMatchObject({
    id: done.body.post_id,
    details: { kind: "story" },
  });
  const long = await uploadedVideo(token, "video_stories", await video({ seconds: 61 }));
  expect((await untilStatus(token, long.id, "error")).processing_phase.error.code).toBe(1363128);
});

test("nobody's Pages are held by a business, and asking needs its permission", async () => {
  expect((await get("/v26.0/me/businesses", { access_token: await signIn() })).body).toEqual({ data: [] });
  const refused = await get("/v26.0/me/businesses", {
    access_token: await signIn({ scopes: ["pages_show_list"] }),
  });
  expect([refused.status, ...codes(refused)]).toEqual([403, 200, undefined]);
});

describe("limits", () => {
  test("that are used up refuse everything, each token with its own code", async () => {
    const [person, page] = [await signIn(), await pageToken()];
    await sandbox.settings({ platform: "facebook", own: { usagePercent: 100 } });
    expect(codes(await get("/v26.0/me", { access_token: person }))[0]).toBe(4);
    expect(codes(await write(page, "feed", { message: "Hi" }))[0]).toBe(80001);
    expect(await sandbox.effects("facebook")).toEqual([]);
  });

  test("are told with every answer about a Page", async () => {
    const answer = await read(await pageToken(), `${bells}/feed`);
    expect(JSON.parse(answer.headers.get("x-app-usage") ?? "")).toHaveProperty("total_cputime");
    const ofPage = JSON.parse(answer.headers.get("x-business-use-case-usage") ?? "")[bells];
    expect(ofPage).toMatchObject([{ type: "pages", estimated_time_to_regain_access: 0 }]);
  });

  test("that are reached refuse, and say for how many minutes", async () => {
    const token = await pageToken();
    await sandbox.fault({
      platform: "facebook",
      operation: "create_post",
      kind: "rate_limit",
      retryAfterMs: 90_000,
    });
    const answer = await write(token, "feed", { message: "Too much" });
    expect(codes(answer)[0]).toBe(80001);
    const ofPage = JSON.parse(answer.headers.get("x-business-use-case-usage") ?? "")[bells];
    expect(ofPage[0].estimated_time_to_regain_access).toBe(2);
  });
});

test("what begins with an Instagram account's id is not Facebook's", async () => {
  await sandbox.forgetLog();
  await fetch(`${sandbox.url}/graph.facebook.com/v26.0/17841400012345671/media`, { method: "POST" });
  await fetch(`${sandbox.url}/rupload.facebook.com/ig-api-upload/v26.0/1`, { method: "POST" });
  expect(await sandbox.requests({ platform: "facebook" })).toEqual([]);
});

function dialog(change: Record<string, string | null> = {}): string {
  const params = {
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state: "a-state",
    scope: everything,
    ...change,
  };
  const given = Object.entries(params).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  return `${sandbox.url}/www.facebook.com/v26.0/dialog/oauth?${new URLSearchParams(given)}`;
}

type Ticked = { scopes?: string[]; assets?: string[] };

async function code(ticked: Ticked = {}): Promise<string> {
  const back = await sandbox.consent({ authorizeUrl: dialog(), ...ticked });
  return back.searchParams.get("code") ?? "";
}

const exchange = (value: string, change: Record<string, string> = {}): Promise<Reply> =>
  get(
    "/v26.0/oauth/access_token",
    { ...client, redirect_uri: redirectUri, code: value, ...change },
    { proof: false },
  );

const lengthen = (fb_exchange_token: string): Promise<Reply> =>
  get(
    "/v26.0/oauth/access_token",
    { ...client, grant_type: "fb_exchange_token", fb_exchange_token },
    { proof: false },
  );

/** A person's long-lived token. */
async function signIn(ticked: Ticked = {}): Promise<string> {
  const short = await exchange(await code(ticked));
  return (await lengthen(short.body.access_token)).body.access_token;
}

async function pageTokenFrom(access_token: string, page = bells): Promise<string> {
  return (await get(`/v26.0/${page}`, { access_token, fields: "access_token" })).body.access_token;
}

const pageToken = async ({ page = bells, ...ticked }: Ticked & { page?: string } = {}): Promise<string> =>
  pageTokenFrom(await signIn(ticked), page);

const debug = (
  input_token: string,
  access_token = `${client.client_id}|${client.client_secret}`,
): Promise<Reply> => get("/v26.0/debug_token", { input_token, access_token });

const write = (access_token: string, edge: string, params: Params, page = bells): Promise<Reply> =>
  post(`/v26.0/${page}/${edge}`, { access_token, ...params });

const read = (access_token: string, path: string, params: Record<string, string> = {}): Promise<Reply> =>
  get(`/v26.0/${path}`, { access_token, ...params });

async function unseenPhoto(token: string): Promise<{ id: string }> {
  const { url } = files.file(await picture("jpeg"), { mimeType: "image/jpeg" });
  return (await write(token, "photos", { url, published: "false" })).body;
}

async function uploadedVideo(token: string, edge: string, bytes: Buffer): Promise<{ id: string }> {
  const { video_id, upload_url } = (await write(token, edge, { upload_phase: "start" })).body;
  expect((await upload(upload_url, token, bytes, { size: bytes.length })).status).toBe(200);
  return { id: video_id };
}

function upload(
  url: string,
  token: string,
  bytes: Buffer,
  at: { offset?: number; size: number },
): Promise<Reply> {
  const headers = {
    authorization: `OAuth ${token}`,
    offset: String(at.offset ?? 0),
    file_size: String(at.size),
  };
  return send("POST", url, { headers, body: new Uint8Array(bytes) });
}

const statusOf = async (token: string, id: string): Promise<Status> =>
  (await read(token, id, { fields: "status" })).body.status;

const untilStatus = (token: string, id: string, wanted: string): Promise<Status> =>
  waitUntil(
    async () => {
      const status = await statusOf(token, id);
      return status.video_status === wanted ? status : null;
    },
    { withinMs: 30_000, otherwise: `The video did not become ${wanted}.` },
  );

const proofOf = (message: string): string =>
  createHmac("sha256", client.client_secret).update(message).digest("hex");

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

function proven<P extends Params>(params: P): P & Params {
  const token = params["access_token"];
  return typeof token === "string" ? { ...params, appsecret_proof: proofOf(token) } : params;
}

function get(path: string, params: Record<string, string>, how = { proof: true }): Promise<Reply> {
  // safe: only texts went in, and a proof is one
  const query = new URLSearchParams((how.proof ? proven(params) : params) as Record<string, string>);
  return send("GET", `${sandbox.url}/graph.facebook.com${path}?${query}`);
}

function remove(path: string, params: Record<string, string>): Promise<Reply> {
  // safe: only texts went in, and a proof is one
  const query = new URLSearchParams(proven(params) as Record<string, string>);
  return send("DELETE", `${sandbox.url}/graph.facebook.com${path}?${query}`);
}

/** A form, in parts where there is a file in it. */
function post(path: string, params: Params): Promise<Reply> {
  const hasFile = Object.values(params).some((value) => typeof value !== "string");
  const body = hasFile ? new FormData() : new URLSearchParams();
  for (const [name, value] of Object.entries(proven(params))) {
    if (typeof value === "string") body.append(name, value);
    else if (body instanceof FormData) body.append(name, value, "file");
  }
  return send("POST", `${sandbox.url}/graph.facebook.com${path}`, { body });
}

function json(path: string, token: string, fields: Record<string, unknown>): Promise<Reply> {
  return send("POST", `${sandbox.url}/graph.facebook.com${path}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...fields, appsecret_proof: proofOf(token) }),
  });
}

async function send(method: string, url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { method, ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) };
}
