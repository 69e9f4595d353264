import { z } from "zod";
import { type Access, PlatformError, type PublishRequest, type PublishStep } from "../contract";
import { RemoteId } from "../kit";
import { containerFailure, isExpired, isMissing, isNotReady } from "./errors";
import type { Ask } from "./graph";
import { type Parameters, type Plan, planOf } from "./plan";

/**
 * From files to a post: containers that fetch the files, a look at them until they are FINISHED, the write, and the first
 * comment. Every step ends with its progress handed back, so a container is on record before the write that can be lost.
 * A container is published once: after a lost answer the same one is asked for its status, and no second one is made while
 * the first may still come out.
 */

export const Progress = z.object({
  /** The items of a carousel, by position; null: to be made (again). */
  children: z.array(z.string().nullable()).default([]),
  /** How many of them, from the first, are FINISHED. */
  ready: z.number().default(0),
  /** The container that is published. */
  containerId: z.string().optional(),
  /** Times something was made anew, looks at what is being prepared, and times the container could not be found. */
  remakes: z.number().default(0),
  remadeAt: z.number().default(0),
  polls: z.number().default(0),
  misses: z.number().default(0),
  /** The post, once it is out. */
  mediaId: z.string().optional(),
  /** Tries at the first comment that had no effect. */
  commentTries: z.number().default(0),
  /** Written once more, after it was proved missing. */
  commentAgain: z.boolean().default(false),
});
export type Progress = z.infer<typeof Progress>;

/** A picture takes seconds, a video minutes: a quarter of an hour in all. */
export const POLL_AFTER_MS = [
  ...[2_000, 2_000, 3_000, 5_000, 5_000, 10_000, 15_000, 30_000],
  ...Array.from({ length: 14 }, () => 60_000),
];
const REMAKE_AFTER_MS = [5_000, 30_000];
const REMAKES_COUNT_MS = 60 * 60_000;
const MISS_AFTER_MS = [30_000, 60_000];
const COMMENT_AFTER_MS = [3_000, 15_000, 60_000];
/** A post that is out does not wait longer than this for its first comment. */
const MAX_COMMENT_WAIT_MS = 15 * 60_000;
/** Instagram fetches the file while it makes the container. */
const FETCH_TIMEOUT_MS = 90_000;

/** One step towards being out. @throws PlatformError; ambiguous only from media_publish on */
export async function publishStep(
  ask: Ask,
  { access, content, resume, sending }: PublishRequest,
): Promise<PublishStep> {
  const plan = planOf(content);
  const progress = Progress.parse(resume ?? {});
  if (progress.mediaId !== undefined) return comment(ask, access, plan, progress, sending);
  const { containerId } = progress;
  if (containerId === undefined) return prepare(ask, access, plan, progress);

  const container = await containerOf(ask, access, containerId);
  switch (container.status_code) {
    case "IN_PROGRESS":
      return waitForContainer(progress);
    case "MISSING":
      return missed(progress);
    case "EXPIRED":
      return startOver(progress, containerFailure("2207020").error);
    case "ERROR": {
      const { error, again } = containerFailure(container.status);
      if (!again) throw error;
      return startOver(progress, error);
    }
    case "PUBLISHED":
      throw alreadyOut();
    case "FINISHED":
      break;
  }

  await sending();
  try {
    const { id } = await ask(access, {
      method: "POST",
      path: `${encodeURIComponent(access.remoteId)}/media_publish`,
      form: { creation_id: containerId },
      effect: "write",
      answer: Created,
    });
    return out(ask, access, plan, id);
  } catch (error) {
    if (isNotReady(error)) return waitForContainer(progress);
    if (isMissing(error)) return missed(progress);
    if (isExpired(error)) return startOver(progress, error);
    // A second try on a container that came out after all is refused too: that refusal must not look like a failure.
    const refused = error instanceof PlatformError && error.kind === "rejected";
    if (refused && (await containerOf(ask, access, containerId)).status_code === "PUBLISHED")
      throw alreadyOut(error);
    throw error;
  }
}

const Created = z.object({ id: RemoteId });

/** Makes the next container: nothing is visible yet. The items of a carousel are ready before their parent is made. */
async function prepare(ask: Ask, access: Access, plan: Plan, progress: Progress): Promise<PublishStep> {
  const next = plan.children.findIndex((_, index) => !progress.children[index]);
  const item = plan.children[next];
  if (item) {
    const id = await make(ask, access, item);
    const children = plan.children.map((_, index) =>
      index === next ? id : (progress.children[index] ?? null),
    );
    const more = children.includes(null);
    return processing({ ...progress, children }, more ? 0 : (POLL_AFTER_MS[0] ?? 0));
  }

  let { ready } = progress;
  for (const id of progress.children.slice(ready)) {
    const child = await containerOf(ask, access, id ?? "");
    if (child.status_code === "IN_PROGRESS") return waitForContainer({ ...progress, ready });
    if (child.status_code === "MISSING" && progress.misses < MISS_AFTER_MS.length)
      return missed({ ...progress, ready });
    if (child.status_code !== "FINISHED") return remake({ ...progress, ready }, child);
    ready += 1;
  }
  const children = progress.children.join(",");
  try {
    const containerId = await make(ask, access, { ...plan.post, children: children || undefined });
    return processing({ ...progress, ready, containerId, polls: 1, misses: 0 }, POLL_AFTER_MS[0] ?? 0);
  } catch (error) {
    if (isMissing(error) && children !== "") return missed({ ...progress, ready });
    throw error;
  }
}

async function make(ask: Ask, access: Access, form: Parameters): Promise<string> {
  const { id } = await ask(access, {
    method: "POST",
    path: `${encodeURIComponent(access.remoteId)}/media`,
    form,
    answer: Created,
    timeoutMs: FETCH_TIMEOUT_MS,
  });
  return id;
}

/** An item that failed is made anew where it stands; the others are kept. */
function remake(progress: Progress, child: Container): PublishStep {
  const { error, again } =
    child.status_code === "ERROR"
      ? containerFailure(child.status)
      : { error: containerFailure("2207020").error, again: true };
  if (!again) throw error;
  const children = progress.children.map((id, index) => (index === progress.ready ? null : id));
  return anew(progress, { ...progress, children, misses: 0 }, error);
}

const Container = z.object({
  status_code: z.enum(["IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"]),
  status: z.string().optional(),
});
export type Container = z.infer<typeof Container> | { status_code: "MISSING"; status?: undefined };

/** @throws PlatformError */
export async function containerOf(ask: Ask, access: Access, containerId: string): Promise<Container> {
  try {
    return await ask(access, {
      method: "GET",
      path: encodeURIComponent(containerId),
      query: { fields: "status_code,status" },
      answer: Container,
    });
  } catch (error) {
    if (isMissing(error)) return { status_code: "MISSING" };
    throw error;
  }
}

/** The post is out: what is left is its first comment, in a step of its own so that the post's id is on record before. */
export async function out(ask: Ask, access: Access, plan: Plan, mediaId: string): Promise<PublishStep> {
  return plan.firstComment === undefined
    ? finished(ask, access, { mediaId, note: plan.note })
    : processing(Progress.parse({ mediaId }), 1_000);
}

async function comment(
  ask: Ask,
  access: Access,
  { firstComment, note }: Plan,
  progress: Progress,
  sending: () => Promise<void>,
): Promise<PublishStep> {
  const { mediaId, commentTries } = progress;
  if (mediaId === undefined || firstComment === undefined) return finished(ask, access, { mediaId, note });
  await sending();
  try {
    await ask(access, {
      method: "POST",
      path: `${encodeURIComponent(mediaId)}/comments`,
      form: { message: firstComment },
      effect: "write",
      answer: Created,
    });
    return finished(ask, access, { mediaId, note });
  } catch (error) {
    if (!(error instanceof PlatformError) || error.effect === "ambiguous") throw error;
    // The post stays out whatever becomes of its comment, so nothing here may fail it.
    const passing = error.kind === "unavailable" || error.kind === "slow_down" || isMissing(error);
    const wait = error.retryAfterMs ?? COMMENT_AFTER_MS[commentTries] ?? 0;
    if (passing && commentTries < COMMENT_AFTER_MS.length && wait <= MAX_COMMENT_WAIT_MS) {
      return processing({ ...progress, commentTries: commentTries + 1 }, wait);
    }
    return finished(ask, access, { mediaId, note: `The first comment was not posted. ${error.message}` });
  }
}

export async function finished(
  ask: Ask,
  access: Access,
  { mediaId, note }: { mediaId: string | undefined; note: string | undefined },
): Promise<PublishStep> {
  if (mediaId === undefined) throw new Error("An Instagram post without an id cannot be finished.");
  return {
    state: "published",
    remoteId: mediaId,
    // Published is published: a failed look-up costs only the link.
    url: await permalink(ask, access, mediaId).catch(() => null),
    ...(note !== undefined && { note }),
  };
}

const Permalink = z.object({ permalink: z.url({ protocol: /^https?$/ }) });

async function permalink(ask: Ask, access: Access, mediaId: string): Promise<string> {
  const post = await ask(access, {
    method: "GET",
    path: encodeURIComponent(mediaId),
    query: { fields: "permalink" },
    answer: Permalink,
  });
  return post.permalink;
}

function waitForContainer(progress: Progress): PublishStep {
  const afterMs = POLL_AFTER_MS[progress.polls];
  if (afterMs === undefined) {
    throw new PlatformError("unavailable", "Instagram is still preparing this post.", { code: "container" });
  }
  return processing({ ...progress, polls: progress.polls + 1 }, afterMs);
}

/** A container that cannot be found may only not be visible yet; then everything is made anew. */
function missed(progress: Progress): PublishStep {
  const afterMs = MISS_AFTER_MS[progress.misses];
  return afterMs === undefined
    ? startOver(progress, containerFailure("2207008").error)
    : processing({ ...progress, misses: progress.misses + 1 }, afterMs);
}

const startOver = (progress: Progress, why: PlatformError): PublishStep =>
  anew(progress, Progress.parse({}), why);

/** Twice; and again for a person who comes back after an hour. */
function anew({ remakes, remadeAt }: Progress, from: Progress, why: PlatformError): PublishStep {
  const now = Date.now();
  const times = now - remadeAt < REMAKES_COUNT_MS ? remakes : 0;
  const afterMs = REMAKE_AFTER_MS[times];
  if (afterMs === undefined) throw why;
  return processing({ ...from, remakes: times + 1, remadeAt: now }, afterMs);
}

export const processing = (
  resume: Progress,
  checkAfterMs: number,
): PublishStep & { state: "processing" } => ({ state: "processing", resume, checkAfterMs });

const alreadyOut = (cause?: unknown) =>
  new PlatformError("unavailable", "Instagram has published this already; we are looking for it.", {
    effect: "ambiguous",
    code: "already_published",
    cause,
  });
