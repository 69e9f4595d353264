import "server-only";
import type { Answering, WhyDto } from "../schema";
import { recites, ungrounded } from "./grounds";
import { searchPassages, somePassages } from "./knowledge-data";
import { ask, modelName } from "./model";
import { shortened, unmarked, visible } from "./plain";
import { type Entry, promptFor, type Turn } from "./prompt";
import { type Answer, bestFor, type Found, type Passage, rank } from "./ranking";
import { isAbout, isSmallTalk, says } from "./words";

/** What to say to a customer, if anything: from the knowledge alone, or written by a model and held to the knowledge. Sends nothing. */

export type Question = {
  userId: string;
  /** Whose entries count besides those for all; null: only those. */
  connectionId: string | null;
  /** All that the customer wrote since anyone answered. */
  burst: string;
  turns: Turn[];
  answering: Answering;
  /** Whether a model may be asked and paid. */
  paid: boolean;
  /** Called when a model begins to write. */
  writing?: () => void;
};

export type Verdict = Pick<WhyDto, "reason" | "confidence" | "sources" | "model"> &
  (
    | { say: "reply"; text: string }
    /** asked: they want a person, whatever we know. */
    | { say: "person"; asked: boolean }
    | { say: "nothing" }
  );

/** Most of a prompt's entries, in characters. */
const PROMPT_ROOM = 8_000;
const PROMPT_ENTRIES = 20;
/** A reply is one message, with room for the disclosure before it. */
const REPLY = { characters: 600, bytes: 900 };
/** Without a source it is an opinion. */
const UNSOURCED = 0.2;

/** A person reads a draft before it goes out: it may be less sure. */
const DRAFT_THRESHOLD = 0.3;
export const forDrafts = (answering: Answering): Answering => ({
  ...answering,
  threshold: Math.min(answering.threshold, DRAFT_THRESHOLD),
});

export async function decide(question: Question): Promise<Verdict> {
  const { burst, answering, userId, connectionId } = question;
  const stop = answering.stopWords.find((word) => says(burst, word));
  if (stop)
    return { ...blank, say: "person", asked: true, reason: `They wrote “${stop}”: they want a person.` };
  const denied = answering.denyTopics.find((topic) => isAbout(burst, topic));
  if (denied) return asksFor(`“${denied}” is a topic for a person.`);

  const { passages, total } = await searchPassages(userId, connectionId, burst);
  const best = bestFor(burst, passages, total);
  if (!question.paid || modelName() === null) return fromEntries(best, question);
  const written = await byModel(best, rank(burst, passages, total), question);
  if (written.say === "reply" || written.final) return written;
  const known = fromEntries(best, question);
  return known.say === "reply" ? { ...known, reason: `${known.reason} ${written.reason}` } : written;
}

/** The best entries in their own words, when they are sure enough. */
function fromEntries({ confidence, found }: Answer, { answering, burst }: Question): Verdict {
  const told = { confidence, sources: found.map(sourceOf), model: null };
  if (found.length === 0 || confidence === 0) {
    return isSmallTalk(burst)
      ? { ...blank, say: "nothing", reason: "Nothing was asked: it waits for the question." }
      : { ...asksFor("Nothing in the knowledge is about this."), confidence: 0 };
  }
  const gate = topicGate(found, burst, answering);
  if (gate) return { ...asksFor(gate), ...told };
  if (confidence < answering.threshold) return { ...asksFor(notSure(confidence, answering)), ...told };
  return {
    ...told,
    say: "reply",
    text: found.map(({ text }) => text).join("\n\n"),
    reason: `${titles(told.sources)} ${found.length > 1 ? "answer" : "answers"} this.`,
  };
}

/** `final`: nothing else may be said instead. Otherwise an entry in its own words may still do. */
async function byModel(
  best: Answer,
  ranked: Found[],
  question: Question,
): Promise<Verdict & { final: boolean }> {
  const { burst, turns, answering } = question;
  const entries = await entriesFor(best, ranked, question);
  // Nothing to answer from: asking would only invite an invention.
  if (entries.length === 0 && !isSmallTalk(burst))
    return { ...asksFor("The knowledge is empty."), final: true };
  const prompt = promptFor(burst, turns, entries, answering);
  question.writing?.();
  const written = await ask(prompt);
  if (!written) return { ...asksFor("The model gave no answer."), final: false };

  const used = entries.filter(({ name }) => written.sources.includes(name));
  const sources = used.map((entry) => ({
    ...sourceOf(entry),
    score:
      ranked.find(({ text, heading }) => text === entry.text && heading === entry.heading)?.confidence ?? 0,
  }));
  const sure = Math.min(1, Math.max(0, written.confidence));
  const confidence = used.length > 0 || isSmallTalk(burst) ? sure : Math.min(sure, UNSOURCED);
  const told = { confidence, sources: unique(sources), model: written.model };
  if (written.handOver)
    return { ...asksFor("The model found no answer in the knowledge."), ...told, final: true };

  // Judged as it came and as it would be read: taking markup off must not put a link together.
  const raw = visible(written.reply);
  const text = shortened(unmarked(raw), REPLY);
  const grounds = entries.map(({ heading, text }) => `${heading}\n${text}`).join("\n");
  const foreign = [...ungrounded(raw, grounds), ...ungrounded(text, grounds)][0];
  const fault = foreign
    ? `The model's reply named a ${foreign.kind} that the knowledge does not hold, so it was not used.`
    : recites(text, prompt.system)
      ? "The model's reply recited its instructions, so it was not used."
      : text === ""
        ? "The model wrote nothing."
        : null;
  if (fault) return { ...asksFor(fault), ...told, final: false };
  const gate = topicGate(used, burst, answering);
  if (gate) return { ...asksFor(gate), ...told, final: true };
  if (confidence < answering.threshold)
    return { ...asksFor(notSure(confidence, answering)), ...told, final: true };
  const from = sources.length > 0 ? ` from ${titles(told.sources)}` : "";
  return { ...told, say: "reply", text, reason: `The model wrote this${from}.`, final: true };
}

/** What fits best, then as much of the rest as there is room for: words alone do not find what is said in another language. */
async function entriesFor(
  best: Answer,
  ranked: Found[],
  { userId, connectionId }: Question,
): Promise<Entry[]> {
  const rest = await somePassages(userId, connectionId, PROMPT_ENTRIES);
  const all = new Map<string, Passage>();
  for (const one of [...best.found, ...ranked.slice(0, 8), ...rest]) {
    const key = `${one.knowledgeId}\n${one.heading}\n${one.text}`;
    if (!all.has(key)) all.set(key, one);
  }
  const entries: Entry[] = [];
  let room = PROMPT_ROOM;
  for (const passage of all.values()) {
    room -= passage.heading.length + passage.text.length;
    if (room < 0 || entries.length === PROMPT_ENTRIES) break;
    entries.push({ ...passage, name: `e${entries.length + 1}` });
  }
  return entries;
}

/** Why the topics do not allow it; null when they do. An entry's title tells what it is about. */
function topicGate(used: Passage[], burst: string, { allowTopics, denyTopics }: Answering): string | null {
  const about = (topic: string) => used.some(({ title, heading }) => isAbout(`${title}\n${heading}`, topic));
  const denied = denyTopics.find(about);
  if (denied) return `“${denied}” is a topic for a person.`;
  if (allowTopics.length === 0 || allowTopics.some((topic) => isAbout(burst, topic) || about(topic)))
    return null;
  return "It is about none of the topics that may be answered.";
}

const blank = { confidence: null, sources: [], model: null };
const asksFor = (reason: string) => ({ ...blank, say: "person" as const, asked: false, reason });

const sourceOf = (found: Passage & { confidence?: number }) => ({
  id: found.knowledgeId,
  title: found.heading,
  score: found.confidence ?? 0,
});

const unique = (sources: WhyDto["sources"]): WhyDto["sources"] => [
  ...new Map(sources.map((source) => [`${source.id}\n${source.title}`, source])).values(),
];

const titles = (sources: WhyDto["sources"]): string => sources.map(({ title }) => `“${title}”`).join(" and ");
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const notSure = (confidence: number, { threshold }: Answering): string =>
  `Not sure enough: ${percent(confidence)}, and ${percent(threshold)} is asked for.`;
