import "server-only";
import { filesFor } from "@/lib/media/files";
import { PlatformError, type PostContent } from "@/lib/platforms/contract";
import { specs } from "@/lib/platforms/registry";
import type { DeliveryRow } from "./deliveries-data";
import { mediaRulesOf } from "./media-rules";

/**
 * A delivery's content as its provider gets it, with files fitted to the platform's rules.
 * To locate a post its files are only a help: one that is gone must not keep us from looking.
 * @throws PlatformError rejected when a file to publish is gone
 */
export async function contentOf(
  { userId, platform, content }: DeliveryRow,
  purpose: "publish" | "locate",
): Promise<PostContent> {
  const spec = specs[platform];
  const rules = spec ? mediaRulesOf(spec, content.options) : null;
  try {
    return { ...content, media: await filesFor(userId, content.media, rules) };
  } catch (error) {
    if (purpose === "publish" || !(error instanceof PlatformError)) throw error;
    return { ...content, media: [] };
  }
}
