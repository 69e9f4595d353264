import { z } from "zod";
import {
  type Located,
  type LocateRequest,
  PlatformError,
  type PublishRequest,
  type PublishStep,
} from "../contract";
import { call, type Kit } from "../kit";
import { pieceOf } from "./chunks";
import { checkChoices, creatorOf } from "./creator";
import { explainUpload, failureOf, isUploadRefused, mayPassNextTime } from "./errors";
import { checkOptions, isDraft, readOptions } from "./options";
import { isSent, startFetch, startUpload, videoOf } from "./posts";
import { handedOver, isForEveryone, postIdOf, published, type Status, statusOf } from "./status";

/**
 * From a file to a post: begin it, send the bytes piece by piece (or let TikTok fetch them), then ask how it goes until it
 * is out. What the world can see begins with the last piece, or with the beginning itself where TikTok fetches. One
 * publish_id becomes one post at most, so a piece sent to it twice is seen once.
 */

const Progress = z.object({
  /** Publish ids asked for so far, the present one included. */
  attempts: z.number().default(0),
  publishId: z.string().optional(),
  /** The creator's name in links, as TikTok told it right before. */
  username: z.string().nullish(),
  /** Where the pieces go: a signed address, kept because nothing else finds the upload again, and only until the last piece. */
  uploadUrl: z.string().optional(),
  startedAt: z.number().default(0),
  /** Pieces TikTok has. */
  sent: z.number().default(0),
  /** Times the last piece is sent again because its answer was lost. */
  doubts: z.number().default(0),
  /** Times we asked how it goes, and times we asked for the id of a post that is out. */
  polls: z.number().default(0),
  looks: z.number().default(0),
  /** When the next step is due. */
  dueAt: z.number().default(0),
  /** It began after a person looked for an earlier one, found nothing and wanted it sent again. */
  again: z.boolean().default(false),
});
type Progress = z.infer<typeof Progress>;
type Begun = Progress & { publishId: string };
type Asked = Pick<PublishRequest, "access" | "content">;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Processing takes seconds to minutes, fetching up to an hour. TikTok takes 30 such questions a minute. */
const POLL_AFTER_MS = [
  ...[3, 5, 5, 10, 10, 15, 15, 30, 30, 60, 60, 60, 60, 60].map((seconds) => seconds * SECOND_MS),
  ...Array.from({ length: 12 }, () => 5 * MINUTE_MS),
];
/** A post for everyone gets its id once TikTok has checked it, mostly within a minute. */
const LOOK_AFTER_MS = [5 * SECOND_MS, 10 * SECOND_MS, 15 * SECOND_MS];
/** An upload address lives for an hour, and the piece under way must fit in. */
const UPLOAD_LIFE_MS = 50 * MINUTE_MS;
/** TikTok may still be reading a piece whose answer was lost. */
const SETTLE_MS = 5 * SECOND_MS;
const MAX_DOUBTS = 3;
const MAX_ATTEMPTS = 3;
const ATTEMPT_AFTER_MS = 15 * SECOND_MS;
/** A failure is told when it is seen; whoever comes back to it later than this wants a new attempt. */
const NEWS_MS = MINUTE_MS;

/** One step towards being out. @throws PlatformError; ambiguous from the last piece, or from TikTok's fetching, on */
export async function publishStep(kit: Kit, request: PublishRequest): Promise<PublishStep> {
  const progress = Progress.parse(request.resume ?? {});
  const { publishId, uploadUrl } = progress;
  if (publishId === undefined) return begin(kit, request, progress);
  const begun = { ...progress, publishId };
  return uploadUrl === undefined ? poll(kit, request, begun) : upload(kit, request, begun, uploadUrl);
}

/** What became of a write whose answer was lost. null: it cannot be told, or not yet. @throws PlatformError */
export async function locateStep(kit: Kit, request: LocateRequest): Promise<Located | null> {
  const { access, content, resume, since } = request;
  const progress = Progress.parse(resume ?? {});
  const { publishId, uploadUrl } = progress;
  // TikTok named it in the answer that was lost, and nowhere else that we may look.
  if (publishId === undefined) return null;
  const begun = { ...progress, publishId };
  const status = await statusOf(kit, access, publishId);
  // Not out, and the next step says why.
  if (status.status === "FAILED") return processing(handedIn(begun), 0);
  const out = outcome(kit, request, begun, status);
  if (out) return out;
  if (uploadUrl !== undefined && !hasLapsed(begun) && lacksBytes(status, content)) {
    const young = Date.now() - since.getTime() < SETTLE_MS;
    return young || begun.doubts >= MAX_DOUBTS ? null : processing({ ...begun, doubts: begun.doubts + 1 }, 0);
  }
  const afterMs = POLL_AFTER_MS[begun.polls];
  return afterMs === undefined ? null : processing({ ...handedIn(begun), polls: begun.polls + 1 }, afterMs);
}

/** Asks what this account may do, then begins. Bytes that never arrive publish nothing, so an upload is begun as often as needed. */
async function begin(kit: Kit, request: PublishRequest, { attempts }: Progress): Promise<PublishStep> {
  const { access, content, sending, earlier } = request;
  const options = readOptions(content.options);
  const video = videoOf(content);
  checkOptions(options, content.media);
  const creator = isDraft(options) ? null : await creatorOf(kit, access);
  if (creator) checkChoices(creator, options, content.media);
  const start = { content, options, creator };
  const progress = Progress.parse({
    attempts: attempts + 1,
    username: creator?.creator_username,
    startedAt: Date.now(),
    again: earlier !== undefined,
  });
  if (video && isSent(kit, content)) {
    const { publish_id, upload_url } = await startUpload(kit, access, start, video);
    // On record before the first byte: after a lost answer this id is what TikTok can be asked about.
    return processing({ ...progress, publishId: publish_id, uploadUrl: upload_url }, 0);
  }
  await sending();
  const { publish_id } = await startFetch(kit, access, start);
  return pollLater(request, { ...progress, publishId: publish_id });
}

/** Sends one piece. */
async function upload(
  kit: Kit,
  request: PublishRequest,
  progress: Begun,
  uploadUrl: string,
): Promise<PublishStep> {
  const { content, sending } = request;
  const video = videoOf(content);
  if (!video) throw new Error("Only a video is sent to TikTok in pieces.");
  if (hasLapsed(progress)) {
    return progress.doubts > 0 ? pollLater(request, handedIn(progress)) : startOver(progress, "lapsed");
  }
  const { start, end, isLast } = pieceOf(video.bytes, progress.sent);
  if (isLast) await sending();
  try {
    await call(kit, {
      method: "PUT",
      url: uploadUrl,
      handedOut: true,
      headers: { "content-range": `bytes ${start}-${end - 1}/${video.bytes}` },
      stream: { type: video.mimeType, bytes: end - start, open: () => video.open(start, end) },
      answer: z.unknown(),
      effect: isLast ? "write" : "read",
      explain: explainUpload,
    });
  } catch (error) {
    if (!isUploadRefused(error)) throw error;
    return refused(kit, request, progress, end);
  }
  return isLast
    ? pollLater(request, handedIn(progress))
    : processing({ ...progress, sent: progress.sent + 1 }, 0);
}

/** A piece was turned away: TikTok has it already, or the upload is spoilt and another begins. */
async function refused(
  kit: Kit,
  request: PublishRequest,
  progress: Begun,
  end: number,
): Promise<PublishStep> {
  const { access, content } = request;
  if (progress.doubts > 0) return pollLater(request, handedIn(progress));
  const status = await statusOf(kit, access, progress.publishId);
  if (status.status === "FAILED") return failed(progress, status);
  const out = outcome(kit, request, progress, status);
  if (out) return out;
  if (!lacksBytes(status, content)) return pollLater(request, handedIn(progress));
  return status.uploaded_bytes === end
    ? processing({ ...progress, sent: progress.sent + 1 }, 0)
    : startOver(progress, "upload_refused");
}

/** Asks how it goes. Whatever keeps us from asking says nothing about the post. */
async function poll(kit: Kit, request: PublishRequest, progress: Begun): Promise<PublishStep> {
  let status: Status;
  try {
    status = await statusOf(kit, request.access, progress.publishId);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.tokenRefused) throw error;
    if (error.kind === "unavailable" || error.kind === "slow_down") {
      return pollLater(request, progress, error.retryAfterMs ?? 0);
    }
    throw new PlatformError(error.kind, error.message, {
      effect: "ambiguous",
      code: error.code ?? "status",
      cause: error,
    });
  }
  if (status.status === "FAILED") return failed(progress, status);
  return outcome(kit, request, progress, status) ?? pollLater(request, progress);
}

/** null while TikTok is at work. */
function outcome(kit: Kit, { access, content }: Asked, progress: Begun, status: Status): PublishStep | null {
  const { publishId, username, looks } = progress;
  switch (status.status) {
    case "SEND_TO_USER_INBOX":
      return handedOver(publishId);
    case "PUBLISH_COMPLETE": {
      const postId = postIdOf(status);
      const afterMs = LOOK_AFTER_MS[looks];
      if (postId === null && afterMs !== undefined && isForEveryone(content)) {
        return processing({ ...handedIn(progress), looks: looks + 1 }, afterMs);
      }
      return published({ kit, access, content, publishId, postId, username });
    }
    default:
      return null;
  }
}

function failed(progress: Begun, { fail_reason }: Status): PublishStep {
  const reason = fail_reason ?? "";
  const again = mayPassNextTime(reason) && progress.attempts < MAX_ATTEMPTS;
  if (again) return processing(Progress.parse({ attempts: progress.attempts }), ATTEMPT_AFTER_MS);
  if (isOldNews(progress)) return processing(Progress.parse({}), 0);
  throw failureOf(reason);
}

/** Nothing of this attempt can be seen, nor ever will be. @throws PlatformError rejected after too many of them */
function startOver(progress: Begun, code: string): PublishStep {
  if (progress.attempts < MAX_ATTEMPTS) {
    return processing(Progress.parse({ attempts: progress.attempts }), ATTEMPT_AFTER_MS);
  }
  if (isOldNews(progress)) return processing(Progress.parse({}), 0);
  throw new PlatformError(
    "rejected",
    "TikTok did not take the whole file, several times. Send it again later.",
    { code },
  );
}

function pollLater({ earlier }: PublishRequest, progress: Begun, atLeastMs = 0): PublishStep {
  const afterMs = POLL_AFTER_MS[progress.polls];
  if (afterMs !== undefined) {
    return processing({ ...progress, polls: progress.polls + 1 }, Math.max(afterMs, atLeastMs));
  }
  // Only a person may decide to send what might still come out.
  if (earlier && !progress.again) return processing(Progress.parse({}), 0);
  throw new PlatformError("unavailable", "TikTok does not say what became of this post.", {
    effect: "ambiguous",
    code: "still_processing",
  });
}

/** TikTok has every byte, as far as we can tell: the address is of no use any more. */
const handedIn = ({ uploadUrl: _used, ...progress }: Begun): Begun => progress;

const lacksBytes = ({ status, uploaded_bytes }: Status, content: PublishRequest["content"]): boolean =>
  status === "PROCESSING_UPLOAD" && (uploaded_bytes ?? 0) < (videoOf(content)?.bytes ?? 0);

const hasLapsed = ({ startedAt }: Progress): boolean => Date.now() > startedAt + UPLOAD_LIFE_MS;

const isOldNews = ({ dueAt }: Progress): boolean => Date.now() > dueAt + NEWS_MS;

const processing = (progress: Progress, checkAfterMs: number): PublishStep & { state: "processing" } => ({
  state: "processing",
  resume: { ...progress, dueAt: Date.now() + checkAfterMs },
  checkAfterMs,
});
