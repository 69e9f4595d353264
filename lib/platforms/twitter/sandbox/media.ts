/**
 * What is uploaded to the simulated X: pictures in one call, everything in segments. GIFs and videos are looked at
 * afterwards; what is ready may be named in a post for a day.
 */
import { joinFiles, keepBytes } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  empty,
  isAnswer,
  type Json,
  json,
  jsonBody,
  newId,
  type Person,
  type StoredFile,
  shelf,
  strangeParam,
} from "@/lib/sandbox/kit";
import { forbidden, invalidRequest, NOT_PERMITTED, signedIn } from "./answers";
import { setting } from "./knobs";
import {
  isAnimated,
  kindOf,
  MAX_TOTAL_BYTES,
  type MediaKind,
  photoFault,
  processingFault,
  sizeFault,
  usualCategory,
} from "./media-rules";
import { isId } from "./timeline";

export type Media = {
  id: string;
  key: string;
  /** who may use it: the uploader first */
  ownerIds: string[];
  category: string;
  kind: MediaKind;
  totalBytes: number;
  expiresAt: number;
  pieces: StoredFile[];
  /** all of it, once finalized */
  file: StoredFile | null;
  readyAt: number;
  fault: string | null;
  alt: string | null;
};

const DAY_SECONDS = 86_400;
const MAX_SEGMENTS = 1_000;
const MAX_ALT_TEXT = 1_000;
const mediaTypes = (
  "video/mp4 video/webm video/mp2t video/quicktime text/srt text/vtt image/jpeg image/gif image/bmp image/png " +
  "image/webp image/pjpeg image/tiff model/gltf-binary model/vnd.usdz+zip"
).split(" ");
const oneShotCategories = ["tweet_image", "dm_image", "subtitles"];
const keyPrefixes: Record<MediaKind, string> = { photo: "3", gif: "16", video: "7", other: "3" };

/** POST /2/media/upload: a picture or captions, whole, as multipart or as base64 in JSON. */
export function uploadMedia(call: Call): Answer {
  const person = uploader(call);
  if (isAnswer(person)) return person;
  const fields = call.parts === null ? jsonBody(call) : partFields(call);
  if (fields === null)
    return invalidRequest("The request body must be multipart/form-data or a JSON object.");
  const stranger = strangeField(call, fields, "media media_category media_type shared additional_owners");
  if (stranger !== null) return stranger;
  const category = String(fields["media_category"]);
  if (!oneShotCategories.includes(category)) {
    return invalidRequest(`$.media_category: must be one of [${oneShotCategories.join(", ")}]`);
  }
  const ownerIds = ownersOf(person, fields["additional_owners"]);
  if (ownerIds === null) return invalidRequest("$.additional_owners: must be ids");
  const file = call.parts === null ? fromBase64(call, fields["media"]) : filePart(call);
  if (file === null || file.bytes === 0) return invalidRequest("$.media: the bytes of the file are required");
  const media = newMedia(call, { category, ownerIds, totalBytes: file.bytes });
  const fault =
    sizeFault(call, media.kind, person, file.bytes) ??
    (media.kind === "photo" ? photoFault(call, file) : null);
  if (fault !== null) return invalidRequest(fault, { media: [file.mime] });
  complete(call, media, file, person);
  return json(200, {
    data: {
      ...identity(media),
      size: file.bytes,
      expires_after_secs: secondsLeft(call, media),
      ...(media.kind === "photo" ? { image: { w: file.width, h: file.height, image_type: file.mime } } : {}),
    },
  });
}

/** POST /2/media/upload/initialize */
export function initializeMedia(call: Call): Answer {
  const person = uploader(call);
  if (isAnswer(person)) return person;
  const body = jsonBody(call);
  if (body === null) return invalidRequest("The request body must be a JSON object.");
  const stranger = strangeField(call, body, "media_type total_bytes media_category shared additional_owners");
  if (stranger !== null) return stranger;
  const { media_type: type, total_bytes: bytes } = body;
  if (typeof type !== "string" || !mediaTypes.includes(type)) {
    return invalidRequest(`$.media_type: must be one of [${mediaTypes.join(", ")}]`);
  }
  if (typeof bytes !== "number" || !Number.isInteger(bytes) || bytes < 1 || bytes > MAX_TOTAL_BYTES) {
    return invalidRequest(`$.total_bytes: must be an integer from 1 to ${MAX_TOTAL_BYTES}`);
  }
  // The sheet demands the category of one-shot uploads only.
  const category = body["media_category"] ?? usualCategory(type);
  const kind = typeof category === "string" ? kindOf(category) : null;
  if (typeof category !== "string" || kind === null) {
    return invalidRequest("$.media_category: is not one of the categories");
  }
  if (!fits(kind, type)) return invalidRequest(`${type} cannot be uploaded as ${category}.`);
  const ownerIds = ownersOf(person, body["additional_owners"]);
  if (ownerIds === null) return invalidRequest("$.additional_owners: must be ids");
  const fault = sizeFault(call, kind, person, bytes);
  if (fault !== null) return invalidRequest(fault, { total_bytes: [String(bytes)] });
  const media = newMedia(call, { category, ownerIds, totalBytes: bytes });
  keep(call, media);
  return json(200, { data: { ...identity(media), expires_after_secs: secondsLeft(call, media) } });
}

/** POST /2/media/upload/:id/append: the next segment, or one that came before once more. */
export function appendMedia(call: Call): Answer {
  const upload = uploadAt(call);
  if (isAnswer(upload)) return upload;
  const { media } = upload;
  if (call.parts === null) return invalidRequest("The request body must be multipart/form-data.");
  const fields = partFields(call);
  const stranger = fields === null ? null : strangeField(call, fields, "segment_index media");
  if (fields === null || stranger !== null) {
    return stranger ?? invalidRequest("A field of the form was given twice.");
  }
  const piece = filePart(call);
  const index = /^\d{1,3}$/.test(String(fields["segment_index"])) ? Number(fields["segment_index"]) : null;
  if (index === null) return invalidRequest(`$.segment_index: must be from 0 to ${MAX_SEGMENTS - 1}`);
  if (piece === null || piece.bytes === 0)
    return invalidRequest("$.media: the bytes of the segment are required");
  if (piece.bytes > setting(call, "maxChunkBytes")) return empty(413);
  if (media.file !== null) return invalidRequest("The media has been finalized.");
  if (index > media.pieces.length)
    return invalidRequest("Segments do not add up to provided total file size.");
  const pieces = [...media.pieces];
  pieces[index] = piece;
  if (sumOf(pieces) > media.totalBytes) return invalidRequest("The segments are more than was announced.");
  media.pieces = pieces;
  return json(200, { data: { expires_at: Math.floor(media.expiresAt / 1_000) } });
}

/** POST /2/media/upload/:id/finalize */
export function finalizeMedia(call: Call): Answer {
  const upload = uploadAt(call);
  if (isAnswer(upload)) return upload;
  const { media, person } = upload;
  if (media.file === null) {
    if (sumOf(media.pieces) !== media.totalBytes) {
      return invalidRequest("Segments do not add up to provided total file size.");
    }
    const file = joinFiles(call, media.pieces);
    const fault = media.kind === "photo" ? photoFault(call, file) : null;
    if (fault !== null) return invalidRequest(fault, { media_id: [media.id] });
    complete(call, media, file, person);
  }
  return mediaAnswer(call, media);
}

/** GET /2/media/upload?command=STATUS&media_id= */
export function mediaStatus(call: Call): Answer {
  const person = uploader(call);
  if (isAnswer(person)) return person;
  const strange = strangeParam(call.query, ["command", "media_id"]);
  if (strange !== null)
    return invalidRequest(`The query parameter [${strange}] is not one of [command,media_id]`);
  if (call.query.get("command") !== "STATUS") {
    return invalidRequest("The `command` query parameter value is not one of [STATUS]");
  }
  const id = call.query.get("media_id") ?? "";
  const media = findMedia(call, person, id);
  return media?.file ? mediaAnswer(call, media) : invalidMediaId(id);
}

/** POST /2/media/metadata: alt text. */
export function describeMedia(call: Call): Answer {
  const person = uploader(call);
  if (isAnswer(person)) return person;
  const body = jsonBody(call);
  if (body === null) return invalidRequest("The request body must be a JSON object.");
  const stranger = strangeField(call, body, "id metadata");
  if (stranger !== null) return stranger;
  const text = altTextIn(body["metadata"]);
  if (text === null) return invalidRequest("$.metadata: only alt_text with a text is known here");
  if ([...text].length > MAX_ALT_TEXT) {
    return invalidRequest(`$.metadata.alt_text.text: must be at most ${MAX_ALT_TEXT} characters long`);
  }
  const id = typeof body["id"] === "string" ? body["id"] : "";
  const media = findMedia(call, person, id);
  if (media === null || media.file === null) return invalidMediaId(id);
  if (media.kind === "video" && !setting(call, "videoAltText")) {
    return invalidRequest("Alt text is for images and GIFs.");
  }
  media.alt = text === "" ? null : text;
  return json(200, { data: { id, associated_metadata: { alt_text: { text } } } });
}

/** What this person may name by this id, alive still; null for everything else. */
export function findMedia(call: Call, person: Person, id: string): Media | null {
  const all = shelf<Media>(call, "media");
  const media = Object.hasOwn(all, id) ? all[id] : undefined;
  return media?.ownerIds.includes(person.id) && call.now < media.expiresAt ? media : null;
}

/** Whether it was uploaded whole and looked at with success. */
export function isReady(call: Call, { file, readyAt, fault }: Media): boolean {
  return file !== null && call.now >= readyAt && fault === null;
}

function uploader(call: Call): Person | Answer {
  return signedIn(call, ["media.write"]);
}

/** The upload that the path names, if it is this person's. */
function uploadAt(call: Call): { media: Media; person: Person } | Answer {
  const person = uploader(call);
  if (isAnswer(person)) return person;
  const id = call.params["id"] ?? "";
  const media = findMedia(call, person, id);
  if (media === null) return invalidMediaId(id);
  return media.ownerIds[0] === person.id ? { media, person } : forbidden(NOT_PERMITTED);
}

function invalidMediaId(id: string): Answer {
  return invalidRequest("Your media IDs are invalid.", { media_id: [id] });
}

function newMedia(call: Call, about: { category: string; ownerIds: string[]; totalBytes: number }): Media {
  const id = newId(call);
  const kind = kindOf(about.category) ?? "other";
  return {
    id,
    key: `${keyPrefixes[kind]}_${id}`,
    kind,
    ...about,
    expiresAt: call.now + DAY_SECONDS * 1_000,
    pieces: [],
    file: null,
    readyAt: call.now,
    fault: null,
    alt: null,
  };
}

function keep(call: Call, media: Media): void {
  shelf<Media>(call, "media")[media.id] = media;
}

function complete(call: Call, media: Media, file: StoredFile, person: Person): void {
  media.file = file;
  media.pieces = [];
  if (media.kind === "photo" && isAnimated(call, file)) media.kind = "gif";
  if (isLookedAt(media)) {
    media.readyAt = call.now + setting(call, "processingMs");
    media.fault = setting(call, "processingError") || processingFault(call, media.kind, person, file);
  }
  keep(call, media);
}

/** Pictures and captions are ready at once. */
function isLookedAt({ category }: Media): boolean {
  return /gif|video/.test(category);
}

function mediaAnswer(call: Call, media: Media): Answer {
  return json(200, {
    data: {
      ...identity(media),
      size: media.file?.bytes,
      expires_after_secs: secondsLeft(call, media),
      processing_info: processingInfo(call, media),
    },
  });
}

/** Nothing for what needed no looking at. */
function processingInfo(call: Call, media: Media): Record<string, Json> | undefined {
  if (!isLookedAt(media)) return undefined;
  const leftMs = media.readyAt - call.now;
  const processingMs = setting(call, "processingMs");
  if (leftMs > 0) {
    const done = Math.max(0, Math.min(99, Math.floor(100 - (100 * leftMs) / processingMs)));
    const state = call.operation === "finalize_media" ? "pending" : "in_progress";
    return { state, check_after_secs: Math.ceil(leftMs / 1_000), progress_percent: done };
  }
  if (media.fault !== null) {
    return { state: "failed", error: { code: 1, name: "InvalidMedia", message: media.fault } };
  }
  // Ready before anybody asked: X says nothing of processing.
  return processingMs === 0 ? undefined : { state: "succeeded", progress_percent: 100 };
}

function identity({ id, key }: Media) {
  return { id, media_key: key };
}

function secondsLeft(call: Call, { expiresAt }: Media): number {
  return Math.ceil((expiresAt - call.now) / 1_000);
}

function sumOf(pieces: StoredFile[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}

function fits(kind: MediaKind, type: string): boolean {
  if (kind === "gif") return type === "image/gif";
  if (kind === "video") return type.startsWith("video/");
  return kind === "photo" ? type.startsWith("image/") : true;
}

function strangeField(call: Call, fields: Record<string, Json>, known: string): Answer | null {
  const stranger = Object.keys(fields).find((name) => !known.split(" ").includes(name));
  if (stranger === undefined && call.query.size === 0) return null;
  return invalidRequest(
    `$.${stranger ?? "query"}: is not defined in the schema and the schema does not allow additional properties`,
  );
}

/** The fields of a form, files as ""; null when one was given twice or none came. */
function partFields(call: Call): Record<string, Json> | null {
  const parts = call.parts ?? [];
  const fields = Object.fromEntries(parts.map(({ name, text }) => [name, text]));
  return parts.length === 0 || Object.keys(fields).length < parts.length ? null : fields;
}

function filePart(call: Call): StoredFile | null {
  return call.parts?.find(({ name }) => name === "media")?.file ?? null;
}

function fromBase64(call: Call, media: Json | undefined): StoredFile | null {
  if (typeof media !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(media)) return null;
  return keepBytes(call, Buffer.from(media, "base64"));
}

/** A comma-separated string in a form, a list in JSON; the uploader is always the first. */
function ownersOf(person: Person, others: Json | undefined): string[] | null {
  if (others === undefined) return [person.id];
  const ids = typeof others === "string" ? others.split(",") : others;
  if (!Array.isArray(ids)) return null;
  const owners = [person.id];
  for (const id of ids) {
    if (typeof id !== "string" || !isId(id)) return null;
    owners.push(id);
  }
  return owners;
}

/** The text of `{ alt_text: { text } }` and nothing else. */
function altTextIn(metadata: Json | undefined): string | null {
  const inner = onlyField(metadata, "alt_text");
  const text = onlyField(inner, "text");
  return typeof text === "string" ? text : null;
}

function onlyField(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.keys(value).length === 1 ? value[name] : undefined;
}
