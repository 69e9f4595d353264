import { z } from "zod";
import { type Access, PlatformError, type PostContent } from "../contract";
import { missingMediaScope } from "./errors";
import { FREE_VIDEO_MS, MEDIA_SCOPE } from "./spec";

/** The person's choices about the first part, as POST /2/tweets wants them. */
export function fieldsOf(options: PostContent["options"]): Record<string, unknown> {
  const { reply_settings, poll_options, poll_minutes, made_with_ai, paid_partnership } =
    Options.parse(options);
  return {
    // X knows no word for everyone: it is meant when nothing is said.
    ...(reply_settings && reply_settings !== "everyone" && { reply_settings }),
    ...(poll_options?.length && {
      poll: { options: poll_options, duration_minutes: poll_minutes ?? POLL_MINUTES },
    }),
    ...(made_with_ai && { made_with_ai }),
    ...(paid_partnership && { paid_partnership }),
  };
}

/** Refuses what X would refuse only after the upload, or not in words that help. @throws PlatformError */
export function checkPost({ metadata }: Pick<Access, "metadata">, { media, options }: PostContent): void {
  if (media.length === 0) return;
  const { poll_options } = Options.parse(options);
  if (poll_options?.length) {
    throw new PlatformError(
      "rejected",
      "X takes either a poll or pictures and video, not both in one post. Take one of them out.",
      { code: "poll_and_media" },
    );
  }
  if (Missing.parse(metadata["missing"]).includes(MEDIA_SCOPE)) throw missingMediaScope();
  const kinds = new Set(media.map(({ kind }) => kind));
  if (kinds.has("document"))
    throw new PlatformError("rejected", "X takes pictures, GIFs and video, no documents.", { code: "media" });
  if (kinds.size > 1 || media.length > (kinds.has("image") ? 4 : 1)) {
    throw new PlatformError("rejected", "X takes up to four pictures, or one GIF, or one video per post.", {
      code: "media",
    });
  }
  const long = media.some(({ kind, durationMs }) => kind === "video" && (durationMs ?? 0) > FREE_VIDEO_MS);
  // Where X does not tell the subscription, X decides.
  if (long && metadata["subscriptionType"] === "None") {
    throw new PlatformError(
      "rejected",
      "X takes videos longer than 140 seconds only from accounts with Premium. Shorten this video.",
      { code: "video_too_long" },
    );
  }
}

/** Scopes the person did not grant, as far as X told. */
export const Missing = z.array(z.string()).catch([]);

const POLL_MINUTES = 24 * 60;

const Options = z.object({
  reply_settings: z.string().nullish(),
  poll_options: z.array(z.string()).nullish(),
  poll_minutes: z.number().nullish(),
  made_with_ai: z.boolean().nullish(),
  paid_partnership: z.boolean().nullish(),
});
