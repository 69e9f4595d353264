import { z } from "zod";
import { type MediaFile, PlatformError, type PostContent } from "../contract";
import { countText, withLink } from "../counting";
import { threadsSpec } from "./spec";

/** What each part of a post becomes: the words Threads' containers are made of. */

export const PartType = z.enum(["TEXT", "IMAGE", "VIDEO", "CAROUSEL"]);
export type PartType = z.infer<typeof PartType>;

export type Form = Record<string, string | undefined>;

export type Part = {
  type: PartType;
  text: string;
  /** What the part's container is told. */
  form: Form;
  /** What the containers of a carousel's items are told, in order. */
  children: Form[];
};

/**
 * The parts, first post first. The person's choices and files are about the post, so replies do not repeat them.
 * @param type of the first part, where it was made already: its files may be gone when it is looked for
 */
export function partsOf(content: PostContent, type = typeOf(content.media)): Part[] {
  return [first(content, type), ...content.replies.map(({ text }) => textPart(text, { text }))];
}

/** Refuses what Threads would not take, or not as it is meant. @throws PlatformError */
export function checkPost(content: PostContent): void {
  const { topic_tag, poll_options } = Options.parse(content.options);
  if (topic_tag && /[.&]/.test(topic_tag))
    throw refused("topic_tag", "A topic on Threads has no . or & in it.");
  if (content.media.length === 0) return;
  if (poll_options?.length) {
    throw refused(
      "poll_and_media",
      "Threads takes either a poll or pictures and video, not both in one post. Take one of them out.",
    );
  }
  if (content.media.some(({ kind }) => kind === "document"))
    throw refused("media", "Threads takes pictures and video, no documents.");
  const { counting, max } = threadsSpec.text;
  if (countText(counting, textWithLink(content)) > max) {
    throw refused(
      "too_long",
      `Beside pictures and video Threads has the link in the text, which is then longer than ${max} characters. Shorten it.`,
    );
  }
}

const refused = (code: string, message: string) => new PlatformError("rejected", message, { code });

const Options = z.object({
  reply_control: z.string().nullish(),
  topic_tag: z.string().nullish(),
  enable_reply_approvals: z.boolean().nullish(),
  poll_options: z.array(z.string()).nullish(),
});

const textPart = (text: string, form: Form): Part => ({
  type: "TEXT",
  text,
  form: { media_type: "TEXT", ...form },
  children: [],
});

function first(content: PostContent, type: PartType): Part {
  const { reply_control, topic_tag, enable_reply_approvals, poll_options } = Options.parse(content.options);
  const choices = {
    reply_control: reply_control || undefined,
    topic_tag: topic_tag?.trim() || undefined,
    enable_reply_approvals: enable_reply_approvals ? "true" : undefined,
  };
  if (type === "TEXT") {
    return textPart(content.text, {
      text: content.text,
      link_attachment: content.link,
      poll_attachment: poll_options?.length ? pollOf(poll_options) : undefined,
      ...choices,
    });
  }
  const text = textWithLink(content);
  const told = { text: text || undefined, ...choices };
  if (type === "CAROUSEL") {
    return {
      type,
      text,
      form: { media_type: type, ...told },
      children: content.media.map((file) => ({ ...fileForm(file), is_carousel_item: "true" })),
    };
  }
  const [file] = content.media;
  return { type, text, form: { ...(file && fileForm(file)), ...told }, children: [] };
}

function typeOf(media: MediaFile[]): PartType {
  const [file] = media;
  if (!file) return "TEXT";
  return media.length > 1 ? "CAROUSEL" : mediaType(file);
}

const mediaType = ({ kind }: MediaFile) => (kind === "video" ? "VIDEO" : "IMAGE");

const fileForm = (file: MediaFile): Form => ({
  media_type: mediaType(file),
  [file.kind === "video" ? "video_url" : "image_url"]: file.url,
  alt_text: file.alt.trim() || undefined,
});

/** A link has a card of its own only under text: beside files it is the last word. */
const textWithLink = ({ text, link }: PostContent): string => withLink(text, link);

const pollOf = (answers: string[]): string =>
  JSON.stringify(Object.fromEntries(answers.map((answer, nth) => [`option_${"abcd"[nth]}`, answer])));
