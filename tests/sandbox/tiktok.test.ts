/** The simulated TikTok, knocked at over HTTP as a process of its own. Effects are counted where the world sees them. */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { type FileServer, picture, serveFiles, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Body = Record<string, unknown>;
type Reply = { status: number; text: string; body: Body };
type Change = Record<string, string | null>;
type Tokens = { access_token: string; refresh_token: string };

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/tiktok/callback`;
const client = { client_key: "sandbox-tiktok", client_secret: "CNRY_secret_tiktok" };
const scopes = "user.info.basic,user.info.profile,video.publish,video.upload";
const ada = "7d1e5c04-93ab-4f6e-b2c8-0a4be11ada01";
const mb = 1_048_576;
const toAll = { privacy_level: "PUBLIC_TO_EVERYONE", title: "Ding dong" };

let sandbox: RunningSandbox;
let files: FileServer;
let clip: Buffer;
let longClip: Buffer;

beforeAll(async () => {
  files = await serveFiles();
  clip = await video({ seconds: 3 });
  longClip = await video({ seconds: 4, bytes: 11 * mb });
  sandbox = await startSandbox({ appOrigin });
});
afterAll(async () => {
  await sandbox.stop();
  await files.stop();
});
beforeEach(async () => {
  await sandbox.reset();
  await own({ verifiedPrefixes: files.url });
});

test("the journey: consent, token, who am I, what may I, a video in one chunk, its public id, its address, signed out", async () => {
  const back = await sandbox.consent({ authorizeUrl: authorizeUrl() });
  expect(back.searchParams.get("scopes")).toBe(scopes);
  expect(back.searchParams.get("state")).toBe("a-state");
  const tokens = await exchange(codeIn(back));
  expect(tokens.body).toMatchObject({
    open_id: ada,
    scope: scopes,
    expires_in: 7_200,
    refresh_expires_in: 180 * 86_400,
    token_type: "Bearer",
  });
  const token = String(tokens.body["access_token"]);
  const me = await userInfo(token, "open_id,union_id,display_name,username");
  expect(dataOf(me)).toMatchObject({ user: { open_id: ada, username: "adabell", display_name: "Ada Bell" } });
  expect(errorOf(me)).toBe("ok");
  expect(dataOf(await creatorInfo(token))).toMatchObject({
    creator_username: "adabell",
    privacy_level_options: ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
    max_video_post_duration_sec: 600,
  });
  const begun = dataOf(await videoInit(token));
  expect(String(begun["publish_id"])).toMatch(/^v_pub_file~v2-1\.\d+$/);
  expect(await sandbox.effects("tiktok")).toEqual([]);
  expect((await put(begun["upload_url"], clip, `bytes 0-${clip.length - 1}/${clip.length}`)).status).toBe(
    201,
  );
  const [post] = await sandbox.effects("tiktok");
  expect(post).toMatchObject({ personId: ada, author: "adabell", text: "Ding dong" });
  expect(post?.media).toMatchObject([{ sha256: sha256(clip), mime: "video/mp4" }]);
  const done = await statusUntil(token, begun["publish_id"], (text) => /post_id":\[\d/.test(text));
  expect(dataOf(done)["status"]).toBe("PUBLISH_COMPLETE");
  const id = /"publicaly_available_post_id":\[(\d+)\]/.exec(done.text)?.[1];
  expect(id).toBe(post?.id);
  expect(Number(id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  const shared = await fetch(`${sandbox.url}/www.tiktok.com/@adabell/video/${id}`);
  expect(await shared.text()).toContain("Ding dong");
  const end = await oauth("revoke", { token });
  expect([end.status, end.text]).toEqual([200, ""]);
  expect(errorOf(await creatorInfo(token))).toBe("access_token_invalid");
  expect((await refresh(tokens.body["refresh_token"])).body["error"]).toBe("invalid_grant");
});

describe("consent", () => {
  test("lets the person untick scopes, and says in the callback and the token what is left", async () => {
    const wanted = { authorizeUrl: authorizeUrl(), scopes: ["video.publish"] };
    const back = await sandbox.consent(wanted);
    expect(back.searchParams.get("scopes")).toBe("user.info.basic,video.publish");
    const { body } = await exchange(codeIn(back));
    expect(body["scope"]).toBe("user.info.basic,video.publish");
    const token = String(body["access_token"]);
    expect([401, "scope_not_authorized"]).toEqual(refusal(await inboxInit(token)));
    expect([401, "scope_not_authorized"]).toEqual(refusal(await userInfo(token, "username")));
    await own({ fieldScopeError: "scope_permission_missed" });
    expect([400, "scope_permission_missed"]).toEqual(refusal(await userInfo(token, "username")));
  });

  test("that is denied comes back with access_denied, or with the error that was ordered", async () => {
    const denied = await sandbox.consent({ authorizeUrl: authorizeUrl(), decision: "deny" });
    expect(Object.fromEntries(denied.searchParams)).toMatchObject({
      error: "access_denied",
      state: "a-state",
    });
    await own({ consentError: "invalid_scope" });
    const broken = await sandbox.consent({ authorizeUrl: authorizeUrl() });
    expect(broken.searchParams.get("error")).toBe("invalid_scope");
    expect(broken.searchParams.has("code")).toBe(false);
  });

  test.each<[string, Change]>([
    ["client_id instead of client_key", { client_key: null, client_id: "sandbox-tiktok" }],
    ["another app", { client_key: "someone-else" }],
    ["one more slash", { redirect_uri: `${redirectUri}/` }],
    ["response_type=token", { response_type: "token" }],
    ["spaces between the scopes", { scope: "user.info.basic video.publish" }],
    ["an unknown scope", { scope: "user.info.basic,everything" }],
    ["a plain challenge", { code_challenge: "c".repeat(64), code_challenge_method: "plain" }],
  ])("refuses %s with a page, never with a redirect", async (_what, change) => {
    const page = await fetch(authorizeUrl(change), { redirect: "manual" });
    expect([page.status, page.headers.get("location")]).toEqual([400, null]);
  });
});

describe("the code", () => {
  test.each<[string, Change, string]>([
    ["a wrong secret", { client_secret: "guess" }, "invalid_client"],
    ["client_id", { client_key: null, client_id: "sandbox-tiktok" }, "invalid_request"],
    ["an invented code", { code: "invented" }, "invalid_grant"],
    ["another redirect URI", { redirect_uri: appOrigin }, "invalid_request"],
    ["another grant type", { grant_type: "password" }, "unsupported_grant_type"],
    ["something unknown", { audience: "tiktok" }, "invalid_request"],
  ])("is worth nothing with %s, said inside a 200, and not lost by it", async (_what, change, error) => {
    const code = await aCode();
    const answer = await exchange(code, change);
    expect([answer.status, answer.body["error"]]).toEqual([200, error]);
    expect((await exchange(code)).body).toHaveProperty("access_token");
  });

  test("works once, and for ten minutes", async () => {
    const late = await aCode();
    const code = await aCode();
    await exchange(code);
    expect((await exchange(code)).body["error"]).toBe("invalid_grant");
    await own({ tokenErrorStatus: 400 });
    await sandbox.advanceClock(600_000);
    expect(await exchange(late)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  test("ignores a verifier nobody asked for, and holds a challenge to the hex of its verifier", async () => {
    const verifier = randomBytes(32).toString("hex");
    expect((await exchange(await aCode(), { code_verifier: verifier })).body).toHaveProperty("access_token");
    const digest = createHash("sha256").update(verifier).digest();
    const challenged = (code_challenge: string) => aCode({ code_challenge, code_challenge_method: "S256" });
    const right = await exchange(await challenged(digest.toString("hex")), { code_verifier: verifier });
    expect(right.body).toHaveProperty("access_token");
    const wrong = await exchange(await challenged(digest.toString("base64url")), { code_verifier: verifier });
    expect(wrong.body["error_description"]).toBe("Code verifier or code challenge is invalid.");
    const none = await exchange(await challenged(digest.toString("hex")));
    expect(none.body["error"]).toBe("invalid_request");
  });

  test("must come in a form", async () => {
    const answer = await send("POST", "open.tiktokapis.com/v2/oauth/token/", {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...client, grant_type: "authorization_code", code: await aCode() }),
    });
    expect(answer.body["error"]).toBe("invalid_request");
  });
});

describe("who I am", () => {
  test("has just the fields that were asked for, and a picture that expires", async () => {
    const { access_token: token } = await signIn();
    expect(dataOf(await userInfo(token, "username"))).toEqual({ user: { username: "adabell" } });
    const { user } = dataOf(await userInfo(token, "avatar_url"));
    const address = String((user as Body)["avatar_url"]);
    expect((await fetch(address)).headers.get("content-type")).toBe("image/svg+xml");
    await sandbox.advanceClock(7_200_000);
    expect((await fetch(address)).status).toBe(403);
  });

  test.each(["", "shoe_size", "username,"])("is refused with fields=%s", async (fields) => {
    const { access_token: token } = await signIn();
    expect(refusal(await userInfo(token, fields))).toEqual([400, "invalid_params"]);
  });

  test("is nothing to a refresh token or to nobody", async () => {
    const { refresh_token: token } = await signIn();
    expect(refusal(await userInfo(token, "open_id"))).toEqual([401, "access_token_invalid"]);
    expect(refusal(await userInfo("", "open_id"))).toEqual([401, "access_token_invalid"]);
  });
});

describe("a refresh", () => {
  test("gives a new pair, and the old refresh token is dead at once", async () => {
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    expect(second.body).toMatchObject({ expires_in: 7_200, refresh_expires_in: 180 * 86_400, open_id: ada });
    expect(second.body["refresh_token"]).not.toBe(first.refresh_token);
    expect((await refresh(first.refresh_token)).body["error"]).toBe("invalid_grant");
    expect((await refresh(second.body["refresh_token"])).body).toHaveProperty("access_token");
  });

  test("may keep the token, end the family at a replay, or count its life down", async () => {
    await sandbox.settings({ platform: "tiktok", rotation: "never" });
    const first = await signIn();
    expect((await refresh(first.refresh_token)).body["refresh_token"]).toBe(first.refresh_token);
    await sandbox.settings({
      platform: "tiktok",
      rotation: "reuse_kills_family",
      own: { refreshCountsDown: true },
    });
    await sandbox.advanceClock(86_400_000);
    const second = await refresh(first.refresh_token);
    expect(Number(second.body["refresh_expires_in"])).toBeLessThanOrEqual(179 * 86_400);
    await refresh(first.refresh_token);
    expect((await refresh(second.body["refresh_token"])).body["error"]).toBe("invalid_grant");
  });

  test("is needed after two hours, possible for 180 days, and both lives can be set", async () => {
    const { access_token, refresh_token } = await signIn();
    await sandbox.advanceClock(7_199_000);
    expect(errorOf(await creatorInfo(access_token))).toBe("ok");
    await sandbox.advanceClock(1_000);
    expect([401, "access_token_invalid"]).toEqual(refusal(await creatorInfo(access_token)));
    await own({ expiredCode: "access_token_expired" });
    expect([401, "access_token_expired"]).toEqual(refusal(await creatorInfo(access_token)));
    await own({ accessLifeMs: 86_400_000, refreshLifeMs: 1_000 });
    const second = await refresh(refresh_token);
    expect(second.body).toMatchObject({ expires_in: 86_400, refresh_expires_in: 1 });
    await sandbox.advanceClock(1_000);
    expect((await refresh(second.body["refresh_token"])).body["error"]).toBe("invalid_grant");
  });
});

describe("a video in chunks", () => {
  test("takes floor(size / chunk) chunks, the last with the remainder, and is out with the last one", async () => {
    const { access_token: token } = await signIn();
    const chunk = 5 * mb;
    const size = longClip.length;
    expect(Math.floor(size / chunk)).toBe(2);
    expect(refusal(await videoInit(token, toAll, uploadOf(size, chunk, 3)))).toEqual([400, "invalid_params"]);
    const begun = dataOf(await videoInit(token, toAll, uploadOf(size, chunk, 2)));
    const url = begun["upload_url"];
    const early = await put(url, longClip.subarray(chunk), `bytes ${chunk}-${size - 1}/${size}`);
    expect(early.status).toBe(416);
    const first = `bytes 0-${chunk - 1}/${size}`;
    expect((await put(url, longClip.subarray(0, chunk), first)).status).toBe(206);
    expect((await put(url, longClip.subarray(0, chunk), first)).status).toBe(416);
    expect(dataOf(await status(token, begun["publish_id"]))).toMatchObject({
      status: "PROCESSING_UPLOAD",
      uploaded_bytes: chunk,
    });
    const half = await put(
      url,
      longClip.subarray(chunk, 2 * chunk),
      `bytes ${chunk}-${2 * chunk - 1}/${size}`,
    );
    expect(half.status).toBe(416);
    expect(await sandbox.effects("tiktok")).toEqual([]);
    expect((await put(url, longClip.subarray(chunk), `bytes ${chunk}-${size - 1}/${size}`)).status).toBe(201);
    const [post] = await sandbox.effects("tiktok");
    expect(post?.media).toMatchObject([{ sha256: sha256(longClip), bytes: size, durationMs: 4_000 }]);
    const effective = await sandbox.requests({ platform: "tiktok", operation: "upload" });
    expect(effective.map(({ effect }) => effect)).toEqual([false, false, false, false, true]);
  });

  test.each<[string, number, number, number]>([
    ["a small video in two", 4 * mb, 2 * mb, 2],
    ["chunks under 5 MB", 10 * mb, 4 * mb, 2],
    ["chunks over 64 MB", 130 * mb, 65 * mb, 2],
    ["ceil() for the count", 130 * mb, 64 * mb, 3],
    ["a chunk larger than the video", 6 * mb, 7 * mb, 1],
    ["more than 4 GB", 4_096 * mb + 1, 64 * mb, 64],
    ["nothing", 0, 0, 1],
    ["half a byte", 5.5, 5.5, 1],
  ])("is refused as %s", async (_what, size, chunk, count) => {
    const { access_token: token } = await signIn();
    const answer = await videoInit(token, toAll, uploadOf(size, chunk, count));
    expect(refusal(answer)).toEqual([400, "invalid_params"]);
  });

  test.each<[number, number, number]>([
    [64 * mb, 64 * mb, 1],
    [130 * mb, 64 * mb, 2],
    [9 * mb, 5 * mb, 1],
    [4_096 * mb, 5 * mb, 819],
  ])("of %d bytes may come by %d in %d", async (size, chunk, count) => {
    const { access_token: token } = await signIn();
    expect(errorOf(await videoInit(token, toAll, uploadOf(size, chunk, count)))).toBe("ok");
  });

  test("goes to its whole address, by the book, within the hour", async () => {
    const { access_token: token } = await signIn();
    const { upload_url: url } = dataOf(await videoInit(token));
    const range = `bytes 0-${clip.length - 1}/${clip.length}`;
    const tries: [string, number, Change][] = [
      [String(url), 400, { authorization: `Bearer ${token}` }],
      [String(url), 400, { "content-type": "application/octet-stream" }],
      [String(url), 400, { "content-range": null }],
      [String(url), 400, { "content-range": `bytes 0-${clip.length}/${clip.length}` }],
      [String(url), 416, { "content-range": `${range}0` }],
      [String(url).replace(/upload_token=.*/, "upload_token=guess"), 403, {}],
      [String(url).replace(/upload_id=\d+/, "upload_id=1"), 404, {}],
    ];
    for (const [address, expected, change] of tries) {
      expect([change, (await put(address, clip, range, change)).status]).toEqual([change, expected]);
    }
    await sandbox.advanceClock(3_600_000);
    expect((await put(url, clip, range)).status).toBe(403);
    expect(await sandbox.effects("tiktok")).toEqual([]);
    const issued = await sandbox.issued();
    const secret = new URL(String(url)).searchParams.get("upload_token");
    expect(issued.some(({ value }) => value === secret)).toBe(true);
  });
});

describe("a post by address", () => {
  test("is out at init when the prefix is verified", async () => {
    const { access_token: token } = await signIn();
    const address = files.file(clip, { mimeType: "video/mp4" }).url;
    const begun = dataOf(await videoInit(token, toAll, pull(address)));
    expect(begun).not.toHaveProperty("upload_url");
    expect((await sandbox.effects("tiktok"))[0]?.media).toMatchObject([{ sha256: sha256(clip) }]);
    const now = dataOf(await status(token, begun["publish_id"]));
    expect(["PROCESSING_DOWNLOAD", "PUBLISH_COMPLETE"]).toContain(now["status"]);
  });

  test("is refused from elsewhere, and without https", async () => {
    const { access_token: token } = await signIn();
    const address = files.file(clip, { mimeType: "video/mp4" }).url;
    await own({ verifiedPrefixes: "https://media.example/public/,cdn.example" });
    for (const foreign of [
      address,
      "https://media.example/private/a.mp4",
      "https://media.example.evil.example/public/a.mp4",
    ]) {
      expect(refusal(await videoInit(token, toAll, pull(foreign)))).toEqual([
        403,
        "url_ownership_unverified",
      ]);
    }
    const plain = await videoInit(token, toAll, pull("http://cdn.example/a.mp4"));
    expect(refusal(plain)).toEqual([400, "invalid_params"]);
    await own({ verifiedPrefixes: "", initPerMinute: 100 });
    expect(errorOf(await videoInit(token, toAll, pull(`${appOrigin}/nothing.mp4`)))).toBe("ok");
    expect(errorOf(await videoInit(token, toAll, pull(address)))).toBe("url_ownership_unverified");
    expect(await sandbox.effects("tiktok")).toEqual([]);
  });

  test("fails in the status when nothing is there", async () => {
    const { access_token: token } = await signIn();
    const begun = dataOf(await videoInit(token, toAll, pull(`${files.url}/nothing.mp4`)));
    expect(await failReason(token, begun["publish_id"])).toBe("video_pull_failed");
    const photo = dataOf(await photoInit(token, [`${files.url}/nothing.jpeg`]));
    expect(await failReason(token, photo["publish_id"])).toBe("photo_pull_failed");
    expect(await sandbox.effects("tiktok")).toEqual([]);
  });
});

describe("photos", () => {
  test("go out in order, with title, description and cover", async () => {
    const { access_token: token } = await signIn();
    const pictures = [await picture("jpeg", { width: 1920 }), await picture("webp")];
    const answer = await photoInit(token, await served(pictures), { photo_cover_index: 1 });
    expect(String(dataOf(answer)["publish_id"])).toMatch(/^p_pub_url~v2-1\./);
    const [post] = await sandbox.effects("tiktok");
    expect(post).toMatchObject({
      text: "All of them",
      details: { title: "Bells", media_type: "PHOTO", photo_cover_index: 1 },
    });
    expect(post?.media.map((one) => one.sha256)).toEqual(pictures.map(sha256));
    const page = await fetch(`${sandbox.url}/www.tiktok.com/@adabell/photo/${post?.id}`);
    expect(page.status).toBe(200);
  });

  test.each<[string, () => Promise<Buffer>, string]>([
    ["a PNG", () => picture("png"), "file_format_check_failed"],
    ["more than 1080p", () => picture("jpeg", { width: 1081, height: 1081 }), "picture_size_check_failed"],
  ])("as %s fail", async (_what, make, reason) => {
    const { access_token: token } = await signIn();
    const begun = dataOf(await photoInit(token, await served([await make()])));
    expect(await failReason(token, begun["publish_id"])).toBe(reason);
    expect(await sandbox.effects("tiktok")).toEqual([]);
  });

  test.each<[string, number, Body, Body]>([
    ["none", 0, {}, {}],
    ["36 of them", 36, {}, {}],
    ["a cover beyond the last", 1, { photo_cover_index: 1 }, {}],
    ["an upload", 1, { source: "FILE_UPLOAD" }, {}],
    ["a title of 91", 1, {}, { title: "t".repeat(91) }],
    ["a description of 4001", 1, {}, { description: "d".repeat(4_001) }],
    ["is_aigc", 1, {}, { is_aigc: true }],
  ])("are refused with %s", async (_what, count, source, info) => {
    const { access_token: token } = await signIn();
    const addresses = Array.from({ length: count }, (_, nth) => `${files.url}/${nth}.jpeg`);
    expect(refusal(await photoInit(token, addresses, source, info))).toEqual([400, "invalid_params"]);
  });
});

describe("drafts", () => {
  test("are sent to the inbox, and are nothing the world can see", async () => {
    const { access_token: token } = await signIn();
    const begun = dataOf(await inboxInit(token, { post_info: { anything: 1 } }));
    expect(String(begun["publish_id"])).toMatch(/^v_inbox_file~/);
    await put(begun["upload_url"], clip, `bytes 0-${clip.length - 1}/${clip.length}`);
    const sent = await statusUntil(token, begun["publish_id"], (text) => text.includes("INBOX"));
    expect(dataOf(sent)["status"]).toBe("SEND_TO_USER_INBOX");
    const album = await photoInit(token, await served([await picture("jpeg")]), {}, {}, "MEDIA_UPLOAD");
    expect(String(dataOf(album)["publish_id"])).toMatch(/^p_inbox_url~/);
    expect(await sandbox.effects("tiktok")).toEqual([]);
  });

  test("are five in 24 hours", async () => {
    await own({ initPerMinute: 100 });
    const { access_token: token } = await signIn();
    for (let nth = 0; nth < 5; nth += 1) expect(errorOf(await inboxInit(token))).toBe("ok");
    expect(refusal(await inboxInit(token))).toEqual([403, "spam_risk_too_many_pending_share"]);
  });
});

describe("a post is refused", () => {
  test.each<[string, Body, string]>([
    ["without a privacy level", { privacy_level: undefined }, "invalid_params"],
    ["with a level that does not exist", { privacy_level: "EVERYONE" }, "invalid_params"],
    ["with a stranger's level", { privacy_level: "FOLLOWER_OF_CREATOR" }, "privacy_level_option_mismatch"],
    ["as branded and private", { privacy_level: "SELF_ONLY", brand_content_toggle: true }, "invalid_params"],
    ["with 2201 units", { title: "😀".repeat(1_100).concat("x") }, "invalid_params"],
    ["with a flag in quotes", { disable_comment: "true" }, "invalid_params"],
    ["with an unknown field", { alt_text: "A bell" }, "invalid_params"],
  ])("%s", async (_what, change, code) => {
    const { access_token: token } = await signIn();
    expect(errorOf(await videoInit(token, { ...toAll, title: "😀".repeat(1_100) }))).toBe("ok");
    expect(errorOf(await videoInit(token, { ...toAll, ...change }))).toBe(code);
  });

  test("by every cap and ban of the table", async () => {
    const { access_token: token } = await signIn();
    const cases: [Record<string, string | number | boolean>, string][] = [
      [{ bannedFromPosting: true }, "spam_risk_user_banned_from_posting"],
      [{ bannedFromPosting: false, activeUserCap: 0 }, "reached_active_user_cap"],
      [{ activeUserCap: 1, dailyPosts: 0 }, "spam_risk_too_many_posts"],
    ];
    for (const [knobs, code] of cases) {
      await own(knobs);
      expect(refusal(await creatorInfo(token))).toEqual([403, code]);
      expect(refusal(await videoInit(token))).toEqual([403, code]);
    }
    await own({ dailyPosts: 15 });
    expect(errorOf(await videoInit(token))).toBe("ok");
    const otto = await signIn("otto_klang");
    expect(errorOf(await creatorInfo(otto.access_token))).toBe("reached_active_user_cap");
    expect(errorOf(await creatorInfo(token))).toBe("ok");
  });

  test("by the daily cap even when its upload was begun in time", async () => {
    await own({ dailyPosts: 1 });
    const { access_token: token } = await signIn();
    const both = [dataOf(await videoInit(token)), dataOf(await videoInit(token))];
    for (const { upload_url: url } of both) await put(url, clip, `bytes 0-${clip.length - 1}/${clip.length}`);
    expect(await failReason(token, both[1]?.["publish_id"])).toBe("spam_risk_too_many_posts");
    expect(await sandbox.effects("tiktok")).toHaveLength(1);
    await sandbox.advanceClock(86_400_000);
    expect(errorOf(await videoInit((await signIn()).access_token))).toBe("ok");
  });

  test("from an app without audit unless the account and the post are private", async () => {
    await own({ unaudited: true });
    const open = await signIn();
    const closed = await signIn("chimecafe");
    const alone = { privacy_level: "SELF_ONLY" };
    expect(dataOf(await creatorInfo(open.access_token))["privacy_level_options"]).toEqual(["SELF_ONLY"]);
    const code = "unaudited_client_can_only_post_to_private_accounts";
    expect(refusal(await videoInit(open.access_token, alone))).toEqual([403, code]);
    const wide = await videoInit(closed.access_token, { privacy_level: "FOLLOWER_OF_CREATOR" });
    expect(refusal(wide)).toEqual([403, "privacy_level_option_mismatch"]);
    expect(errorOf(await videoInit(closed.access_token, alone))).toBe("ok");
  });

  test("beyond six a minute, for one person, until the minute has slid by", async () => {
    const { access_token: token } = await signIn();
    for (let nth = 0; nth < 6; nth += 1) expect(errorOf(await videoInit(token))).toBe("ok");
    expect(refusal(await inboxInit(token))).toEqual([429, "rate_limit_exceeded"]);
    expect(errorOf(await videoInit((await signIn("otto_klang")).access_token))).toBe("ok");
    await sandbox.advanceClock(60_000);
    expect(errorOf(await videoInit(token))).toBe("ok");
    await own({ creatorInfoPerMinute: 0, statusPerMinute: 0, userInfoPerMinute: 0 });
    const others = [await creatorInfo(token), await status(token, "x"), await userInfo(token, "open_id")];
    for (const answer of others) expect(refusal(answer)).toEqual([429, "rate_limit_exceeded"]);
  });
});

describe("the status", () => {
  test("is processing, then complete without an id, then has the id; a private post never has one", async () => {
    await own({ processingMs: 60_000, moderationMs: 60_000 });
    const { access_token: token } = await signIn();
    const address = files.file(clip, { mimeType: "video/mp4" }).url;
    const open = dataOf(await videoInit(token, toAll, pull(address)))["publish_id"];
    const mine = dataOf(await videoInit(token, { privacy_level: "SELF_ONLY" }, pull(address)))["publish_id"];
    expect(dataOf(await status(token, open))["status"]).toBe("PROCESSING_DOWNLOAD");
    await sandbox.advanceClock(60_000);
    expect(dataOf(await status(token, open))).toMatchObject({
      status: "PUBLISH_COMPLETE",
      publicaly_available_post_id: [],
      downloaded_bytes: clip.length,
    });
    await sandbox.advanceClock(60_000);
    expect((await status(token, open)).text).toMatch(/"publicaly_available_post_id":\[\d{19}\]/);
    expect((await status(token, mine)).text).toContain('"publicaly_available_post_id":[]');
    const hidden = (await sandbox.effects("tiktok")).find(
      ({ details }) => details["privacy_level"] === "SELF_ONLY",
    );
    const page = await fetch(`${sandbox.url}/www.tiktok.com/@adabell/video/${hidden?.id}`);
    expect(page.status).toBe(404);
  });

  test.each<[string, () => Promise<Buffer>, string]>([
    ["no video", async () => Buffer.from("not a video at all"), "file_format_check_failed"],
    ["61 seconds where 60 are allowed", () => video({ seconds: 61 }), "duration_check_failed"],
    ["a side of 358", () => video({ width: 358 }), "picture_size_check_failed"],
  ])("tells why %s failed, and nothing was published", async (_what, make, reason) => {
    const { access_token: token } = await signIn("otto_klang");
    const bytes = await make();
    const begun = dataOf(await videoInit(token, toAll, uploadOf(bytes.length, bytes.length, 1)));
    const uploaded = await put(begun["upload_url"], bytes, `bytes 0-${bytes.length - 1}/${bytes.length}`);
    expect(uploaded.status).toBe(201);
    expect(await failReason(token, begun["publish_id"])).toBe(reason);
    expect(await sandbox.effects("tiktok")).toEqual([]);
  });

  test("tells what was ordered, and that the app was removed in between", async () => {
    const { access_token: token } = await signIn();
    const begun = dataOf(await videoInit(token));
    await sandbox.expire({ platform: "tiktok", kind: "grant" });
    await put(begun["upload_url"], clip, `bytes 0-${clip.length - 1}/${clip.length}`);
    const again = (await signIn()).access_token;
    expect(await failReason(again, begun["publish_id"])).toBe("auth_removed");
    await own({ failReason: "frame_rate_check_failed" });
    const address = files.file(clip, { mimeType: "video/mp4" }).url;
    const { publish_id: ordered } = dataOf(await videoInit(again, toAll, pull(address)));
    expect(await failReason(again, ordered)).toBe("frame_rate_check_failed");
    expect(await sandbox.effects("tiktok")).toEqual([]);
  });

  test("is nobody else's, and may come with an error inside a 200", async () => {
    const { access_token: token } = await signIn();
    const { publish_id: id } = dataOf(await videoInit(token));
    expect(refusal(await status(token, "v_pub_file~v2-1.1"))).toEqual([400, "invalid_publish_id"]);
    const other = await signIn("chimecafe");
    const code = "token_not_authorized_for_specified_publish_id";
    expect(refusal(await status(other.access_token, id))).toEqual([400, code]);
    await own({ errorsAs200: true });
    expect(refusal(await status(other.access_token, id))).toEqual([200, code]);
    await sandbox.fault({ platform: "tiktok", operation: "status", kind: "status", status: 500, times: 1 });
    expect(refusal(await status(token, id))).toEqual([500, "internal_error"]);
  });
});

function own(knobs: Record<string, string | number | boolean>) {
  return sandbox.settings({ platform: "tiktok", own: knobs });
}

function authorizeUrl(change: Change = {}): string {
  const params = merged(
    {
      client_key: client.client_key,
      response_type: "code",
      scope: scopes,
      redirect_uri: redirectUri,
      state: "a-state",
    },
    change,
  );
  return `${sandbox.url}/www.tiktok.com/v2/auth/authorize/?${new URLSearchParams(params)}`;
}

async function aCode(change: Change = {}, person = "adabell"): Promise<string> {
  return codeIn(await sandbox.consent({ authorizeUrl: authorizeUrl(change), person }));
}

function codeIn(back: URL): string {
  return back.searchParams.get("code") ?? "";
}

async function signIn(person = "adabell"): Promise<Tokens> {
  const { body } = await exchange(await aCode({}, person));
  expect(body).toHaveProperty("access_token");
  return { access_token: String(body["access_token"]), refresh_token: String(body["refresh_token"]) };
}

function exchange(code: string, change: Change = {}): Promise<Reply> {
  return oauth("token", { grant_type: "authorization_code", code, redirect_uri: redirectUri, ...change });
}

function refresh(token: unknown): Promise<Reply> {
  return oauth("token", { grant_type: "refresh_token", refresh_token: String(token) });
}

function oauth(endpoint: string, fields: Change): Promise<Reply> {
  const body = new URLSearchParams(merged(client, fields));
  return send("POST", `open.tiktokapis.com/v2/oauth/${endpoint}/`, { body });
}

function userInfo(token: string, fields: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}` };
  return send("GET", `open.tiktokapis.com/v2/user/info/?fields=${fields}`, { headers });
}

function creatorInfo(token: string): Promise<Reply> {
  return api("creator_info/query", token);
}

function videoInit(token: string, post: Body = toAll, source: Body = uploadOf(clip.length)): Promise<Reply> {
  return api("video/init", token, { post_info: post, source_info: source });
}

function inboxInit(token: string, change: Body = {}): Promise<Reply> {
  return api("inbox/video/init", token, { source_info: uploadOf(clip.length), ...change });
}

function photoInit(
  token: string,
  addresses: string[],
  source: Body = {},
  info: Body = {},
  mode = "DIRECT_POST",
): Promise<Reply> {
  return api("content/init", token, {
    media_type: "PHOTO",
    post_mode: mode,
    post_info: {
      title: "Bells",
      description: "All of them",
      privacy_level: "PUBLIC_TO_EVERYONE",
      auto_add_music: true,
      ...info,
    },
    source_info: { source: "PULL_FROM_URL", photo_cover_index: 0, photo_images: addresses, ...source },
  });
}

function status(token: string, publishId: unknown): Promise<Reply> {
  return api("status/fetch", token, { publish_id: publishId });
}

/** The status as soon as it says so. */
function statusUntil(token: string, publishId: unknown, says: (text: string) => boolean): Promise<Reply> {
  return waitUntil(
    async () => {
      const answer = await status(token, publishId);
      return says(answer.text) ? answer : null;
    },
    { withinMs: 30_000, everyMs: 400, otherwise: "The status did not become what was expected." },
  );
}

async function failReason(token: string, publishId: unknown): Promise<unknown> {
  const answer = await statusUntil(token, publishId, (text) => text.includes('"FAILED"'));
  return dataOf(answer)["fail_reason"];
}

function api(path: string, token: string, body?: Body): Promise<Reply> {
  return send("POST", `open.tiktokapis.com/v2/post/publish/${path}/`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json; charset=UTF-8" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function uploadOf(video_size: number, chunk_size = video_size, total_chunk_count = 1): Body {
  return { source: "FILE_UPLOAD", video_size, chunk_size, total_chunk_count };
}

function pull(video_url: string): Body {
  return { source: "PULL_FROM_URL", video_url };
}

async function served(pictures: Buffer[]): Promise<string[]> {
  return pictures.map((bytes) => files.file(bytes, { mimeType: "image/jpeg" }).url);
}

/** `range` as Content-Range; the address is used whole, as it was given. */
async function put(url: unknown, bytes: Buffer, range: string, change: Change = {}): Promise<Response> {
  const headers = merged({ "content-type": "video/mp4", "content-range": range }, change);
  const answer = await fetch(String(url), { method: "PUT", headers, body: new Uint8Array(bytes) });
  await answer.body?.cancel();
  return answer;
}

function dataOf({ body }: Reply): Body {
  return body["data"] as Body;
}

function errorOf({ body }: Reply): unknown {
  return (body["error"] as Body)["code"];
}

function refusal(answer: Reply): [number, unknown] {
  return [answer.status, errorOf(answer)];
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
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
  return { status: answer.status, text, body: (text === "" ? {} : JSON.parse(text)) as Body };
}
