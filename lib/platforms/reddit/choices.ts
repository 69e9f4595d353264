import { type Access, type Choices, PlatformError } from "../contract";
import type { Kit } from "../kit";
import { type FlairTemplate, templatesOf } from "./flair";
import { rulesOf } from "./requirements";
import { targetOf } from "./submission";

/** What the chosen subreddit lets this account do: shown while a post is written. @throws PlatformError */
export async function choicesFor(
  kit: Kit,
  access: Access,
  options: Record<string, unknown>,
): Promise<Choices> {
  const typed = typeof options["subreddit"] === "string" ? options["subreddit"].trim() : "";
  if (typed === "") return { fields: { flair_id: closed("Choose a subreddit first.") } };
  try {
    const subreddit = targetOf(typed, access);
    const [[about], templates] = await Promise.all([
      rulesOf(kit, access, subreddit),
      unlessRefused(() => templatesOf(kit, access, subreddit)),
    ]);
    const flairs = about.link_flair_enabled === false ? null : flairsIn(templates);
    return {
      fields: {
        flair_id: flairs === null ? closed("Its members choose no flairs there.") : { options: flairs },
        ...(about.allow_polls === false && { poll_options: { disabled: `${typed} takes no polls.` } }),
        ...(about.spoilers_enabled === false && { spoiler: { disabled: `${typed} has no spoiler marks.` } }),
      },
      ...(about.user_is_banned && { blocked: `This account is banned from ${typed}.` }),
    };
  } catch (error) {
    // Such as a subreddit that is private, or that does not exist.
    if (!(error instanceof PlatformError) || error.kind !== "rejected") throw error;
    return { fields: { flair_id: closed(error.message) }, blocked: error.message };
  }
}

const closed = (disabled: string) => ({ options: [], disabled });

/** null where there is nothing for members to choose. */
function flairsIn(templates: FlairTemplate[] | null) {
  const options = (templates ?? [])
    .filter(({ mod_only }) => !mod_only)
    .map(({ id, text, text_editable }) => ({
      value: id,
      label: `${text || "Without words"}${text_editable ? " (or your own words)" : ""}`,
    }));
  return options.length > 0 ? options : null;
}

/** A profile, for one, need not have a list of flairs. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlatformError && error.kind === "rejected") return null;
    throw error;
  }
}
