import { createHmac } from "node:crypto";
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
import { instagram, instagramThroughFacebook } from "@/lib/platforms/instagram/provider";
import { instagramSpec } from "@/lib/platforms/instagram/spec";
import { createKit } from "@/lib/platforms/kit";
import { mediaRulesOf } from "@/lib/posts/media-rules";

type Reply = { status?: number; body?: unknown; raw?: string; drop?: boolean };
type Seen = {
  line: string;
  query: Record<string, string>;
  form: Record<string, string>;
  bearer: string | undefined;
};

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];
let fences: number[];

const TOKEN = "CNRY_access_token";
const SECRET = "CNRY_app_secret";
const ME = "17841405793187218";
const access = { accessToken: TOKEN, remoteId: ME, metadata: { pageId: "1" } };
const MAKE = `POST /${ME}/media`;
const PUBLISH = `POST /${ME}/media_publish`;
const COMMENT = "POST /p1/comments";
const LINK = "GET /p1";
const LIST = `GET /${ME}/media`;
const URL_OUT = "https://www.instagram.com/p/Ab/";
const OUT = { state: "published", remoteId: "p1", url: URL_OUT };

beforeEach(async () => {
  script = { [LINK]: [{ body: { id: "p1", permalink: URL_OUT } }] };
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace(/^\/graph\.(instagram|facebook)\.com\/v26\.0/, "")}`;
    seen.push({
      line,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
      bearer: request.headers.authorization,
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

const provider = (make = instagram) => {
  const { port } = server.address() as AddressInfo;
  return make(createKit({ clientId: "app", clientSecret: SECRET, sandboxUrl: `http://127.0.0.1:${port}` }));
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
  url: `https://media.test/${name}`,
  // Instagram fetches by address: nothing is ever read here.
  open: () => {
    throw new Error("No file should be read.");
  },
  ...more,
});
const picture = aFile("1.jpeg", { alt: "A bell" });
const clip = aFile("2.mp4", { kind: "video", mimeType: "video/mp4", height: 1920, durationMs: 9_000 });

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello #bells",
  media: [picture],
  replies: [],
  options: {},
  ...content,
});

const publish = (content: PostContent, resume: Resume | null, make = instagram) =>
  provider(make).publish({ access, content, resume, sending: async () => void fences.push(seen.length) });

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

/** Steps as the engine does, each from what the last one put on record. */
async function toTheEnd(content: PostContent, make = instagram): Promise<PublishStep> {
  let resume: Resume | null = null;
  for (let step = 0; step < 60; step += 1) {
    const done = await publish(content, resume, make);
    if (done.state === "published") return done;
    resume = JSON.parse(JSON.stringify(done.resume)) as Resume;
  }
  throw new Error("It never came out.");
}

const resumeOf = (step: PublishStep | { state: "absent" } | null | undefined): Resume => {
  if (step?.state !== "processing") throw new Error(`It is ${step?.state}.`);
  return step.resume;
};

const refusal = (code: number, error_subcode?: number): Reply => ({
  status: 400,
  body: { error: { message: `said with ${TOKEN}`, type: "IGApiException", code, error_subcode } },
});
const is = (status_code: string, status?: string): Reply => ({ body: { id: "x", status_code, status } });
const FAILED = (subcode: number) => is("ERROR", `Error: Media upload has failed with error code ${subcode}`);

const failureOf = async (promise: Promise<unknown> | undefined): Promise<PlatformError> => {
  const error = await promise?.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  return error;
};

const lines = () => seen.map(({ line }) => line);
const formsOf = (line: string) => seen.filter((call) => call.line === line).map(({ form }) => form);
const at = (ageMs: number) => new Date(Date.now() - ageMs).toISOString().replace(/\.\d+Z$/, "+0000");
const READY = { containerId: "c1" };

/** Every container is ready when it is first looked at. */
function allGoesWell() {
  script[MAKE] = ["c1", "c2", "c3", "c4"].map((id) => ({ body: { id } }));
  for (const id of ["c1", "c2", "c3", "c4"]) script[`GET /${id}`] = [is("FINISHED")];
  script[PUBLISH] = [{ body: { id: "p1" } }];
  script[COMMENT] = [{ body: { id: "k1" } }];
}

describe("the ways a post can look", () => {
  const asked = (content: PostContent, make = instagram) => {
    allGoesWell();
    return toTheEnd(content, make);
  };

  test("a picture: container, a look at it, the fence, the write, the link", async () => {
    allGoesWell();
    script["GET /c1"] = [is("IN_PROGRESS"), is("FINISHED")];
    script[PUBLISH] = [{ raw: `{"id":18000000000000000001}` }];
    script["GET /18000000000000000001"] = [{ body: { permalink: URL_OUT } }];
    const content = aPost({ options: { collaborators: ["@grace", " linus "], placement: "feed" } });
    expect(await toTheEnd(content)).toEqual({ ...OUT, remoteId: "18000000000000000001" });
    expect(lines()).toEqual([MAKE, "GET /c1", "GET /c1", PUBLISH, "GET /18000000000000000001"]);
    expect(fences).toEqual([3]);
    expect(seen[0]?.form).toEqual({
      image_url: "https://media.test/1.jpeg",
      caption: "Hello #bells",
      alt_text: "A bell",
      collaborators: `["grace","linus"]`,
    });
    expect(seen[1]?.query).toEqual({ fields: "status_code,status" });
    expect(seen[3]?.form).toEqual({ creation_id: "c1" });
    expect(seen.every(({ bearer }) => bearer === `Bearer ${TOKEN}`)).toBe(true);
  });

  test("a picture without words is told nothing but its address", async () => {
    await asked(aPost({ text: "", media: [aFile("1.jpeg")] }));
    expect(formsOf(MAKE)).toEqual([{ image_url: "https://media.test/1.jpeg" }]);
  });

  test("a link is the last word of the caption", async () => {
    await asked(aPost({ text: "Read ❤️ & see", link: "https://ring.test/?a=1&b=2#x" }));
    expect(formsOf(MAKE)[0]?.["caption"]).toBe("Read ❤️ & see https://ring.test/?a=1&b=2#x");
  });

  test("a single video in the feed is a reel that the feed shows", async () => {
    await asked(aPost({ media: [clip] }));
    expect(formsOf(MAKE)).toEqual([
      {
        media_type: "REELS",
        video_url: "https://media.test/2.mp4",
        caption: "Hello #bells",
        share_to_feed: "true",
      },
    ]);
  });

  test("a reel with its own choices", async () => {
    await asked(
      aPost({ media: [clip], options: { placement: "reel", share_to_feed: false, thumb_offset_ms: 1500 } }),
    );
    expect(formsOf(MAKE)).toEqual([
      {
        media_type: "REELS",
        video_url: "https://media.test/2.mp4",
        caption: "Hello #bells",
        share_to_feed: "false",
        thumb_offset: "1500",
      },
    ]);
  });

  test.each([
    ["picture", picture, { image_url: "https://media.test/1.jpeg" }],
    ["video", clip, { video_url: "https://media.test/2.mp4" }],
  ])("a story of a %s has no words, and says what it could not take", async (_kind, file, told) => {
    const content = aPost({
      media: [file],
      options: { placement: "story", first_comment: "First!", collaborators: ["grace"] },
    });
    expect(await asked(content)).toEqual({
      ...OUT,
      note: "Left out, because stories take none: the first comment and the collaborators.",
    });
    expect(formsOf(MAKE)).toEqual([{ media_type: "STORIES", ...told }]);
    expect(lines()).not.toContain(COMMENT);
  });

  test("a carousel: its items in order, each ready, then their parent, then one write", async () => {
    script[MAKE] = ["c1", "c2", "c3", "c4"].map((id) => ({ body: { id } }));
    script["GET /c1"] = [is("FINISHED")];
    script["GET /c2"] = [is("IN_PROGRESS"), is("FINISHED")];
    script["GET /c3"] = [is("FINISHED")];
    script["GET /c4"] = [is("IN_PROGRESS"), is("FINISHED")];
    script[PUBLISH] = [{ body: { id: "p1" } }];
    expect(await toTheEnd(aPost({ media: [picture, clip, aFile("3.jpeg")] }))).toEqual(OUT);
    expect(formsOf(MAKE)).toEqual([
      { is_carousel_item: "true", image_url: "https://media.test/1.jpeg", alt_text: "A bell" },
      { is_carousel_item: "true", media_type: "VIDEO", video_url: "https://media.test/2.mp4" },
      { is_carousel_item: "true", image_url: "https://media.test/3.jpeg" },
      { media_type: "CAROUSEL", children: "c1,c2,c3", caption: "Hello #bells" },
    ]);
    // What was ready once is not asked again.
    const looks = ["GET /c1", "GET /c2", "GET /c2", "GET /c3"];
    expect(lines()).toEqual([MAKE, MAKE, MAKE, ...looks, MAKE, "GET /c4", "GET /c4", PUBLISH, LINK]);
    expect(fences).toEqual([10]);
    expect(formsOf(PUBLISH)).toEqual([{ creation_id: "c4" }]);
  });

  test("through Facebook everything is the same but the host and the proof", async () => {
    const proof = createHmac("sha256", SECRET).update(TOKEN).digest("hex");
    await asked(aPost({ options: { first_comment: "First!" } }), instagramThroughFacebook);
    expect(lines()).toEqual([MAKE, "GET /c1", PUBLISH, COMMENT, LINK]);
    expect(seen.every(({ query }) => query["appsecret_proof"] === proof)).toBe(true);
    expect(seen.every(({ bearer }) => bearer === `Bearer ${TOKEN}`)).toBe(true);
    expect(formsOf(MAKE)[0]).toMatchObject({ image_url: "https://media.test/1.jpeg" });
  });

  test.each([
    ["no file at all", aPost({ media: [] }), "media_missing"],
    ["eleven files", aPost({ media: Array.from({ length: 11 }, () => picture) }), "too_many_media"],
    [
      "two files in a story",
      aPost({ media: [picture, clip], options: { placement: "story" } }),
      "too_many_media",
    ],
    ["a reel of a picture", aPost({ options: { placement: "reel" } }), "wrong_media"],
    ["a video wider than 1920", aPost({ media: [{ ...clip, width: 2160 }] }), "video_too_wide"],
    [
      "a cover after the end",
      aPost({ media: [clip], options: { placement: "reel", thumb_offset_ms: 9_001 } }),
      "thumb_offset",
    ],
    ["31 hashtags", aPost({ text: "#a ".repeat(31) }), "too_many_hashtags"],
    ["21 mentions", aPost({ text: "@a ".repeat(21) }), "too_many_mentions"],
    [
      "4 collaborators",
      aPost({ options: { collaborators: ["a", "b", "c", "d"] } }),
      "too_many_collaborators",
    ],
  ])("%s is refused before anything is sent", async (_what, content, code) => {
    expect(await failureOf(publish(content, null))).toMatchObject({ kind: "rejected", code });
    expect(lines()).toEqual([]);
  });

  test("30 hashtags and 20 mentions pass; addresses and mail are neither", async () => {
    const text = `${"#a ".repeat(30)}${"@a ".repeat(20)} ada@bells.test https://x.test/#a https://x.test/@a`;
    await asked(aPost({ text }));
    expect(formsOf(MAKE)[0]?.["caption"]).toBe(text);
  });

  test("the rules the composer applies hold for every place, and without an answer those of the feed", () => {
    const rules = (options: Record<string, unknown>) => mediaRulesOf(instagramSpec, options);
    expect(rules({})).toEqual(rules({ placement: "feed" }));
    expect(rules({})).toMatchObject({ min: 1, max: 10, mixed: true, altMax: 1000 });
    expect(rules({})?.image).toMatchObject({
      formats: ["image/jpeg"],
      maxBytes: 8 * 1024 * 1024,
      minRatio: 0.8,
      maxRatio: 1.91,
      maxWidth: 1440,
    });
    expect(rules({ placement: "reel" })?.image).toBeUndefined();
    expect(rules({ placement: "reel" })?.video).toMatchObject({
      minMs: 3_000,
      maxMs: 900_000,
      maxBytes: 300 * 1024 * 1024,
    });
    expect(rules({ placement: "story" })).toMatchObject({
      max: 1,
      image: { minRatio: 9 / 16 },
      video: { minMs: 3_000, maxMs: 60_000, maxBytes: 100 * 1024 * 1024 },
    });
  });
});

describe("containers", () => {
  test("a fence that is lost stops the write", async () => {
    script["GET /c1"] = [is("FINISHED")];
    const lost = new Error("claim lost");
    const step = provider().publish({
      access,
      content: aPost(),
      resume: READY,
      sending: () => Promise.reject(lost),
    });
    await expect(step).rejects.toBe(lost);
    expect(lines()).toEqual(["GET /c1"]);
  });

  test("one is waited for a quarter of an hour, ever more patiently, and then given up without a write", async () => {
    script["GET /c1"] = [is("IN_PROGRESS")];
    const waits: number[] = [];
    let resume: Resume = READY;
    for (;;) {
      const step = await publish(aPost(), resume).catch((error: unknown) => error);
      if (step instanceof PlatformError) {
        expect(step).toMatchObject({ kind: "unavailable", effect: "definite", code: "container" });
        break;
      }
      const { checkAfterMs } = step as PublishStep & { state: "processing" };
      resume = resumeOf(step as PublishStep);
      waits.push(checkAfterMs);
    }
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    expect(waits[0]).toBeLessThanOrEqual(5_000);
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
    expect(total).toBeGreaterThan(13 * 60_000);
    expect(total).toBeLessThan(17 * 60_000);
    expect(fences).toEqual([]);
  });

  test.each([
    ["a format", 2207026, "rejected"],
    ["a shape", 2207009, "rejected"],
    ["a restricted account", 2207050, "rejected"],
    ["spam", 2207051, "rejected"],
  ])("one that failed for %s is not made again", async (_why, subcode, kind) => {
    script["GET /c1"] = [FAILED(subcode)];
    const error = await failureOf(publish(aPost(), READY));
    expect(error).toMatchObject({ kind, effect: "definite", code: String(subcode) });
    expect(lines()).toEqual(["GET /c1"]);
  });

  test.each([
    ["expired", is("EXPIRED")],
    ["failed while uploading", FAILED(2207053)],
    ["failed while fetching", FAILED(2207003)],
    ["failed for a reason nobody knows", is("ERROR", "Error: something")],
    ["failed without a word", is("ERROR")],
  ])("one that %s is made anew, twice at most", async (_why, reply) => {
    script[MAKE] = [{ body: { id: "c1" } }];
    script["GET /c1"] = [reply];
    const error = await failureOf(toTheEnd(aPost()));
    expect(error).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(formsOf(MAKE)).toHaveLength(3);
    expect(fences).toEqual([]);
  });

  test("who comes back an hour later gets new ones", async () => {
    script["GET /c1"] = [FAILED(2207053)];
    const tried = { ...READY, remakes: 2 };
    await failureOf(publish(aPost(), { ...tried, remadeAt: Date.now() - 60_000 }));
    const again = resumeOf(await publish(aPost(), { ...tried, remadeAt: Date.now() - 3_700_000 }));
    expect(again).toMatchObject({ remakes: 1 });
    expect(again["containerId"]).toBeUndefined();
  });

  test("an item that failed is made anew where it stands, and the others are kept", async () => {
    script[MAKE] = [{ body: { id: "c9" } }, { body: { id: "c4" } }];
    for (const id of ["c1", "c3", "c4", "c9"]) script[`GET /${id}`] = [is("FINISHED")];
    script["GET /c2"] = [FAILED(2207053)];
    const content = aPost({ media: [picture, clip, picture] });
    const failed = resumeOf(await publish(content, { children: ["c1", "c2", "c3"] }));
    expect(failed).toMatchObject({ children: ["c1", null, "c3"], ready: 1, remakes: 1 });
    const made = resumeOf(await publish(content, failed));
    expect(made).toMatchObject({ children: ["c1", "c9", "c3"] });
    expect(resumeOf(await publish(content, made))).toMatchObject({ containerId: "c4" });
    expect(formsOf(MAKE).map(({ children, media_type }) => children ?? media_type)).toEqual([
      "VIDEO",
      "c1,c9,c3",
    ]);
  });

  test("an item in a format Instagram does not take fails the post", async () => {
    script["GET /c1"] = [FAILED(2207026)];
    const content = aPost({ media: [clip, picture] });
    expect(await failureOf(publish(content, { children: ["c1", "c2"] }))).toMatchObject({ kind: "rejected" });
  });

  test("what cannot be found may come to light: it is looked for twice before it is made anew", async () => {
    script["GET /c1"] = [refusal(100, 33)];
    const first = await publish(aPost(), READY);
    expect(first).toMatchObject({ checkAfterMs: 30_000, resume: { containerId: "c1", misses: 1 } });
    const second = await publish(aPost(), resumeOf(first));
    const third = resumeOf(await publish(aPost(), resumeOf(second)));
    expect(third).toMatchObject({ remakes: 1 });
    expect(third["containerId"]).toBeUndefined();

    const content = aPost({ media: [picture, clip] });
    const item = resumeOf(await publish(content, { children: ["c1", "c2"] }));
    expect(item).toMatchObject({ children: ["c1", "c2"], misses: 1 });
    const gone = resumeOf(await publish(content, { ...item, misses: 2 }));
    expect(gone).toMatchObject({ children: [null, "c2"], misses: 0 });
  });

  test("a parent that does not see its items yet is tried again", async () => {
    for (const id of ["c1", "c2"]) script[`GET /${id}`] = [is("FINISHED")];
    script[MAKE] = [refusal(24, 2207008)];
    const content = aPost({ media: [picture, clip] });
    const early = await publish(content, { children: ["c1", "c2"] });
    expect(early).toMatchObject({ resume: { children: ["c1", "c2"], misses: 1 } });
  });
});

describe("the write", () => {
  beforeEach(() => {
    script["GET /c1"] = [is("FINISHED")];
  });

  test("too early is polled for and written again with the same container", async () => {
    script[PUBLISH] = [refusal(9007, 2207027), { body: { id: "p1" } }];
    const early = await publish(aPost(), READY);
    expect(early).toMatchObject({ resume: { containerId: "c1", polls: 1 } });
    expect(await publish(aPost(), resumeOf(early))).toEqual(OUT);
    expect(fences).toHaveLength(2);
  });

  test.each([
    ["not found", refusal(24, 2207008), { containerId: "c1", misses: 1 }],
    ["expired", refusal(-2, 2207020), { remakes: 1 }],
  ])("a container that is %s at the write is no failure of the post", async (_what, reply, resume) => {
    script[PUBLISH] = [reply];
    expect(await publish(aPost(), READY)).toMatchObject({ state: "processing", resume });
  });

  test("a used-up day leaves the container for later", async () => {
    script[PUBLISH] = [refusal(9, 2207042)];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({
      kind: "slow_down",
      effect: "definite",
      retryAfterMs: 3_600_000,
    });
  });

  test.each([
    ["a lost answer", { drop: true }],
    ["a server failure", { status: 502, raw: "<html>" }],
    ["an unknown failure", refusal(1)],
    ["a failure below zero", refusal(-1, 2207001)],
    ["an answer without an id", { body: {} }],
  ] as [string, Reply][])("%s leaves open whether it is out", async (_what, reply) => {
    script[PUBLISH] = [reply];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({
      kind: "unavailable",
      effect: "ambiguous",
    });
    expect(formsOf(PUBLISH)).toHaveLength(1);
  });

  test("a container that is out already is never written again", async () => {
    script["GET /c1"] = [is("PUBLISHED")];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({
      effect: "ambiguous",
      code: "already_published",
    });
    expect(lines()).toEqual(["GET /c1"]);
  });

  test("a refused second write of a container that came out is not called a failure", async () => {
    script["GET /c1"] = [is("FINISHED"), is("PUBLISHED")];
    script[PUBLISH] = [refusal(100)];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({ effect: "ambiguous" });
  });

  test("a refused write of one that is not out is a failure", async () => {
    script[PUBLISH] = [refusal(25, 2207050)];
    expect(await failureOf(publish(aPost(), READY))).toMatchObject({ kind: "rejected", effect: "definite" });
  });

  test("a link that cannot be looked up leaves the post published", async () => {
    script[PUBLISH] = [{ body: { id: "p1" } }];
    script[LINK] = [{ status: 500, raw: "<html>" }];
    expect(await publish(aPost(), READY)).toEqual({ ...OUT, url: null });
  });
});

describe("the first comment", () => {
  const content = aPost({ options: { first_comment: " First! #ding " } });

  test("has a fence of its own, after the post's id is on record", async () => {
    allGoesWell();
    const made = resumeOf(await publish(content, null));
    const published = await publish(content, made);
    expect(published).toMatchObject({ state: "processing", resume: { mediaId: "p1" } });
    expect(fences).toEqual([2]);
    expect(await publish(content, resumeOf(published))).toEqual(OUT);
    expect(lines()).toEqual([MAKE, "GET /c1", PUBLISH, COMMENT, LINK]);
    expect(fences).toEqual([2, 3]);
    expect(formsOf(COMMENT)).toEqual([{ message: "First! #ding" }]);
  });

  const OUTSIDE = { mediaId: "p1" };

  test.each([
    ["a missing permission", refusal(10)],
    ["a refusal", refusal(100)],
    ["a dead token", refusal(190, 463)],
  ])("%s leaves the post published, and the person is told", async (_why, reply) => {
    script[COMMENT] = [reply];
    const done = await publish(content, OUTSIDE);
    expect(done).toMatchObject(OUT);
    expect(done.state === "published" && done.note).toMatch(/^The first comment was not posted\. /);
    expect(JSON.stringify(done)).not.toContain(TOKEN);
  });

  test.each([
    ["a limit", refusal(4)],
    ["a post that cannot be seen yet", refusal(100, 33)],
  ])("%s is waited for, a few times", async (_why, reply) => {
    script[COMMENT] = [reply];
    let step = await publish(content, OUTSIDE);
    for (let tries = 0; step.state === "processing" && tries < 10; tries += 1)
      step = await publish(content, step.resume);
    expect(step).toMatchObject({ ...OUT, note: expect.any(String) });
    expect(formsOf(COMMENT)).toHaveLength(4);
  });

  test("a lost answer is looked for, never written again blindly", async () => {
    script[COMMENT] = [{ drop: true }];
    expect(await failureOf(publish(content, OUTSIDE))).toMatchObject({ effect: "ambiguous" });

    script["GET /p1/comments"] = [{ body: { data: [{ id: "k1", text: "First!  #ding" }] } }];
    expect(await locate(content, OUTSIDE)).toEqual(OUT);
  });

  test("one that is proved missing is written once more, and not a third time", async () => {
    script["GET /p1/comments"] = [{ body: { data: [{ id: "k2", text: "Someone else's" }] } }];
    expect(await locate(content, OUTSIDE, { ageMs: 60_000 })).toBeNull();
    const again = resumeOf(await locate(content, OUTSIDE, { ageMs: 6 * 60_000 }));
    expect(again).toMatchObject({ mediaId: "p1" });
    expect(await locate(content, again, { ageMs: 6 * 60_000 })).toMatchObject({
      ...OUT,
      note: expect.stringContaining("did not confirm the first comment"),
    });
  });

  test("among more comments than one page it is not called missing", async () => {
    script["GET /p1/comments"] = [{ body: { data: [], paging: { next: "https://graph/next" } } }];
    expect(await locate(content, OUTSIDE, { ageMs: 6 * 60_000 })).toMatchObject({
      ...OUT,
      note: expect.any(String),
    });
  });

  test("a post found by reading back still gets its first comment", async () => {
    script["GET /c1"] = [is("PUBLISHED")];
    script[LIST] = [{ body: { data: [{ id: "p1", caption: content.text, timestamp: at(0) }] } }];
    expect(await locate(content, READY)).toMatchObject({ state: "processing", resume: { mediaId: "p1" } });
  });
});

describe("reading back", () => {
  const listed = (...posts: object[]) => {
    script[LIST] = [{ body: { data: posts } }];
  };
  const container = (status: string) => {
    script["GET /c1"] = [is(status)];
  };

  test("a published container is found by its caption, not by an equal post on record, of another day or kind", async () => {
    container("PUBLISHED");
    listed(
      { id: "other", caption: "Something else", timestamp: at(0), media_type: "IMAGE" },
      { id: "known", caption: "Hello #bells", timestamp: at(3_000), media_type: "IMAGE" },
      { id: "kind", caption: "Hello #bells", timestamp: at(3_000), media_type: "VIDEO" },
      { id: "p1", caption: "Hello  #bells \n", timestamp: at(1_000), media_type: "IMAGE" },
      { id: "old", caption: "Hello #bells", timestamp: at(86_400_000), media_type: "IMAGE" },
    );
    expect(await locate(aPost(), READY, { ageMs: 3_000, known: ["known"] })).toEqual(OUT);
  });

  test("without a caption it is told by its time, when nothing else came out then", async () => {
    container("PUBLISHED");
    const post = { timestamp: at(0), media_type: "IMAGE" };
    listed({ id: "p1", ...post }, { id: "old", ...post, timestamp: at(86_400_000) });
    expect(await locate(aPost({ text: "" }), READY)).toEqual(OUT);
    listed({ id: "p1", ...post }, { id: "p2", ...post });
    expect(await locate(aPost({ text: "" }), READY)).toBeNull();
  });

  test("a story is looked for among the stories", async () => {
    container("PUBLISHED");
    script[`GET /${ME}/stories`] = [
      { body: { data: [{ id: "p1", timestamp: at(0), media_type: "VIDEO" }] } },
    ];
    const story = aPost({ media: [clip], options: { placement: "story" } });
    expect(await locate(story, READY)).toEqual(OUT);
    expect(lines()).not.toContain(LIST);
  });

  test("a published container whose post is not listed cannot be told, and is never called absent", async () => {
    container("PUBLISHED");
    listed();
    expect(await locate(aPost(), READY, { ageMs: 3_600_000 })).toBeNull();
  });

  test("a finished container is not out: the same one goes on, after the lost call had time to end", async () => {
    container("FINISHED");
    expect(await locate(aPost(), READY)).toBeNull();
    expect(resumeOf(await locate(aPost(), READY, { ageMs: 6 * 60_000 }))).toMatchObject(READY);
    expect(lines()).toEqual(["GET /c1", "GET /c1"]);
  });

  test("one in progress cannot be told; one that failed goes on to say why", async () => {
    container("IN_PROGRESS");
    expect(await locate(aPost(), READY)).toBeNull();
    container("ERROR");
    expect(resumeOf(await locate(aPost(), READY))).toMatchObject(READY);
  });

  test("an expired container that left no post is made anew", async () => {
    container("EXPIRED");
    listed();
    const anew = resumeOf(await locate(aPost(), READY));
    expect(anew["containerId"]).toBeUndefined();
  });

  test("without a container nothing was written: absent, unless the list shows the post or is cut short", async () => {
    listed();
    expect(await locate(aPost(), null)).toEqual({ state: "absent" });
    listed({ id: "p1", caption: "Hello #bells", timestamp: at(0) });
    expect(await locate(aPost(), { children: ["c1"] })).toEqual(OUT);
    script[LIST] = [
      { body: { data: [{ id: "n", timestamp: at(0) }], paging: { next: "https://graph/next" } } },
    ];
    expect(await locate(aPost(), null)).toBeNull();
  });

  test("a container that is gone is absent only once the list has caught up, and never beside a nameless post", async () => {
    script["GET /c1"] = [refusal(24, 2207008)];
    listed();
    expect(await locate(aPost(), READY)).toBeNull();
    expect(await locate(aPost(), READY, { ageMs: 60_000 })).toEqual({ state: "absent" });
    listed({ id: "p9", timestamp: at(0), media_type: "IMAGE" });
    expect(await locate(aPost({ text: "" }), READY, { ageMs: 60_000 })).toBeNull();
  });

  test("a read-back that fails rises, so that nobody takes it for absence", async () => {
    script["GET /c1"] = [{ status: 503, raw: "<html>" }];
    await expect(locate(aPost(), READY)).rejects.toMatchObject({ kind: "unavailable" });
  });
});
