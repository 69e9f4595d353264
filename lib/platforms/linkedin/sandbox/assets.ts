/**
 * What is uploaded to the simulated LinkedIn: pictures and documents in one piece and with the member's token, videos
 * in parts of 4 MB to signed addresses. What came in whole is processed, and only then fit for a post.
 */
import { randomBytes } from "node:crypto";
import { joinFiles } from "@/lib/sandbox/files";
import { type Answer, type Call, empty, json, jsonBody, type StoredFile, shelf } from "@/lib/sandbox/kit";
import {
  apiError,
  badRequest,
  denied,
  type Member,
  noSuchResource,
  setting,
  signedIn,
  signedInToRest,
} from "./answers";
import { authorRefusal, mayWrite } from "./authors";
import { asFields, type Fields, invalidValue, missingField, strangeFieldRefusal } from "./fields";
import { type AssetKind, isVideoSize, processingFault, uploadRefusal } from "./files";

type Part = { firstByte: number; lastByte: number; etag: string; file: StoredFile | null };

export type Asset = {
  urn: string;
  kind: AssetKind;
  owner: string;
  /** what the upload addresses carry as proof */
  signature: string;
  expiresAt: number;
  /** a video's; the others come whole */
  parts: Part[];
  uploadToken: string;
  file: StoredFile | null;
  /** when all of it was there, and processing began */
  uploadedAt: number | null;
  fault: string | null;
};

type Status = "WAITING_UPLOAD" | "PROCESSING" | "AVAILABLE" | "PROCESSING_FAILED";

/** LinkedIn does not name the host that takes a video's parts, only that it is another one. */
export const videoHost = "video-uploads.licdn.com";
export const siteHost = "www.linkedin.com";

const PART_BYTES = 4_194_304;

const plural: Record<AssetKind, string> = { image: "images", video: "videos", document: "documents" };

/** The asset with this URN, or null. */
export function findAsset(call: Call, urn: string): Asset | null {
  return shelf<Asset>(call, "assets")[urn] ?? null;
}

export function statusOf(call: Call, { uploadedAt, fault }: Asset): Status {
  if (uploadedAt === null) return "WAITING_UPLOAD";
  if (call.now < uploadedAt + setting(call, "processingMs")) return "PROCESSING";
  return fault === null ? "AVAILABLE" : "PROCESSING_FAILED";
}

/** POST /rest/images and /rest/documents, ?action=initializeUpload */
export const initializeUpload =
  (kind: "image" | "document") =>
  (call: Call): Answer => {
    const request = requested(call, "initializeUpload", ["owner"]);
    if ("status" in request) return request;
    const owner = ownerOf(request, kind);
    if (typeof owner !== "string") return owner;
    const asset = newAsset(call, kind, owner, []);
    return json(200, {
      value: {
        uploadUrlExpiresAt: asset.expiresAt,
        uploadUrl: uploadUrl(call, asset, siteHost, 0),
        [kind]: asset.urn,
      },
    });
  };

/** POST /rest/videos, which serves two actions. */
export function videoAction(call: Call): Answer {
  return call.query.get("action") === "finalizeUpload" ? finalizeVideo(call) : initializeVideo(call);
}

export function videoOperation(call: Call): string {
  return call.query.get("action") === "finalizeUpload" ? "finalize_video" : "initialize_video";
}

/** PUT of a whole picture or document: 201 without a body. */
export const upload =
  (kind: "image" | "document") =>
  (call: Call): Answer => {
    const asset = uploadedTo(call, kind);
    if ("status" in asset) return asset;
    const member = signedIn(call);
    if ("status" in member) return member;
    if (!mayWrite(member, asset.owner)) return forbidden(kind);
    if (call.now >= asset.expiresAt) return expired();
    const { file } = call;
    if (file === null || file.bytes === 0) return badRequest("The upload is empty.");
    const refused = uploadRefusal(call, kind, file);
    if (refused !== null) return refused;
    complete(call, asset, file);
    return empty(201);
  };

/** PUT of one part of a video. Its address is proof enough, and a token beside it one too many. */
export function uploadPart(call: Call): Answer {
  const asset = uploadedTo(call, "video");
  if ("status" in asset) return asset;
  const part = /^\d{1,4}$/.test(call.params.part ?? "") ? asset.parts[Number(call.params.part)] : undefined;
  if (part === undefined) return noSuchResource();
  if (call.headers.has("authorization")) return badRequest("Only one way to authorize is allowed.");
  if (call.headers.get("content-type") !== "application/octet-stream") {
    return apiError(415, "The content type must be application/octet-stream.");
  }
  if (call.now >= asset.expiresAt) return expired();
  const wanted = part.lastByte - part.firstByte + 1;
  const bytes = call.file?.bytes ?? 0;
  if (call.file === null || bytes < wanted) return badRequest(`The part has ${bytes} bytes of ${wanted}.`);
  if (bytes > wanted) return apiError(413, `The part has ${bytes} bytes, and only ${wanted} are expected.`);
  part.file = call.file;
  part.etag = `/ambry-video/signedId/${randomBytes(12).toString("base64url")}`;
  return empty(200, { etag: `"${part.etag}"` });
}

/** GET /rest/{images,videos,documents}/{urn} */
export const getAsset =
  (kind: AssetKind) =>
  (call: Call): Answer => {
    const member = signedInToRest(call);
    if ("status" in member) return member;
    const urn = call.params.urn ?? "";
    if (!new RegExp(`^urn:li:${kind}:[\\w-]+$`).test(urn) || call.path.includes(":")) {
      return badRequest(`Syntax exception in path variables: ${call.path}`, "INVALID_URN_ID");
    }
    if ([...call.query].length > 0) return badRequest("Invalid query parameters passed to request");
    if (!mayAsk(call, member, kind)) return forbidden(kind);
    const asset = findAsset(call, urn);
    if (asset === null) return apiError(404, `Could not find entity ${urn}`, "NOT_FOUND");
    if (!mayWrite(member, asset.owner)) return forbidden(kind);
    const status = statusOf(call, asset);
    return json(200, {
      id: asset.urn,
      owner: asset.owner,
      status,
      ...(kind === "video" && status === "PROCESSING_FAILED" ? { processingFailureReason: asset.fault } : {}),
    });
  };

/** 403, for someone else's file and for a question one may not ask. */
export function forbidden(kind: AssetKind): Answer {
  return apiError(403, `Accessing this ${kind} resource is forbidden`, "ACCESS_DENIED");
}

function initializeVideo(call: Call): Answer {
  const known = ["owner", "fileSizeBytes", "uploadCaptions", "uploadThumbnail"];
  const request = requested(call, "initializeUpload", known);
  if ("status" in request) return request;
  const owner = ownerOf(request, "video");
  if (typeof owner !== "string") return owner;
  const { fileSizeBytes } = request.fields;
  const path = "initializeUploadRequest";
  if (fileSizeBytes === undefined) return missingField(`${path}/fileSizeBytes`);
  if (
    typeof fileSizeBytes !== "number" ||
    !Number.isSafeInteger(fileSizeBytes) ||
    !isVideoSize(fileSizeBytes)
  ) {
    return invalidValue(`${path}/fileSizeBytes`);
  }
  // Captions and thumbnails of one's own are not simulated.
  const extra = ["uploadCaptions", "uploadThumbnail"].find(
    (name) => (request.fields[name] ?? false) !== false,
  );
  if (extra !== undefined) return invalidValue(`${path}/${extra}`);
  const parts = Array.from({ length: Math.ceil(fileSizeBytes / PART_BYTES) }, (_, nth) => ({
    firstByte: nth * PART_BYTES,
    lastByte: Math.min((nth + 1) * PART_BYTES, fileSizeBytes) - 1,
    etag: "",
    file: null,
  }));
  const asset = newAsset(call, "video", owner, parts);
  return json(200, {
    value: {
      video: asset.urn,
      uploadToken: asset.uploadToken,
      uploadUrlsExpireAt: asset.expiresAt,
      uploadInstructions: parts.map(({ firstByte, lastByte }, nth) => ({
        uploadUrl: uploadUrl(call, asset, videoHost, nth),
        firstByte,
        lastByte,
      })),
    },
  });
}

/** Every part's ETag, without its quotes and in the order of the instructions. */
function finalizeVideo(call: Call): Answer {
  const request = requested(call, "finalizeUpload", ["video", "uploadToken", "uploadedPartIds"]);
  if ("status" in request) return request;
  const { video, uploadToken, uploadedPartIds } = request.fields;
  const path = "finalizeUploadRequest";
  for (const name of ["video", "uploadToken", "uploadedPartIds"]) {
    if (request.fields[name] === undefined) return missingField(`${path}/${name}`);
  }
  const asset = typeof video === "string" ? findAsset(call, video) : null;
  if (asset === null || asset.kind !== "video") return invalidValue(`${path}/video`);
  if (!mayWrite(request.member, asset.owner)) return forbidden("video");
  if (uploadToken !== asset.uploadToken) return invalidValue(`${path}/uploadToken`);
  const pieces = asset.parts.flatMap(({ file }) => (file === null ? [] : [file]));
  const etags = asset.parts.map(({ etag }) => etag);
  if (pieces.length < asset.parts.length || JSON.stringify(uploadedPartIds) !== JSON.stringify(etags)) {
    return invalidValue(`${path}/uploadedPartIds`);
  }
  if (asset.uploadedAt === null) complete(call, asset, joinFiles(call, pieces));
  return empty(200);
}

type Requested = { member: Member; fields: Fields };

/** The fields below `<action>Request` of a well-formed call of this action, or the refusal. */
function requested(call: Call, action: string, known: string[]): Requested | Answer {
  const member = signedInToRest(call);
  if ("status" in member) return member;
  if (call.url.search !== `?action=${action}`) return badRequest("The action is unknown.");
  const body = jsonBody(call);
  const fields = asFields(body?.[`${action}Request`]);
  if (body === null) return badRequest("Unable to parse the request: one JSON object is expected.");
  if (fields === null) return missingField(`${action}Request`);
  const strange =
    strangeFieldRefusal(body, [`${action}Request`], "") ??
    strangeFieldRefusal(fields, known, `${action}Request`);
  return strange ?? { member, fields };
}

function ownerOf({ member, fields }: Requested, kind: AssetKind): string | Answer {
  const { owner } = fields;
  if (owner === undefined || owner === "") return missingField("initializeUploadRequest/owner");
  if (typeof owner !== "string") return invalidValue("initializeUploadRequest/owner");
  const malformed = authorRefusal(owner, "owner");
  if (malformed !== null) return malformed;
  return mayWrite(member, owner) ? owner : denied(`${plural[kind]}.ACTION-initializeUpload`);
}

function newAsset(call: Call, kind: AssetKind, owner: string, parts: Part[]): Asset {
  const urn = `urn:li:${kind}:D4E10AQ${randomBytes(9).toString("base64url")}`;
  const asset: Asset = {
    urn,
    kind,
    owner,
    signature: randomBytes(18).toString("base64url"),
    expiresAt: call.now + setting(call, "uploadUrlLifeMs"),
    parts,
    uploadToken: setting(call, "uploadTokens") ? randomBytes(9).toString("base64url") : "",
    file: null,
    uploadedAt: null,
    fault: null,
  };
  shelf<Asset>(call, "assets")[urn] = asset;
  return asset;
}

function uploadUrl(call: Call, { urn, kind, signature }: Asset, host: string, part: number): string {
  const id = urn.slice(urn.lastIndexOf(":") + 1);
  return `${call.sandboxOrigin}/${host}/dms-uploads/${id}/uploaded-${kind}/${part}?m=&sync=0&v=beta&ut=${signature}`;
}

/** The asset whose upload address this is, to the letter. */
function uploadedTo(call: Call, kind: AssetKind): Asset | Answer {
  const asset = findAsset(call, `urn:li:${kind}:${call.params.id}`);
  return asset !== null && call.url.search === `?m=&sync=0&v=beta&ut=${asset.signature}`
    ? asset
    : noSuchResource();
}

function complete(call: Call, asset: Asset, file: StoredFile): void {
  asset.file = file;
  asset.uploadedAt = call.now;
  asset.fault = processingFault(call, asset.kind, file);
}

/** A token for members only may not ask about everything; one for organizations may. */
function mayAsk(call: Call, { scopes }: Member, kind: AssetKind): boolean {
  return (
    ["r_organization_social", "w_organization_social"].some((scope) => scopes.includes(scope)) ||
    setting(call, "memberMayAsk").split(" ").includes(plural[kind])
  );
}

function expired(): Answer {
  return badRequest("The upload address has expired.", "EXPIRED_UPLOAD_URL");
}
