import { linksIn } from "../links";

/**
 * LinkedIn's markup, "little text": a reserved character that is meant as itself needs a backslash. Forgotten once, the post
 * is cut off there, and LinkedIn still says that all is well. Pure: the composer counts what this makes of a text.
 *
 * Three things keep their meaning and so their characters: links with a scheme, which would not be links with backslashes in
 * them; hashtags; and mentions written out as @[Exact Name](urn:li:organization:123).
 */
export function escapeLittleText(text: string): string {
  let escaped = "";
  let from = 0;
  for (const { start, end } of linksIn(text)) {
    // Of a bare domain nobody knows whether LinkedIn would link it, while an escaped one surely arrives whole.
    if (!/^https?:\/\//i.test(text.slice(start, start + 8))) continue;
    escaped += escapeBetweenLinks(text.slice(from, start)) + text.slice(start, end);
    from = end;
  }
  return escaped + escapeBetweenLinks(text.slice(from));
}

const escapeBetweenLinks = (text: string): string =>
  text.replace(MARKUP, (found, reserved: string | undefined) =>
    reserved === undefined ? found : `\\${found}`,
  );

const MENTION = String.raw`@\[[^[\]\\\r\n]+\]\(urn:li:(?:organization|person):[\w-]+\)`;
/** With a letter in it and nothing glued to its front: "#1", "C#" and "&#39;" are no hashtags. An underscore ends it. */
const HASHTAG = String.raw`(?<![\p{L}\p{N}\p{M}_#&/])#\p{N}*\p{L}[\p{L}\p{N}\p{M}]*`;
const RESERVED = String.raw`[|{}@[\]()<>#\\*_~]`;
const MARKUP = new RegExp(`${MENTION}|${HASHTAG}|(${RESERVED})`, "gu");
