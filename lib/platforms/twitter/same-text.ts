import { linksIn } from "../links";
import type { TimelinePost } from "./publish";

/**
 * Whether a post in X's list is the text we sent. X escapes three characters as HTML, replaces every link by a t.co one,
 * and may trim and add mentions in front of a reply.
 */
export function sameText(sent: string, post: TimelinePost, username: string | null): boolean {
  const shown = post.note_tweet?.text ?? post.text;
  const entities = (post.note_tweet ? post.note_tweet.entities : post.entities) ?? post.entities;
  const targets = new Map((entities?.urls ?? []).map(({ url, expanded_url }) => [url, expanded_url]));
  return [unescapeHtml(shown), shown].some((text) => {
    const own = username ? `@${username} ` : null;
    const texts =
      own && text.toLowerCase().startsWith(own.toLowerCase()) ? [text, text.slice(own.length)] : [text];
    return texts.some((candidate) => equal(sent, candidate, targets));
  });
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
