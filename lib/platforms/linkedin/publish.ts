import { z } from "zod";
import { PlatformError, type PostContent, type PublishRequest, type PublishStep } from "../contract";
import { call, type Kit } from "../kit";
import { isPage } from "./accounts";
import { explain, isDuplicate, originalOf } from "./errors";
import { escapeLittleText } from "./little-text";
import { type Linkedin, patiently, REST, versioned } from "./rest";

/**
 * Sends a post in one write. LinkedIn has no key to send it twice safely and shows nobody what a member posted; all it does is
 * refuse an exact copy for about ten minutes and name the post that is out. So where an earlier attempt at this very post lost
 * its answer, that refusal is the answer.
 */
export async function publishStep(linkedin: Linkedin, request: PublishRequest): Promise<PublishStep> {
  const { kit, wait } = linkedin;
  const { access, content, earlier, sending } = request;
  const json = { author: access.remoteId, ...bodyOf(content, access.remoteId) };
  try {
    return published(
      kit,
      await patiently(wait, async () => {
        await sending();
        return create(kit, access.accessToken, json);
      }),
    );
  } catch (error) {
    if (!isDuplicate(error) || !earlier) throw error;
    const original = originalOf(error);
    if (original === null) {
      // LinkedIn has said that it is out, only not where: not a failure to be shown as one.
      throw new PlatformError("unavailable", "LinkedIn has this post already, but did not say where.", {
        effect: "ambiguous",
        code: "duplicate",
        cause: error,
      });
    }
    // The copy is another post of ours with the same words: this one is not out.
    if (earlier.known.includes(original)) throw error;
    return published(kit, original);
  }
}

function bodyOf({ text, link, options }: PostContent, author: string): Record<string, unknown> {
  return {
    commentary: escapeLittleText(text),
    visibility: visibilityOf(options["visibility"], author),
    distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
    ...(link !== undefined && {
      content: { article: { source: link, title: titleOf(link, options["link_title"]) } },
    }),
    lifecycleState: "PUBLISHED",
    isReshareDisabledByAuthor: false,
  };
}

/** @throws PlatformError before anything is sent: what was meant for a few must not go out to all */
function visibilityOf(chosen: unknown, author: string): string {
  if (typeof chosen !== "string" || chosen === "" || chosen === "PUBLIC") return "PUBLIC";
  if (isPage(author)) {
    throw new PlatformError(
      "rejected",
      "What a LinkedIn Page posts is for anyone. Choose “Anyone” for this Page, or leave it out.",
      { code: "visibility" },
    );
  }
  return chosen;
}

/** LinkedIn does not look at the page behind a link: the card says what we say, at the least where it leads. */
const titleOf = (link: string, title: unknown): string =>
  typeof title === "string" && title.trim() !== ""
    ? title.trim()
    : new URL(link).hostname.replace(/^www\./, "");

/** @returns the new post's URN; a success that does not name it leaves open what happened */
async function create(kit: Kit, accessToken: string, json: Record<string, unknown>): Promise<string> {
  // The id comes in a header and the body is empty: `explain` is where the whole answer is seen.
  let urn: string | null = null;
  return call(kit, {
    method: "POST",
    url: `${REST}/posts`,
    json,
    headers: versioned(kit),
    bearer: accessToken,
    answer: z
      .unknown()
      .transform(() => urn)
      .pipe(z.string().min(1)),
    effect: "write",
    explain(answer) {
      urn = answer.headers.get("x-restli-id");
      return explain(answer);
    },
  });
}

/** In sandbox mode the address is the simulator's own page for the post. LinkedIn wants the URN in it as it is. */
const published = (kit: Kit, urn: string): PublishStep => ({
  state: "published",
  remoteId: urn,
  url: kit.address(`https://www.linkedin.com/feed/update/${urn}/`).href,
});
