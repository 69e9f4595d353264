import { z } from "zod";
import { type Access, PlatformError } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { ask } from "./api";
import { type Submission, sameName, usernameOf } from "./submission";

/** Finding one of the account's own posts again, by what it looks like: Reddit has no key for that. */

/** @returns the post's id; null where one has this title, in this subreddit, since then, but its text or link is not quite ours */
export async function findPost(
  kit: Kit,
  access: Access,
  submission: Submission,
  { since, others }: { since: number; others: string[] },
): Promise<{ id: string } | "absent" | null> {
  const alike = (await alikeSince(kit, access, submission, since)).filter(({ id }) => !others.includes(id));
  const found = alike.find((post) => sameBody(submission, post));
  if (found) return { id: found.id };
  return alike.length > 0 ? null : "absent";
}

/** Posts with this title in this subreddit, oldest first: whatever came after ours was sent by someone who saw it missing. */
export async function alikeSince(
  kit: Kit,
  access: Access,
  submission: Submission,
  since: number,
): Promise<ListedPost[]> {
  const from = since - CLOCK_SKEW_MS;
  return (await postsSince(kit, access, from))
    .filter((post) => post.createdAt >= from && sameHead(submission, post))
    .sort((one, other) => one.createdAt - other.createdAt);
}

/** A post's id without the "t3_" that says it is a post: some answers have it, some do not. */
export const bareId = (id: string): string => id.replace(/^t3_/, "");

export const PostId = RemoteId.transform(bareId);

/** Reddit stamps posts with its clock, the fence with ours. */
const CLOCK_SKEW_MS = 60_000;
const PAGE_SIZE = 100;
/** Reddit lists a thousand posts and no more. */
const MAX_PAGES = 10;

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
export type ListedPost = z.infer<typeof ListedPost>;

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
  const { kind, link, text } = ours;
  // Nobody says whether a poll counts as a text.
  if (theirs.is_self != null && kind !== "poll" && theirs.is_self !== (kind === "self")) return false;
  // Nor that the words below pictures or a poll are always listed as a text.
  const shown = kind === "self" || kind === "link" ? theirs.selftext : theirs.selftext || null;
  if (shown != null && !sameWords(text, shown)) return false;
  // Reddit keeps files at addresses of its own.
  return link === undefined || theirs.url == null || sameLink(link, theirs.url);
}

/** Reddit may tidy white space. */
const sameWords = (one: string, other: string) => tidy(one) === tidy(other);
const tidy = (text: string) => text.normalize("NFC").replace(/\s+/g, " ").trim();

const sameLink = (one: string, other: string) => canonical(one) === canonical(other);
const canonical = (link: string) => (URL.canParse(link) ? new URL(link).href : link);
