import { z } from "zod";
import { type Access, PlatformError } from "../contract";
import type { Kit } from "../kit";
import { ask } from "./api";
import { type Flair, flairOf } from "./flair";
import { isProfile, type Submission } from "./submission";

/**
 * What a subreddit asks of a post, read and compared before anything is sent.
 * We refuse only what breaks a rule however it is read; the rest is Reddit's to judge (validate_on_submit). So are patterns:
 * strangers write them, for another engine, and one can be made to run for ever.
 */

/**
 * Reads the subreddit's rules and flairs.
 * @returns the flair to send
 * @throws PlatformError rejected, naming everything the subreddit asks that this post does not do
 */
export async function meetRequirements(kit: Kit, access: Access, submission: Submission): Promise<Flair> {
  const [about, requirements] = await rulesOf(kit, access, submission.subreddit);
  const flair = await flairOf(kit, access, submission, {
    required: requirements.is_flair_required === true,
    off: about.link_flair_enabled === false,
  });
  const problems = [...violations(submission, about, requirements), ...flair.problems];
  if (problems.length > 0) {
    throw new PlatformError(
      "rejected",
      `${placeOf(submission)} does not take this post: ${problems.join("; ")}.`,
      {
        code: "requirements",
      },
    );
  }
  return flair.form;
}

/** A profile has no rules but its owner's. */
export async function rulesOf(kit: Kit, access: Access, subreddit: string): Promise<[About, Requirements]> {
  if (isProfile(subreddit)) return [{}, {}];
  const name = encodeURIComponent(subreddit);
  return Promise.all([
    ask(kit, access, { method: "GET", path: `/r/${name}/about`, answer: AboutAnswer }),
    ask(kit, access, { method: "GET", path: `/api/v1/${name}/post_requirements`, answer: Requirements }),
  ]);
}

/** Everything about this post that the subreddit does not take, in plain words. */
function violations(submission: Submission, about: About, rules: Requirements): string[] {
  const { kind, title, text, link, spoiler } = submission;
  const found: string[] = [];
  const unless = (met: boolean, problem: string) => void (met || found.push(problem));

  unless(!about.user_is_banned, "this account is banned there");
  unless(about.submission_type !== "link" || kind !== "self", "it takes links only");
  unless(
    about.submission_type !== "self" || kind !== "link",
    "it takes texts only, so the link belongs in the text",
  );
  unless(about.submission_type !== "self" || !hasFiles(kind), "it takes texts only");
  unless(about.spoilers_enabled !== false || !spoiler, "it has no spoiler marks");

  for (const problem of lengthProblems(title, rules.title_text_min_length, rules.title_text_max_length))
    found.push(`the title ${problem}`);
  for (const problem of wordProblems(title, rules.title_required_strings, rules.title_blacklisted_strings))
    found.push(`the title ${problem}`);

  found.push(...mediaProblems(submission, about, rules));
  if (link !== undefined) unless(allowsSite(link, rules), "it takes no links to this site");
  // Whether the rules for texts bind what stands below pictures, a link or a poll, only Reddit can tell.
  if (kind !== "self") return found;
  const written = text.trim() !== "";
  unless(rules.body_restriction_policy !== "required" || written, "it needs a text besides the title");
  unless(rules.body_restriction_policy !== "notAllowed" || !written, "it takes a title only, without a text");
  if (written && rules.body_restriction_policy !== "notAllowed") {
    for (const problem of [
      ...lengthProblems(text, rules.body_text_min_length, rules.body_text_max_length),
      ...wordProblems(text, rules.body_required_strings, rules.body_blacklisted_strings),
    ])
      found.push(`the text ${problem}`);
  }
  return found;
}

const hasFiles = (kind: Submission["kind"]): boolean =>
  kind === "image" || kind === "gallery" || kind === "video";

/** Many subreddits take no pictures, videos, galleries or polls, or galleries of a certain size only. */
function mediaProblems(
  { kind, pictures }: Submission,
  about: About,
  { gallery_min_items: min, gallery_max_items: max, ...rules }: Requirements,
): string[] {
  switch (kind) {
    case "image":
      return about.allow_images === false ? ["it takes no pictures"] : [];
    case "video":
      return about.allow_videos === false ? ["it takes no videos"] : [];
    case "poll":
      return about.allow_polls === false ? ["it takes no polls"] : [];
    case "gallery":
      if (about.allow_images === false) return ["it takes no pictures"];
      if (about.allow_galleries === false) return ["it takes one picture per post, no galleries"];
      return [
        ...(min && pictures < min ? [`a gallery needs at least ${min} pictures there`] : []),
        ...(max && pictures > max ? [`a gallery may have ${max} pictures there at most`] : []),
        ...(rules.gallery_captions_requirement === "required"
          ? ["it wants a caption below each picture, which cannot be sent from here"]
          : []),
        ...(rules.gallery_urls_requirement === "required"
          ? ["it wants a link below each picture, which cannot be sent from here"]
          : []),
      ];
    case "self":
    case "link":
      return [];
  }
}

const About = z.object({
  allow_images: z.boolean().nullish(),
  allow_videos: z.boolean().nullish(),
  allow_galleries: z.boolean().nullish(),
  allow_polls: z.boolean().nullish(),
  submission_type: z.string().nullish(),
  user_is_banned: z.boolean().nullish(),
  spoilers_enabled: z.boolean().nullish(),
  link_flair_enabled: z.boolean().nullish(),
});
type About = z.infer<typeof About>;

/** Reddit wraps most of its things as { kind, data }. */
const AboutAnswer = z
  .object({ data: About })
  .transform(({ data }) => data)
  .or(About);

const Words = z.array(z.string()).nullish();
const Length = z.number().nullish();

const Requirements = z.object({
  title_required_strings: Words,
  title_blacklisted_strings: Words,
  title_text_min_length: Length,
  title_text_max_length: Length,
  body_restriction_policy: z.string().nullish(),
  body_required_strings: Words,
  body_blacklisted_strings: Words,
  body_text_min_length: Length,
  body_text_max_length: Length,
  domain_blacklist: Words,
  domain_whitelist: Words,
  link_restriction_policy: z.string().nullish(),
  is_flair_required: z.boolean().nullish(),
  gallery_min_items: Length,
  gallery_max_items: Length,
  gallery_captions_requirement: z.string().nullish(),
  gallery_urls_requirement: z.string().nullish(),
});
type Requirements = z.infer<typeof Requirements>;

function lengthProblems(
  text: string,
  min: number | null | undefined,
  max: number | null | undefined,
): string[] {
  const { length } = [...text];
  if (min && length < min) return [`needs at least ${min} characters`];
  if (max && length > max) return [`may have ${max} characters at most`];
  return [];
}

/** Of the wanted words one must be there, in whatever case; an unwanted one counts as a whole word, as it is spelled. */
function wordProblems(
  text: string,
  wanted: string[] | null | undefined,
  unwanted: string[] | null | undefined,
): string[] {
  const lower = text.toLowerCase();
  const lacks = wanted && wanted.length > 0 && !wanted.some((word) => lower.includes(word.toLowerCase()));
  const bad = (unwanted ?? []).filter((word) => hasWord(text, word));
  return [
    ...(lacks ? [`must contain ${wanted.map((word) => `“${word}”`).join(" or ")}`] : []),
    ...bad.map((word) => `must not contain “${word}”`),
  ];
}

function hasWord(text: string, word: string): boolean {
  if (word === "") return false;
  const literal = word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "u").test(text);
}

function allowsSite(link: string, rules: Requirements): boolean {
  if (!URL.canParse(link)) return true;
  const { hostname } = new URL(link);
  const isListed = (domains: string[]) =>
    domains.some(
      (domain) => hostname === domain.toLowerCase() || hostname.endsWith(`.${domain.toLowerCase()}`),
    );
  const { link_restriction_policy: policy, domain_blacklist, domain_whitelist } = rules;
  if (policy === "none") return true;
  if (policy !== "whitelist" && isListed(domain_blacklist ?? [])) return false;
  const only = policy !== "blacklist" ? (domain_whitelist ?? []) : [];
  return only.length === 0 || isListed(only);
}

/** A subreddit or profile as people write it. */
const placeOf = ({ subreddit }: Submission): string =>
  isProfile(subreddit) ? `u/${subreddit.slice(2)}` : `r/${subreddit}`;
