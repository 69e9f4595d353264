/** Where bytes go on the simulated Facebook: rupload for reels and stories, and the app's own resumable uploads. */
import { joinFiles, keepBytes } from "@/lib/sandbox/files";
import { type Answer, type Call, isAnswer, json, newSecret, type StoredFile, shelf } from "@/lib/sandbox/kit";
import { findToken } from "@/lib/sandbox/oauth";
import { admit, badToken, invalidParam, missingObject } from "./graph";
import { findVideo, uploaded } from "./videos";

type Upload = { id: string; length: number; pieces: StoredFile[]; handle: string | null };

/** POST rupload.facebook.com/video-upload/{version}/{video}: the bytes from `offset` on, or an address in a header. */
export function takeVideo(call: Call): Answer {
  const token = oauthToken(call);
  const video = findVideo(call, call.params["id"] ?? "");
  if (token === null) return refused("Invalid OAuth access token.");
  if (video === null || token.pageId !== video.pageId || video.kind === "video") {
    return refused("The video does not exist, or is not of this Page.");
  }
  if (video.file !== null) return refused("The video has been uploaded already.");
  const address = call.headers.get("file_url");
  if (address !== null) {
    const file = call.fetched[address]?.file ?? null;
    video.uploadFailed = file === null;
    if (file === null) return refused("Unable to fetch video file from URL.");
    uploaded(call, video, file);
    return json(200, { success: true });
  }
  const [offset, size] = [wholeNumber(call, "offset"), wholeNumber(call, "file_size")];
  if (offset === null || size === null || size === 0)
    return refused("The headers offset and file_size are required.");
  const received = video.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  if (offset !== received) return refused(`The offset must be ${received}.`);
  if (call.file === null || call.file.bytes === 0) return refused("The body is empty.");
  if (received + call.file.bytes > size) return refused("There are more bytes than file_size says.");
  video.pieces.push(call.file);
  if (received + call.file.bytes === size) {
    uploaded(call, video, video.pieces.length === 1 ? call.file : joinFiles(call, video.pieces));
  }
  return json(200, { success: true });
}

/** The address that takeVideo wants fetched. */
export const videoAddress = (call: Call): string[] => {
  const address = call.headers.get("file_url");
  return address === null ? [] : [address];
};

/** POST /{app}/uploads */
export function startUpload(call: Call): Answer {
  const admitted = admit(call);
  if (isAnswer(admitted)) return admitted;
  const { params } = admitted;
  const app = call.params["id"] ?? "";
  if (app !== call.client.id) return missingObject(app);
  const length = Number(params.get("file_length") ?? "");
  if (!Number.isSafeInteger(length) || length < 1)
    return invalidParam("Param file_length must be the size in bytes.");
  const types = ["application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"];
  if (!types.includes(params.get("file_type") ?? "")) {
    return invalidParam(`Param file_type must be one of ${types.join(", ")}.`);
  }
  const id = `upload:${newSecret(call, "upload")}`;
  uploads(call)[id] = { id, length, pieces: [], handle: null };
  return json(200, { id });
}

/** POST /upload:{session}: the bytes from `file_offset` on. */
export function takeUpload(call: Call): Answer {
  const upload = uploadOf(call);
  if (isAnswer(upload)) return upload;
  const received = upload.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  if (wholeNumber(call, "file_offset") !== received)
    return invalidParam(`The header file_offset must be ${received}.`);
  if (call.body.byteLength === 0 || received + call.body.byteLength > upload.length) {
    return invalidParam("The body is empty or longer than file_length says.");
  }
  upload.pieces.push(keepBytes(call, call.body));
  if (received + call.body.byteLength < upload.length) return json(200, { id: upload.id });
  upload.handle = newSecret(call, "handle");
  return json(200, { h: upload.handle });
}

/** GET /upload:{session}: how far it came. */
export function readUpload(call: Call): Answer {
  const upload = uploadOf(call);
  if (isAnswer(upload)) return upload;
  return json(200, { id: upload.id, file_offset: upload.pieces.reduce((sum, { bytes }) => sum + bytes, 0) });
}

export const isUpload = (call: Call): boolean => call.params["id"]?.startsWith("upload:") === true;

/** What an upload's handle stands for; null when nothing. */
export function handleFile(call: Call, handle: string): StoredFile | null {
  const found = Object.values(uploads(call)).find((one) => one.handle === handle);
  return found === undefined ? null : joinFiles(call, found.pieces);
}

const uploads = (call: Call): Record<string, Upload> => shelf<Upload>(call, "uploads");

function uploadOf(call: Call): Upload | Answer {
  if (oauthToken(call) === null) return badToken("The session is invalid.", 467);
  const id = call.params["id"] ?? "";
  return Object.hasOwn(uploads(call), id) ? (uploads(call)[id] ?? missingObject(id)) : missingObject(id);
}

/** A live token of `Authorization: OAuth …`, which is how bytes are signed for. No proof goes with it. */
function oauthToken(call: Call): { pageId: string | null } | null {
  const value = /^OAuth +(\S+)$/i.exec(call.headers.get("authorization") ?? "")?.[1] ?? null;
  const found = findToken(call, value);
  if (found === null || found.state !== "live") return null;
  return { pageId: shelf<string>(call, "page_tokens")[found.token.value] ?? null };
}

function wholeNumber(call: Call, header: string): number | null {
  const text = call.headers.get(header) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

const refused = (message: string): Answer =>
  json(400, { debug_info: { retriable: false, type: "ProcessingFailedError", message } });
