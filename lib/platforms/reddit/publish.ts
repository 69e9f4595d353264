import { z } from "zod";
import {
  type Access,
  type Located,
  type LocateRequest,
  PlatformError,
  type PostContent,
  type PublishRequest,
  type PublishStep,
} from "../contract";
import { type Kit, RemoteId } from "../kit";
import { ask, SITE } from "./api";
import { isAlreadyThere } from "./errors";
import { type Flair, isProfile, meetRequirements, type Submission } from "./requirements";

/**
 * Sends a text or a link to a subreddit or to the account's own profile, once the subreddit's rules are met.
 * Reddit has no key to send a post twice safely, and no word for a text that is there already: before a second try we look.
 */
export async function publishStep(kit: Kit, request: PublishRequest): Promise<PublishStep> {
  const { access, content, resume, earlier, sending } = request;
  const submission = submissionOf(access, content);
  const look = earlier && { access, content, resume, ...earlier };
  const before = look && (await locateStep(kit, look));
  if (before?.state === "published") return before;

  const flair = await meetRequirements(kit, access, submission);
  await sending();
  try {
    const { json } = await ask(kit, access, {
      method: "POST",
      path: "/api/submit",
      form: formOf(submission, flair, content.options),
      answer: Submitted,
      effect: "write",
    });
    return stepOf(kit, submission.subreddit, json.data.id);
  } catch (error) {
    // The other copy may be our earlier attempt, which its list did not show a moment ago.
    if (!isAlreadyThere(error) || !look) throw error;
    const after = await locateStep(kit, look).catch((cause: unknown) => notShown(cause));
    if (after === null) notShown(error);
    if (after.state === "absent") throw error;
    return after;
  }
}

/**
 * Looks among the account's posts for the one whose answer was lost.
 * null: there is one with this title, in this subreddit, since then; but its text or link is not quite ours.
 */
export async function locateStep(
  kit: Kit,
  { access, content, since, known }: LocateRequest,
): Promise<Located | null> {
  const submission = submissionOf(access, content);
  const from = since.getTime() - CLOCK_SKEW_MS;
  const alike = (await postsSince(kit, access, from))
    .filter((post) => post.createdAt >= from && !known.includes(post.id) && sameHead(submission, post))
    // The first of several is the one we sent: whatever came later was sent by someone who saw it missing.
    .sort((one, other) => one.createdAt - other.createdAt);
  const found = alike.find((post) => sameBody(submission, post));
  if (found) return stepOf(kit, submission.subreddit, found.id);
  return alike.length > 0 ? null : { state: "absent" };
}

/** A post's id without the "t3_" that says it is a post: some answers have it, some do not. */
export const bareId = (id: string): string => id.replace(/^t3_/, "");

/** Reddit stamps posts with its clock, the fence with ours. */
const CLOCK_SKEW_MS = 60_000;
const PAGE_SIZE = 100;
/** Reddit lists a thousand posts and no more. */
const MAX_PAGES = 10;

const PostId = RemoteId.transform(bareId);

const Submitted = z.object({ json: z.object({ data: z.object({ id: PostId }) }) });

const Options = z.object({
  subreddit: z.string().nullish(),
  title: z.string().nullish(),
  flair_text: z.string().nullish(),
  flair_id: z.string().nullish(),
  nsfw: z.boolean().nullish(),
  spoiler: z.boolean().nullish(),
  mute_replies: z.boolean().nullish(),
  resubmit: z.boolean().nullish(),
});

function submissionOf(access: Access, { text, link, options }: PostContent): Submission {
  const { subreddit, title, flair_text, flair_id, spoiler } = Options.parse(options);
  const heading = title?.trim() ?? "";
  if (heading === "")
    throw new PlatformError("rejected", "A post on Reddit needs a title.", { code: "title" });
  return {
    subreddit: targetOf(subreddit ?? "", access),
    title: heading,
    text,
    link,
    spoiler: spoiler === true,
    flair: { id: flair_id?.trim() ?? "", text: flair_text?.trim() ?? "" },
  };
}

/** "bells", "r/bells", "u/name" or "u_name", as the API names it. @throws PlatformError for a profile that is another's */
function targetOf(typed: string, access: Access): string {
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

function formOf(
  { subreddit, title, text, link, spoiler }: Submission,
  flair: Flair,
  options: PostContent["options"],
): Record<string, string | undefined> {
  const { nsfw, mute_replies, resubmit } = Options.parse(options);
  return {
    api_type: "json",
    sr: subreddit,
    title,
    ...(link === undefined ? { kind: "self", text } : { kind: "link", url: link, text: text || undefined }),
    nsfw: String(nsfw === true),
    spoiler: String(spoiler),
    sendreplies: String(mute_replies !== true),
    resubmit: String(resubmit === true),
    ...flair,
    validate_on_submit: "true",
  };
}

function stepOf(kit: Kit, subreddit: string, id: string): PublishStep & { state: "published" } {
  const path = `/r/${encodeURIComponent(subreddit)}/comments/${encodeURIComponent(id)}/`;
  return { state: "published", remoteId: id, url: kit.address(SITE + path).href };
}

function notShown(cause: unknown): never {
  if (!(cause instanceof PlatformError)) throw cause;
  // Reddit has said that the link is out, only not whether it was us: not a failure to be shown as one.
  throw new PlatformError(
    "unavailable",
    "Reddit has this link already, but did not show us whose post it is.",
    {
      effect: "ambiguous",
      code: "ALREADY_SUB",
      cause,
    },
  );
}

const ListedPost = z
  .object({
    data: z.object({
      id: PostId,
      subreddit: z.string(),
      title: z.string(),
      created_utc: z.number(),
      is_self: z.boolean().nullish(),
      selftext: z.string().nullish(),
      url: z.string().nullish(),
    }),
  })
  .transform(({ data: { created_utc, ...post } }) => ({ ...post, createdAt: created_utc * 1000 }));
type ListedPost = z.infer<typeof ListedPost>;

const Listing = z.object({ data: z.object({ after: z.string().nullish(), children: z.array(ListedPost) }) });

/** The account's own posts, newest first, at least as far back as `from` (milliseconds since 1970). */
async function postsSince(kit: Kit, access: Access, from: number): Promise<ListedPost[]> {
  const posts: ListedPost[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { data } = await ask(kit, access, {
      method: "GET",
      path: `/user/${encodeURIComponent(usernameOf(access))}/submitted`,
      query: { sort: "new", limit: String(PAGE_SIZE), after },
      answer: Listing,
    });
    posts.push(...data.children);
    after = data.after ?? undefined;
    const oldest = data.children.at(-1);
    if (!after || (oldest && oldest.createdAt < from)) return posts;
  }
  // Saying "absent" of a list we did not read to its end would be a guess.
  throw new PlatformError("unavailable", "This account has too many new posts at Reddit to look through.", {
    code: "too_many",
  });
}

const sameHead = (ours: Submission, theirs: ListedPost): boolean =>
  sameName(ours.subreddit, theirs.subreddit) && sameWords(ours.title, theirs.title);

/** What the list does not show cannot differ. */
function sameBody(ours: Submission, theirs: ListedPost): boolean {
  if (theirs.is_self != null && theirs.is_self !== (ours.link === undefined)) return false;
  if (theirs.selftext != null && !sameWords(ours.text, theirs.selftext)) return false;
  return ours.link === undefined || theirs.url == null || sameLink(ours.link, theirs.url);
}

const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Reddit may tidy white space. */
const sameWords = (one: string, other: string) => tidy(one) === tidy(other);
const tidy = (text: string) => text.normalize("NFC").replace(/\s+/g, " ").trim();

const sameLink = (one: string, other: string) => canonical(one) === canonical(other);
const canonical = (link: string) => (URL.canParse(link) ? new URL(link).href : link);

/** Which account this is: Reddit names its list by it. Known from identifying. */
const usernameOf = ({ metadata }: Pick<Access, "metadata">): string => Username.parse(metadata["username"]);
const Username = z.string().min(1);
