/** Containers on the simulated Instagram: made, filled, and asked how they are. */
import { joinFiles } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  isAnswer,
  type Json,
  json,
  knob,
  newId,
  type StoredFile,
  shelf,
} from "@/lib/sandbox/kit";
import { graphError } from "@/lib/sandbox/meta";
import { DAY } from "@/lib/sandbox/oauth";
import { invalidParam, missingObject, publishingError, uploadRefusal } from "./errors";
import { imageFault, jpegFault, videoFault } from "./files";
import { accountInPath, admit, admitUpload, answerNode, onShelf, servedVersion, uploadHost } from "./graph";
import { childrenOf, containerParams, type Kind, kindOf, optionsOf, refuseParams } from "./params";

export type Container = {
  id: string;
  personId: string;
  kind: Kind;
  /** a video, or what was announced as one */
  moving: boolean;
  caption: string;
  alt: string | null;
  file: StoredFile | null;
  cover: StoredFile | null;
  children: string[];
  options: Record<string, Json>;
  createdAt: number;
  /** null: its video has yet to be uploaded */
  readyAt: number | null;
  /** the subcode of the error it ends with */
  error: number | null;
  /** what it became */
  mediaId: string | null;
  /** what came of its video so far */
  pieces: StoredFile[];
};

export type Status = "IN_PROGRESS" | "FINISHED" | "PUBLISHED" | "ERROR" | "EXPIRED";

type Plan = { personId: string; kind: Kind; params: URLSearchParams; addresses: string[] };

const said: Record<Exclude<Status, "ERROR">, string> = {
  IN_PROGRESS: "In Progress: Media is still being processed.",
  FINISHED: "Finished: Media has been uploaded and it is ready to be published.",
  PUBLISHED: "Published: Media has been already published.",
  EXPIRED: "Expired: Media was not published in time.",
};

/** What POST /{account}/media makes Instagram download before it answers. */
export function containerFetches(call: Call): string[] {
  const plan = planContainer(call);
  return isAnswer(plan) ? [] : plan.addresses;
}

/** POST /{account}/media */
export function createContainer(call: Call): Answer {
  const plan = planContainer(call);
  if (isAnswer(plan)) return plan;
  const ordered = knob(call, "createError", 0);
  if (ordered !== 0) return publishingError(ordered);
  if (plan.addresses.some((address) => !call.fetched[address]?.file)) return publishingError(2207052);
  const container = newContainer(call, plan);
  const problem = plan.kind === "carousel" ? refuseChildren(call, container) : refuseFiles(call, container);
  if (problem !== null) return problem;
  shelf<Container>(call, "containers")[container.id] = container;
  const { id } = container;
  if (!plan.params.has("upload_type")) return json(200, { id });
  return json(200, { id, uri: `https://${uploadHost}/ig-api-upload/${servedVersion(call)}/${id}` });
}

/** GET /{container} */
export function readContainer(call: Call): Answer {
  const admitted = admit(call, ["fields"], "read");
  if (isAnswer(admitted)) return admitted;
  const id = call.params["id"] ?? "";
  const container = onShelf<Container>(call, "containers", id);
  if (container === null || !admitted.accounts.includes(container.personId)) return missingObject(call, id);
  const status_code = statusOf(call, container);
  const status =
    status_code === "ERROR"
      ? `Error: Media upload has failed with error code ${container.error}`
      : said[status_code];
  return answerNode(admitted.params, { id, status_code, status });
}

/** What POST /ig-api-upload/{version}/{container} makes Instagram download. */
export const uploadFetches = (call: Call): string[] => {
  const address = call.headers.get("file_url");
  return address !== null && !isAnswer(containerToFill(call)) ? [address] : [];
};

/** POST /ig-api-upload/{version}/{container}: the video's bytes, or where they are. */
export function uploadVideo(call: Call): Answer {
  const container = containerToFill(call);
  if (isAnswer(container)) return container;
  const address = call.headers.get("file_url");
  if (address !== null) {
    const file = call.fetched[address]?.file ?? null;
    return file === null
      ? uploadRefusal(400, "The file could not be downloaded.")
      : fill(call, container, file);
  }
  const [offset, size] = ["offset", "file_size"].map((name) => Number(call.headers.get(name) ?? Number.NaN));
  const here = container.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  if (!Number.isSafeInteger(size) || !size) return uploadRefusal(400, "The header file_size is missing.");
  if (offset !== here) return uploadRefusal(400, `The header offset must be ${here}.`);
  if (call.file === null || call.file.bytes === 0) return uploadRefusal(400, "The body is empty.");
  if (here + call.file.bytes > size) return uploadRefusal(400, "There are more bytes than file_size says.");
  container.pieces.push(call.file);
  if (here + call.file.bytes < size) return uploadRefusal(400, "The upload is not complete.", true);
  return fill(call, container, joinFiles(call, container.pieces));
}

export function statusOf(call: Call, { mediaId, createdAt, readyAt, error }: Container): Status {
  if (mediaId !== null) return "PUBLISHED";
  if (call.now >= createdAt + DAY) return "EXPIRED";
  if (readyAt === null || call.now < readyAt) return "IN_PROGRESS";
  return error === null ? "FINISHED" : "ERROR";
}

export const isChild = ({ kind }: Container): boolean => kind === "image_child" || kind === "video_child";

function planContainer(call: Call): Plan | Answer {
  const admitted = admit(call, containerParams, "publish");
  if (isAnswer(admitted)) return admitted;
  const account = accountInPath(call, admitted);
  if (typeof account !== "string") return account;
  const { params } = admitted;
  const kind = kindOf(params);
  if (typeof kind !== "string") return kind;
  const problem = refuseParams(call, kind, params);
  if (problem !== null) return problem;
  const recent = Object.values(shelf<Container>(call, "containers")).filter(
    ({ personId, createdAt }) => personId === account && createdAt > call.now - DAY,
  );
  // The sheet has the number and no error for it: the app is told that it asks too often.
  if (recent.length >= knob(call, "containerLimit", 400)) {
    return graphError(403, { message: "Application request limit reached", type: "OAuthException", code: 4 });
  }
  const addresses = ["image_url", "video_url", "cover_url"].flatMap((name) => params.get(name) ?? []);
  return { personId: account, kind, params, addresses };
}

function newContainer(call: Call, { personId, kind, params }: Plan): Container {
  const fetched = (name: string) => call.fetched[params.get(name) ?? ""]?.file ?? null;
  const isPlain = !params.has("upload_type");
  return {
    id: newId(call),
    personId,
    kind,
    moving: params.has("video_url") || params.has("upload_type"),
    // A story shows no caption.
    caption: kind === "story" ? "" : (params.get("caption") ?? ""),
    alt: params.get("alt_text"),
    file: fetched("image_url") ?? fetched("video_url"),
    cover: fetched("cover_url"),
    children: kind === "carousel" ? childrenOf(params) : [],
    options: optionsOf(params),
    createdAt: call.now,
    readyAt: isPlain ? call.now + knob(call, "processingMs", 300) : null,
    error: knob(call, "containerError", 0) || null,
    mediaId: null,
    pieces: [],
  };
}

/** A picture is refused at once; a video only once it has been processed. */
function refuseFiles(call: Call, container: Container): Answer | null {
  const { kind, moving, file, cover, options } = container;
  const coverFault = cover === null ? null : jpegFault(call, cover);
  if (coverFault !== null) return publishingError(coverFault);
  if (file === null) return null;
  if (!moving) {
    const fault = imageFault(call, file, kind === "story" ? "story" : "feed");
    return fault === null ? null : publishingError(fault);
  }
  container.error ??= videoFault(file, kind === "story" ? "story" : "reel");
  const offset = Number(options["thumb_offset"] ?? 0);
  return container.error === null && offset > (file.durationMs ?? 0) ? publishingError(2207057) : null;
}

function refuseChildren(call: Call, parent: Container): Answer | null {
  for (const id of parent.children) {
    const child = onShelf<Container>(call, "containers", id);
    if (child === null || child.personId !== parent.personId) return publishingError(2207008);
    if (!isChild(child)) return invalidParam(`The container ${id} is no item of a carousel`);
    const status = statusOf(call, child);
    if (status === "EXPIRED" || status === "PUBLISHED") return publishingError(2207008);
    // Only videos have to be waited for before the parent is made; it waits for the pictures itself.
    if (status === "IN_PROGRESS" && child.kind === "video_child") return publishingError(2207027);
    parent.error ??= child.error;
    parent.readyAt = Math.max(parent.readyAt ?? 0, child.readyAt ?? 0);
  }
  return null;
}

function containerToFill(call: Call): Container | Answer {
  const admitted = admitUpload(call);
  if (isAnswer(admitted)) return uploadRefusal(admitted.status, "The access token cannot upload this.");
  const container = onShelf<Container>(call, "containers", call.params["id"] ?? "");
  if (container === null || !admitted.accounts.includes(container.personId)) {
    return uploadRefusal(400, "There is no such container.");
  }
  if (container.readyAt !== null || statusOf(call, container) !== "IN_PROGRESS") {
    return uploadRefusal(400, "The container does not wait for an upload.");
  }
  return container;
}

function fill(call: Call, container: Container, file: StoredFile): Answer {
  const offset = Number(container.options["thumb_offset"] ?? 0);
  container.file = file;
  container.pieces = [];
  container.readyAt = call.now + knob(call, "processingMs", 300);
  container.error ??= videoFault(file, container.kind === "story" ? "story" : "reel");
  if (offset > (file.durationMs ?? 0)) container.error ??= 2207057;
  return json(200, { success: true, message: "Upload successful." });
}
