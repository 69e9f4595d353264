import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type MediaFile,
  PlatformError,
  type PostContent,
  type PublishStep,
  type Resume,
} from "@/lib/platforms/contract";
import { facebook } from "@/lib/platforms/facebook/provider";
import { facebookSpec } from "@/lib/platforms/facebook/spec";
import { createKit } from "@/lib/platforms/kit";
import { type FileServer, picture, serveFiles, video } from "../support/media";

/** Photos, videos, reels and stories: what is sent, in which order, behind which fence, and how a lost answer is settled. */

type Reply = { status?: number; body?: unknown; drop?: boolean };
type Seen = {
  /** Method, path and, where it has one, the upload's phase. */
  line: string;
  query: Record<string, string>;
  /** Fields as they are; of a file its name, type and what is in it. */
  form: Record<string, string>;
  headers: IncomingHttpHeaders;
  sha: string;
  bytes: number;
};

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];
let fences: number[];
let files: FileServer;
let photo: Buffer;
let clip: Buffer;

const SECRET = "CNRY_app_secret";
const TOKEN = "CNRY_page_token";
const PAGE = "17558477680344021755";
const access = { accessToken: TOKEN, remoteId: PAGE, metadata: {} };
const V = "/v26.0";
const FEED = `POST ${V}/${PAGE}/feed`;
const PHOTOS = `POST ${V}/${PAGE}/photos`;
const VIDEOS = `POST ${V}/${PAGE}/videos`;
const REELS = `POST ${V}/${PAGE}/video_reels`;
const PHOTO_STORY = `POST ${V}/${PAGE}/photo_stories`;
const VIDEO_STORY = `POST ${V}/${PAGE}/video_stories`;
const STORIES = `GET ${V}/${PAGE}/stories`;
const RUPLOAD = "POST /video-upload/v26.0/v1";
const STATUS = `GET ${V}/v1`;

const shaOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

beforeAll(async () => {
  files = await serveFiles();
  photo = await picture("jpeg", { width: 400, height: 300 });
  clip = await video({ bytes: 200_000 });
});
afterAll(() => files.stop());

beforeEach(async () => {
  script = {};
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const form = await fieldsOf(body, request.headers["content-type"] ?? "");
    const path = url.pathname.replace(/\/(graph|rupload)\.facebook\.com/, "");
    const line = [`${request.method} ${path}`, form["upload_phase"]].filter(Boolean).join(" ");
    seen.push({
      line,
      query: Object.fromEntries(url.searchParams),
      form,
      headers: request.headers,
      sha: shaOf(body),
      bytes: body.byteLength,
    });
    const replies = script[line] ?? [];
    // The last answer of a line stays.
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 404,
      body: { unexpected: line },
    };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

async function fieldsOf(body: Buffer, type: string): Promise<Record<string, string>> {
  if (type.startsWith("application/octet-stream") || body.byteLength === 0) return {};
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const fields: Record<string, string> = {};
  for (const [name, value] of form) {
    fields[name] =
      typeof value === "string"
        ? value
        : `${value.name} ${value.type} ${shaOf(new Uint8Array(await value.arrayBuffer()))}`;
  }
  return fields;
}

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = () => facebook(createKit({ clientId: "app", clientSecret: SECRET, sandboxUrl: origin() }));

const aPhoto = (about: Partial<MediaFile> = {}) => files.file(photo, { mimeType: "image/jpeg", ...about });
const aVideo = (about: Partial<MediaFile> = {}) => files.file(clip, { mimeType: "video/mp4", ...about });
const uploaded = (name: string, type: string, bytes: Buffer) => `${name} ${type} ${shaOf(bytes)}`;

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello bells",
  replies: [],
  media: [],
  options: {},
  ...content,
});
const aReel = () => aPost({ media: [aVideo()], options: { placement: "reel" } });
const aStory = (media: MediaFile) => aPost({ media: [media], options: { placement: "story" } });

const publish = (content: PostContent, resume: Resume | null = null) =>
  provider().publish({ access, content, resume, sending: async () => void fences.push(seen.length) });

/** Steps until it is out, each from what the last one wrote down. */
async function publishAll(content: PostContent, from: Resume | null = null): Promise<PublishStep> {
  let resume = from;
  for (let step = 0; step < 30; step++) {
    const done = await publish(content, resume);
    if (done.state === "published") return done;
    expect(JSON.stringify(done.resume)).not.toMatch(/CNRY|http/);
    resume = JSON.parse(JSON.stringify(done.resume)) as Resume;
  }
  throw new Error("it never came out");
}

const resumeOf = (step: PublishStep): Resume => {
  if (step.state !== "processing") throw new Error("It is out already.");
  return step.resume;
};

const locate = (content: PostContent, resume: Resume, more: { ageMs?: number; known?: string[] } = {}) =>
  provider().locate?.({
    access,
    content,
    resume,
    since: new Date(Date.now() - (more.ageMs ?? 0)),
    known: more.known ?? [],
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
const linesAtFences = () => fences.map((count) => seen[count]?.line);
const refusal = (code: number, error_subcode?: number): Reply => ({
  status: 400,
  body: { error: { message: "m", type: "OAuthException", code, error_subcode } },
});
const done: Reply = { body: { success: true } };
const status = (video_status: string, more: object = {}, fields: object = {}): Reply => ({
  body: { id: "v1", status: { video_status, ...more }, ...fields },
});
const PROCESSING = status("processing", {
  uploading_phase: { status: "complete" },
  processing_phase: { status: "in_progress" },
});
const UPLOADED = status("processing", {
  uploading_phase: { status: "complete", bytes_transfered: 50002 },
  processing_phase: { status: "not_started" },
  publishing_phase: { status: "not_started", publish_status: "published" },
});
const OUT = status("ready", {}, { post_id: `${PAGE}_42`, permalink_url: "/metricsaurus/videos/v1/" });
const LONG_AGO = { ageMs: 6 * 60_000 };

describe("photos", () => {
  test("one photo goes out in one write, with its words, its link and what it shows", async () => {
    script[PHOTOS] = [{ body: { id: "p1", post_id: `${PAGE}_42` } }];
    script[`GET ${V}/${PAGE}_42`] = [{ body: { permalink_url: "https://f.test/42" } }];
    const media = [aPhoto({ alt: "A bell", filename: "bell.jpg" })];
    expect(await publish(aPost({ media, link: "https://example.org/" }))).toEqual({
      state: "published",
      remoteId: `${PAGE}_42`,
      url: "https://f.test/42",
    });
    expect(seen[0]?.form).toEqual({
      caption: "Hello bells https://example.org/",
      alt_text_custom: "A bell",
      source: uploaded("bell.jpg", "image/jpeg", photo),
    });
    expect(seen[0]?.query["appsecret_proof"]).toBe(createHmac("sha256", SECRET).update(TOKEN).digest("hex"));
    expect(seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(linesAtFences()).toEqual([PHOTOS]);
  });

  test("several photos are brought unseen, one per step, and published together in their order", async () => {
    script[PHOTOS] = [{ body: { id: "p1" } }, { body: { id: "p2" } }];
    script[FEED] = [{ body: { id: `${PAGE}_42`, permalink_url: "https://f.test/42" } }];
    const content = aPost({ media: [aPhoto({ alt: "One" }), aPhoto()], link: "https://example.org/" });
    const first = await publish(content);
    expect(first).toMatchObject({ state: "processing", resume: { kind: "photos", photos: ["p1"] } });
    expect(await publishAll(content, resumeOf(first))).toMatchObject({ remoteId: `${PAGE}_42` });
    expect(lines()).toEqual([PHOTOS, PHOTOS, FEED]);
    expect(seen[0]?.form).toMatchObject({ published: "false", alt_text_custom: "One" });
    expect(seen[1]?.form).not.toHaveProperty("alt_text_custom");
    expect(seen[2]?.form).toEqual({
      message: "Hello bells https://example.org/",
      attached_media: `[{"media_fbid":"p1"},{"media_fbid":"p2"}]`,
      fields: "id,permalink_url",
    });
    expect(linesAtFences()).toEqual([FEED]);
  });

  test("a photo whose answer was lost is sent again, for nobody saw it", async () => {
    script[PHOTOS] = [{ drop: true }];
    const content = aPost({ media: [aPhoto(), aPhoto()] });
    expect(await failureOf(publish(content))).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(fences).toEqual([]);
  });

  test("photos that Facebook will have dropped by now are sent anew", async () => {
    script[PHOTOS] = [{ body: { id: "p3" } }];
    const old = { kind: "photos", photos: ["p1", "p2"], photosSince: Date.now() - 24 * 3_600_000 };
    const step = await publish(aPost({ media: [aPhoto(), aPhoto()] }), old);
    expect(step).toMatchObject({ resume: { photos: ["p3"] } });
  });

  test("a lost photo post is looked for among the Page's posts, even when its file is gone", async () => {
    script[PHOTOS] = [{ drop: true }];
    const content = aPost({ media: [aPhoto()], link: "https://example.org/" });
    expect(await failureOf(publish(content))).toMatchObject({ effect: "ambiguous" });
    const created_time = new Date().toISOString();
    const post = {
      id: `${PAGE}_42`,
      message: "Hello bells https://example.org/",
      created_time,
      permalink_url: "/p",
    };
    script[`GET ${V}/${PAGE}/feed`] = [{ body: { data: [post] } }];
    expect(await locate({ ...content, media: [] }, {})).toMatchObject({ remoteId: `${PAGE}_42` });
  });

  test.each([
    ["a picture as a reel", "reel", "image"],
    ["nothing as a story", "story", null],
  ])("%s is refused before anything is sent", async (_what, placement, kind) => {
    const media = kind ? [aPhoto()] : [];
    expect(await failureOf(publish(aPost({ media, options: { placement } })))).toMatchObject({
      kind: "rejected",
    });
    expect(seen).toEqual([]);
  });
});

describe("videos in the feed", () => {
  const started: Reply = {
    body: { video_id: "v1", upload_session_id: "s1", start_offset: "0", end_offset: "100000" },
  };
  const next = (start: number, end: number): Reply => ({
    body: { start_offset: String(start), end_offset: end },
  });
  const aVideoPost = () => aPost({ media: [aVideo({ filename: "a.mp4" })] });
  const whole = () => ({
    kind: "video",
    uploads: 1,
    video: { id: "v1", session: "s1", start: clip.byteLength, end: clip.byteLength },
  });

  test("a video is sent in the pieces that Facebook asks for, then published by its end", async () => {
    const size = clip.byteLength;
    script[`${VIDEOS} start`] = [started];
    script[`${VIDEOS} transfer`] = [next(100_000, size), next(size, size)];
    script[`${VIDEOS} finish`] = [done];
    script[STATUS] = [PROCESSING, OUT];
    expect(await publishAll(aVideoPost())).toEqual({
      state: "published",
      remoteId: `${PAGE}_42`,
      url: `${origin()}/www.facebook.com/metricsaurus/videos/v1/`,
    });
    expect(lines()).toEqual([
      `${VIDEOS} start`,
      `${VIDEOS} transfer`,
      `${VIDEOS} transfer`,
      `${VIDEOS} finish`,
      STATUS,
      STATUS,
    ]);
    expect(seen.slice(0, 4).map(({ form }) => form)).toEqual([
      { upload_phase: "start", file_size: String(size) },
      {
        upload_phase: "transfer",
        upload_session_id: "s1",
        start_offset: "0",
        video_file_chunk: uploaded("a.mp4", "video/mp4", clip.subarray(0, 100_000)),
      },
      {
        upload_phase: "transfer",
        upload_session_id: "s1",
        start_offset: "100000",
        video_file_chunk: uploaded("a.mp4", "video/mp4", clip.subarray(100_000)),
      },
      { upload_phase: "finish", upload_session_id: "s1", description: "Hello bells" },
    ]);
    expect(seen[4]?.query["fields"]).toBe("status,permalink_url,post_id");
    expect(linesAtFences()).toEqual([`${VIDEOS} finish`]);
  });

  test("pieces that arrived are not sent again after a failure", async () => {
    script[`${VIDEOS} start`] = [started];
    script[`${VIDEOS} transfer`] = [next(100_000, clip.byteLength), { status: 503, body: {} }];
    const first = resumeOf(await publish(aVideoPost()));
    const second = await publish(aVideoPost(), first);
    expect(second).toMatchObject({ resume: { video: { id: "v1", start: 100_000 } } });
    expect(await failureOf(publish(aVideoPost(), resumeOf(second)))).toMatchObject({
      kind: "unavailable",
      effect: "definite",
    });
    expect(seen.at(-1)?.form["start_offset"]).toBe("100000");
  });

  test("a session that takes no more pieces is begun anew, once", async () => {
    script[`${VIDEOS} transfer`] = [refusal(100)];
    const stuck = { ...whole(), video: { id: "v1", session: "s1", start: 0, end: 100_000 } };
    const again = resumeOf(await publish(aVideoPost(), stuck));
    expect(again).toMatchObject({ uploads: 1, video: undefined });
    expect(await failureOf(publish(aVideoPost(), { ...stuck, uploads: 2 }))).toMatchObject({
      kind: "rejected",
    });
  });

  test("a video Facebook gives up on is a failure, in Facebook's words where there are any", async () => {
    script[STATUS] = [
      status("error", { processing_phase: { status: "error", error: { message: "Broken file." } } }),
      status("error", { processing_phase: { status: "error", error: { code: 382 } } }),
    ];
    const finished = { ...whole(), finished: true };
    const told = await failureOf(publish(aVideoPost(), finished));
    expect(told).toMatchObject({ kind: "rejected", effect: "definite" });
    expect(told.message).toBe("Facebook could not process this video: Broken file.");
    expect((await failureOf(publish(aVideoPost(), finished))).message).toContain("too small");
  });

  test("a post id that never comes gives way to the video's own", async () => {
    script[STATUS] = [status("ready", {}, { permalink_url: "https://f.test/v1" })];
    expect(await publishAll(aVideoPost(), { ...whole(), finished: true })).toEqual({
      state: "published",
      remoteId: "v1",
      url: "https://f.test/v1",
    });
    expect(seen.length).toBeGreaterThan(2);
  });

  test("after an hour of waiting it is in doubt, not failed", async () => {
    script[STATUS] = [PROCESSING];
    const waiting = { ...whole(), finished: true, polls: 100 };
    expect(await failureOf(publish(aVideoPost(), waiting))).toMatchObject({ effect: "ambiguous" });
    expect(await locate(aVideoPost(), waiting)).toBeNull();
  });

  test("a lost end is settled by the video itself", async () => {
    script[`${VIDEOS} finish`] = [{ drop: true }];
    expect(await failureOf(publish(aVideoPost(), whole()))).toMatchObject({ effect: "ambiguous" });
    const idle = status("uploading", { uploading_phase: { status: "in_progress" } });
    script[STATUS] = [OUT, PROCESSING, idle, idle, refusal(100, 33), refusal(100, 33)];
    expect(await locate(aVideoPost(), whole())).toMatchObject({ state: "published", remoteId: `${PAGE}_42` });
    expect(await locate(aVideoPost(), whole())).toMatchObject({ resume: { finished: true } });
    expect(await locate(aVideoPost(), whole())).toBeNull();
    expect(await locate(aVideoPost(), whole(), LONG_AGO)).toMatchObject({
      state: "processing",
      resume: { finished: false, video: { id: "v1" } },
    });
    expect(await locate(aVideoPost(), whole())).toBeNull();
    expect(await locate(aVideoPost(), whole(), LONG_AGO)).toEqual({ state: "absent" });
  });

  test("an end that is refused because the first one arrived is a success", async () => {
    script[`${VIDEOS} finish`] = [refusal(506)];
    script[STATUS] = [OUT];
    expect(await publish(aVideoPost(), whole())).toMatchObject({
      state: "published",
      remoteId: `${PAGE}_42`,
    });
  });

  test("an end that is refused for good is a failure", async () => {
    script[`${VIDEOS} finish`] = [refusal(100, 1404102)];
    script[STATUS] = [status("upload_complete")];
    expect(await failureOf(publish(aVideoPost(), whole()))).toMatchObject({
      kind: "rejected",
      code: "100/1404102",
    });
  });
});

describe("reels", () => {
  const opened = (upload_url?: string): Reply => ({
    body: { video_id: "v1", upload_url: upload_url ?? `${origin()}/video-upload/v26.0/v1` },
  });
  const sent = { kind: "reel", uploads: 1, polls: 1, video: { id: "v1" } };

  test("a reel is sent whole, waited for, published behind a fence, and waited for again", async () => {
    script[`${REELS} start`] = [opened()];
    script[RUPLOAD] = [done];
    script[STATUS] = [
      status("processing", {
        uploading_phase: { status: "in_progress" },
        processing_phase: { status: "not_started" },
      }),
      PROCESSING,
      UPLOADED,
      PROCESSING,
      OUT,
    ];
    script[`${REELS} finish`] = [done];
    expect(await publishAll({ ...aReel(), link: "https://example.org/" })).toMatchObject({
      remoteId: `${PAGE}_42`,
    });
    expect(lines()).toEqual([
      `${REELS} start`,
      RUPLOAD,
      STATUS,
      STATUS,
      STATUS,
      `${REELS} finish`,
      STATUS,
      STATUS,
    ]);
    const [start, upload, , , , finish] = seen;
    expect(start?.form).toEqual({ upload_phase: "start" });
    expect(upload).toMatchObject({
      query: {},
      sha: shaOf(clip),
      headers: { authorization: `OAuth ${TOKEN}`, offset: "0", file_size: String(clip.byteLength) },
    });
    expect(finish?.form).toEqual({
      upload_phase: "finish",
      video_id: "v1",
      video_state: "PUBLISHED",
      description: "Hello bells https://example.org/",
    });
    expect(linesAtFences()).toEqual([`${REELS} finish`]);
  });

  test("an address at Facebook goes through the sandbox in sandbox mode", async () => {
    script[`${REELS} start`] = [opened("https://rupload.facebook.com/video-upload/v26.0/v1")];
    script[RUPLOAD] = [done];
    expect(resumeOf(await publish(aReel()))).toMatchObject({ video: { id: "v1" }, uploads: 1 });
  });

  test("the token goes to no host but Facebook's", async () => {
    script[`${REELS} start`] = [opened("https://rupload.facebook.com.evil.test/v1")];
    const { port } = server.address() as AddressInfo;
    const kit = {
      ...createKit({ clientId: "app", clientSecret: SECRET }),
      address: (url: string) =>
        new URL(`http://127.0.0.1:${port}/${new URL(url).host}${new URL(url).pathname}`),
    };
    const sending = async () => undefined;
    const error = await failureOf(facebook(kit).publish({ access, content: aReel(), resume: null, sending }));
    expect(error).toMatchObject({ kind: "unavailable", effect: "definite", code: "upload_url" });
    expect(lines()).toEqual([`${REELS} start`]);
  });

  test("an upload that fails leaves nothing behind and is done again from the start", async () => {
    script[`${REELS} start`] = [opened()];
    script[RUPLOAD] = [{ drop: true }];
    expect(await failureOf(publish(aReel()))).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(fences).toEqual([]);
  });

  test.each(["upload_failed", "expired"])(
    "a video that is %s is sent anew, three times in all",
    async (lost) => {
      script[STATUS] = [status(lost)];
      expect(resumeOf(await publish(aReel(), sent))).toMatchObject({ video: undefined, uploads: 1 });
      expect(await failureOf(publish(aReel(), { ...sent, uploads: 3 }))).toMatchObject({ kind: "rejected" });
    },
  );

  test.each([
    [1363040, "9:16"],
    [1363127, "540"],
    [1363128, "90 seconds"],
    [1363129, "frames"],
  ])("%i says what is wrong with the video", async (code, words) => {
    script[STATUS] = [UPLOADED];
    script[`${REELS} finish`] = [refusal(100, code)];
    const error = await failureOf(publish(aReel(), sent));
    expect(error).toMatchObject({ kind: "rejected", effect: "definite" });
    expect(error.message).toContain(words);
  });

  test("a word that came too early is given again", async () => {
    script[STATUS] = [UPLOADED, PROCESSING];
    script[`${REELS} finish`] = [refusal(100)];
    expect(await publish(aReel(), sent)).toMatchObject({
      state: "processing",
      resume: { finished: false, polls: 2 },
    });
  });

  test("a reel that is ready is not yet out: only its publishing counts", async () => {
    script[STATUS] = [
      status("ready"),
      status("ready"),
      status("ready", { publishing_phase: { status: "complete" } }),
    ];
    expect(await locate(aReel(), sent)).toBeNull();
    expect(await locate(aReel(), sent, LONG_AGO)).toMatchObject({ resume: { finished: false } });
    expect(await locate(aReel(), sent)).toMatchObject({ resume: { finished: true } });
  });

  test("one that failed after all says why in the next step", async () => {
    const failed = status("error", { processing_phase: { status: "error", error: { code: 1363040 } } });
    script[STATUS] = [failed];
    const located = await locate(aReel(), sent);
    expect(located).toMatchObject({ state: "processing", resume: { finished: true } });
    expect(await failureOf(publishAll(aReel(), { ...sent, finished: true }))).toMatchObject({
      kind: "rejected",
    });
  });

  test("its first comment comes once its post is known", async () => {
    script[STATUS] = [OUT];
    script[`POST ${V}/${PAGE}_42/comments`] = [{ body: { id: "c1" } }];
    const content = aPost({ media: [aVideo()], options: { placement: "reel", first_comment: "One more" } });
    const step = await publish(content, { ...sent, finished: true });
    expect(step).toMatchObject({ state: "processing", resume: { post: { id: `${PAGE}_42` } } });
    expect(await publish(content, resumeOf(step))).toMatchObject({ state: "published" });
  });
});

describe("stories", () => {
  const opened: () => Reply = () => ({
    body: { video_id: "v1", upload_url: `${origin()}/video-upload/v26.0/v1` },
  });

  test("a photo is brought unseen, then becomes a story", async () => {
    script[PHOTOS] = [{ body: { id: "p1" } }];
    script[PHOTO_STORY] = [{ body: { success: true, post_id: "77" } }];
    script[`GET ${V}/77`] = [{ body: { permalink_url: "https://f.test/s/77" } }];
    expect(await publishAll(aStory(aPhoto()))).toEqual({
      state: "published",
      remoteId: "77",
      url: "https://f.test/s/77",
    });
    expect(seen[0]?.form).toMatchObject({ published: "false" });
    expect(seen[0]?.form).not.toHaveProperty("caption");
    expect(seen[1]?.form).toEqual({ photo_id: "p1" });
    expect(linesAtFences()).toEqual([PHOTO_STORY]);
  });

  test("a video is sent whole, then becomes a story", async () => {
    script[`${VIDEO_STORY} start`] = [opened()];
    script[RUPLOAD] = [done];
    script[STATUS] = [UPLOADED, PROCESSING, status("ready")];
    script[`${VIDEO_STORY} finish`] = [{ body: { success: true, post_id: "77" } }];
    script[`GET ${V}/77`] = [refusal(100, 33)];
    expect(await publishAll(aStory(aVideo()))).toEqual({ state: "published", remoteId: "77", url: null });
    expect(seen.find(({ line }) => line.endsWith("finish"))?.form).toEqual({
      upload_phase: "finish",
      video_id: "v1",
    });
    expect(linesAtFences()).toEqual([`${VIDEO_STORY} finish`]);
  });

  test("a story Facebook promised but could not make is a failure; one it says no more of is out", async () => {
    const promised = { kind: "video_story", uploads: 1, video: { id: "v1" }, finished: true, promised: "77" };
    script[STATUS] = [PROCESSING, PROCESSING, status("error")];
    expect(await publish(aStory(aVideo()), promised)).toMatchObject({ state: "processing" });
    expect(await publish(aStory(aVideo()), { ...promised, polls: 32 })).toMatchObject({
      state: "published",
      remoteId: "77",
    });
    expect(await failureOf(publish(aStory(aVideo()), { ...promised, polls: 32 }))).toMatchObject({
      kind: "rejected",
    });
  });

  test("a first comment has no place there, and the person is told", async () => {
    script[PHOTO_STORY] = [{ body: { success: true, post_id: "77" } }];
    const content = { ...aStory(aPhoto()), options: { placement: "story", first_comment: "Hi" } };
    const ready = { kind: "photo_story", photos: ["p1"], photosSince: Date.now() };
    expect(await publish(content, ready)).toMatchObject({
      state: "published",
      note: "A story takes no comments, so the first comment was left out.",
    });
  });

  test("a lost photo story is known by its photo", async () => {
    script[STORIES] = [
      {
        body: {
          data: [
            { post_id: "76", media_id: "p0" },
            { post_id: "77", media_id: "p1" },
          ],
        },
      },
      { body: { data: [{ post_id: "76", media_id: "p0" }] } },
    ];
    const ready = { kind: "photo_story", photos: ["p1"], photosSince: Date.now() };
    expect(await locate(aStory(aPhoto()), ready)).toMatchObject({ state: "published", remoteId: "77" });
    expect(await locate(aStory(aPhoto()), ready)).toEqual({ state: "absent" });
  });

  test("stories that do not say of what they are made are told apart by their hour, or not at all", async () => {
    const now = Math.floor(Date.now() / 1000);
    const listed = (...data: object[]): Reply => ({ body: { data } });
    script[STORIES] = [
      listed(
        { post_id: "70", creation_time: String(now - 3_600) },
        { post_id: "77", creation_time: String(now) },
      ),
      listed({ post_id: "77", creation_time: now }, { post_id: "78", creation_time: now }),
      listed({ post_id: "77" }),
      listed({ post_id: "77", creation_time: now }),
    ];
    const ready = { kind: "photo_story", photos: ["p1"], photosSince: Date.now() };
    expect(await locate(aStory(aPhoto()), ready)).toMatchObject({ remoteId: "77" });
    expect(await locate(aStory(aPhoto()), ready)).toBeNull();
    expect(await locate(aStory(aPhoto()), ready)).toBeNull();
    expect(await locate(aStory(aPhoto()), ready, { known: ["77"] })).toEqual({ state: "absent" });
  });

  test("a lost video story is known by its video", async () => {
    const sent = { kind: "video_story", uploads: 1, polls: 1, video: { id: "v1" } };
    script[STATUS] = [status("ready")];
    script[STORIES] = [{ body: { data: [{ post_id: "77", media_id: "v1" }] } }, { body: { data: [] } }];
    expect(await locate(aStory(aVideo()), sent)).toMatchObject({ state: "published", remoteId: "77" });
    expect(await locate(aStory(aVideo()), sent)).toBeNull();
    expect(await locate(aStory(aVideo()), sent, LONG_AGO)).toMatchObject({
      state: "processing",
      resume: { ...sent, polls: 0 },
    });
  });
});

describe("the rules as data", () => {
  test("a post needs no file, a reel exactly one video, a story exactly one picture or video", () => {
    const { post, reel, story } = facebookSpec.mediaBy?.rules ?? {};
    expect(facebookSpec.media).toEqual(post);
    expect(post).toMatchObject({ min: 0, mixed: false, video: { max: 1 } });
    expect(reel).toMatchObject({ min: 1, max: 1, video: { minMs: 3_000, maxMs: 90_000 } });
    expect(reel?.image).toBeUndefined();
    expect(story).toMatchObject({ min: 1, max: 1, video: { maxMs: 60_000 }, image: { maxBytes: 4_000_000 } });
  });
});
