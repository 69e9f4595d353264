import { createHash, createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A bucket as strict as those of the smaller stores: every request signed (AWS Signature Version 4, checked in full), parts in
 * their order, and no header that only Amazon knows.
 */
export type Bucket = {
  origin: string;
  /** For the app and for `s3Storage`: where it is, and the keys to it. */
  keys: { bucket: string; region: string; accessKeyId: string; secretAccessKey: string };
  objects: Map<string, Buffer>;
  /** Multipart uploads that were begun and neither completed nor aborted. */
  unfinished(): number;
  /** What was asked, such as "PUT part" and "DELETE", with the size of the body that came. */
  log: { what: string; key: string; bytes: number; status: number }[];
  /** Bodies that are still going out. */
  reading(): number;
  /** Bytes that left in answers to GET. */
  sent(): number;
  /** From now on what begins with this word waits until the answer is called. `came`: how many wait. */
  hold(what: string): { came(): number; release(): void };
  /** From now on what begins with this word is refused with this status, until the answer is called. */
  refuse(what: string, status: number): () => void;
  stop(): Promise<void>;
};

type Asked = { what: string; key: string; query: URLSearchParams; body: Buffer };
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

const SMALLEST_PART = 5 * 1024 * 1024;

export async function startBucket(): Promise<Bucket> {
  const keys = {
    bucket: "bells",
    region: "eu-test-1",
    accessKeyId: "AKTEST",
    secretAccessKey: "s3 test key",
  };
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, { key: string; parts: Map<number, Buffer> }>();
  const log: Bucket["log"] = [];
  const reading = new Set<ServerResponse>();
  const gates = new Map<string, { open: Promise<void>; came: number }>();
  const refusals = new Map<string, number>();
  let sent = 0;

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      if (!(error instanceof Refusal))
        return void response.destroy(error instanceof Error ? error : undefined);
      const xml = `<?xml version="1.0"?><Error><Code>${error.code}</Code><Message>${error.code}</Message></Error>`;
      response.writeHead(error.status, { "content-type": "application/xml" }).end(xml);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://bucket.test");
    const [, bucket, ...rest] = url.pathname.split("/");
    const key = decodeURIComponent(rest.join("/"));
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const asked: Asked = {
      what: nameOf(request.method ?? "", url.searchParams),
      key,
      query: url.searchParams,
      body: Buffer.concat(pieces),
    };
    response.once("finish", () =>
      log.push({ what: asked.what, key, bytes: asked.body.byteLength, status: response.statusCode }),
    );
    checkSignature(request, url, asked.body, keys);
    for (const name of Object.keys(request.headers)) {
      if (/^x-amz-(sdk-)?checksum|^x-amz-trailer$/.test(name)) throw new Refusal(501, "NotImplemented");
    }
    if (bucket !== keys.bucket) throw new Refusal(404, "NoSuchBucket");
    const gate = [...gates].find(([what]) => asked.what.startsWith(what))?.[1];
    if (gate) {
      gate.came += 1;
      await gate.open;
    }
    const refused = [...refusals].find(([what]) => asked.what.startsWith(what))?.[1];
    if (refused !== undefined) throw new Refusal(refused, refused === 403 ? "AccessDenied" : "InternalError");
    act(asked, request, response);
  }

  function act({ what, key, query, body }: Asked, request: IncomingMessage, response: ServerResponse): void {
    const upload = uploads.get(query.get("uploadId") ?? "");
    if (query.has("uploadId") && upload?.key !== key) throw new Refusal(404, "NoSuchUpload");
    switch (what) {
      case "PUT":
        objects.set(key, body);
        return void response.writeHead(200, { etag: etagOf(body) }).end();
      case "GET":
        return void give(key, request, response);
      case "DELETE":
        objects.delete(key);
        return void response.writeHead(204).end();
      case "POST begin": {
        const id = randomBytes(8).toString("hex");
        uploads.set(id, { key, parts: new Map() });
        return void xml(
          response,
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      case "PUT part":
        upload?.parts.set(Number(query.get("partNumber")), body);
        return void response.writeHead(200, { etag: etagOf(body) }).end();
      case "POST complete":
        objects.set(key, joined(upload?.parts ?? new Map(), body.toString()));
        uploads.delete(query.get("uploadId") ?? "");
        return void xml(
          response,
          `<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`,
        );
      case "DELETE parts":
        uploads.delete(query.get("uploadId") ?? "");
        return void response.writeHead(204).end();
      default:
        throw new Refusal(501, "NotImplemented");
    }
  }

  function give(key: string, request: IncomingMessage, response: ServerResponse): void {
    const whole = objects.get(key);
    if (!whole) throw new Refusal(404, "NoSuchKey");
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (first === undefined || last === undefined) throw new Refusal(400, "InvalidArgument");
    const [start, end] = [Number(first), Math.min(whole.byteLength, Number(last) + 1)];
    if (start >= end) throw new Refusal(416, "InvalidRange");
    response.writeHead(206, {
      "content-length": end - start,
      "content-range": `bytes ${start}-${end - 1}/${whole.byteLength}`,
    });
    reading.add(response);
    response.once("close", () => reading.delete(response));
    const more = (at: number): void => {
      if (response.destroyed) return;
      if (at >= end) return void response.end();
      const piece = whole.subarray(at, Math.min(end, at + 65_536));
      response.write(piece, () => {
        sent += piece.byteLength;
        more(at + piece.byteLength);
      });
    };
    more(start);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // safe: it listens on a port
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    keys,
    objects,
    unfinished: () => uploads.size,
    log,
    reading: () => reading.size,
    sent: () => sent,
    hold: (what) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const gate = { open: promise, came: 0 };
      gates.set(what, gate);
      return {
        came: () => gate.came,
        release: () => {
          gates.delete(what);
          resolve();
        },
      };
    },
    refuse: (what, status) => {
      refusals.set(what, status);
      return () => void refusals.delete(what);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function nameOf(method: string, query: URLSearchParams): string {
  if (query.has("uploads")) return `${method} begin`;
  if (query.has("partNumber")) return `${method} part`;
  if (query.has("uploadId")) return method === "POST" ? "POST complete" : `${method} parts`;
  return method;
}

/** The parts as the list names them, which must be in order, known by their marks, and all but the last large enough. */
function joined(parts: Map<number, Buffer>, list: string): Buffer {
  const named = [...list.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll("&quot;", '"'),
  }));
  if (named.length === 0) throw new Refusal(400, "MalformedXML");
  return Buffer.concat(
    named.map(({ number, etag }, nth) => {
      const part = parts.get(number);
      if (!part || etag !== etagOf(part)) throw new Refusal(400, "InvalidPart");
      if (number <= (named[nth - 1]?.number ?? 0)) throw new Refusal(400, "InvalidPartOrder");
      if (nth < named.length - 1 && part.byteLength < SMALLEST_PART) throw new Refusal(400, "EntityTooSmall");
      return part;
    }),
  );
}

function checkSignature(request: IncomingMessage, url: URL, body: Buffer, keys: Bucket["keys"]): void {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/;
  const [, who, day = "", region = "", names = "", signature] =
    pattern.exec(request.headers.authorization ?? "") ?? [];
  const given = (name: string) => String(request.headers[name] ?? "").trim();
  const digest = given("x-amz-content-sha256");
  if (who !== keys.accessKeyId || region !== keys.region) throw new Refusal(403, "InvalidAccessKeyId");
  if (!["host", "x-amz-date", "x-amz-content-sha256"].every((name) => names.split(";").includes(name)))
    throw new Refusal(403, "AccessDenied");
  if (digest !== "UNSIGNED-PAYLOAD" && digest !== sha256(body))
    throw new Refusal(400, "XAmzContentSHA256Mismatch");
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort();
  const headers = names.split(";").map((name) => `${name}:${given(name)}\n`);
  const canonical = [request.method, url.pathname, query.join("&"), headers.join(""), names, digest].join(
    "\n",
  );
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", given("x-amz-date"), scope, sha256(Buffer.from(canonical))].join("\n");
  const hmac = (key: string | Buffer, value: string) => createHmac("sha256", key).update(value).digest();
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer>(
    (last, value) => hmac(last, value),
    Buffer.from(`AWS4${keys.secretAccessKey}`),
  );
  if (hmac(key, text).toString("hex") !== signature) throw new Refusal(403, "SignatureDoesNotMatch");
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const etagOf = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;
const xml = (response: ServerResponse, body: string): void =>
  void response.writeHead(200, { "content-type": "application/xml" }).end(`<?xml version="1.0"?>${body}`);
