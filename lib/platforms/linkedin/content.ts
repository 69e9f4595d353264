import { z } from "zod";
import { type MediaFile, PlatformError, type PostContent } from "../contract";
import { countText, withLink } from "../counting";
import { isPage } from "./accounts";
import { escapeLittleText } from "./little-text";
import { linkedinSpec } from "./spec";

/** A post as LinkedIn gets it. It holds one thing besides its text: pictures, a video, a document, a link's card or a poll. */

/**
 * The body of POST /rest/posts.
 * @param urns what LinkedIn calls the files, in their order; before they are there, the body can be made without them to see whether it will do
 * @throws PlatformError rejected, before anything is sent
 */
export function bodyOf(content: PostContent, author: string, urns: string[]): Record<string, unknown> {
  const options = Options.parse(content.options);
  const poll = pollOf(options, content);
  const card = content.link !== undefined && !poll && hasCard(content.media) ? content.link : undefined;
  // A link without a card of its own is a word of the text, which LinkedIn at least makes clickable.
  const text = card === undefined ? withLink(content.text, content.link) : content.text;
  if (countText(linkedinSpec.text.counting, text) > linkedinSpec.text.max) {
    throw new PlatformError(
      "rejected",
      "With the link at its end, this text is too long for LinkedIn. Shorten it.",
      { code: "FIELD_LENGTH_TOO_LONG" },
    );
  }
  const attached =
    poll ?? (card === undefined ? mediaOf(content.media, urns, options) : cardOf(card, urns, options));
  return {
    author,
    commentary: escapeLittleText(text),
    visibility: visibilityOf(options.visibility, author),
    distribution: { feedDistribution: "MAIN_FEED", targetEntities: [], thirdPartyDistributionChannels: [] },
    ...(attached && { content: attached }),
    lifecycleState: "PUBLISHED",
    isReshareDisabledByAuthor: false,
  };
}

export const isPicture = ({ kind }: Pick<MediaFile, "kind">): boolean => kind === "image" || kind === "gif";

const Options = z.object({
  visibility: z.string().nullish(),
  link_title: z.string().nullish(),
  link_description: z.string().nullish(),
  document_title: z.string().nullish(),
  poll_question: z.string().nullish(),
  poll_options: z.array(z.string()).nullish(),
  poll_duration: z.string().nullish(),
});
type Options = z.infer<typeof Options>;

/** A card takes one picture; anything else stands in the place where the card would be. */
const hasCard = (media: MediaFile[]): boolean =>
  media.length === 0 || (media.length === 1 && media.every(isPicture));

/** LinkedIn does not look at the page behind a link: the card says what we say, at the least where it leads. */
function cardOf(link: string, [thumbnail]: string[], { link_title, link_description }: Options) {
  const description = written(link_description);
  return {
    article: {
      source: link,
      title: written(link_title) || new URL(link).hostname.replace(/^www\./, ""),
      ...(description !== "" && { description }),
      ...(thumbnail !== undefined && { thumbnail }),
    },
  };
}

function mediaOf(media: MediaFile[], urns: string[], { document_title }: Options) {
  const [first] = media;
  if (!first) return null;
  const parts = media.map((file, index) => ({
    id: urns[index],
    // Only pictures are described.
    ...(isPicture(file) && file.alt !== "" && { altText: file.alt }),
    ...(file.kind === "document" && { title: written(document_title) || nameOf(file) }),
  }));
  if (parts.length === 1) return { media: parts[0] };
  if (media.every(isPicture)) return { multiImage: { images: parts } };
  throw new PlatformError("rejected", "LinkedIn takes pictures, or one video, or one document per post.", {
    code: "media",
  });
}

function pollOf(options: Options, { media }: PostContent) {
  const question = written(options.poll_question);
  const answers = (options.poll_options ?? [])
    .map((answer) => answer.trim())
    .filter((answer) => answer !== "");
  if (question === "" && answers.length === 0) return null;
  if (media.length > 0) {
    throw new PlatformError("rejected", "A poll on LinkedIn has no files beside it. Leave one of them out.", {
      code: "poll",
    });
  }
  if (question === "" || answers.length < 2) {
    throw new PlatformError("rejected", "A poll on LinkedIn needs a question and at least two answers.", {
      code: "poll",
    });
  }
  return {
    poll: {
      question,
      options: answers.map((text) => ({ text })),
      settings: { duration: options.poll_duration || "SEVEN_DAYS" },
    },
  };
}

/** @throws PlatformError before anything is sent: what was meant for a few must not go out to all */
function visibilityOf(chosen: string | null | undefined, author: string): string {
  if (!chosen || chosen === "PUBLIC") return "PUBLIC";
  if (isPage(author)) {
    throw new PlatformError(
      "rejected",
      "What a LinkedIn Page posts is for anyone. Choose “Anyone” for this Page, or leave it out.",
      { code: "visibility" },
    );
  }
  return chosen;
}

const written = (text: string | null | undefined): string => text?.trim() ?? "";

const nameOf = ({ filename }: MediaFile): string => filename.replace(/\.[^.]*$/, "").trim() || "Document";
