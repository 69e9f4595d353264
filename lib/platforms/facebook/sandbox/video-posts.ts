/** Publishing videos, reels and video stories on the simulated Facebook. */
import { joinFiles } from "@/lib/sandbox/files";
import { type Answer, type Call, isAnswer, json, newId, type StoredFile } from "@/lib/sandbox/kit";
import { graphError, type Page } from "@/lib/sandbox/meta";
import { DAY } from "@/lib/sandbox/oauth";
import { scheduledTime, type When, whenFrom } from "./drafts";
import {
  type AsPage,
  admitPage,
  invalidParam,
  missingObject,
  readParams,
  setting,
  tooMany,
  toPublish,
} from "./graph";
import { handleFile } from "./uploads";
import {
  faultRefusal,
  findVideo,
  finish,
  newVideo,
  uploaded,
  type Video,
  type VideoKind,
  videos,
} from "./videos";

/** the sheet's six months */
const longestVideoDays = 183;
const longestReelDays = 29;
const reelsADay = 30;

export function videoOperation(call: Call): string {
  const phase = readParams(call).get("upload_phase");
  return phase === "start" ? "video_start" : phase === "transfer" ? "video_transfer" : "create_video";
}

/** POST /{page}/videos: in one request, or start, transfer …, finish. */
export function createVideo(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toPublish);
  if (isAnswer(admitted)) return admitted;
  const phase = admitted.params.get("upload_phase");
  switch (phase) {
    case "start":
      return startChunks(call, admitted);
    case "transfer":
      return takeChunk(call, admitted);
    case "finish":
      return finishChunks(call, admitted);
    case null:
      return createWhole(call, admitted);
    default:
      return invalidParam("Param upload_phase must be one of start, transfer, finish.");
  }
}

export const phaseOperation =
  (kind: "reel" | "story") =>
  (call: Call): string =>
    `${readParams(call).get("upload_phase") === "start" ? "start" : "create"}_${kind}`;

/** POST /{page}/video_reels and /{page}/video_stories: start, and, once it is uploaded, finish. */
export const publishUploaded =
  (kind: "reel" | "story") =>
  (call: Call): Answer => {
    const admitted = admitPage(call, call.params["id"] ?? "", toPublish);
    if (isAnswer(admitted)) return admitted;
    switch (admitted.params.get("upload_phase")) {
      case "start": {
        const { id } = newVideo(call, admitted.page, kind);
        const upload_url = `${call.sandboxOrigin}/rupload.facebook.com/video-upload/v26.0/${id}`;
        return json(200, { video_id: id, upload_url });
      }
      case "finish":
        return kind === "reel" ? finishReel(call, admitted) : finishStory(call, admitted);
      default:
        return invalidParam("Param upload_phase must be one of start, finish.");
    }
  };

function createWhole(call: Call, { page, params }: AsPage): Answer {
  const when = whenFrom(call, params, longestVideoDays);
  if (isAnswer(when)) return when;
  const file = givenFile(call, params);
  if (isAnswer(file)) return file;
  const video = newVideo(call, page, "video");
  uploaded(call, video, file);
  finish(call, video, { ...described(params), when });
  return json(200, { id: video.id });
}

function startChunks(call: Call, { page, params }: AsPage): Answer {
  const size = Number(params.get("file_size") ?? "");
  if (!Number.isSafeInteger(size) || size < 1)
    return invalidParam("Param file_size must be the file’s size in bytes.");
  const video = newVideo(call, page, "video");
  video.session = newId(call);
  video.fileSize = size;
  return json(200, { video_id: video.id, upload_session_id: video.session, ...offsets(call, video) });
}

function takeChunk(call: Call, { page, params }: AsPage): Answer {
  const video = videoOfSession(call, page, params);
  if (video === null) return problem(6000, "The upload session is unknown or over.");
  const chunk = call.parts?.find(({ name }) => name === "video_file_chunk")?.file ?? null;
  const { start_offset, end_offset } = offsets(call, video);
  if (params.get("start_offset") !== start_offset) {
    return problem(6001, `The chunk must begin at ${start_offset}.`);
  }
  if (chunk === null || chunk.bytes === 0) return problem(6001, "The chunk is missing or empty.");
  if (chunk.bytes > Number(end_offset) - Number(start_offset)) {
    return problem(6001, `The chunk must end at ${end_offset}.`);
  }
  video.pieces.push(chunk);
  return json(200, offsets(call, video));
}

function finishChunks(call: Call, { page, params }: AsPage): Answer {
  const video = videoOfSession(call, page, params);
  if (video === null) return problem(6000, "The upload session is unknown or over.");
  const when = whenFrom(call, params, longestVideoDays);
  if (isAnswer(when)) return when;
  const { start_offset, end_offset } = offsets(call, video);
  if (start_offset !== end_offset) return problem(6001, "The upload is not complete.");
  const file = joinFiles(call, video.pieces);
  if (!file.mime.startsWith("video/")) return notAVideo();
  uploaded(call, video, file);
  finish(call, video, { ...described(params), when });
  return json(200, { success: true });
}

function finishReel(call: Call, admitted: AsPage): Answer {
  const { page, params } = admitted;
  const video = readyToFinish(call, admitted, "reel");
  if (isAnswer(video)) return video;
  const when = reelTime(call, params);
  if (isAnswer(when)) return when;
  if (when.published && reelsToday(call, page) >= reelsADay) {
    return tooMany(613, `A Page can publish ${reelsADay} reels within 24 hours.`);
  }
  finish(call, video, { ...described(params), when });
  return json(200, { success: true });
}

function finishStory(call: Call, admitted: AsPage): Answer {
  const video = readyToFinish(call, admitted, "story");
  if (isAnswer(video)) return video;
  finish(call, video, { text: "", title: "", when: { published: true, scheduledAt: null } });
  // What failed in processing has no post; it is known only later.
  return json(200, { success: true, post_id: video.postId ?? newId(call) });
}

/** The uploaded video that `video_id` names and that is in no post yet. */
function readyToFinish(call: Call, { page, params }: AsPage, kind: VideoKind): Video | Answer {
  const id = params.get("video_id") ?? "";
  const video = findVideo(call, id);
  if (video === null || video.pageId !== page.id || video.kind !== kind) return missingObject(id);
  if (video.file === null) return invalidParam("The video has not been uploaded.");
  if (video.finishedAt !== null) return invalidParam("The video is used in a post already.");
  return faultRefusal(call, video) ?? video;
}

function reelTime(call: Call, params: URLSearchParams): When | Answer {
  const given = params.get("scheduled_publish_time");
  switch (params.get("video_state")) {
    case "PUBLISHED":
      return given === null || given === ""
        ? { published: true, scheduledAt: null }
        : invalidParam("scheduled_publish_time needs video_state=SCHEDULED.");
    case "DRAFT":
      return { published: false, scheduledAt: null };
    case "SCHEDULED": {
      const scheduledAt = scheduledTime(call, given ?? "", longestReelDays);
      return typeof scheduledAt === "number" ? { published: false, scheduledAt } : scheduledAt;
    }
    default:
      return invalidParam("Param video_state must be one of PUBLISHED, SCHEDULED, DRAFT.");
  }
}

/** Deleting one gives nothing back. */
function reelsToday(call: Call, page: Page): number {
  return call.world.publications.filter(
    ({ details, createdAt }) =>
      details["kind"] === "reel" && details["page"] === page.id && createdAt > call.now - DAY,
  ).length;
}

/** What came as `source`, by its upload's handle, or was fetched from `file_url`; or the refusal. */
function givenFile(call: Call, params: URLSearchParams): StoredFile | Answer {
  const sent = call.parts?.find(({ name }) => name === "source")?.file ?? null;
  const handle = params.get("fbuploader_video_file_chunk");
  const url = params.get("file_url");
  if (sent === null && handle === null && !url) return invalidParam("Requires source or file_url.");
  const file = sent ?? (handle === null ? (call.fetched[url ?? ""]?.file ?? null) : handleFile(call, handle));
  if (file === null) {
    return handle === null
      ? problem(389, "Unable to fetch video file from URL.")
      : problem(6000, "The upload’s handle is unknown.");
  }
  if (file.bytes === 0) return problem(382, "The video file is too small.");
  return file.mime.startsWith("video/") ? file : notAVideo();
}

function videoOfSession(call: Call, page: Page, params: URLSearchParams): Video | null {
  const session = params.get("upload_session_id");
  return (
    Object.values(videos(call)).find(
      (one) =>
        session !== null && one.session === session && one.pageId === page.id && one.finishedAt === null,
    ) ?? null
  );
}

/** What is wanted next, as Meta writes offsets: in quotes. Both are the size when nothing is. */
function offsets(call: Call, { pieces, fileSize }: Video): { start_offset: string; end_offset: string } {
  const received = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const end = Math.min(fileSize ?? 0, received + setting(call, "chunkBytes"));
  return { start_offset: String(received), end_offset: String(end) };
}

const described = (params: URLSearchParams): { text: string; title: string } => ({
  text: params.get("description") ?? "",
  title: params.get("title") ?? "",
});

const notAVideo = (): Answer =>
  problem(6000, "There was a problem uploading your video file. Please try again with another file.");

function problem(code: 382 | 389 | 6000 | 6001, message: string): Answer {
  return graphError(400, { message: `(#${code}) ${message}`, type: "OAuthException", code });
}
