import { createHash } from "node:crypto";
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
import { tiktok } from "@/lib/platforms/tiktok/provider";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  /** Never answered: the connection breaks, after the body was read or (early) before. */
  drop?: "early" | "late";
};
type Seen = {
  line: string;
  /** What was said, for JSON; its hash and length for a file. */
  json: unknown;
  bytes: number;
  sha256: string;
  headers: Record<string, unknown>;
};

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];
let fences: number[];

const TOKEN = "act.CNRY_access_token";
const TICKET = "CNRY_upload_token";
const access = { accessToken: TOKEN, remoteId: "open-1", metadata: { username: "adabell" } };
const PUBLISH_ID = "v_pub_file~v2-1.7302849650000000001";
const POST_ID = "7302849650000000123";
const CREATOR = "POST /v2/post/publish/creator_info/query/";
const INIT = "POST /v2/post/publish/video/init/";
const DRAFT = "POST /v2/post/publish/inbox/video/init/";
const PHOTOS = "POST /v2/post/publish/content/init/";
const STATUS = "POST /v2/post/publish/status/fetch/";
const PUT = `PUT /video/?upload_id=67&upload_token=${TICKET}`;

beforeEach(async () => {
  script = {};
  seen = [];
  fences = [];
  server = createServer(async (request, response) => {
    const line = `${request.method} ${(request.url ?? "/").replace("/open.tiktokapis.com", "")}`;
    const replies = script[line] ?? [];
    // The last answer of a line stays.
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 404,
      body: { unexpected: line },
    };
    if (reply.drop === "early") {
      seen.push({ line, json: null, bytes: 0, sha256: "", headers: request.headers });
      return void request.socket.destroy();
    }
    const hash = createHash("sha256");
    const kept: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).byteLength;
      if (request.method === "POST") kept.push(chunk as Buffer);
    }
    const text = Buffer.concat(kept).toString();
    seen.push({
      line,
      json: text === "" ? null : JSON.parse(text),
      bytes,
      sha256: hash.digest("hex"),
      headers: request.headers,
    });
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  script[CREATOR] = [said(CAN)];
  script[INIT] = [said({ publish_id: PUBLISH_ID, upload_url: uploadUrl() })];
  script[PUT] = [{ status: 201, raw: "" }];
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const uploadUrl = () => `${origin()}/video/?upload_id=67&upload_token=${TICKET}`;

const provider = (settings: Record<string, string> = {}) =>
  tiktok(createKit({ clientId: "k", clientSecret: "s", sandboxUrl: origin(), settings }));

const said = (data: object, code = "ok", status = 200): Reply => ({
  status,
  body: { data, error: { code, message: `said with ${TICKET}`, log_id: "L1" } },
});
const status = (word: string, more: object = {}) => said({ status: word, ...more });
const COMPLETE: Reply = {
  raw: `{"data":{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[${POST_ID}]},"error":{"code":"ok","message":"","log_id":"L"}}`,
};

const CAN = {
  creator_username: "ada.bell",
  creator_nickname: "Ada",
  privacy_level_options: ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
  comment_disabled: false,
  duet_disabled: false,
  stitch_disabled: true,
  max_video_post_duration_sec: 300,
};

/** A file that is made while it is read, so that no test holds gigabytes. */
const fileOf = (bytes: number, more: Partial<MediaFile> = {}): MediaFile => ({
  kind: "video",
  mimeType: "video/mp4",
  filename: "a.mp4",
  bytes,
  width: 1080,
  height: 1920,
  durationMs: 12_000,
  alt: "",
  url: "https://app.test/media/a.b.c.d.mp4",
  async *open(start = 0, end = bytes) {
    for (let at = start; at < end; ) {
      const size = Math.min(end - at, PIECE.byteLength - (at % PIECE.byteLength));
      yield PIECE.subarray(at % PIECE.byteLength, (at % PIECE.byteLength) + size);
      at += size;
    }
  },
  ...more,
});
const PIECE = Buffer.from(Array.from({ length: 65_537 }, (_, at) => at % 251));

const hashOf = async (file: MediaFile, start: number, end: number): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of file.open(start, end)) hash.update(chunk);
  return hash.digest("hex");
};

const pictures = (count: number): MediaFile[] =>
  Array.from({ length: count }, (_, nth) =>
    fileOf(1_000, {
      kind: "image",
      mimeType: "image/jpeg",
      durationMs: null,
      url: `https://app.test/media/${nth}.jpg`,
    }),
  );

const FOR_ALL = { privacy_level: "PUBLIC_TO_EVERYONE" };
const FOR_ME = { privacy_level: "SELF_ONLY" };
const SMALL = 4_000_000;

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello #bells @you 🔔",
  media: [fileOf(SMALL)],
  replies: [],
  options: FOR_ALL,
  ...content,
});

type Extra = { settings?: Record<string, string>; earlier?: { since: Date; known: string[] } };

const publish = (content: PostContent, resume: Resume | null, { settings, earlier }: Extra = {}) =>
  provider(settings).publish({
    access,
    content,
    resume: resume && JSON.parse(JSON.stringify(resume)),
    sending: async () => void fences.push(seen.length),
    ...(earlier && { earlier }),
  });

const locate = (content: PostContent, resume: Resume | null, ageMs = 60_000) =>
  provider().locate?.({ access, content, resume, since: new Date(Date.now() - ageMs), known: [] }) ?? null;

const resumeOf = (step: PublishStep | { state: "absent" } | null): Resume => {
  if (step?.state !== "processing") throw new Error(`It is ${step?.state ?? "unknown"}, not processing.`);
  return step.resume;
};

const failureOf = async (promise: Promise<unknown>): Promise<PlatformError> => {
  const error = await promise.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  for (const secret of [TOKEN, TICKET, "app.test"]) expect(error.message).not.toContain(secret);
  return error;
};

const lines = () => seen.map(({ line }) => line);
const count = (line: string) => lines().filter((one) => one === line).length;
const jsonOf = (line: string) => seen.find((one) => one.line === line)?.json;

/** Where a video stands right before its pieces are sent, and once TikTok has them all. */
const begun = () => ({
  attempts: 1,
  publishId: PUBLISH_ID,
  uploadUrl: uploadUrl(),
  startedAt: Date.now(),
  username: "ada.bell",
});
const sent = (more: Resume = {}): Resume => ({
  attempts: 1,
  publishId: PUBLISH_ID,
  username: "ada.bell",
  startedAt: Date.now(),
  dueAt: Date.now(),
  polls: 1,
  ...more,
});

describe("a video that is sent", () => {
  test("creator, beginning, fence, file, status: nothing can be seen before the fence", async () => {
    script[STATUS] = [status("PROCESSING_UPLOAD"), COMPLETE];
    const content = aPost({
      link: "https://ring.test/",
      options: { ...FOR_ALL, allow_comment: true, allow_stitch: true, is_aigc: true, cover_second: 3 },
    });

    const first = await publish(content, null);
    expect(lines()).toEqual([CREATOR, INIT]);
    expect(fences).toEqual([]);
    expect(jsonOf(INIT)).toEqual({
      post_info: {
        title: "Hello #bells @you 🔔 https://ring.test/",
        privacy_level: "PUBLIC_TO_EVERYONE",
        disable_comment: false,
        // Not ticked, and ticked though the account has turned it off.
        disable_duet: true,
        disable_stitch: true,
        video_cover_timestamp_ms: 3_000,
        brand_content_toggle: false,
        brand_organic_toggle: false,
        is_aigc: true,
      },
      source_info: {
        source: "FILE_UPLOAD",
        video_size: SMALL,
        chunk_size: SMALL,
        total_chunk_count: 1,
      },
    });
    expect(seen[1]?.headers).toMatchObject({
      "content-type": "application/json; charset=UTF-8",
      authorization: `Bearer ${TOKEN}`,
    });
    expect(resumeOf(first)).toMatchObject({ publishId: PUBLISH_ID, uploadUrl: uploadUrl() });

    const second = await publish(content, resumeOf(first));
    expect(fences).toEqual([2]);
    expect(seen[2]).toMatchObject({
      line: PUT,
      bytes: SMALL,
      sha256: await hashOf(fileOf(SMALL), 0, SMALL),
      headers: {
        "content-type": "video/mp4",
        "content-length": String(SMALL),
        "content-range": `bytes 0-${SMALL - 1}/${SMALL}`,
      },
    });
    expect(seen[2]?.headers["authorization"]).toBeUndefined();
    // The signed address is not kept for longer than it is needed.
    expect(JSON.stringify(resumeOf(second))).not.toContain(TICKET);

    const third = await publish(content, resumeOf(second));
    expect(await publish(content, resumeOf(third))).toEqual({
      state: "published",
      remoteId: POST_ID,
      url: `${origin()}/www.tiktok.com/@ada.bell/video/${POST_ID}`,
    });
    expect(jsonOf(STATUS)).toEqual({ publish_id: PUBLISH_ID });
    expect(lines()).toEqual([CREATOR, INIT, PUT, STATUS, STATUS]);
    expect(fences).toEqual([2]);
  });

  test.each([
    [4_999_999, 4_999_999, 1],
    [5_000_000, 5_000_000, 1],
    [64_000_000, 64_000_000, 1],
    [64_000_001, 64_000_000, 1],
    [127_999_999, 64_000_000, 1],
    [128_000_000, 64_000_000, 2],
    [4_000_000_000, 64_000_000, 62],
  ])("%i bytes go as pieces of %i, %i of them", async (bytes, chunk_size, total_chunk_count) => {
    await publish(aPost({ media: [fileOf(bytes)] }), null);
    expect(jsonOf(INIT)).toMatchObject({
      source_info: { video_size: bytes, chunk_size, total_chunk_count },
    });
  });

  test("pieces go one after the other, the last with the remainder, and the fence stands before the last", async () => {
    const bytes = 128_000_000 + 10_000_001;
    const video = fileOf(bytes, { mimeType: "video/quicktime" });
    script[PUT] = [
      { status: 206, raw: "" },
      { status: 201, raw: "" },
    ];
    const first = await publish(aPost({ media: [video] }), null);
    const second = await publish(aPost({ media: [video] }), resumeOf(first));
    expect(fences).toEqual([]);
    expect(second).toMatchObject({ checkAfterMs: 0, resume: { sent: 1, uploadUrl: uploadUrl() } });
    const third = await publish(aPost({ media: [video] }), resumeOf(second));
    expect(fences).toEqual([3]);
    expect(resumeOf(third)).not.toHaveProperty("uploadUrl");
    const pieces = seen.filter(({ line }) => line === PUT);
    expect(pieces.map(({ headers }) => headers["content-range"])).toEqual([
      `bytes 0-63999999/${bytes}`,
      `bytes 64000000-${bytes - 1}/${bytes}`,
    ]);
    expect(pieces.map(({ sha256 }) => sha256)).toEqual([
      await hashOf(video, 0, 64_000_000),
      await hashOf(video, 64_000_000, bytes),
    ]);
    expect(pieces[0]?.headers["content-type"]).toBe("video/quicktime");
  });

  test("a fence that is lost stops the last piece", async () => {
    const lost = new Error("claim lost");
    const step = provider().publish({
      access,
      content: aPost(),
      resume: begun(),
      sending: () => Promise.reject(lost),
    });
    await expect(step).rejects.toBe(lost);
    expect(lines()).toEqual([]);
  });

  test("a lost answer to the beginning is definite, and it begins anew", async () => {
    script[INIT] = [{ drop: "late" }, said({ publish_id: "p2", upload_url: uploadUrl() })];
    expect(await failureOf(publish(aPost(), null))).toMatchObject({
      kind: "unavailable",
      effect: "definite",
    });
    expect(fences).toEqual([]);
    expect(resumeOf(await publish(aPost(), null))).toMatchObject({ publishId: "p2" });
  });

  test.each([
    ["a lost answer", { drop: "late" }],
    ["a broken connection", { drop: "early" }],
    ["trouble at TikTok", { status: 500, raw: "<html>" }],
  ] as [string, Reply][])("%s to the last piece leaves open whether it is out", async (_what, reply) => {
    script[PUT] = [reply];
    expect(await failureOf(publish(aPost(), begun()))).toMatchObject({
      kind: "unavailable",
      effect: "ambiguous",
    });
    expect(fences).toHaveLength(1);
  });

  test("a lost answer to an earlier piece is definite: the same piece goes again", async () => {
    const video = fileOf(128_000_000);
    script[PUT] = [{ drop: "late" }, { status: 206, raw: "" }];
    expect(await failureOf(publish(aPost({ media: [video] }), begun()))).toMatchObject({
      effect: "definite",
    });
    const next = await publish(aPost({ media: [video] }), begun());
    expect(resumeOf(next)).toMatchObject({ sent: 1 });
    expect(fences).toEqual([]);
  });

  test("a piece turned away because TikTok has it already is not sent again", async () => {
    const video = fileOf(128_000_000);
    script[PUT] = [{ status: 416, raw: "" }];
    script[STATUS] = [status("PROCESSING_UPLOAD", { uploaded_bytes: 64_000_000 })];
    const next = await publish(aPost({ media: [video] }), begun());
    expect(resumeOf(next)).toMatchObject({ sent: 1, publishId: PUBLISH_ID });
  });

  test.each([401, 403, 416])("a spoilt upload (%i) begins anew, and no token is blamed", async (code) => {
    script[PUT] = [{ status: code, raw: "" }];
    script[STATUS] = [status("PROCESSING_UPLOAD", { uploaded_bytes: 12 })];
    const again = resumeOf(await publish(aPost(), begun()));
    expect(again).toMatchObject({ attempts: 1 });
    expect(again).not.toHaveProperty("publishId");
    expect(resumeOf(await publish(aPost(), again))).toMatchObject({ attempts: 2, publishId: PUBLISH_ID });
  });

  test("uploads are not begun without end", async () => {
    script[PUT] = [{ status: 403, raw: "" }];
    script[STATUS] = [status("PROCESSING_UPLOAD")];
    const third = { ...begun(), attempts: 3, dueAt: Date.now() };
    expect(await failureOf(publish(aPost(), third))).toMatchObject({ kind: "rejected", effect: "definite" });
    // Whoever sends it again later gets a new beginning.
    const later = await publish(aPost(), { ...third, dueAt: Date.now() - 120_000 });
    expect(resumeOf(later)).toMatchObject({ attempts: 0 });
  });

  test("an upload address that has lapsed is not used: an upload begins anew", async () => {
    const old = { ...begun(), startedAt: Date.now() - 55 * 60_000 };
    expect(resumeOf(await publish(aPost(), old))).not.toHaveProperty("publishId");
    expect(lines()).toEqual([]);
  });

  test("a turned away last piece of a post that is out after all is no failure", async () => {
    script[PUT] = [{ status: 403, raw: "" }];
    script[STATUS] = [COMPLETE];
    expect(await publish(aPost(), begun())).toMatchObject({ state: "published", remoteId: POST_ID });
  });

  test.each([
    [
      "a video longer than the account may post",
      { media: [fileOf(SMALL, { durationMs: 300_001 })] },
      "video_too_long",
    ],
    [
      "a level of privacy that vanished",
      { options: { privacy_level: "FOLLOWER_OF_CREATOR" } },
      "privacy_level_option_mismatch",
    ],
  ] as [string, Partial<PostContent>, string][])(
    "%s is refused right before",
    async (_what, content, code) => {
      expect(await failureOf(publish(aPost(content), null))).toMatchObject({ kind: "rejected", code });
      expect(lines()).toEqual([CREATOR]);
    },
  );

  test.each([
    ["no choice of who can see it", { options: {} }, "privacy_level"],
    [
      "branded content for only oneself",
      { options: { ...FOR_ME, disclose: true, brand_content: true } },
      "brand_content",
    ],
    ["a promotion of nothing", { options: { ...FOR_ALL, disclose: true } }, "disclose"],
    ["a cover from after the end", { options: { ...FOR_ALL, cover_second: 13 } }, "cover_second"],
    ["a title of more UTF-16 units than 90", { options: { ...FOR_ALL, title: "🔔".repeat(46) } }, "title"],
    ["neither video nor picture", { media: [] }, "no_media"],
  ] as [string, Partial<PostContent>, string][])(
    "%s is refused without asking TikTok",
    async (_what, content, code) => {
      expect(await failureOf(publish(aPost(content), null))).toMatchObject({ kind: "rejected", code });
      expect(lines()).toEqual([]);
    },
  );

  test("what is promoted is said, and a post without words says none", async () => {
    const options = { ...FOR_ALL, disclose: true, brand_content: true, brand_organic: true };
    await publish(aPost({ text: "", options }), null);
    const { post_info } = jsonOf(INIT) as { post_info: object };
    expect(post_info).toMatchObject({ brand_content_toggle: true, brand_organic_toggle: true });
    expect(post_info).not.toHaveProperty("title");
    expect(post_info).not.toHaveProperty("video_cover_timestamp_ms");
  });

  test("a refused beginning tells why, and a refused token may be renewed", async () => {
    script[INIT] = [said({}, "unaudited_client_can_only_post_to_private_accounts", 403)];
    expect(await failureOf(publish(aPost(), null))).toMatchObject({ kind: "rejected", effect: "definite" });
    script[CREATOR] = [said({}, "access_token_invalid", 401)];
    expect(await failureOf(publish(aPost(), null))).toMatchObject({ tokenRefused: true });
    expect(fences).toEqual([]);
  });
});

describe("what TikTok fetches", () => {
  const url = { settings: { videoSource: "url" } };

  test("a video is fetched where the operator chose so: the beginning is what can be seen", async () => {
    script[INIT] = [said({ publish_id: "v_pub_url~v2.1" })];
    const step = await publish(aPost(), null, url);
    expect(lines()).toEqual([CREATOR, INIT]);
    expect(fences).toEqual([1]);
    expect(jsonOf(INIT)).toMatchObject({
      post_info: { privacy_level: "PUBLIC_TO_EVERYONE" },
      source_info: { source: "PULL_FROM_URL", video_url: "https://app.test/media/a.b.c.d.mp4" },
    });
    expect(resumeOf(step)).toMatchObject({ publishId: "v_pub_url~v2.1", polls: 1 });
  });

  test("pictures are always fetched, with title, text and choices of their own", async () => {
    script[PHOTOS] = [said({ publish_id: "p_pub_url~v2.1" })];
    script[STATUS] = [COMPLETE];
    const content = aPost({
      media: pictures(35),
      text: "Ring",
      options: { ...FOR_ALL, title: "Bells", allow_comment: true, auto_add_music: true, allow_duet: true },
    });
    const step = await publish(content, null);
    expect(fences).toEqual([1]);
    expect(jsonOf(PHOTOS)).toEqual({
      media_type: "PHOTO",
      post_mode: "DIRECT_POST",
      post_info: {
        title: "Bells",
        description: "Ring",
        privacy_level: "PUBLIC_TO_EVERYONE",
        disable_comment: false,
        auto_add_music: true,
        brand_content_toggle: false,
        brand_organic_toggle: false,
      },
      source_info: {
        source: "PULL_FROM_URL",
        photo_cover_index: 0,
        photo_images: content.media.map((file) => file.url),
      },
    });
    expect(await publish(content, resumeOf(step))).toMatchObject({
      remoteId: POST_ID,
      url: `${origin()}/www.tiktok.com/@ada.bell/photo/${POST_ID}`,
    });
  });

  test.each([
    ["a lost answer", { drop: "late" }],
    ["trouble at TikTok", said({}, "internal_error", 500)],
    ["trouble inside a 200", said({}, "internal_error")],
    ["an answer without a name", said({})],
  ] as [string, Reply][])(
    "%s leaves open whether it comes out, and nothing can be proved",
    async (_what, reply) => {
      script[PHOTOS] = [reply];
      const content = aPost({ media: pictures(1) });
      expect(await failureOf(publish(content, null))).toMatchObject({
        kind: "unavailable",
        effect: "ambiguous",
      });
      expect(count(PHOTOS)).toBe(1);
      expect(await locate(content, null)).toBeNull();
      expect(count(STATUS)).toBe(0);
    },
  );

  test.each([
    ["url_ownership_unverified", 403, { kind: "rejected", operator: false }],
    ["privacy_level_option_mismatch", 403, { kind: "rejected" }],
    ["rate_limit_exceeded", 429, { kind: "slow_down" }],
    ["invalid_param", 200, { kind: "rejected" }],
  ])("a refusal (%s, %i) is a proof that nothing comes out", async (code, http, expected) => {
    script[PHOTOS] = [said({}, code, http)];
    expect(await failureOf(publish(aPost({ media: pictures(1) }), null))).toMatchObject({
      effect: "definite",
      code,
      ...expected,
    });
  });
});

describe("drafts", () => {
  const note = "It waits in your TikTok inbox: open the app to finish it.";
  const draft = { options: { mode: "draft", privacy_level: "SELF_ONLY", brand_content: true } };

  test("a video goes to the inbox with nothing but its file, and TikTok's app asks the rest", async () => {
    script[DRAFT] = [said({ publish_id: PUBLISH_ID, upload_url: uploadUrl() })];
    script[STATUS] = [status("SEND_TO_USER_INBOX")];
    const first = await publish(aPost(draft), null);
    expect(jsonOf(DRAFT)).toEqual({
      source_info: { source: "FILE_UPLOAD", video_size: SMALL, chunk_size: SMALL, total_chunk_count: 1 },
    });
    const second = await publish(aPost(draft), resumeOf(first));
    expect(fences).toEqual([1]);
    expect(await publish(aPost(draft), resumeOf(second))).toEqual({
      state: "published",
      remoteId: PUBLISH_ID,
      url: null,
      note,
    });
    expect(lines()).toEqual([DRAFT, PUT, STATUS]);
  });

  test("pictures go with their words and without the choices that do not apply", async () => {
    script[PHOTOS] = [said({ publish_id: "p1" })];
    const content = aPost({ media: pictures(2), text: "Ring", options: { mode: "draft", title: "Bells" } });
    await publish(content, null);
    expect(fences).toEqual([0]);
    expect(jsonOf(PHOTOS)).toMatchObject({ post_mode: "MEDIA_UPLOAD" });
    expect((jsonOf(PHOTOS) as { post_info: object }).post_info).toEqual({
      title: "Bells",
      description: "Ring",
    });
  });

  test("too many drafts in the inbox are waited for", async () => {
    script[DRAFT] = [said({}, "spam_risk_too_many_pending_share", 403)];
    expect(await failureOf(publish(aPost(draft), null))).toMatchObject({
      kind: "slow_down",
      retryAfterMs: 24 * 3_600_000,
      operator: false,
    });
  });
});

describe("until it is out", () => {
  test("it is asked about less and less often, never more than TikTok takes", async () => {
    script[STATUS] = [status("PROCESSING_DOWNLOAD"), status("SOMETHING_NEW"), status("PROCESSING_UPLOAD")];
    const waits: number[] = [];
    let resume = sent({ polls: 0 });
    let error: PlatformError | undefined;
    for (let step = 0; !error; step += 1) {
      expect(step).toBeLessThan(60);
      const next = await publish(aPost(), resume).catch((reason: unknown) => reason);
      if (next instanceof PlatformError) error = next;
      else {
        resume = resumeOf(next as PublishStep);
        waits.push((next as { checkAfterMs: number }).checkAfterMs);
      }
    }
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
    expect(waits[0]).toBeGreaterThan(2_000);
    // TikTok may take an hour to fetch a file.
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(3_600_000);
    expect(error).toMatchObject({ kind: "unavailable", effect: "ambiguous", code: "still_processing" });
    expect(fences).toEqual([]);
    expect(await locate(aPost(), resume)).toBeNull();
  });

  test("who looked, found nothing and sends it again gets one new beginning", async () => {
    script[STATUS] = [status("PROCESSING_UPLOAD")];
    const earlier = { since: new Date(), known: [] };
    const given = sent({ polls: 99 });
    const again = resumeOf(await publish(aPost(), given, { earlier }));
    expect(again).not.toHaveProperty("publishId");
    const { uploadUrl: _used, ...second } = resumeOf(await publish(aPost(), again, { earlier }));
    expect(await failureOf(publish(aPost(), { ...second, polls: 99 }, { earlier }))).toMatchObject({
      effect: "ambiguous",
    });
  });

  test("a public post without an id yet is looked at a few times more, then told as it is", async () => {
    script[STATUS] = [status("PUBLISH_COMPLETE", { publicaly_available_post_id: [] })];
    let step = await publish(aPost(), sent());
    for (let looks = 1; step.state === "processing"; looks += 1) {
      expect(step.resume).toMatchObject({ looks });
      expect(looks).toBeLessThan(5);
      step = await publish(aPost(), step.resume);
    }
    expect(step).toEqual({
      state: "published",
      remoteId: PUBLISH_ID,
      url: null,
      note: expect.stringContaining("still checking it"),
    });
    expect(fences).toEqual([]);
  });

  test("a post that is not for everyone never gets an id, and is not waited for", async () => {
    script[STATUS] = [status("PUBLISH_COMPLETE")];
    expect(await publish(aPost({ options: FOR_ME }), sent())).toEqual({
      state: "published",
      remoteId: PUBLISH_ID,
      url: null,
      note: expect.stringMatching(/\S/),
    });
  });

  test("the name in the link is the creator's, else the account's, else there is none", async () => {
    script[STATUS] = [COMPLETE];
    expect(await publish(aPost(), sent({ username: null }))).toMatchObject({
      url: `${origin()}/www.tiktok.com/@adabell/video/${POST_ID}`,
    });
    const nameless = await provider().publish({
      access: { ...access, metadata: {} },
      content: aPost(),
      resume: sent({ username: null }),
      sending: async () => undefined,
    });
    expect(nameless).toEqual({ state: "published", remoteId: POST_ID, url: null });
  });

  test.each([
    ["file_format_check_failed", "rejected"],
    ["duration_check_failed", "rejected"],
    ["frame_rate_check_failed", "rejected"],
    ["picture_size_check_failed", "rejected"],
    ["publish_cancelled", "rejected"],
    ["auth_removed", "reconnect"],
    ["spam_risk_too_many_posts", "rejected"],
    ["spam_risk_user_banned_from_posting", "rejected"],
    ["spam_risk_text", "rejected"],
    ["spam_risk", "rejected"],
    ["something_new", "rejected"],
  ])(
    "a post that failed (%s) did not come out, and is not tried again by itself",
    async (fail_reason, kind) => {
      script[STATUS] = [status("FAILED", { fail_reason })];
      expect(await failureOf(publish(aPost(), sent()))).toMatchObject({
        kind,
        code: fail_reason,
        effect: "definite",
        tokenRefused: false,
      });
      // Whoever sends it again later gets a new beginning.
      const later = await publish(aPost(), sent({ dueAt: Date.now() - 120_000 }));
      expect(resumeOf(later)).not.toHaveProperty("publishId");
    },
  );

  test.each(["internal", "video_pull_failed", "photo_pull_failed"])(
    "a failure that is not about the post (%s) is tried again, not without end",
    async (fail_reason) => {
      script[STATUS] = [status("FAILED", { fail_reason })];
      const again = resumeOf(await publish(aPost(), sent({ attempts: 2 })));
      expect(again).toMatchObject({ attempts: 2 });
      expect(again).not.toHaveProperty("publishId");
      expect(await failureOf(publish(aPost(), sent({ attempts: 3 })))).toMatchObject({
        kind: "rejected",
        effect: "definite",
      });
    },
  );

  test.each([
    ["no answer", { drop: "late" }, 5_000],
    ["trouble", { status: 502, raw: "<html>" }, 5_000],
    ["a limit", said({}, "rate_limit_exceeded", 429), 60_000],
  ] as [string, Reply, number][])(
    "%s says nothing about the post: it is asked about later",
    async (_what, reply, ms) => {
      script[STATUS] = [reply];
      expect(await publish(aPost(), sent())).toMatchObject({ checkAfterMs: ms, resume: { polls: 2 } });
    },
  );

  test.each(["invalid_publish_id", "token_not_authorized_for_specified_publish_id", "scope_not_authorized"])(
    "a refused question (%s) is no proof that the post is not out",
    async (code) => {
      script[STATUS] = [said({}, code, 400)];
      expect(await failureOf(publish(aPost(), sent()))).toMatchObject({ effect: "ambiguous", code });
    },
  );

  test("a refused token may be renewed, and the question asked again", async () => {
    script[STATUS] = [said({}, "access_token_invalid", 401)];
    expect(await failureOf(publish(aPost(), sent()))).toMatchObject({
      tokenRefused: true,
      effect: "definite",
    });
  });
});

describe("after a lost answer to the last piece", () => {
  test("a post that is out is found", async () => {
    script[STATUS] = [COMPLETE];
    expect(await locate(aPost(), begun(), 0)).toEqual({
      state: "published",
      remoteId: POST_ID,
      url: `${origin()}/www.tiktok.com/@ada.bell/video/${POST_ID}`,
    });
  });

  test("a draft that arrived is found", async () => {
    script[STATUS] = [status("SEND_TO_USER_INBOX")];
    expect(await locate(aPost({ options: { mode: "draft" } }), begun(), 0)).toMatchObject({
      state: "published",
      remoteId: PUBLISH_ID,
    });
  });

  test("a file that arrived whole is only asked about from then on", async () => {
    script[STATUS] = [status("PROCESSING_UPLOAD", { uploaded_bytes: SMALL })];
    const found = resumeOf(await locate(aPost(), begun(), 0));
    expect(found).not.toHaveProperty("uploadUrl");
    await publish(aPost(), found);
    expect(count(PUT)).toBe(0);
  });

  test.each([{}, { uploaded_bytes: 0 }, { uploaded_bytes: 1_000 }])(
    "a file that did not (%o) goes to the same publish_id once more, when the dust has settled",
    async (told) => {
      script[STATUS] = [status("PROCESSING_UPLOAD", told)];
      expect(await locate(aPost(), begun(), 1_000)).toBeNull();
      const found = resumeOf(await locate(aPost(), begun()));
      const next = resumeOf(await publish(aPost(), found));
      expect(count(PUT)).toBe(1);
      expect(count(INIT)).toBe(0);
      expect(fences).toHaveLength(1);
      expect(next).toMatchObject({ publishId: PUBLISH_ID });
    },
  );

  test("turned away in doubt, it is asked about and never begun anew", async () => {
    script[PUT] = [{ status: 403, raw: "" }];
    script[STATUS] = [status("PROCESSING_UPLOAD", { uploaded_bytes: 0 })];
    const found = resumeOf(await locate(aPost(), begun()));
    expect(resumeOf(await publish(aPost(), found))).toMatchObject({ publishId: PUBLISH_ID, polls: 1 });
    const lapsed = { ...found, startedAt: Date.now() - 55 * 60_000 };
    expect(resumeOf(await publish(aPost(), lapsed))).toMatchObject({ publishId: PUBLISH_ID, polls: 1 });
  });

  test("the same piece does not go without end", async () => {
    script[STATUS] = [status("PROCESSING_UPLOAD", { uploaded_bytes: 0 })];
    expect(await locate(aPost(), { ...begun(), doubts: 3 })).toBeNull();
  });

  test("a post that failed is told by the next step", async () => {
    script[STATUS] = [status("FAILED", { fail_reason: "file_format_check_failed" })];
    const found = resumeOf(await locate(aPost(), begun()));
    expect(await failureOf(publish(aPost(), found))).toMatchObject({ code: "file_format_check_failed" });
  });

  test("a question that is refused or not answered proves nothing", async () => {
    script[STATUS] = [{ drop: "late" }];
    await failureOf(Promise.resolve(locate(aPost(), begun())));
    script[STATUS] = [said({}, "invalid_publish_id", 400)];
    await failureOf(Promise.resolve(locate(aPost(), begun())));
  });
});
