import { z } from "zod";
import { type Access, type MediaFile, PlatformError } from "../contract";
import { call, type Stream } from "../kit";
import { isPicture } from "./content";
import { explain, explainUpload } from "./errors";
import { ask, type Linkedin, REST, versioned } from "./rest";

/**
 * Bringing files to LinkedIn. Nobody sees them before a post names them, so all of it may be done again. The addresses that
 * bytes go to are signed: they are used at once and kept nowhere.
 */

/** Sends one file, whole. @returns the URN by which a post names it */
export async function uploadFile(linkedin: Linkedin, access: Access, file: MediaFile): Promise<string> {
  return file.kind === "video"
    ? uploadVideo(linkedin, access, file)
    : uploadAtOnce(linkedin, access, file, isPicture(file) ? "image" : "document");
}

/** unknown: LinkedIn does not let this connection ask. */
export type AssetState = "ready" | "working" | "lacking" | "failed" | "unknown";

/** How LinkedIn is getting on with a file. @throws PlatformError */
export async function stateOf(linkedin: Linkedin, access: Access, urn: string): Promise<AssetState> {
  const kind = /^urn:li:(image|video|document):/.exec(urn)?.[1];
  if (kind === undefined) return "unknown";
  try {
    const { status } = await ask(linkedin, access.accessToken, {
      method: "GET",
      url: `${REST}/${kind}s/${encodeURIComponent(urn)}`,
      headers: versioned(linkedin.kit),
      answer: z.object({ status: z.string() }),
      explain: (answer) => (answer.status === 403 ? notOurs() : explain(answer)),
    });
    return STATES.get(status) ?? "working";
  } catch (error) {
    // Who may only write, as most members' connections, may not always look.
    if (error instanceof PlatformError && error.code === NOT_OURS) return "unknown";
    throw error;
  }
}

const STATES = new Map<string, AssetState>([
  ["AVAILABLE", "ready"],
  ["PROCESSING", "working"],
  ["WAITING_UPLOAD", "lacking"],
  ["PROCESSING_FAILED", "failed"],
]);

const NOT_OURS = "asset_forbidden";
const notOurs = () =>
  new PlatformError("rejected", "LinkedIn does not say how it is getting on with this file.", {
    code: NOT_OURS,
  });

const Begun = z.object({
  value: z.object({
    uploadUrl: z.url(),
    image: z.string().min(1).optional(),
    document: z.string().min(1).optional(),
  }),
});

async function uploadAtOnce(
  linkedin: Linkedin,
  access: Access,
  file: MediaFile,
  kind: "image" | "document",
): Promise<string> {
  const { value } = await begin(linkedin, access, kind, { owner: access.remoteId }, Begun);
  const urn = value[kind];
  if (urn === undefined) throw unreadable();
  await put(linkedin, value.uploadUrl, {
    stream: { type: file.mimeType, bytes: file.bytes, open: () => file.open() },
    bearer: access.accessToken,
  });
  return urn;
}

const BegunVideo = z.object({
  value: z.object({
    video: z.string().min(1),
    uploadToken: z.string().optional(),
    uploadInstructions: z
      .array(z.object({ uploadUrl: z.url(), firstByte: z.number(), lastByte: z.number() }))
      .min(1),
  }),
});

async function uploadVideo(linkedin: Linkedin, access: Access, file: MediaFile): Promise<string> {
  const { value } = await begin(
    linkedin,
    access,
    "video",
    { owner: access.remoteId, fileSizeBytes: file.bytes, uploadCaptions: false, uploadThumbnail: false },
    BegunVideo,
  );
  const uploadedPartIds: string[] = [];
  for (const { uploadUrl, firstByte, lastByte } of value.uploadInstructions) {
    // The last byte is part of the piece.
    const end = Math.min(lastByte + 1, file.bytes);
    const bytes = end - firstByte;
    const open = () => file.open(firstByte, end);
    const tag = await put(linkedin, uploadUrl, {
      stream: { type: "application/octet-stream", bytes, open },
    });
    if (!tag) throw unreadable();
    uploadedPartIds.push(tag.replace(/^(?:W\/)?"|"$/g, ""));
  }
  try {
    await ask(linkedin, access.accessToken, {
      method: "POST",
      url: `${REST}/videos?action=finalizeUpload`,
      headers: versioned(linkedin.kit),
      json: {
        finalizeUploadRequest: { video: value.video, uploadToken: value.uploadToken ?? "", uploadedPartIds },
      },
      answer: z.unknown(),
    });
  } catch (error) {
    // All bytes are there. Whether this was heard, the video's own state tells; if not, it is sent again.
    if (!(error instanceof PlatformError) || error.kind !== "unavailable" || error.operator) throw error;
  }
  return value.video;
}

const begin = <T>(
  linkedin: Linkedin,
  { accessToken }: Access,
  kind: "image" | "document" | "video",
  initializeUploadRequest: Record<string, unknown>,
  answer: z.ZodType<T>,
): Promise<T> =>
  ask(linkedin, accessToken, {
    method: "POST",
    url: `${REST}/${kind}s?action=initializeUpload`,
    headers: versioned(linkedin.kit),
    json: { initializeUploadRequest },
    answer,
  });

/**
 * Sends bytes to an address LinkedIn gave. With a bearer, LinkedIn itself must be there: a token goes to nobody else.
 * @returns the tag of what arrived
 */
async function put(
  { kit }: Linkedin,
  url: string,
  { stream, bearer }: { stream: Stream; bearer?: string },
): Promise<string | null> {
  const { protocol, hostname } = new URL(url);
  if (bearer !== undefined && !kit.sandboxed && !(protocol === "https:" && isLinkedins(hostname)))
    throw unreadable();
  let tag: string | null = null;
  return call(kit, {
    method: "PUT",
    url,
    // An address as LinkedIn itself gives them leads to the sandbox there, so that no byte leaves it.
    handedOut: !(kit.sandboxed && protocol === "https:"),
    stream,
    ...(bearer !== undefined && { bearer }),
    answer: z.unknown().transform(() => tag),
    effect: "read",
    explain(answer) {
      tag = answer.headers.get("etag");
      return explainUpload(answer);
    },
  });
}

const isLinkedins = (hostname: string): boolean => /(?:^|\.)(?:linkedin|licdn)\.com$/.test(hostname);

const unreadable = () =>
  new PlatformError("unavailable", "LinkedIn answered something we could not read.", { code: "unreadable" });
