/** Pictures, videos, carousels and polls on the simulated Threads, over HTTP: what it fetches, and what the world sees. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FileServer, picture, serveFiles, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Json = Record<string, unknown>;
type Reply = { status: number; body: Json };
type Fields = Record<string, string>;

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/threads/callback`;
const graph = "graph.threads.net/v1.0";
const ada = "17841405793187219";
const day = 86_400_000;
const mediaNotFound = { error: { code: 24, error_subcode: 4279009, is_transient: false } };

let sandbox: RunningSandbox;
let files: FileServer;
let jpeg: Buffer;
let png: Buffer;
let film: Buffer;

beforeAll(async () => {
  [sandbox, files, jpeg, png, film] = await Promise.all([
    startSandbox({ appOrigin }),
    serveFiles(),
    picture("jpeg"),
    picture("png", { width: 640, height: 480 }),
    video(),
  ]);
});
afterAll(async () => {
  await sandbox.stop();
  await files.stop();
});
beforeEach(() => sandbox.reset());

describe("a picture", () => {
  test("is fetched, described, published with or without words, and read back", async () => {
    const token = await signIn();
    const id = await publishNow(token, {
      ...image(jpeg),
      text: "A tower #bells",
      alt_text: "Stone, and a clock",
    });
    const silent = await publishNow(token, image(png));
    expect(await sandbox.effects("threads")).toMatchObject([
      {
        id,
        text: "A tower #bells",
        link: null,
        media: [{ sha256: sha256(jpeg), mime: "image/jpeg", width: 1_080, alt: "Stone, and a clock" }],
        details: { media_type: "IMAGE", topic: "bells", reply_control: null, poll: null },
      },
      { id: silent, text: "", media: [{ sha256: sha256(png), mime: "image/png", alt: null }] },
    ]);
    const fields = "id,media_type,media_url,permalink,alt_text,text";
    const { body } = await get(token, id, { fields });
    expect(body).toMatchObject({
      id,
      media_type: "IMAGE",
      permalink: `${sandbox.url}/feed/threads/${id}`,
      alt_text: "Stone, and a clock",
      text: "A tower #bells",
    });
    const shown = Buffer.from(await (await fetch(String(body["media_url"]))).arrayBuffer());
    expect(sha256(shown)).toBe(sha256(jpeg));
    const list = (await get(token, "me/threads", { fields })).body["data"];
    expect(list).toMatchObject([{ id: silent, media_type: "IMAGE" }, { id }]);
    expect((list as Json[])[0]).not.toHaveProperty("text");
  });

  test("that is out of reach is refused at once, or later where Threads is in that mood", async () => {
    const token = await signIn();
    const nowhere = { media_type: "IMAGE", image_url: `${files.url}/nothing.jpg` };
    const refused = await create(token, nowhere);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain("The media could not be fetched from this URI");
    await sandbox.settings({ platform: "threads", own: { lateImageErrors: true } });
    expect(await outcome(token, nowhere)).toEqual({ status: "ERROR", error_message: "UNKNOWN" });
  });

  test.each([
    ["as WebP", "webp", {}, "UNKNOWN"],
    ["as a GIF", "gif", {}, "UNKNOWN"],
    ["of 320 pixels", "png", { width: 320, height: 320 }, null],
    ["of 319 pixels", "png", { width: 319, height: 319 }, "UNKNOWN"],
    ["of 1440 pixels", "jpeg", { width: 1_440, height: 900 }, null],
    ["of 1441 pixels", "jpeg", { width: 1_441, height: 900 }, "UNKNOWN"],
    ["of 10 : 1", "png", { width: 1_000, height: 100 }, null],
    ["of more than 10 : 1", "png", { width: 1_010, height: 100 }, "INVALID_ASPEC_RATIO"],
  ] as const)("%s is looked at in the container", async (_what, format, size, error) => {
    const token = await signIn();
    const found = await outcome(token, image(await picture(format, size), `image/${format}`));
    expect(found).toEqual(
      error === null ? { status: "FINISHED" } : { status: "ERROR", error_message: error },
    );
  });

  test("has at most 8 MB", async () => {
    const token = await signIn();
    const padded = Buffer.concat([jpeg, Buffer.alloc(8_388_609 - jpeg.byteLength)]);
    expect((await outcome(token, image(padded)))["status"]).toBe("ERROR");
    expect((await outcome(token, image(padded.subarray(0, -1))))["status"]).toBe("FINISHED");
  });

  test.each([
    ["an alt text of 1001 characters", { alt_text: "a".repeat(1_001) }, "alt_text"],
    ["no address", { image_url: null }, "image_url"],
    ["an address of no web page", { image_url: "ftp://bells.example/a.jpg" }, "image_url"],
    ["a video's address", { video_url: "https://bells.example/a.mp4" }, "video_url"],
    ["501 characters", { text: "a".repeat(501) }, "at most 500 characters"],
    ["a poll", { poll_attachment: '{"option_a":"a","option_b":"b"}' }, "poll_attachment"],
    ["a link to preview", { link_attachment: "https://bells.example" }, "link_attachment"],
    ["the wish to be published at once", { auto_publish_text: "true" }, "auto_publish_text"],
    ["the wish to be a ghost", { is_ghost_post: "true" }, "is_ghost_post"],
    ["children", { children: "1,2" }, "children"],
    ["half a yes", { is_carousel_item: "yes" }, "is_carousel_item"],
  ])("with %s is refused", async (_what, change, word) => {
    const token = await signIn();
    const { status, body } = await create(token, { ...image(jpeg), ...change });
    expect([status, body]).toMatchObject([400, { error: { code: 100 } }]);
    expect(JSON.stringify(body)).toContain(word);
  });

  test("of 1000 characters of alt text is taken, words alone have none", async () => {
    const token = await signIn();
    expect((await create(token, { ...image(jpeg), alt_text: "🔔".repeat(1_000) })).status).toBe(200);
    expect((await create(token, { media_type: "TEXT", text: "a", alt_text: "b" })).status).toBe(400);
    expect((await create(token, { ...image(jpeg), media_type: "TEXT", text: "a" })).status).toBe(400);
  });

  test("is fetched for nobody without the right to publish", async () => {
    const token = await signIn("adabell", "threads_basic");
    expect((await create(token, image(jpeg))).body).toMatchObject({ error: { code: 10 } });
    expect((await create("CNRY_wrong", image(jpeg))).body).toMatchObject({ error: { code: 190 } });
  });
});

describe("a video", () => {
  test("is fetched, processed, and published", async () => {
    await sandbox.settings({ platform: "threads", own: { processingMs: 60_000 } });
    const token = await signIn();
    const { id } = (await create(token, { ...movie(film), text: "Ding", alt_text: "It rings" })).body;
    expect(await publish(token, id)).toMatchObject({ status: 400, body: mediaNotFound });
    expect((await get(token, id, { fields: "status" })).body).toEqual({ id, status: "IN_PROGRESS" });
    await sandbox.advanceClock(60_000);
    const published = await publish(token, id);
    expect(published.status).toBe(200);
    expect(await sandbox.effects("threads")).toMatchObject([
      {
        media: [{ sha256: sha256(film), mime: "video/mp4", durationMs: 5_000, alt: "It rings" }],
        details: { media_type: "VIDEO" },
      },
    ]);
    const { body } = await get(token, published.body["id"], { fields: "media_type,media_url" });
    expect(body).toMatchObject({ media_type: "VIDEO", media_url: expect.stringContaining("http") });
  });

  test.each([
    ["nothing", null, "FAILED_DOWNLOADING_VIDEO"],
    ["a picture", () => jpeg, "FAILED_PROCESSING_VIDEO"],
    ["five minutes", () => video({ seconds: 300 }), null],
    ["five minutes and a second", () => video({ seconds: 301 }), "INVALID_DURATION"],
    ["1922 pixels across", () => video({ width: 1_922, height: 1_080 }), "FAILED_PROCESSING_VIDEO"],
    ["11 : 1", () => video({ width: 1_100, height: 100 }), "INVALID_ASPEC_RATIO"],
    ["1 : 101", () => video({ width: 10, height: 1_010 }), "INVALID_ASPEC_RATIO"],
    ["more than 100 Mbps", () => video({ seconds: 1, bytes: 13_000_000 }), "INVALID_BIT_RATE"],
  ])("of %s is told by the container", async (_what, made, error) => {
    const token = await signIn();
    const fields =
      made === null ? { media_type: "VIDEO", video_url: `${files.url}/none.mp4` } : movie(await made());
    const found = await outcome(token, fields);
    expect(found).toEqual(
      error === null ? { status: "FINISHED" } : { status: "ERROR", error_message: error },
    );
  });

  test("of more than 1 GB is too long a file", async () => {
    const token = await signIn();
    await sandbox.settings({ platform: "threads", own: { maxVideoBytes: film.byteLength - 1 } });
    expect((await outcome(token, movie(film)))["error_message"]).toBe("FAILED_PROCESSING_VIDEO");
    await sandbox.settings({ platform: "threads", own: { maxVideoBytes: film.byteLength } });
    expect((await outcome(token, movie(film)))["status"]).toBe("FINISHED");
  });

  test("that fails stays unpublished, and says why when it is told to", async () => {
    const token = await signIn();
    await sandbox.settings({ platform: "threads", own: { containerError: "FAILED_PROCESSING_AUDIO" } });
    const { id } = (await create(token, movie(film))).body;
    await sandbox.advanceClock(1_000);
    expect((await get(token, id, { fields: "status,error_message" })).body).toMatchObject({
      status: "ERROR",
      error_message: "FAILED_PROCESSING_AUDIO",
    });
    expect((await publish(token, id)).status).toBe(400);
    expect(await sandbox.effects("threads")).toEqual([]);
  });
});

describe("a carousel", () => {
  test("shows its children in order, each with its alt text, and counts as one", async () => {
    const token = await signIn();
    const children = [
      await item(token, { ...image(png), alt_text: "First" }),
      await item(token, movie(film)),
      await item(token, { ...image(jpeg), alt_text: "Third" }),
    ];
    await sandbox.advanceClock(1_000);
    const id = await publishNow(token, {
      media_type: "CAROUSEL",
      children: children.join(","),
      text: "Three",
    });
    expect(await sandbox.effects("threads")).toMatchObject([
      {
        id,
        text: "Three",
        media: [
          { sha256: sha256(png), alt: "First" },
          { sha256: sha256(film), alt: null },
          { sha256: sha256(jpeg), alt: "Third" },
        ],
        details: { media_type: "CAROUSEL" },
      },
    ]);
    const { body } = await get(token, id, { fields: "media_type,children,media_url" });
    expect(body).toMatchObject({ media_type: "CAROUSEL_ALBUM", children: { data: [{}, {}, {}] } });
    expect(body).not.toHaveProperty("media_url");
    const ids = (body["children"] as { data: { id: string }[] }).data.map((child) => child.id);
    const second = await get(token, ids[1], { fields: "media_type,media_url" });
    expect(second.body).toMatchObject({ id: ids[1], media_type: "VIDEO" });
    expect((await get(token, ids[2], { fields: "alt_text" })).body).toEqual({
      id: ids[2],
      alt_text: "Third",
    });
    const quota = await get(token, "me/threads_publishing_limit", { fields: "quota_usage" });
    expect(quota.body).toEqual({ data: [{ quota_usage: 1 }] });
    const again = await create(token, { media_type: "CAROUSEL", children: children.join(",") });
    expect(again.status).toBe(400);
  });

  test("waits for its children", async () => {
    const token = await signIn();
    await sandbox.settings({ platform: "threads", own: { processingMs: 60_000 } });
    const children = `${await item(token, image(png))},${await item(token, image(jpeg))}`;
    const early = await create(token, { media_type: "CAROUSEL", children });
    expect(early).toMatchObject({ status: 400, body: mediaNotFound });
    await sandbox.advanceClock(60_000);
    const parent = await create(token, { media_type: "CAROUSEL", children });
    expect(parent.status).toBe(200);
    expect(await publish(token, parent.body["id"])).toMatchObject({ status: 400, body: mediaNotFound });
    await sandbox.advanceClock(60_000);
    expect((await publish(token, parent.body["id"])).status).toBe(200);
  });

  test("of 20 is taken, of one or of 21 is not", async () => {
    const token = await signIn();
    const children: string[] = [];
    for (let n = 0; n < 21; n += 1) children.push(await item(token, image(png)));
    await sandbox.advanceClock(1_000);
    const attempt = (count: number) =>
      create(token, { media_type: "CAROUSEL", children: children.slice(0, count).join(",") });
    expect([(await attempt(1)).status, (await attempt(21)).status, (await attempt(20)).status]).toEqual([
      400, 400, 200,
    ]);
  });

  test("has only children that are one's own, are items, and went well", async () => {
    const token = await signIn();
    const good = await item(token, image(png));
    const broken = await item(token, image(await picture("webp"), "image/webp"));
    const plain = String((await create(token, image(png))).body["id"]);
    const foreign = await item(await signIn("chimecafe"), image(png));
    await sandbox.advanceClock(1_000);
    for (const other of [broken, plain, foreign, "7"]) {
      const { status } = await create(token, { media_type: "CAROUSEL", children: `${good},${other}` });
      expect(status).toBe(400);
    }
    expect((await publish(token, good)).status).toBe(400);
    const second = await item(token, image(jpeg));
    await sandbox.advanceClock(day);
    const later = await signIn();
    expect((await create(later, { media_type: "CAROUSEL", children: `${good},${second}` })).status).toBe(400);
    expect(await sandbox.effects("threads")).toEqual([]);
  });

  test("is no child, has no alt text of its own, and words are no child either", async () => {
    const token = await signIn();
    const children = `${await item(token, image(png))},${await item(token, image(png))}`;
    await sandbox.advanceClock(1_000);
    const carousel = { media_type: "CAROUSEL", children };
    expect((await create(token, { ...carousel, is_carousel_item: "true" })).status).toBe(400);
    expect((await create(token, { ...carousel, alt_text: "All of it" })).status).toBe(400);
    expect((await create(token, { media_type: "TEXT", text: "a", is_carousel_item: "true" })).status).toBe(
      400,
    );
  });
});

describe("a poll", () => {
  test("goes out with the words, the topic and who may reply", async () => {
    const token = await signIn();
    const poll = { option_a: "Tenor", option_b: "Treble", option_c: "Both" };
    await publishNow(token, {
      media_type: "TEXT",
      text: "Which?",
      poll_attachment: JSON.stringify(poll),
      reply_control: "followers_only",
      topic_tag: "Ringing",
    });
    expect(await sandbox.effects("threads")).toMatchObject([
      { media: [], details: { media_type: "TEXT", poll, reply_control: "followers_only", topic: "Ringing" } },
    ]);
    const { body } = await get(token, "me/threads", { fields: "media_type" });
    expect(body["data"]).toMatchObject([{ media_type: "TEXT_POST" }]);
  });

  test.each([
    ["one option", '{"option_a":"a"}'],
    ["an empty option", '{"option_a":"a","option_b":""}'],
    ["five options", '{"option_a":"a","option_b":"b","option_c":"c","option_d":"d","option_e":"e"}'],
    ["a list", '["a","b"]'],
    ["no JSON", "a,b"],
  ])("with %s is refused", async (_what, poll_attachment) => {
    const token = await signIn();
    const { body } = await create(token, { media_type: "TEXT", text: "Which?", poll_attachment });
    expect(body).toMatchObject({ error: { code: 100, message: expect.stringContaining("poll_attachment") } });
  });
});

const image = (bytes: Buffer, mimeType = "image/jpeg"): Fields => ({
  media_type: "IMAGE",
  image_url: files.file(bytes, { mimeType }).url,
});

const movie = (bytes: Buffer): Fields => ({
  media_type: "VIDEO",
  video_url: files.file(bytes, { mimeType: "video/mp4" }).url,
});

async function signIn(person = "adabell", scope = "threads_basic,threads_content_publish"): Promise<string> {
  const authorize = new URL(`${sandbox.url}/threads.net/oauth/authorize`);
  const asked = {
    client_id: "sandbox-threads",
    redirect_uri: redirectUri,
    scope,
    response_type: "code",
    state: "s",
  };
  authorize.search = new URLSearchParams(asked).toString();
  const back = await sandbox.consent({ authorizeUrl: authorize.href, person });
  const secret = { client_id: "sandbox-threads", client_secret: "CNRY_secret_threads" };
  const code = back.searchParams.get("code") ?? "";
  const short = await send("POST", "graph.threads.net/oauth/access_token", {
    ...secret,
    grant_type: "authorization_code",
    redirect_uri: redirectUri,
    code,
  });
  expect(short.status).toBe(200);
  return String(short.body["access_token"]);
}

/** null takes a field away. */
function create(token: string, fields: Record<string, string | null>): Promise<Reply> {
  const given = Object.entries(fields).filter((one): one is [string, string] => one[1] !== null);
  return send("POST", `${graph}/me/threads`, { ...Object.fromEntries(given), access_token: token });
}

async function item(token: string, fields: Fields): Promise<string> {
  const { status, body } = await create(token, { ...fields, is_carousel_item: "true" });
  expect(status).toBe(200);
  return String(body["id"]);
}

/** How a container ends, by the sandbox clock and without waiting. */
async function outcome(token: string, fields: Fields): Promise<Json> {
  const created = await create(token, fields);
  expect(created.status).toBe(200);
  await sandbox.advanceClock(1_000);
  const { id, ...rest } = (await get(token, created.body["id"], { fields: "status,error_message" })).body;
  expect(id).toBe(created.body["id"]);
  return rest;
}

function publish(token: string, id: unknown): Promise<Reply> {
  return send("POST", `${graph}/${ada}/threads_publish`, { creation_id: String(id), access_token: token });
}

async function publishNow(token: string, fields: Fields): Promise<string> {
  const created = await create(token, fields);
  expect(created.status).toBe(200);
  await sandbox.advanceClock(1_000);
  const published = await publish(token, created.body["id"]);
  expect(published.status).toBe(200);
  return String(published.body["id"]);
}

function get(token: string, path: unknown, fields: Fields): Promise<Reply> {
  return send("GET", `${graph}/${path}?${new URLSearchParams({ ...fields, access_token: token })}`);
}

async function send(method: string, path: string, form?: Fields): Promise<Reply> {
  const body = form === undefined ? null : new URLSearchParams(form);
  const answer = await fetch(`${sandbox.url}/${path}`, { method, body });
  // safe: this API answers with objects only
  return { status: answer.status, body: (await answer.json()) as Json };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
