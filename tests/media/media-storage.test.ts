import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { get as httpGet, request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MediaDto } from "@/lib/media/schema";
import type { Storage } from "@/lib/media/storage";
import { diskStorage } from "@/lib/media/storage-disk";
import { s3Storage } from "@/lib/media/storage-s3";
import { waitUntil } from "@/scripts/wait";
import { type RunningApp, startApp } from "../support/app";
import type { TestDatabase } from "../support/databases";
import { picture, video } from "../support/media";
import { type PersonAtApp, signUp } from "../support/people";
import { createDatabase } from "../support/postgres";
import { type Desk, deliveryOf, openDesk, successOf, untilSettled } from "../support/posting";
import { type Bucket, startBucket } from "../support/s3";

/** Where files lie: the same promises on a disk and in a bucket, and a library that stays true when either fails. */

const MB = 1024 * 1024;
const here = mkdtempSync(join(tmpdir(), "carillon-places-"));
let bucket: Bucket;

beforeAll(async () => {
  bucket = await startBucket();
});

afterAll(async () => {
  await bucket.stop();
  rmSync(here, { recursive: true, force: true });
});

const places: Record<string, () => Storage> = {
  "a disk": () => diskStorage(join(here, "disk")),
  "a bucket": () => s3Storage({ endpoint: bucket.origin, ...bucket.keys }),
};

describe.each(Object.keys(places))("%s", (name) => {
  const place = () => places[name]?.() ?? expect.unreachable();

  test("gives back what was put, whole and in parts", async () => {
    const bytes = randomBytes(300_000);
    await put(place(), "whole.png", bytes);
    expect(await taken(place(), "whole.png", 0, bytes.byteLength)).toEqual(bytes);
    expect(await taken(place(), "whole.png", 0, 1)).toEqual(bytes.subarray(0, 1));
    expect(await taken(place(), "whole.png", 1_000, 200_001)).toEqual(bytes.subarray(1_000, 200_001));
    expect(await taken(place(), "whole.png", 299_999, 300_000)).toEqual(bytes.subarray(299_999));
    expect(await taken(place(), "whole.png", 7, 7)).toEqual(Buffer.alloc(0));
  });

  test("a second file under a key takes the first one's place", async () => {
    await put(place(), "twice.png", randomBytes(5_000));
    const second = randomBytes(4_000);
    await put(place(), "twice.png", second);
    expect(await taken(place(), "twice.png", 0, 4_000)).toEqual(second);
  });

  test("says so when there is no such file, and forgets what is removed, also twice", async () => {
    await expect(taken(place(), "nothing.png", 0, 10)).rejects.toThrow();
    await put(place(), "gone.png", randomBytes(100));
    await place().remove("gone.png");
    await expect(taken(place(), "gone.png", 0, 10)).rejects.toThrow();
    await place().remove("gone.png");
  });

  test("20 MB go in and come back byte for byte, in pieces", async () => {
    const bytes = randomBytes(20 * MB + 3);
    await put(place(), "large.mp4", bytes);
    let largest = 0;
    const pieces: Uint8Array[] = [];
    for await (const piece of place().open("large.mp4", 0, bytes.byteLength)) {
      largest = Math.max(largest, piece.byteLength);
      pieces.push(piece);
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(largest).toBeLessThanOrEqual(MB);
  });
});

describe("a bucket", () => {
  const place = () => places["a bucket"]?.() ?? expect.unreachable();

  test("gets a large file in parts, and never more than six megabytes at once", async () => {
    bucket.log.length = 0;
    await put(place(), "parts.mp4", randomBytes(12 * MB));
    expect(bucket.log.map(({ what }) => what)).toEqual([
      "POST begin",
      "PUT part",
      "PUT part",
      "PUT part",
      "POST complete",
    ]);
    expect(Math.max(...bucket.log.map(({ bytes }) => bytes))).toBeLessThan(6 * MB);
  });

  test("keeps no parts of a file that could not be stored", async () => {
    const relent = bucket.refuse("PUT part", 403);
    await expect(put(place(), "half.mp4", randomBytes(12 * MB))).rejects.toThrow();
    relent();
    await gone(() => bucket.unfinished(), "Parts were left in the bucket.");
    expect(bucket.objects.has("half.mp4")).toBe(false);
  });

  test("is let go by those who stop reading, however many they are", async () => {
    const one = place();
    await put(one, "unread.mp4", randomBytes(8 * MB));
    for (let nth = 0; nth < 60; nth += 1) {
      for await (const _piece of one.open("unread.mp4", 0, 8 * MB)) break;
    }
    await gone(() => bucket.reading(), "Connections to the bucket stay open.");
  });

  test("refuses who has the wrong key", async () => {
    const thief = s3Storage({ endpoint: bucket.origin, ...bucket.keys, secretAccessKey: "guessed" });
    await expect(taken(thief, "whole.png", 0, 10)).rejects.toThrow("SignatureDoesNotMatch");
  });
});

describe("the app with its files in a bucket", () => {
  const temporary = mkdtempSync(join(here, "tmp-"));
  let desk: Desk;
  let ada: PersonAtApp;

  beforeAll(async () => {
    desk = await openDesk(await createDatabase(), {
      TMPDIR: temporary,
      MEDIA_S3_BUCKET: bucket.keys.bucket,
      MEDIA_S3_ENDPOINT: bucket.origin,
      MEDIA_S3_REGION: bucket.keys.region,
      MEDIA_S3_ACCESS_KEY_ID: bucket.keys.accessKeyId,
      MEDIA_S3_SECRET_ACCESS_KEY: bucket.keys.secretAccessKey,
    });
    ada = desk.ada;
  });
  afterAll(() => desk.stop());

  test("a picture is kept, shown, published by its address, and gone from the bucket when deleted", async () => {
    bucket.objects.clear();
    const bytes = await picture("png", { width: 640, height: 480 });
    const file = await added(await upload(desk, ada, bytes));
    expect([...bucket.objects.values()]).toEqual([bytes]);
    expect((await ada.fetch(file.previewUrl ?? "")).headers.get("content-type")).toBe("image/webp");
    expect(bucket.objects.size).toBe(2);
    const post = await successOf<{ id: string }>(
      await ada.send("POST", "/api/post", {
        content: { text: "From the bucket", media: [{ id: file.id }] },
        targets: [{ connectionId: desk.accounts.threads }],
      }),
    );
    await untilSettled(desk);
    expect((await deliveryOf(desk, post.id, "threads")).state).toBe("published");
    expect((await ada.send("DELETE", `/api/media/${file.id}`)).status).toBe(200);
    expect(bucket.objects.size).toBe(0);
    expect(filesIn(temporary)).toEqual([]);
  });

  test("a file cannot be deleted under a post that is being published from it", async () => {
    const file = await added(await upload(desk, ada, await picture("png", { width: 650, height: 480 })));
    const gate = bucket.hold("GET");
    const publishing = ada.send("POST", "/api/post", {
      content: { text: "Being read", media: [{ id: file.id }] },
      targets: [{ connectionId: desk.accounts.twitter }],
    });
    await waitUntil(() => gate.came() === 1 || null, { withinMs: 30_000, otherwise: "Nothing is read." });
    const refused = await ada.send("DELETE", `/api/media/${file.id}`);
    gate.release();
    expect(refused.status).toBe(409);
    const post = await successOf<{ id: string }>(await publishing);
    await untilSettled(desk);
    expect((await deliveryOf(desk, post.id, "twitter")).state).toBe("published");
    expect((await ada.send("DELETE", `/api/media/${file.id}`)).status).toBe(200);
  });

  test("the same file twice at once is one, in the bucket too", async () => {
    bucket.objects.clear();
    const bytes = await picture("png", { width: 641, height: 480 });
    const both = await Promise.all([upload(desk, ada, bytes), upload(desk, ada, bytes)]);
    const ids = await Promise.all(both.map(async (response) => (await added(response)).id));
    expect(new Set(ids).size).toBe(1);
    expect(bucket.objects.size).toBe(1);
  });

  test("a preview that fifty ask for at once is made once", async () => {
    const file = await added(await upload(desk, ada, await picture("jpeg", { width: 1_500, height: 1_500 })));
    bucket.log.length = 0;
    const asked = Array.from({ length: 50 }, () => ada.fetch(file.previewUrl ?? ""));
    const shown = await Promise.all((await Promise.all(asked)).map((response) => response.arrayBuffer()));
    expect(new Set(shown.map(({ byteLength }) => byteLength)).size).toBe(1);
    expect(bucket.log.filter(({ what }) => what === "PUT")).toHaveLength(1);
  });

  test("a file that is deleted while its preview is made leaves nothing in the bucket", async () => {
    bucket.objects.clear();
    const file = await added(await upload(desk, ada, await picture("png", { width: 642, height: 480 })));
    const gate = bucket.hold("PUT");
    const preview = ada.fetch(file.previewUrl ?? "");
    await waitUntil(() => gate.came() === 1 || null, { withinMs: 30_000, otherwise: "No preview was made." });
    expect((await ada.send("DELETE", `/api/media/${file.id}`)).status).toBe(200);
    gate.release();
    expect((await preview).status).toBe(404);
    expect(bucket.objects.size).toBe(0);
  });

  test("a file whose owner goes while it is stored leaves nothing in the bucket", async () => {
    const cleo = await signUp(desk.app.url, { name: "Cleo Peal" });
    bucket.objects.clear();
    const gate = bucket.hold("PUT");
    const coming = upload(desk, cleo, await picture("png", { width: 643, height: 480 }));
    await waitUntil(() => gate.came() === 1 || null, { withinMs: 30_000, otherwise: "Nothing was stored." });
    await desk.sql.query("delete from users where email = $1", [cleo.email]);
    gate.release();
    expect((await coming).ok).toBe(false);
    expect(bucket.objects.size).toBe(0);
  });

  test("a bucket that refuses is told in words, and nothing is kept", async () => {
    const relent = bucket.refuse("PUT", 403);
    const response = await upload(desk, ada, await picture("png", { width: 644, height: 480 }));
    relent();
    await expectNoRoom(response);
    expect(filesIn(temporary)).toEqual([]);
    // Nothing of the failure stands in the way of the next try.
    await added(await upload(desk, ada, await picture("png", { width: 644, height: 480 })));
  });

  test("a file that has vanished from the bucket is an error, not a broken success", async () => {
    const file = await added(await upload(desk, ada, await picture("png", { width: 645, height: 480 })));
    bucket.objects.clear();
    const response = await ada.fetch(file.fileUrl);
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(response.headers.get("content-type")).toContain("json");
    await response.body?.cancel();
  });

  test("an upload that breaks off reaches neither the bucket nor the library", async () => {
    bucket.log.length = 0;
    const half = (await picture("png", { width: 646, height: 480 })).subarray(0, 2_000);
    await cutOff(desk, half, () => filesIn(temporary).length > 0);
    await gone(() => filesIn(temporary).length, "Half a file was left behind.");
    expect(bucket.log).toEqual([]);
  });

  test("asking for the size alone reads nothing", async () => {
    const file = await added(await upload(desk, ada, await picture("png", { width: 647, height: 480 })));
    bucket.log.length = 0;
    for (let nth = 0; nth < 5; nth += 1) {
      const head = await ada.fetch(file.fileUrl, { method: "HEAD" });
      expect([head.status, head.headers.get("accept-ranges")]).toEqual([200, "bytes"]);
    }
    const part = await ada.fetch(file.fileUrl, { method: "HEAD", headers: { range: "bytes=0-9" } });
    const range = part.headers.get("content-range");
    expect([part.status, range]).toEqual([206, `bytes 0-9/${file.bytes}`]);
    expect(bucket.log).toEqual([]);
    expect(bucket.reading()).toBe(0);
  });

  test("who reads slowly, or goes away, holds neither the film in memory nor the bucket", async () => {
    const film = await video({ bytes: 24 * MB });
    const file = await added(await upload(desk, ada, film));
    const before = bucket.sent();
    const slow = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(`${desk.app.url}${file.fileUrl}`, { headers: { cookie: cookieOf(ada) } }, resolve).on(
        "error",
        reject,
      );
    });
    let last = -1;
    let still = 0;
    const read = await waitUntil(
      () => {
        const now = bucket.sent() - before;
        still = now === last ? still + 1 : 0;
        last = now;
        return now > 0 && still >= 10 ? now : null;
      },
      { withinMs: 30_000, everyMs: 50, otherwise: "The app reads on and on." },
    );
    // What the machine's own sockets hold is most of it.
    expect(read).toBeLessThan(16 * MB);
    expect(bucket.reading()).toBe(1);
    slow.destroy();
    await gone(() => bucket.reading(), "The bucket is still being read for nobody.");
  });

  test("a long name is cut between its signs, never inside one", async () => {
    const name = `${"a".repeat(119)}${"🔔".repeat(90)}.png`;
    const file = await added(
      await upload(desk, ada, await picture("png", { width: 648, height: 480 }), name),
    );
    expect(file.filename).toBe(`${"a".repeat(119)}🔔.png`);
  });
});

describe("the app with its files on a disk", () => {
  const directory = mkdtempSync(join(here, "library-"));
  const incoming = join(directory, "incoming");
  let database: TestDatabase;
  let app: RunningApp;
  let ben: PersonAtApp;

  beforeAll(async () => {
    database = await createDatabase();
    app = await startApp({ databaseUrl: database.url, env: { WORKERS: "off", MEDIA_DIR: directory } });
    ben = await signUp(app.url, { name: "Ben Ring" });
  });
  afterAll(async () => {
    await app.stop();
    await database.drop();
  });

  test("that cannot be written says so in words, and goes on", async () => {
    const bytes = await picture("png", { width: 649, height: 480 });
    // A file where the folder should be: not even root can write there.
    writeFileSync(incoming, "");
    await expectNoRoom(await upload({ app }, ben, bytes));
    rmSync(incoming);
    expect((await added(await upload({ app }, ben, bytes))).width).toBe(649);
    expect(readdirSync(incoming)).toEqual([]);
  });

  test.runIf(existsSync("/usr/bin/prlimit"))(
    "that fills up in the last piece keeps no half film",
    async () => {
      const film = await video({ bytes: 40_000 });
      const limit = (fsize: string) => execFileSync("prlimit", ["--pid", `${app.pid}`, `--fsize=${fsize}`]);
      limit(`${film.byteLength - 1_000}:`);
      await expectNoRoom(await upload({ app }, ben, film));
      expect(readdirSync(incoming)).toEqual([]);
      limit("unlimited");
      expect((await added(await upload({ app }, ben, film))).bytes).toBe(film.byteLength);
    },
  );
});

async function put(place: Storage, key: string, bytes: Buffer): Promise<void> {
  const path = join(here, randomBytes(6).toString("hex"));
  writeFileSync(path, bytes);
  await place.put(key, path, { mimeType: "image/png", bytes: bytes.byteLength });
}

async function taken(place: Storage, key: string, start: number, end: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of place.open(key, start, end)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const upload = (
  { app }: Pick<Desk, "app">,
  person: PersonAtApp,
  bytes: Buffer,
  name = "bell.png",
): Promise<Response> =>
  person.fetch(`/api/media?filename=${encodeURIComponent(name)}`, {
    method: "POST",
    body: new Uint8Array(bytes),
    headers: { origin: app.url, "content-type": "application/octet-stream" },
  });

const added = (response: Response): Promise<MediaDto> => successOf<MediaDto>(response);

async function expectNoRoom(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    error: { code: "no_storage", message: expect.stringContaining("could not be kept"), remedy: "operator" },
  });
}

/** What the app spools below its temporary folder; the folders themselves may stay. */
const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /carillon-(incoming|renditions)$/.test(entry.parentPath))
    .map(({ name }) => name);

const gone = (count: () => number, otherwise: string): Promise<true> =>
  waitUntil(() => count() === 0 || null, { withinMs: 30_000, everyMs: 20, otherwise });

const cookieOf = (person: PersonAtApp): string =>
  [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");

/** Promises twice the bytes, and hangs up once the app has begun to write them down. */
function cutOff(desk: Desk, bytes: Buffer, begun: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${desk.app.url}/api/media?filename=half.png`, {
      method: "POST",
      headers: {
        origin: desk.app.url,
        cookie: cookieOf(desk.ada),
        "content-type": "image/png",
        "content-length": bytes.byteLength * 2,
      },
    });
    request.on("error", () => resolve());
    request.write(bytes, () => {
      waitUntil(() => begun() || null, { withinMs: 30_000, everyMs: 5, otherwise: "The app did not begin." })
        .then(() => request.destroy())
        .catch(reject);
    });
  });
}
