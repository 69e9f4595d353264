import { z } from "zod";
import {
  type Access,
  type Located,
  type LocateRequest,
  PlatformError,
  type PostContent,
  type PublishRequest,
  type PublishStep,
} from "../contract";
import { type Kit, RemoteId } from "../kit";
import { isNotVisible } from "./errors";
import { graph } from "./graph";

/**
 * From text to a post: make a container, poll it until it is FINISHED, publish it; then the same for each reply.
 * Every step ends with its progress handed back, so the container is on record before the write that can be lost.
 * A container is published once: after a lost answer the same one is asked for its status, never a second one made
 * while the first may still come out.
 */

const Progress = z.object({
  /** One id for each part that is out, the first one being the post itself. */
  published: z.array(z.string()).default([]),
  containerId: z.string().optional(),
  /** Of the current part: containers made, polls of the latest, and times it could not be found. */
  containers: z.number().default(0),
  polls: z.number().default(0),
  misses: z.number().default(0),
});
type Progress = z.infer<typeof Progress>;

/** Text is ready at once as a rule, media takes about 30 s; five minutes in all, as Meta advises. */
const POLL_AFTER_MS = [250, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000, 60_000];
const MISS_AFTER_MS = [2_000, 4_000, 8_000, 15_000];
const MAX_CONTAINERS = 3;
/** A reply made too soon cannot find the post above it. */
const REPLY_AFTER_MS = 3_000;
/** A write whose answer was lost may still be under way at Threads. */
const SETTLE_MS = 5 * 60_000;
/** How long a new post may be missing from the profile's list. */
const LIST_LAG_MS = 20_000;
/** Between their clock, in whole seconds, and ours. */
const CLOCK_SKEW_MS = 60_000;
const LIST_LIMIT = 100;

/** One step towards being out. @throws PlatformError; ambiguous only from threads_publish on */
export async function publishStep(
  kit: Kit,
  { access, content, resume, sending }: PublishRequest,
): Promise<PublishStep> {
  const parts = partsOf(content);
  const progress = Progress.parse(resume ?? {});
  const part = parts[progress.published.length];
  if (!part) return finished(kit, access, progress);
  const { containerId } = progress;
  if (containerId === undefined) return prepare(kit, access, part, progress);

  const { status, error_message } = await containerOf(kit, access, containerId);
  switch (status) {
    case "IN_PROGRESS":
      return waitForContainer(progress);
    case "MISSING":
      return progress.misses < MISS_AFTER_MS.length ? missed(progress) : prepare(kit, access, part, progress);
    case "EXPIRED":
      return prepare(kit, access, part, progress);
    case "ERROR":
      if (error_message === undefined || error_message === "UNKNOWN")
        return prepare(kit, access, part, progress);
      throw new PlatformError("rejected", `Threads could not prepare this post (${error_message}).`, {
        code: error_message,
      });
    case "PUBLISHED":
      throw alreadyOut();
    case "FINISHED":
      if (progress.misses >= MISS_AFTER_MS.length) return prepare(kit, access, part, progress);
  }

  await sending();
  try {
    const { id } = await graph(kit, access, {
      method: "POST",
      path: `${encodeURIComponent(access.remoteId)}/threads_publish`,
      form: { creation_id: containerId },
      effect: "write",
      answer: Created,
    });
    return advance(kit, access, parts, progress, id);
  } catch (error) {
    if (isNotVisible(error)) return missed(progress);
    // A second try on a container that came out after all is refused too: that refusal must not look like a failure.
    const refused = error instanceof PlatformError && error.kind === "rejected";
    if (refused && (await containerOf(kit, access, containerId)).status === "PUBLISHED")
      throw alreadyOut(error);
    throw error;
  }
}

/** Reads back what became of a publish whose answer was lost. null: it cannot be told now. @throws PlatformError */
export async function locateStep(
  kit: Kit,
  { access, content, resume, since, known }: LocateRequest,
): Promise<Located | null> {
  const parts = partsOf(content);
  const progress = Progress.parse(resume ?? {});
  const part = parts[progress.published.length];
  if (!part) return finished(kit, access, progress);
  const { containerId } = progress;
  const above = progress.published.at(-1);
  const age = Date.now() - since.getTime();

  const status = containerId === undefined ? "NONE" : (await containerOf(kit, access, containerId)).status;
  switch (status) {
    case "IN_PROGRESS":
      return null;
    case "FINISHED":
      // Not out, unless the lost call is still at work. Later the same container goes on: it can be published only once.
      return age < SETTLE_MS ? null : processing(progress, POLL_AFTER_MS[0] ?? 0);
    case "ERROR":
      // Not out, and the next step says why it failed.
      return processing(progress, POLL_AFTER_MS[0] ?? 0);
    case "PUBLISHED":
      // The chain is whole: nothing hangs below its last reply, so its id is not needed.
      if (above !== undefined && progress.published.length === parts.length - 1) {
        return advance(kit, access, parts, progress, above);
      }
      break;
    case "NONE":
      // No reply is sent before its container is on record, and replies need not be among the profile's posts.
      if (above !== undefined) return processing(progress, REPLY_AFTER_MS);
      break;
    case "EXPIRED":
    case "MISSING":
      break;
  }

  const list = await find(kit, access, part.text, since, [...known, ...progress.published]);
  if (list.found !== null) return advance(kit, access, parts, progress, list.found);
  switch (status) {
    case "PUBLISHED":
      // It is out, and only its name is unknown. A chain goes on below the last part that has one.
      return above !== undefined && age > LIST_LAG_MS ? advance(kit, access, parts, progress, above) : null;
    case "EXPIRED":
      return processing({ ...progress, containerId: undefined }, 0);
    case "NONE":
      return list.complete ? { state: "absent" } : null;
    case "MISSING":
      return above === undefined && list.complete && age > LIST_LAG_MS ? { state: "absent" } : null;
  }
}

type Part = Record<string, string | undefined> & { text: string };

/** What each container is told, first post first. The person's choices are about the post, so replies do not repeat them. */
function partsOf(content: PostContent): Part[] {
  const { reply_control, topic_tag, enable_reply_approvals } = Options.parse(content.options);
  const first = {
    text: content.text,
    link_attachment: content.link,
    reply_control: reply_control || undefined,
    topic_tag: topic_tag?.trim() || undefined,
    enable_reply_approvals: enable_reply_approvals ? "true" : undefined,
  };
  return [first, ...content.replies.map(({ text }) => ({ text }))];
}

const Options = z.object({
  reply_control: z.string().nullish(),
  topic_tag: z.string().nullish(),
  enable_reply_approvals: z.boolean().nullish(),
});

const Created = z.object({ id: RemoteId });

/** Makes the (next) container of this part: nothing is visible yet. */
async function prepare(kit: Kit, access: Access, part: Part, progress: Progress): Promise<PublishStep> {
  if (progress.containers >= MAX_CONTAINERS) {
    throw new PlatformError("unavailable", "Threads could not prepare this post. Try again later.", {
      code: "container",
    });
  }
  if (part["topic_tag"] && /[.&]/.test(part["topic_tag"])) {
    throw new PlatformError("rejected", "A topic on Threads has no . or & in it.", { code: "topic_tag" });
  }
  const above = progress.published.at(-1);
  try {
    const { id } = await graph(kit, access, {
      method: "POST",
      path: `${encodeURIComponent(access.remoteId)}/threads`,
      form: { media_type: "TEXT", ...part, reply_to_id: above },
      answer: Created,
    });
    return waitForContainer({
      published: progress.published,
      containerId: id,
      containers: progress.containers + 1,
      polls: 0,
      misses: 0,
    });
  } catch (error) {
    const early = above !== undefined && isNotVisible(error) && progress.misses < MISS_AFTER_MS.length;
    if (early) return missed({ ...progress, containerId: undefined });
    throw error;
  }
}

const Container = z.object({
  status: z.enum(["IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"]),
  error_message: z.string().optional(),
});

async function containerOf(
  kit: Kit,
  access: Access,
  containerId: string,
): Promise<z.infer<typeof Container> | { status: "MISSING"; error_message?: undefined }> {
  try {
    return await graph(kit, access, {
      method: "GET",
      path: encodeURIComponent(containerId),
      query: { fields: "status,error_message" },
      answer: Container,
    });
  } catch (error) {
    if (isNotVisible(error)) return { status: "MISSING" };
    throw error;
  }
}

const Posts = z.object({
  data: z.array(z.object({ id: RemoteId, text: z.string().optional(), timestamp: z.string() })),
});

/** The post with this text closest to `since`. complete: had it been among the profile's posts, we would have seen it. */
async function find(kit: Kit, access: Access, text: string, since: Date, others: string[]) {
  const { data } = await graph(kit, access, {
    method: "GET",
    path: "me/threads",
    query: { fields: "id,text,timestamp", limit: String(LIST_LIMIT) },
    answer: Posts,
  });
  const earliest = since.getTime() - CLOCK_SKEW_MS;
  const posts = data.map((post) => ({ ...post, at: Date.parse(post.timestamp) }));
  const distance = ({ at }: { at: number }) => Math.abs(at - since.getTime());
  const [closest] = posts
    .filter((post) => post.at >= earliest && sameText(post.text ?? "", text) && !others.includes(post.id))
    .sort((one, other) => distance(one) - distance(other));
  return {
    found: closest?.id ?? null,
    complete: data.length < LIST_LIMIT || posts.some((post) => post.at < earliest),
  };
}

/** Threads may tidy white space, and takes the # off a tag that became the topic. */
const sameText = (one: string, other: string) => comparable(one) === comparable(other);
const comparable = (text: string) => text.normalize("NFC").replaceAll("#", "").replace(/\s+/g, " ").trim();

/** One more part is out. @param id its own, or where that is unknown the one above it: what the next reply hangs below. */
async function advance(
  kit: Kit,
  access: Access,
  parts: Part[],
  { published }: Progress,
  id: string,
): Promise<PublishStep> {
  const progress = { published: [...published, id], containers: 0, polls: 0, misses: 0 };
  return progress.published.length < parts.length
    ? processing(progress, REPLY_AFTER_MS)
    : finished(kit, access, progress);
}

async function finished(kit: Kit, access: Access, { published }: Progress): Promise<PublishStep> {
  const [id] = published;
  if (id === undefined) throw new Error("A Threads post without any part cannot be finished.");
  // Published is published: a failed look-up costs only the link.
  return {
    state: "published",
    remoteId: id,
    url: await permalink(kit, access, id).catch(() => null),
    ...(published.length > 1 && { parts: published }),
  };
}

const Permalink = z.object({ permalink: z.url({ protocol: /^https?$/ }) });

async function permalink(kit: Kit, access: Access, id: string): Promise<string> {
  const post = await graph(kit, access, {
    method: "GET",
    path: encodeURIComponent(id),
    query: { fields: "permalink" },
    answer: Permalink,
  });
  return post.permalink;
}

function waitForContainer(progress: Progress): PublishStep {
  const afterMs = POLL_AFTER_MS[progress.polls];
  if (afterMs === undefined) {
    throw new PlatformError("unavailable", "Threads is still preparing this post.", { code: "container" });
  }
  return processing({ ...progress, polls: progress.polls + 1 }, afterMs);
}

function missed(progress: Progress): PublishStep {
  const afterMs = MISS_AFTER_MS[progress.misses] ?? MISS_AFTER_MS.at(-1) ?? 0;
  return processing({ ...progress, misses: progress.misses + 1 }, afterMs);
}

const processing = (resume: Progress, checkAfterMs: number): PublishStep & { state: "processing" } => ({
  state: "processing",
  resume,
  checkAfterMs,
});

const alreadyOut = (cause?: unknown) =>
  new PlatformError("unavailable", "Threads has published this already; we are looking for it.", {
    effect: "ambiguous",
    code: "already_published",
    cause,
  });
