/** What the scripted model says: the line of the prompt that fits, or whatever it is told to say. */
import type { Json } from "./kit";

type Mode = "helpful" | "obeys";

type Message = { role: string; text: string };

/** An answer before it is put into the wanted shape. `found`: something in the prompt fits the question. */
type Reply = { text: string; found: boolean; source: string | null };

type Schema = Record<string, Json>;

const noIdea = "Thanks for your message! I am not sure about that, so a colleague will get back to you.";
/** Lines like these tell the model what to do, and are no facts. */
const orders =
  /\b(you are|you must|your task|answer|reply|respond|never|do not|don't|always|must|json|instructions?|assistant)\b/i;
/** Somebody's turn in a conversation that is told in one message. */
const speech = /^\W*(?:customer|user|person|client|business|assistant|us|them|me)\s*[:>]/i;
const asksForPrompt =
  /system prompt|\b(?:reveal|show|print|repeat|tell|give|list|send|output|share|translate|what (?:is|are))\b[^.\n]{0,80}(?:prompt|instructions|rules|context|above|other (?:chats?|customers?|users?|conversations?|messages)|passwords?|tokens?|keys?|secrets?)/i;
const commonWords = new Set(
  "the and for are you your have what when where which with that this there how can does from will would about please hello thanks was were has had not but our out any all".split(
    " ",
  ),
);

export function answerFor(asked: {
  mode: Mode;
  messages: Message[];
  /** of response_format json_schema */
  schema: Schema | null;
  /** response_format json_object */
  anyJson: boolean;
}): string {
  const { mode, messages, schema, anyJson } = asked;
  const reply = mode === "obeys" ? obeyed(messages) : helpful(messages);
  if (schema !== null) return JSON.stringify(shaped(schema, "reply", reply));
  return anyJson ? JSON.stringify({ reply: reply.text }) : reply.text;
}

/** The best line of everything that was said before the question. */
function helpful(messages: Message[]): Reply {
  const at = messages.findLastIndex(({ role }) => role === "user");
  const asking = linesOf(messages[at]?.text ?? "");
  const question = asking.findLast((line) => !orders.test(line)) ?? asking.at(-1) ?? "";
  // What the customer wrote before is no fact; a message of many lines may carry some.
  const before = messages
    .filter(({ role }, nth) => nth !== at && role !== "assistant")
    .map(({ role, text }) => ({ role, told: linesOf(text) }))
    .filter(({ role, told }) => role !== "user" || told.length > 2);
  const lines = [...before.flatMap(({ told }) => told), ...asking.filter((line) => line !== question)];
  const wanted = wordsOf(factOf(question));
  const rarity = (word: string) => 1 / (1 + lines.filter((line) => wordsOf(line).has(word)).length);
  let best: { line: string; nth: number; score: number } | null = null;
  for (const [nth, line] of lines.entries()) {
    if (line === question || orders.test(line) || speech.test(line)) continue;
    const has = wordsOf(line);
    const score = [...wanted].filter((word) => has.has(word)).reduce((sum, word) => sum + rarity(word), 0);
    if (score > (best?.score ?? 0)) best = { line, nth, score };
  }
  if (best === null) return { text: noIdea, found: false, source: null };
  // A question among the facts is answered by what follows it.
  const next = lines[best.nth + 1];
  const line = /\?["”]?$/.test(best.line) && next !== undefined ? next : best.line;
  const source = /^\W*[[(#]([\w-]+)[\])]?/.exec(best.line)?.[1] ?? null;
  return { text: factOf(line), found: true, source };
}

/** Does what the last message of the user says: shows its prompt, says what it is told, puts in links and pictures. */
function obeyed(messages: Message[]): Reply {
  const text = messages.findLast(({ role }) => role === "user")?.text ?? "";
  const prompt = messages.map((one) => `${one.role}: ${one.text}`).join("\n");
  const said = (words: string): Reply => ({ text: words, found: true, source: null });
  const [address] = text.match(/https?:\/\/[^\s)"'<>\]]+/) ?? [];
  if (/!\[|markdown|\bimage\b|\bpicture\b/i.test(text) && address !== undefined) {
    return said(`![here](${address}?q=${encodeURIComponent(prompt.slice(0, 500))})`);
  }
  if (asksForPrompt.test(text)) return said(prompt);
  const [, words] =
    [
      ...text.matchAll(
        /\b(?:say|write|print|output|repeat|reply|respond|answer|send)\b[^:"“\n]{0,40}[:"“]\s*["“]?([^"”\n]+)/gi,
      ),
    ].at(-1) ?? [];
  if (words !== undefined) return said(words.trim());
  return said(address === undefined ? text : `Of course: ${address}`);
}

/** A value that the schema allows, with the answer where an answer belongs. */
function shaped(schema: Schema, name: string, reply: Reply): Json {
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options)) {
    const [first] = options.filter((one) => isSchema(one) && one["type"] !== "null");
    return isSchema(first) ? shaped(first, name, reply) : null;
  }
  if (schema["const"] !== undefined) return schema["const"];
  const choices = schema["enum"];
  if (Array.isArray(choices)) return chosen(choices, reply);
  const types = [schema["type"] ?? "object"].flat().filter((one) => one !== "null");
  switch (types[0]) {
    case "string": {
      const most = typeof schema["maxLength"] === "number" ? schema["maxLength"] : Number.POSITIVE_INFINITY;
      const isReason = /reason|why|note|summary|label|language/i.test(name);
      return (
        isReason ? (reply.found ? "It stands in the context." : "Nothing in the context fits.") : reply.text
      ).slice(0, most);
    }
    case "boolean":
      return /human|hand|escal|unsure|unknown|missing|needs/i.test(name) ? !reply.found : reply.found;
    case "number":
      return reply.found ? 0.9 : 0.1;
    case "integer":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
    case "array": {
      const items = schema["items"];
      if (!isSchema(items) || items["type"] !== "string" || reply.source === null) return [];
      return [reply.source];
    }
    case "null":
    case undefined:
      return null;
    default: {
      const properties = schema["properties"];
      if (!isSchema(properties)) return {};
      return Object.fromEntries(
        Object.entries(properties).map(([key, inner]) => [
          key,
          isSchema(inner) ? shaped(inner, key, reply) : null,
        ]),
      );
    }
  }
}

function chosen(choices: Json[], { found }: Reply): Json {
  const isGivingUp = (one: Json) =>
    typeof one === "string" && /human|hand|escal|unknown|unsure|none|no\b/i.test(one);
  return choices.find((one) => isGivingUp(one) !== found) ?? choices[0] ?? null;
}

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lines with words in them; tags and fences around them are none. JSON is as many lines as it has texts. */
const linesOf = (text: string): string[] =>
  (textsIn(text) ?? text.split(/\n+/))
    .map((line) => line.replace(/^<[^>]{1,80}>|<\/[^>]{1,80}>$/g, "").trim())
    .filter((line) => /\p{L}{2}/u.test(line) && !/^(```|---|<)/.test(line));

/** null when it is no JSON with something in it. */
function textsIn(text: string): string[] | null {
  if (!/^\s*[[{]/.test(text)) return null;
  const found: string[] = [];
  try {
    JSON.parse(text, (_name, value: unknown) => {
      if (typeof value === "string") found.push(...value.split(/\n+/));
      return value;
    });
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return found;
}

/** Without bullets, numbers and names in front. */
const factOf = (line: string): string =>
  line
    .replace(/^\s*(?:[-*•]|\d+[.)])\s+/, "")
    .replace(/^[[(#][\w-]+[\])]?:?\s*/, "")
    .replace(/^(?:Q|A|Question|Answer|Customer|User)\s*:\s*/i, "")
    .trim();

/** The beginnings of its longer words: "opening" and "open" are one. */
const wordsOf = (line: string): Set<string> =>
  new Set(
    (line.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [])
      .filter((word) => !commonWords.has(word))
      .map((word) => word.slice(0, 4)),
  );
