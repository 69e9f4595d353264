/** A video on the simulated Facebook: what came of it so far, from its first byte to its post. */

import { shown } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  findPublication,
  newId,
  type Publication,
  permalink,
  type StoredFile,
  shelf,
} from "@/lib/sandbox/kit";
import { graphError, type Page, pages } from "@/lib/sandbox/meta";
import { newPostId, release, type When } from "./drafts";
import { inside, type Node } from "./fields";
import { setting, time } from "./graph";

export type VideoKind = "video" | "reel" | "story";

export type Video = {
  id: string;
  pageId: string;
  kind: VideoKind;
  createdAt: number;
  /** of an upload in chunks */
  session: string | null;
  fileSize: number | null;
  pieces: StoredFile[];
  file: StoredFile | null;
  uploadFailed: boolean;
  /** when processing ends; null while it has not begun */
  processedAt: number | null;
  fault: Fault | null;
  finishedAt: number | null;
  /** when its post can be seen */
  liveAt: number | null;
  /** what it was finished as */
  state: "published" | "scheduled" | "draft";
  postId: string | null;
  title: string;
  text: string;
};

type Fault = { code: number; message: string };

const longestStoryMs = 60_000;

export function newVideo(call: Call, page: Page, kind: VideoKind): Video {
  const video: Video = {
    id: newId(call),
    pageId: page.id,
    kind,
    createdAt: call.now,
    session: null,
    fileSize: null,
    pieces: [],
    file: null,
    uploadFailed: false,
    processedAt: null,
    fault: null,
    finishedAt: null,
    liveAt: null,
    state: "published",
    postId: null,
    title: "",
    text: "",
  };
  videos(call)[video.id] = video;
  return video;
}

export function findVideo(call: Call, id: string): Video | null {
  return Object.hasOwn(videos(call), id) ? (videos(call)[id] ?? null) : null;
}

export const videos = (call: Call): Record<string, Video> => shelf<Video>(call, "videos");

/** All its bytes are there, and processing begins, or waits for the finish where the knob says so. */
export function uploaded(call: Call, video: Video, file: StoredFile): void {
  video.file = file;
  video.uploadFailed = false;
  video.fault = faultOf(call, video.kind, file);
  if (!setting(call, "processAfterFinish")) process(call, video);
}

/** It becomes a post when it is processed; when that fails, nothing ever does. */
export function finish(call: Call, video: Video, about: { text: string; title: string; when: When }): void {
  const page = pages.find(({ id }) => id === video.pageId);
  if (page === undefined || video.file === null) throw new Error("A finished video has a Page and a file.");
  process(call, video);
  video.finishedAt = call.now;
  video.liveAt = Math.max(video.processedAt ?? 0, call.now + setting(call, "processingMs"));
  video.text = about.text;
  video.title = about.title;
  video.state = about.when.published ? "published" : about.when.scheduledAt === null ? "draft" : "scheduled";
  if (video.fault !== null) return;
  video.postId = video.kind === "story" ? newId(call) : newPostId(call, page);
  release(call, {
    id: video.postId,
    page,
    text: about.text,
    kind: video.kind,
    when: about.when,
    media: [shown(video.file)],
    details: { videoId: video.id, title: about.title },
  });
}

/** Its post can be seen. */
export const isLive = (call: Call, { liveAt, fault }: Video): boolean =>
  liveAt !== null && fault === null && call.now >= liveAt;

/** The refusal to finish what is known to have failed, or null. */
export function faultRefusal(call: Call, { fault, processedAt }: Video): Answer | null {
  if (fault === null || processedAt === null || call.now < processedAt) return null;
  return graphError(400, {
    message: `(#6000) There was a problem with the video: ${fault.message}`,
    type: "OAuthException",
    code: 6000,
    error_subcode: fault.code,
    error_user_msg: fault.message,
  });
}

/** It is gone: no id leads to it, and no upload. */
export function cancelVideo(call: Call, { id }: Video): void {
  delete videos(call)[id];
}

export function videoNode(call: Call, video: Video): Node {
  const { id, pageId, file, text, title, createdAt } = video;
  const post = seenPost(call, video);
  const page = pages.find((one) => one.id === pageId);
  return {
    id,
    status: () => statusOf(call, video),
    title: title || undefined,
    description: text || undefined,
    created_time: time(createdAt),
    updated_time: time(video.finishedAt ?? createdAt),
    length: file?.durationMs == null ? undefined : file.durationMs / 1_000,
    source: file === null ? undefined : `${call.sandboxOrigin}/_sandbox/files/${file.id}`,
    from: inside({ id: pageId, name: page?.name }, ["name", "id"]),
    published: post !== null,
    permalink_url: post === null ? undefined : permalink(call, post.id),
    post_id: post?.id,
  };
}

/** Where the world sees it; null while it is processed, not due yet, or deleted. */
function seenPost(call: Call, video: Video): Publication | null {
  return video.postId !== null && isLive(call, video) ? findPublication(call, video.postId) : null;
}

/** `bytes_transfered` is Meta's own spelling. */
function statusOf(call: Call, video: Video) {
  const { file, fault, processedAt, finishedAt, state, uploadFailed } = video;
  const received = video.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const isProcessed = processedAt !== null && call.now >= processedAt;
  const failed = isProcessed && fault !== null;
  const error = fault === null ? {} : { error: { code: fault.code, message: fault.message } };
  const live = isLive(call, video);
  const post = seenPost(call, video);
  const uploading = { bytes_transfered: file?.bytes ?? received };
  if (file === null) {
    return {
      video_status: uploadFailed ? "upload_failed" : "uploading",
      uploading_phase: {
        status: uploadFailed ? "error" : received > 0 ? "in_progress" : "not_started",
        ...uploading,
      },
      processing_phase: { status: "not_started" },
      publishing_phase: { status: "not_started" },
    };
  }
  return {
    video_status: failed
      ? "error"
      : isProcessed
        ? "ready"
        : processedAt === null
          ? "upload_complete"
          : "processing",
    uploading_phase: { status: "complete", ...uploading },
    processing_phase: {
      status: failed
        ? "error"
        : isProcessed
          ? "complete"
          : processedAt === null
            ? "not_started"
            : "in_progress",
      ...(failed ? error : {}),
    },
    publishing_phase: live
      ? {
          status: "complete",
          publish_status: post === null ? state : "published",
          ...(post === null ? {} : { publish_time: Math.floor(post.createdAt / 1_000) }),
        }
      : { status: finishedAt === null || failed ? "not_started" : "in_progress" },
  };
}

function process(call: Call, video: Video): void {
  video.processedAt ??= call.now + setting(call, "processingMs");
}

/** Why processing will fail, or null. Frames per second cannot be seen here. */
function faultOf(call: Call, kind: VideoKind, file: StoredFile): Fault | null {
  const ordered = setting(call, "processingError");
  if (ordered !== "") {
    return { code: /^\d+$/.test(ordered) ? Number(ordered) : 6000, message: `Processing failed: ${ordered}` };
  }
  const { mime, width, height, durationMs } = file;
  if (!mime.startsWith("video/")) return { code: 6000, message: "The file is not a video." };
  if (kind === "story" && durationMs !== null && durationMs > longestStoryMs) {
    return { code: 1363128, message: "The video must not be longer than 60 seconds." };
  }
  if (kind !== "reel") return null;
  if (width === null || height === null || durationMs === null) {
    return { code: 6000, message: "The video cannot be read." };
  }
  // A pixel or two beside 9:16 is still 9:16.
  if (Math.abs(width / height - 9 / 16) > 0.01) {
    return { code: 1363040, message: "The aspect ratio must be 9:16." };
  }
  if (width < 540 || height < 960)
    return { code: 1363127, message: "The resolution must be at least 540x960." };
  if (durationMs < 3_000 || durationMs > 90_000) {
    return { code: 1363128, message: "The video must be between 3 and 90 seconds long." };
  }
  return null;
}
