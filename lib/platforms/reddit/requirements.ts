import { z } from "zod";
import { type Access, PlatformError } from "../contract";
import type { Kit } from "../kit";
import { ask } from "./api";
import { isForbidden } from "./errors";

/**
 * What a subreddit asks of a post, read and compared before anything is sent.
 * We refuse only what breaks a rule however it is read; the rest is Reddit's to judge (validate_on_submit). So are patterns:
 * strangers write them, for another engine, and one can be made to run for ever.
 */

/** A post as Reddit will get it. */
export type Submission = {
  /** "bells", or "u_name" for a profile. */
  subreddit: string;
  title: string;
  text: string;
  link: string | undefined;
  spoiler: boolean;
  /** What was asked for: an id, a text, or both; "" where not. */
  flair: { id: string; text: string };
};

/** The flair as it is sent. */
export type Flair = { flair_id?: string; flair_text?: string };

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
async function rulesOf(kit: Kit, access: Access, subreddit: string): Promise<[About, Requirements]> {
  if (isProfile(subreddit)) return [{}, {}];
  const name = encodeURIComponent(subreddit);
  return Promise.all([
    ask(kit, access, { method: "GET", path: `/r/${name}/about`, answer: AboutAnswer }),
    ask(kit, access, { method: "GET", path: `/api/v1/${name}/post_requirements`, answer: Requirements }),
  ]);
}

/** Everything about title, text and link that the subreddit does not take, in plain words. */
function violations({ title, text, link, spoiler }: Submission, about: About, rules: Requirements): string[] {
  const found: string[] = [];
  const unless = (met: boolean, problem: string) => void (met || found.push(problem));

  unless(!about.user_is_banned, "this account is banned there");
  unless(about.submission_type !== "link" || link !== undefined, "it takes links only");
  unless(
    about.submission_type !== "self" || link === undefined,
    "it takes texts only, so the link belongs in the text",
  );
  unless(about.spoilers_enabled !== false || !spoiler, "it has no spoiler marks");

  for (const problem of lengthProblems(title, rules.title_text_min_length, rules.title_text_max_length))
    found.push(`the title ${problem}`);
  for (const problem of wordProblems(title, rules.title_required_strings, rules.title_blacklisted_strings))
    found.push(`the title ${problem}`);

  if (link !== undefined) {
    unless(allowsSite(link, rules), "it takes no links to this site");
    return found;
  }
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

const About = z.object({
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
});
type Requirements = z.infer<typeof Requirements>;

const FlairTemplate = z.object({
  id: z.string(),
  text: z.string().nullish(),
  text_editable: z.boolean().nullish(),
  mod_only: z.boolean().nullish(),
});
type FlairTemplate = z.infer<typeof FlairTemplate>;

async function flairOf(
  kit: Kit,
  access: Access,
  { subreddit, flair }: Submission,
  rule: { required: boolean; off: boolean },
): Promise<{ form: Flair; problems: string[] }> {
  const wanted = flair.id !== "" || flair.text !== "";
  if (!wanted && !rule.required) return { form: {}, problems: [] };
  if (wanted && rule.off) return { form: {}, problems: ["it has no flairs"] };
  const templates = await templatesOf(kit, access, subreddit);
  if (templates === null) {
    // Where only moderators choose, nothing better can be sent: whether it may go without is Reddit's to say.
    return { form: {}, problems: wanted ? ["its members do not choose flairs"] : [] };
  }
  const choices = choicesIn(templates);
  if (!wanted) return { form: {}, problems: [`it wants a flair${choices}`] };

  const same = (template: FlairTemplate) => comparable(template.text ?? "") === comparable(flair.text);
  const template = templates.find((one) => (flair.id === "" ? same(one) : one.id === flair.id));
  if (!template) return { form: {}, problems: [`it does not have this flair${choices}`] };
  if (flair.text === "" || same(template)) return { form: { flair_id: template.id }, problems: [] };
  return template.text_editable
    ? { form: { flair_id: template.id, flair_text: flair.text }, problems: [] }
    : { form: {}, problems: [`the text of this flair is always “${template.text ?? ""}”`] };
}

/** null where members do not choose their flair. */
async function templatesOf(kit: Kit, access: Access, subreddit: string): Promise<FlairTemplate[] | null> {
  try {
    return await ask(kit, access, {
      method: "GET",
      path: `/r/${encodeURIComponent(subreddit)}/api/link_flair_v2`,
      answer: z.array(FlairTemplate),
    });
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

const MAX_CHOICES = 10;

function choicesIn(templates: FlairTemplate[]): string {
  const names = templates
    .flatMap(({ text, mod_only }) => (text && !mod_only ? [`“${text}”`] : []))
    .slice(0, MAX_CHOICES);
  return names.length > 0 ? ` (such as ${names.join(", ")})` : "";
}

const comparable = (text: string) => text.normalize("NFC").trim().toLowerCase();

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

/** Each account's profile is a subreddit called u_ and its name. */
export const isProfile = (subreddit: string): boolean => /^u_/i.test(subreddit);

/** A subreddit or profile as people write it. */
const placeOf = ({ subreddit }: Submission): string =>
  isProfile(subreddit) ? `u/${subreddit.slice(2)}` : `r/${subreddit}`;
