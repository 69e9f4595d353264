/** How the simulated X reads the text of a post: its weighted length, its cashtags, and what it makes of its links. */
import { createHash } from "node:crypto";
import twitterText from "twitter-text";

export type UrlEntity = {
  start: number;
  end: number;
  url: string;
  expanded_url: string;
  display_url: string;
};

/** A text as X shows it, with its entities; positions are in code points of that text. */
export type Rendered = { text: string; urls: UrlEntity[] };

const LINK_WEIGHT = 23;
const SHORT_POST = 280;
// Code points of weight 1; every other one weighs 2.
const LIGHT: readonly (readonly [number, number])[] = [
  [0, 4351],
  [8192, 8205],
  [8208, 8223],
  [8242, 8247],
];
// A whole sequence weighs 2 together. The later alternatives are sequences people type without U+FE0F.
const EMOJI =
  /\p{RGI_Emoji}|\p{RI}{2}|[0-9#*]\uFE0F?\u20E3|\p{Extended_Pictographic}(?:[\uFE0F\p{EMod}]|\uFE0F?\u200D\p{Extended_Pictographic})[\uFE0F\p{EMod}]?(?:\u200D\p{Extended_Pictographic}[\uFE0F\p{EMod}]?)*/gv;
const CASHTAG = /(?<=^|\s)\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?![\p{L}\p{N}_])/giu;

/** The length X counts, after NFC: light code points 1, others and whole emoji 2, a link 23. */
export function weightedLength(text: string): number {
  let total = 0;
  for (const piece of piecesOf(text.normalize("NFC"))) {
    total += piece.isLink ? LINK_WEIGHT : plainWeight(piece.text);
  }
  return total;
}

/** Counts occurrences, not different symbols. */
export function countCashtags(text: string): number {
  return text.match(CASHTAG)?.length ?? 0;
}

/** U+FFFE, U+FEFF and U+FFFF make a text invalid; half a surrogate pair is no character either. */
export function hasInvalidCharacters(text: string): boolean {
  return /[\uFFFE\uFEFF\uFFFF]/.test(text) || !text.isWellFormed();
}

/** The first link as a card would follow it. */
export function firstLink(text: string): string | null {
  const link = piecesOf(text).find((piece) => piece.isLink);
  return link === undefined ? null : withScheme(link.text);
}

/** A post longer than 280 shows the beginning, and its whole text as a note. */
export function isLong(text: string): boolean {
  return weightedLength(text) > SHORT_POST;
}

/** What X gives back: links wrapped by t.co, and `&`, `<`, `>` as entities. */
export function render(id: string, text: string): Rendered {
  const urls: UrlEntity[] = [];
  let shown = "";
  let length = 0;
  for (const piece of piecesOf(text)) {
    const part = piece.isLink ? shortLink(id, piece.text) : escapeText(piece.text);
    const end = length + [...part].length;
    if (piece.isLink) {
      const expanded = withScheme(piece.text);
      urls.push({
        start: length,
        end,
        url: part,
        expanded_url: expanded,
        display_url: displayUrl(expanded),
      });
    }
    shown += part;
    length = end;
  }
  return { text: shown, urls };
}

/** The beginning of a long post, cut between words, with an ellipsis. */
export function renderBeginning(id: string, text: string): Rendered {
  let kept = "";
  let weight = 0;
  for (const word of text.split(/(?<=\s)/u)) {
    weight += weightedLength(word);
    if (weight > SHORT_POST - 2) break;
    kept += word;
  }
  // One endless word: half of the limit fits whatever it is made of.
  if (kept === "") kept = [...text].slice(0, SHORT_POST / 2 - 1).join("");
  const beginning = render(id, kept.trimEnd());
  return { text: `${beginning.text}…`, urls: beginning.urls };
}

/** The text with a short link to the post's own media at its end. */
export function withMediaLink(id: string, { text, urls }: Rendered, address: string): Rendered {
  const link = shortLink(id, address);
  const before = text === "" ? "" : `${text} `;
  const start = [...before].length;
  const entity = { start, end: start + link.length, url: link, expanded_url: address };
  const display_url = `pic.x.com/${link.slice(-10)}`;
  return { text: `${before}${link}`, urls: [...urls, { ...entity, display_url }] };
}

type Piece = { text: string; isLink: boolean };

// Where a link begins and ends is X's own published grammar and list of domains; only the weights are ours.
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let cursor = 0;
  for (const { url, indices } of twitterText.extractUrlsWithIndices(text)) {
    const [start, end] = indices;
    if (start > cursor) pieces.push({ text: text.slice(cursor, start), isLink: false });
    pieces.push({ text: url, isLink: true });
    cursor = end;
  }
  if (cursor < text.length) pieces.push({ text: text.slice(cursor), isLink: false });
  return pieces;
}

function plainWeight(text: string): number {
  let weight = 0;
  const rest = text.replace(EMOJI, () => {
    weight += 2;
    return "";
  });
  for (const character of rest) {
    const point = character.codePointAt(0) ?? 0;
    weight += LIGHT.some(([first, last]) => point >= first && point <= last) ? 1 : 2;
  }
  return weight;
}

function withScheme(link: string): string {
  return /^https?:\/\//i.test(link) ? link : `http://${link}`;
}

function shortLink(id: string, link: string): string {
  const slug = createHash("sha256").update(`${id} ${link}`).digest("base64url").replace(/[-_]/g, "x");
  return `https://t.co/${slug.slice(0, 10)}`;
}

function displayUrl(expanded: string): string {
  const bare = expanded.replace(/^https?:\/\/(www\.)?/i, "");
  return bare.length > 27 ? `${bare.slice(0, 26)}…` : bare;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
