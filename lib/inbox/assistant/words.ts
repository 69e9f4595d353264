import { conceptsOf, isEmpty, isPolite, questionOf, takePhrases } from "./vocabulary";

/**
 * Text as the search sees it. A word becomes its stem and, where we know it, what it is about ("c0ship"), so that
 * "Do you deliver?" finds "How much is shipping?". The same is done to the knowledge and to the question.
 */
export type Term = { stem: string; weight: number };

/** Concepts are told from words by a name no word has. */
const named = (concept: string): string => `c0${concept}`;
export const isSubject = ({ stem }: Term): boolean => stem.startsWith("c0");

const QUESTION_WEIGHT = 0.5;

/** Lower case without accents, whatever the script. */
export const fold = (text: string): string =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\u064b-\u065f\u05b0-\u05c7]/g, "")
    .normalize("NFC")
    .replaceAll("ß", "ss")
    .replaceAll("æ", "ae")
    .replaceAll("œ", "oe")
    .replaceAll("ø", "o")
    .replaceAll("ł", "l")
    .replaceAll("đ", "d")
    .replaceAll("ı", "i");

/** Folded words in order. Scripts without spaces come in overlapping pairs. */
export function wordsOf(text: string): string[] {
  const runs = fold(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return runs.flatMap((run) => (SPACELESS.test(run) ? pairs(run) : [run]));
}

const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length < 3) return [run];
  return characters.slice(1).map((character, at) => `${characters[at] ?? ""}${character}`);
}

/** What the text is about: each stem once, with the weight it has in a question. */
export function termsOf(text: string): Term[] {
  const { rest, found } = takePhrases(fold(text));
  const weights = new Map<string, number>();
  const add = (stem: string, weight: number) => weights.set(stem, Math.max(weight, weights.get(stem) ?? 0));
  for (const concept of found) add(named(concept), 1);
  for (const word of wordsOf(rest)) {
    const asks = questionOf(word);
    if (asks) add(named(asks), QUESTION_WEIGHT);
    else if (!isEmpty(word)) {
      const about = conceptsOf(word);
      for (const concept of about) add(named(concept), 1);
      if (about.length === 0) add(stem(word), 1);
    }
  }
  return [...weights].map(([stem, weight]) => ({ stem, weight }));
}

/** For the index: stems and concepts of everything that is not empty, and the polite words as they are. */
export const indexed = (text: string): string[] => [
  ...new Set([...termsOf(text).map(({ stem }) => stem), ...wordsOf(text).filter(isPolite)]),
];

/** Endings that come and go with grammar, longest first. Never leaves less than four letters, or three before a plain s. */
const ENDINGS = [
  "ungen",
  "ings",
  "ung",
  "ing",
  "ies",
  "ed",
  "es",
  "en",
  "er",
  "os",
  "as",
  "e",
  "a",
  "o",
  "i",
  "y",
];

export function stem(word: string): string {
  if (/\p{N}/u.test(word)) return word;
  const ending = ENDINGS.find((one) => word.endsWith(one) && word.length - one.length >= 4);
  if (ending) {
    const rest = word.slice(0, -ending.length);
    return /(ing|ings|ed)$/.test(ending) ? rest.replace(/([bdfglmnprt])\1$/, "$1") : rest;
  }
  return word.length >= 4 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

/** How well two stems agree: the same, or one begins with the other as compounds and inflected words do. */
export function agreement(a: string, b: string): number {
  if (a === b) return 1;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.startsWith("c0") || short.length < 4 || !long.startsWith(short)) return 0;
  return short.length >= 5 || short.length / long.length >= 0.6 ? 0.8 : 0;
}

/** Greetings and thanks: nothing to find out. */
export const isSmallTalk = (text: string): boolean => {
  const words = wordsOf(text);
  return words.length <= 8 && words.every(isPolite);
};

/** Whether the words of `phrase` stand in the text, one after the other, as words of their own. */
export function says(text: string, phrase: string): boolean {
  const wanted = wordsOf(phrase).join(" ");
  return wanted !== "" && ` ${wordsOf(text).join(" ")} `.includes(` ${wanted} `);
}

/** Whether the text is about the topic: all that the topic is about is in it. */
export function isAbout(text: string, topic: string): boolean {
  const here = termsOf(text);
  const wanted = termsOf(topic);
  if (wanted.length === 0) return says(text, topic);
  return wanted.every(({ stem }) => here.some((term) => agreement(stem, term.stem) > 0));
}

/** The sentences of a burst; a line is one too. */
export const sentencesOf = (text: string): string[] =>
  (text.match(/[^.!?\n。！？؟]+[.!?。！？؟]*/gu) ?? []).map((sentence) => sentence.trim()).filter(Boolean);
