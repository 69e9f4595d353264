/** Files, galleries and polls on the simulated Reddit, over HTTP: the lease, the storage, the post and its finding. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { animation, picture, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Body = Record<string, unknown>;
type Reply = { status: number; headers: Headers; body: Body };
type Fields = Record<string, string>;
type Field = { name: string; value: string };
type Lease = {
  args: { action: string; fields: Field[] };
  asset: { asset_id: string; websocket_url: string | null };
};
type Stored = { status: number; xml: string };
type Uploaded = { id: string; url: string; location: string };
type Item = { media_id: string; caption?: string; outbound_url?: string };

const appOrigin = "http://127.0.0.1:3000";
const redirectUri = `${appOrigin}/api/oauth/reddit/callback`;
const agent = "web:carillon-tests:1.0 (by /u/adabell)";
const allScopes = "identity submit read flair edit history";
const storage = "reddit-uploaded-media.s3-accelerate.amazonaws.com";
const words = { sr: "bellpics", title: "Bells" };
const poll = { ...words, text: "", options: ["Tenor", "Treble"], duration: 3 };

let sandbox: RunningSandbox;
let png: Buffer;
let film: Buffer;

beforeAll(async () => {
  [sandbox, png, film] = await Promise.all([
    startSandbox({ appOrigin }),
    picture("png", { width: 640, height: 480 }),
    video({ seconds: 3 }),
  ]);
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.reset());

describe("a lease", () => {
  test("names a storage without a scheme, the fields of its form, and the asset", async () => {
    const token = await signIn();
    const { status, body } = await lease(token, { filepath: "a.png", mimetype: "image/png" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      args: { action: `//${storage}` },
      asset: { processing_state: "incomplete", payload: { filepath: "a.png" } },
    });
    const { args, asset } = body as Lease;
    expect(asset.asset_id).toMatch(/^[0-9a-z]+$/);
    expect(args.fields.map(({ name }) => name)).toEqual(expect.arrayContaining(["key", "policy"]));
    expect(args.fields).toContainEqual({ name: "content-type", value: "image/png" });
  });

  test.each<[string, Fields]>([
    ["no name", { mimetype: "image/png" }],
    ["no type", { filepath: "a.png" }],
    ["a document", { filepath: "a.pdf", mimetype: "application/pdf" }],
    ["an unknown field", { filepath: "a.png", mimetype: "image/png", upload_type: "gallery" }],
  ])("is not given for %s", async (_what, fields) => {
    const refused = await lease(await signIn(), fields);
    expect([refused.status, refused.body["message"]]).toEqual([400, "Bad Request"]);
  });

  test("needs the scope submit, and a form", async () => {
    const fields = { filepath: "a.png", mimetype: "image/png" };
    const reader = await signIn("adabell", "identity read");
    expect((await lease(reader, fields)).status).toBe(403);
    expect((await jsonCall("/api/media/asset.json", await signIn(), fields)).status).toBe(400);
  });
});

describe("the storage", () => {
  test("takes the leased fields and then the file, and says where it lies", async () => {
    const token = await signIn();
    const given = await leased(token);
    const { status, xml } = await store(given, formOf(given.args.fields, png));
    expect(status).toBe(201);
    const key = valueOfField(given, "key");
    expect(between(xml, "Key")).toBe(key);
    expect(between(xml, "Location")).toBe(`https:${given.args.action}/${encodeURIComponent(key)}`);
  });

  test.each<[string, (fields: Field[]) => FormData, number, string]>([
    ["the file before its fields", (fields) => fileFirst(fields), 403, "AccessDenied"],
    ["a field too few", (fields) => formOf(fields.slice(0, -1), png), 403, "AccessDenied"],
    ["a field too many", (fields) => formOf([...fields, field("x", "y")], png), 403, "AccessDenied"],
    ["a field doubled for another", (fields) => formOf(doubled(fields), png), 403, "AccessDenied"],
    ["another policy", (fields) => formOf(fields.map(forged), png), 403, "AccessDenied"],
    ["no file", (fields) => formOf(fields, null), 400, "InvalidArgument"],
  ])("refuses %s, in XML", async (_what, form, wanted, code) => {
    const token = await signIn();
    const given = await leased(token);
    const { status, xml } = await store(given, form(given.args.fields));
    expect([status, between(xml, "Code")]).toEqual([wanted, code]);
    const refused = await submit(token, { ...words, kind: "image", url: urlOf(given) });
    expect(errorsIn(refused)).toEqual([["BAD_URL", "url"]]);
  });

  test("ignores what follows the file", async () => {
    const given = await leased(await signIn());
    const form = formOf(given.args.fields, png);
    form.append("Submit", "Upload");
    expect((await store(given, form)).status).toBe(201);
  });

  test("takes no token, and nothing but a form of parts", async () => {
    const token = await signIn();
    const given = await leased(token);
    const form = formOf(given.args.fields, png);
    const signed = await store(given, form, { authorization: `Bearer ${token}` });
    expect([signed.status, between(signed.xml, "Code")]).toEqual([400, "InvalidArgument"]);
    const flat = await store(given, new URLSearchParams({ key: valueOfField(given, "key") }));
    expect([flat.status, between(flat.xml, "Code")]).toEqual([400, "MalformedPOSTRequest"]);
  });

  test.each<[string, string, () => Promise<Buffer>]>([
    ["maxImageBytes", "image/png", async () => png],
    ["maxGifBytes", "image/gif", () => animation()],
    ["maxVideoBytes", "video/mp4", async () => film],
  ])("stops at %s, and names both sizes", async (knob, mimetype, make) => {
    const file = await make();
    const token = await signIn();
    const given = await leased(token, mimetype);
    await own({ [knob]: file.byteLength - 1 });
    const { status, xml } = await store(given, formOf(given.args.fields, file));
    expect([status, between(xml, "Code")]).toEqual([400, "EntityTooLarge"]);
    expect(between(xml, "ProposedSize")).toBe(String(file.byteLength));
    expect(between(xml, "MaxSizeAllowed")).toBe(String(file.byteLength - 1));
    await own({ [knob]: file.byteLength });
    expect((await store(given, formOf(given.args.fields, file))).status).toBe(201);
  });

  test("fails in its own language", async () => {
    const given = await leased(await signIn());
    await sandbox.fault({ platform: "reddit", operation: "upload", kind: "status", status: 503, times: 1 });
    const { status, xml } = await store(given, formOf(given.args.fields, png));
    expect([status, between(xml, "Code")]).toEqual([503, "ServiceUnavailable"]);
  });
});

describe("a picture", () => {
  test("is answered without an id, and is found among one's posts once it is processed", async () => {
    await own({ processingMs: 60_000 });
    const token = await signIn();
    const { url } = await upload(token, "image/png", png);
    const fields = {
      ...words,
      kind: "image",
      url,
      text: "From the **tower**",
      nsfw: "true",
      spoiler: "true",
    };
    const { status, body } = await submit(token, fields);
    expect([status, body]).toEqual([
      200,
      {
        json: {
          errors: [],
          data: {
            user_submitted_page: expect.stringContaining("/user/adabell/submitted"),
            websocket_url: expect.stringMatching(/^ws:.*k8s-lb\.wss\.redditmedia\.com/),
          },
        },
      },
    ]);
    expect(await listed(token)).toEqual([]);
    const [made] = await sandbox.effects("reddit");
    expect((await infoOf(token, `t3_${made?.id}`)).length).toBe(0);
    await sandbox.advanceClock(60_000);
    const [post] = await listed(token);
    expect(post).toMatchObject({
      name: `t3_${made?.id}`,
      title: "Bells",
      subreddit: "bellpics",
      is_self: false,
      over_18: true,
      spoiler: true,
      domain: "i.redd.it",
    });
    expect((await infoOf(token, `t3_${made?.id}`)).length).toBe(1);
    const shown = Buffer.from(await (await fetch(String(post?.["url"]))).arrayBuffer());
    expect(sha256(shown)).toBe(sha256(png));
    expect(await sandbox.effects("reddit")).toMatchObject([
      {
        text: "From the **tower**",
        link: null,
        media: [{ sha256: sha256(png), mime: "image/png", width: 640, height: 480, alt: null }],
        details: { kind: "image", over_18: true, spoiler: true },
      },
    ]);
  });

  test("may be named by the storage's own location, and may move", async () => {
    const token = await signIn();
    const gif = await animation();
    const { location } = await upload(token, "image/gif", gif);
    await accepted(submit(token, { ...words, kind: "image", url: location }));
    expect(await found(token, 1)).toMatchObject([{ title: "Bells" }]);
    expect(await sandbox.effects("reddit")).toMatchObject([{ media: [{ sha256: sha256(gif) }] }]);
  });

  test("may be answered without a socket", async () => {
    await own({ websocketUrl: false });
    const token = await signIn();
    const { url } = await upload(token, "image/png", png);
    const { body } = await submit(token, { ...words, kind: "image", url });
    expect(body).toMatchObject({ json: { data: { websocket_url: null } } });
  });

  test.each<[string, string, () => Promise<Buffer> | Buffer]>([
    [
      "that is another thing than it was said to be",
      "image/png",
      () => Buffer.from("%PDF-1.4 not a picture at all"),
    ],
    ["that is a film", "image/png", () => film],
    ["that moves without having said so", "image/png", () => animation()],
  ])("%s is taken, and never becomes a post", async (_what, mimetype, make) => {
    const token = await signIn();
    const { url } = await upload(token, mimetype, await make());
    await accepted(submit(token, { ...words, kind: "image", url }));
    await sandbox.advanceClock(3_600_000);
    expect(await listed(token)).toEqual([]);
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("never becomes a post when processing fails", async () => {
    await own({ mediaFails: true });
    const token = await signIn();
    const { url } = await upload(token, "image/png", png);
    await accepted(submit(token, { ...words, kind: "image", url }));
    await sandbox.advanceClock(3_600_000);
    expect(await listed(token)).toEqual([]);
  });

  test("belongs to who uploaded it, and must be there", async () => {
    const token = await signIn();
    const other = await signIn("chimecafe");
    const { url } = await upload(other, "image/png", png);
    const clip = await upload(token, "video/mp4", film);
    for (const [wrong, code] of [
      [url, "BAD_URL"],
      [clip.url, "BAD_URL"],
      ["https://i.example/a.png", "BAD_URL"],
      ["", "NO_URL"],
    ] as const) {
      const refused = await submit(token, { ...words, kind: "image", url: wrong });
      expect(errorsIn(refused)).toEqual([[code, "url"]]);
    }
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("has no still picture of its own", async () => {
    const token = await signIn();
    const { url } = await upload(token, "image/png", png);
    expect((await submit(token, { ...words, kind: "image", url, video_poster_url: url })).status).toBe(400);
  });
});

describe("a film", () => {
  test.each([["video"], ["videogif"]])("of kind %s comes with a still picture", async (kind) => {
    const token = await signIn();
    const clip = await upload(token, "video/mp4", film);
    const still = await upload(token, "image/png", png);
    await accepted(submit(token, { ...words, kind, url: clip.url, video_poster_url: still.url }));
    expect(await found(token, 1)).toMatchObject([{ title: "Bells", domain: "v.redd.it" }]);
    expect(await sandbox.effects("reddit")).toMatchObject([
      {
        media: [{ sha256: sha256(film), mime: "video/mp4", durationMs: 3_000 }],
        details: { kind, poster: { sha256: sha256(png) } },
      },
    ]);
  });

  test("is refused without one, or with a film for one", async () => {
    const token = await signIn();
    const { url } = await upload(token, "video/mp4", film);
    const still = await upload(token, "image/png", png);
    const say = async (fields: Fields) =>
      errorsIn(await submit(token, { ...words, kind: "video", ...fields }));
    expect(await say({ url })).toEqual([["NO_URL", "video_poster_url"]]);
    expect(await say({ url, video_poster_url: url })).toEqual([["BAD_URL", "video_poster_url"]]);
    expect(await say({ url: still.url, video_poster_url: still.url })).toEqual([["BAD_URL", "url"]]);
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("longer than a quarter of an hour never becomes a post", async () => {
    const token = await signIn();
    const still = await upload(token, "image/png", png);
    for (const seconds of [900, 901]) {
      const clip = await upload(token, "video/mp4", await video({ seconds, width: 64, height: 64 }));
      await accepted(
        submit(token, {
          ...words,
          title: String(seconds),
          kind: "video",
          url: clip.url,
          video_poster_url: still.url,
        }),
      );
    }
    expect(await found(token, 1)).toMatchObject([{ title: "900" }]);
    expect(await sandbox.effects("reddit")).toHaveLength(1);
  });
});

describe("a gallery", () => {
  test("keeps the order, the captions and the links, and is answered with its full name", async () => {
    const token = await signIn();
    const jpeg = await picture("jpeg", { width: 90, height: 60 });
    const first = await upload(token, "image/jpeg", jpeg);
    const second = await upload(token, "image/png", png);
    const { status, body } = await gallery(token, [
      { media_id: second.id, caption: "The tower", outbound_url: "https://bells.example/" },
      { media_id: first.id },
    ]);
    const [made] = await sandbox.effects("reddit");
    expect([status, body]).toEqual([
      200,
      {
        json: { errors: [], data: { id: `t3_${made?.id}`, url: expect.stringContaining(String(made?.id)) } },
      },
    ]);
    expect(made).toMatchObject({
      text: "Bells",
      media: [
        { sha256: sha256(png), alt: "The tower" },
        { sha256: sha256(jpeg), alt: null },
      ],
      details: { kind: "gallery", items: [{ outbound_url: "https://bells.example/" }, { caption: "" }] },
    });
    expect(await listed(token)).toMatchObject([
      { name: `t3_${made?.id}`, is_self: false, domain: "reddit.com" },
    ]);
  });

  test("has two to twenty pictures", async () => {
    const token = await signIn();
    const { id } = await upload(token, "image/png", png);
    const of = (count: number) =>
      gallery(
        token,
        Array.from({ length: count }, () => ({ media_id: id })),
      );
    expect(errorsIn(await of(1))).toEqual([["TOO_SHORT", "items"]]);
    expect(errorsIn(await of(21))).toEqual([["TOO_LONG", "items"]]);
    expect(await sandbox.effects("reddit")).toEqual([]);
    for (const count of [2, 20]) expect(errorsIn(await of(count))).toEqual([]);
    expect((await sandbox.effects("reddit")).map(({ media }) => media.length)).toEqual([2, 20]);
  });

  test("has pictures that are one's own and good, and captions of up to 180", async () => {
    const token = await signIn();
    const good = { media_id: (await upload(token, "image/png", png)).id };
    const theirs = { media_id: (await upload(await signIn("chimecafe"), "image/png", png)).id };
    const clip = { media_id: (await upload(token, "video/mp4", film)).id };
    const bad = {
      media_id: (await upload(token, "image/png", Buffer.from("no picture at all, only words"))).id,
    };
    const missing = { media_id: (await leased(token)).asset.asset_id };
    for (const item of [theirs, clip, bad, missing, { media_id: "" }]) {
      expect(errorsIn(await gallery(token, [good, item]))).toEqual([["INVALID_OPTION", "media_id"]]);
    }
    const long = { ...good, caption: "🔔".repeat(181) };
    expect(errorsIn(await gallery(token, [good, long]))).toEqual([["TOO_LONG", "caption"]]);
    const astray = { ...good, outbound_url: "bells" };
    expect(errorsIn(await gallery(token, [good, astray]))).toEqual([["BAD_URL", "outbound_url"]]);
    expect(await sandbox.effects("reddit")).toEqual([]);
    expect(errorsIn(await gallery(token, [good, { ...good, caption: "🔔".repeat(180) }]))).toEqual([]);
  });

  test.each<[string, Body]>([
    ["items that are none", { items: "abc" }],
    ["an item of another shape", { items: [{ media_id: "a", alt: "b" }, { media_id: "c" }] }],
    ["an unknown field", { items: [], kind: "gallery" }],
    ["a switch in words", { items: [], nsfw: "true" }],
    ["another kind of answer in mind", { items: [], api_type: "xml" }],
  ])("with %s is a bad request", async (_what, change) => {
    const token = await signIn();
    const refused = await jsonCall("/api/submit_gallery_post.json", token, {
      ...words,
      api_type: "json",
      ...change,
    });
    expect([refused.status, refused.body["message"]]).toEqual([400, "Bad Request"]);
  });

  test("must be JSON", async () => {
    const token = await signIn();
    const refused = await formCall("/api/submit_gallery_post.json", token, { ...words, api_type: "json" });
    expect(refused.status).toBe(400);
  });

  test.each<[string, number, Omit<Item, "media_id">, string | null]>([
    ["too few pictures", 2, { caption: "One" }, "GALLERY_MIN_ITEMS"],
    ["too many pictures", 6, { caption: "One" }, "GALLERY_MAX_ITEMS"],
    ["no captions", 3, {}, "GALLERY_CAPTION_REQUIRED"],
    ["links", 3, { caption: "One", outbound_url: "https://bells.example/" }, "GALLERY_URL_NOT_ALLOWED"],
    ["what is asked for", 3, { caption: "One" }, null],
  ])("with %s meets the community's requirements", async (_what, count, item, reason) => {
    const token = await signIn();
    const { id } = await upload(token, "image/png", png);
    const items = Array.from({ length: count }, () => ({ media_id: id, ...item }));
    const answer = await gallery(token, items, { sr: "bellalbums", validate_on_submit: true });
    expect(answer.status).toBe(reason === null ? 200 : 400);
    expect(answer.body["reason"] ?? null).toBe(reason === null ? null : `SUBMIT_VALIDATION_${reason}`);
    expect(await sandbox.effects("reddit")).toHaveLength(reason === null ? 1 : 0);
  });
});

describe("a poll", () => {
  test("keeps its options and its days, and is answered with its full name", async () => {
    const token = await signIn();
    const { status, body } = await ask(token, { text: "Say!", nsfw: true });
    const [made] = await sandbox.effects("reddit");
    expect([status, body]).toEqual([
      200,
      {
        json: { errors: [], data: { id: `t3_${made?.id}`, url: expect.stringContaining(String(made?.id)) } },
      },
    ]);
    expect(made).toMatchObject({
      text: "Say!",
      media: [],
      details: {
        kind: "poll",
        title: "Bells",
        over_18: true,
        poll: { options: ["Tenor", "Treble"], duration: 3 },
      },
    });
    expect(await listed(token)).toMatchObject([{ name: `t3_${made?.id}`, title: "Bells", is_self: true }]);
  });

  test.each<[string, Body, string[][]]>([
    ["one option", { options: ["a"] }, [["TOO_SHORT", "options"]]],
    ["seven options", { options: [..."abcdefg"] }, [["TOO_LONG", "options"]]],
    ["an empty option", { options: ["a", " "] }, [["NO_TEXT", "options"]]],
    ["no day", { duration: 0 }, [["INVALID_OPTION", "duration"]]],
    ["eight days", { duration: 8 }, [["INVALID_OPTION", "duration"]]],
    ["half a day", { duration: 1.5 }, [["INVALID_OPTION", "duration"]]],
    ["no title", { title: "" }, [["NO_TEXT", "title"]]],
  ])("with %s is refused inside a 200", async (_what, change, wanted) => {
    const answer = await ask(await signIn(), change);
    expect([answer.status, errorsIn(answer)]).toEqual([200, wanted]);
    expect(await sandbox.effects("reddit")).toEqual([]);
  });

  test("may have six options, and last one day or seven", async () => {
    const token = await signIn();
    for (const duration of [1, 7]) {
      expect(errorsIn(await ask(token, { options: [..."abcdef"], duration }))).toEqual([]);
    }
  });

  test("is read as JSON of its own shape", async () => {
    const token = await signIn();
    expect((await ask(token, { options: "a,b" })).status).toBe(400);
    expect((await ask(token, { items: [] })).status).toBe(400);
  });
});

describe("a community", () => {
  test("says what it takes", async () => {
    const token = await signIn();
    const about = async (sr: string) => (await api("GET", `/r/${sr}/about`, token)).body["data"];
    const all = { allow_images: true, allow_videos: true, allow_galleries: true, allow_polls: true };
    const none = { allow_images: false, allow_videos: false, allow_galleries: false, allow_polls: false };
    expect(await about("bellpics")).toMatchObject(all);
    expect(await about("u_adabell")).toMatchObject(all);
    expect(await about("bells")).toMatchObject(none);
    expect(await about("bellphotos")).toMatchObject({ ...none, allow_images: true });
    expect(await about("bellfilms")).toMatchObject({ ...none, allow_videos: true });
    expect(await about("bellalbums")).toMatchObject({ ...none, allow_galleries: true });
    expect(await about("bellpolls")).toMatchObject({ ...none, allow_polls: true });
    const wanted = await api("GET", "/api/v1/bellalbums/post_requirements", token);
    expect(wanted.body).toMatchObject({ gallery_min_items: 3, gallery_captions_requirement: "required" });
  });

  test("takes that and nothing else", async () => {
    const token = await signIn();
    const still = await upload(token, "image/png", png);
    const clip = await upload(token, "video/mp4", film);
    const three = Array.from({ length: 3 }, () => ({ media_id: still.id, caption: "One" }));
    const image = { ...words, kind: "image", url: still.url };
    const clipped = { ...words, kind: "video", url: clip.url, video_poster_url: still.url };
    const tries = new Map<string, (sr: string) => Promise<Reply>>([
      ["NO_IMAGES", (sr) => submit(token, { ...image, sr })],
      ["NO_VIDEOS", (sr) => submit(token, { ...clipped, sr })],
      ["GALLERIES_DISABLED", (sr) => gallery(token, three, { sr })],
      ["INVALID_OPTION", (sr) => ask(token, { sr })],
    ]);
    const takes: Record<string, string | null> = {
      bells: null,
      bellphotos: "NO_IMAGES",
      bellfilms: "NO_VIDEOS",
      bellalbums: "GALLERIES_DISABLED",
      bellpolls: "INVALID_OPTION",
    };
    for (const [sr, taken] of Object.entries(takes)) {
      for (const [code, attempt] of tries) {
        expect(errorsIn(await attempt(sr))).toEqual(code === taken ? [] : [[code, "sr"]]);
      }
    }
    expect(await sandbox.effects("reddit")).toHaveLength(4);
    for (const attempt of tries.values()) expect(errorsIn(await attempt("u_adabell"))).toEqual([]);
  });

  test("keeps strangers and banned people out with files as with words", async () => {
    const token = await signIn();
    await sandbox.settings({ platform: "reddit", people: { "1f0xad4b3l": { banned_from: ["bellpics"] } } });
    expect(errorsIn(await ask(token, {}))).toEqual([["BANNED_FROM_SUBREDDIT", "sr"]]);
    expect(errorsIn(await ask(token, { sr: "u_chimecafe" }))).toEqual([["SUBREDDIT_NOTALLOWED", "sr"]]);
    expect(errorsIn(await ask(token, { sr: "" }))).toEqual([["SUBREDDIT_REQUIRED", "sr"]]);
  });
});

test("/api/submit takes neither galleries nor polls", async () => {
  const token = await signIn();
  for (const kind of ["gallery", "poll"]) {
    expect(errorsIn(await submit(token, { ...words, kind }))).toEqual([["INVALID_OPTION", "kind"]]);
  }
});

test("a lost answer leaves the post to be found", async () => {
  const token = await signIn();
  const { url } = await upload(token, "image/png", png);
  await sandbox.fault({ platform: "reddit", operation: "submit", kind: "accept_then_reset", times: 1 });
  await expect(submit(token, { ...words, kind: "image", url })).rejects.toThrow();
  expect(await found(token, 1)).toMatchObject([{ subreddit: "bellpics", title: "Bells" }]);
});

function own(knobs: Record<string, string | number | boolean>): Promise<unknown> {
  return sandbox.settings({ platform: "reddit", own: knobs });
}

async function signIn(person = "adabell", scope = allScopes): Promise<string> {
  const query = {
    client_id: "sandbox-reddit",
    response_type: "code",
    state: "s",
    redirect_uri: redirectUri,
    scope,
  };
  const authorizeUrl = `${sandbox.url}/www.reddit.com/api/v1/authorize?${new URLSearchParams(query)}`;
  const back = await sandbox.consent({ authorizeUrl, person });
  const code = back.searchParams.get("code") ?? "";
  const basic = Buffer.from("sandbox-reddit:CNRY_secret_reddit").toString("base64");
  const { body } = await send("POST", "www.reddit.com/api/v1/access_token", {
    headers: { "user-agent": agent, authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: redirectUri }),
  });
  expect(body).toHaveProperty("access_token");
  return String(body["access_token"]);
}

function lease(token: string, fields: Fields): Promise<Reply> {
  return formCall("/api/media/asset.json", token, fields);
}

async function leased(token: string, mimetype = "image/png"): Promise<Lease> {
  const { status, body } = await lease(token, { filepath: "file.bin", mimetype });
  expect(status).toBe(200);
  return body as Lease;
}

async function store(
  { args }: Lease,
  form: FormData | URLSearchParams,
  headers: Fields = {},
): Promise<Stored> {
  const answer = await fetch(`${sandbox.url}/${args.action.slice(2)}`, {
    method: "POST",
    body: form,
    headers,
  });
  return { status: answer.status, xml: await answer.text() };
}

/** A file that may be posted: by its asset id, by its address, by the storage's word for that. */
async function upload(token: string, mimetype: string, file: Buffer): Promise<Uploaded> {
  const given = await leased(token, mimetype);
  const { status, xml } = await store(given, formOf(given.args.fields, file));
  expect(status).toBe(201);
  return { id: given.asset.asset_id, url: urlOf(given), location: between(xml, "Location") };
}

function formOf(fields: Field[], file: Buffer | null): FormData {
  const form = new FormData();
  for (const { name, value } of fields) form.append(name, value);
  if (file !== null) form.append("file", new Blob([new Uint8Array(file)]), "file.bin");
  return form;
}

function fileFirst(fields: Field[]): FormData {
  const form = formOf([], png);
  for (const { name, value } of fields) form.append(name, value);
  return form;
}

function doubled(fields: Field[]): Field[] {
  return [...fields.slice(0, -1), fields[0] ?? field("key", "")];
}

function forged({ name, value }: Field): Field {
  return { name, value: name === "policy" ? "eyJ9" : value };
}

function field(name: string, value: string): Field {
  return { name, value };
}

function urlOf(given: Lease): string {
  return `https:${given.args.action}/${valueOfField(given, "key")}`;
}

function valueOfField({ args }: Lease, wanted: string): string {
  return args.fields.find(({ name }) => name === wanted)?.value ?? "";
}

function between(xml: string, tag: string): string {
  return new RegExp(`<${tag}>(.*)</${tag}>`).exec(xml)?.[1] ?? "";
}

function submit(token: string, fields: Fields): Promise<Reply> {
  return formCall("/api/submit", token, { api_type: "json", ...fields });
}

function gallery(token: string, items: Item[], more: Body = {}): Promise<Reply> {
  const body = {
    ...words,
    nsfw: false,
    spoiler: false,
    sendreplies: true,
    show_error_list: true,
    items,
    ...more,
  };
  return jsonCall("/api/submit_gallery_post.json", token, { api_type: "json", ...body });
}

function ask(token: string, change: Body): Promise<Reply> {
  return jsonCall("/api/submit_poll_post", token, { api_type: "json", ...poll, resubmit: true, ...change });
}

/** Taken, with nothing that says which post it will be. */
async function accepted(answer: Promise<Reply>): Promise<void> {
  const { body } = await answer;
  expect(body).toMatchObject({ json: { errors: [] } });
  expect(body).not.toHaveProperty("json.data.id");
}

/** Code and field of each of the errors in an answer. */
function errorsIn({ body }: Reply): (string | undefined)[][] {
  return (body["json"] as { errors: string[][] }).errors.map(([code, , about]) => [code, about]);
}

async function listed(token: string): Promise<Body[]> {
  const { status, body } = await api("GET", "/user/adabell/submitted?limit=25&sort=new&raw_json=1", token);
  expect(status).toBe(200);
  return childrenOf(body);
}

/** One's posts as soon as there are so many. */
function found(token: string, count: number): Promise<Body[]> {
  return waitUntil(
    async () => {
      const posts = await listed(token);
      return posts.length === count ? posts : null;
    },
    { withinMs: 30_000, otherwise: "The post did not appear." },
  );
}

async function infoOf(token: string, name: string): Promise<Body[]> {
  return childrenOf((await api("GET", `/api/info?id=${name}`, token)).body);
}

function childrenOf(body: Body): Body[] {
  return (body["data"] as { children: { data: Body }[] }).children.map(({ data }) => data);
}

function formCall(path: string, token: string, fields: Fields): Promise<Reply> {
  return api("POST", path, token, new URLSearchParams(fields));
}

function jsonCall(path: string, token: string, body: Body): Promise<Reply> {
  return api("POST", path, token, JSON.stringify(body), { "content-type": "application/json" });
}

function api(
  method: string,
  path: string,
  token: string,
  body?: URLSearchParams | string,
  more: Fields = {},
): Promise<Reply> {
  const headers = { "user-agent": agent, authorization: `Bearer ${token}`, ...more };
  return send(method, `oauth.reddit.com${path}`, { headers, ...(body === undefined ? {} : { body }) });
}

async function send(method: string, address: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(`${sandbox.url}/${address}`, { method, ...init });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
