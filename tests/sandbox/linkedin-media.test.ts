/** Files and polls on the simulated LinkedIn, over HTTP: what goes up, when it is ready, what the world then sees. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { animation, pdf, picture, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; body: Body };
type Kind = "image" | "document";
type Change = Record<string, string | null>;
type Instruction = { uploadUrl: string; firstByte: number; lastByte: number };
type Begun = { video: string; uploadToken: string; uploadInstructions: Instruction[] };

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/linkedin/callback`;
const memberScopes = "openid profile w_member_social";
const allScopes = `${memberScopes} w_organization_social r_organization_social rw_organization_admin`;
const ada = "urn:li:person:Ad4b3ll-7x";
const celeste = "urn:li:person:cH1mEc4f3Q";
const cafe = "urn:li:organization:107463920";
const question = { question: "Which bell?", options: [{ text: "Tenor" }, { text: "Treble" }] };
const poll = { ...question, settings: { duration: "THREE_DAYS" } };
const octets = { "content-type": "application/octet-stream" };
const part = 4_194_304;

let sandbox: RunningSandbox;
let png: Buffer;
let film: Buffer;

beforeAll(async () => {
  [sandbox, png, film] = await Promise.all([
    startSandbox({ appOrigin }),
    picture("png", { width: 640, height: 480 }),
    video({ seconds: 5, bytes: 120_000 }),
  ]);
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.reset());

describe("a picture", () => {
  test("goes up with the token, becomes available, and is seen with its words", async () => {
    const token = await signIn();
    const begun = await begin("image", token);
    expect(begun.body).toMatchObject({
      value: {
        image: expect.stringMatching(/^urn:li:image:[\w-]+$/),
        uploadUrl: expect.stringContaining(`${sandbox.url}/www.linkedin.com/dms-uploads/`),
        uploadUrlExpiresAt: expect.closeTo(Date.now() + 86_400_000, -5),
      },
    });
    const { image, uploadUrl } = uploadOf(begun);
    expect((await status("image", image, token)).body).toMatchObject({ id: image, status: "WAITING_UPLOAD" });
    const put = await putFile(uploadUrl, png, bearer(token));
    expect(put).toMatchObject({ status: 201, body: {} });
    expect((await status("image", image, token)).body).toMatchObject({ owner: ada, status: "PROCESSING" });
    await available("image", image, token);
    const content = { media: { id: image, title: "A tower", altText: "A tower with a green door" } };
    expect((await post(token, { content })).status).toBe(201);
    const [seen] = await sandbox.effects("linkedin");
    expect(seen).toMatchObject({
      text: "Ding dong",
      media: [
        {
          sha256: sha256(png),
          mime: "image/png",
          width: 640,
          height: 480,
          bytes: png.byteLength,
          alt: "A tower with a green door",
        },
      ],
      details: { visibility: "PUBLIC", title: "A tower" },
    });
  });

  test("is one of up to twenty, in the order they are named", async () => {
    const token = await signIn();
    const files = await Promise.all([
      picture("jpeg", { width: 90, height: 60 }),
      animation({ width: 32, height: 32 }),
    ]);
    const [jpeg, gif] = await Promise.all(files.map((file) => uploaded("image", token, file)));
    const images = [{ id: gif, altText: "It swings" }, { id: jpeg }, { id: gif, altText: "Again" }];
    expect((await post(token, { content: { multiImage: { images } } })).status).toBe(201);
    const [seen] = await sandbox.effects("linkedin");
    expect(seen?.media.map(({ mime, alt }) => [mime, alt])).toEqual([
      ["image/gif", "It swings"],
      ["image/jpeg", null],
      ["image/gif", "Again"],
    ]);
    const twenty = Array.from({ length: 20 }, () => ({ id: gif }));
    expect((await post(token, { content: { multiImage: { images: twenty } } })).status).toBe(201);
    for (const wrong of [[{ id: gif }], [...twenty, { id: gif }]]) {
      const refused = await post(token, { content: { multiImage: { images: wrong } } });
      expect(codeOf(refused)).toEqual([400, "INVALID_VALUE_FOR_FIELD"]);
    }
  });

  test("is refused in a post before it is up, and before it is ready", async () => {
    await own({ processingMs: 60_000 });
    const token = await signIn();
    const { image, uploadUrl } = uploadOf(await begin("image", token));
    const content = { media: { id: image } };
    expect(codeOf(await post(token, { content }))).toEqual([400, "MEDIA_ASSET_WAITING_UPLOAD"]);
    await putFile(uploadUrl, png, bearer(token));
    expect(codeOf(await post(token, { content }))).toEqual([400, "MEDIA_ASSET_WAITING_UPLOAD"]);
    expect(await sandbox.effects("linkedin")).toEqual([]);
    await sandbox.advanceClock(60_000);
    expect((await post(token, { content })).status).toBe(201);
  });

  test("that fails is refused, or makes a post nobody sees where early ones are taken", async () => {
    await own({ processingMs: 60_000, processingError: "Broken", acceptsEarlyImages: true });
    const token = await signIn();
    const { image, uploadUrl } = uploadOf(await begin("image", token));
    await putFile(uploadUrl, png, bearer(token));
    const content = { media: { id: image } };
    const early = await post(token, { content });
    expect([early.status, early.headers.get("x-restli-id")]).toEqual([
      201,
      expect.stringMatching(/^urn:li:/),
    ]);
    await sandbox.advanceClock(60_000);
    expect((await status("image", image, token)).body).toMatchObject({ status: "PROCESSING_FAILED" });
    expect(codeOf(await post(token, { content }))).toEqual([400, "MEDIA_ASSET_PROCESSING_FAILED"]);
    expect(await sandbox.effects("linkedin")).toEqual([]);
  });

  test("taken early is seen when it is a good one", async () => {
    await own({ processingMs: 60_000, acceptsEarlyImages: true });
    const token = await signIn();
    const { image, uploadUrl } = uploadOf(await begin("image", token));
    await putFile(uploadUrl, png, bearer(token));
    expect((await post(token, { content: { media: { id: image } } })).status).toBe(201);
    expect(await sandbox.effects("linkedin")).toMatchObject([{ media: [{ sha256: sha256(png) }] }]);
  });

  test.each<[string, () => Promise<Buffer> | Buffer, number]>([
    ["a WebP", () => picture("webp", { width: 64, height: 64 }), 415],
    ["a document", pdf, 415],
    ["nothing at all", () => Buffer.alloc(0), 400],
  ])("cannot be %s", async (_what, file, wanted) => {
    const token = await signIn();
    const { image, uploadUrl } = uploadOf(await begin("image", token));
    expect((await putFile(uploadUrl, await file(), bearer(token))).status).toBe(wanted);
    expect((await status("image", image, token)).body).toMatchObject({ status: "WAITING_UPLOAD" });
  });

  test.each<[string, () => Promise<Buffer> | Buffer, string]>([
    ["36,152,320 pixels", () => pngOf(5_120, 7_061), "PROCESSING_FAILED"],
    ["a row less", () => pngOf(5_120, 7_060), "AVAILABLE"],
    ["251 frames", () => animation({ width: 4, height: 4, frames: 251 }), "PROCESSING_FAILED"],
    ["250 frames", () => animation({ width: 4, height: 4, frames: 250 }), "AVAILABLE"],
  ])("with %s ends as it must", async (_what, file, end) => {
    const token = await signIn();
    const { image, uploadUrl } = uploadOf(await begin("image", token));
    expect((await putFile(uploadUrl, await file(), bearer(token))).status).toBe(201);
    expect(await settled("image", image, token)).toBe(end);
  });

  test("is not taken without the owner's token, at another address, or too late", async () => {
    const token = await signIn();
    const { uploadUrl } = uploadOf(await begin("image", token));
    expect((await putFile(uploadUrl, png)).status).toBe(401);
    expect((await putFile(uploadUrl, png, bearer(await signIn(allScopes, "otto-klang")))).status).toBe(403);
    for (const other of [uploadUrl.split("?")[0] ?? "", `${uploadUrl}x`]) {
      expect((await putFile(other, png, bearer(token))).status).toBe(404);
    }
    await sandbox.advanceClock(86_400_000);
    expect(codeOf(await putFile(uploadUrl, png, bearer(token)))).toEqual([400, "EXPIRED_UPLOAD_URL"]);
  });

  test("cannot be asked about by a token for members only, unless LinkedIn lets it", async () => {
    const token = await signIn(memberScopes);
    const { image } = uploadOf(await begin("image", token));
    const refused = await status("image", image, token);
    expect(refused).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining("Accessing this image resource is forbidden") },
    });
    await own({ memberMayAsk: "images" });
    expect((await status("image", image, token)).status).toBe(200);
  });
});

test("a file belongs to its owner: nobody else posts it, and no organization its member's", async () => {
  const token = await signIn(allScopes, "celeste-chime");
  const mine = await uploaded("image", token, png, celeste);
  const theirs = await uploaded("image", token, png, cafe);
  const stranger = await signIn();
  const forbidden = { status: 403, body: { message: "Accessing this image resource is forbidden" } };
  for (const [who, author, id] of [
    [stranger, ada, mine],
    [token, cafe, mine],
    [token, celeste, theirs],
  ] as const) {
    expect(await post(who, { author, content: { media: { id } } })).toMatchObject(forbidden);
  }
  expect(await sandbox.effects("linkedin")).toEqual([]);
  expect((await post(token, { author: cafe, content: { media: { id: theirs } } })).status).toBe(201);
  const [made] = await sandbox.effects("linkedin");
  const read = await api("GET", `/rest/posts/${encodeURIComponent(made?.id ?? "")}`, token);
  expect(read.body).toMatchObject({ author: cafe, content: { media: { id: theirs } } });
});

describe("a document", () => {
  test.each([
    ["PDF", pdf()],
    ["DOCX or PPTX", Buffer.from("504b0304140006000800", "hex")],
    ["DOC or PPT", Buffer.from("d0cf11e0a1b11ae10000", "hex")],
  ])("may be a %s, and needs a title", async (_what, file) => {
    const token = await signIn();
    const id = await uploaded("document", token, file);
    expect(codeOf(await post(token, { content: { media: { id } } }))).toEqual([400, "MISSING_FIELD"]);
    const spoken = { media: { id, title: "Methods", altText: "A list" } };
    expect(codeOf(await post(token, { content: spoken }))).toEqual([400, "INVALID_VALUE_FOR_FIELD"]);
    expect((await post(token, { content: { media: { id, title: "Methods" } } })).status).toBe(201);
    expect(await sandbox.effects("linkedin")).toMatchObject([
      { media: [{ sha256: sha256(file), alt: null }], details: { title: "Methods" } },
    ]);
  });

  test("may not be too large, of another kind, or of 301 pages", async () => {
    await own({ maxDocumentBytes: 100_000 });
    const token = await signIn();
    const { document, uploadUrl } = uploadOf(await begin("document", token));
    const large = Buffer.concat([pdf(), Buffer.alloc(100_001)]);
    expect((await putFile(uploadUrl, large, bearer(token))).status).toBe(413);
    expect((await putFile(uploadUrl, png, bearer(token))).status).toBe(415);
    const pages = (count: number) =>
      Buffer.from(`%PDF-1.4\n<</Type/Pages>>${"<</Type /Page>>\n".repeat(count)}`);
    expect((await putFile(uploadUrl, pages(301), bearer(token))).status).toBe(201);
    expect(await settled("document", document, token)).toBe("PROCESSING_FAILED");
    await uploaded("document", token, pages(300));
  });
});

describe("a video", () => {
  test("goes up in parts of 4 MB without a token, is put together by ETags, and is seen whole", async () => {
    const token = await signIn(memberScopes);
    const long = await video({ seconds: 10, bytes: 2 * part + 10 });
    const begun = await beginVideo(token, long.byteLength);
    expect(begun.uploadInstructions.map(({ firstByte, lastByte }) => [firstByte, lastByte])).toEqual([
      [0, part - 1],
      [part, 2 * part - 1],
      [2 * part, long.byteLength - 1],
    ]);
    expect((await status("video", begun.video, token)).body).toMatchObject({ status: "WAITING_UPLOAD" });
    const etags = await putParts(begun, long);
    const early = await post(token, { content: { media: { id: begun.video } } });
    expect(codeOf(early)).toEqual([400, "MEDIA_ASSET_WAITING_UPLOAD"]);
    expect((await finalize(token, begun, etags)).status).toBe(200);
    await available("video", begun.video, token);
    const content = { media: { id: begun.video, title: "Ringing" } };
    expect((await post(token, { content, visibility: "CONNECTIONS" })).status).toBe(201);
    expect(await sandbox.effects("linkedin")).toMatchObject([
      {
        media: [{ sha256: sha256(long), mime: "video/mp4", bytes: long.byteLength, alt: null }],
        details: { visibility: "CONNECTIONS", title: "Ringing" },
      },
    ]);
  });

  test("is put together only from what was given: the ETags bare and in order, the token echoed", async () => {
    const token = await signIn();
    const long = await video({ seconds: 5, bytes: part + 1_000 });
    const begun = await beginVideo(token, long.byteLength);
    const etags = await putParts(begun, long);
    const quoted = etags.map((etag) => `"${etag}"`);
    for (const wrong of [etags.toReversed(), etags.slice(1), quoted, []]) {
      expect(codeOf(await finalize(token, begun, wrong))).toEqual([400, "INVALID_VALUE_FOR_FIELD"]);
    }
    const other = await finalize(token, { ...begun, uploadToken: "another" }, etags);
    expect(codeOf(other)).toEqual([400, "INVALID_VALUE_FOR_FIELD"]);
    const stranger = await signIn(allScopes, "otto-klang");
    expect((await finalize(stranger, begun, etags)).status).toBe(403);
    expect((await finalize(token, begun, etags)).status).toBe(200);
  });

  test("does not come together while a part is missing", async () => {
    const token = await signIn();
    const begun = await beginVideo(token, film.byteLength);
    expect((await finalize(token, begun, [""])).status).toBe(400);
    expect((await status("video", begun.video, token)).body).toMatchObject({ status: "WAITING_UPLOAD" });
  });

  test.each<[string, Change, number, number]>([
    ["a token", { authorization: "Bearer x" }, 0, 400],
    ["another content type", { "content-type": "video/mp4" }, 0, 415],
    ["a byte too few", {}, -1, 400],
    ["a byte too many", {}, 1, 413],
  ])("takes no part with %s", async (_what, headers, more, wanted) => {
    const begun = await beginVideo(await signIn(), film.byteLength);
    const bytes = Buffer.concat([film, Buffer.alloc(1)]).subarray(0, film.byteLength + more);
    const [only] = begun.uploadInstructions;
    const put = await putFile(only?.uploadUrl ?? "", bytes, merged(octets, headers));
    expect([put.status, put.headers.get("etag")]).toEqual([wanted, null]);
  });

  test.each([
    [76_799, 400],
    [76_800, 200],
    [500_000_000, 200],
    [500_000_001, 400],
    [0.5, 400],
  ])("of %d bytes is answered with %d when it is announced", async (fileSizeBytes, wanted) => {
    const token = await signIn();
    const request = { owner: ada, fileSizeBytes, uploadCaptions: false, uploadThumbnail: false };
    expect((await action("videos", "initializeUpload", token, request)).status).toBe(wanted);
  });

  test.each<[string, () => Promise<Buffer>]>([
    ["of 2 seconds", () => video({ seconds: 2, bytes: 120_000 })],
    ["of 31 minutes", () => video({ seconds: 1_860, bytes: 120_000 })],
    ["that is a QuickTime film", async () => withBrand(film, "qt  ")],
    ["that is no film", async () => Buffer.alloc(120_000, 1)],
  ])("%s fails in processing, and the status says why", async (_what, make) => {
    const token = await signIn();
    const file = await make();
    const begun = await beginVideo(token, file.byteLength);
    await finalize(token, begun, await putParts(begun, file));
    expect(await settled("video", begun.video, token)).toBe("PROCESSING_FAILED");
    const { body } = await status("video", begun.video, token);
    expect(body["processingFailureReason"]).toMatch(/^The video/);
    const refused = await post(token, { content: { media: { id: begun.video } } });
    expect(codeOf(refused)).toEqual([400, "MEDIA_ASSET_PROCESSING_FAILED"]);
  });

  test("may come with an empty upload token", async () => {
    await own({ uploadTokens: false });
    const token = await signIn();
    const begun = await beginVideo(token, film.byteLength);
    expect(begun.uploadToken).toBe("");
    expect((await finalize(token, begun, await putParts(begun, film))).status).toBe(200);
  });
});

test("a link carries a thumbnail, which is ready and the author's", async () => {
  const token = await signIn();
  const source = "https://bells.example/";
  const { image } = uploadOf(await begin("image", token));
  const article = { source, title: "Bells", description: "All of them", thumbnail: image };
  const early = await post(token, { content: { article } });
  expect(codeOf(early)).toEqual([400, "MEDIA_ASSET_WAITING_UPLOAD"]);
  const thumbnail = await uploaded("image", token, png);
  expect((await post(token, { content: { article: { ...article, thumbnail } } })).status).toBe(201);
  expect(await sandbox.effects("linkedin")).toMatchObject([
    {
      link: source,
      media: [],
      details: {
        article: {
          title: "Bells",
          description: "All of them",
          thumbnail: { urn: thumbnail, sha256: sha256(png) },
        },
      },
    },
  ]);
  const film = { ...article, thumbnail: "urn:li:video:1" };
  expect(codeOf(await post(token, { content: { article: film } }))).toEqual([400, "INVALID_URN_TYPE"]);
});

describe("a poll", () => {
  test("is seen with its question, its options and how long it runs", async () => {
    const token = await signIn();
    expect((await post(token, { content: { poll } })).status).toBe(201);
    expect(await sandbox.effects("linkedin")).toMatchObject([{ media: [], details: { poll } }]);
  });

  test.each<[string, Body, number, string | undefined]>([
    ["no question", { question: "" }, 400, "MISSING_FIELD"],
    ["a question of 141", { question: "q".repeat(141) }, 400, "FIELD_LENGTH_TOO_LONG"],
    ["one option", { options: [{ text: "a" }] }, 400, "INVALID_VALUE_FOR_FIELD"],
    ["five options", { options: [..."abcde"].map((text) => ({ text })) }, 400, "INVALID_VALUE_FOR_FIELD"],
    ["an empty option", { options: [{ text: "a" }, { text: "" }] }, 400, "MISSING_FIELD"],
    ["an option of 31", { options: [{ text: "a" }, { text: "b".repeat(31) }] }, 400, "FIELD_LENGTH_TOO_LONG"],
    ["plain options", { options: ["a", "b"] }, 400, "INVALID_VALUE_FOR_FIELD"],
    ["two days", { settings: { duration: "TWO_DAYS" } }, 400, "INVALID_VALUE_FOR_FIELD"],
    ["no end", { settings: {} }, 400, "MISSING_FIELD"],
    ["an unknown field", { votes: 3 }, 422, undefined],
  ])("with %s is refused", async (_what, change, wanted, code) => {
    const refused = await post(await signIn(), { content: { poll: { ...poll, ...change } } });
    expect(codeOf(refused)).toEqual([wanted, code]);
    expect(await sandbox.effects("linkedin")).toEqual([]);
  });

  test("may have 140 and 30 characters, four options, and every known end", async () => {
    const token = await signIn();
    const options = [..."abcd"].map((text) => ({ text: text.repeat(30) }));
    for (const duration of ["ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"]) {
      const asked = { question: "q".repeat(140), options, settings: { duration } };
      expect((await post(token, { content: { poll: asked } })).status).toBe(201);
    }
  });
});

test.each<[string, Body, number, string | undefined]>([
  ["a file and a poll", { media: { id: "urn:li:image:1" }, poll }, 400, "INVALID_VALUE_FOR_FIELD"],
  ["a carousel", { carousel: {} }, 400, "INVALID_VALUE_FOR_FIELD"],
  ["no id", { media: { altText: "x" } }, 400, "MISSING_FIELD"],
  ["a person for a picture", { media: { id: ada } }, 400, "INVALID_URN_TYPE"],
  ["a malformed id", { media: { id: "urn:li:image:a b" } }, 400, "INVALID_URN_ID"],
  ["an unknown file", { media: { id: "urn:li:video:1" } }, 400, "INVALID_VALUE_FOR_FIELD"],
  ["an unknown field", { media: { id: "urn:li:image:1", caption: "x" } }, 422, undefined],
  [
    "4,087 characters about a picture",
    { media: { id: "urn:li:image:1", altText: "x".repeat(4_087) } },
    400,
    "FIELD_LENGTH_TOO_LONG",
  ],
  [
    "a video among pictures",
    { multiImage: { images: [{ id: "urn:li:image:1" }, { id: "urn:li:video:1" }] } },
    400,
    "INVALID_URN_TYPE",
  ],
])("a post with %s is refused", async (_what, content, wanted, code) => {
  expect(codeOf(await post(await signIn(), { content }))).toEqual([wanted, code]);
  expect(await sandbox.effects("linkedin")).toEqual([]);
});

describe("an upload", () => {
  test.each<[string, Body, number]>([
    ["no owner", {}, 400],
    ["an owner who is no URN", { owner: "ada" }, 400],
    ["a stranger's owner", { owner: cafe }, 403],
    ["an unknown field", { owner: ada, size: 1 }, 422],
  ])("is not begun with %s", async (_what, request, wanted) => {
    const token = await signIn();
    for (const resource of ["images", "documents", "videos"]) {
      const sized = resource === "videos" ? { fileSizeBytes: 100_000 } : {};
      const refused = await action(resource, "initializeUpload", token, { ...sized, ...request });
      expect(refused.status).toBe(wanted);
    }
  });

  test("is not begun without the scope, the headers or the action", async () => {
    const reader = await signIn("openid profile");
    expect((await begin("image", reader)).status).toBe(403);
    const token = await signIn();
    const body = JSON.stringify({ initializeUploadRequest: { owner: ada } });
    const begun = (query: string, headers: Change) =>
      api("POST", `/rest/images${query}`, token, { "content-type": "application/json", ...headers }, body);
    expect((await begun("?action=initializeUpload", { "linkedin-version": "202401" })).status).toBe(426);
    expect((await begun("?action=initializeUpload", { "content-type": "text/plain" })).status).toBe(400);
    expect((await begun("?action=finalizeUpload", {})).status).toBe(400);
    expect((await begun("", {})).status).toBe(400);
    expect((await begun("?action=initializeUpload", {})).status).toBe(200);
  });

  test("counts in the day's requests, the file itself does not", async () => {
    await own({ memberDailyLimit: 2 });
    const token = await signIn();
    const { image, uploadUrl } = uploadOf(await begin("image", token));
    await putFile(uploadUrl, png, bearer(token));
    expect((await status("image", image, token)).status).toBe(200);
    expect((await post(token, { content: { media: { id: image } } })).status).toBe(429);
  });

  test.each(["initialize_image", "upload_image", "image_status"])("can fail at %s", async (operation) => {
    await sandbox.fault({ platform: "linkedin", operation, kind: "status", status: 503, times: 1 });
    const token = await signIn();
    const begun = await begin("image", token);
    if (operation === "initialize_image") return expect(begun.status).toBe(503);
    const { image, uploadUrl } = uploadOf(begun);
    const put = await putFile(uploadUrl, png, bearer(token));
    if (operation === "upload_image") return expect(put.status).toBe(503);
    expect((await status("image", image, token)).status).toBe(503);
  });

  test("is asked about by its encoded URN, by its owner", async () => {
    const token = await signIn();
    const { image } = uploadOf(await begin("image", token));
    expect((await api("GET", `/rest/images/${image}`, token)).status).toBe(400);
    expect((await status("document", image, token)).status).toBe(400);
    expect((await status("image", "urn:li:image:none", token)).status).toBe(404);
    expect((await status("image", image, await signIn(allScopes, "otto-klang"))).status).toBe(403);
  });
});

function own(knobs: Record<string, string | number | boolean>) {
  return sandbox.settings({ platform: "linkedin", own: knobs });
}

async function signIn(scope = allScopes, person = "adabell"): Promise<string> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: "sandbox-linkedin",
    redirect_uri: redirectUri,
    scope,
  });
  const authorizeUrl = `${sandbox.url}/www.linkedin.com/oauth/v2/authorization?${query}`.replaceAll(
    "+",
    "%20",
  );
  const back = await sandbox.consent({ authorizeUrl, person });
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code: back.searchParams.get("code") ?? "",
    redirect_uri: redirectUri,
    client_id: "sandbox-linkedin",
    client_secret: "CNRY_secret_linkedin",
  });
  const bought = await send("POST", `${sandbox.url}/www.linkedin.com/oauth/v2/accessToken`, { body });
  expect(bought.status).toBe(200);
  return String(bought.body["access_token"]);
}

function begin(kind: Kind, token: string, owner = ada): Promise<Reply> {
  return action(`${kind}s`, "initializeUpload", token, { owner });
}

async function beginVideo(token: string, fileSizeBytes: number): Promise<Begun> {
  const request = { owner: ada, fileSizeBytes, uploadCaptions: false, uploadThumbnail: false };
  const { status: answered, body } = await action("videos", "initializeUpload", token, request);
  expect(answered).toBe(200);
  return body["value"] as Begun;
}

/** Sends every part; answers with the ETags as they are to be given back. */
async function putParts({ uploadInstructions }: Begun, file: Buffer): Promise<string[]> {
  const etags: string[] = [];
  for (const { uploadUrl, firstByte, lastByte } of uploadInstructions) {
    expect(uploadUrl).not.toContain("www.linkedin.com");
    const put = await putFile(uploadUrl, file.subarray(firstByte, lastByte + 1), octets);
    expect([put.status, put.headers.get("etag")]).toEqual([200, expect.stringMatching(/^".+"$/)]);
    etags.push((put.headers.get("etag") ?? "").replaceAll('"', ""));
  }
  return etags;
}

function finalize(token: string, { video: urn, uploadToken }: Begun, etags: string[]): Promise<Reply> {
  return action("videos", "finalizeUpload", token, { video: urn, uploadToken, uploadedPartIds: etags });
}

/** A file that is ready to be posted. */
async function uploaded(kind: Kind, token: string, file: Buffer, owner = ada): Promise<string> {
  const value = uploadOf(await begin(kind, token, owner));
  expect((await putFile(value.uploadUrl, file, bearer(token))).status).toBe(201);
  await available(kind, value[kind], token);
  return value[kind];
}

async function available(kind: Kind | "video", urn: string, token: string): Promise<void> {
  expect(await settled(kind, urn, token)).toBe("AVAILABLE");
}

/** The status once it is no longer in processing. */
function settled(kind: Kind | "video", urn: string, token: string): Promise<string> {
  return waitUntil(
    async () => {
      const { body } = await status(kind, urn, token);
      return body["status"] === "PROCESSING" ? null : String(body["status"]);
    },
    { withinMs: 30_000, otherwise: `${urn} stayed in processing.` },
  );
}

function status(kind: Kind | "video", urn: string, token: string): Promise<Reply> {
  return api("GET", `/rest/${kind}s/${encodeURIComponent(urn)}`, token);
}

function action(resource: string, name: string, token: string, request: Body): Promise<Reply> {
  const body = JSON.stringify({ [`${name}Request`]: request });
  const headers = { "content-type": "application/json" };
  return api("POST", `/rest/${resource}?action=${name}`, token, headers, body);
}

function post(token: string, change: Body): Promise<Reply> {
  const body = {
    author: ada,
    commentary: "Ding dong",
    visibility: "PUBLIC",
    distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
    lifecycleState: "PUBLISHED",
    isReshareDisabledByAuthor: false,
    ...change,
  };
  return api("POST", "/rest/posts", token, { "content-type": "application/json" }, JSON.stringify(body));
}

function api(
  method: string,
  path: string,
  token: string,
  change: Change = {},
  body?: string,
): Promise<Reply> {
  const rest = { "linkedin-version": "202609", "x-restli-protocol-version": "2.0.0", ...bearer(token) };
  const headers = merged(rest, change);
  return send(method, `${sandbox.url}/api.linkedin.com${path}`, {
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

function putFile(url: string, bytes: Buffer, headers: Record<string, string> = {}): Promise<Reply> {
  return send("PUT", url, { headers, body: new Uint8Array(bytes) });
}

async function send(method: string, address: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(address, { method, ...init });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Body,
  };
}

function uploadOf({ body }: Reply): { uploadUrl: string } & Record<Kind, string> {
  return body["value"] as { uploadUrl: string } & Record<Kind, string>;
}

function codeOf({ status: answered, body }: Reply): [number, unknown] {
  return [answered, body["code"]];
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** `base` with the changes laid over it; null takes a field away. */
function merged(base: Record<string, string>, change: Change): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...base, ...change }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The head of a PNG, which is all that is looked at: millions of pixels for no work. */
function pngOf(width: number, height: number): Buffer {
  const head = Buffer.from("89504e470d0a1a0a0000000d4948445200000000000000000806000000000000", "hex");
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head;
}

function withBrand(file: Buffer, brand: string): Buffer {
  const copy = Buffer.from(file);
  copy.write(brand, 8, "latin1");
  return copy;
}
