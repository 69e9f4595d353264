/** The simulated Reddit's submit: what it refuses, and the post that comes out of it. */
import { shown } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  isAnswer,
  type Json,
  json,
  newId,
  type Person,
  permalink,
  publish,
  type Shown,
} from "@/lib/sandbox/kit";
import { forbidden, jsonErrors, type SubmitError, setting, signedIn } from "./answers";
import { type Draft, draftOfForm, draftOfJson, type Item, isFilm, type Kind } from "./draft";
import { type Asset, assetAt, assetById, isPlayable, socketUrl } from "./media";
import { errorOf, orderedError, rateLimit } from "./refusals";
import { brokenRequirement } from "./requirements";
import { type Flair, findSubreddit, isBanned, mayEnter, mayPost, type Subreddit } from "./subreddits";

const MAX_TITLE = 300;
const MAX_SELF_TEXT = 40_000;
const MAX_FLAIR_TEXT = 64;
const MAX_CAPTION = 180;
const GALLERY = { min: 2, max: 20 };
const OPTIONS = { min: 2, max: 6 };
const MAX_POLL_DAYS = 7;
/** no community takes links to it */
const bannedDomain = "spam.example";

/** The files of a post, in order, and a film's still picture. */
type Files = { files: { asset: Asset; item: Item | null }[]; poster: Asset | null };
type Enclosed = Files & { errors: SubmitError[] };

const nothing: Enclosed = { files: [], poster: null, errors: [] };

/** A submission that can be understood, with the community it is for. */
type Submission = Files & {
  subreddit: Subreddit;
  kind: Kind;
  title: string;
  text: string;
  /** of a link */
  url: string | null;
  flair: Flair | null;
  flairText: string | null;
};

/** POST /api/submit */
export function submit(call: Call): Answer {
  const person = signedIn(call, "submit");
  if (isAnswer(person)) return person;
  const draft = draftOfForm(call);
  return isAnswer(draft) ? draft : settle(call, person, draft);
}

/** POST /api/submit_gallery_post.json and /api/submit_poll_post */
export const submitJson =
  (kind: "gallery" | "poll") =>
  (call: Call): Answer => {
    const person = signedIn(call, "submit");
    if (isAnswer(person)) return person;
    const draft = draftOfJson(call, kind);
    return isAnswer(draft) ? draft : settle(call, person, draft);
  };

/** All faulty fields are told at once; then what is not allowed, one by one. */
function settle(call: Call, person: Person, draft: Draft): Answer {
  if (person.details?.is_suspended === true) return forbidden("IN_TIMEOUT");
  const ordered = setting(call, "submitError");
  if (ordered !== "") return jsonErrors(orderedError(call, ordered));
  const read = readSubmission(call, person, draft);
  if (Array.isArray(read)) return jsonErrors(...read);
  const refused = notAllowed(call, person, read, draft.resubmit);
  if (refused !== null) return jsonErrors(refused);
  const broken = brokenRequirement(read.subreddit.requirements, {
    ...read,
    items: draft.items,
    hasFlair: read.flair !== null,
  });
  if (broken !== null && draft.validate) {
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
  // Nobody checked the rules, so the community's machine takes the post away without a word.
  return created(call, person, read, draft, broken === null ? null : "automod_filtered");
}

function readSubmission(call: Call, person: Person, draft: Draft): Submission | SubmitError[] {
  const { kind, sr, title, text, flairId, flairText } = draft;
  const subreddit = findSubreddit(call, sr);
  const flair = subreddit?.flairs.find(({ id }) => id === flairId) ?? null;
  const errors: SubmitError[] = [];
  if (subreddit === null) errors.push(errorOf(sr === "" ? "SUBREDDIT_REQUIRED" : "SUBREDDIT_NOEXIST"));
  if (title.trim() === "") errors.push(errorOf("NO_TEXT", "title"));
  if (lengthOf(title) > MAX_TITLE) errors.push(errorOf("TOO_LONG", "title"));
  if (lengthOf(text) > MAX_SELF_TEXT) errors.push(errorOf("TOO_LONG", "text"));
  // What a community does not take is not looked at more closely.
  const closed = subreddit === null ? null : closedTo(subreddit, kind);
  const inside = closed === null ? enclosed(call, person, draft) : { ...nothing, errors: [closed] };
  errors.push(...inside.errors);
  if (flairId !== "" && (flair === null || flair.mod_only))
    errors.push(errorOf("INVALID_OPTION", "flair_id"));
  if (flairText !== "" && !flair?.text_editable) errors.push(errorOf("INVALID_OPTION", "flair_text"));
  else if (lengthOf(flairText) > MAX_FLAIR_TEXT) errors.push(errorOf("TOO_LONG", "flair_text"));
  if (errors.length > 0 || subreddit === null || kind === null) return errors;
  const url = kind === "link" ? draft.url : null;
  const { files, poster } = inside;
  return { subreddit, kind, title, text, url, flair, flairText: flairText || null, files, poster };
}

function closedTo({ allows }: Subreddit, kind: Kind | null): SubmitError | null {
  if (kind === "image" && !allows.images) return errorOf("NO_IMAGES");
  if (isFilm(kind) && !allows.videos) return errorOf("NO_VIDEOS");
  if (kind === "gallery" && !allows.galleries) return errorOf("GALLERIES_DISABLED");
  // No code of its own is known for this.
  return kind === "poll" && !allows.polls
    ? ["INVALID_OPTION", "this community does not allow polls", "sr"]
    : null;
}

/** What comes with the words, and all that is wrong with it. */
function enclosed(call: Call, person: Person, draft: Draft): Enclosed {
  switch (draft.kind) {
    case null:
      return { ...nothing, errors: [errorOf("INVALID_OPTION", "kind")] };
    case "self":
      return nothing;
    case "link":
      return { ...nothing, errors: urlErrors(draft.url, "url") };
    case "image":
    case "video":
    case "videogif":
      return singleFile(call, person, draft);
    case "gallery":
      return gallery(call, person, draft);
    case "poll":
      return { ...nothing, errors: pollErrors(draft) };
  }
}

function singleFile(call: Call, person: Person, { kind, url, posterUrl }: Draft): Enclosed {
  const errors: SubmitError[] = [];
  const asset = assetAt(call, person, url);
  const poster = isFilm(kind) ? assetAt(call, person, posterUrl) : null;
  if (asset === null || (asset.kind === "video") !== isFilm(kind)) {
    errors.push(errorOf(url === "" ? "NO_URL" : "BAD_URL", "url"));
  }
  if (isFilm(kind) && (poster === null || poster.kind === "video")) {
    errors.push(errorOf(posterUrl === "" ? "NO_URL" : "BAD_URL", "video_poster_url"));
  }
  return { files: asset === null ? [] : [{ asset, item: null }], poster, errors };
}

function gallery(call: Call, person: Person, { items }: Draft): Enclosed {
  const files: Enclosed["files"] = [];
  const errors: SubmitError[] = [];
  if (items.length < GALLERY.min) errors.push(errorOf("TOO_SHORT", "items"));
  if (items.length > GALLERY.max) errors.push(errorOf("TOO_LONG", "items"));
  for (const item of items) {
    const asset = assetById(call, person, item.media_id);
    // A gallery answers with its id at once, so a bad picture is told at once, too.
    if (asset === null || asset.kind === "video" || !isPlayable(call, asset)) {
      errors.push(errorOf("INVALID_OPTION", "media_id"));
    } else files.push({ asset, item });
    if (lengthOf(item.caption) > MAX_CAPTION) errors.push(errorOf("TOO_LONG", "caption"));
    if (item.outbound_url !== "") errors.push(...urlErrors(item.outbound_url, "outbound_url"));
  }
  return { files, poster: null, errors };
}

function pollErrors({ options, durationDays }: Draft): SubmitError[] {
  const errors: SubmitError[] = [];
  if (options.length < OPTIONS.min) errors.push(errorOf("TOO_SHORT", "options"));
  if (options.length > OPTIONS.max) errors.push(errorOf("TOO_LONG", "options"));
  if (options.some((one) => one.trim() === "")) errors.push(errorOf("NO_TEXT", "options"));
  const isKnown = Number.isInteger(durationDays) && durationDays >= 1 && durationDays <= MAX_POLL_DAYS;
  if (!isKnown) errors.push(errorOf("INVALID_OPTION", "duration"));
  return errors;
}

function urlErrors(url: string, field: string): SubmitError[] {
  if (url === "") return [errorOf("NO_URL", field)];
  return isLink(url) ? [] : [errorOf("BAD_URL", field)];
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
  draft: Draft,
  removedBy: string | null,
): Answer {
  const { subreddit, kind, title, text, url, flair, flairText, files, poster } = submission;
  // A number in base 36, as people see it in addresses; its full name says that it is a post.
  const id = BigInt(newId(call)).toString(36);
  const isProcessed = kind === "image" || isFilm(kind);
  const isGood = [...files.map(({ asset }) => asset), ...(poster === null ? [] : [poster])].every((asset) =>
    isPlayable(call, asset),
  );
  // What cannot be processed never becomes a post, and the answer is the same.
  if (isGood) {
    publish(call, {
      id,
      personId: person.id,
      text: text === "" ? title : text,
      link: url,
      media: files.flatMap(mediaOf),
      details: {
        title,
        selftext: text,
        kind,
        subreddit: subreddit.name,
        link_flair_template_id: flair?.id ?? null,
        link_flair_text: flair === null ? null : (flairText ?? flair.text),
        over_18: draft.nsfw,
        spoiler: draft.spoiler,
        sendreplies: draft.sendreplies,
        removed_by_category: removedBy,
        ...(isProcessed ? { appears_at: call.now + setting(call, "processingMs") } : {}),
        ...detailsOf(submission, draft),
      },
    });
  }
  return json(200, { json: { errors: [], data: answerOf(call, person, kind, id) } });
}

function mediaOf({ asset, item }: Files["files"][number]): Shown[] {
  return asset.file === null ? [] : [shown(asset.file, item?.caption || null)];
}

function detailsOf({ kind, files, poster }: Submission, draft: Draft): Record<string, Json> {
  if (poster?.file) return { poster: { ...poster.file } };
  if (kind === "gallery") return { items: files.map(({ item }) => (item === null ? null : { ...item })) };
  return kind === "poll" ? { poll: { options: draft.options, duration: draft.durationDays } } : {};
}

/** Only a link and a text tell their bare id; what is processed first tells none; the others tell the full name. */
function answerOf(call: Call, person: Person, kind: Kind, id: string): Record<string, Json> {
  const url = permalink(call, id);
  switch (kind) {
    case "self":
    case "link":
      return { url, drafts_count: 0, id, name: `t3_${id}` };
    case "gallery":
    case "poll":
      return { url, id: `t3_${id}` };
    case "image":
    case "video":
    case "videogif":
      return {
        user_submitted_page: `${call.sandboxOrigin}/www.reddit.com/user/${person.username}/submitted/`,
        websocket_url: socketUrl(call, id),
      };
  }
}

/** Milliseconds until the person may post again: new accounts must space their posts. */
function waitOf(call: Call, person: Person): number {
  const spacingMs = Number(person.details?.post_spacing_ms ?? 0);
  const last = call.world.publications.findLast((one) => one.personId === person.id);
  return last === undefined ? 0 : last.createdAt + spacingMs - call.now;
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

function lengthOf(text: string): number {
  return [...text].length;
}
