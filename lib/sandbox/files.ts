/** The files a platform was sent or fetched: on disk, known by a random name, looked at by content. */
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Call, Fetched, Shown, StoredFile } from "./kit";
import { looksLike } from "./looks-like";

const longestWaitMs = 30_000;

/** Keeps these bytes. */
export function storeBytes(directory: string, bytes: Uint8Array): StoredFile {
  const path = newPath(directory);
  writeFileSync(path, bytes);
  return described(path, {
    bytes: bytes.byteLength,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
}

/** Keeps what a stream brings, a piece at a time. */
export async function storeStream(
  directory: string,
  stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
): Promise<StoredFile> {
  const path = newPath(directory);
  const hash = createHash("sha256");
  const file = await open(path, "w");
  let bytes = 0;
  try {
    for await (const piece of stream) {
      hash.update(piece);
      bytes += piece.byteLength;
      await file.write(piece);
    }
  } finally {
    await file.close();
  }
  return described(path, { bytes, sha256: hash.digest("hex") });
}

/** Downloads as a platform's own fetcher does: no cookies, no redirects, half a minute at most. */
export async function download(directory: string, address: string): Promise<Fetched> {
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? "")) return { status: null, file: null };
  try {
    const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(longestWaitMs) });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return { status: response.status, file: null };
    }
    return { status: 200, file: await storeStream(directory, response.body) };
  } catch (error) {
    // Nobody there, cut off, or too slow: to the platform it is all one.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError"))
      return { status: null, file: null };
    throw error;
  }
}

/** One file made of several, in this order: an upload that came in pieces. Runs within one breath of a handler. */
export function joinFiles(call: Pick<Call, "fileDirectory">, pieces: StoredFile[]): StoredFile {
  const path = newPath(call.fileDirectory);
  const hash = createHash("sha256");
  let bytes = 0;
  writeFileSync(path, "");
  for (const { id } of pieces) {
    const piece = readFileSync(join(call.fileDirectory, id));
    appendFileSync(path, piece);
    hash.update(piece);
    bytes += piece.byteLength;
  }
  return described(path, { bytes, sha256: hash.digest("hex") });
}

/** Keeps bytes that came some other way, such as base64 in JSON. */
export const keepBytes = (call: Pick<Call, "fileDirectory">, bytes: Uint8Array): StoredFile =>
  storeBytes(call.fileDirectory, bytes);

/** As part of a publication. */
export const shown = (file: StoredFile, alt: string | null = null): Shown => ({ ...file, alt });

/** The bytes themselves; for small files only. */
export const bytesOf = (call: Pick<Call, "fileDirectory">, { id }: StoredFile): Uint8Array =>
  readFileSync(join(call.fileDirectory, id));

/** Where a file lies and what it is, by a name a stranger sent; null when there is none. */
export function findFile(directory: string, id: string): { path: string; mime: string } | null {
  const path = join(directory, id);
  if (!/^[0-9a-f]{32}$/.test(id) || !existsSync(path)) return null;
  return { path, mime: inspected(path).mime };
}

export function forgetFiles(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { force: true });
}

function newPath(directory: string): string {
  mkdirSync(directory, { recursive: true });
  return join(directory, randomBytes(16).toString("hex"));
}

const described = (path: string, size: Pick<StoredFile, "bytes" | "sha256">): StoredFile => ({
  id: path.slice(-32),
  ...size,
  ...inspected(path),
});

function inspected(path: string): Pick<StoredFile, "mime" | "width" | "height" | "durationMs"> {
  const file = openSync(path, "r");
  try {
    return looksLike({
      bytes: fstatSync(file).size,
      at(start, length) {
        const buffer = Buffer.alloc(length);
        return buffer.subarray(0, readSync(file, buffer, 0, length, start));
      },
    });
  } finally {
    closeSync(file);
  }
}
