/** Cuts a long answer into messages that the platform takes. Pure; nothing but the white space at a cut is lost. */

const encoder = new TextEncoder();
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** UTF-8 bytes of a text, which is what platforms count. */
export const bytesOf = (text: string): number => encoder.encode(text).length;

/**
 * The text in as few parts as its sentences allow, each at most `maxBytes` long. Cut between paragraphs, else sentences, else
 * words, else between what people see as characters: a family of emoji stays together.
 */
export function splitText(text: string, maxBytes: number): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (bytesOf(rest) > maxBytes) {
    const head = longestHead(rest, maxBytes);
    const cut = bestCut(head, rest.charAt(head.length));
    parts.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return rest === "" ? parts : [...parts, rest];
}

/** As much of the text's beginning as fits, by whole characters. */
function longestHead(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const { segment } of graphemes.segment(text)) {
    bytes += bytesOf(segment);
    if (bytes > maxBytes) break;
    end += segment.length;
  }
  if (end > 0) return text.slice(0, end);
  // One "character" of a thousand marks: then by code points, so that something goes out.
  for (const point of text) {
    bytes = bytesOf(text.slice(0, end + point.length));
    if (bytes > maxBytes) break;
    end += point.length;
  }
  return text.slice(0, end);
}

/** Where to cut within the head: as late as possible, but not so early that a tiny message goes out alone. */
function bestCut(head: string, next: string): number {
  const least = head.length * 0.4;
  for (const boundary of [/\n\s*\n/g, /[.!?…。！？]["'”’)\]]*\s|[。！？]/g, /\n/g, /\s/g]) {
    const ends = [...head.matchAll(boundary)].map(({ index, 0: found }) => index + found.length);
    // What follows the head may be the space itself.
    const whole = /\s/.test(next) && boundary.source === "\\s" ? head.length : 0;
    const cut = Math.max(whole, ...ends);
    if (cut >= least && cut > 0) return cut;
  }
  return head.length;
}
