/** What may go into a prompt, and what may come out of a model: text that a reader sees, without markup. */

/** Not seen by a reader: control and format characters (tags, direction marks, joiners), selectors, blank letters. */
const UNSEEN =
  /\u034f|[\ufe00-\ufe0f]|[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u115f\u1160\u17b4\u17b5\u2028\u2029\u3164\uffa0\u{e0000}-\u{e0fff}]/gu;
const EMOJI_BEFORE = /(?:\ufe0f|[\p{Extended_Pictographic}\p{Emoji_Modifier}])$/u;
const EMOJI_AFTER = /^\p{Extended_Pictographic}/u;
/** Scripts whose words need joiners. */
const JOINING =
  "\\p{Script=Arabic}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gujarati}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Oriya}\\p{Script=Sinhala}\\p{Script=Tamil}\\p{Script=Telugu}";
const JOINING_BEFORE = new RegExp(`[${JOINING}]$`, "u");
const JOINING_AFTER = new RegExp(`^[${JOINING}]`, "u");

/** Without what no reader sees, by which instructions are smuggled. Emoji and scripts that need joiners keep them. */
export const visible = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    .replace(UNSEEN, (character, at: number, whole: string) => {
      if (character === "\n") return character;
      if (character === "\t") return " ";
      if (character === "\u2028" || character === "\u2029") return "\n";
      const before = whole.slice(Math.max(0, at - 2), at);
      const after = whole.slice(at + character.length, at + character.length + 2);
      if (character === "\ufe0f") return /[\p{Extended_Pictographic}\d#*]$/u.test(before) ? character : "";
      if (character === "\u200d" && EMOJI_BEFORE.test(before) && EMOJI_AFTER.test(after)) return character;
      const joins = character === "\u200d" || character === "\u200c";
      return joins && JOINING_BEFORE.test(before) && JOINING_AFTER.test(after) ? character : "";
    })
    .trim();

/** Markdown and HTML taken off: what a chat would show as signs. An address in it stays, to be judged as any other. */
export const unmarked = (text: string): string =>
  text
    .replace(/<!--.*?-->/gs, "")
    .replace(/<\/?[a-z][^>]*>/gi, (tag) => /\b(?:src|href)\s*=\s*["']?([^\s"'>]+)/i.exec(tag)?.[1] ?? "")
    .replace(/!?\[([^\]]*)\]\(\s*<?([^\s)>]+)>?[^)]*\)/g, (_, words: string, address: string) =>
      words === "" || words === address ? address : `${words} ${address}`,
    )
    .replace(/^\s*(?:```|~~~).*$/gm, "")
    .replace(/^\s{0,3}#{1,6}\s+/gm, "")
    .replace(/^\s{0,3}>\s?/gm, "")
    .replace(/^\s*(?:[-*_]\s*){3,}$/gm, "")
    .replace(/^(\s*)[*+]\s+/gm, "$1- ")
    .replace(/(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1/gs, "$2")
    .replace(/(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}*])/gu, "$1")
    .replace(/(?<![\p{L}\p{N}_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])/gu, "$1")
    .replace(/`+([^`]*)`+/g, "$1")
    .replace(/[ \t]+\n/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();

const bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** At most so many characters and UTF-8 bytes, cut after a sentence, else after a word. */
export function shortened(text: string, most: { characters: number; bytes: number }): string {
  if (text.length <= most.characters && bytes(text) <= most.bytes) return text;
  let end = Math.min(text.length, most.characters - 1);
  while (bytes(text.slice(0, end)) > most.bytes - 3) end -= 1;
  // Never half a character.
  if (/[\ud800-\udbff]$/.test(text.slice(0, end))) end -= 1;
  const head = text.slice(0, end);
  const sentence = Math.max(...[". ", "! ", "? ", "\n", "。"].map((stop) => head.lastIndexOf(stop)));
  if (sentence > end / 2) return head.slice(0, sentence + 1).trim();
  const word = head.lastIndexOf(" ");
  return `${head.slice(0, word > end / 2 ? word : end).trim()}…`;
}
