/** How the simulated Threads reads a text: its length, its links, its topic. */

/** Characters; an emoji counts as many as its UTF-8 has bytes. */
export function countThreadsText(text: string): number {
  let count = 0;
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) {
    const isEmoji = /^\p{RGI_Emoji}$/v.test(segment) || /\p{Emoji_Presentation}/u.test(segment);
    count += isEmoji ? new TextEncoder().encode(segment).length : [...segment].length;
  }
  return count;
}

export function linksIn(text: string): string[] {
  const found = text.match(/https?:\/\/[^\s<>"]+/giu) ?? [];
  return [...new Set(found.map((link) => link.replace(/[.,;:!?)\]}'"]+$/u, "")))];
}

/** The first #tag silently becomes the topic; one of digits only is ignored. */
export function firstTag(text: string): string | null {
  for (const [, tag] of text.matchAll(/(?:^|\s)#([^\s.&@!?,;:#]+)/gu)) {
    if (tag !== undefined && !/^\d+$/.test(tag)) return tag;
  }
  return null;
}
