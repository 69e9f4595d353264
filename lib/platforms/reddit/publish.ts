import { z } from "zod";
import {
  type Located,
  type LocateRequest,
  PlatformError,
  type PublishRequest,
  type PublishStep,
} from "../contract";
import type { Kit } from "../kit";
import { ask, SITE } from "./api";
import { isAlreadyThere } from "./errors";
import { alikeSince, findPost, PostId } from "./find";
import { meetRequirements } from "./requirements";
import { isNameless, KINDS, type Submission, sendingOf, submissionOf } from "./submission";
import { Asset, poster, uploadFile } from "./uploads";

/**
 * Sends a post to a subreddit or to the account's own profile, once the subreddit's rules are met and its files are there.
 * Reddit has no key to send a post twice safely, and no word for a text that is there already: before a second try we look.
 * Of a picture or a video it does not even say what the post is called: that too we look up.
 * @throws PlatformError ambiguous only from the submit on
 */
export async function publishStep(kit: Kit, request: PublishRequest): Promise<PublishStep> {
  const { access, content, resume, earlier } = request;
  const progress = Progress.parse(resume ?? {});
  const submission = submissionOf(access, content, progress.kind);
  if (progress.submittedAt !== undefined) return confirm(kit, request, submission, progress);

  const { assets } = progress;
  const { kind } = submission;
  const files = kind === "video" ? [...content.media, poster] : content.media;
  const file = files[assets.length];
  // What the subreddit does not take is not sent file by file first, nor what is out already.
  if (file && assets.length === 0) {
    const before = earlier && (await locateStep(kit, { access, content, resume, ...earlier }));
    if (before?.state === "published") return before;
    await meetRequirements(kit, access, submission);
  }
  if (file) {
    return processing({ ...progress, kind, assets: [...assets, await uploadFile(kit, access, file)] }, 0);
  }
  return submit(kit, request, submission, progress);
}

/**
 * Looks among the account's posts for the one whose answer was lost.
 * null: there is one with this title, in this subreddit, since then, but its text or link is not quite ours; or Reddit may
 * still be at work on it.
 */
export async function locateStep(
  kit: Kit,
  { access, content, resume, since, known }: LocateRequest,
): Promise<Located | null> {
  const { kind, again, submittedAt, others } = Progress.parse(resume ?? {});
  const submission = submissionOf(access, content, kind);
  const sentAt = Math.max(since.getTime(), submittedAt ?? 0);
  const found = await findPost(kit, access, submission, {
    // What was sent before a second try counts as well.
    since: again ? since.getTime() : sentAt,
    others: [...known, ...others],
  });
  if (found === "absent")
    return Date.now() - sentAt < PATIENCE_MS[submission.kind] ? null : { state: "absent" };
  return found && stepOf(kit, submission.subreddit, found.id);
}

const Progress = z.object({
  /** On record from the first file on. */
  kind: z.enum(KINDS).optional(),
  /** Files that Reddit has, in order; a video's poster last. */
  assets: z.array(Asset).default([]),
  /** Milliseconds since 1970: Reddit took the post then, and did not say what it is called. */
  submittedAt: z.number().optional(),
  /** Posts that looked the same before. */
  others: z.array(z.string()).default([]),
  polls: z.number().default(0),
  /** A person decided to send it once more. */
  again: z.boolean().default(false),
});
type Progress = z.infer<typeof Progress>;

/** When to look for a picture or video that Reddit has taken: about five minutes in all. */
const LOOK_AFTER_MS = [2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 60_000, 120_000];
/** How long Reddit may still be at work on a post that its list does not show. */
const PATIENCE_MS: Record<Submission["kind"], number> = {
  self: 0,
  link: 0,
  gallery: 0,
  poll: 0,
  image: 10 * 60_000,
  video: 20 * 60_000,
};

const Data = z.object({ id: PostId.optional() });
/** Wrapped, as everything that is asked for with api_type=json; the newer calls are not shown whole anywhere. */
const Submitted = z
  .object({ json: z.object({ data: Data }) })
  .transform(({ json }) => json.data)
  .or(z.object({ data: Data }).transform(({ data }) => data));

async function submit(
  kit: Kit,
  { access, content, resume, earlier, sending }: PublishRequest,
  submission: Submission,
  progress: Progress,
): Promise<PublishStep> {
  const look = earlier && { access, content, resume, ...earlier };
  const before = look && (await locateStep(kit, look));
  if (before?.state === "published") return before;

  const flair = await meetRequirements(kit, access, submission);
  const nameless = isNameless(submission.kind);
  // Later they could not be told from the new one.
  const others = nameless
    ? (await alikeSince(kit, access, submission, Date.now())).map((post) => post.id)
    : progress.others;
  await sending();
  const submittedAt = Date.now();
  try {
    const { id } = await ask(kit, access, {
      method: "POST",
      ...sendingOf(submission, flair, content.options, progress.assets),
      answer: nameless ? Submitted : Submitted.pipe(z.object({ id: z.string() })),
      effect: "write",
    });
    if (id !== undefined) return stepOf(kit, submission.subreddit, id);
    return lookLater({ ...progress, kind: submission.kind, submittedAt, others });
  } catch (error) {
    // The other copy may be our earlier attempt, which its list did not show a moment ago.
    if (!isAlreadyThere(error) || !look) throw error;
    const after = await locateStep(kit, look).catch((cause: unknown) => notShown(cause));
    if (after === null) notShown(error);
    if (after.state === "absent") throw error;
    return after;
  }
}

/** Looks for a post that Reddit has taken. Whatever keeps us from looking says nothing about the post. */
async function confirm(
  kit: Kit,
  { access, earlier }: PublishRequest,
  submission: Submission,
  progress: Progress,
): Promise<PublishStep> {
  const { again, submittedAt = 0, others, polls } = progress;
  const since = Math.min(submittedAt, earlier?.since.getTime() ?? submittedAt);
  try {
    const found = await findPost(kit, access, submission, {
      since,
      others: [...others, ...(earlier?.known ?? [])],
    });
    if (found !== "absent" && found !== null) return stepOf(kit, submission.subreddit, found.id);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.tokenRefused) throw error;
    const passing = error.kind === "unavailable" || error.kind === "slow_down";
    if (passing && !error.operator && polls < LOOK_AFTER_MS.length) {
      return lookLater(progress, error.retryAfterMs ?? 0);
    }
    throw new PlatformError(error.kind, error.message, {
      effect: "ambiguous",
      code: error.code ?? "list",
      cause: error,
    });
  }
  const exhausted = polls >= LOOK_AFTER_MS.length;
  const old = Date.now() - submittedAt > PATIENCE_MS[submission.kind];
  // A person has looked and wants it sent once more, with files of its own.
  if (earlier && (!again || (exhausted && old))) {
    return processing(Progress.parse({ kind: submission.kind, again: true }), 0);
  }
  if (!exhausted) return lookLater(progress);
  throw new PlatformError("unavailable", "Reddit has taken this post, but does not show it yet.", {
    effect: "ambiguous",
    code: "still_processing",
  });
}

const lookLater = (progress: Progress, atLeastMs = 0): PublishStep =>
  processing(
    { ...progress, polls: progress.polls + 1 },
    Math.max(LOOK_AFTER_MS[progress.polls] ?? 0, atLeastMs),
  );

function stepOf(kit: Kit, subreddit: string, id: string): PublishStep & { state: "published" } {
  const path = `/r/${encodeURIComponent(subreddit)}/comments/${encodeURIComponent(id)}/`;
  return { state: "published", remoteId: id, url: kit.address(SITE + path).href };
}

function notShown(cause: unknown): never {
  if (!(cause instanceof PlatformError)) throw cause;
  // Reddit has said that the link is out, only not whether it was us: not a failure to be shown as one.
  throw new PlatformError(
    "unavailable",
    "Reddit has this link already, but did not show us whose post it is.",
    {
      effect: "ambiguous",
      code: "ALREADY_SUB",
      cause,
    },
  );
}

const processing = (resume: Progress, checkAfterMs: number): PublishStep => ({
  state: "processing",
  resume,
  checkAfterMs,
});
