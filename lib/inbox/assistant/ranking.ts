import { agreement, isSmallTalk, isSubject, sentencesOf, type Term, termsOf, wordsOf } from "./words";

/**
 * How sure we are, from 0 to 1, that a passage answers a question. It is a share: of what they ask about, how much does
 * the passage speak of (its own question counts fully, its text at seven tenths), less up to four tenths when the passage
 * answers a question that asks for more than theirs does. 1: the question itself. 0.5: half of it is known. 0: none.
 */
export type Passage = {
  knowledgeId: string;
  kind: "answer" | "text";
  /** The entry's own title. */
  title: string;
  /** What is above this piece of it. */
  heading: string;
  text: string;
};

export type Found = Passage & { confidence: number };

const IN_TEXT = 0.7;
const ASKS_FOR_MORE = 0.4;
/** Who asks for a price is not helped by what says everything else. */
const MISSED_SUBJECT = 1.5;
/** In this many entries and more, a word such as the business's name tells little. */
const COMMON = 0.5;
const COMMON_WEIGHT = 0.3;
const FEW = 4;

type Known = { passage: Passage; wordings: Term[][]; inText: Term[] };

/**
 * Ranks passages by one question, best first.
 * @param total how many passages there are in all, for telling common words
 */
export function rank(question: string, passages: Passage[], total: number): Found[] {
  const known = passages.map(understand);
  const asked = termsOf(question).map((term) => ({
    ...term,
    weight: term.weight * rarity(term, known, total),
  }));
  return known
    .map((one) => ({
      ...one.passage,
      confidence: asked.length > 0 ? confidence(asked, one) : greets(question, one.passage) ? 1 : 0,
    }))
    .filter(({ confidence }) => confidence > 0)
    .sort((a, b) => b.confidence - a.confidence);
}

export type Answer = { confidence: number; found: Found[] };

/**
 * What answers a whole burst: each question in it must have its passage, and two make a longer answer. A burst without a
 * question mark is as good as its best sentence, or all of it together.
 */
export function bestFor(burst: string, passages: Passage[], total: number): Answer {
  const parts = sentencesOf(burst).filter(
    (sentence) => !isSmallTalk(sentence) && termsOf(sentence).length > 0,
  );
  const questions = parts.filter((part) => /[?？؟]/.test(part));
  if (questions.length > 1) {
    const best = questions.map((one) => rank(one, passages, total)[0]);
    // Two sentences may ask the same thing, or one may only lead up to the other.
    const whole = rank(burst, passages, total)[0];
    const found = [...new Map(best.flatMap((one) => (one ? [[one.text, one] as const] : []))).values()];
    const confidence = Math.min(...best.map((one) => one?.confidence ?? 0));
    if (whole && whole.confidence >= confidence) return { confidence: whole.confidence, found: [whole] };
    return found.length <= 2 ? { confidence, found } : { confidence: 0, found: [] };
  }
  const candidates = [...(questions.length > 0 ? questions : parts), burst]
    .flatMap((part) => rank(part, passages, total).slice(0, 1))
    .sort((a, b) => b.confidence - a.confidence);
  return { confidence: candidates[0]?.confidence ?? 0, found: candidates.slice(0, 1) };
}

function understand(passage: Passage): Known {
  const wordings =
    passage.kind === "answer" ? passage.heading.split(/[?？؟\n|/]/).map(termsOf) : [termsOf(passage.heading)];
  return { passage, wordings: wordings.filter((terms) => terms.length > 0), inText: termsOf(passage.text) };
}

function confidence(asked: Term[], { passage, wordings, inText }: Known): number {
  if (sum(asked) === 0) return 0;
  const scores = (wordings.length > 0 ? wordings : [[]]).map((wording) => {
    let all = 0;
    let spokenOf = 0;
    for (const term of asked) {
      const met = Math.max(best(term, wording), IN_TEXT * best(term, inText));
      all += met === 0 && isSubject(term) ? term.weight * MISSED_SUBJECT : term.weight;
      spokenOf += met * term.weight;
    }
    const asksAll =
      wording.reduce((total, term) => total + term.weight * best(term, asked), 0) / (sum(wording) || 1);
    const fits = passage.kind === "answer" ? 1 - ASKS_FOR_MORE * (1 - asksAll) : 1;
    return (spokenOf / all) * fits;
  });
  return Math.max(...scores);
}

/** An entry for a greeting: nothing but the same words finds it. */
const greets = (question: string, { heading }: Passage): boolean =>
  heading.split(/[?？\n|/]/).some((wording) => {
    const words = wordsOf(wording).join(" ");
    return words !== "" && words === wordsOf(question).join(" ");
  });

function rarity(term: Term, known: Known[], total: number): number {
  if (total < FEW) return 1;
  const having = known.filter(({ wordings }) => wordings.some((terms) => best(term, terms) > 0)).length;
  return having / total >= COMMON ? COMMON_WEIGHT : 1;
}

const best = (term: Term, among: Term[]): number =>
  among.reduce((most, { stem }) => Math.max(most, agreement(term.stem, stem)), 0);

const sum = (terms: Term[]): number => terms.reduce((total, { weight }) => total + weight, 0);
