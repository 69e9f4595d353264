/**
 * Files for the simulated Reddit: a lease names the form with which the storage takes one file, and after that the
 * file is known by its asset id and by its address. Whether it is any good shows only when it is in a post.
 */
import { randomBytes } from "node:crypto";
import { STATUS_CODES } from "node:http";
import {
  type Answer,
  type Call,
  isAnswer,
  json,
  type Person,
  type StoredFile,
  shelf,
} from "@/lib/sandbox/kit";
import { badRequest, formOf, setting, signedIn } from "./answers";

export const storageHost = "reddit-uploaded-media.s3-accelerate.amazonaws.com";
/** Without a scheme, as Reddit gives it: the client puts https: before it. */
const storageAddress = `//${storageHost}`;
export const socketHost = "k8s-lb.wss.redditmedia.com";
/** a little more than the largest file, for the form around it */
export const MAX_FORM_BYTES = 1_074_790_400;

export type MediaKind = "image" | "gif" | "video";

export type Asset = {
  id: string;
  personId: string;
  kind: MediaKind;
  mimetype: string;
  key: string;
  /** the form's fields as leased: name and value */
  fields: { name: string; value: string }[];
  file: StoredFile | null;
};

/** What may be announced, and what the content must then be. */
const kinds: Record<string, MediaKind> = {
  "image/png": "image",
  "image/jpeg": "image",
  "image/jpg": "image",
  "image/webp": "image",
  "image/gif": "gif",
  "video/mp4": "video",
  "video/quicktime": "video",
};

/** POST /api/media/asset.json */
export function leaseUpload(call: Call): Answer {
  const person = signedIn(call, "submit");
  if (isAnswer(person)) return person;
  const form = formOf(call, ["filepath", "mimetype"]);
  if (isAnswer(form)) return form;
  const filepath = form.get("filepath") ?? "";
  const mimetype = form.get("mimetype") ?? "";
  const kind = kinds[mimetype];
  if (filepath === "") return badRequest("filepath is missing.");
  if (kind === undefined) return badRequest(`Files of the type ${mimetype} are not taken.`);
  const asset = newAsset(call, person, { kind, mimetype, filepath });
  return json(200, {
    args: { action: storageAddress, fields: asset.fields },
    asset: {
      asset_id: asset.id,
      processing_state: "incomplete",
      payload: { filepath },
      websocket_url: socketUrl(call, asset.id),
    },
  });
}

/** The storage's own POST: the leased fields, all of them and no others, then the file. What follows it is ignored. */
export function storeUpload(call: Call): Answer {
  if (call.headers.has("authorization")) {
    return storageError(400, "InvalidArgument", "Only one auth mechanism allowed.");
  }
  if (call.parts === null) {
    return storageError(400, "MalformedPOSTRequest", "The body is not well-formed multipart/form-data.");
  }
  const at = call.parts.findIndex(({ name }) => name === "file");
  const file = call.parts[at]?.file ?? null;
  if (file === null) {
    return storageError(400, "InvalidArgument", "POST requires exactly one file upload per request.");
  }
  const given = call.parts.slice(0, at);
  const key = given.find(({ name }) => name === "key")?.text;
  const asset = Object.values(shelf<Asset>(call, "assets")).find((one) => one.key === key);
  const isLeased =
    asset !== undefined &&
    given.length === asset.fields.length &&
    asset.fields.every(({ name, value }) => given.some((part) => part.name === name && part.text === value));
  if (!isLeased)
    return storageError(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed");
  const limit = limitOf(call, asset.kind);
  if (file.bytes > limit) return tooLarge(file.bytes, limit);
  asset.file = file;
  const location = `https:${storageAddress}/${encodeURIComponent(asset.key)}`;
  return xml(
    201,
    `<PostResponse><Location>${location}</Location><Bucket>reddit-uploaded-media</Bucket><Key>${asset.key}</Key>` +
      `<ETag>"${file.sha256.slice(0, 32)}"</ETag></PostResponse>`,
  );
}

/** The person's uploaded file with this asset id, or null. */
export function assetById(call: Call, person: Person, id: string): Asset | null {
  const asset = shelf<Asset>(call, "assets")[id];
  return asset !== undefined && asset.personId === person.id && asset.file !== null ? asset : null;
}

/** The person's uploaded file at this address: the form's address and the key, or as the storage located it. */
export function assetAt(call: Call, person: Person, address: string): Asset | null {
  // The lease leaves the scheme to the client, so any will do.
  const [, path] = address.split(`${storageAddress}/`);
  if (path === undefined || !/^(https?:)?\/\//.test(address)) return null;
  const found = Object.values(shelf<Asset>(call, "assets")).find(
    ({ key }) => path === key || path === encodeURIComponent(key),
  );
  return found === undefined ? null : assetById(call, person, found.id);
}

/** Whether processing makes something of it. */
export function isPlayable(call: Call, { kind, file }: Asset): boolean {
  if (file === null || setting(call, "mediaFails")) return false;
  if (kind === "video" && (file.durationMs ?? 0) > setting(call, "maxVideoMs")) return false;
  return kinds[file.mime] === kind;
}

/** Where one hears what came of a post. Nobody speaks there: the post has to be looked up. */
export function socketUrl(call: Call, id: string): string | null {
  return setting(call, "websocketUrl")
    ? `${call.sandboxOrigin.replace(/^http/, "ws")}/${socketHost}/${id}`
    : null;
}

/** An error of this status in the storage's words. */
export function storageFailure(call: Call, status: number): Answer {
  if (status === 413)
    return tooLarge(Number(call.headers.get("content-length") ?? 0), setting(call, "maxVideoBytes"));
  const name = (STATUS_CODES[status] ?? "Error").replaceAll(/[^A-Za-z]/g, "");
  return storageError(status, name, "The request could not be completed.");
}

function newAsset(
  call: Call,
  person: Person,
  { kind, mimetype, filepath }: { kind: MediaKind; mimetype: string; filepath: string },
): Asset {
  const id = randomBytes(8).toString("hex").slice(0, 13);
  const key = `rte_${kind === "video" ? "videos" : "images"}/${id}`;
  const day = new Date(call.now).toISOString().slice(0, 10).replaceAll("-", "");
  const values: Record<string, string> = {
    acl: "private",
    key,
    "X-Amz-Credential": `SANDBOX/${day}/us-east-1/s3/aws4_request`,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Date": `${day}T000000Z`,
    success_action_status: "201",
    "content-type": mimetype,
    "x-amz-storage-class": "STANDARD",
    "x-amz-meta-ext": filepath.split(".").at(-1) ?? "",
    policy: randomBytes(48).toString("base64"),
    "X-Amz-Signature": randomBytes(32).toString("hex"),
  };
  const fields = Object.entries(values).map(([name, value]) => ({ name, value }));
  const asset: Asset = { id, personId: person.id, kind, mimetype, key, fields, file: null };
  shelf<Asset>(call, "assets")[id] = asset;
  return asset;
}

function limitOf(call: Call, kind: MediaKind): number {
  switch (kind) {
    case "image":
      return setting(call, "maxImageBytes");
    case "gif":
      return setting(call, "maxGifBytes");
    case "video":
      return setting(call, "maxVideoBytes");
  }
}

function tooLarge(bytes: number, limit: number): Answer {
  return xml(
    400,
    "<Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum allowed size</Message>" +
      `<ProposedSize>${bytes}</ProposedSize><MaxSizeAllowed>${limit}</MaxSizeAllowed></Error>`,
  );
}

function storageError(status: number, code: string, message: string): Answer {
  return xml(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

function xml(status: number, body: string): Answer {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}
