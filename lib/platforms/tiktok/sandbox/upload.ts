/** PUT of one chunk to the upload address of the simulated TikTok: 206 while more is to come, 201 for the last. */
import { joinFiles } from "@/lib/sandbox/files";
import { type Answer, type Call, empty, strangeParam } from "@/lib/sandbox/kit";
import { sameSecret } from "@/lib/sandbox/oauth";
import { apiError } from "./answers";
import { videoTypes } from "./media";
import { arrive } from "./posts";
import { findUpload, type Upload } from "./store";

/** The whole address is the proof; a bearer token has no business here. The last chunk sets the post going. */
export function putChunk(call: Call): Answer {
  const { query, headers, file } = call;
  const found = findUpload(call, query.get("upload_id"));
  if (found === null) return refuse(404, "The upload does not exist.");
  const { post, upload } = found;
  const token = query.get("upload_token") ?? "";
  if (!sameSecret(token, upload.token) || strangeParam(query, ["upload_id", "upload_token"]) !== null) {
    return refuse(403, "The upload_url is not valid.");
  }
  if (call.now >= upload.expiresAt) return refuse(403, "The upload_url has expired.");
  if (headers.has("authorization")) return refuse(400, "The upload_url takes no Authorization.");
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!videoTypes.includes(type)) return refuse(400, `Content-Type must be one of ${videoTypes.join(", ")}.`);
  if (!headers.has("content-length")) return refuse(400, "Content-Length is required.");
  const range = rangeOf(headers.get("content-range"));
  if (range === null) return refuse(400, "Content-Range must be bytes FIRST-LAST/TOTAL.");
  if (file === null || file.bytes !== range.last - range.first + 1) {
    return refuse(400, "Content-Range does not fit the length of the body.");
  }
  const next = nextRange(upload);
  if (next === null || range.first !== next.first || range.last !== next.last) {
    const wanted = next === null ? "nothing more" : `bytes ${next.first}-${next.last}`;
    return refuse(416, `The next chunk must be ${wanted}/${upload.videoSize}.`);
  }
  if (range.total !== upload.videoSize) return refuse(416, `The video has ${upload.videoSize} bytes.`);
  upload.chunks.push(file);
  post.bytes += file.bytes;
  if (upload.chunks.length < upload.chunkCount) return empty(206);
  arrive(call, post, [upload.chunks.length === 1 ? file : joinFiles(call, upload.chunks)]);
  return empty(201);
}

/** Chunks come one after the other; the last carries the remainder. */
function nextRange({ chunks, chunkSize, chunkCount, videoSize }: Upload) {
  if (chunks.length >= chunkCount) return null;
  const first = chunks.length * chunkSize;
  return { first, last: chunks.length === chunkCount - 1 ? videoSize - 1 : first + chunkSize - 1 };
}

function rangeOf(header: string | null): { first: number; last: number; total: number } | null {
  const [, first, last, total] = /^bytes (\d{1,12})-(\d{1,12})\/(\d{1,12})$/.exec(header ?? "") ?? [];
  return total === undefined ? null : { first: Number(first), last: Number(last), total: Number(total) };
}

/** The documents name no error codes for this address. */
function refuse(status: number, message: string): Answer {
  return apiError(status, "invalid_params", message);
}
