import "server-only";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import busboy from "busboy";
import { AppError } from "@/lib/errors";
import { MAX_ALT } from "./schema";

export type Upload = { filename: string; alt: string; stream: AsyncIterable<Uint8Array> };

/**
 * The file in a request, read while it comes: the field "file" of multipart/form-data (a field "alt" before it describes it),
 * or the whole body of any other type, with its name in `?filename=`.
 * @throws AppError 400 when there is none
 */
export async function uploadIn(request: Request): Promise<Upload> {
  const type = request.headers.get("content-type") ?? "";
  if (!request.body) throw noFile();
  // safe: Node's own web stream; its type and the browser's differ in name only
  const body = Readable.fromWeb(request.body as unknown as NodeStream<Uint8Array>);
  if (!/^multipart\/form-data\b/i.test(type)) {
    const query = new URL(request.url).searchParams;
    return { filename: query.get("filename") ?? "", alt: altIn(query.get("alt") ?? ""), stream: body };
  }
  return fromForm(body, type);
}

function fromForm(body: Readable, type: string): Promise<Upload> {
  return new Promise((resolve, reject) => {
    let alt = "";
    let parser: ReturnType<typeof busboy>;
    try {
      parser = busboy({
        headers: { "content-type": type },
        limits: { files: 1, fields: 4, fieldSize: 16_384 },
        defParamCharset: "utf8",
      });
    } catch (cause) {
      return reject(noFile(cause));
    }
    parser.on("field", (name, value) => {
      if (name === "alt") alt = value;
    });
    parser.on("file", (_name, stream, { filename }) => {
      // Should the form break off inside the file, whoever reads the file has to hear of it.
      parser.once("error", (error) => stream.destroy(error instanceof Error ? error : new Error("cut off")));
      body.once("error", (error) => stream.destroy(error));
      try {
        resolve({ filename: filename ?? "", alt: altIn(alt), stream });
      } catch (error) {
        stream.resume();
        reject(error);
      }
    });
    // After a file these come too late to be heard.
    parser.once("error", (cause) => reject(noFile(cause)));
    parser.once("finish", () => reject(noFile()));
    body.once("error", reject);
    body.pipe(parser);
  });
}

function altIn(alt: string): string {
  if (alt.length > MAX_ALT)
    throw new AppError(400, "alt_too_long", `A description has at most ${MAX_ALT} characters.`);
  return alt;
}

const noFile = (cause?: unknown): AppError =>
  new AppError(400, "no_file", "Send one file: as the field “file” of a form, or as the body itself.", {
    cause,
  });
