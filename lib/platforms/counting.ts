import type { CountingRule } from "./contract";
import { escapeLittleText } from "./linkedin/little-text";
import { linksIn } from "./links";

/**
 * How long a text is to a platform, and what it finds in it. Pure and free of dependencies: the composer runs it on every
 * keystroke, the server before sending, and both must agree.
 */

/** The length of a text as the platform counts it. */
export function countText(rule: CountingRule, text: string): number {
  switch (rule) {
    case "characters":
      return countPoints(text, 0, text.length);
    case "utf16":
      return text.length;
    case "emoji_bytes":
      return countEmojiBytes(text);
    case "weighted":
      return countWeighted(text);
    // LinkedIn says neither what a character is nor whether escapes count: this is never fewer than any reading of it.
    case "little_text":
      return escapeLittleText(text).length;
  }
}

/** The links X would make of this text, each once, in order of appearance. */
export function findLinks(text: string): string[] {
  return [...new Set(linksIn(text).map(({ start, end }) => text.slice(start, end)))];
}

/** Every cashtag with its sign ("$ABC"), as often as it appears. */
export function findCashtags(text: string): string[] {
  return text.match(CASHTAG) ?? [];
}

/** Every hashtag's beginning; not the # of an address or of an HTML entity. */
export function findHashtags(text: string): string[] {
  return text.match(/(?<![/&])#[\p{L}\p{N}_\p{Extended_Pictographic}]/gu) ?? [];
}

/** Every mention's beginning; not the @ of a mail address or inside a link. */
export function findMentions(text: string): string[] {
  return text.match(/(?<![\p{L}\p{N}_./])@[A-Za-z0-9_]/gu) ?? [];
}

/** A text with its link as the last word, for platforms that have no field for it; a link already in the text is not repeated. */
export function withLink(text: string, link: string | undefined): string {
  if (link === undefined || findLinks(text).includes(link)) return text;
  return text === "" || /\s$/.test(text) ? text + link : `${text} ${link}`;
}

/**
 * False when the text cannot arrive as it is: half a surrogate pair is no character anywhere, and X refuses U+FFFE, U+FEFF
 * and U+FFFF.
 */
export function isValidText(rule: CountingRule, text: string): boolean {
  return text.isWellFormed() && (rule !== "weighted" || !/[\uFFFE\uFEFF\uFFFF]/.test(text));
}

const CASHTAG =
  /(?<=^|[\t-\r \x85\xA0\u1680\u180E\u2000-\u200A\u2028\u2029\u202F\u205F\u3000])\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?=$|[\s!'#%&()*+,\\\-./:;<=>?@[\]^_{|}~$])/gi;

// twitter-text v3: a link is 23 whatever its length, an emoji 2 however many code points it takes.
const LINK_WEIGHT = 23;
const EMOJI_WEIGHT = 2;

function countWeighted(typed: string): number {
  const text = typed.normalize("NFC");
  let count = 0;
  let from = 0;
  for (const link of linksIn(text)) {
    count += weigh(text.slice(from, link.start)) + LINK_WEIGHT;
    from = link.end;
  }
  return count + weigh(from === 0 ? text : text.slice(from));
}

function weigh(text: string): number {
  let count = 0;
  let from = 0;
  for (const emoji of emojiIn(text)) {
    count += weighPoints(text, from, emoji.start) + EMOJI_WEIGHT;
    from = emoji.end;
  }
  return count + weighPoints(text, from, text.length);
}

/** 1 for Latin, Greek, Cyrillic, Arabic, Hebrew, Indic scripts and general punctuation; 2 for everything else. */
function weighPoints(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit <= 0x10ff || (unit >= 0x2000 && unit <= 0x200d)) count += 1;
    else if ((unit >= 0x2010 && unit <= 0x201f) || (unit >= 0x2032 && unit <= 0x2037)) count += 1;
    else {
      count += 2;
      if (isPair(text, at)) at++;
    }
  }
  return count;
}

/** Threads: an emoji counts as the number of its UTF-8 bytes, any other character as one. */
function countEmojiBytes(text: string): number {
  let count = 0;
  let from = 0;
  for (const emoji of emojiIn(text)) {
    count += countPoints(text, from, emoji.start) + utf8.encode(text.slice(emoji.start, emoji.end)).length;
    from = emoji.end;
  }
  return count + countPoints(text, from, text.length);
}

const utf8 = new TextEncoder();

function countPoints(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    count++;
    if (isPair(text, at)) at++;
  }
  return count;
}

const isPair = (text: string, at: number) =>
  (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;

/**
 * One emoji, as far as its parts belong together: skin tones, families, flags, keycaps. The browser or Node brings the list, so
 * it grows with Unicode. Keyboards leave U+FE0F out of a keycap, and put it where the old emoji of the first plane need none.
 */
const EMOJI =
  /[#*0-9]\uFE0F?\u20E3|\p{Emoji_Modifier_Base}\uFE0F\p{Emoji_Modifier}|[\p{Emoji_Presentation}&&[\0-\uFFFF]]\uFE0F|\p{RGI_Emoji}/gv;

function* emojiIn(text: string): Generator<{ start: number; end: number }> {
  // Most texts have no emoji, and the first of them is ©.
  if (!/[^\0-\u00A8]/.test(text)) return;
  for (const match of text.matchAll(EMOJI)) yield { start: match.index, end: match.index + match[0].length };
}
