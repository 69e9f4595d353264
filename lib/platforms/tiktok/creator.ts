import { z } from "zod";
import { type Access, type Choices, PlatformError, type PostContent } from "../contract";
import type { Kit } from "../kit";
import { ask } from "./api";
import { isBlocked } from "./errors";
import { isDraft, type Options, readOptions } from "./options";

/** What TikTok lets this creator do right now: shown when a post is written, and asked again right before it is sent. */
export type Creator = z.infer<typeof Creator>;

/** @throws PlatformError */
export const creatorOf = (kit: Kit, access: Access): Promise<Creator> =>
  ask(kit, access, { path: "creator_info/query", data: Creator });

/** The questions only TikTok can answer for this account. @throws PlatformError */
export async function choicesFor(kit: Kit, access: Access, given: Record<string, unknown>): Promise<Choices> {
  const options = readOptions(given);
  // A draft is finished in the app, which asks these questions itself.
  if (isDraft(options)) return { fields: {} };
  try {
    const creator = await creatorOf(kit, access);
    const maxVideoMs = longestOf(creator);
    return {
      fields: {
        privacy_level: levelsFor(creator, options),
        ...(creator.comment_disabled && { allow_comment: { disabled: turnedOff("comments") } }),
        ...(creator.duet_disabled && { allow_duet: { disabled: turnedOff("Duet") } }),
        ...(creator.stitch_disabled && { allow_stitch: { disabled: turnedOff("Stitch") } }),
      },
      account: {
        name: creator.creator_nickname || creator.creator_username || "Your TikTok account",
        avatarUrl: creator.creator_avatar_url || null,
      },
      ...(maxVideoMs !== null && { maxVideoMs }),
    };
  } catch (error) {
    if (isBlocked(error)) return { fields: {}, blocked: error.message };
    throw error;
  }
}

/** Whether what the person chose is still on offer. @throws PlatformError rejected */
export function checkChoices(creator: Creator, options: Options, [first]: PostContent["media"]): void {
  if (!creator.privacy_level_options.includes(options.privacy_level ?? "")) {
    throw new PlatformError(
      "rejected",
      "TikTok no longer offers this account that choice of who can see the post. Choose again.",
      { code: "privacy_level_option_mismatch" },
    );
  }
  const longest = longestOf(creator);
  const { durationMs = null } = first ?? {};
  if (longest !== null && durationMs !== null && durationMs > longest) {
    throw new PlatformError(
      "rejected",
      `TikTok lets this account post videos of up to ${longest / 1_000} seconds. Shorten this one.`,
      { code: "video_too_long" },
    );
  }
}

const Creator = z.object({
  creator_avatar_url: z.string().nullish(),
  creator_username: z.string().nullish(),
  creator_nickname: z.string().nullish(),
  privacy_level_options: z.array(z.string()),
  comment_disabled: z.boolean().nullish(),
  duet_disabled: z.boolean().nullish(),
  stitch_disabled: z.boolean().nullish(),
  max_video_post_duration_sec: z.number().nullish(),
});

const LABELS: Record<string, string> = {
  PUBLIC_TO_EVERYONE: "Everyone",
  FOLLOWER_OF_CREATOR: "Your followers",
  MUTUAL_FOLLOW_FRIENDS: "Friends: people you follow who follow you",
  SELF_ONLY: "Only you",
};

function levelsFor({ privacy_level_options }: Creator, { brand_content }: Options) {
  const levels = privacy_level_options.filter((level) => !brand_content || level !== "SELF_ONLY");
  if (levels.length === 0) {
    return { options: [], disabled: "This account may post only for itself, and branded content may not." };
  }
  return { options: levels.map((value) => ({ value, label: LABELS[value] ?? value })) };
}

const longestOf = ({ max_video_post_duration_sec: seconds }: Creator): number | null =>
  seconds ? seconds * 1_000 : null;

const turnedOff = (what: string) => `This account has turned ${what} off in the TikTok app.`;
