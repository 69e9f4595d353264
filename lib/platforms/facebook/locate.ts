import { z } from "zod";
import { type Access, type Located, type LocateRequest, PlatformError } from "../contract";
import { withLink } from "../counting";
import { type Kit, RemoteId } from "../kit";
import { graphList } from "../meta";
import { ask, edge, onPost } from "./page";
import { firstCommentOf, out, Progress, processing, published } from "./progress";
import { afterWord, waitForVideo } from "./publish-video";
import { type SeenVideo, seeVideo } from "./video";

/**
 * Reads back what became of a write whose answer was lost: a video and a story by the id they had before, a comment below its
 * post, everything else among the Page's posts. null: it cannot be told now. @throws PlatformError
 */
export async function locateStep(kit: Kit, request: LocateRequest): Promise<Located | null> {
  const { access, content, resume, since, known } = request;
  const progress = Progress.parse(resume ?? {});
  if (progress.post) return locateComment(kit, request, progress, progress.post);
  switch (progress.kind) {
    case "video":
    case "reel":
    case "video_story":
      return locateVideo(kit, request, progress);
    case "photo_story": {
      const story = await findStory(kit, access, progress.photos[0], since, known);
      return typeof story === "string" ? out(kit, access, content, progress, { id: story }) : story;
    }
    default:
      return locateInFeed(kit, request, progress);
  }
}

/** A write whose answer was lost may still be under way at Facebook. */
const SETTLE_MS = 5 * 60_000;
/** Between their clock, in whole seconds, and ours. */
const CLOCK_SKEW_MS = 60_000;
const LIST_LIMIT = 100;

const ageOf = ({ since }: LocateRequest) => Date.now() - since.getTime();

async function locateVideo(kit: Kit, request: LocateRequest, progress: Progress): Promise<Located | null> {
  const { access, content, since, known } = request;
  if (!progress.video) return null;
  const { id } = progress.video;
  const settled = ageOf(request) >= SETTLE_MS;
  const seen = await seeVideo(kit, access, id);
  if (!seen) return settled ? { state: "absent" } : null;
  if (seen.postId !== undefined) {
    return out(kit, access, content, progress, { id: seen.postId, permalink: seen.permalink });
  }
  if (progress.kind === "video_story") {
    const story = await findStory(kit, access, id, since, known);
    if (typeof story === "string") return out(kit, access, content, progress, { id: story });
  }
  // The next step says why.
  if (seen.stage === "failed" || seen.stage === "lost") return processing({ ...progress, finished: true }, 0);
  if (progress.finished) {
    return seen.publishing === "done" || seen.stage === "ready"
      ? afterWord(kit, { access, content }, progress, id, seen)
      : null;
  }
  if (hasWord(seen, progress)) return waitForVideo({ ...progress, finished: true, polls: 0 });
  // It is not out. Should the word come twice, the same video comes out once.
  return settled ? processing({ ...progress, polls: 0 }, 0) : null;
}

/** A video for the feed is looked at only once its end was told; a reel or a story before. */
const hasWord = ({ publishing, stage }: SeenVideo, { kind }: Progress): boolean =>
  publishing !== "no" || (kind === "video" && (stage === "processing" || stage === "ready"));

const Posts = z.object({
  data: z.array(
    z.object({
      id: RemoteId,
      message: z.string().optional(),
      created_time: z.string(),
      permalink_url: z.string().min(1).optional(),
    }),
  ),
});

async function locateInFeed(
  kit: Kit,
  { access, content, since, known }: LocateRequest,
  progress: Progress,
): Promise<Located | null> {
  const data = await postsOf(kit, access);
  const earliest = since.getTime() - CLOCK_SKEW_MS;
  const posts = data.map((post) => ({ ...post, at: Date.parse(post.created_time) }));
  // Beside media the link is part of the text; of a post whose files are gone, that can no longer be told.
  const texts = [content.text, withLink(content.text, content.link)].map(comparable);
  const distance = ({ at }: { at: number }) => Math.abs(at - since.getTime());
  const candidates = posts
    .filter(
      ({ id, at, message = "" }) =>
        at >= earliest && texts.includes(comparable(message)) && !known.includes(id),
    )
    .sort((one, other) => distance(one) - distance(other));
  const [closest] = candidates;
  // Posts without words look all the same.
  if (candidates.length > 1 && comparable(closest?.message ?? "") === "") return null;
  if (closest) {
    return out(kit, access, content, progress, { id: closest.id, permalink: closest.permalink_url });
  }
  const complete = data.length < LIST_LIMIT || posts.some(({ at }) => at < earliest);
  return complete ? { state: "absent" } : null;
}

async function postsOf(kit: Kit, access: Access): Promise<z.infer<typeof Posts>["data"]> {
  const list = (name: string) =>
    ask(kit, access, {
      method: "GET",
      path: edge(access, name),
      query: { fields: "id,message,created_time,permalink_url", limit: String(LIST_LIMIT) },
      answer: Posts,
    });
  try {
    return (await list("feed")).data;
  } catch (error) {
    // The feed holds what visitors wrote as well, which needs one more permission.
    if (!(error instanceof PlatformError) || error.kind !== "reconnect" || error.tokenRefused) throw error;
    return (await list("published_posts")).data;
  }
}

/** Facebook may tidy white space. */
const comparable = (text: string) => text.normalize("NFC").replace(/\s+/g, " ").trim();

const Story = z.object({
  post_id: RemoteId.optional(),
  id: RemoteId.optional(),
  media_id: RemoteId.optional(),
  creation_time: z.union([z.string(), z.number()]).optional(),
});

/** The story made of this photo or video: its id, or what is known without one. */
async function findStory(
  kit: Kit,
  access: Access,
  mediaId: string | undefined,
  since: Date,
  known: string[],
): Promise<string | { state: "absent" } | null> {
  const { accessToken: token } = access;
  const stories = (await graphList(kit, { path: edge(access, "stories"), token, item: Story })).map(
    (story) => ({
      ...story,
      name: story.post_id ?? story.id,
      at: timeOf(story.creation_time),
    }),
  );
  const ours = stories.find((story) => mediaId !== undefined && story.media_id === mediaId);
  if (ours?.name !== undefined) return ours.name;
  // What is listed without saying of what it is made may be ours.
  const others = stories.filter(
    ({ media_id, name, at }) =>
      media_id === undefined &&
      !(name !== undefined && known.includes(name)) &&
      !(at < since.getTime() - CLOCK_SKEW_MS),
  );
  const [other] = others;
  if (!other) return { state: "absent" };
  return others.length === 1 && !Number.isNaN(other.at) && other.name !== undefined ? other.name : null;
}

/** Unix seconds or a date; NaN where there is neither. */
function timeOf(value: string | number | undefined): number {
  if (value === undefined) return Number.NaN;
  return /^\d+$/.test(String(value)) ? Number(value) * 1000 : Date.parse(String(value));
}

const Comment = z.object({ id: RemoteId, message: z.string().optional() });

/** The post is out, and its comment perhaps. */
async function locateComment(
  kit: Kit,
  request: LocateRequest,
  progress: Progress,
  post: NonNullable<Progress["post"]>,
): Promise<Located | null> {
  const { access, content } = request;
  const wanted = comparable(firstCommentOf(content));
  const settled = ageOf(request) >= SETTLE_MS;
  try {
    const comments = await onPost(access, post.id, (path) =>
      graphList(kit, {
        path: `${path}/comments`,
        token: access.accessToken,
        query: { fields: "id,message" },
        item: Comment,
      }),
    );
    if (comments.some(({ message = "" }) => comparable(message) === wanted)) return published(post);
    return settled ? processing(progress, 0) : null;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const passing = error.kind === "unavailable" || error.kind === "slow_down";
    if (passing && !settled) throw error;
    return published(
      post,
      "The post is out. Whether its first comment is, Facebook does not show: look there.",
    );
  }
}
