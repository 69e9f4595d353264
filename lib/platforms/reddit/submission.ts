import { z } from "zod";
import { type Access, PlatformError, type PostContent } from "../contract";
import { withLink } from "../counting";
import type { Flair } from "./flair";
import type { Asset } from "./uploads";

/** A post as Reddit will get it: what it is, where it goes, and how that is said in Reddit's fields. */

export const KINDS = ["self", "link", "image", "gallery", "video", "poll"] as const;
export type Kind = (typeof KINDS)[number];

export type Submission = {
  kind: Kind;
  /** "bells", or "u_name" for a profile. */
  subreddit: string;
  title: string;
  /** With the link at its end where the post is not the link. */
  text: string;
  /** Where the post is the link. */
  link: string | undefined;
  pictures: number;
  spoiler: boolean;
  /** What was asked for: an id, a text, or both; "" where not. */
  flair: { id: string; text: string };
};

/**
 * @param known what the post is, where that was settled before: its files may be gone by now
 * @throws PlatformError rejected for a post that Reddit has no form for
 */
export function submissionOf(access: Access, content: PostContent, known?: Kind): Submission {
  const options = Options.parse(content.options);
  const title = options.title?.trim() ?? "";
  if (title === "") throw new PlatformError("rejected", "A post on Reddit needs a title.", { code: "title" });
  const kind = known ?? kindOf(content);
  return {
    kind,
    subreddit: targetOf(options.subreddit ?? "", access),
    title,
    text: kind === "link" ? content.text : withLink(content.text, content.link),
    link: kind === "link" ? content.link : undefined,
    pictures: content.media.length,
    spoiler: options.spoiler === true,
    flair: { id: options.flair_id?.trim() ?? "", text: options.flair_text?.trim() ?? "" },
  };
}

/** Whether Reddit keeps the new post's id to itself, because it still works on the files when it answers. */
export const isNameless = (kind: Kind): boolean => kind === "image" || kind === "video";

/** How a submission is sent. */
export type Sending =
  | { path: string; form: Record<string, string | undefined> }
  | { path: string; json: unknown };

/** @param assets the files as Reddit has them, in order; a video's poster last */
export function sendingOf(
  { kind, subreddit, title, text, link, spoiler }: Submission,
  flair: Flair,
  options: PostContent["options"],
  assets: Asset[],
): Sending {
  const { nsfw, mute_replies, resubmit } = Options.parse(options);
  const [first, poster] = assets;
  const flags = {
    nsfw: nsfw === true,
    spoiler,
    sendreplies: mute_replies !== true,
  };
  const common = {
    api_type: "json",
    sr: subreddit,
    title,
    ...Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)])),
    resubmit: String(resubmit === true),
    ...flair,
    validate_on_submit: "true",
  };
  const asJson = { api_type: "json", sr: subreddit, title, text: text || undefined, ...flags, ...flair };
  switch (kind) {
    case "self":
      return { path: SUBMIT, form: { ...common, kind, text } };
    case "link":
      return { path: SUBMIT, form: { ...common, kind, url: link, text: text || undefined } };
    case "image":
      return { path: SUBMIT, form: { ...common, kind, url: first?.url, text: text || undefined } };
    case "video":
      return {
        path: SUBMIT,
        form: { ...common, kind, url: first?.url, video_poster_url: poster?.url, text: text || undefined },
      };
    case "gallery":
      return {
        path: "/api/submit_gallery_post.json",
        json: {
          ...asJson,
          show_error_list: true,
          items: assets.map(({ id }) => ({ media_id: id, caption: "", outbound_url: "" })),
          validate_on_submit: true,
        },
      };
    case "poll":
      return {
        path: "/api/submit_poll_post",
        json: { ...asJson, text, ...pollOf(options), resubmit: resubmit === true, validate_on_submit: true },
      };
  }
}

/** Each account's profile is a subreddit called u_ and its name. */
export const isProfile = (subreddit: string): boolean => /^u_/i.test(subreddit);

export const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Which account this is: Reddit names its list by it. Known from identifying. */
export const usernameOf = ({ metadata }: Pick<Access, "metadata">): string =>
  Username.parse(metadata["username"]);

/** "bells", "r/bells", "u/name" or "u_name", as the API names it. @throws PlatformError for a profile that is another's */
export function targetOf(typed: string, access: Access): string {
  const [, kind, name] = /^\/?(?:(r|u|user)\/)?([A-Za-z0-9_-]+)\/?$/i.exec(typed.trim()) ?? [];
  if (name === undefined) {
    throw new PlatformError("rejected", "Choose a subreddit, such as r/bells.", { code: "subreddit" });
  }
  const target = kind && kind.toLowerCase() !== "r" ? `u_${name}` : name;
  if (isProfile(target) && !sameName(target, `u_${usernameOf(access)}`)) {
    throw new PlatformError(
      "rejected",
      `On Reddit an account posts to its own profile only: u_${usernameOf(access)}.`,
      { code: "subreddit" },
    );
  }
  return target;
}

const SUBMIT = "/api/submit";
const POLL_DAYS = 3;

const Options = z.object({
  subreddit: z.string().nullish(),
  title: z.string().nullish(),
  flair_text: z.string().nullish(),
  flair_id: z.string().nullish(),
  nsfw: z.boolean().nullish(),
  spoiler: z.boolean().nullish(),
  mute_replies: z.boolean().nullish(),
  resubmit: z.boolean().nullish(),
  poll_options: z.array(z.string()).nullish(),
  poll_days: z.number().nullish(),
});

const Username = z.string().min(1);

function pollOf(given: PostContent["options"]): { options: string[]; duration: number } {
  const { poll_options, poll_days } = Options.parse(given);
  return {
    options: (poll_options ?? []).map((answer) => answer.trim()).filter((answer) => answer !== ""),
    duration: poll_days ?? POLL_DAYS,
  };
}

function kindOf({ media, link, options }: PostContent): Kind {
  const answers = pollOf(options).options.length;
  if (answers > 0) {
    if (media.length === 0 && answers > 1) return "poll";
    throw new PlatformError(
      "rejected",
      media.length > 0
        ? "A poll on Reddit has no files beside it. Leave one of them out."
        : "A poll on Reddit needs at least two answers.",
      { code: "poll" },
    );
  }
  const [first] = media;
  if (!first) return link === undefined ? "self" : "link";
  if (media.every((file) => file.kind === "image")) return media.length === 1 ? "image" : "gallery";
  if (media.length === 1 && first.kind === "gif") return "image";
  if (media.length === 1 && first.kind === "video") return "video";
  throw new PlatformError(
    "rejected",
    "Reddit takes pictures, or one animated GIF, or one video per post. Leave the rest out.",
    { code: "media" },
  );
}
