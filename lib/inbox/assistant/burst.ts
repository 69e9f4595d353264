import type { Said } from "./context-data";
import type { Turn } from "./prompt";
import { wordsOf } from "./words";

/** What a customer has written since anyone answered: one thing to answer, however many messages it came in. Pure. */
export type Burst = {
  /** The last of them, which names the burst. */
  last: Said;
  ids: string[];
  text: string;
  /** A picture, a recording, a file: something that only a person can look at. */
  media: boolean;
  /** Anything to go by: not only an emoji, a sticker, a mention in a story. */
  words: boolean;
  /** What was said before. */
  turns: Turn[];
};

const MEDIA = new Set(["image", "video", "audio", "file"]);
const LONGEST = 2_000;

/** @param said what was said last, oldest first. @returns null when all of theirs is answered */
export function burstOf(said: Said[]): Burst | null {
  const real = said.filter(({ aside }) => !aside);
  const covered = Math.max(-1, ...real.map((_, at) => coveredBy(real, at)));
  const theirs = real.filter(({ author }, at) => author === "them" && at > covered);
  const last = theirs.at(-1);
  if (!last) return null;
  const text = theirs
    .flatMap(({ text }) => text?.trim() || [])
    .join("\n")
    .slice(-LONGEST);
  return {
    last,
    ids: theirs.map(({ id }) => id),
    text,
    media: theirs.some(({ attachments }) => attachments.some((type) => MEDIA.has(type))),
    words: wordsOf(text).length > 0,
    turns: real
      .filter((one) => !theirs.includes(one))
      .flatMap(({ author, text }) =>
        text ? [{ from: author === "them" ? ("customer" as const) : ("business" as const), text }] : [],
      ),
  };
}

/** Up to where a message of ours answers: a person has seen what was there, the assistant only what it had considered. */
function coveredBy(real: Said[], at: number): number {
  const one = real[at];
  if (!one || one.author === "them") return -1;
  if (one.author !== "assistant" || one.answers === null) return at;
  return real.findIndex(({ id }) => id === one.answers);
}
