/** Cuts pasted text into pieces that each say one thing: by its headings and paragraphs, never inside a sentence if it can be helped. */
export type Piece = { heading: string; text: string };

const LONGEST = 700;

export function cut(title: string, text: string): Piece[] {
  const pieces: Piece[] = [];
  let heading = "";
  let bare = false;
  let gathered = "";
  const flush = () => {
    if (gathered) pieces.push({ heading: heading ? `${title} – ${heading}` : title, text: gathered });
    // A heading with nothing below it was a sentence after all.
    else if (bare) pieces.push({ heading: title, text: heading });
    gathered = "";
    bare = false;
  };
  for (const block of text.replaceAll("\r", "").split(/\n[ \t]*\n|\n(?=#{1,6} )/)) {
    const { head, body } = headed(block.trim());
    if (head) {
      flush();
      heading = head;
      bare = true;
    }
    for (const part of short(body)) {
      if (gathered && gathered.length + part.length > LONGEST) flush();
      gathered = gathered ? `${gathered}\n\n${part}` : part;
    }
  }
  flush();
  return pieces;
}

/** "# A heading", or a short line of its own without a full stop, followed by more. */
function headed(block: string): { head: string; body: string } {
  const [first = "", ...rest] = block.split("\n");
  const marked = /^#{1,6}\s+(.+)$/.exec(first)?.[1];
  if (marked) return { head: marked.trim(), body: rest.join("\n").trim() };
  if (
    first.length <= 60 &&
    rest.length === 0 &&
    block !== "" &&
    !/[.!?…:,;]$/.test(first) &&
    /^\p{Lu}/u.test(first)
  )
    return { head: first, body: "" };
  if (/^.{1,60}:$/.test(first) && rest.length > 0)
    return { head: first.slice(0, -1), body: rest.join("\n").trim() };
  return { head: "", body: block };
}

function short(body: string): string[] {
  if (body.length <= LONGEST) return body ? [body] : [];
  const parts: string[] = [];
  let gathered = "";
  for (const sentence of body.match(/[^.!?\n。！？]+[.!?。！？]*\s*|\n+/gu) ?? [body]) {
    if (gathered.length + sentence.length > LONGEST && gathered) {
      parts.push(gathered.trim());
      gathered = "";
    }
    gathered += sentence;
    while (gathered.length > LONGEST) {
      const at = gathered.lastIndexOf(" ", LONGEST);
      const end = at > LONGEST / 2 ? at : LONGEST;
      parts.push(gathered.slice(0, end).trim());
      gathered = gathered.slice(end);
    }
  }
  if (gathered.trim()) parts.push(gathered.trim());
  return parts.filter(Boolean);
}
