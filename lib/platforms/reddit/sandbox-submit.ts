/** The simulated Reddit's submit: what it refuses, in which words, and the post that comes out of it. */
import {
  type Answer,
  type Call,
  isAnswer,
  json,
  newId,
  type Person,
  permalink,
  publish,
} from "@/lib/sandbox/kit";
import {
  apiForm,
  badRequest,
  forbidden,
  jsonErrors,
  type SubmitError,
  setting,
  signedIn,
} from "./sandbox-answers";
import { brokenRequirement } from "./sandbox-requirements";
import { type Flair, findSubreddit, isBanned, mayEnter, mayPost, type Subreddit } from "./sandbox-subreddits";

const MAX_TITLE = 300;
const MAX_SELF_TEXT = 40_000;
const MAX_FLAIR_TEXT = 64;
/** no community takes links to it */
const bannedDomain = "spam.example";

const switches = ["nsfw", "spoiler", "sendreplies", "resubmit", "validate_on_submit"];
const submitFields = [
  ...switches,
  ..."sr title kind text richtext_json url video_poster_url flair_id flair_text".split(" "),
  ..."collection_id discussion_type draft_id".split(" "),
];

const messages: Record<string, [message: string, field: string]> = {
  ALREADY_SUB: ["that link has already been submitted", "url"],
  BAD_CAPTCHA: ["care to try these again?", "captcha"],
  BAD_URL: ["you should check that url", "url"],
  BANNED_FROM_SUBREDDIT: ["you are banned from that community", "sr"],
  DOMAIN_BANNED: ["that domain is not allowed here", "url"],
  GALLERIES_DISABLED: ["this community does not allow galleries", "sr"],
  INVALID_OPTION: ["that option is not valid", "kind"],
  NO_IMAGES: ["this community does not allow images", "sr"],
  NO_LINKS: ["this community only allows text posts", "sr"],
  NO_SELFS: ["this community does not allow text posts", "sr"],
  NO_TEXT: ["we need something here", "title"],
  NO_URL: ["a url is required", "url"],
  NO_VIDEOS: ["this community does not allow videos", "sr"],
  SUBREDDIT_NOEXIST: ["that community does not exist", "sr"],
  SUBREDDIT_NOTALLOWED: ["you are not allowed to post there", "sr"],
  SUBREDDIT_NO_ACCESS: ["you cannot see that community", "sr"],
  SUBREDDIT_RATELIMIT: ["you are posting there too much, try again later", "sr"],
  SUBREDDIT_REQUIRED: ["you must specify a community", "sr"],
  TOO_LONG: ["this is too long", "title"],
  TOO_SHORT: ["this is too short", "title"],
  VERIFIED_USER_REQUIRED: ["verify your email address to do that", "captcha"],
};

/** A submission that can be understood, with the community it is for. */
type Submission = {
  subreddit: Subreddit;
  kind: "self" | "link";
  title: string;
  text: string;
  url: string | null;
  flair: Flair | null;
  flairText: string | null;
};

/** POST /api/submit. First what cannot be read, then all faulty fields at once, then what is not allowed, one by one. */
export function submit(call: Call): Answer {
  const person = signedIn(call, "submit");
  if (isAnswer(person)) return person;
  const form = apiForm(call, submitFields);
  if (isAnswer(form)) return form;
  const misshapen = misshape(form);
  if (misshapen !== null) return badRequest(misshapen);
  if (person.details?.is_suspended === true) return forbidden("IN_TIMEOUT");
  const ordered = setting(call, "submitError");
  if (ordered !== "") return jsonErrors(orderedError(call, ordered));
  const read = readSubmission(call, form);
  if (Array.isArray(read)) return jsonErrors(...read);
  const refused = notAllowed(call, person, read, isOn(form, "resubmit"));
  if (refused !== null) return jsonErrors(refused);
  const broken = brokenRequirement(read.subreddit.requirements, { ...read, hasFlair: read.flair !== null });
  if (broken !== null && isOn(form, "validate_on_submit")) {
    const { field, reason, explanation } = broken;
    if (setting(call, "validationShape") === "json_errors") return jsonErrors([reason, explanation, field]);
    return json(400, {
      fields: [field],
      explanation,
      error_type: "SUBMIT_VALIDATION_ERROR",
      message: "Bad Request",
      reason,
    });
  }
  const waitMs = waitOf(call, person);
  if (waitMs > 0) return jsonErrors(rateLimit(call, waitMs));
  return created(call, person, read, {
    over_18: isOn(form, "nsfw"),
    spoiler: isOn(form, "spoiler"),
    sendreplies: form.get("sendreplies") === null || isOn(form, "sendreplies"),
    // Nobody checked the rules, so the community's machine takes the post away without a word.
    removed_by_category: broken === null ? null : "automod_filtered",
  });
}

/** POST /api/submit_gallery_post.json: no community here takes galleries. */
export function submitGallery(call: Call): Answer {
  const person = signedIn(call, "submit");
  return isAnswer(person) ? person : jsonErrors(errorOf("GALLERIES_DISABLED"));
}

export function errorOf(code: string, field?: string): SubmitError {
  const [message, usual] = messages[code] ?? [code.toLowerCase().replaceAll("_", " "), ""];
  return [code, message, field ?? usual];
}

function misshape(form: URLSearchParams): string | null {
  const odd = switches.find((name) => !/^(true|false|1|0)?$/i.test(form.get(name) ?? ""));
  if (odd !== undefined) return `${odd} must be true or false.`;
  if ((form.get("discussion_type") ?? "CHAT") !== "CHAT") return "discussion_type can only be CHAT.";
  const closed = ["richtext_json", "video_poster_url", "collection_id", "draft_id"].find((name) =>
    form.has(name),
  );
  if (closed !== undefined) return `${closed} names nothing that is here.`;
  return form.get("kind") === "self" && form.has("url") ? "A post of kind self has no url." : null;
}

function readSubmission(call: Call, form: URLSearchParams): Submission | SubmitError[] {
  const kind = form.get("kind") ?? "";
  const title = form.get("title") ?? "";
  const text = form.get("text") ?? "";
  const subreddit = findSubreddit(call, form.get("sr") ?? "");
  const flair = subreddit?.flairs.find(({ id }) => id === form.get("flair_id")) ?? null;
  const url = kind === "link" ? form.get("url") : null;
  const errors: SubmitError[] = [];
  if (subreddit === null) errors.push(errorOf(form.get("sr") ? "SUBREDDIT_NOEXIST" : "SUBREDDIT_REQUIRED"));
  if (title.trim() === "") errors.push(errorOf("NO_TEXT", "title"));
  if (lengthOf(title) > MAX_TITLE) errors.push(errorOf("TOO_LONG", "title"));
  if (lengthOf(text) > MAX_SELF_TEXT) errors.push(errorOf("TOO_LONG", "text"));
  if (kind === "link") {
    if (!url) errors.push(errorOf("NO_URL"));
    else if (!isLink(url)) errors.push(errorOf("BAD_URL"));
  } else if (kind === "image") errors.push(errorOf("NO_IMAGES"));
  else if (kind === "video" || kind === "videogif") errors.push(errorOf("NO_VIDEOS"));
  else if (kind !== "self") errors.push(errorOf("INVALID_OPTION", "kind"));
  const flairText = form.get("flair_text");
  if (form.get("flair_id") && (flair === null || flair.mod_only)) {
    errors.push(errorOf("INVALID_OPTION", "flair_id"));
  }
  if (flairText && !flair?.text_editable) errors.push(errorOf("INVALID_OPTION", "flair_text"));
  else if (lengthOf(flairText ?? "") > MAX_FLAIR_TEXT) errors.push(errorOf("TOO_LONG", "flair_text"));
  if (errors.length > 0 || subreddit === null || (kind !== "self" && kind !== "link")) return errors;
  return { subreddit, kind, title, text, url, flair, flairText: flairText || null };
}

function notAllowed(
  call: Call,
  person: Person,
  { subreddit, kind, url }: Submission,
  mayRepeat: boolean,
): SubmitError | null {
  if (!mayEnter(person, subreddit)) return errorOf("SUBREDDIT_NO_ACCESS");
  if (isBanned(person, subreddit)) return errorOf("BANNED_FROM_SUBREDDIT");
  if (!mayPost(person, subreddit)) return errorOf("SUBREDDIT_NOTALLOWED");
  if (person.details?.has_verified_email === false) return errorOf("VERIFIED_USER_REQUIRED");
  if (kind === "self" && subreddit.submission === "link") return errorOf("NO_SELFS");
  if (kind === "link" && subreddit.submission === "self") return errorOf("NO_LINKS");
  if (url === null) return null;
  if (new URL(url).hostname.replace(/^www\./, "") === bannedDomain) return errorOf("DOMAIN_BANNED");
  return !mayRepeat && isThere(call, subreddit, url) ? errorOf("ALREADY_SUB") : null;
}

function created(
  call: Call,
  person: Person,
  submission: Submission,
  more: Record<string, string | boolean | null>,
): Answer {
  const { subreddit, kind, title, text, url, flair, flairText } = submission;
  // A number in base 36, as people see it in addresses; its full name says that it is a post.
  const id = BigInt(newId(call)).toString(36);
  const post = publish(call, {
    id,
    personId: person.id,
    text: text === "" ? title : text,
    link: url,
    details: {
      title,
      selftext: text,
      kind,
      subreddit: subreddit.name,
      link_flair_template_id: flair?.id ?? null,
      link_flair_text: flair === null ? null : (flairText ?? flair.text),
      ...more,
    },
  });
  return json(200, {
    json: { errors: [], data: { url: permalink(call, post.id), drafts_count: 0, id, name: `t3_${id}` } },
  });
}

/** Milliseconds until the person may post again: new accounts must space their posts. */
function waitOf(call: Call, person: Person): number {
  const spacingMs = Number(person.details?.post_spacing_ms ?? 0);
  const last = call.world.publications.findLast((one) => one.personId === person.id);
  return last === undefined ? 0 : last.createdAt + spacingMs - call.now;
}

function orderedError(call: Call, code: string): SubmitError {
  return code === "RATELIMIT" ? rateLimit(call, 180_000) : errorOf(code);
}

function rateLimit(call: Call, waitMs: number): SubmitError {
  const wait = waitInWords(waitMs);
  const wordings: Record<string, string> = {
    archive: `you are doing that too much. try again in ${wait}.`,
    break: `Looks like you've been doing that a lot. Take a break for ${wait} before trying again.`,
  };
  const usual = `You're doing that too much. Try again in ${wait}.`;
  return ["RATELIMIT", wordings[setting(call, "rateLimitWording")] ?? usual, "ratelimit"];
}

/** Rounded up, so that who waits that long has waited long enough. */
function waitInWords(waitMs: number): string {
  const units = [
    { name: "millisecond", ms: 1 },
    { name: "second", ms: 1_000 },
    { name: "minute", ms: 60_000 },
  ];
  const unit = units.findLast(({ ms }) => waitMs >= ms) ?? { name: "millisecond", ms: 1 };
  const count = Math.ceil(waitMs / unit.ms);
  return `${count} ${unit.name}${count === 1 ? "" : "s"}`;
}

function isThere(call: Call, subreddit: Subreddit, url: string): boolean {
  return call.world.publications.some(
    ({ link, details, deletedAt }) =>
      deletedAt === null &&
      details.subreddit === subreddit.name &&
      link !== null &&
      new URL(link).href === new URL(url).href,
  );
}

function isLink(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname.includes(".") && !/\s/.test(text);
}

function isOn(form: URLSearchParams, name: string): boolean {
  return /^(true|1)$/i.test(form.get(name) ?? "");
}

function lengthOf(text: string): number {
  return [...text].length;
}
