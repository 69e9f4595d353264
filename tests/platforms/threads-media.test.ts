import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type MediaFile,
  PlatformError,
  type PostContent,
  type PublishStep,
  type Resume,
} from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { threads } from "@/lib/platforms/threads/provider";
import { threadsSpec } from "@/lib/platforms/threads/spec";

type Reply = { status?: number; body?: unknown; raw?: string; drop?: boolean };
type Seen = { line: string; query: Record<string, string>; form: Record<string, string> };

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];
let fences: number[];

const TOKEN = "CNRY_access_token";
const ME = "17841405793187218";
const access = { accessToken: TOKEN, remoteId: ME, metadata: {} };
const MAKE = `POST /${ME}/threads`;
const PUBLISH = `POST /${ME}/threads_publish`;
const LIST = "GET /me/threads";
const URL_OUT = "https://www.threads.net/@ada/post/Ab";
const OUT = { state: "published", remoteId: "p1", url: URL_OUT };

beforeEach(async () => {
  script = {
    "GET /p1": [{ body: { id: "p1", permalink: URL_OUT } }],
    [PUBLISH]: [{ body: { id: "p1" } }],
  };
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace("/graph.threads.net/v1.0", "")}`;
    seen.push({
      line,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
    });
    const replies = script[line] ?? [];
    // The last answer of a line stays.
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 404,
      body: { unexpected: line },
    };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json" });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

const provider = () => {
  const { port } = server.address() as AddressInfo;
  return threads(createKit({ clientId: "app", clientSecret: "s", sandboxUrl: `http://127.0.0.1:${port}` }));
};

const aFile = (name: string, more: Partial<MediaFile> = {}): MediaFile => ({
  kind: "image",
  mimeType: "image/jpeg",
  filename: name,
  bytes: 3,
  width: 1080,
  height: 1080,
  durationMs: null,
  alt: "",
  url: `https://media.test/${name}?a=1&b=2`,
  // Threads fetches by address: nothing is ever read here.
  open: () => {
    throw new Error("No file should be read.");
  },
  ...more,
});
const aVideo = (name: string, more: Partial<MediaFile> = {}) =>
  aFile(name, { kind: "video", mimeType: "video/mp4", durationMs: 5_000, ...more });

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello #bells",
  replies: [],
  media: [],
  options: {},
  ...content,
});
const carousel = (more: Partial<PostContent> = {}) =>
  aPost({ media: [aFile("a.jpg", { alt: "A bell" }), aVideo("b.mp4"), aFile("c.png")], ...more });

const publish = (content: PostContent, resume: Resume | null = null): Promise<PublishStep> =>
  provider().publish({
    access,
    content,
    resume: resume && JSON.parse(JSON.stringify(resume)),
    sending: async () => void fences.push(seen.length),
  });

/** Steps until it is out; says how long it was asked to wait each time. */
async function run(content: PostContent, from: Resume | null = null, most = 80) {
  let resume = from;
  const waits: number[] = [];
  for (let step = 0; step < most; step += 1) {
    const done = await publish(content, resume);
    if (done.state === "published") return { done, waits };
    resume = done.resume;
    waits.push(done.checkAfterMs);
  }
  throw new Error("It never came out.");
}

async function after(steps: number, content: PostContent, from: Resume | null = null): Promise<Resume> {
  let resume: Resume = from ?? {};
  for (let step = 0; step < steps; step += 1) {
    const done = await publish(content, step === 0 ? from : resume);
    if (done.state !== "processing") throw new Error("It is out already.");
    resume = done.resume;
  }
  return resume;
}

const locate = (
  content: PostContent,
  resume: Resume | null,
  more: { ageMs?: number; known?: string[] } = {},
) =>
  provider().locate?.({
    access,
    content,
    resume,
    since: new Date(Date.now() - (more.ageMs ?? 0)),
    known: more.known ?? [],
  });

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  const error = await work.then(
    () => new Error("This was expected to fail."),
    (reason: unknown) => reason,
  );
  if (error instanceof PlatformError) return error;
  throw error;
}

const makes = (...ids: string[]) => {
  script[MAKE] = ids.map((id) => ({ body: { id } }));
};
const stands = (id: string, ...states: (string | [string, string])[]) => {
  script[`GET /${id}`] = states.map((state) => ({
    body:
      typeof state === "string" ? { status: state, id } : { status: state[0], error_message: state[1], id },
  }));
};
const refusal = (code: number, error_subcode?: number, message = "…"): Reply => ({
  status: 400,
  body: { error: { message, type: "OAuthException", code, error_subcode, is_transient: false } },
});
const lines = () => seen.map(({ line }) => line);
const forms = () => seen.filter(({ line }) => line === MAKE).map(({ form }) => form);
const at = (ageMs: number) => new Date(Date.now() - ageMs).toISOString().replace(/\.\d+Z$/, "+0000");
const HOUR_MS = 3_600_000;

describe("one file", () => {
  test("is a container made of its address, polled, and published behind the one fence", async () => {
    makes("c1");
    stands("c1", "IN_PROGRESS", "FINISHED");
    const post = aPost({
      media: [aFile("a.jpg", { alt: "A bell" })],
      options: { reply_control: "mentioned_only", topic_tag: "bells", enable_reply_approvals: true },
    });
    expect((await run(post)).done).toEqual(OUT);
    expect(lines()).toEqual([MAKE, "GET /c1", "GET /c1", PUBLISH, "GET /p1"]);
    expect(fences).toEqual([3]);
    expect(forms()).toEqual([
      {
        media_type: "IMAGE",
        image_url: "https://media.test/a.jpg?a=1&b=2",
        alt_text: "A bell",
        text: "Hello #bells",
        reply_control: "mentioned_only",
        topic_tag: "bells",
        enable_reply_approvals: "true",
      },
    ]);
    expect(seen[3]?.form).toEqual({ creation_id: "c1" });
  });

  test("may be a video, and needs no words", async () => {
    makes("c1");
    stands("c1", "FINISHED");
    await run(aPost({ text: "", media: [aVideo("b.mp4")] }));
    expect(forms()).toEqual([{ media_type: "VIDEO", video_url: "https://media.test/b.mp4?a=1&b=2" }]);
  });

  test("has the link among its words, since a card stands only below text", async () => {
    makes("c1");
    stands("c1", "FINISHED");
    await run(aPost({ media: [aFile("a.jpg")], link: "https://ring.test/" }));
    expect(forms()[0]).toMatchObject({ text: "Hello #bells https://ring.test/" });
    expect(forms()[0]).not.toHaveProperty("link_attachment");
  });

  test("belongs to the first part alone", async () => {
    makes("c1", "c2");
    stands("c1", "FINISHED");
    stands("c2", "FINISHED");
    script[PUBLISH] = [{ body: { id: "p1" } }, { body: { id: "p2" } }];
    const { done } = await run(aPost({ media: [aFile("a.jpg")], replies: [{ text: "two" }] }));
    expect(done).toEqual({ ...OUT, parts: ["p1", "p2"] });
    expect(forms()[1]).toEqual({ media_type: "TEXT", text: "two", reply_to_id: "p1" });
    expect(fences).toHaveLength(2);
  });

  test("that Threads could not fetch from us is tried again", async () => {
    script[MAKE] = [
      refusal(100, undefined, "The media could not be fetched from this URI: https://media.test"),
    ];
    const error = await failure(publish(aPost({ media: [aFile("a.jpg")] })));
    expect(error).toMatchObject({ kind: "unavailable", code: "media_fetch", effect: "definite" });
    expect(error.message).not.toContain("media.test");
  });

  test("a video that takes long is waited for, minute by minute, and not for ever", async () => {
    makes("c1");
    stands("c1", "IN_PROGRESS");
    const waits: number[] = [];
    let resume: Resume | null = null;
    const waiting = async () => {
      for (;;) {
        const done = await publish(aPost({ media: [aVideo("b.mp4")] }), resume);
        if (done.state === "published") throw new Error("It cannot be out.");
        resume = done.resume;
        waits.push(done.checkAfterMs);
      }
    };
    expect(await failure(waiting())).toMatchObject({ kind: "unavailable", code: "container" });
    const minutes = waits.reduce((sum, ms) => sum + ms, 0) / 60_000;
    expect(minutes).toBeGreaterThan(5);
    expect(minutes).toBeLessThan(20);
    // It may have finished meanwhile.
    stands("c1", "FINISHED");
    expect(await publish(aPost({ media: [aVideo("b.mp4")] }), resume)).toEqual(OUT);
  });
});

describe("a carousel", () => {
  test("has its items made, each FINISHED, before its parent, and one fence", async () => {
    makes("i1", "i2", "i3", "c1");
    stands("i1", "FINISHED");
    stands("i2", "IN_PROGRESS", "FINISHED");
    stands("i3", "FINISHED");
    stands("c1", "IN_PROGRESS", "FINISHED");
    expect((await run(carousel({ options: { topic_tag: "bells" } }))).done).toEqual(OUT);
    expect(lines()).toEqual([
      ...[MAKE, MAKE, MAKE],
      ...["GET /i1", "GET /i2", "GET /i2", "GET /i3", MAKE],
      ...["GET /c1", "GET /c1", PUBLISH, "GET /p1"],
    ]);
    expect(fences).toEqual([10]);
    expect(forms()).toEqual([
      {
        media_type: "IMAGE",
        image_url: "https://media.test/a.jpg?a=1&b=2",
        alt_text: "A bell",
        is_carousel_item: "true",
      },
      { media_type: "VIDEO", video_url: "https://media.test/b.mp4?a=1&b=2", is_carousel_item: "true" },
      { media_type: "IMAGE", image_url: "https://media.test/c.png?a=1&b=2", is_carousel_item: "true" },
      { media_type: "CAROUSEL", children: "i1,i2,i3", text: "Hello #bells", topic_tag: "bells" },
    ]);
  });

  test("goes on where it was: items that were made are not made again", async () => {
    script[MAKE] = [{ body: { id: "i1" } }, { drop: true }, { body: { id: "i2" } }, { body: { id: "i3" } }];
    const resume = await after(1, carousel());
    expect(await failure(publish(carousel(), resume))).toMatchObject({
      kind: "unavailable",
      effect: "definite",
    });
    expect(await after(2, carousel(), resume)).toMatchObject({ children: ["i1", "i2", "i3"] });
  });

  test("an item that failed for no reason is made again, alone", async () => {
    makes("i1", "i2", "i3", "n2", "c1");
    stands("i1", "FINISHED");
    stands("i2", ["ERROR", "UNKNOWN"]);
    stands("n2", "FINISHED");
    stands("i3", "FINISHED");
    stands("c1", "FINISHED");
    await run(carousel());
    expect(forms()[3]).toMatchObject({ video_url: "https://media.test/b.mp4?a=1&b=2" });
    expect(forms()[4]).toMatchObject({ children: "i1,n2,i3" });
    expect(lines().filter((line) => line === "GET /i1")).toHaveLength(1);
  });

  test("items are not made anew without end", async () => {
    makes("i1");
    stands("i1", ["ERROR", "FAILED_DOWNLOADING_VIDEO"]);
    expect(await failure(run(carousel()))).toMatchObject({
      kind: "unavailable",
      code: "FAILED_DOWNLOADING_VIDEO",
    });
    expect(forms()).toHaveLength(5);
  });

  test("an item that cannot be used is told", async () => {
    makes("i1", "i2", "i3");
    stands("i1", "FINISHED");
    stands("i2", ["ERROR", "INVALID_DURATION"]);
    const error = await failure(run(carousel()));
    expect(error).toMatchObject({ kind: "rejected", code: "INVALID_DURATION" });
    expect(error.message).toContain("5 minutes");
  });

  test("items that expired are all made again", async () => {
    makes("n1", "n2", "n3", "c1");
    stands("i1", "EXPIRED");
    for (const id of ["n1", "n2", "n3", "c1"]) stands(id, "FINISHED");
    await run(carousel(), { children: ["i1", "i2", "i3"] });
    expect(forms().at(-1)).toMatchObject({ children: "n1,n2,n3" });
  });

  test("an expired parent takes its items with it", async () => {
    stands("c1", "EXPIRED");
    makes("n1");
    const resume = await after(1, carousel(), {
      type: "CAROUSEL",
      children: ["i1", "i2", "i3"],
      ready: 3,
      containerId: "c1",
      containers: 1,
    });
    expect(resume).toMatchObject({ children: ["n1", null, null], ready: 0 });
    expect(fences).toEqual([]);
  });

  test("a parent that failed for no reason is made again of the same items, looked at once more", async () => {
    stands("c1", ["ERROR", "UNKNOWN"]);
    for (const id of ["i1", "i2", "i3"]) stands(id, "FINISHED");
    makes("c2");
    const failed = { children: ["i1", "i2", "i3"], ready: 3, containerId: "c1", containers: 1 };
    expect(await after(1, carousel(), failed)).toMatchObject({ containerId: "c2", containers: 2 });
    expect(lines()).toEqual(["GET /c1", "GET /i1", "GET /i2", "GET /i3", MAKE]);
  });

  test("items the platform's servers do not all see yet are waited for", async () => {
    const made = { children: ["i1", "i2", "i3"] };
    script["GET /i1"] = [refusal(24, 4279009), { body: { status: "FINISHED" } }];
    for (const id of ["i2", "i3", "c1"]) stands(id, "FINISHED");
    script[MAKE] = [refusal(24, 4279009), { body: { id: "c1" } }];
    const { done, waits } = await run(carousel(), made);
    expect(done).toEqual(OUT);
    expect(waits).toEqual([2_000, 4_000, 250]);
  });
});

describe("containers that failed", () => {
  const CONTAINER = { type: "VIDEO", containerId: "c1", containers: 1 };
  const video = aPost({ media: [aVideo("b.mp4")] });

  test.each([
    ["FAILED_PROCESSING_AUDIO", "sound"],
    ["FAILED_PROCESSING_VIDEO", "H.264"],
    ["INVALID_ASPEC_RATIO", "shape"],
    ["INVALID_ASPECT_RATIO", "shape"],
    ["INVALID_BIT_RATE", "100 Mbit"],
    ["INVALID_DURATION", "5 minutes"],
    ["INVALID_FRAME_RATE", "23 to 60"],
    ["INVALID_AUDIO_CHANNELS", "sound"],
    ["INVALID_AUDIO_CHANNEL_LAYOUT", "sound"],
    ["SOMETHING_NEW", "SOMETHING_NEW"],
  ])("%s is the person's to mend", async (code, words) => {
    stands("c1", ["ERROR", code]);
    const error = await failure(publish(video, CONTAINER));
    expect(error).toMatchObject({ kind: "rejected", code, effect: "definite" });
    expect(error.message).toContain(words);
    expect(lines()).toEqual(["GET /c1"]);
  });

  test.each(["UNKNOWN", "FAILED_DOWNLOADING_VIDEO"])(
    "%s is tried with a new container, twice",
    async (code) => {
      for (const id of ["c1", "c2", "c3"]) stands(id, ["ERROR", code]);
      makes("c2", "c3", "c4");
      expect(await failure(run(video, CONTAINER))).toMatchObject({ kind: "unavailable", effect: "definite" });
      expect(forms()).toHaveLength(2);
    },
  );

  test("whoever comes back later gets a new attempt", async () => {
    stands("c3", ["ERROR", "UNKNOWN"]);
    makes("c4");
    const failed = { ...CONTAINER, containerId: "c3", containers: 3, madeAt: Date.now() - HOUR_MS - 1_000 };
    expect(await after(1, video, failed)).toMatchObject({ containerId: "c4", containers: 1 });
  });
});

describe("choices and limits", () => {
  test("a poll goes with the text, on the first part only", async () => {
    makes("c1", "c2");
    stands("c1", "FINISHED");
    stands("c2", "FINISHED");
    const options = { poll_options: ["Ding", "Dong", "Neither"] };
    await run(aPost({ options, replies: [{ text: "two" }] }));
    expect(forms()[0]).toEqual({
      media_type: "TEXT",
      text: "Hello #bells",
      poll_attachment: '{"option_a":"Ding","option_b":"Dong","option_c":"Neither"}',
    });
    expect(forms()[1]).not.toHaveProperty("poll_attachment");
  });

  test("no answers are no poll", async () => {
    makes("c1");
    await publish(aPost({ options: { poll_options: [] } }));
    expect(forms()).toEqual([{ media_type: "TEXT", text: "Hello #bells" }]);
  });

  test.each<[string, Partial<PostContent>, string]>([
    [
      "a poll beside a picture",
      { media: [aFile("a.jpg")], options: { poll_options: ["a", "b"] } },
      "poll_and_media",
    ],
    ["a document", { media: [aFile("a.pdf", { kind: "document" })] }, "media"],
    [
      "a link for which the words leave no room",
      { media: [aFile("a.jpg")], text: "b".repeat(490), link: "https://ring.test/" },
      "too_long",
    ],
  ])("%s is refused before anything is sent", async (_what, content, code) => {
    expect(await failure(publish(aPost(content)))).toMatchObject({ kind: "rejected", code });
    expect(lines()).toEqual([]);
  });

  test("the spec holds Threads' limits", () => {
    expect(threadsSpec.media).toMatchObject({
      min: 0,
      max: 20,
      mixed: true,
      altMax: 1000,
      image: { formats: ["image/jpeg", "image/png"], maxBytes: 8_000_000, maxWidth: 1440, minWidth: 320 },
      video: { maxMs: 300_000, maxBytes: 1024 ** 3, maxWidth: 1920 },
    });
  });
});

describe("reading back", () => {
  const READY = { containerId: "c1", containers: 1, polls: 1 };
  const posts = (...data: object[]) => {
    script[LIST] = [{ body: { data } }];
  };
  const one = aPost({ text: "", media: [aFile("a.jpg")] });

  test.each<[string, PostContent, object]>([
    ["a picture", one, { id: "p1", media_type: "IMAGE" }],
    ["a video", aPost({ text: "", media: [aVideo("b.mp4")] }), { id: "p1", media_type: "VIDEO" }],
    ["a carousel", carousel({ text: "" }), { id: "p1", media_type: "CAROUSEL_ALBUM", text: "" }],
  ])(
    "%s without words is found by its kind and time, once its container is out",
    async (_what, post, entry) => {
      stands("c1", "PUBLISHED");
      posts(
        { id: "t", text: "Words", media_type: "TEXT_POST", timestamp: at(1_000) },
        { id: "other", media_type: "REPOST_FACADE", timestamp: at(1_000) },
        { ...entry, timestamp: at(1_000) },
        { ...entry, id: "known", timestamp: at(2_000) },
        { ...entry, id: "old", timestamp: at(HOUR_MS) },
      );
      expect(await locate(post, READY, { ageMs: 2_000, known: ["known"] })).toEqual(OUT);
      expect(seen.find(({ line }) => line === LIST)?.query["fields"]).toContain("media_type");
    },
  );

  test("one with words is found by them, and by its kind where Threads tells", async () => {
    stands("c1", "PUBLISHED");
    posts(
      { id: "t", text: "Hello bells", media_type: "TEXT_POST", timestamp: at(0) },
      { id: "p1", text: "Hello bells", media_type: "IMAGE", timestamp: at(3_000) },
    );
    expect(await locate(aPost({ media: [aFile("a.jpg")] }), READY)).toEqual(OUT);
    posts({ id: "p1", text: "Hello bells", timestamp: at(0) });
    expect(await locate(aPost({ media: [aFile("a.jpg")] }), READY)).toEqual(OUT);
  });

  test("one is found with the link in its words, though its file is gone here", async () => {
    stands("c1", "PUBLISHED");
    posts({ id: "p1", text: "Hello bells https://ring.test/", media_type: "IMAGE", timestamp: at(0) });
    const post = aPost({ link: "https://ring.test/" });
    expect(await locate(post, { ...READY, type: "IMAGE" })).toEqual(OUT);
  });

  test("a picture without words that was never handed over is not mistaken for another", async () => {
    posts({ id: "p1", media_type: "IMAGE", timestamp: at(0) });
    expect(await locate(one, { type: "IMAGE" })).toEqual({ state: "absent" });
    stands("c1", "EXPIRED");
    expect(await locate(one, READY)).toMatchObject({ state: "processing", resume: { children: [] } });
    expect(lines()).not.toContain(LIST);
  });

  test("a published one that is not listed yet cannot be told", async () => {
    stands("c1", "PUBLISHED");
    posts();
    expect(await locate(one, READY, { ageMs: HOUR_MS })).toBeNull();
  });

  test("a lost answer leaves the same container to be asked, and the chain goes on below what came out", async () => {
    makes("c1");
    stands("c1", "FINISHED", "PUBLISHED");
    script[PUBLISH] = [{ drop: true }];
    const post = aPost({ text: "", media: [aFile("a.jpg")], replies: [{ text: "two" }] });
    const resume = await after(1, post);
    expect(await failure(publish(post, resume))).toMatchObject({ kind: "unavailable", effect: "ambiguous" });
    posts({ id: "p1", media_type: "IMAGE", timestamp: at(0) });
    expect(await locate(post, resume)).toMatchObject({ state: "processing", resume: { published: ["p1"] } });
  });

  test("one that is being prepared, or finished a moment ago, is left alone", async () => {
    stands("c1", "IN_PROGRESS", "FINISHED", "FINISHED", ["ERROR", "UNKNOWN"]);
    expect(await locate(one, READY)).toBeNull();
    expect(await locate(one, READY)).toBeNull();
    expect(await locate(one, READY, { ageMs: HOUR_MS })).toMatchObject({ resume: { containerId: "c1" } });
    expect(await locate(one, READY)).toMatchObject({ state: "processing" });
  });
});
