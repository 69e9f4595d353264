import { z } from "zod";
import { type Access, type MediaFile, PlatformError } from "../contract";
import { call, type Kit, RemoteId } from "../kit";
import { API } from "./api";
import { explainMedia, isGone, isStale, isTooLarge } from "./errors";

/**
 * From files to media ids: a picture in one call; a GIF or a video is announced, sent in segments, closed, and asked about
 * until X has worked through it; then what a picture or GIF shows. Nobody sees an upload, so all of it may be done again.
 */

const Upload = z.object({
  id: z.string(),
  /** What posts that show it name it by. */
  key: z.string().optional(),
  expiresAt: z.number(),
  stage: z.enum(["sending", "processing", "failed", "ready"]),
  /** Segments X has. */
  sent: z.number().default(0),
  closedAt: z.number().default(0),
  /** When X said that it could not process it, and in which word. */
  failedAt: z.number().default(0),
  reason: z.string().optional(),
  /** Times in a row that X did not know it. */
  misses: z.number().default(0),
  described: z.boolean().default(false),
});
type Upload = z.infer<typeof Upload>;

export const Uploads = z.object({
  /** By position in the post; null: to be sent (again). */
  uploads: z.array(Upload.nullable()).default([]),
  /** Where X found a segment too large, what is sent instead. */
  segmentBytes: z.number().optional(),
  /** Uploads begun anew because X lost or refused one. */
  remakes: z.number().default(0),
  remadeAt: z.number().default(0),
});
export type Uploads = z.infer<typeof Uploads>;

const MB = 1024 * 1024;
const MINUTE_MS = 60_000;
const SEGMENT_BYTES = MB;
const MAX_SEGMENT_BYTES = 4 * MB;
const MAX_SEGMENTS = 1000;
/** One step sends this much: the token is looked after, and progress is on record, in between. */
const STEP_BYTES = 32 * MB;
/** What X gives an upload, whatever longer time it names, less what the post itself may take. */
const LIFE_SECONDS = 24 * 60 * 60;
const LIFE_MARGIN_MS = 5 * MINUTE_MS;
const PROCESSING_MS = 60 * MINUTE_MS;
const MISS_AFTER_MS = [5_000, 15_000, 60_000];
const MAX_REMAKES = 2;
const REMAKES_COUNT_MS = 60 * MINUTE_MS;
/** A failure is told when it is seen; whoever comes back to it later than this wants a new attempt. */
const NEWS_MS = MINUTE_MS;

/** The next piece of work on the files of a post; null when every one is ready to be posted. @throws PlatformError */
export async function uploadStep(
  kit: Kit,
  access: Access,
  files: MediaFile[],
  before: Uploads,
): Promise<{ next: Uploads; afterMs: number } | null> {
  const uploads = files.map((_, nth) => {
    const upload = before.uploads[nth];
    return upload && !isOver(upload) ? upload : null;
  });
  const index = files.findIndex((file, nth) => !isDone(uploads[nth], file));
  const file = files[index];
  if (!file) return null;
  const upload = uploads[index] ?? null;
  const put = (changed: Upload | null, more: Partial<Uploads> = {}): Uploads => ({
    ...before,
    ...more,
    uploads: uploads.map((one, nth) => (nth === index ? changed : one)),
  });
  const segmentBytes = before.segmentBytes ?? segmentFor(file);
  try {
    if (!upload) return { next: put(await begin(kit, access, file)), afterMs: 0 };
    const { waitMs = 0, ...rest } = await advance(kit, access, file, upload, segmentBytes);
    return { next: put({ ...rest.upload, misses: 0 }), afterMs: waitMs };
  } catch (error) {
    if (!(error instanceof PlatformError) || !upload) throw error;
    if (isTooLarge(error)) {
      // Another size in the middle would shift every segment: the upload begins anew.
      const smaller = Math.max(Math.ceil(segmentBytes / 2), Math.ceil(file.bytes / MAX_SEGMENTS));
      if (upload.stage !== "sending" || smaller >= segmentBytes) throw error;
      return { next: put(null, { segmentBytes: smaller }), afterMs: 0 };
    }
    if (isGone(error)) {
      // X has answered so for everything during incidents, so the upload is not given up at once.
      const afterMs = MISS_AFTER_MS[upload.misses];
      if (afterMs !== undefined) return { next: put({ ...upload, misses: upload.misses + 1 }), afterMs };
    } else if (!isStale(error)) throw error;
    const remakes = Date.now() - before.remadeAt < REMAKES_COUNT_MS ? before.remakes : 0;
    if (remakes >= MAX_REMAKES) throw error;
    return { next: put(null, { remakes: remakes + 1, remadeAt: Date.now() }), afterMs: 0 };
  }
}

const isOver = ({ stage, expiresAt, failedAt }: Upload, now = Date.now()): boolean =>
  now > expiresAt - LIFE_MARGIN_MS || (stage === "failed" && now > failedAt + NEWS_MS);

const isDone = (upload: Upload | null | undefined, file: MediaFile): boolean =>
  upload?.stage === "ready" && (upload.described || !isDescribable(file));

/** X takes descriptions of pictures and GIFs; of videos it does not say so. */
const isDescribable = ({ kind, alt }: MediaFile): boolean => kind !== "video" && alt.trim() !== "";

const segmentFor = ({ bytes }: MediaFile): number =>
  Math.min(MAX_SEGMENT_BYTES, Math.max(SEGMENT_BYTES, Math.ceil(bytes / (0.9 * MAX_SEGMENTS))));

type Step = { upload: Upload; waitMs?: number };

async function advance(
  kit: Kit,
  access: Access,
  file: MediaFile,
  upload: Upload,
  segmentBytes: number,
): Promise<Step> {
  switch (upload.stage) {
    case "sending":
      return upload.sent * segmentBytes < file.bytes
        ? sendSegments(kit, access, file, upload, segmentBytes)
        : close(kit, access, upload);
    case "processing":
      return look(kit, access, upload);
    case "failed":
      throw notProcessed(upload);
    case "ready":
      return describe(kit, access, file, upload);
  }
}

const Created = z.object({
  data: z.object({
    id: RemoteId,
    media_key: z.string().optional(),
    expires_after_secs: z.number().optional(),
  }),
});

async function begin(kit: Kit, access: Access, file: MediaFile): Promise<Upload> {
  const request = {
    bearer: access.accessToken,
    answer: Created,
    effect: "read",
    explain: explainMedia,
  } as const;
  const whole = file.kind === "image";
  const { data } = whole
    ? await call(kit, {
        ...request,
        method: "POST",
        url: `${API}/media/upload`,
        multipart: [
          { name: "media_category", value: "tweet_image" },
          {
            name: "media",
            filename: "media",
            type: file.mimeType,
            bytes: file.bytes,
            open: () => file.open(),
          },
        ],
      })
    : await call(kit, {
        ...request,
        method: "POST",
        url: `${API}/media/upload/initialize`,
        json: {
          media_type: file.mimeType,
          total_bytes: file.bytes,
          media_category: file.kind === "gif" ? "tweet_gif" : "tweet_video",
        },
      });
  const lifeSeconds = Math.min(data.expires_after_secs ?? LIFE_SECONDS, LIFE_SECONDS);
  return Upload.parse({
    id: data.id,
    ...(data.media_key !== undefined && { key: data.media_key }),
    expiresAt: Date.now() + lifeSeconds * 1000,
    stage: whole ? "ready" : "sending",
  });
}

async function sendSegments(
  kit: Kit,
  access: Access,
  file: MediaFile,
  upload: Upload,
  segmentBytes: number,
): Promise<Step> {
  const total = Math.ceil(file.bytes / segmentBytes);
  const end = Math.min(total, upload.sent + Math.max(1, Math.floor(STEP_BYTES / segmentBytes)));
  for (let segment = upload.sent; segment < end; segment += 1) {
    try {
      await sendSegment(kit, access, file, upload.id, { segment, segmentBytes });
    } catch (error) {
      const whole = error instanceof PlatformError && !isTooLarge(error) && segment > upload.sent;
      if (!whole) throw error;
      // What arrived stays on record; the next step begins with this segment, and with whatever is wrong.
      return { upload: { ...upload, sent: segment } };
    }
  }
  return { upload: { ...upload, sent: end } };
}

async function sendSegment(
  kit: Kit,
  access: Access,
  file: MediaFile,
  id: string,
  { segment, segmentBytes }: { segment: number; segmentBytes: number },
): Promise<void> {
  const start = segment * segmentBytes;
  const end = Math.min(file.bytes, start + segmentBytes);
  await call(kit, {
    method: "POST",
    url: `${API}/media/upload/${encodeURIComponent(id)}/append`,
    multipart: [
      { name: "segment_index", value: String(segment) },
      {
        name: "media",
        filename: "media",
        type: "application/octet-stream",
        bytes: end - start,
        open: () => file.open(start, end),
      },
    ],
    bearer: access.accessToken,
    answer: z.unknown(),
    effect: "read",
    explain: explainMedia,
  });
}

const Processing = z.object({
  data: z.object({
    processing_info: z
      .object({
        state: z.enum(["pending", "in_progress", "succeeded", "failed"]),
        check_after_secs: z.number().nonnegative().optional(),
        error: z
          .object({ name: z.string().optional(), code: z.union([z.number(), z.string()]).optional() })
          .optional()
          .catch(undefined),
      })
      .optional(),
  }),
});
type Processing = z.infer<typeof Processing>["data"]["processing_info"];

async function close(kit: Kit, access: Access, upload: Upload): Promise<Step> {
  const closed: Upload = { ...upload, stage: "processing", closedAt: Date.now() };
  try {
    const { data } = await call(kit, {
      method: "POST",
      url: `${API}/media/upload/${encodeURIComponent(upload.id)}/finalize`,
      bearer: access.accessToken,
      answer: Processing,
      effect: "read",
      explain: explainMedia,
    });
    return worked(closed, data.processing_info);
  } catch (error) {
    if (!isStale(error)) throw error;
    // The answer to an earlier try may have been lost: an upload X works through is closed.
    const info = await statusOf(kit, access, upload.id);
    if (!info) throw error;
    return worked(closed, info);
  }
}

const look = async (kit: Kit, access: Access, upload: Upload): Promise<Step> =>
  worked(upload, await statusOf(kit, access, upload.id));

async function statusOf(kit: Kit, access: Access, id: string): Promise<Processing> {
  const { data } = await call(kit, {
    method: "GET",
    url: `${API}/media/upload`,
    query: { command: "STATUS", media_id: id },
    bearer: access.accessToken,
    answer: Processing,
    effect: "read",
    explain: explainMedia,
  });
  return data.processing_info;
}

/** Nothing said about work means there is none left. */
function worked(upload: Upload, info: Processing): Step {
  switch (info?.state) {
    case undefined:
    case "succeeded":
      return { upload: { ...upload, stage: "ready" } };
    case "failed": {
      const reason = info?.error?.name ?? info?.error?.code;
      return {
        upload: {
          ...upload,
          stage: "failed",
          failedAt: Date.now(),
          ...(reason !== undefined && { reason: String(reason) }),
        },
      };
    }
    case "pending":
    case "in_progress":
      if (Date.now() - upload.closedAt > PROCESSING_MS)
        throw new PlatformError("unavailable", "X is still processing the video.", { code: "processing" });
      return { upload, waitMs: Math.max(1, info?.check_after_secs ?? 1) * 1000 };
  }
}

const notProcessed = ({ reason }: Upload) =>
  new PlatformError(
    "rejected",
    `X could not process this file${reason === undefined ? "" : ` (${reason})`}. Export it again; a video as MP4 with H.264 and AAC.`,
    { code: "media_failed" },
  );

async function describe(kit: Kit, access: Access, file: MediaFile, upload: Upload): Promise<Step> {
  await call(kit, {
    method: "POST",
    url: `${API}/media/metadata`,
    json: { id: upload.id, metadata: { alt_text: { text: file.alt } } },
    bearer: access.accessToken,
    answer: z.unknown(),
    effect: "read",
    explain: explainMedia,
  });
  return { upload: { ...upload, described: true } };
}
