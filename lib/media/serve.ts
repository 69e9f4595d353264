import "server-only";
import { AppError } from "@/lib/errors";
import type { SignedIn } from "@/lib/session";
import { getMedia } from "./data";
import { findLinked, type Served } from "./links";
import { previewRules, renditionOf } from "./renditions";
import { storage } from "./storage";

/** A file for its owner: as it came, or as a small picture for our own pages. @throws AppError not_found */
export async function serveOwn(
  user: SignedIn,
  id: string,
  { size, request }: { size: "preview" | "full"; request: Request },
): Promise<Response> {
  const row = await getMedia(user.id, id);
  const isPicture = row.kind === "image" || row.kind === "gif";
  const served: Served = size === "preview" && isPicture ? await renditionOf(row, previewRules) : row;
  return answer(request, served, { "cache-control": "private, max-age=3600" });
}

/** A kept file, for a caller who has found out that it may be seen. */
export const serveKept = (request: Request, file: Served): Promise<Response> =>
  answer(request, file, { "cache-control": "private, max-age=3600" });

/** A file for whoever has its link. @throws AppError not_found, whatever is wrong with the link */
export async function serveLinked(key: string, request: Request): Promise<Response> {
  const served = await findLinked(key);
  if (!served) throw new AppError(404, "not_found", "There is no file here, or its link has ended.");
  return answer(request, served, {
    "cache-control": "public, max-age=3600",
    "x-robots-tag": "noindex",
    "cross-origin-resource-policy": "cross-origin",
  });
}

/** The whole, or the part that `Range` asks for (RFC 9110 14): platforms and players fetch long videos in pieces. */
async function answer(request: Request, file: Served, headers: Record<string, string>): Promise<Response> {
  const range = rangeOf(request.headers.get("range"), file.bytes);
  const common = {
    ...headers,
    "accept-ranges": "bytes",
    "content-type": file.mimeType,
    // Whatever someone managed to upload, it is a file here and never a page.
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": file.mimeType === "application/pdf" ? "attachment" : "inline",
    "x-content-type-options": "nosniff",
  };
  if (range === "unsatisfiable") {
    return new Response(null, {
      status: 416,
      headers: { ...common, "content-range": `bytes */${file.bytes}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: file.bytes };
  const body = request.method === "HEAD" ? null : await bodyOf(file.storageKey, start, end);
  return new Response(body, {
    status: range ? 206 : 200,
    headers: {
      ...common,
      "content-length": String(end - start),
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${file.bytes}` }),
    },
  });
}

/** The first piece is read before we answer, so that a file that cannot be read is an error and not a success that breaks off. */
async function bodyOf(key: string, start: number, end: number): Promise<ReadableStream<Uint8Array>> {
  const pieces = (await storage()).open(key, start, end)[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | null = await pieces.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = first ?? (await pieces.next());
        first = null;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    // One piece at a time: who reads slowly holds little of it in memory.
    { highWaterMark: 0 },
  );
}

/** One range with its end exclusive; null where the whole is to be sent: none is asked for, or several. */
function rangeOf(
  header: string | null,
  bytes: number,
): { start: number; end: number } | "unsatisfiable" | null {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return null;
  const start = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}
