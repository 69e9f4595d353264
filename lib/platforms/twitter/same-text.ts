import { linksIn } from "../links";
import type { TimelinePost } from "./publish";

/**
 * Whether a post in X's list is the text we sent. X escapes three characters as HTML, replaces every link by a t.co one,
 * and may trim, add mentions in front of a reply, and end a post that shows media with a link to it.
 */
export function sameText(
  sent: string,
  post: TimelinePost,
  { username, media }: { username: string | null; media: boolean },
): boolean {
  const shown = post.note_tweet?.text ?? post.text;
  const urls = [...(post.note_tweet?.entities?.urls ?? []), ...(post.entities?.urls ?? [])];
  const targets = new Map(urls.map(({ url, expanded_url }) => [url, expanded_url]));
  const toMedia = new Set(urls.flatMap((link) => (pointsToMedia(link) ? [link.url] : [])));
  return [unescapeHtml(shown), shown].some((text) => {
    const own = username ? `@${username} ` : null;
    const texts =
      own && text.toLowerCase().startsWith(own.toLowerCase()) ? [text, text.slice(own.length)] : [text];
    const bare = media
      ? texts.map((candidate) => withoutLast(candidate, (link) => toMedia.has(link) || isUnexplained(link)))
      : [];
    return [...texts, ...bare].some((candidate) => equal(sent, candidate, targets));
  });

  function isUnexplained(link: string): boolean {
    return SHORT.test(link) && !targets.get(link);
  }
}

const pointsToMedia = ({
  expanded_url,
  media_key,
}: {
  expanded_url?: string | undefined;
  media_key?: string | undefined;
}) => media_key !== undefined || /\/status\/\d+\/(?:photo|video)\/\d+$/.test(expanded_url ?? "");

/** The text without its last word, where that is a link of this kind. */
function withoutLast(text: string, matches: (link: string) => boolean): string {
  const last = linksIn(text).at(-1);
  if (!last || text.slice(last.end).trim() !== "" || !matches(text.slice(last.start, last.end))) return text;
  return text.slice(0, last.start);
}

function equal(sent: string, shown: string, targets: Map<string, string | undefined>): boolean {
  const expanded = withLinks(shown, (link) => canonical(targets.get(link) ?? link));
  if (withLinks(sent, canonical) === expanded) return true;
  // A short link X does not explain can stand for any link of ours.
  const unexplained = linksOf(shown).filter((link) => SHORT.test(link) && !targets.get(link));
  return unexplained.length > 0 && withLinks(sent, () => "🔗") === withLinks(shown, () => "🔗");
}

const SHORT = /^https?:\/\/t\.co\//i;

const linksOf = (text: string) => linksIn(text).map(({ start, end }) => text.slice(start, end));

/** The text in NFC with single spaces, each link as `show` has it. */
function withLinks(raw: string, show: (link: string) => string): string {
  const text = raw.normalize("NFC");
  let out = "";
  let from = 0;
  for (const { start, end } of linksIn(text)) {
    out += text.slice(from, start) + show(text.slice(start, end));
    from = end;
  }
  return (out + text.slice(from)).replace(/\s+/g, " ").trim();
}

/** The same for http, https and no scheme at all, with or without a final slash, and however its letters are encoded. */
function canonical(link: string): string {
  const address = `https://${link.replace(/^https?:\/\//i, "")}`;
  if (!URL.canParse(address)) return link;
  const { host, pathname, search, hash } = new URL(address);
  return host + (pathname === "/" ? "" : pathname) + search + hash;
}

const unescapeHtml = (text: string) =>
  text.replace(/&(lt|gt|quot|#39|amp);/g, (_whole, name: string) => ENTITIES[name] ?? "");

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
