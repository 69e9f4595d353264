import { z } from "zod";
import { type MediaFile, PlatformError, type PostContent } from "../contract";
import { findHashtags, findMentions, withLink } from "../counting";

/** What a post is to Instagram: its containers, and what comes after. Everything it would refuse is refused here, before anything is sent. */

export type Placement = "feed" | "reel" | "story";

/** What one container is told. */
export type Parameters = Record<string, string | undefined>;

export type Plan = {
  placement: Placement;
  /** The items of a carousel, in order; empty where one container is all. */
  children: Parameters[];
  /** The container that is published; a carousel's gets its `children` once they are made. */
  post: Parameters;
  /** How the post's `media_type` reads once it is out. */
  type: "IMAGE" | "VIDEO" | "CAROUSEL_ALBUM";
  caption: string;
  firstComment: string | undefined;
  /** What was asked for and cannot be had. */
  note: string | undefined;
};

/** @throws PlatformError rejected: Instagram has no such post */
export function planOf(content: PostContent): Plan {
  const options = Options.parse(content.options);
  const placement = options.placement || "feed";
  const { media } = content;
  const [first] = media;
  if (!first) throw refused("media_missing", "Instagram needs a picture or a video.");
  if (media.length > 10)
    throw refused("too_many_media", "Instagram takes up to 10 pictures and videos in one post.");
  if (placement !== "feed" && media.length > 1)
    throw refused("too_many_media", `A ${placement} on Instagram takes one file.`);
  if (placement === "story") return storyOf(first, options);

  const wide = media.find((file) => file.kind === "video" && (file.width ?? 0) > MAX_VIDEO_WIDTH);
  if (wide) {
    throw refused(
      "video_too_wide",
      `“${wide.filename}” is ${wide.width} pixels wide; Instagram takes videos up to ${MAX_VIDEO_WIDTH}. Make it smaller.`,
    );
  }
  const caption = captionOf(content);
  const about = { caption: caption || undefined, collaborators: collaboratorsOf(options) };
  const after = {
    placement,
    caption,
    firstComment: options.first_comment?.trim() || undefined,
    note: undefined,
  };
  if (media.length > 1) {
    return {
      ...after,
      children: media.map(itemOf),
      post: { media_type: "CAROUSEL", ...about },
      type: "CAROUSEL_ALBUM",
    };
  }
  if (first.kind !== "video") {
    if (placement === "reel") throw refused("wrong_media", "A reel on Instagram is a video.");
    return { ...after, children: [], post: { ...pictureOf(first), ...about }, type: "IMAGE" };
  }
  return {
    ...after,
    children: [],
    post: {
      media_type: "REELS",
      video_url: first.url,
      ...about,
      ...(placement === "reel" ? reelOptions(first, options) : { share_to_feed: "true" }),
    },
    type: "VIDEO",
  };
}

const MAX_VIDEO_WIDTH = 1920;
const MAX_HASHTAGS = 30;
const MAX_MENTIONS = 20;
const MAX_COLLABORATORS = 3;

const Options = z.object({
  placement: z.enum(["feed", "reel", "story", ""]).nullish(),
  first_comment: z.string().nullish(),
  collaborators: z.array(z.string()).nullish(),
  share_to_feed: z.boolean().nullish(),
  thumb_offset_ms: z.number().nullish(),
});
type Options = z.infer<typeof Options>;

function storyOf(file: MediaFile, { first_comment, collaborators }: Options): Plan {
  const lost = [
    ...(first_comment?.trim() ? ["the first comment"] : []),
    ...(collaborators?.length ? ["the collaborators"] : []),
  ];
  return {
    placement: "story",
    children: [],
    post: {
      media_type: "STORIES",
      ...(file.kind === "video" ? { video_url: file.url } : { image_url: file.url }),
    },
    type: file.kind === "video" ? "VIDEO" : "IMAGE",
    // Instagram ignores what is written to a story.
    caption: "",
    firstComment: undefined,
    note: lost.length > 0 ? `Left out, because stories take none: ${lost.join(" and ")}.` : undefined,
  };
}

/** One item of a carousel. Reels cannot be items; this is the one place where a video is called VIDEO. */
const itemOf = (file: MediaFile): Parameters => ({
  is_carousel_item: "true",
  ...(file.kind === "video" ? { media_type: "VIDEO", video_url: file.url } : pictureOf(file)),
});

const pictureOf = (file: MediaFile): Parameters => ({
  image_url: file.url,
  alt_text: file.alt || undefined,
});

function reelOptions(file: MediaFile, { share_to_feed, thumb_offset_ms }: Options): Parameters {
  if (thumb_offset_ms != null && file.durationMs !== null && thumb_offset_ms > file.durationMs) {
    throw refused("thumb_offset", "The moment chosen for the cover is not in the video. Choose another.");
  }
  return {
    share_to_feed: share_to_feed == null ? undefined : String(share_to_feed),
    thumb_offset: thumb_offset_ms == null ? undefined : String(thumb_offset_ms),
  };
}

function collaboratorsOf({ collaborators }: Options): string | undefined {
  const names = (collaborators ?? []).map((name) => name.trim().replace(/^@/, "")).filter(Boolean);
  if (names.length > MAX_COLLABORATORS)
    throw refused("too_many_collaborators", `Instagram takes up to ${MAX_COLLABORATORS} collaborators.`);
  return names.length > 0 ? JSON.stringify(names) : undefined;
}

function captionOf({ text, link }: PostContent): string {
  const caption = withLink(text, link);
  const hashtags = findHashtags(caption).length;
  if (hashtags > MAX_HASHTAGS)
    throw refused(
      "too_many_hashtags",
      `Instagram takes ${MAX_HASHTAGS} hashtags per post; this has ${hashtags}.`,
    );
  const mentions = findMentions(caption).length;
  if (mentions > MAX_MENTIONS)
    throw refused(
      "too_many_mentions",
      `Instagram takes ${MAX_MENTIONS} mentions per post; this has ${mentions}.`,
    );
  return caption;
}

const refused = (code: string, message: string) => new PlatformError("rejected", message, { code });
