import { z } from "zod";
import { type MediaFile, PlatformError, type PublishRequest, type PublishStep } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { failedVideo, isDuplicate } from "./errors";
import { ask, edge } from "./page";
import { captionOf, out, type Progress, processing } from "./progress";
import { isWhole, startVideo, transferPiece, uploadWhole } from "./uploads";
import { type SeenVideo, seeVideo } from "./video";

/**
 * From a file to a video in the feed, a reel or a story: send it, wait where Facebook must look at it first, give the word to
 * publish it, and wait until it is out. The video has its id before that word, and comes out once however often it is given.
 */
export async function videoStep(
  kit: Kit,
  request: PublishRequest,
  progress: Progress & { kind: "video" | "reel" | "video_story" },
): Promise<PublishStep> {
  const [file] = request.content.media;
  if (!file) throw new Error("A video post without a video cannot be published.");
  if (progress.kind === "video") {
    if (!progress.video || !isWhole(file, progress.video)) return sendPieces(kit, request, progress, file);
  } else if (!progress.video) {
    return sendWhole(kit, request, progress, file, progress.kind);
  }
  if (progress.finished) return awaitOut(kit, request, progress, progress.video.id);
  if (progress.kind !== "video") {
    const waiting = await awaitReady(kit, request, progress, progress.video.id);
    if (waiting) return waiting;
  }
  return finish(kit, request, progress, progress.video);
}

/** How long one step keeps sending. */
const SENDING_MS = 20_000;
const MAX_UPLOADS = 3;
/** Four minutes or so: a post that was promised by its id is taken to be out when its video does not say otherwise. */
const MAX_PROMISED = 32;
/** A post's id may come a little later than the post. */
const MAX_NAMELESS = 3;

/** Half a second at first, a minute in the end; an hour in all. */
export function waitForVideo(progress: Progress): PublishStep & { state: "processing" } {
  const { polls } = progress;
  if (polls >= 100) {
    throw new PlatformError("unavailable", "Facebook is still working on this video.", {
      code: "processing",
      effect: progress.finished ? "ambiguous" : "definite",
    });
  }
  const afterMs = polls < 4 ? 500 * 2 ** polls : polls < 20 ? 5_000 : polls < 50 ? 15_000 : 60_000;
  return processing({ ...progress, polls: polls + 1 }, afterMs);
}

async function sendPieces(
  kit: Kit,
  { access }: PublishRequest,
  progress: Progress,
  file: MediaFile,
): Promise<PublishStep> {
  if (!progress.video) {
    const uploads = progress.uploads + 1;
    return processing({ ...progress, uploads, video: await startVideo(kit, access, file) }, 0);
  }
  const began = Date.now();
  let { video } = progress;
  while (!isWhole(file, video) && Date.now() - began < SENDING_MS) {
    try {
      video = await transferPiece(kit, access, file, video);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      // What has arrived is kept; should the trouble last, the next step meets it at once.
      if (video !== progress.video) return processing({ ...progress, video }, 1_000);
      // A piece whose answer was lost may have arrived, and this one be out of turn: begin anew, once.
      if (error.kind !== "rejected" || progress.uploads > 1) throw error;
      return processing({ ...progress, video: undefined }, 0);
    }
  }
  return processing({ ...progress, video }, 0);
}

async function sendWhole(
  kit: Kit,
  { access }: PublishRequest,
  progress: Progress,
  file: MediaFile,
  kind: "reel" | "video_story",
): Promise<PublishStep> {
  const id = await uploadWhole(kit, access, file, kind === "reel" ? "video_reels" : "video_stories");
  const uploads = progress.uploads + 1;
  return waitForVideo({ ...progress, uploads, polls: 0, video: { id, start: 0, end: 0 } });
}

/** @returns what to do instead of publishing; null when Facebook is ready for the word */
async function awaitReady(
  kit: Kit,
  { access }: PublishRequest,
  progress: Progress,
  id: string,
): Promise<PublishStep | null> {
  const seen = await seeVideo(kit, access, id);
  switch (seen?.stage) {
    case "ready":
    case "uploaded":
      return null;
    case "failed":
      throw failedVideo(seen.reason);
    case "lost":
      if (progress.uploads >= MAX_UPLOADS) throw failedVideo(seen.reason);
      return processing({ ...progress, video: undefined, polls: 0 }, 1_000);
    case "uploading":
    case "processing":
    case undefined:
      return waitForVideo(progress);
  }
}

const Finished = z.object({ success: z.literal(true), post_id: RemoteId.optional() });

async function finish(
  kit: Kit,
  { access, content, sending }: PublishRequest,
  progress: Progress,
  video: NonNullable<Progress["video"]>,
): Promise<PublishStep> {
  const told = { upload_phase: "finish", ...toldOf() };
  await sending();
  try {
    const path = edge(access, EDGES[progress.kind ?? "video"] ?? "videos");
    const { post_id } = await ask(kit, access, {
      method: "POST",
      path,
      form: told,
      answer: Finished,
      effect: "write",
    });
    return waitForVideo({ ...progress, finished: true, polls: 0, promised: post_id });
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind !== "rejected") throw error;
    // An earlier word for this very video may have arrived after all, or this one came too early: the video itself tells.
    const seen = await seeVideo(kit, access, video.id);
    if (seen && seen.publishing !== "no")
      return afterWord(kit, { access, content }, progress, video.id, seen);
    const early = seen?.stage === "uploading" || seen?.stage === "processing";
    if (!early || isDuplicate(error)) throw error;
    return waitForVideo(progress);
  }

  function toldOf(): Record<string, string | undefined> {
    switch (progress.kind) {
      case "reel":
        return { video_id: video.id, video_state: "PUBLISHED", description: captionOf(content) };
      case "video_story":
        return { video_id: video.id };
      default:
        return { upload_session_id: video.session, description: captionOf(content) };
    }
  }
}

const EDGES: Partial<Record<NonNullable<Progress["kind"]>, string>> = {
  reel: "video_reels",
  video_story: "video_stories",
};

async function awaitOut(
  kit: Kit,
  { access, content }: PublishRequest,
  progress: Progress,
  id: string,
): Promise<PublishStep> {
  const { promised, polls } = progress;
  const seen = await seeVideo(kit, access, id);
  const lasting = seen?.stage !== "failed" && seen?.stage !== "lost" && polls >= MAX_PROMISED;
  if (promised !== undefined && lasting) return out(kit, access, content, progress, { id: promised });
  return seen ? afterWord(kit, { access, content }, progress, id, seen) : waitForVideo(progress);
}

/** The word to publish it was taken. @throws PlatformError rejected when Facebook then gave up on the video */
export async function afterWord(
  kit: Kit,
  { access, content }: Pick<PublishRequest, "access" | "content">,
  progress: Progress,
  id: string,
  { stage, publishing, postId, permalink, reason }: SeenVideo,
): Promise<PublishStep> {
  if (postId !== undefined) return out(kit, access, content, progress, { id: postId, permalink });
  if (stage === "failed" || stage === "lost") throw failedVideo(reason);
  const finished = { ...progress, finished: true };
  if (publishing !== "done" && stage !== "ready") return waitForVideo(finished);
  const { promised } = progress;
  if (promised !== undefined) return out(kit, access, content, progress, { id: promised, permalink });
  return progress.nameless < MAX_NAMELESS
    ? waitForVideo({ ...finished, nameless: progress.nameless + 1 })
    : out(kit, access, content, progress, { id, permalink });
}
