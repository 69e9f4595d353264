import { z } from "zod";
import { type Access, PlatformError, type PostContent, type PublishStep } from "../contract";
import { withLink } from "../counting";
import type { Kit } from "../kit";
import { absolute, guessedUrl, permalinkOf } from "./page";

/** What a post is to Facebook, how far it has come, and how it ends. */

export const Progress = z.object({
  /** On record from the first step on that leaves something at Facebook. */
  kind: z.enum(["text", "photo", "photos", "video", "reel", "photo_story", "video_story"]).optional(),
  /** Unpublished photos, in order, and when the first of them was sent. */
  photos: z.array(z.string()).default([]),
  photosSince: z.number().default(0),
  video: z
    .object({
      id: z.string(),
      /** Of an upload in chunks: its session, and the piece that Facebook wants next. */
      session: z.string().optional(),
      start: z.number().default(0),
      end: z.number().default(0),
    })
    .optional(),
  /** Times the video was begun to be sent. */
  uploads: z.number().default(0),
  /** Facebook has taken the word to publish the video. */
  finished: z.boolean().default(false),
  /** The post's id, where it was told before the post is out. */
  promised: z.string().optional(),
  polls: z.number().default(0),
  /** Polls that found it out, but without the post's id. */
  nameless: z.number().default(0),
  /** The post, once it is out: only the first comment remains. */
  post: z.object({ id: z.string(), url: z.string().nullable() }).optional(),
  commentTries: z.number().default(0),
});
export type Progress = z.infer<typeof Progress>;
export type Kind = NonNullable<Progress["kind"]>;

const Options = z.object({ placement: z.string().nullish(), first_comment: z.string().nullish() });

/** @throws PlatformError rejected where the files are not what the placement takes */
export function kindOf({ media, options }: PostContent): Kind {
  const { placement } = Options.parse(options);
  const [first] = media;
  const single = media.length === 1 ? first?.kind : undefined;
  if (placement === "reel" && single === "video") return "reel";
  if (placement === "story" && single === "video") return "video_story";
  if (placement === "story" && single === "image") return "photo_story";
  if (placement !== "reel" && placement !== "story") {
    if (!first) return "text";
    if (single === "video") return "video";
    if (media.every(({ kind }) => kind === "image")) return single ? "photo" : "photos";
  }
  throw new PlatformError(
    "rejected",
    "Facebook takes pictures or one video in a post, one vertical video as a reel, and one picture or video as a story.",
    { code: "media" },
  );
}

/** The text beside pictures or a video, where a link has no place of its own. */
export const captionOf = ({ text, link }: PostContent): string | undefined =>
  withLink(text, link) || undefined;

export const firstCommentOf = ({ options }: PostContent): string =>
  Options.parse(options).first_comment?.trim() ?? "";

const isStory = (kind: Kind | undefined): boolean => kind === "photo_story" || kind === "video_story";

/** Long enough for Facebook to find the post that the comment belongs to. */
const COMMENT_AFTER_MS = 1_000;

/** The post is out. It is on record before its first comment is sent. */
export async function out(
  kit: Kit,
  access: Access,
  content: PostContent,
  progress: Progress,
  { id, permalink }: { id: string; permalink?: string | undefined },
): Promise<PublishStep> {
  const story = isStory(progress.kind);
  const url =
    permalink !== undefined
      ? absolute(kit, permalink)
      : // Published is published: a failed look-up costs only the link.
        await permalinkOf(kit, access, id).catch(() => (story ? null : guessedUrl(kit, access, id)));
  const post = { id, url };
  const comment = firstCommentOf(content) !== "";
  if (comment && !story) return processing({ ...progress, post }, COMMENT_AFTER_MS);
  return published(
    post,
    comment ? "A story takes no comments, so the first comment was left out." : undefined,
  );
}

export const published = (
  { id, url }: NonNullable<Progress["post"]>,
  note?: string,
): PublishStep & { state: "published" } => ({
  state: "published",
  remoteId: id,
  url,
  ...(note !== undefined && { note }),
});

export const processing = (
  resume: Progress,
  checkAfterMs: number,
): PublishStep & { state: "processing" } => ({ state: "processing", resume, checkAfterMs });
