/**
 * What the simulated LinkedIn makes of `commentary`: little text. Hashtags and mentions are elements, a backslash
 * makes a reserved character literal, and any other reserved character silently ends the post where it stands.
 */

const reserved = String.raw`|{}@[]()<>#\*_~`;

// Each is tried at the current place, in this order.
const elements: { pattern: RegExp; read(found: RegExpExecArray): string }[] = [
  // A link keeps its characters, as many tools send them unescaped; what is escaped in it is unescaped.
  { pattern: /https?:\/\/\S+/iy, read: ([link]) => link.replace(/\\([|{}@[\]()<>#\\*_~])/g, "$1") },
  { pattern: /\\([|{}@[\]()<>#\\*_~])/y, read: ([, literal = ""]) => literal },
  { pattern: /\{hashtag\|\\#\|([\p{L}\p{M}\p{N}]+)\}/uy, read: ([, word = ""]) => `#${word}` },
  { pattern: /#[\p{L}\p{M}\p{N}]+/uy, read: ([tag]) => tag },
  {
    pattern: /@\[([^\]\n]+)\]\(urn:li:(?:person:[\w-]+|organization:\d+)\)/y,
    read: ([, name = ""]) => name,
  },
];

/** The text as people see it, and whether it was cut short. */
export function readLittleText(commentary: string): { text: string; isTruncated: boolean } {
  let text = "";
  let at = 0;
  while (at < commentary.length) {
    const element = elementAt(commentary, at);
    if (element !== null) {
      text += element.text;
      at += element.length;
      continue;
    }
    const character = commentary.charAt(at);
    if (reserved.includes(character)) return { text, isTruncated: true };
    text += character;
    at += 1;
  }
  return { text, isTruncated: false };
}

function elementAt(commentary: string, at: number): { text: string; length: number } | null {
  for (const { pattern, read } of elements) {
    pattern.lastIndex = at;
    const found = pattern.exec(commentary);
    if (found !== null) return { text: read(found), length: found[0].length };
  }
  return null;
}
