import { z } from "zod";
import { type Access, type MediaFile, PlatformError, type PostContent } from "../contract";
import { withLink } from "../counting";
import { type Kit, RemoteId } from "../kit";
import { ask } from "./api";
import { planOf } from "./chunks";
import type { Creator } from "./creator";
import { isDraft, type Options } from "./options";

/** How a post begins at TikTok: one call that names the files, and for a post that goes out now all that is said about it. */

type Start = {
  content: PostContent;
  options: Options;
  /** null for a draft, which is finished in the app. */
  creator: Creator | null;
};

/** The one video of this post; null where it is made of pictures. @throws PlatformError rejected where it has neither */
export function videoOf({ media }: PostContent): MediaFile | null {
  const [first] = media;
  if (!first) throw new PlatformError("rejected", "TikTok needs a video or pictures.", { code: "no_media" });
  return first.kind === "video" ? first : null;
}

/** Whether TikTok gets the video's bytes from us. Pictures it always fetches. */
export const isSent = (kit: Kit, content: PostContent): boolean =>
  videoOf(content) !== null && kit.settings["videoSource"] !== "url";

/** Asks where to send a video. Until its last byte arrives nobody sees anything of it. @throws PlatformError */
export function startUpload(kit: Kit, access: Access, start: Start, video: MediaFile) {
  const { chunkSize, count } = planOf(video.bytes);
  return ask(kit, access, {
    path: videoPath(start),
    body: {
      ...videoInfo(start),
      source_info: {
        source: "FILE_UPLOAD",
        video_size: video.bytes,
        chunk_size: chunkSize,
        total_chunk_count: count,
      },
    },
    data: z.object({ publish_id: RemoteId, upload_url: z.url({ protocol: /^https?$/ }) }),
  });
}

/** Has TikTok fetch the files: from here on the post comes out by itself. @throws PlatformError, ambiguous when the answer is lost */
export function startFetch(kit: Kit, access: Access, start: Start) {
  const video = videoOf(start.content);
  return ask(kit, access, {
    ...(video
      ? {
          path: videoPath(start),
          body: { ...videoInfo(start), source_info: { source: "PULL_FROM_URL", video_url: video.url } },
        }
      : { path: "content/init", body: pictures(start) }),
    data: z.object({ publish_id: RemoteId }),
    effect: "write",
  });
}

const videoPath = ({ options }: Start) => (isDraft(options) ? "inbox/video/init" : "video/init");

/** A draft takes nothing but the file. */
function videoInfo(start: Start) {
  const { content, options, creator } = start;
  if (isDraft(options)) return {};
  const caption = withLink(content.text, content.link);
  return {
    post_info: {
      ...(caption !== "" && { title: caption }),
      ...shared(start),
      disable_duet: !options.allow_duet || creator?.duet_disabled === true,
      disable_stitch: !options.allow_stitch || creator?.stitch_disabled === true,
      ...(options.cover_second && { video_cover_timestamp_ms: options.cover_second * 1_000 }),
      is_aigc: options.is_aigc === true,
    },
  };
}

function pictures(start: Start) {
  const { content, options } = start;
  const description = withLink(content.text, content.link);
  const draft = isDraft(options);
  return {
    media_type: "PHOTO",
    post_mode: draft ? "MEDIA_UPLOAD" : "DIRECT_POST",
    post_info: {
      ...(options.title && { title: options.title }),
      ...(description !== "" && { description }),
      ...(!draft && { ...shared(start), auto_add_music: options.auto_add_music === true }),
    },
    source_info: {
      source: "PULL_FROM_URL",
      photo_cover_index: 0,
      photo_images: content.media.map(({ url }) => url),
    },
  };
}

/** Nothing is allowed that was not ticked, nor what the account itself has turned off. */
const shared = ({ options, creator }: Start) => ({
  privacy_level: options.privacy_level,
  disable_comment: !options.allow_comment || creator?.comment_disabled === true,
  brand_content_toggle: options.brand_content === true,
  brand_organic_toggle: options.brand_organic === true,
});
