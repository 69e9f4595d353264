import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type MediaFile,
  PlatformError,
  type PostContent,
  type PublishRequest,
  type PublishStep,
  type Resume,
} from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { linkedin } from "@/lib/platforms/linkedin/provider";
import { linkedinSpec } from "@/lib/platforms/linkedin/spec";
import { checkMedia } from "@/lib/posts/media-rules";
import { animation, type FileServer, pdf, picture, serveFiles, video } from "../support/media";

type Reply = {
  status?: number;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  drop?: boolean;
};
type Seen = { line: string; body: Buffer; headers: Record<string, unknown> };

let server: Server;
let origin: string;
let files: FileServer;
/** What LinkedIn answers, in order; the last answer of a list is given again and again. */
let script: Record<string, Reply[]>;
let seen: Seen[];
/** How many requests LinkedIn had seen each time the fence was drawn. */
let fences: number[];

const MEMBER = "urn:li:person:782bbtaQ";
const access = { accessToken: "CNRY_access", remoteId: MEMBER, metadata: { missing: [] } };
const REST = "api.linkedin.com/rest";
const CREATE = `POST ${REST}/posts`;
const START_IMAGE = `POST ${REST}/images?action=initializeUpload`;
const START_VIDEO = `POST ${REST}/videos?action=initializeUpload`;
const FINISH_VIDEO = `POST ${REST}/videos?action=finalizeUpload`;
const START_DOCUMENT = `POST ${REST}/documents?action=initializeUpload`;
const statusOf = (urn: string) => `GET ${REST}/${urn.split(":")[2]}s/${encodeURIComponent(urn)}`;
const SHARE = "urn:li:share:7123456789012345678";
const VIDEO = "urn:li:video:C5505AQH";
const DOCUMENT = "urn:li:document:D1";
const image = (nth: number) => `urn:li:image:C4E10A${nth}`;

beforeEach(async () => {
  script = { [CREATE]: [{ status: 201, raw: "", headers: { "x-restli-id": SHARE } }] };
  seen = [];
  fences = [];
  files = await serveFiles();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const line = `${request.method} ${(request.url ?? "/").slice(1)}`;
    seen.push({ line, body: Buffer.concat(chunks), headers: request.headers });
    const replies = script[line] ?? [];
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 400,
      body: { message: `unexpected ${line}` },
    };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  // safe: a listening TCP server has an address of this kind
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await files.stop();
  await new Promise((closed) => server.close(closed).closeAllConnections());
});

const provider = () =>
  linkedin(createKit({ clientId: "CNRY-client", clientSecret: "CNRY-secret", sandboxUrl: origin }));

const aPost = (content: Partial<PostContent> = {}): PostContent => ({
  text: "Hello",
  replies: [],
  media: [],
  options: {},
  ...content,
});

const step = (content: PostContent, resume: Resume | null = null, rest: Partial<PublishRequest> = {}) =>
  provider().publish({
    access,
    content,
    resume,
    sending: async () => void fences.push(seen.length),
    ...rest,
  });

/** Takes every step, as the engine does, without waiting in between. What it remembers goes through JSON. */
async function publish(content: PostContent, from: Resume | null = null) {
  const waits: number[] = [];
  const resumes: Resume[] = [];
  let resume = from;
  for (let nth = 0; nth < 60; nth += 1) {
    const taken: PublishStep = await step(content, resume);
    if (taken.state === "published") return { ...taken, waits, resumes };
    waits.push(taken.checkAfterMs);
    resume = JSON.parse(JSON.stringify(taken.resume));
    resumes.push(taken.resume);
  }
  throw new Error("It never ends.");
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
const jsonOf = (line: string, nth = 0): Record<string, unknown> =>
  JSON.parse(seen.filter((one) => one.line === line)[nth]?.body.toString() ?? "null");
const putsTo = (path: string) => seen.filter(({ line }) => line === `PUT ${path}`);
const waiting = (status: string): Reply => ({ body: { status } });

/** Addresses as LinkedIn gives them, with a signature; each picture has one of its own. */
const uploadPath = (nth: number) => `www.linkedin.com/dms-uploads/sp/i${nth}?ca=CNRYsigned&sig=${nth}`;

function takesPictures(count: number): void {
  const numbers = Array.from({ length: count }, (_, nth) => nth + 1);
  script[START_IMAGE] = numbers.map((nth) => ({
    body: {
      value: { uploadUrlExpiresAt: 1, uploadUrl: `https://${uploadPath(nth)}`, image: image(nth) },
    },
  }));
  for (const nth of numbers) {
    script[`PUT ${uploadPath(nth)}`] = [{ status: 201, raw: "" }];
    script[statusOf(image(nth))] = [waiting("AVAILABLE")];
  }
}

async function pictures(count: number, about: Partial<MediaFile> = {}): Promise<MediaFile[]> {
  const bytes = await picture("png", { width: 40, height: 30 });
  return Array.from({ length: count }, (_, nth) =>
    files.file(Buffer.concat([bytes, Buffer.from([nth])]), { mimeType: "image/png", ...about }),
  );
}

describe("pictures", () => {
  test("one is sent with the token to where LinkedIn says, awaited, and posted with its description", async () => {
    takesPictures(1);
    const [file] = await pictures(1, { alt: "A (bell)" });
    const done = await publish(aPost({ media: file ? [file] : [] }));
    expect(done).toMatchObject({
      state: "published",
      remoteId: SHARE,
      url: `${origin}/www.linkedin.com/feed/update/${SHARE}/`,
    });
    expect(lines()).toEqual([START_IMAGE, `PUT ${uploadPath(1)}`, statusOf(image(1)), CREATE]);
    expect(jsonOf(START_IMAGE)).toEqual({ initializeUploadRequest: { owner: MEMBER } });
    for (const line of [START_IMAGE, statusOf(image(1)), CREATE]) {
      expect(seen.find((one) => one.line === line)?.headers).toMatchObject({
        authorization: "Bearer CNRY_access",
        "linkedin-version": "202609",
        "x-restli-protocol-version": "2.0.0",
      });
    }
    const [sent] = putsTo(uploadPath(1));
    expect(sent?.headers).toMatchObject({
      authorization: "Bearer CNRY_access",
      "content-type": "image/png",
      "content-length": String(file?.bytes),
    });
    expect(sent?.headers["linkedin-version"]).toBeUndefined();
    expect(sent?.body.subarray(1, 4).toString()).toBe("PNG");
    expect(jsonOf(CREATE)).toMatchObject({
      author: MEMBER,
      commentary: "Hello",
      // What is no markup is not escaped.
      content: { media: { id: image(1), altText: "A (bell)" } },
    });
    // Nothing was visible before.
    expect(fences).toEqual([3]);
  });

  test("an address that is no https is followed as it is", async () => {
    takesPictures(1);
    script[START_IMAGE] = [{ body: { value: { uploadUrl: `${origin}/own/place`, image: image(1) } } }];
    script["PUT own/place"] = [{ status: 201, raw: "" }];
    await publish(aPost({ media: await pictures(1) }));
    expect(countOf("PUT own/place")).toBe(1);
  });

  test("several go up one by one, in order, and become one post", async () => {
    takesPictures(3);
    const media = await pictures(3);
    const { resumes } = await publish(
      aPost({ media: media.map((file, nth) => ({ ...file, alt: nth ? "" : "First" })) }),
    );
    expect(jsonOf(CREATE)["content"]).toEqual({
      multiImage: { images: [{ id: image(1), altText: "First" }, { id: image(2) }, { id: image(3) }] },
    });
    expect([1, 2, 3].map((nth) => putsTo(uploadPath(nth))[0]?.body.at(-1))).toEqual([0, 1, 2]);
    expect(resumes[1]).toMatchObject({ urns: [image(1), image(2)] });
    // An address that lets anyone send bytes is kept nowhere.
    expect(JSON.stringify(resumes)).not.toMatch(/sig=|dms-uploads|CNRY/);
  });

  test("from every step it goes on without sending anything twice", async () => {
    takesPictures(2);
    const media = await pictures(2);
    const { resumes } = await publish(aPost({ media }));
    for (const resume of resumes) {
      seen = [];
      fences = [];
      // safe: every resume of this provider has it
      const had = (resume["urns"] as string[]).length;
      script[START_IMAGE] = [
        { body: { value: { uploadUrl: `https://${uploadPath(had + 1)}`, image: image(had + 1) } } },
      ];
      expect(await publish(aPost({ media }), resume)).toMatchObject({ state: "published" });
      expect(countOf(START_IMAGE)).toBe(2 - had);
      expect(jsonOf(CREATE)["content"]).toEqual({
        multiImage: { images: [{ id: image(1) }, { id: image(2) }] },
      });
      expect(fences).toHaveLength(1);
    }
  });

  test("a GIF is a picture, sent as it is", async () => {
    takesPictures(1);
    const gif = files.file(await animation(), { mimeType: "image/gif", alt: "It swings" });
    await publish(aPost({ media: [gif] }));
    expect(putsTo(uploadPath(1))[0]?.headers["content-type"]).toBe("image/gif");
    expect(jsonOf(CREATE)["content"]).toEqual({ media: { id: image(1), altText: "It swings" } });
  });

  test("waits while LinkedIn works on one, more and more rarely", async () => {
    takesPictures(2);
    script[statusOf(image(2))] = [waiting("PROCESSING"), waiting("PROCESSING"), waiting("AVAILABLE")];
    const { waits } = await publish(aPost({ media: await pictures(2) }));
    expect(countOf(statusOf(image(2)))).toBe(3);
    // What is known to be ready is not asked about again.
    expect(countOf(statusOf(image(1)))).toBe(1);
    expect(waits).toEqual([0, 1_000, 2_000, 4_000, 0]);
  });

  test("where LinkedIn does not let us ask, it is given time instead", async () => {
    takesPictures(2);
    script[statusOf(image(1))] = [{ status: 403, body: { code: "ACCESS_DENIED" } }];
    const { waits } = await publish(aPost({ media: await pictures(2) }));
    expect(countOf(statusOf(image(1)))).toBe(1);
    expect(Math.max(...waits)).toBeGreaterThanOrEqual(5_000);
    expect(fences).toHaveLength(1);
  });

  test("one that LinkedIn cannot process is named, and nothing is posted", async () => {
    takesPictures(1);
    script[statusOf(image(1))] = [waiting("PROCESSING_FAILED")];
    const error = await failure(publish(aPost({ media: await pictures(1, { filename: "bell.png" }) })));
    expect(error).toMatchObject({ kind: "rejected", code: "MEDIA_ASSET_PROCESSING_FAILED" });
    expect(error.message).toContain("bell.png");
    expect(fences).toEqual([]);
  });

  test.each<[string, Reply, Partial<PlatformError>]>([
    ["too large", { status: 413, raw: "" }, { kind: "rejected", code: "413" }],
    ["of a kind it does not take", { status: 415, raw: "" }, { kind: "rejected", code: "415" }],
    [
      "at an address that has expired",
      { status: 400, body: { code: "EXPIRED_UPLOAD_URL" } },
      { kind: "unavailable", code: "EXPIRED_UPLOAD_URL" },
    ],
    ["at an address that is not taken", { status: 403, raw: "<html>" }, { kind: "unavailable" }],
    ["with an ended token", { status: 401, raw: "" }, { kind: "reconnect", tokenRefused: true }],
    ["and lost", { drop: true }, { kind: "unavailable" }],
    ["while it is in trouble", { status: 503, raw: "" }, { kind: "unavailable" }],
  ])("a file that is %s leaves nothing open", async (_what, reply, expected) => {
    takesPictures(1);
    script[`PUT ${uploadPath(1)}`] = [reply];
    const error = await failure(publish(aPost({ media: await pictures(1) })));
    expect(error).toMatchObject({ effect: "definite", ...expected });
    expect(`${error.message} ${error.code}`).not.toMatch(/sig=|CNRY/);
    expect(fences).toEqual([]);
  });

  test("an upload that failed begins anew with an address of its own; those before it stay", async () => {
    takesPictures(2);
    script[`PUT ${uploadPath(2)}`] = [{ status: 400, body: { code: "EXPIRED_UPLOAD_URL" } }];
    const content = aPost({ media: await pictures(2) });
    const first = await step(content);
    if (first.state !== "processing") throw new Error("It is not out yet.");
    await failure(step(content, first.resume));
    script[START_IMAGE] = [{ body: { value: { uploadUrl: `https://${uploadPath(3)}`, image: image(3) } } }];
    script[`PUT ${uploadPath(3)}`] = [{ status: 201, raw: "" }];
    script[statusOf(image(3))] = [waiting("AVAILABLE")];
    await publish(content, first.resume);
    expect(jsonOf(CREATE)["content"]).toEqual({
      multiImage: { images: [{ id: image(1) }, { id: image(3) }] },
    });
    expect(countOf(`PUT ${uploadPath(1)}`)).toBe(1);
  });

  test("the token goes to LinkedIn alone", async () => {
    const requests: string[] = [];
    const stranger = createServer((request, response) => {
      requests.push(request.url ?? "");
      response.end();
    });
    await new Promise<void>((ready) => stranger.listen(0, "127.0.0.1", ready));
    // safe: a listening TCP server has an address of this kind
    const { port } = stranger.address() as AddressInfo;
    const kit = createKit({ clientId: "c", clientSecret: "s", sandboxUrl: origin });
    takesPictures(1);
    script[START_IMAGE] = [{ body: { value: { uploadUrl: `http://127.0.0.1:${port}/x`, image: image(1) } } }];
    // As in earnest, except that LinkedIn itself is the one of this test.
    const work = linkedin({ ...kit, sandboxed: false }).publish({
      access,
      content: aPost({ media: await pictures(1) }),
      resume: null,
      sending: async () => {},
    });
    expect(await failure(work)).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(requests).toEqual([]);
    await new Promise((closed) => stranger.close(closed));
  });
});

describe("a video", () => {
  const PART = 4_194_304;
  const partPath = (nth: number) => `uploads.cdn.example/v?part=${nth}&X-Signature=CNRY`;

  async function aVideo() {
    const bytes = await video({ seconds: 4, bytes: PART + 5_000 });
    const file = files.file(bytes, { mimeType: "video/mp4", durationMs: 4_000, alt: "Ringing" });
    script[START_VIDEO] = [
      {
        body: {
          value: {
            video: VIDEO,
            uploadToken: "T0ken",
            uploadUrlsExpireAt: 1,
            uploadInstructions: [
              { uploadUrl: `https://${partPath(1)}`, firstByte: 0, lastByte: PART - 1 },
              { uploadUrl: `https://${partPath(2)}`, firstByte: PART, lastByte: bytes.byteLength - 1 },
            ],
          },
        },
      },
    ];
    script[`PUT ${partPath(1)}`] = [{ status: 200, raw: "", headers: { etag: '"tag-one"' } }];
    script[`PUT ${partPath(2)}`] = [{ status: 200, raw: "", headers: { etag: "tag-two" } }];
    script[FINISH_VIDEO] = [{ status: 200, raw: "" }];
    script[statusOf(VIDEO)] = [waiting("PROCESSING"), waiting("AVAILABLE")];
    return { bytes, content: aPost({ media: [file] }) };
  }

  test("goes up in the pieces LinkedIn wants, without the token, and is finished with their tags", async () => {
    const { bytes, content } = await aVideo();
    const { resumes } = await publish(content);
    expect(lines()).toEqual([
      START_VIDEO,
      `PUT ${partPath(1)}`,
      `PUT ${partPath(2)}`,
      FINISH_VIDEO,
      statusOf(VIDEO),
      statusOf(VIDEO),
      CREATE,
    ]);
    expect(jsonOf(START_VIDEO)).toEqual({
      initializeUploadRequest: {
        owner: MEMBER,
        fileSizeBytes: bytes.byteLength,
        uploadCaptions: false,
        uploadThumbnail: false,
      },
    });
    const parts = [1, 2].flatMap((nth) => putsTo(partPath(nth)));
    expect(Buffer.concat(parts.map(({ body }) => body)).equals(bytes)).toBe(true);
    for (const { headers } of parts) {
      expect(headers["authorization"]).toBeUndefined();
      expect(headers["content-type"]).toBe("application/octet-stream");
    }
    expect(jsonOf(FINISH_VIDEO)).toEqual({
      finalizeUploadRequest: { video: VIDEO, uploadToken: "T0ken", uploadedPartIds: ["tag-one", "tag-two"] },
    });
    // Only pictures are described.
    expect(jsonOf(CREATE)["content"]).toEqual({ media: { id: VIDEO } });
    expect(fences).toEqual([6]);
    expect(JSON.stringify(resumes)).not.toMatch(/Signature|T0ken/);
  });

  test("an empty upload token is said back as it is", async () => {
    const { content } = await aVideo();
    // safe: aVideo wrote it in this shape
    const begun = script[START_VIDEO]?.[0]?.body as { value: { uploadToken?: string } };
    delete begun.value.uploadToken;
    await publish(content);
    expect(jsonOf(FINISH_VIDEO)).toMatchObject({ finalizeUploadRequest: { uploadToken: "" } });
  });

  test("a lost answer to the last word about it does not send it again", async () => {
    const { content } = await aVideo();
    script[FINISH_VIDEO] = [{ drop: true }];
    expect(await publish(content)).toMatchObject({ state: "published" });
    expect(countOf(START_VIDEO)).toBe(1);
  });

  test("of which LinkedIn says that it lacks the bytes is sent again, once", async () => {
    const { content } = await aVideo();
    script[FINISH_VIDEO] = [{ status: 503, raw: "" }];
    script[statusOf(VIDEO)] = [waiting("WAITING_UPLOAD")];
    const error = await failure(publish(content));
    expect(error).toMatchObject({ kind: "rejected", effect: "definite", code: "still_processing" });
    expect(countOf(START_VIDEO)).toBe(2);
    expect(fences).toEqual([]);
  });

  test("that is refused for good when it is finished is told so", async () => {
    const { content } = await aVideo();
    script[FINISH_VIDEO] = [{ status: 400, body: { code: "ILLEGAL_ARGUMENT" } }];
    expect(await failure(publish(content))).toMatchObject({ kind: "rejected", code: "ILLEGAL_ARGUMENT" });
  });

  test("posted too early, because we may not ask, is waited for some more", async () => {
    const { content } = await aVideo();
    script[statusOf(VIDEO)] = [{ status: 403, raw: "" }];
    script[CREATE] = [
      { status: 400, body: { code: "MEDIA_ASSET_WAITING_UPLOAD" } },
      { status: 400, body: { message: "MEDIA_ASSET_WAITING_UPLOAD: not yet" } },
      { status: 201, raw: "", headers: { "x-restli-id": SHARE } },
    ];
    expect(await publish(content)).toMatchObject({ remoteId: SHARE });
    expect(countOf(CREATE)).toBe(3);
    expect(fences).toHaveLength(3);
    expect(countOf(START_VIDEO)).toBe(1);
  });

  test("a piece without a tag cannot be finished, and begins anew", async () => {
    const { content } = await aVideo();
    script[`PUT ${partPath(2)}`] = [{ status: 200, raw: "" }];
    expect(await failure(publish(content))).toMatchObject({ kind: "unavailable", effect: "definite" });
    expect(countOf(FINISH_VIDEO)).toBe(0);
  });
});

describe("a document", () => {
  async function aDocument(options: PostContent["options"] = {}) {
    script[START_DOCUMENT] = [
      { body: { value: { uploadUrl: `https://${uploadPath(9)}`, document: DOCUMENT } } },
    ];
    script[`PUT ${uploadPath(9)}`] = [{ status: 201, raw: "" }];
    script[statusOf(DOCUMENT)] = [waiting("AVAILABLE")];
    const file = files.file(pdf(), { mimeType: "application/pdf", filename: "Bells 2026.v2.pdf" });
    return publish(aPost({ media: [file], options }));
  }

  test("is sent with the token and carries its title, the file's name where nobody wrote one", async () => {
    await aDocument();
    expect(jsonOf(START_DOCUMENT)).toEqual({ initializeUploadRequest: { owner: MEMBER } });
    expect(putsTo(uploadPath(9))[0]?.headers["authorization"]).toBe("Bearer CNRY_access");
    expect(putsTo(uploadPath(9))[0]?.body.equals(pdf())).toBe(true);
    expect(jsonOf(CREATE)["content"]).toEqual({ media: { id: DOCUMENT, title: "Bells 2026.v2" } });
    await aDocument({ document_title: " All our bells " });
    expect(jsonOf(CREATE, 1)["content"]).toEqual({ media: { id: DOCUMENT, title: "All our bells" } });
  });
});

describe("a link", () => {
  const link = "https://www.carillon.example/bells_(big)";

  test("beside one picture is a card with that picture", async () => {
    takesPictures(1);
    const options = { link_title: "Bells", link_description: " Large ones " };
    await publish(aPost({ link, media: await pictures(1), options }));
    expect(jsonOf(CREATE)).toMatchObject({
      commentary: "Hello",
      content: {
        article: { source: link, title: "Bells", description: "Large ones", thumbnail: image(1) },
      },
    });
  });

  test("beside several pictures is the last word of the text", async () => {
    takesPictures(2);
    await publish(aPost({ link, media: await pictures(2) }));
    expect(jsonOf(CREATE)["commentary"]).toBe(`Hello ${link}`);
    expect(jsonOf(CREATE)["content"]).toHaveProperty("multiImage");
  });

  test("that makes the text too long is told before anything is sent", async () => {
    const content = aPost({ text: "a".repeat(2_990), link, media: await pictures(2) });
    expect(await failure(publish(content))).toMatchObject({ kind: "rejected", effect: "definite" });
    expect(seen).toEqual([]);
  });
});

describe("a poll", () => {
  const options = { poll_question: " Which bell? ", poll_options: ["Big", " Small "] };

  test("has its question, answers and days; a week where nobody chose", async () => {
    await publish(aPost({ options }));
    expect(jsonOf(CREATE)["content"]).toEqual({
      poll: {
        question: "Which bell?",
        options: [{ text: "Big" }, { text: "Small" }],
        settings: { duration: "SEVEN_DAYS" },
      },
    });
    await publish(aPost({ options: { ...options, poll_duration: "ONE_DAY" } }));
    expect(jsonOf(CREATE, 1)["content"]).toMatchObject({ poll: { settings: { duration: "ONE_DAY" } } });
  });

  test("takes the card's place, so its link is a word of the text", async () => {
    await publish(aPost({ options, link: "https://a.example/x" }));
    expect(jsonOf(CREATE)["commentary"]).toBe("Hello https://a.example/x");
    expect(jsonOf(CREATE)["content"]).toHaveProperty("poll");
  });

  test.each([{ poll_question: "Which?" }, { poll_options: ["A", "B"] }, { ...options, poll_options: ["A"] }])(
    "%j is half a poll, and goes nowhere",
    async (half) => {
      expect(await failure(publish(aPost({ options: half })))).toMatchObject({
        kind: "rejected",
        code: "poll",
      });
      expect(seen).toEqual([]);
    },
  );

  test("beside a picture goes nowhere", async () => {
    const content = aPost({ options, media: await pictures(1) });
    expect(await failure(publish(content))).toMatchObject({ kind: "rejected", code: "poll" });
    expect(seen).toEqual([]);
  });
});

describe("a lost answer", () => {
  test("to the post leaves open whether it is out, and a copy that LinkedIn then names is the one", async () => {
    takesPictures(1);
    const content = aPost({ media: await pictures(1) });
    const duplicate = { status: 422, body: { message: `Content is a duplicate of ${SHARE}` } };
    script[CREATE] = [{ drop: true }, duplicate];
    const resume = { urns: [image(1)], ready: 1 };
    expect(await failure(step(content, resume))).toMatchObject({ effect: "ambiguous" });
    const earlier = { since: new Date(), known: [] };
    expect(await step(content, resume, { earlier })).toMatchObject({ state: "published", remoteId: SHARE });
    expect(countOf(START_IMAGE)).toBe(0);
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
  const video = { kind: "video" as const, mimeType: "video/mp4", durationMs: 60_000 };
  const document = { kind: "document" as const, mimeType: "application/pdf" };
  const codes = (...abouts: object[]) =>
    checkMedia({
      connectionId: "c",
      spec: linkedinSpec,
      options: {},
      refs: abouts.map((_, nth) => ({ id: String(nth) })),
      files: abouts.map(file),
    }).map(({ code }) => code);

  test.each<[string, object[], string[]]>([
    ["twenty pictures", Array.from({ length: 20 }, () => ({})), []],
    ["twenty-one", Array.from({ length: 21 }, () => ({})), ["too_many_media"]],
    ["a picture and a video", [{}, video], ["mixed_media"]],
    ["two videos", [video, video], ["too_many_media"]],
    ["two documents", [document, document], ["too_many_media"]],
    ["two seconds", [{ ...video, durationMs: 2_000 }], ["too_short_video"]],
    ["half an hour", [{ ...video, durationMs: 1_800_000 }], []],
    ["more than that", [{ ...video, durationMs: 1_801_000 }], ["too_long_video"]],
    ["a tiny video", [{ ...video, bytes: 70_000 }], ["too_small"]],
    ["a huge one", [{ ...video, bytes: 500_000_001 }], ["too_large"]],
    ["a MOV", [{ ...video, mimeType: "video/quicktime" }], ["wrong_format"]],
    ["a huge document", [{ ...document, bytes: 100_000_001 }], ["too_large"]],
    ["a long description", [{ alt: "a".repeat(4_087) }], ["alt_too_long"]],
  ])("%s", (_what, abouts, expected) => {
    expect(codes(...abouts)).toEqual(expected);
  });
});
