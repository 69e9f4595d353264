import { z } from "zod";
import { PlatformError, type PostContent } from "../contract";

/** A person's answers to TikTok's own questions. */
export type Options = z.infer<typeof Options>;

export const readOptions = (given: Record<string, unknown>): Options => Options.parse(given);

export const isDraft = ({ mode }: Options): boolean => mode === "draft";

/** What can be told without asking TikTok. @throws PlatformError rejected */
export function checkOptions(options: Options, [first]: PostContent["media"]): void {
  if ((options.title ?? "").length > MAX_TITLE) {
    throw refused("title", `The title may have ${MAX_TITLE} characters, as TikTok counts them. Shorten it.`);
  }
  if (isDraft(options)) return;
  if (!options.privacy_level) throw refused("privacy_level", "Choose who can see this post on TikTok.");
  if (options.disclose && !options.brand_organic && !options.brand_content) {
    throw refused(
      "disclose",
      "Say what this post promotes: your brand, branded content or both. Or turn that off.",
    );
  }
  if (options.brand_content && options.privacy_level === "SELF_ONLY") {
    throw refused(
      "brand_content",
      "Branded content on TikTok cannot be for only you. Choose who can see it.",
    );
  }
  const { durationMs = null } = first ?? {};
  if (durationMs !== null && (options.cover_second ?? 0) * 1_000 > durationMs) {
    throw refused(
      "cover_second",
      "The cover picture is taken from after the video's end. Choose another moment.",
    );
  }
}

/** UTF-16 units. */
const MAX_TITLE = 90;

const flag = z.boolean().nullish();

const Options = z.object({
  mode: z.string().nullish(),
  privacy_level: z.string().nullish(),
  title: z.string().nullish(),
  allow_comment: flag,
  allow_duet: flag,
  allow_stitch: flag,
  disclose: flag,
  brand_organic: flag,
  brand_content: flag,
  is_aigc: flag,
  cover_second: z.number().nullish(),
  auto_add_music: flag,
});

const refused = (code: string, message: string) => new PlatformError("rejected", message, { code });
