import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type MediaFile,
  PlatformError,
  type PostContent,
  type PublishRequest,
  type Resume,
} from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { twitter } from "@/lib/platforms/twitter/provider";
import { twitterSpec } from "@/lib/platforms/twitter/spec";
import { mediaRulesOf } from "@/lib/posts/media-rules";

type Reply = { status?: number; body?: unknown; raw?: string; drop?: boolean };
type Part = { value: string } | { type: string; bytes: number; sha256: string };
type Seen = {
  line: string;
  query: Record<string, string>;
  json: unknown;
  parts: Record<string, Part>;
  length: string | undefined;
};

let server: Server;
let origin: string;
let script: Record<string, Reply[]>;
let seen: Seen[];
/** How many requests X had seen each time the fence was drawn. */
let fences: number[];

const ME = "2244994945000000001";
const ID = "1146654567674912769";
const KEY = `3_${ID}`;
const MB = 1024 * 1024;
const access = { accessToken: "CNRY_access", remoteId: ME, metadata: { username: "XDev" } };
const CREATE = "POST /2/tweets";
const LIST = `GET /2/users/${ME}/tweets`;
const UPLOAD = "POST /2/media/upload";
const BEGIN = "POST /2/media/upload/initialize";
const APPEND = `POST /2/media/upload/${ID}/append`;
const CLOSE = `POST /2/media/upload/${ID}/finalize`;
const STATUS = "GET /2/media/upload";
const DESCRIBE = "POST /2/media/metadata";

beforeEach(async () => {
  script = { [CREATE]: [{ status: 201, body: { data: { id: "77", text: "…" } } }] };
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname.replace("/api.x.com", "")}`;
    const type = request.headers["content-type"] ?? "";
    seen.push({
      line,
      query: Object.fromEntries(url.searchParams),
      json: type === "application/json" ? JSON.parse(body.toString()) : null,
      parts: type.startsWith("multipart/") ? await partsOf(body, type) : {},
      length: request.headers["content-length"],
    });
    const replies = script[line] ?? [];
    // The last answer of a line stays.
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 400,
      body: { unexpected: line },
    };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json" });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

async function partsOf(body: Buffer, type: string): Promise<Record<string, Part>> {
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const parts = await Promise.all(
    [...form].map(async ([name, value]): Promise<[string, Part]> => {
      if (typeof value === "string") return [name, { value }];
      const bytes = Buffer.from(await value.arrayBuffer());
      return [name, { type: value.type, bytes: bytes.byteLength, sha256: sha256(bytes) }];
    }),
  );
  return Object.fromEntries(parts);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const provider = () => twitter(createKit({ clientId: "c", clientSecret: "s", sandboxUrl: origin }));

/** Bytes that differ from place to place. */
const content = (start: number, end: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: end - start }, (_, nth) => ((start + nth) * 2_654_435_761) >>> 24));

const aFile = (more: Partial<MediaFile> = {}): MediaFile => {
  const { bytes = 1000 } = more;
  return {
    kind: "image",
    mimeType: "image/jpeg",
    filename: "bell.jpg",
    bytes,
    width: 1080,
    height: 1080,
    durationMs: null,
    alt: "",
    url: "https://media.test/bell.jpg",
    async *open(start = 0, end = bytes) {
      for (let at = start; at < end; at += 65_536) yield content(at, Math.min(end, at + 65_536));
    },
    ...more,
  };
};
const aVideo = (more: Partial<MediaFile> = {}) =>
  aFile({ kind: "video", mimeType: "video/mp4", durationMs: 10_000, bytes: 2 * MB + 5, ...more });
const aGif = (more: Partial<MediaFile> = {}) => aFile({ kind: "gif", mimeType: "image/gif", ...more });

const aPost = (post: Partial<PostContent> = {}): PostContent => ({
  text: "Hello",
  replies: [],
  media: [],
  options: {},
  ...post,
});

const publish = (post: PostContent, resume: Resume | null = null, rest: Partial<PublishRequest> = {}) =>
  provider().publish({
    access,
    content: post,
    resume: resume && JSON.parse(JSON.stringify(resume)),
    sending: async () => void fences.push(seen.length),
    ...rest,
  });

/** Steps until it is out, or has nothing to do but wait; gives what the last step gave. */
async function run(post: PostContent, resume: Resume | null = null) {
  let from = resume;
  const waits: number[] = [];
  for (let step = 0; step < 60; step += 1) {
    const done = await publish(post, from);
    if (done.state === "published") return { ...done, waits };
    from = done.resume;
    waits.push(done.checkAfterMs);
  }
  throw new Error("It never came out.");
}

/** The resume after so many steps. */
async function after(steps: number, post: PostContent, resume: Resume | null = null): Promise<Resume> {
  let from = resume ?? {};
  for (let step = 0; step < steps; step += 1) {
    const done = await publish(post, step === 0 ? resume : from);
    if (done.state !== "processing") throw new Error("It is out already.");
    from = done.resume;
  }
  return from;
}

const locate = (post: PostContent, resume: Resume | null, known: string[] = []) => {
  const { locate } = provider();
  if (!locate) throw new Error("X can be read back.");
  return locate({ access, content: post, resume, since: new Date("2026-11-05T12:00:00Z"), known });
};

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  const error = await work.then(
    () => new Error("This was expected to fail."),
    (reason: unknown) => reason,
  );
  if (error instanceof PlatformError) return error;
  throw error;
}

const lines = () => seen.map(({ line }) => line);
const named = (line: string) => seen.filter((one) => one.line === line);
const uploaded = (id: string, more: object = {}): Reply => ({
  body: { data: { id, media_key: `3_${id}`, size: 1, expires_after_secs: 86_400, ...more } },
});
const working = (state: string, more: object = {}): Reply => ({
  body: { data: { id: ID, processing_info: { state, ...more } } },
});
const problem = (status: number, name: string | null, detail = ""): Reply => ({
  status,
  body: { title: "…", type: name ? `https://api.x.com/2/problems/${name}` : "about:blank", status, detail },
});
const chunked = () => {
  script[BEGIN] = [uploaded(ID)];
  script[APPEND] = [{ body: { data: { expires_at: 1_746_000_000 } } }];
  script[CLOSE] = [working("pending", { check_after_secs: 3 })];
  script[STATUS] = [
    working("in_progress", { check_after_secs: 7, progress_percent: 40 }),
    working("succeeded"),
  ];
  script[DESCRIBE] = [{ body: { data: { id: ID, associated_metadata: {} } } }];
};

describe("pictures", () => {
  test("are sent whole, described, and then posted behind the one fence", async () => {
    script[UPLOAD] = [uploaded("11"), { raw: `{"data":{"id":${ID},"media_key":"${KEY}"}}` }];
    script[DESCRIBE] = [{ body: { data: { id: "11" } } }];
    const post = aPost({
      media: [aFile({ alt: "A bell" }), aFile({ mimeType: "image/png", bytes: 200_000 })],
      replies: [{ text: "Two" }],
    });
    const first = await after(4, post);
    expect(first).toEqual({ ids: ["77"] });
    expect(lines()).toEqual([UPLOAD, DESCRIBE, UPLOAD, CREATE]);
    expect(fences).toEqual([3]);
    expect(seen[0]?.parts).toEqual({
      media_category: { value: "tweet_image" },
      media: { type: "image/jpeg", bytes: 1000, sha256: sha256(content(0, 1000)) },
    });
    expect(seen[2]?.parts["media"]).toEqual({
      type: "image/png",
      bytes: 200_000,
      sha256: sha256(content(0, 200_000)),
    });
    expect(seen[1]?.json).toEqual({ id: "11", metadata: { alt_text: { text: "A bell" } } });
    expect(seen[3]?.json).toEqual({ text: "Hello", media: { media_ids: ["11", ID] } });
    // What hangs below is text.
    await publish(post, first);
    expect(seen[4]?.json).toEqual({ text: "Two", reply: { in_reply_to_tweet_id: "77" } });
    expect(lines().filter((line) => line === UPLOAD)).toHaveLength(2);
  });

  test("without words need none", async () => {
    script[UPLOAD] = [uploaded("11")];
    expect(await run(aPost({ text: "", media: [aFile()] }))).toMatchObject({ remoteId: "77" });
    expect(seen.at(-1)?.json).toEqual({ media: { media_ids: ["11"] } });
  });

  test("that are with X already are not sent again after a failure", async () => {
    script[UPLOAD] = [uploaded("11"), { status: 503, body: {} }, uploaded("12")];
    const post = aPost({ media: [aFile(), aFile()] });
    const resume = await after(1, post);
    expect(await failure(publish(post, resume))).toMatchObject({ kind: "unavailable", effect: "definite" });
    await run(post, resume);
    expect(lines()).toEqual([UPLOAD, UPLOAD, UPLOAD, CREATE]);
    expect(seen.at(-1)?.json).toMatchObject({ media: { media_ids: ["11", "12"] } });
  });

  test("whose description was not taken down are described again, not sent again", async () => {
    script[UPLOAD] = [uploaded("11")];
    script[DESCRIBE] = [{ drop: true }, { body: { data: { id: "11" } } }];
    const post = aPost({ media: [aFile({ alt: "A bell" })] });
    const resume = await after(1, post);
    expect(await failure(publish(post, resume))).toMatchObject({ effect: "definite" });
    await run(post, resume);
    expect(lines()).toEqual([UPLOAD, DESCRIBE, DESCRIBE, CREATE]);
  });

  test("are sent again when their day is over, even if X names a longer time", async () => {
    script[UPLOAD] = [uploaded("11", { expires_after_secs: 1_295_999 }), uploaded("12")];
    const post = aPost({ media: [aFile()] });
    const resume = (await after(1, post)) as { uploads: { expiresAt: number }[] };
    const [upload] = resume.uploads;
    expect(Math.round(((upload?.expiresAt ?? 0) - Date.now()) / 3_600_000)).toBe(24);
    await run(post, { ...resume, uploads: [{ ...upload, expiresAt: Date.now() + 60_000 }] });
    expect(seen.at(-1)?.json).toMatchObject({ media: { media_ids: ["12"] } });
  });

  test("X has dropped are sent once more, and no oftener", async () => {
    script[UPLOAD] = [uploaded("11"), uploaded("12")];
    script[CREATE] = [problem(400, "invalid-request", "Your media IDs are invalid.")];
    const post = aPost({ media: [aFile()] });
    const again = await after(2, post);
    expect(again).toMatchObject({ ids: [], uploads: [] });
    const error = await failure(run(post, again));
    expect(error).toMatchObject({ kind: "rejected", code: "invalid-request" });
    expect(lines()).toEqual([UPLOAD, CREATE, UPLOAD, CREATE]);
  });
});

describe("GIFs and videos", () => {
  test("are announced, sent in order, closed, waited for, and posted", async () => {
    chunked();
    const post = aPost({ media: [aVideo({ alt: "X takes no description of a video" })] });
    const done = await run(post);
    expect(lines()).toEqual([BEGIN, APPEND, APPEND, APPEND, CLOSE, STATUS, STATUS, CREATE]);
    expect(seen[0]?.json).toEqual({
      media_type: "video/mp4",
      total_bytes: 2 * MB + 5,
      media_category: "tweet_video",
    });
    expect(named(APPEND).map(({ parts }) => parts)).toEqual(
      [0, 1, 2].map((nth) => {
        const piece = content(nth * MB, Math.min((nth + 1) * MB, 2 * MB + 5));
        return {
          segment_index: { value: String(nth) },
          media: { type: "application/octet-stream", bytes: piece.byteLength, sha256: sha256(piece) },
        };
      }),
    );
    expect(seen[4]).toMatchObject({ json: null, length: "0" });
    expect(seen[5]?.query).toEqual({ command: "STATUS", media_id: ID });
    expect(done.waits).toEqual([0, 0, 3_000, 7_000, 0]);
    expect(fences).toEqual([7]);
    expect(seen.at(-1)?.json).toEqual({ text: "Hello", media: { media_ids: [ID] } });
  });

  test("a GIF is described once X has worked through it, and is ready when X says nothing of work", async () => {
    chunked();
    script[CLOSE] = [{ body: { data: { id: ID, media_key: KEY, size: 1000 } } }];
    await run(aPost({ media: [aGif({ alt: "A swinging bell" })] }));
    expect(lines()).toEqual([BEGIN, APPEND, CLOSE, DESCRIBE, CREATE]);
    expect(seen[0]?.json).toMatchObject({ media_type: "image/gif", media_category: "tweet_gif" });
  });

  test("a long video is sent over several steps, each going on where the last one ended", async () => {
    chunked();
    const post = aPost({ media: [aVideo({ bytes: 40 * MB })] });
    const half = await after(2, post);
    expect(half).toMatchObject({ uploads: [{ stage: "sending", sent: 32 }] });
    await after(1, post, half);
    expect(named(APPEND).map(({ parts }) => parts["segment_index"])).toEqual(
      Array.from({ length: 40 }, (_, nth) => ({ value: String(nth) })),
    );
  });

  test("segments grow with the file, so that a thousand are enough", async () => {
    chunked();
    script[APPEND] = [{ body: {} }, { status: 503, body: {} }];
    await after(2, aPost({ media: [aVideo({ bytes: 1_800_000_000 })] }));
    expect(named(APPEND)[0]?.parts["media"]).toMatchObject({ bytes: 2_000_000 });
  });

  test("what arrived before a failure stays there", async () => {
    chunked();
    script[APPEND] = [{ body: {} }, { body: {} }, { drop: true }, { status: 503, body: {} }, { body: {} }];
    const post = aPost({ media: [aVideo()] });
    const resume = await after(2, post);
    expect(resume).toMatchObject({ uploads: [{ sent: 2 }] });
    expect(await failure(publish(post, resume))).toMatchObject({ kind: "unavailable", effect: "definite" });
    await run(post, resume);
    expect(named(APPEND).map(({ parts }) => parts["segment_index"])).toEqual(
      ["0", "1", "2", "2", "2"].map((value) => ({ value })),
    );
  });

  test("segments X finds too large are halved, from the start, and the size is kept", async () => {
    chunked();
    script[BEGIN] = [uploaded("10"), uploaded(ID)];
    script["POST /2/media/upload/10/append"] = [{ body: {} }, { status: 413, raw: "" }];
    const post = aPost({ media: [aVideo()] });
    const resume = await after(2, post);
    expect(resume).toMatchObject({ uploads: [null], segmentBytes: MB / 2 });
    await run(post, resume);
    expect(named(APPEND).map(({ parts }) => parts["media"])).toMatchObject(
      [MB / 2, MB / 2, MB / 2, MB / 2, 5].map((bytes) => ({ bytes })),
    );
    expect(seen.at(-1)?.json).toMatchObject({ media: { media_ids: [ID] } });
  });

  test("segments are not halved beyond what a thousand of them hold", async () => {
    chunked();
    script[APPEND] = [{ status: 413, raw: "" }];
    const post = aPost({ media: [aVideo({ bytes: 512 * MB })] });
    const least = Math.ceil((512 * MB) / 1000);
    const resume = await after(2, post);
    expect(resume).toMatchObject({ segmentBytes: least });
    expect(await failure(run(post, resume))).toMatchObject({ kind: "rejected", code: "media_too_large" });
  });

  test("a closing whose answer was lost is settled by the status", async () => {
    chunked();
    script[CLOSE] = [{ drop: true }, problem(400, "invalid-request")];
    const post = aPost({ media: [aVideo()] });
    const resume = await after(2, post);
    expect(await failure(publish(post, resume))).toMatchObject({ effect: "definite" });
    await run(post, resume);
    expect(named(BEGIN)).toHaveLength(1);
    expect(lines().slice(-4)).toEqual([CLOSE, STATUS, STATUS, CREATE]);
  });

  test("an upload X refuses to go on with begins anew, a few times", async () => {
    chunked();
    script[APPEND] = [problem(400, "invalid-request")];
    const post = aPost({ media: [aVideo()] });
    expect(await failure(run(post))).toMatchObject({ kind: "rejected", code: "invalid-request" });
    expect(named(BEGIN)).toHaveLength(3);
  });

  test("an upload X does not find is looked for before it begins anew", async () => {
    chunked();
    script[BEGIN] = [uploaded(ID), uploaded(ID)];
    script[STATUS] = [...Array.from({ length: 4 }, () => problem(404, null)), working("succeeded")];
    const done = await run(aPost({ media: [aVideo()] }));
    expect(named(BEGIN)).toHaveLength(2);
    expect(done.waits.filter((ms) => ms >= 5_000)).toEqual([5_000, 15_000, 60_000]);
  });

  test("a file X cannot process is told, and sent anew only for who tries again later", async () => {
    chunked();
    script[STATUS] = [working("failed", { error: { code: 1, name: "InvalidMedia", message: "CNRY" } })];
    const post = aPost({ media: [aVideo()] });
    const failed = (await after(4, post)) as { uploads: { failedAt: number }[] };
    const error = await failure(publish(post, failed));
    expect(error).toMatchObject({ kind: "rejected", code: "media_failed" });
    expect(error.message).toContain("InvalidMedia");
    const [upload] = failed.uploads;
    await after(1, post, { ...failed, uploads: [{ ...upload, failedAt: Date.now() - 120_000 }] });
    expect(named(BEGIN)).toHaveLength(2);
  });

  test("processing that does not end is a failure to be tried again", async () => {
    chunked();
    script[STATUS] = [working("in_progress", { check_after_secs: 1 })];
    const post = aPost({ media: [aVideo()] });
    const resume = (await after(3, post)) as { uploads: object[] };
    const old = { ...resume, uploads: resume.uploads.map((one) => ({ ...one, closedAt: 1 })) };
    expect(await failure(publish(post, old))).toMatchObject({ kind: "unavailable", code: "processing" });
  });
});

describe("refusals", () => {
  const long = { durationMs: 141_000 };
  const poll = { poll_options: ["Ding", "Dong"] };
  const asked = (metadata: object) => ({
    access: { ...access, metadata: { ...access.metadata, ...metadata } },
  });
  test.each<[string, Partial<PostContent>, object, Partial<PlatformError>]>([
    ["a poll beside a picture", { media: [aFile()], options: poll }, {}, { code: "poll_and_media" }],
    ["a picture beside a video", { media: [aFile(), aVideo()] }, {}, { code: "media" }],
    ["two GIFs", { media: [aGif(), aGif()] }, {}, { code: "media" }],
    ["five pictures", { media: Array.from({ length: 5 }, () => aFile()) }, {}, { code: "media" }],
    ["a document", { media: [aFile({ kind: "document" })] }, {}, { code: "media" }],
    [
      "a long video without Premium",
      { media: [aVideo(long)] },
      { subscriptionType: "None" },
      { code: "video_too_long" },
    ],
    [
      "a picture without the permission",
      { media: [aFile()] },
      { missing: ["media.write"] },
      { kind: "reconnect", code: "media_scope", tokenRefused: false },
    ],
  ])("%s is refused before anything is sent", async (_what, post, metadata, expected) => {
    const error = await failure(publish(aPost(post), null, asked(metadata)));
    expect(error).toMatchObject({ kind: "rejected", effect: "definite", ...expected });
    expect(seen).toEqual([]);
    expect(fences).toEqual([]);
  });

  test.each(["Premium", undefined])("a long video is X's to judge with the subscription %s", async (type) => {
    chunked();
    await publish(aPost({ media: [aVideo(long)] }), null, asked({ subscriptionType: type }));
    expect(lines()).toEqual([BEGIN]);
  });

  test("text goes out without the permission to upload", async () => {
    await publish(aPost(), null, asked({ missing: ["media.write"] }));
    expect(lines()).toEqual([CREATE]);
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    [
      "a missing permission",
      problem(403, null, "You are not permitted to perform this action."),
      { kind: "reconnect", code: "media_scope" },
    ],
    ["a bare 403", { status: 403, raw: "" }, { kind: "reconnect", code: "media_scope", tokenRefused: false }],
    ["an expired token", problem(401, null), { kind: "reconnect", tokenRefused: true }],
    [
      "a suspended account",
      { status: 403, body: { errors: [{ code: 64, message: "…" }] } },
      { kind: "rejected", code: "suspended" },
    ],
    ["an app without access", problem(403, "client-forbidden"), { kind: "rejected", operator: true }],
    [
      "no credits",
      { status: 402, body: { title: "CreditsDepleted" } },
      { kind: "unavailable", operator: true },
    ],
    ["a limit", { status: 429, body: {} }, { kind: "slow_down" }],
    ["a picture too large", { status: 413, raw: "" }, { kind: "rejected", code: "media_too_large" }],
    ["an incident", problem(404, null), { kind: "unavailable" }],
    ["a server error", { status: 503, raw: "<html>" }, { kind: "unavailable" }],
    ["a lost answer", { drop: true }, { kind: "unavailable" }],
    ["an answer without an id", { body: { data: {} } }, { kind: "unavailable" }],
  ])("%s at an upload is named by what helps, and nothing happened", async (_what, reply, expected) => {
    script[UPLOAD] = [reply];
    const error = await failure(publish(aPost({ media: [aFile()] })));
    expect(error).toMatchObject({ effect: "definite", ...expected });
    expect(fences).toEqual([]);
  });

  test("a video X finds too long for the account is final", async () => {
    chunked();
    script[CREATE] = [problem(403, null, "This user is not allowed to post a video longer than 2 minutes.")];
    const error = await failure(run(aPost({ media: [aVideo(long)] })));
    expect(error).toMatchObject({ kind: "rejected", code: "video_too_long", effect: "definite" });
  });
});

describe("choices", () => {
  test.each<[object, object]>([
    [
      { poll_options: ["Ding", "Dong"], poll_minutes: 60 },
      { poll: { options: ["Ding", "Dong"], duration_minutes: 60 } },
    ],
    [{ poll_options: ["Ding", "Dong"] }, { poll: { options: ["Ding", "Dong"], duration_minutes: 1440 } }],
    [{ poll_options: [], poll_minutes: 60 }, {}],
    [
      { made_with_ai: true, paid_partnership: true },
      { made_with_ai: true, paid_partnership: true },
    ],
    [{ made_with_ai: false, paid_partnership: false, reply_settings: "everyone" }, {}],
    [{ reply_settings: "subscribers" }, { reply_settings: "subscribers" }],
  ])("%j becomes %j, on the first part only", async (options, fields) => {
    const post = aPost({ options: { ...options }, replies: [{ text: "Two" }] });
    await run(post);
    expect(seen.map(({ json }) => json)).toEqual([
      { text: "Hello", ...fields },
      { text: "Two", reply: { in_reply_to_tweet_id: "77" } },
    ]);
  });

  test("the spec holds X's limits", () => {
    expect(mediaRulesOf(twitterSpec, {})).toMatchObject({
      max: 4,
      mixed: false,
      altMax: 1000,
      image: { max: 4, maxBytes: 5_000_000 },
      gif: { max: 1, maxBytes: 15 * MB, maxWidth: 1280, maxHeight: 1080 },
      video: { max: 1, maxBytes: 512 * MB, minMs: 500 },
    });
    expect(twitterSpec.publishScopes).not.toContain("media.write");
  });

  test("a connection without media.write says so, and keeps saying so", async () => {
    script["GET /2/users/me"] = [{ body: { data: { id: ME, name: "Dev", username: "XDev" } } }];
    const scopes = ["tweet.read", "tweet.write", "users.read", "offline.access"];
    const { identities } = await provider().identify({ accessToken: "A1", scopes });
    expect(identities).toMatchObject([{ missing: ["media.write"], metadata: { missing: ["media.write"] } }]);
    const health = await provider().check?.({ ...access, metadata: identities[0]?.metadata ?? {} });
    expect(health?.missing).toEqual(["media.write"]);
  });
});

describe("reading back", () => {
  const RESUME = {
    ids: [],
    uploads: [{ id: ID, key: KEY, expiresAt: 4_000_000_000_000, stage: "ready" }],
  };
  const short = {
    url: "https://t.co/pic",
    expanded_url: "https://x.com/XDev/status/9/photo/1",
    media_key: KEY,
  };
  const aTweet = (id: string, text: string, rest: object = {}) => ({
    id,
    text,
    created_at: "2026-11-05T12:00:01.000Z",
    ...rest,
  });
  const showing = (...keys: string[]) => ({ attachments: { media_keys: keys } });
  const picture = { media: [aFile()] };

  test.each<[string, PostContent, object]>([
    [
      "by its upload, whatever became of the text",
      aPost(picture),
      aTweet("9", "He… https://t.co/pic", showing("3_1", KEY)),
    ],
    [
      "by its upload's id",
      aPost({ ...picture, text: "" }),
      aTweet("9", "https://t.co/pic", showing(`13_${ID}`)),
    ],
    [
      "without words, though X names no uploads",
      aPost({ ...picture, text: "" }),
      aTweet("9", "https://t.co/pic", { entities: { urls: [short] } }),
    ],
    ["without words, when X shows none", aPost({ ...picture, text: "" }), aTweet("9", "")],
    ["by its text before an unexplained link", aPost(picture), aTweet("9", "Hello https://t.co/pic")],
    [
      "by its text and link before that",
      aPost({ ...picture, link: "https://example.com/a" }),
      aTweet("9", "Hello https://t.co/a https://t.co/pic", {
        entities: { urls: [{ url: "https://t.co/a", expanded_url: "https://example.com/a" }, short] },
      }),
    ],
    ["when its file is gone here", aPost(), aTweet("9", "Hello https://t.co/pic", showing(KEY))],
  ])("finds a post %s", async (_how, post, tweet) => {
    script[LIST] = [{ body: { data: [aTweet("8", "Other"), tweet] } }];
    expect(await locate(post, RESUME)).toMatchObject({ state: "published", remoteId: "9" });
    expect(seen[0]?.query["tweet.fields"]).toBe("created_at,entities,note_tweet,attachments");
  });

  test.each<[string, PostContent, object]>([
    [
      "the same words beside another picture",
      aPost(picture),
      aTweet("9", "Hello https://t.co/pic", showing("3_999")),
    ],
    [
      "another picture without words",
      aPost({ ...picture, text: "" }),
      aTweet("9", "https://t.co/pic", showing("3_999")),
    ],
    ["other words", aPost(picture), aTweet("9", "Hello there https://t.co/pic")],
    ["words where there were none", aPost({ ...picture, text: "" }), aTweet("9", "Hello")],
  ])("does not take %s for it", async (_what, post, tweet) => {
    script[LIST] = [{ body: { data: [tweet] } }];
    expect(await locate(post, RESUME)).toEqual({ state: "absent" });
  });

  test("goes on below the part that was found", async () => {
    script[LIST] = [{ body: { data: [aTweet("9", "https://t.co/pic", showing(KEY))] } }];
    const post = aPost({ ...picture, text: "", replies: [{ text: "Two" }] });
    expect(await locate(post, RESUME)).toEqual({
      state: "processing",
      resume: { ids: ["9"] },
      checkAfterMs: 0,
    });
  });

  test("a copy X refuses is the earlier attempt when it shows our upload", async () => {
    script[UPLOAD] = [uploaded(ID)];
    script[CREATE] = [problem(403, null, "You are not allowed to create a Tweet with duplicate content.")];
    script[LIST] = [{ body: { data: [aTweet("9", "Hello https://t.co/pic", showing(KEY))] } }];
    const post = aPost(picture);
    const resume = await after(1, post);
    const earlier = { since: new Date("2026-11-05T12:00:00Z"), known: [] };
    expect(await publish(post, resume, { earlier })).toMatchObject({ state: "published", remoteId: "9" });
  });
});
