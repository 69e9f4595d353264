import { z } from "zod";
import type { InboxMessageEvent, IncomingAttachment, Referral } from "../../inbox-contract";
import { RemoteId } from "../../kit";

/** The pieces that webhooks are made of, read so that a wrong one is missing rather than fatal. */

/** Longer than any id Meta has given out, shorter than what an index takes. */
export const Id = RemoteId.refine((id) => id.length <= 512);

/**
 * Milliseconds or seconds since 1970, as a number or its digits: messaging counts the former, changes the latter, and the
 * Test button sends seconds for both. No event is older than 1973 in milliseconds, or younger than 5138 in seconds.
 */
export function instantOf(time: unknown): Date | null {
  const number = typeof time === "string" && /^\d{1,16}$/.test(time) ? Number(time) : time;
  if (typeof number !== "number" || !(number > 0) || number >= 1e14) return null;
  return new Date(number < 1e11 ? number * 1000 : number);
}

/** A web address, and nothing that a browser would run. */
export const webAddress = (text: unknown): string | null =>
  typeof text === "string" && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null;

export const textOrNull = (text: unknown): string | null =>
  typeof text === "string" && text !== "" ? text : null;

/** Whatever stands there, if anything: null is nothing. */
export const Any = z
  .unknown()
  .optional()
  .transform((value) => value ?? undefined);
export const Flag = Any.transform((value) => value === true || value === "true");
export const lenient = <T>(schema: z.ZodType<T>) => schema.optional().catch(undefined);

const Story = z.object({ id: lenient(Id), url: Any });
const ReplyTo = z.object({ mid: lenient(Id), story: lenient(Story) });

/** Which message or story is answered. */
export function replyOf(value: unknown): InboxMessageEvent["replyTo"] {
  const read = ReplyTo.safeParse(value);
  if (!read.success) return null;
  const { mid, story } = read.data;
  if (story) return { storyId: story.id ?? null, storyUrl: webAddress(story.url) };
  return mid === undefined ? null : { messageId: mid };
}

const ReferralShape = z.object({
  ref: Any,
  source: Any,
  type: Any,
  ad_id: lenient(Id),
  ads_context_data: lenient(z.object({ ad_title: Any })),
  product: lenient(z.object({ id: Id })),
});

export function referralOf(value: unknown): Referral | null {
  const read = ReferralShape.safeParse(value);
  if (!read.success) return null;
  const { ref, source, type, ad_id, ads_context_data, product } = read.data;
  return {
    source: textOrNull(source),
    type: textOrNull(type),
    ref: textOrNull(ref),
    adId: ad_id ?? null,
    adTitle: textOrNull(ads_context_data?.ad_title),
    productId: product?.id ?? null,
  };
}

const ATTACHMENTS: Record<string, IncomingAttachment["type"]> = Object.assign(Object.create(null), {
  image: "image",
  video: "video",
  audio: "audio",
  file: "file",
  sticker: "sticker",
  like_heart: "sticker",
  ig_post: "post",
  media_share: "post",
  ig_reel: "reel",
  reel: "reel",
  ig_story: "story",
  story: "story",
  story_mention: "story_mention",
  // The old word for a post, still listed for the log-in with Facebook.
  share: "share",
  ephemeral: "view_once",
});

// Where a shared post or reel keeps its id: the names vary.
const Payload = z.object({
  url: Any,
  title: Any,
  ig_post_media_id: lenient(Id),
  reel_video_id: lenient(Id),
  ig_reel_media_id: lenient(Id),
  media_id: lenient(Id),
  id: lenient(Id),
});
const Attachment = z.object({ type: z.string().catch(""), payload: lenient(Payload) });

/** A list, or seen alone. What we do not know, or could not read, is there and unsupported. */
export function attachmentsOf(value: unknown): IncomingAttachment[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((one): IncomingAttachment => {
    const { type, payload } = lenient(Attachment).parse(one) ?? {};
    return {
      type: ATTACHMENTS[type?.toLowerCase() ?? ""] ?? "unsupported",
      url: webAddress(payload?.url),
      title: textOrNull(payload?.title),
      remoteId:
        payload?.ig_post_media_id ??
        payload?.reel_video_id ??
        payload?.ig_reel_media_id ??
        payload?.media_id ??
        payload?.id ??
        null,
    };
  });
}
