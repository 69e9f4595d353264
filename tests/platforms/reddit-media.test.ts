import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type LocateRequest,
  type MediaFile,
  PlatformError,
  type PostContent,
  type PublishRequest,
  type Resume,
} from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { reddit } from "@/lib/platforms/reddit/provider";
import { redditSpec } from "@/lib/platforms/reddit/spec";
import { checkMedia } from "@/lib/posts/media-rules";
import { animation, type FileServer, picture, serveFiles, video } from "../support/media";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Part = { name: string; filename: string | null; type: string | null; body: Buffer };
type Seen = {
  line: string;
  raw: string;
  parts: Part[];
  authorization: string | undefined;
  agent: string | undefined;
  type: string | undefined;
};

let server: Server;
let origin: string;
let files: FileServer;
/** What Reddit answers, in order; the last answer of a list is given again and again. */
let script: Record<string, Reply[]>;
let seen: Seen[];
/** What Reddit had been asked when the fence was drawn. */
let fences: string[][];
let leases: number;

const access = { accessToken: "CNRY_access", remoteId: "abc12", metadata: { username: "Ringer" } };
const ABOUT = "GET /r/bells/about";
const RULES = "GET /api/v1/bells/post_requirements";
const FLAIRS = "GET /r/bells/api/link_flair_v2";
const LEASE = "POST /api/media/asset.json";
const STORE_HOST = "reddit-uploaded-media.s3-accelerate.amazonaws.com";
const STORE = `POST /${STORE_HOST}/`;
const SUBMIT = "POST /api/submit";
const GALLERY = "POST /api/submit_gallery_post.json";
const POLL = "POST /api/submit_poll_post";
const LIST = "GET /user/Ringer/submitted";
const link = "https://www.carillon.example/b";

const lease = (nth: number): Reply => ({
  body: {
    args: {
      action: `//${STORE_HOST}`,
      fields: [
        { name: "acl", value: "private" },
        { name: "key", value: `rte_images/k${nth}` },
        { name: "X-Amz-Signature", value: "CNRYsigned" },
        { name: "policy", value: "abc==" },
      ],
    },
    asset: { asset_id: `asset${nth}`, processing_state: "incomplete", websocket_url: "wss://x/CNRY" },
  },
});
const stored: Reply = { status: 201, raw: "<PostResponse><Key>k</Key></PostResponse>" };
const taken: Reply = {
  body: { json: { errors: [], data: { user_submitted_page: "https://x", websocket_url: null } } },
};
const submitted = (id: string): Reply => ({
  body: { json: { errors: [], data: { url: "https://x", id } } },
});
const listed = (id: string, more: object = {}) => ({
  kind: "t3",
  data: {
    id,
    subreddit: "bells",
    title: "Ding",
    is_self: false,
    selftext: "",
    url: `https://i.redd.it/${id}.jpg`,
    created_utc: Date.now() / 1000,
    ...more,
  },
});
const listing = (...children: object[]): Reply => ({ body: { data: { after: null, children } } });

beforeEach(async () => {
  script = {
    [ABOUT]: [{ body: { data: { submission_type: "any" } } }],
    [RULES]: [{ body: {} }],
    [STORE]: [stored],
    [LIST]: [listing()],
  };
  seen = [];
  fences = [];
  leases = 0;
  files = await serveFiles();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const [path = ""] = (request.url ?? "/").split("?");
    const line = `${request.method} ${path.replace(/^\/(?:oauth|www)\.reddit\.com/, "")}`;
    const type = request.headers["content-type"];
    const boundary = /boundary=(.+)$/.exec(type ?? "")?.[1];
    seen.push({
      line,
      raw: boundary ? "" : body.toString(),
      parts: boundary ? partsOf(body, boundary) : [],
      authorization: request.headers.authorization,
      agent: request.headers["user-agent"],
      type,
    });
    if (line === LEASE) leases += 1;
    const replies = script[line] ?? (line === LEASE ? [lease(leases)] : []);
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? { status: 500, body: { line } };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  // safe: a listening TCP server has an address of this kind
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  vi.useRealTimers();
  await files.stop();
  await new Promise((closed) => server.close(closed).closeAllConnections());
});

/** multipart/form-data, read by hand. */
function partsOf(body: Buffer, boundary: string): Part[] {
  return body
    .toString("latin1")
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((piece) => {
      const [head = "", ...rest] = piece.slice(2, -2).split("\r\n\r\n");
      return {
        name: /name="([^"]*)"/.exec(head)?.[1] ?? "",
        filename: /filename="([^"]*)"/.exec(head)?.[1] ?? null,
        type: /content-type: (.*)/i.exec(head)?.[1] ?? null,
        body: Buffer.from(rest.join("\r\n\r\n"), "latin1"),
      };
    });
}

const provider = () =>
  reddit(createKit({ clientId: "CNRY-client", clientSecret: "CNRY-secret", sandboxUrl: origin }));

const aPost = ({ options, ...content }: Partial<PostContent> = {}): PostContent => ({
  text: "",
  replies: [],
  media: [],
  options: { subreddit: "bells", title: "Ding", ...options },
  ...content,
});

const step = (content: PostContent, resume: Resume | null = null, rest: Partial<PublishRequest> = {}) =>
  provider().publish({
    access,
    content,
    resume,
    sending: async () => void fences.push(lines()),
    ...rest,
  });

/** Takes every step, as the engine does, without waiting in between. */
async function publish(content: PostContent, from: Resume | null = null, rest: Partial<PublishRequest> = {}) {
  const resumes: Resume[] = [];
  let resume = from;
  for (let nth = 0; nth < 60; nth += 1) {
    const taken = await step(content, resume, rest);
    if (taken.state === "published") return { ...taken, resumes };
    resume = JSON.parse(JSON.stringify(taken.resume));
    resumes.push(taken.resume);
  }
  throw new Error("It never ends.");
}

/** The steps up to the moment when Reddit has taken a picture or a video without saying its name. */
async function hand(content: PostContent): Promise<Resume> {
  let resume: Resume | null = null;
  do {
    const taken: Awaited<ReturnType<typeof step>> = await step(content, resume);
    if (taken.state !== "processing") throw new Error("It is out already.");
    resume = taken.resume;
  } while (fences.length === 0);
  return resume;
}

function locate(content: PostContent, rest: Partial<LocateRequest> = {}) {
  const { locate } = provider();
  if (!locate) throw new Error("Reddit can be read back.");
  return locate({ access, content, resume: null, since: new Date(), known: [], ...rest });
}

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("This was expected to fail.");
}

const lines = () => seen.map(({ line }) => line);
const countOf = (line: string) => lines().filter((one) => one === line).length;
const formsOf = (line: string) =>
  seen.filter((one) => one.line === line).map(({ raw }) => Object.fromEntries(new URLSearchParams(raw)));
const jsonOf = (line: string) => JSON.parse(seen.find((one) => one.line === line)?.raw ?? "null");

async function pictures(count: number): Promise<MediaFile[]> {
  const bytes = await picture("jpeg", { width: 40, height: 30 });
  return Array.from({ length: count }, (_, nth) =>
    files.file(Buffer.concat([bytes, Buffer.from([nth])]), { mimeType: "image/jpeg", alt: "A bell" }),
  );
}

const aVideo = async () =>
  files.file(await video({ seconds: 4 }), { mimeType: "video/mp4", filename: "bell.mp4", durationMs: 4_000 });

describe("one picture", () => {
  test("goes to the store with every field in order and the file last, and is submitted by its address", async () => {
    script[SUBMIT] = [taken];
    // Not there, before; there, a little later.
    script[LIST] = [listing(), listing(), listing(listed("8"))];
    const media = await pictures(1);
    const done = await publish(aPost({ media, text: "Look", options: { nsfw: true } }));
    expect(done).toMatchObject({
      state: "published",
      remoteId: "8",
      url: `${origin}/www.reddit.com/r/bells/comments/8/`,
    });
    expect(lines().slice(0, 2).toSorted()).toEqual([RULES, ABOUT].toSorted());
    expect(lines().slice(2, 4)).toEqual([LEASE, STORE]);
    expect(formsOf(LEASE)).toEqual([{ filepath: media[0]?.filename, mimetype: "image/jpeg" }]);
    const store = seen.find(({ line }) => line === STORE);
    expect(store).toMatchObject({
      authorization: undefined,
      agent: expect.stringContaining("CNRY-client"),
    });
    expect(store?.parts.map(({ name }) => name)).toEqual(["acl", "key", "X-Amz-Signature", "policy", "file"]);
    expect(store?.parts.at(1)?.body.toString()).toBe("rte_images/k1");
    expect(store?.parts.at(-1)).toMatchObject({ filename: media[0]?.filename, type: "image/jpeg" });
    expect(store?.parts.at(-1)?.body.byteLength).toBe(media[0]?.bytes);
    expect(formsOf(SUBMIT)).toEqual([
      {
        api_type: "json",
        sr: "bells",
        title: "Ding",
        kind: "image",
        url: `https://${STORE_HOST}/rte_images/k1`,
        text: "Look",
        nsfw: "true",
        spoiler: "false",
        sendreplies: "true",
        resubmit: "false",
        validate_on_submit: "true",
      },
    ]);
    expect(fences).toHaveLength(1);
    expect(fences[0]).not.toContain(SUBMIT);
    expect(JSON.stringify(done.resumes)).not.toMatch(/CNRY|policy|wss:/);
  });

  test("an animated GIF is one too", async () => {
    script[SUBMIT] = [submitted("t3_9")];
    const gif = files.file(await animation(), { mimeType: "image/gif" });
    expect(await publish(aPost({ media: [gif] }))).toMatchObject({ remoteId: "9" });
    expect(formsOf(LEASE)[0]).toMatchObject({ mimetype: "image/gif" });
    expect(formsOf(SUBMIT)[0]).toMatchObject({ kind: "image" });
  });

  test("with a link keeps the link in its text", async () => {
    script[SUBMIT] = [submitted("9")];
    await publish(aPost({ media: await pictures(1), text: "See", link }));
    expect(formsOf(SUBMIT)[0]).toMatchObject({ kind: "image", text: `See ${link}` });
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    [
      "too large",
      { status: 400, raw: "<Error><Code>EntityTooLarge</Code><MaxSizeAllowed>1</MaxSizeAllowed></Error>" },
      { kind: "rejected", code: "EntityTooLarge" },
    ],
    [
      "under a lease that is over",
      { status: 403, raw: "<Error><Code>AccessDenied</Code></Error>" },
      { kind: "unavailable", code: "AccessDenied" },
    ],
    ["refused without a word", { status: 400, raw: "" }, { kind: "unavailable", code: "upload_400" }],
    ["while the store is in trouble", { status: 503, raw: "" }, { kind: "unavailable" }],
    ["and lost", { drop: true }, { kind: "unavailable" }],
  ])("a file that is %s leaves nothing open", async (_what, reply, expected) => {
    script[STORE] = [reply];
    const error = await failure(publish(aPost({ media: await pictures(1) })));
    expect(error).toMatchObject({ effect: "definite", tokenRefused: false, ...expected });
    expect(fences).toEqual([]);
  });

  test("a refusal inside a 200 is a refusal, and the file stays for another try", async () => {
    const media = await pictures(1);
    const errors = [["RATELIMIT", "Take a break for 3 minutes before trying again.", "ratelimit"]];
    script[SUBMIT] = [{ body: { json: { errors } } }, submitted("9")];
    const first = await step(aPost({ media }));
    if (first.state !== "processing") throw new Error("It is not out yet.");
    expect(await failure(step(aPost({ media }), first.resume))).toMatchObject({
      kind: "slow_down",
      effect: "definite",
      retryAfterMs: 181_000,
    });
    expect(await publish(aPost({ media }), first.resume)).toMatchObject({ remoteId: "9" });
    expect(countOf(LEASE)).toBe(1);
  });
});

describe("several pictures", () => {
  test("are one gallery, named by their ids, as JSON", async () => {
    script[GALLERY] = [submitted("t3_77")];
    script[FLAIRS] = [{ body: [{ id: "f-1", text: "Photo" }] }];
    const options = { flair_id: "f-1", spoiler: true, mute_replies: true };
    const done = await publish(aPost({ media: await pictures(3), text: "All", options }));
    expect(done).toMatchObject({ remoteId: "77", url: `${origin}/www.reddit.com/r/bells/comments/77/` });
    expect(jsonOf(GALLERY)).toEqual({
      api_type: "json",
      sr: "bells",
      title: "Ding",
      text: "All",
      nsfw: false,
      spoiler: true,
      sendreplies: false,
      show_error_list: true,
      validate_on_submit: true,
      flair_id: "f-1",
      items: [1, 2, 3].map((nth) => ({ media_id: `asset${nth}`, caption: "", outbound_url: "" })),
    });
    expect(seen.find(({ line }) => line === GALLERY)).toMatchObject({
      type: "application/json",
      authorization: "Bearer CNRY_access",
    });
    expect(fences).toHaveLength(1);
    // Its id is told: nothing is looked up.
    expect(countOf(LIST)).toBe(0);
  });

  test("from every step it goes on without sending anything twice", async () => {
    script[GALLERY] = [submitted("t3_77")];
    const media = await pictures(3);
    const { resumes } = await publish(aPost({ media }));
    expect(resumes).toHaveLength(3);
    for (const [nth, resume] of resumes.entries()) {
      seen = [];
      fences = [];
      leases = nth + 1;
      expect(await publish(aPost({ media }), resume)).toMatchObject({ state: "published" });
      expect(countOf(LEASE)).toBe(2 - nth);
      expect(countOf(STORE)).toBe(2 - nth);
      expect(jsonOf(GALLERY).items.map((item: { media_id: string }) => item.media_id)).toEqual([
        "asset1",
        "asset2",
        "asset3",
      ]);
    }
  });

  test("a lost answer leaves it open, and it is found by its name, even when its files are gone", async () => {
    script[GALLERY] = [{ drop: true }];
    const media = await pictures(2);
    const { resume } = await stepsBeforeSubmit(aPost({ media }));
    expect(await failure(step(aPost({ media }), resume))).toMatchObject({ effect: "ambiguous" });
    script[LIST] = [listing(listed("8"))];
    expect(await locate(aPost(), { resume })).toMatchObject({ state: "published", remoteId: "8" });
    script[LIST] = [listing()];
    expect(await locate(aPost(), { resume })).toEqual({ state: "absent" });
  });

  async function stepsBeforeSubmit(content: PostContent) {
    let resume: Resume | null = null;
    for (let nth = 0; nth < content.media.length; nth += 1) {
      const taken: Awaited<ReturnType<typeof step>> = await step(content, resume);
      if (taken.state !== "processing") throw new Error("It is not out yet.");
      resume = taken.resume;
    }
    return { resume };
  }
});

describe("a video", () => {
  test("goes up with a poster, which is a real picture, and is submitted by both addresses", async () => {
    script[SUBMIT] = [taken];
    script[LIST] = [listing(), listing(listed("8", { url: "https://v.redd.it/x" }))];
    expect(await publish(aPost({ media: [await aVideo()] }))).toMatchObject({ remoteId: "8" });
    expect(formsOf(LEASE)).toEqual([
      { filepath: "bell.mp4", mimetype: "video/mp4" },
      { filepath: "poster.jpg", mimetype: "image/jpeg" },
    ]);
    expect(formsOf(SUBMIT)[0]).toMatchObject({
      kind: "video",
      url: `https://${STORE_HOST}/rte_images/k1`,
      video_poster_url: `https://${STORE_HOST}/rte_images/k2`,
    });
    const poster = seen.filter(({ line }) => line === STORE)[1]?.parts.at(-1)?.body;
    expect(await sharp(poster).metadata()).toMatchObject({ format: "jpeg", width: 320, height: 180 });
  });
});

describe("what Reddit took without saying its name", () => {
  test("is looked for again and again, never sent again, and stays open when it does not appear", async () => {
    script[SUBMIT] = [taken];
    const error = await failure(publish(aPost({ media: await pictures(1) })));
    expect(error).toMatchObject({ kind: "unavailable", effect: "ambiguous", code: "still_processing" });
    expect(countOf(SUBMIT)).toBe(1);
    expect(countOf(LIST)).toBeGreaterThan(5);
    expect(fences).toHaveLength(1);
  });

  test("is not taken for an equal post from before, nor for another", async () => {
    script[SUBMIT] = [taken];
    const before = listed("1");
    script[LIST] = [
      listing(before),
      listing(before, listed("2", { title: "Dong" }), listed("3", { subreddit: "gongs" })),
      listing(before, listed("4", { is_self: true, selftext: "" })),
      listing(before, listed("8")),
    ];
    expect(await publish(aPost({ media: await pictures(1) }))).toMatchObject({ remoteId: "8" });
  });

  test("a passing trouble with the list says nothing of the post", async () => {
    script[SUBMIT] = [taken];
    script[LIST] = [
      listing(),
      { status: 503, body: {} },
      { status: 429, body: {}, headers: { "x-ratelimit-reset": "100" } },
      listing(listed("8")),
    ];
    const content = aPost({ media: await pictures(1) });
    const resume = await hand(content);
    const second = await step(content, resume);
    if (second.state !== "processing") throw new Error("It is not seen yet.");
    expect(await step(content, second.resume)).toMatchObject({ state: "processing", checkAfterMs: 101_000 });
    expect(await publish(content, second.resume)).toMatchObject({ remoteId: "8" });
    expect(countOf(SUBMIT)).toBe(1);
  });

  test("a lasting trouble with the list leaves it open", async () => {
    script[SUBMIT] = [taken];
    const content = aPost({ media: await pictures(1) });
    const resume = await hand(content);
    script[LIST] = [{ status: 403, body: { message: "Forbidden", error: 403 } }];
    expect(await failure(step(content, resume))).toMatchObject({ kind: "rejected", effect: "ambiguous" });
    script[LIST] = [{ status: 401, body: {} }];
    expect(await failure(step(content, resume))).toMatchObject({ kind: "reconnect", tokenRefused: true });
  });

  test("is not called absent while Reddit may be at work on it", async () => {
    script[SUBMIT] = [taken];
    const content = aPost({ media: [await aVideo()] });
    const resume = await hand(content);
    // The engine's own clock begins when the post was written.
    const since = new Date(Date.now() - 86_400_000);
    expect(await locate(content, { resume, since })).toBeNull();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 21 * 60_000 });
    expect(await locate(content, { resume, since })).toEqual({ state: "absent" });
  });

  test("an old post with this title is not taken for one that was handed in later", async () => {
    script[SUBMIT] = [taken];
    const content = aPost({ media: await pictures(1) });
    const resume = await hand(content);
    const since = new Date(Date.now() - 86_400_000);
    script[LIST] = [listing(listed("1", { created_utc: Date.now() / 1000 - 3_600 }))];
    expect(await locate(content, { resume, since })).toBeNull();
    script[LIST] = [listing(listed("8"), listed("7"))];
    expect(await locate(content, { resume, since, known: ["7"] })).toMatchObject({ remoteId: "8" });
  });

  test("a lost answer to the submit itself is looked into in the same way", async () => {
    script[SUBMIT] = [{ drop: true }];
    const content = aPost({ media: await pictures(1) });
    const first = await step(content);
    if (first.state !== "processing") throw new Error("It is not out yet.");
    expect(await failure(step(content, first.resume))).toMatchObject({ effect: "ambiguous" });
    expect(await locate(content, { resume: first.resume })).toBeNull();
    script[LIST] = [listing(listed("8"))];
    expect(await locate(content, { resume: first.resume })).toMatchObject({ remoteId: "8" });
  });

  test("once a person wants it sent again, it is looked for first, then sent with its files anew", async () => {
    script[SUBMIT] = [taken, submitted("9")];
    const content = aPost({ media: await pictures(1) });
    const resume = await hand(content);
    const earlier = { since: new Date(), known: [] };
    expect(await publish(content, resume, { earlier })).toMatchObject({ remoteId: "9" });
    expect(countOf(SUBMIT)).toBe(2);
    expect(countOf(LEASE)).toBe(2);
    seen = [];
    script[LIST] = [listing(listed("8"))];
    expect(await publish(content, resume, { earlier })).toMatchObject({ remoteId: "8" });
    expect(lines()).toEqual([LIST]);
  });
});

describe("a poll", () => {
  const options = { poll_options: ["Big", " Small "], poll_days: 5 };

  test("goes out as JSON with its answers and days", async () => {
    script[POLL] = [submitted("t3_5")];
    expect(await publish(aPost({ text: "Which?", options }))).toMatchObject({ remoteId: "5" });
    expect(jsonOf(POLL)).toEqual({
      api_type: "json",
      sr: "bells",
      title: "Ding",
      text: "Which?",
      options: ["Big", "Small"],
      duration: 5,
      nsfw: false,
      spoiler: false,
      sendreplies: true,
      resubmit: false,
      validate_on_submit: true,
    });
    expect(fences).toHaveLength(1);
  });

  test("runs three days where nobody chose, and keeps a link in its text", async () => {
    script[POLL] = [submitted("t3_5")];
    await publish(aPost({ link, options: { poll_options: ["A", "B"] } }));
    expect(jsonOf(POLL)).toMatchObject({ duration: 3, text: link });
  });

  test("with one answer, or with files, goes nowhere", async () => {
    expect(await failure(publish(aPost({ options: { poll_options: ["A"] } })))).toMatchObject({
      code: "poll",
    });
    const media = await pictures(1);
    expect(await failure(publish(aPost({ media, options })))).toMatchObject({
      kind: "rejected",
      code: "poll",
    });
    expect(seen).toEqual([]);
  });

  test("whose answer was lost is found as a text or not", async () => {
    script[LIST] = [listing(listed("5", { is_self: true, selftext: "" }))];
    expect(await locate(aPost({ text: "Which?", options }))).toMatchObject({ remoteId: "5" });
  });
});

describe("what the subreddit takes", () => {
  const poll = { options: { poll_options: ["A", "B"] } };

  test.each<[string, object, object, () => Promise<Partial<PostContent>>, RegExp]>([
    ["no pictures", { allow_images: false }, {}, async () => ({ media: await pictures(1) }), /no pictures/],
    [
      "no galleries",
      { allow_galleries: false },
      {},
      async () => ({ media: await pictures(2) }),
      /no galleries/,
    ],
    [
      "no pictures in galleries",
      { allow_images: false },
      {},
      async () => ({ media: await pictures(2) }),
      /no pictures/,
    ],
    ["no videos", { allow_videos: false }, {}, async () => ({ media: [await aVideo()] }), /no videos/],
    ["no polls", { allow_polls: false }, {}, async () => poll, /no polls/],
    ["texts only", { submission_type: "self" }, {}, async () => ({ media: await pictures(1) }), /texts only/],
    [
      "larger galleries",
      {},
      { gallery_min_items: 3 },
      async () => ({ media: await pictures(2) }),
      /at least 3/,
    ],
    [
      "smaller galleries",
      {},
      { gallery_max_items: 2 },
      async () => ({ media: await pictures(3) }),
      /2 pictures/,
    ],
    [
      "captions",
      {},
      { gallery_captions_requirement: "required" },
      async () => ({ media: await pictures(2) }),
      /caption/,
    ],
    ["a longer title", {}, { title_text_min_length: 9 }, async () => ({ media: await pictures(1) }), /title/],
  ])("%s: told before a file is sent", async (_what, about, rules, content, says) => {
    script[ABOUT] = [{ body: { data: about } }];
    script[RULES] = [{ body: rules }];
    const error = await failure(publish(aPost(await content())));
    expect(error).toMatchObject({ kind: "rejected", effect: "definite", code: "requirements" });
    expect(error.message).toMatch(says);
    expect(countOf(LEASE)).toBe(0);
    expect(fences).toEqual([]);
  });

  test.each<[string, object, () => Promise<Partial<PostContent>>]>([
    [
      "one picture where there are no galleries",
      { allow_galleries: false },
      async () => ({ media: await pictures(1) }),
    ],
    [
      "a text where there are no pictures",
      { allow_images: false, allow_polls: false },
      async () => ({ text: "Hi" }),
    ],
    [
      "a picture where only links are taken",
      { submission_type: "link" },
      async () => ({ media: await pictures(1) }),
    ],
  ])("does not stand in the way: %s", async (_what, about, content) => {
    script[ABOUT] = [{ body: { data: about } }];
    script[SUBMIT] = [submitted("1")];
    expect(await publish(aPost(await content()))).toMatchObject({ remoteId: "1" });
  });

  test("rules for texts do not bind what stands below a picture", async () => {
    script[RULES] = [{ body: { body_restriction_policy: "required", body_text_min_length: 50 } }];
    script[SUBMIT] = [submitted("1")];
    expect(await publish(aPost({ media: await pictures(1) }))).toMatchObject({ remoteId: "1" });
  });

  test("is asked again right before the post is sent", async () => {
    const media = await pictures(1);
    const first = await step(aPost({ media }));
    if (first.state !== "processing") throw new Error("It is not out yet.");
    script[ABOUT] = [{ body: { data: { user_is_banned: true } } }];
    expect(await failure(step(aPost({ media }), first.resume))).toMatchObject({ code: "requirements" });
    expect(fences).toEqual([]);
  });
});

describe("the choices", () => {
  const choices = (options: Record<string, unknown>) => {
    const { choices } = provider();
    if (!choices) throw new Error("Reddit offers flairs.");
    return choices(access, options);
  };

  test("are the subreddit's flairs that members may choose", async () => {
    script[FLAIRS] = [
      {
        body: [
          { id: "f-1", text: "Photo", text_editable: false, mod_only: false },
          { id: "f-2", text: "Other", text_editable: true, mod_only: false },
          { id: "f-3", text: "Official", mod_only: true },
        ],
      },
    ];
    expect(await choices({ subreddit: " r/bells " })).toEqual({
      fields: {
        flair_id: {
          options: [
            { value: "f-1", label: "Photo" },
            { value: "f-2", label: "Other (or your own words)" },
          ],
        },
      },
    });
  });

  test("say what is closed there, and why", async () => {
    script[ABOUT] = [
      { body: { data: { allow_polls: false, spoilers_enabled: false, user_is_banned: true } } },
    ];
    script[FLAIRS] = [{ status: 403, body: { message: "Forbidden", error: 403 } }];
    expect(await choices({ subreddit: "bells" })).toEqual({
      fields: {
        flair_id: { options: [], disabled: expect.stringContaining("no flairs") },
        poll_options: { disabled: expect.stringContaining("no polls") },
        spoiler: { disabled: expect.stringContaining("spoiler") },
      },
      blocked: expect.stringContaining("banned"),
    });
  });

  test("wait for a subreddit, and tell of one that is not there", async () => {
    expect(await choices({})).toEqual({
      fields: { flair_id: { options: [], disabled: "Choose a subreddit first." } },
    });
    expect(seen).toEqual([]);
    script[ABOUT] = [{ status: 404, body: { message: "Not Found", error: 404 } }];
    script[FLAIRS] = [{ status: 404, body: { message: "Not Found", error: 404 } }];
    expect(await choices({ subreddit: "bells" })).toMatchObject({ blocked: expect.any(String) });
    script[ABOUT] = [{ status: 503, body: {} }];
    expect(await failure(choices({ subreddit: "bells" }))).toMatchObject({ kind: "unavailable" });
  });

  test("stand above whatever else is typed, so that a title does not ask again", () => {
    const names = redditSpec.fields.map(({ name }) => name);
    expect(names.slice(0, names.indexOf("flair_id"))).toEqual(["subreddit"]);
  });
});

describe("the rules", () => {
  const file = (about: object) => ({
    id: "1",
    kind: "image" as const,
    mimeType: "image/jpeg",
    filename: "f",
    bytes: 1_000_000,
    width: 1_000,
    height: 1_000,
    durationMs: null,
    alt: "",
    ...about,
  });
  const gif = { kind: "gif" as const, mimeType: "image/gif" };
  const clip = { kind: "video" as const, mimeType: "video/mp4", durationMs: 60_000 };
  const codes = (...abouts: object[]) =>
    checkMedia({
      connectionId: "c",
      spec: redditSpec,
      options: {},
      refs: abouts.map((_, nth) => ({ id: String(nth) })),
      files: abouts.map(file),
    }).map(({ code }) => code);

  test.each<[string, object[], string[]]>([
    ["twenty pictures", Array.from({ length: 20 }, () => ({})), []],
    ["twenty-one", Array.from({ length: 21 }, () => ({})), ["too_many_media"]],
    ["two GIFs", [gif, gif], ["too_many_media"]],
    ["a picture and a video", [{}, clip], ["mixed_media"]],
    ["more than a quarter of an hour", [{ ...clip, durationMs: 901_000 }], ["too_long_video"]],
    ["more than a gigabyte", [{ ...clip, bytes: 1_000_000_001 }], ["too_large"]],
    ["a document", [{ kind: "document", mimeType: "application/pdf" }], ["wrong_media"]],
  ])("%s", (_what, abouts, expected) => {
    expect(codes(...abouts)).toEqual(expected);
  });
});
