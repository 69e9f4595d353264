import { asciiDomains, scriptDomains } from "./tlds";

/**
 * Where X sees a link in a text: with a scheme, or as a bare domain whose top-level domain is known.
 * The rules are those of twitter-text 3.1; the method is our own, because its expressions grow quadratic on long texts without
 * spaces (Japanese, say) and its list of domains ends in 2021. Every character is looked at a bounded number of times.
 */
export type LinkSpan = { start: number; end: number };

/** Finds links from left to right; they never overlap. Positions are UTF-16 units, the end is exclusive. */
export function linksIn(text: string): LinkSpan[] {
  if (!text.includes(".")) return [];
  const links: LinkSpan[] = [];
  let taken = 0;
  HOST.lastIndex = 0;
  for (let run = HOST.exec(text); run; run = HOST.exec(text)) {
    const end = HOST.lastIndex;
    if (run[0].includes(".")) taken = linksInRun({ text, start: run.index, end, taken }, links);
    HOST.lastIndex = Math.max(end, taken);
  }
  return links;
}

const LATIN =
  "\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u024F\\u0253\\u0254\\u0256\\u0257\\u0259\\u025B\\u0263\\u0268\\u026F\\u0272\\u0289\\u028B\\u02BB\\u0300-\\u036F\\u1E00-\\u1EFF";

/** A run of what may stand in a domain name: anything but spaces, direction marks and punctuation other than "-", "_" and ".". */
const HOST =
  /[^!'#%&()*+,/:;<=>?@[\]^{|}~$\\\t-\r \x85\xA0\u1680\u180E\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFFFE\uFEFF\uFFFF\u202A-\u202E\u061C\u200E\u200F\u2066-\u2069]+/g;

const SCHEME_BEFORE = /https?:\/\/$/i;
/** Glued to one of these, a domain is part of something else: a word, a mention, a hashtag. */
const NEVER_BEFORE = /[A-Za-z0-9@＠$#＃\uFFFE\uFEFF\uFFFF]/;
/** After one of these, a domain without a scheme is the middle of something longer; it is skipped whole. */
const NOT_BARE_AFTER = /[-_./]/;

const PATH = `[a-z0-9!*';:=+,.$/%#[\\]\\-\\u2013_~@|&\\u0400-\\u04FF${LATIN}]`;
// Two levels of balanced parentheses, as in /Primer_(film).
const PARENS = `\\((?:${PATH}+|${PATH}*\\(${PATH}+\\)${PATH}*)\\)`;
const PATH_END = `[-+a-z0-9=_#/\\u0400-\\u04FF${LATIN}]`;
const QUERY = "\\?[a-z0-9!?*'@();:&=+$/%#[\\]\\-_.,~|]*[a-z0-9\\-_&=#/]";
/** Port, path and query; the closing punctuation of a sentence is not part of them. */
const TAIL = new RegExp(
  `(?::[0-9]+)?(?:/(?:${PATH}*(?:${PARENS}${PATH}*)*${PATH_END}|${PARENS}|@${PATH}+/)*)?(?:${QUERY})?`,
  "iy",
);
const SHORTENED = new RegExp(`^https?://t\\.co/([a-z0-9]+)(?:${QUERY})?`, "i");
const BARE_TRAIL = new RegExp(`[-a-z0-9${LATIN}]+$`, "i");

const MAX_LINK = 4096;
const MAX_SLUG = 40;
const MAX_LABEL = 63;
const LONGEST_SCRIPT_DOMAIN = Math.max(...[...scriptDomains].map((name) => name.length));

type Run = { text: string; start: number; end: number; taken: number };

type Label = {
  start: number;
  end: number;
  lastUnderscore: number;
  /** Where a top-level domain that begins with this label ends; -1 when none does. */
  topEnd: number;
  /** The label that closes the longest domain beginning with this one; -1 when there is no such domain. */
  reach: number;
};

/** Collects the links of one run; returns how far the text is taken. */
function linksInRun({ text, start, end, taken }: Run, links: LinkSpan[]): number {
  const labels = labelsIn(text, start, end);
  const scheme = SCHEME_BEFORE.exec(text.slice(Math.max(0, start - 8), start))?.[0] ?? "";
  const schemeStart = start - scheme.length;
  if (scheme && mayBegin(text, schemeStart, taken)) {
    const domainEnd = labels[labels[0]?.reach ?? -1]?.topEnd ?? newDomainEnd(text, labels);
    if (domainEnd > start) {
      taken = tailEnd(text, domainEnd);
      const linkEnd = schemedEnd(text.slice(schemeStart, taken), schemeStart);
      if (linkEnd !== null && fits(text, start, domainEnd, taken - schemeStart + scheme.length)) {
        links.push({ start: schemeStart, end: linkEnd });
      }
    }
  }
  for (let k = 0; k < labels.length; k++) {
    const label = labels[k];
    if (!label || label.end <= taken) continue;
    for (let at = Math.max(label.start, taken); at < label.end; at++) {
      // Like the reference, let the text's very first character be what stands before a domain, if it may.
      if (at === 0 && mayBegin(text, 1, 0) && reachFrom(text, labels, k, 1) !== -1) continue;
      if (!mayBegin(text, at, taken)) continue;
      const reach = reachFrom(text, labels, k, at);
      const domainEnd = labels[reach]?.topEnd;
      if (domainEnd === undefined) continue;
      taken = tailEnd(text, domainEnd);
      const bare = at === 0 || !NOT_BARE_AFTER.test(text.charAt(at - 1));
      if (bare && fits(text, at, domainEnd, taken - at + "https://".length)) {
        // Port and query belong to a bare domain only together with a path.
        const linkEnd = /^(?::[0-9]+)?\//.test(text.slice(domainEnd, taken)) ? taken : domainEnd;
        links.push(...bareDomains(text, labels, { first: k, at, last: reach, domainEnd, linkEnd }));
      }
      // The rest of the run goes on in the label where this domain ended.
      k = reach - 1;
      break;
    }
  }
  return taken;
}

/** The labels of a run, each with what can be said of it from the right. */
function labelsIn(text: string, start: number, end: number): Label[] {
  const labels: Label[] = [];
  for (let from = start; from <= end; ) {
    const dot = text.indexOf(".", from);
    const to = dot === -1 || dot > end ? end : dot;
    const lastUnderscore = text.slice(from, to).lastIndexOf("_") + from;
    const topEnd = labels.length > 0 ? topLevelEnd(text, from, to) : -1;
    labels.push({
      start: from,
      end: to,
      lastUnderscore: lastUnderscore < from ? -1 : lastUnderscore,
      topEnd,
      reach: -1,
    });
    from = to + 1;
  }
  for (let k = labels.length - 2; k >= 0; k--) {
    const label = labels[k];
    if (label) label.reach = reachFrom(text, labels, k, label.start);
  }
  return labels;
}

/** Subdomains may have underscores inside, the registered name may not; neither begins or ends with "-" or "_". */
function reachFrom(text: string, labels: Label[], k: number, at: number): number {
  const label = labels[k];
  const next = labels[k + 1];
  if (!label || !next || at >= label.end) return -1;
  if (isJoint(text.charAt(at)) || isJoint(text.charAt(label.end - 1))) return -1;
  if (next.reach !== -1) return next.reach;
  return next.topEnd !== -1 && label.lastUnderscore < at ? k + 1 : -1;
}

/** Behind a scheme, a top-level domain too new for our list is believed when it looks like one. */
function newDomainEnd(text: string, labels: Label[]): number {
  let found = -1;
  for (let k = 0; k + 1 < labels.length; k++) {
    const label = labels[k];
    const next = labels[k + 1];
    if (!label || !next || label.start >= label.end) break;
    if (isJoint(text.charAt(label.start)) || isJoint(text.charAt(label.end - 1))) break;
    const top = text.slice(next.start, next.end);
    if (label.lastUnderscore === -1 && /^[a-z]{2,63}$/i.test(top) && endsWord(text, next.end))
      found = next.end;
  }
  return found;
}

/** Without a scheme only the Latin part of a domain is a link: in "見example.com" that is example.com. */
function bareDomains(
  text: string,
  labels: Label[],
  domain: { first: number; at: number; last: number; domainEnd: number; linkEnd: number },
): LinkSpan[] {
  const found: LinkSpan[] = [];
  let k = domain.first;
  let from = domain.at;
  while (k < domain.last) {
    const label = labels[k];
    if (!label) break;
    const trail = BARE_TRAIL.exec(text.slice(Math.max(from, label.start), label.end));
    if (!trail) {
      k++;
      continue;
    }
    // As far as the following labels are Latin throughout, the last one that is a top-level domain closes the link.
    let closing = -1;
    for (let j = k + 1; j <= domain.last; j++) {
      const next = labels[j];
      if (!next) break;
      if (next.topEnd !== -1) closing = j;
      const whole = text.slice(next.start, next.end);
      if (BARE_TRAIL.exec(whole)?.[0] !== whole) break;
    }
    const end = labels[closing]?.topEnd;
    if (end === undefined) {
      k++;
      continue;
    }
    found.push({ start: label.end - trail[0].length, end: end === domain.domainEnd ? domain.linkEnd : end });
    k = closing;
    from = end;
  }
  return found;
}

function topLevelEnd(text: string, start: number, end: number): number {
  const punycode = /^xn--[-0-9a-z]+/i.exec(text.slice(start, Math.min(end, start + MAX_LABEL)));
  if (punycode) return start + punycode[0].length;
  const head = text.slice(start, Math.min(end, start + LONGEST_SCRIPT_DOMAIN + 8)).toLowerCase();
  const word = /^[a-z0-9]*/.exec(head)?.[0] ?? "";
  if (word && asciiDomains.has(word) && endsWord(text, start + word.length)) return start + word.length;
  if (word === head) return -1;
  for (let length = Math.min(head.length, LONGEST_SCRIPT_DOMAIN); length > 0; length--) {
    if (scriptDomains.has(head.slice(0, length)) && endsWord(text, start + length)) return start + length;
  }
  return -1;
}

const endsWord = (text: string, at: number) => !/[0-9A-Za-z@+-]/.test(text.charAt(at));

const isJoint = (char: string) => char === "-" || char === "_";

const mayBegin = (text: string, at: number, taken: number) =>
  at === 0 || (at > taken && !NEVER_BEFORE.test(text.charAt(at - 1)));

function tailEnd(text: string, at: number): number {
  TAIL.lastIndex = at;
  return TAIL.test(text) ? TAIL.lastIndex : at;
}

/** X's own short links have nothing after the slug but a query; null when the slug is too long to be one. */
function schemedEnd(url: string, start: number): number | null {
  const short = SHORTENED.exec(url);
  if (!short) return start + url.length;
  return (short[1] ?? "").length > MAX_SLUG ? null : start + short[0].length;
}

function fits(text: string, start: number, end: number, length: number): boolean {
  return length <= MAX_LINK && text.slice(start, end).split(".").every(fitsLabel);
}

/** A label is at most 63 characters as it travels, that is in punycode. */
function fitsLabel(label: string): boolean {
  if (/^[\x20-\x7E]*$/.test(label)) return label.length <= MAX_LABEL;
  // Each character takes at least one in punycode, so the long ones need no conversion.
  if (label.length > 2 * MAX_LABEL) return false;
  const host = `http://a.${label}.a`;
  return URL.canParse(host) ? new URL(host).hostname.length - 4 <= MAX_LABEL : label.length <= MAX_LABEL;
}
