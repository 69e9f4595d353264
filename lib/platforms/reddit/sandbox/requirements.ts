/** A community's own demands on a post, as the simulated Reddit checks them with validate_on_submit. */
import type { Item, Kind } from "./draft";
import type { Requirements } from "./subreddits";

type Written = {
  kind: Kind;
  title: string;
  text: string;
  url: string | null;
  items: Item[];
  hasFlair: boolean;
};

/** `reason` is the code that tells which demand it was; `explanation` is for the person who posts. */
export type Broken = { field: string; reason: string; explanation: string };

/** The first demand that is not met, or null. */
export function brokenRequirement(wanted: Requirements, written: Written): Broken | null {
  return (
    titleFault(wanted, written) ??
    bodyFault(wanted, written) ??
    linkFault(wanted, written) ??
    galleryFault(wanted, written) ??
    flairFault(wanted, written)
  );
}

function titleFault(wanted: Requirements, { title }: Written): Broken | null {
  const broken = (code: string, explanation: string) => fault("title", `TITLE_${code}`, explanation);
  const { title_text_min_length: min, title_text_max_length: max } = wanted;
  const length = [...title].length;
  if (min !== null && length < min)
    return broken("MIN_LENGTH", `The title needs at least ${min} characters.`);
  if (max !== null && length > max)
    return broken("MAX_LENGTH", `The title may have at most ${max} characters.`);
  const bad = wanted.title_blacklisted_strings.find((one) => has(title, one));
  if (bad !== undefined) return broken("BLACKLISTED_STRING", `The title may not contain "${bad}".`);
  const missing = wanted.title_required_strings;
  if (missing.length > 0 && !missing.some((one) => has(title, one))) {
    return broken("REQUIRED_STRING", `The title must contain one of: ${missing.join(", ")}.`);
  }
  return matches(wanted.title_regexes, title)
    ? null
    : broken("REGEX_REQUIREMENT", "The title is not in the form this community asks for.");
}

function bodyFault(wanted: Requirements, { kind, text }: Written): Broken | null {
  const broken = (code: string, explanation: string) => fault("body", `BODY_${code}`, explanation);
  if (wanted.body_restriction_policy === "notAllowed" && text !== "") {
    return broken("NOT_ALLOWED", "This community does not allow text in the body.");
  }
  if (wanted.body_restriction_policy === "required" && kind === "self" && text === "") {
    return broken("REQUIRED", "This community requires text in the body.");
  }
  if (text === "") return null;
  const { body_text_min_length: min, body_text_max_length: max } = wanted;
  const length = [...text].length;
  if (min !== null && length < min) return broken("MIN_LENGTH", `The body needs at least ${min} characters.`);
  if (max !== null && length > max)
    return broken("MAX_LENGTH", `The body may have at most ${max} characters.`);
  const bad = wanted.body_blacklisted_strings.find((one) => has(text, one));
  if (bad !== undefined) return broken("BLACKLISTED_STRING", `The body may not contain "${bad}".`);
  const missing = wanted.body_required_strings;
  if (missing.length > 0 && !missing.some((one) => has(text, one))) {
    return broken("REQUIRED_STRING", `The body must contain one of: ${missing.join(", ")}.`);
  }
  return matches(wanted.body_regexes, text)
    ? null
    : broken("REGEX_REQUIREMENT", "The body is not in the form this community asks for.");
}

function linkFault(wanted: Requirements, { url }: Written): Broken | null {
  const host = url === null ? null : new URL(url).hostname;
  if (host === null || wanted.link_restriction_policy === "none") return null;
  const isListed = (domains: string[]) => domains.some((one) => host === one || host.endsWith(`.${one}`));
  const allowed =
    wanted.link_restriction_policy === "whitelist"
      ? isListed(wanted.domain_whitelist)
      : !isListed(wanted.domain_blacklist);
  return allowed ? null : fault("url", "LINK_DOMAIN", `Links to ${host} are not allowed in this community.`);
}

function galleryFault(wanted: Requirements, { kind, items }: Written): Broken | null {
  if (kind !== "gallery") return null;
  const broken = (code: string, explanation: string) => fault("items", `GALLERY_${code}`, explanation);
  const { gallery_min_items: min, gallery_max_items: max } = wanted;
  if (min !== null && items.length < min)
    return broken("MIN_ITEMS", `A gallery needs at least ${min} images.`);
  if (max !== null && items.length > max)
    return broken("MAX_ITEMS", `A gallery may have at most ${max} images.`);
  const demands = [
    {
      code: "CAPTION",
      demand: wanted.gallery_captions_requirement,
      given: items.map(({ caption }) => caption),
    },
    { code: "URL", demand: wanted.gallery_urls_requirement, given: items.map((one) => one.outbound_url) },
  ];
  for (const { code, demand, given } of demands) {
    if (demand === "required" && given.includes("")) {
      return broken(`${code}_REQUIRED`, `Every image needs a ${code.toLowerCase()} in this community.`);
    }
    if (demand === "notAllowed" && given.some((one) => one !== "")) {
      return broken(`${code}_NOT_ALLOWED`, `Images may have no ${code.toLowerCase()} in this community.`);
    }
  }
  return null;
}

function flairFault(wanted: Requirements, { hasFlair }: Written): Broken | null {
  return wanted.is_flair_required && !hasFlair
    ? fault("flair", "FLAIR_REQUIRED", "Your post must contain post flair.")
    : null;
}

function fault(field: string, code: string, explanation: string): Broken {
  return { field, reason: `SUBMIT_VALIDATION_${code}`, explanation };
}

function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function matches(patterns: string[], text: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => new RegExp(pattern, "iu").test(text));
}
