import { z } from "zod";
import { PlatformError, type PublishRequest, type PublishStep } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { isDuplicate } from "./errors";
import { locateStep } from "./locate";
import { ask, edge, onPost } from "./page";
import {
  captionOf,
  firstCommentOf,
  type Kind,
  kindOf,
  out,
  Progress,
  processing,
  published,
} from "./progress";
import { videoStep } from "./publish-video";
import { photoParts, uploadPhoto } from "./uploads";

/**
 * One step towards being out. Text and a single photo are one write; several photos, videos and stories are brought to
 * Facebook first, where nobody sees them, and then published by a write of their own. A first comment comes last.
 * @throws PlatformError
 */
export async function publishStep(kit: Kit, request: PublishRequest): Promise<PublishStep> {
  const progress = Progress.parse(request.resume ?? {});
  if (progress.post) return commentStep(kit, request, progress, progress.post);
  const kind = progress.kind ?? kindOf(request.content);
  try {
    return await stepOf(kit, request, { ...progress, kind });
  } catch (error) {
    // An attempt whose answer was lost may be what Facebook calls the other copy; without one, the copy is an earlier post.
    if (!isDuplicate(error) || !request.earlier) throw error;
    return lookAfterRefusal(kit, request, request.earlier, error);
  }
}

async function stepOf(
  kit: Kit,
  request: PublishRequest,
  { kind, ...rest }: Progress & { kind: Kind },
): Promise<PublishStep> {
  switch (kind) {
    case "text":
      return publishToFeed(kit, request, { ...rest, kind }, { message: request.content.text || undefined });
    case "photo":
      return publishPhoto(kit, request, { ...rest, kind });
    case "photos":
    case "photo_story":
      return photosStep(kit, request, { ...rest, kind });
    case "video":
    case "reel":
    case "video_story":
      return videoStep(kit, request, { ...rest, kind });
  }
}

async function lookAfterRefusal(
  kit: Kit,
  { access, content, resume }: PublishRequest,
  earlier: NonNullable<PublishRequest["earlier"]>,
  refusal: unknown,
): Promise<PublishStep> {
  // Facebook has said that it is out, only not where: not a failure to be shown as one.
  const inDoubt = (cause: unknown) =>
    new PlatformError("unavailable", "Facebook has this post already, but did not show it to us.", {
      effect: "ambiguous",
      code: "duplicate",
      cause,
    });
  const located = await locateStep(kit, { access, content, resume, ...earlier }).catch((cause: unknown) => {
    throw cause instanceof PlatformError ? inDoubt(cause) : cause;
  });
  if (!located) throw inDoubt(refusal);
  if (located.state === "absent") throw refusal;
  return located;
}

const Posted = z.object({ id: RemoteId, permalink_url: z.string().min(1).optional() });

async function publishToFeed(
  kit: Kit,
  { access, content, sending }: PublishRequest,
  progress: Progress,
  told: Record<string, string | undefined>,
): Promise<PublishStep> {
  await sending();
  const { id, permalink_url } = await ask(kit, access, {
    method: "POST",
    path: edge(access, "feed"),
    form: {
      ...told,
      link: progress.kind === "text" ? content.link : undefined,
      fields: "id,permalink_url",
    },
    answer: Posted,
    effect: "write",
  });
  return out(kit, access, content, progress, { id, permalink: permalink_url });
}

async function publishPhoto(
  kit: Kit,
  { access, content, sending }: PublishRequest,
  progress: Progress,
): Promise<PublishStep> {
  const [photo] = content.media;
  if (!photo) throw new Error("A photo post without a photo cannot be published.");
  await sending();
  const { id, post_id } = await ask(kit, access, {
    method: "POST",
    path: edge(access, "photos"),
    multipart: photoParts(photo, { caption: captionOf(content) }),
    answer: z.object({ id: RemoteId, post_id: RemoteId.optional() }),
    effect: "write",
  });
  return out(kit, access, content, progress, { id: post_id ?? id });
}

/** Facebook keeps unpublished photos for about a day. */
const PHOTOS_LIVE_MS = 20 * 60 * 60 * 1000;

/** One photo per step; after the last one, the write that publishes them. */
async function photosStep(kit: Kit, request: PublishRequest, given: Progress): Promise<PublishStep> {
  const { access, content, sending } = request;
  const stale = Date.now() - given.photosSince > PHOTOS_LIVE_MS;
  const progress = stale ? { ...given, photos: [], photosSince: Date.now() } : given;
  const { photos } = progress;
  const photo = content.media[photos.length];
  if (photo) {
    const id = await uploadPhoto(kit, access, photo);
    return processing({ ...progress, photos: [...photos, id] }, 0);
  }
  if (progress.kind === "photos") {
    return publishToFeed(kit, request, progress, {
      message: captionOf(content),
      attached_media: JSON.stringify(photos.map((id) => ({ media_fbid: id }))),
    });
  }
  await sending();
  const { post_id } = await ask(kit, access, {
    method: "POST",
    path: edge(access, "photo_stories"),
    form: { photo_id: photos[0] },
    answer: z.object({ success: z.literal(true), post_id: RemoteId }),
    effect: "write",
  });
  return out(kit, access, content, progress, { id: post_id });
}

const COMMENT_TRIES = 3;
const COMMENT_RETRY_MS = 5_000;

/** The post is out whatever becomes of its comment: a definite refusal is told beside it, and no failure. */
async function commentStep(
  kit: Kit,
  { access, content, sending }: PublishRequest,
  progress: Progress,
  post: NonNullable<Progress["post"]>,
): Promise<PublishStep> {
  const message = firstCommentOf(content);
  await sending();
  try {
    await onPost(access, post.id, (path) =>
      ask(kit, access, {
        method: "POST",
        path: `${path}/comments`,
        form: { message },
        answer: z.object({ id: RemoteId }),
        effect: "write",
      }),
    );
    return published(post);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.effect === "ambiguous") throw error;
    if (isDuplicate(error)) return published(post);
    const passing = error.kind === "slow_down" || (error.kind === "unavailable" && !error.operator);
    const commentTries = progress.commentTries + 1;
    if (passing && commentTries < COMMENT_TRIES) {
      return processing({ ...progress, commentTries }, error.retryAfterMs ?? COMMENT_RETRY_MS);
    }
    return published(post, `The post is out, but its first comment is not. ${error.message}`);
  }
}
