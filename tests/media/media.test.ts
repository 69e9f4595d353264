import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { crc32, deflateSync } from "node:zlib";
import { ALL_FORMATS, BufferSource, Input } from "mediabunny";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MediaDto, MediaPage } from "@/lib/media/schema";
import { waitUntil } from "@/scripts/wait";
import type { TestDatabase } from "../support/databases";
import { animation, pdf, picture, video } from "../support/media";
import { type PersonAtApp, signUp, visitor } from "../support/people";
import { createDatabase } from "../support/postgres";
import { connectAccount, successOf } from "../support/posting";
import { testSecrets } from "../support/secrets";
import { type RunningSite, startSite } from "../support/site";

/** Files of people: what comes in, what is kept, who gets what of it, and what goes. */

const place = mkdtempSync(join(tmpdir(), "carillon-files-"));
let database: TestDatabase;
let site: RunningSite;
let ada: PersonAtApp;
let ben: PersonAtApp;
let instagram: string;

beforeAll(async () => {
  database = await createDatabase();
  site = await startSite(database.url, { WORKERS: "off", MEDIA_DIR: place });
  ada = await signUp(site.app.url);
  ben = await signUp(site.app.url, { name: "Ben Ring" });
  instagram = await connectAccount(ada, site.sandbox, "instagram", "adabell");
});

afterAll(async () => {
  await site.stop();
  await database.drop();
  rmSync(place, { recursive: true });
});

describe("what comes in", () => {
  test("a picture in a form, with what it shows", async () => {
    const bytes = await picture("png", { width: 300, height: 200 });
    const file = await stored(await upload(ada, bytes, { name: "tower.png", alt: "A tower" }));
    expect(file).toMatchObject({
      kind: "image",
      mimeType: "image/png",
      filename: "tower.png",
      bytes: bytes.byteLength,
      width: 300,
      height: 200,
      durationMs: null,
      alt: "A tower",
    });
    expect(await bytesOf(ada, file)).toEqual(bytes);
    expect(await successOf<MediaDto>(await ada.fetch(`/api/media/${file.id}`))).toEqual(file);
  });

  test("a picture as the body itself", async () => {
    const bytes = await picture("webp", { width: 301, height: 200 });
    const response = await ada.fetch("/api/media?filename=bells.webp&alt=Bells", {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { origin: site.app.url, "content-type": "application/octet-stream" },
    });
    expect(await stored(response)).toMatchObject({
      mimeType: "image/webp",
      filename: "bells.webp",
      alt: "Bells",
    });
  });

  test("every kind is known by its content, with its measures", async () => {
    const looks = async (bytes: Buffer) => {
      const { kind, mimeType, width, height, durationMs } = await stored(await upload(ada, bytes));
      return { kind, mimeType, width, height, durationMs };
    };
    const still = { durationMs: null, width: 64, height: 48 };
    const size = { width: 64, height: 48 };
    expect(await looks(await picture("jpeg", size))).toEqual({
      kind: "image",
      mimeType: "image/jpeg",
      ...still,
    });
    expect(await looks(await picture("tiff", size))).toEqual({
      kind: "image",
      mimeType: "image/tiff",
      ...still,
    });
    expect(await looks(await animation(size))).toEqual({ kind: "gif", mimeType: "image/gif", ...still });
    expect(await looks(await picture("gif", size))).toEqual({
      kind: "image",
      mimeType: "image/gif",
      ...still,
    });
    expect(await looks(pdf())).toEqual({
      kind: "document",
      mimeType: "application/pdf",
      width: null,
      height: null,
      durationMs: null,
    });
    expect(await looks(await video({ seconds: 5, width: 640, height: 360 }))).toEqual({
      kind: "video",
      mimeType: "video/mp4",
      width: 640,
      height: 360,
      durationMs: 5_000,
    });
  });

  test("a turned photo has the measures one sees", async () => {
    const turned = await sharp(await picture("jpeg", { width: 90, height: 60 }))
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(await stored(await upload(ada, turned))).toMatchObject({ width: 60, height: 90 });
  });

  test("names say nothing: a picture called .txt is a picture", async () => {
    const bytes = await picture("png", { width: 77, height: 33 });
    const file = await stored(await upload(ada, bytes, { name: "notes.txt", type: "text/plain" }));
    expect(file).toMatchObject({ kind: "image", mimeType: "image/png", filename: "notes.png" });
  });

  test.each([
    ["a page", "<!doctype html><script>alert(1)</script>"],
    ["a drawing with a script", '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ["a program", Buffer.concat([Buffer.from("MZ\x90\x00\x03\x00\x00\x00", "latin1"), Buffer.alloc(600)])],
    ["an archive", Buffer.concat([Buffer.from("PK\x03\x04\x14\x00\x00\x00", "latin1"), Buffer.alloc(600)])],
    ["words", "Just some words"],
  ])("%s called .jpg is refused, with words", async (_what, content) => {
    const response = await upload(ada, Buffer.from(content), { name: "holiday.jpg", type: "image/jpeg" });
    expect(response.status).toBe(415);
    expect(await problemOf(response)).toMatchObject({
      code: "unknown_file",
      message: expect.stringContaining("Use JPEG, PNG"),
    });
  });

  test("an iPhone's HEIC is told how to become a JPEG", async () => {
    const heic = Buffer.concat([
      box("ftyp", Buffer.from("heic\0\0\0\0mif1heic", "latin1")),
      Buffer.alloc(400),
    ]);
    const response = await upload(ada, heic, { name: "IMG_1.HEIC", type: "image/heic" });
    expect(response.status).toBe(415);
    expect((await problemOf(response)).message).toContain("Most Compatible");
  });

  test("a small file that unfolds to 30 000 × 30 000 pixels is refused before it unfolds", async () => {
    const response = await upload(ada, hugePng(30_000, 30_000));
    expect(response.status).toBe(422);
    expect((await problemOf(response)).message).toContain("30000 × 30000");
  });

  test("a broken picture and a broken video are refused", async () => {
    const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(300, 7)]);
    const whole = await video({ seconds: 3 });
    for (const bytes of [jpeg, whole.subarray(0, 60)]) {
      const response = await upload(ada, bytes);
      expect(response.status).toBe(422);
      expect(await problemOf(response)).toMatchObject({ code: "broken_file" });
    }
  });

  test("a picture that is cut off in the middle is refused, not kept for a surprise later", async () => {
    const whole = await picture("jpeg", { width: 700, height: 701 });
    const response = await upload(ada, whole.subarray(0, Math.floor(whole.byteLength / 2)));
    expect(response.status).toBe(422);
    expect(await problemOf(response)).toMatchObject({ code: "broken_file" });
  });

  test("nothing, and a form without a file, are refused", async () => {
    expect((await upload(ada, Buffer.alloc(0))).status).toBe(422);
    const form = new FormData();
    form.append("alt", "Only words");
    expect((await send(ada, form)).status).toBe(400);
    expect((await upload(ada, await picture("png"), { alt: "x".repeat(2_001) })).status).toBe(400);
  });

  test("more than a picture may have is refused while it streams in, whatever its length was said to be", async () => {
    const start = await picture("jpeg", { width: 66, height: 55 });
    const piece = Buffer.alloc(1024 * 1024);
    async function* endless() {
      yield start;
      for (let sent = 0; sent <= 50; sent += 1) yield piece;
    }
    const response = await ada.fetch("/api/media?filename=long.jpg", {
      method: "POST",
      // safe: Node's own stream is the platform's; the types differ in name only
      body: Readable.toWeb(Readable.from(endless())) as unknown as ReadableStream,
      headers: { origin: site.app.url, "content-type": "image/jpeg" },
      // No Content-Length: nobody can know beforehand.
      ...{ duplex: "half" },
    });
    expect(response.status).toBe(413);
    expect((await problemOf(response)).message).toContain("50 MB");
    expect(leftovers()).toEqual([]);
  }, 120_000);

  test("an upload that promises more than it sends leaves nothing behind", async () => {
    const before = await listed(ada);
    const bytes = await picture("png", { width: 88, height: 44 });
    await cutOff(ada, bytes, bytes.byteLength * 2);
    await waitUntil(async () => (leftovers().length === 0 ? true : null), {
      withinMs: 30_000,
      otherwise: "Half a file was left behind.",
    });
    expect(await listed(ada)).toEqual(before);
    // What was cut off is no obstacle to the whole.
    expect(await stored(await upload(ada, bytes))).toMatchObject({ width: 88 });
  });

  test("the same file again is the one that is there, also when it comes twice at once", async () => {
    const bytes = await picture("png", { width: 123, height: 45 });
    const both = await Promise.all([upload(ada, bytes), upload(ada, bytes, { name: "again.png" })]);
    const ids = new Set((await Promise.all(both.map(stored))).map(({ id }) => id));
    ids.add((await stored(await upload(ada, bytes))).id);
    expect(ids.size).toBe(1);
    const his = await stored(await upload(ben, bytes));
    expect(ids).not.toContain(his.id);
  });

  test.each([
    ["../../../etc/passwd", "passwd.png"],
    ["..\\..\\windows\\system.ini", "system.png"],
    ["holiday\u202egnp.exe", "holidaygnp.png"],
    ["line\nbreak\u0000null\u2028.png", "linebreaknull.png"],
    ["\u200b.png", "file.png"],
    ["..", "file.png"],
    [".htaccess", "htaccess.png"],
    [`${"long ".repeat(100)}.png`, `${"long ".repeat(24)}.png`],
    ["Größe – 大きい 🔔.png", "Größe – 大きい 🔔.png"],
  ])("the name %j becomes %j", async (name, shown) => {
    nthName += 1;
    const bytes = await picture("png", { width: 200 + nthName, height: 20 });
    const response = await ada.fetch(`/api/media?filename=${encodeURIComponent(name)}`, {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { origin: site.app.url, "content-type": "image/png" },
    });
    expect((await stored(response)).filename).toBe(shown);
  });
  let nthName = 0;
});

describe("what is two things at once", () => {
  test("a GIF that is a script as well, and a JPEG that is a page as well, are only ever pictures", async () => {
    const script = Buffer.concat([
      await animation({ width: 48, height: 36 }),
      Buffer.from("*/=1;alert(1)//"),
    ]);
    const jpeg = await picture("jpeg", { width: 48, height: 36 });
    const page = Buffer.from("<html><script>alert(1)</script></html>");
    const comment = Buffer.from([0xff, 0xfe, 0, page.byteLength + 2]);
    const html = Buffer.concat([jpeg.subarray(0, 2), comment, page, jpeg.subarray(2)]);
    for (const [bytes, mimeType, name] of [
      [script, "image/gif", "innocent.js"],
      [html, "image/jpeg", "innocent.html"],
    ] as const) {
      const file = await stored(await upload(ada, bytes, { name, type: "text/html" }));
      expect(file.mimeType).toBe(mimeType);
      for (const response of [await ada.fetch(file.fileUrl), await fetch(await linkTo(file))]) {
        expect(response.status).toBe(200);
        expect(response.headers.get("content-type")).toBe(mimeType);
        expect(response.headers.get("x-content-type-options")).toBe("nosniff");
        expect(response.headers.get("content-security-policy")).toContain("sandbox");
        expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
        await response.body?.cancel();
      }
    }
  });

  test("a PDF is handed over, never opened in our place", async () => {
    const file = await stored(await upload(ada, pdf()));
    const response = await ada.fetch(file.fileUrl);
    expect(response.headers.get("content-disposition")).toBe("attachment");
    await response.body?.cancel();
  });
});

describe("what leaves the house", () => {
  test("where a photo was taken stays with its owner: platforms get it without", async () => {
    const photo = await picture("jpeg", { width: 1_000, height: 1_000, metadata: true });
    expect(await notesIn(photo)).toContain("CNRYCamera");
    const file = await stored(await upload(ada, photo));
    expect(await bytesOf(ada, file)).toEqual(photo);

    const sent = await fetchedBy("instagram", () => publish([{ id: file.id }], "A photo"));
    const given = Buffer.from(await (await fetch(sent)).arrayBuffer());
    const preview = Buffer.from(await (await ada.fetch(file.previewUrl ?? "")).arrayBuffer());
    for (const bytes of [given, preview]) {
      const { exif, xmp, iptc, width } = await sharp(bytes).metadata();
      expect({ exif, xmp, iptc }).toEqual({});
      expect(width).toBeGreaterThan(100);
      expect(bytes.includes("CNRYCamera")).toBe(false);
    }
  });

  test("where a video was filmed is emptied, and it still plays as long", async () => {
    const film = withPlaces(await video({ seconds: 6, width: 320, height: 240 }));
    expect(await lengthOf(film)).toBe(6);
    expect(film.includes("+52.5200+013.4050")).toBe(true);
    const file = await stored(await upload(ada, film));
    const kept = await bytesOf(ada, file);
    expect(kept.byteLength).toBe(film.byteLength);
    for (const place of ["+52.5200+013.4050", "ISO6709", "GPSLatitude"])
      expect(kept.includes(place)).toBe(false);
    expect(await lengthOf(kept)).toBe(6);
    expect(file.durationMs).toBe(6_000);
    // The same film again, as it came, is still the same file.
    expect((await stored(await upload(ada, film))).id).toBe(file.id);
  });
});

describe("who may see it", () => {
  test("other people's files are not there, whatever one does", async () => {
    const file = await stored(await upload(ada, await picture("png", { width: 210, height: 99 })));
    expect((await ben.fetch(`/api/media/${file.id}`)).status).toBe(404);
    expect((await ben.fetch(`/api/media/${file.id}/file`)).status).toBe(404);
    expect((await ben.fetch(`/api/media/${file.id}/file?size=preview`)).status).toBe(404);
    expect((await ben.fetch(`/api/media/${file.id}/file`, { method: "HEAD" })).status).toBe(404);
    expect((await ben.send("PATCH", `/api/media/${file.id}`, { alt: "Mine" })).status).toBe(404);
    expect((await ben.send("DELETE", `/api/media/${file.id}`)).status).toBe(404);
    expect((await listed(ben)).map(({ id }) => id)).not.toContain(file.id);
    expect((await ben.fetch(`/api/media?cursor=${file.id}`)).status).toBe(200);
    expect(await successOf<MediaDto>(await ada.fetch(`/api/media/${file.id}`))).toEqual(file);
    const theirs = await connectAccount(ben, site.sandbox, "threads", "adabell");
    const stolen = await ben.send("POST", "/api/post", {
      content: { text: "Stolen", media: [{ id: file.id }] },
      targets: [{ connectionId: theirs }],
    });
    expect(stolen.status).toBe(422);
  });

  test("whoever has not signed in sees and changes nothing", async () => {
    const file = await stored(await upload(ada, await picture("png", { width: 211, height: 99 })));
    const nobody = visitor(site.app.url);
    const tries = [
      await nobody.fetch("/api/media"),
      await nobody.fetch(`/api/media/${file.id}`),
      await nobody.fetch(file.fileUrl),
      await upload(nobody, await picture("png")),
      await nobody.send("PATCH", `/api/media/${file.id}`, { alt: "x" }),
      await nobody.send("DELETE", `/api/media/${file.id}`),
    ];
    expect(tries.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
    expect((await ada.fetch(file.fileUrl)).status).toBe(200);
  });

  test("a foreign page cannot upload, describe or delete with Ada's cookies", async () => {
    const bytes = await picture("png", { width: 212, height: 99 });
    const file = await stored(await upload(ada, bytes));
    for (const headers of [{ origin: "https://evil.test" }, { "sec-fetch-site": "cross-site" }]) {
      const form = new FormData();
      form.append("file", new File([new Uint8Array(pdf())], "a.pdf"));
      const tries = [
        await ada.fetch("/api/media", { method: "POST", body: form, headers }),
        await ada.send("PATCH", `/api/media/${file.id}`, { alt: "x" }, headers),
        await ada.send("DELETE", `/api/media/${file.id}`, undefined, headers),
      ];
      expect(tries.map(({ status }) => status)).toEqual([403, 403, 403]);
    }
    expect(await successOf<MediaDto>(await ada.fetch(`/api/media/${file.id}`))).toEqual(file);
  });

  test("a link answers whoever has it, and to nothing but what it was made for", async () => {
    const bytes = await picture("png", { width: 213, height: 99 });
    const file = await stored(await upload(ada, bytes));
    const other = await stored(await upload(ada, await picture("png", { width: 214, height: 99 })));
    const link = await linkTo(file);
    const answer = await fetch(link);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);

    const [, name = ""] = new URL(link).pathname.split("/media/");
    const [id = "", rendition, ends = "", signature = "", ending] = name.split(".");
    const later = (Number.parseInt(ends, 36) + 86_400).toString(36);
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    const forged = [
      [other.id, rendition, ends, signature, ending],
      [id, rendition, later, signature, ending],
      [id, rendition, ends, flipped, ending],
      [id, rendition, ends, signature.slice(0, -1), ending],
      [id, rendition, ends, "", ending],
      [id, other.id, ends, signature, ending],
      [id, rendition, ends, signature],
      [id, rendition, ends, signature, ending, "png"],
    ].map((parts) => parts.join("."));
    for (const path of [...forged, file.id, "x", "%00", "..%2f..%2fetc%2fpasswd", "a.b.c.d.e"]) {
      const response = await fetch(`${site.app.url}/media/${path}`);
      expect({ path, status: response.status }).toEqual({ path, status: 404 });
      await response.body?.cancel();
    }
  });

  test("a link ends", async () => {
    const file = await stored(await upload(ada, await picture("png", { width: 215, height: 99 })));
    const day = 24 * 60 * 60_000;
    expect((await fetch(await linkTo(file, Date.now() - day))).status).toBe(200);
    expect((await fetch(await linkTo(file, Date.now() - 3 * day))).status).toBe(404);
  });

  test("platforms and players may fetch it in pieces", async () => {
    const bytes = await picture("png", { width: 216, height: 99 });
    const file = await stored(await upload(ada, bytes));
    const size = bytes.byteLength;
    const link = await linkTo(file);
    const asked = async (range: string) => {
      const response = await fetch(link, { headers: { range } });
      const body = Buffer.from(await response.arrayBuffer());
      return { status: response.status, range: response.headers.get("content-range"), body };
    };
    const part = (from: number, to: number) => ({
      status: 206,
      range: `bytes ${from}-${to - 1}/${size}`,
      body: bytes.subarray(from, to),
    });
    expect(await asked("bytes=0-9")).toEqual(part(0, 10));
    // How those ask for the size who want nothing else.
    expect(await asked("bytes=0-0")).toEqual(part(0, 1));
    expect(await asked("bytes=10-")).toEqual(part(10, size));
    expect(await asked("bytes=-7")).toEqual(part(size - 7, size));
    expect(await asked(`bytes=5-${size * 3}`)).toEqual(part(5, size));
    for (const range of [`bytes=${size}-`, "bytes=9-3", "bytes=-0"]) {
      expect(await asked(range)).toEqual({ status: 416, range: `bytes */${size}`, body: Buffer.alloc(0) });
    }
    // Several at once, or in other units: the whole is a right answer to both.
    for (const range of ["bytes=0-1,4-5", "pages=1-2"]) {
      expect(await asked(range)).toEqual({ status: 200, range: null, body: bytes });
    }
    const head = await fetch(link, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("accept-ranges")).toBe("bytes");
    expect((await head.arrayBuffer()).byteLength).toBe(0);
    const own = await ada.fetch(file.fileUrl, { headers: { range: "bytes=0-9" } });
    expect(own.status).toBe(206);
    expect(own.headers.get("cache-control")).toContain("private");
    await own.body?.cancel();
  });
});

describe("the library", () => {
  test("lists newest first, in pages, by kind", async () => {
    const cleo = await signUp(site.app.url, { name: "Cleo Peal" });
    const ids: string[] = [];
    for (let nth = 0; nth < 42; nth += 1) {
      const bytes = await picture("png", { width: 16 + nth, height: 16 });
      ids.unshift((await stored(await upload(cleo, bytes))).id);
    }
    const document = await stored(await upload(cleo, pdf()));
    const first = await successOf<MediaPage>(await cleo.fetch("/api/media"));
    expect(first.media.map(({ id }) => id)).toEqual([document.id, ...ids].slice(0, 40));
    const second = await successOf<MediaPage>(await cleo.fetch(`/api/media?cursor=${first.nextCursor}`));
    expect(second.media.map(({ id }) => id)).toEqual([document.id, ...ids].slice(40));
    expect(second.nextCursor).toBeNull();
    const documents = await successOf<MediaPage>(await cleo.fetch("/api/media?kind=document"));
    expect(documents.media).toEqual([document]);
    expect((await cleo.fetch("/api/media?kind=program")).status).toBe(400);
    expect((await cleo.fetch("/api/media?cursor=1%27--")).status).toBe(400);
  });

  test("what a file shows can be written and taken back, up to 2 000 characters", async () => {
    const file = await stored(await upload(ada, await picture("png", { width: 217, height: 99 })));
    const alt = "Ünïcode 🔔 <script>";
    const changed = await successOf<MediaDto>(await ada.send("PATCH", `/api/media/${file.id}`, { alt }));
    expect(changed).toEqual({ ...file, alt });
    expect(await successOf<MediaDto>(await ada.fetch(`/api/media/${file.id}`))).toEqual(changed);
    expect((await ada.send("PATCH", `/api/media/${file.id}`, { alt: "x".repeat(2_001) })).status).toBe(400);
    expect((await ada.send("PATCH", `/api/media/${file.id}`, { alt: "" })).status).toBe(200);
  });

  test("a deleted file is gone everywhere: its links, its previews, its room", async () => {
    const file = await stored(await upload(ada, await picture("png", { width: 500, height: 499 })));
    const link = await linkTo(file);
    await (await ada.fetch(file.previewUrl ?? "")).body?.cancel();
    const before = keptFiles();
    expect((await ada.send("DELETE", `/api/media/${file.id}`)).status).toBe(200);
    expect((await ada.fetch(`/api/media/${file.id}`)).status).toBe(404);
    expect((await ada.fetch(file.fileUrl)).status).toBe(404);
    expect((await ada.fetch(file.previewUrl ?? "")).status).toBe(404);
    expect((await fetch(link)).status).toBe(404);
    expect((await ada.send("DELETE", `/api/media/${file.id}`)).status).toBe(404);
    // The picture and its preview.
    expect(keptFiles()).toBe(before - 2);
  });

  test("a file that a waiting post needs stays until the post is cancelled", async () => {
    const file = await stored(await upload(ada, await picture("jpeg", { width: 640, height: 641 })));
    const tomorrow = new Date(Date.now() + 24 * 60 * 60_000).toISOString();
    const { id } = await publish([{ id: file.id }], "For tomorrow", tomorrow);
    const refused = await ada.send("DELETE", `/api/media/${file.id}`);
    expect(refused.status).toBe(409);
    expect(await problemOf(refused)).toMatchObject({
      code: "still_needed",
      message: expect.stringContaining("Cancel that post first"),
    });
    expect(await bytesOf(ada, file)).toHaveLength(file.bytes);
    expect((await ada.send("DELETE", `/api/post/${id}`)).status).toBe(200);
    expect((await ada.send("DELETE", `/api/media/${file.id}`)).status).toBe(200);
  });
});

type About = { name?: string; type?: string; alt?: string };

async function upload(person: PersonAtApp, bytes: Buffer, about: About = {}): Promise<Response> {
  const { name = "file", type = "application/octet-stream", alt } = about;
  const form = new FormData();
  if (alt !== undefined) form.append("alt", alt);
  form.append("file", new File([new Uint8Array(bytes)], name, { type }));
  return send(person, form);
}

const send = (person: PersonAtApp, form: FormData): Promise<Response> =>
  person.fetch("/api/media", {
    method: "POST",
    body: form,
    headers: { origin: site.app.url, "sec-fetch-site": "same-origin" },
  });

async function stored(response: Response): Promise<MediaDto> {
  const file = await successOf<MediaDto>(response);
  expect(response.status).toBe(201);
  return file;
}

async function problemOf(response: Response): Promise<{ code: string; message: string }> {
  // safe: every refusal of ours has this shape
  return ((await response.json()) as { error: { code: string; message: string } }).error;
}

const listed = async (person: PersonAtApp): Promise<MediaDto[]> =>
  (await successOf<MediaPage>(await person.fetch("/api/media"))).media;

async function bytesOf(person: PersonAtApp, file: MediaDto): Promise<Buffer> {
  const response = await person.fetch(file.fileUrl);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

/** A link as the app would make it at that time: it shares the tests' secrets. */
async function linkTo(file: MediaDto, atMs = Date.now()): Promise<string> {
  Object.assign(process.env, testSecrets, { DATABASE_URL: database.url, BETTER_AUTH_URL: site.app.url });
  const { publicLink } = await import("@/lib/media/links");
  return publicLink({ mediaId: file.id, renditionId: null, mimeType: file.mimeType }, atMs);
}

async function publish(media: { id: string }[], text: string, scheduledAt?: string): Promise<{ id: string }> {
  const response = await ada.send("POST", "/api/post", {
    content: { text, media },
    targets: [{ connectionId: instagram }],
    ...(scheduledAt && { scheduledAt }),
  });
  return successOf<{ id: string }>(response);
}

/** The address that a platform is told to fetch a picture from. */
async function fetchedBy(platform: string, doing: () => Promise<unknown>): Promise<string> {
  const { sequence } = await site.sandbox.forgetLog();
  await doing();
  const requests = await site.sandbox.requests({ platform, since: sequence, raw: true });
  const given = requests.flatMap(({ url, body }) => {
    const inBody = new URLSearchParams(body ?? "").get("image_url");
    return new URL(url).searchParams.get("image_url") ?? inBody ?? [];
  });
  expect(given).toHaveLength(1);
  return given[0] ?? "";
}

/** Says that so many bytes come, sends these, and hangs up. */
function cutOff(person: PersonAtApp, bytes: Buffer, promised: number): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest(`${site.app.url}/api/media?filename=half.png`, {
      method: "POST",
      headers: {
        origin: site.app.url,
        cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        "content-type": "image/png",
        "content-length": promised,
      },
    });
    request.on("error", () => resolve());
    request.write(bytes, () => {
      // The app has begun to write it down.
      void waitUntil(async () => (leftovers().length > 0 ? true : null), {
        withinMs: 30_000,
        otherwise: "The app did not begin to read.",
      }).then(() => request.destroy());
    });
  });
}

/** Files that are still coming in, or were forgotten while they did. */
const leftovers = (): string[] => readdirSync(join(place, "incoming"));

const keptFiles = (): number =>
  readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

const notesIn = async (bytes: Buffer): Promise<string> =>
  (await sharp(bytes).metadata()).exif?.toString("latin1") ?? "";

async function lengthOf(film: Buffer): Promise<number> {
  const input = new Input({ source: new BufferSource(new Uint8Array(film)), formats: ALL_FORMATS });
  try {
    return await input.computeDuration();
  } finally {
    input.dispose();
  }
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.byteLength + 8);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, content]);
}

/** The three places where cameras write where they are: ©xyz, Apple's meta, and XMP in a box of its own. */
function withPlaces(film: Buffer): Buffer {
  const xyz = box("\xa9xyz", Buffer.from("\0\x12\x15\xc7+52.5200+013.4050/", "latin1"));
  const apple = box("meta", Buffer.from("com.apple.quicktime.location.ISO6709+52.5200+013.4050/"));
  const notes = Buffer.concat([box("udta", xyz), apple]);
  const from = boxAt(film, "moov");
  const length = film.readUInt32BE(from);
  const moov = Buffer.concat([film.subarray(from, from + length), notes]);
  moov.writeUInt32BE(moov.byteLength);
  // The frames come after it and move along.
  for (let at = moov.indexOf("stco"); at !== -1; at = moov.indexOf("stco", at + 4)) {
    for (let nth = 0; nth < moov.readUInt32BE(at + 8); nth += 1) {
      const entry = at + 12 + nth * 4;
      moov.writeUInt32BE(moov.readUInt32BE(entry) + notes.byteLength, entry);
    }
  }
  const xmp = box("uuid", Buffer.concat([Buffer.alloc(16, 1), Buffer.from("<exif:GPSLatitude>52,31.2N")]));
  return Buffer.concat([film.subarray(0, from), moov, film.subarray(from + length), xmp]);
}

function boxAt(film: Buffer, type: string): number {
  for (let at = 0; at < film.byteLength; at += film.readUInt32BE(at)) {
    if (film.toString("latin1", at + 4, at + 8) === type) return at;
  }
  throw new Error(`There is no ${type} in this film.`);
}

/** A PNG that says it is so large, in a few bytes. */
function hugePng(width: number, height: number): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), content]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(content.byteLength);
    frame.writeUInt32BE(crc32(named), 4);
    return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(1024))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
