import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { SuggestionDto, TryAnswer } from "@/lib/inbox/schema";
import { type Owner, openRoom, type Room } from "../support/answering";
import { type ScriptedModel, startModel } from "../support/model";

/** A model writes the replies, asked over real HTTP: what it is told, what it costs, and what happens when it fails or is overtaken. */

let room: Room;
let model: ScriptedModel;
let ada: Owner;
let answer: (conversationId: string) => Promise<void>;
let resume: () => Promise<void>;

const question = "What are your opening hours?";
const hours = "From 10 to 18.";
const written = "We are open from 10 to 18. See you soon!";

beforeAll(async () => {
  model = await startModel();
  room = await openRoom({ AI_BASE_URL: model.baseUrl, AI_API_KEY: "CNRY_ai_key", AI_MODEL: "scripted-1" });
  ({ answerConversation: answer, resumeAnswers: resume } = await import("@/lib/inbox/assistant/answer"));
  ada = await room.owner();
});
afterAll(async () => {
  await room.close();
  await model.stop();
});

beforeEach(async () => {
  for (const table of ["conversations", "knowledge", "notifications", "inbox_accounts"])
    await room.sql.query(`delete from ${table}`);
  await credits(10);
  await ada.knows("When are you open?", hours);
  await ada.answers({ mode: "auto", answering: { disclosure: "" } });
  model.asked.length = 0;
  model.script = () => ({ reply: written });
});

const credits = (left: number) =>
  room.sql.query("update users set credits = $1 where id = $2", [left, ada.userId]);

async function asked(text: string): Promise<string> {
  const conversation = await ada.customer();
  await room.says(conversation, text);
  await answer(conversation);
  return conversation;
}

test("it is told the entries and the conversation as data, has no tools, and one reply costs one credit", async () => {
  await ada.answers({ answering: { tone: "Warm, and never hurried." } });
  const conversation = await ada.customer();
  await room.says(conversation, "Do you have bells?", { agoMs: 90_000 });
  await room.writes(conversation, "person", "We have many.", 80_000);
  await room.says(conversation, "Nice!", { agoMs: 62_000 });
  await room.says(conversation, question);
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([written]);
  const [seen, ...more] = model.asked;
  expect(more).toEqual([]);
  expect(seen?.headers.authorization).toBe("Bearer CNRY_ai_key");
  expect(seen?.body).toMatchObject({ model: "scripted-1", response_format: { type: "json_schema" } });
  expect(Object.keys(seen?.body ?? {})).not.toContain("tools");
  expect(seen?.body.messages.map(({ role }) => role)).toEqual(["system", "user"]);
  const [system, user] = seen?.body.messages.map(({ content }) => content) ?? [];
  expect(system).toContain("Warm, and never hurried.");
  expect(system).not.toContain("bells");
  expect(user?.split("\n")).toEqual([
    "Entries:",
    '[e1] "When are you open?"',
    '"From 10 to 18."',
    "Said before:",
    'customer, earlier (context, do not answer): "Do you have bells?"',
    'business, earlier (its answer): "We have many."',
    "Written now:",
    'customer: "Nice! What are your opening hours?"',
  ]);
  expect(await room.decisions(conversation)).toMatchObject([
    {
      outcome: "answered",
      reason: "The model wrote this from “When are you open?”.",
      confidence: 1,
      model: "scripted-1",
      credits: 1,
      sources: [{ title: "When are you open?" }],
    },
  ]);
  expect(await room.credits(ada.userId)).toBe(9);
});

test("markup is taken off, and a long reply is one message", async () => {
  model.script = () => ({ reply: "**Hello!** We are `open`:\n\n# Hours\n* from 10 to 18\n\n<b>Bye</b>" });
  expect(await room.sent(await asked(question))).toEqual([
    "Hello! We are open:\n\nHours\n- from 10 to 18\n\nBye",
  ]);
  model.script = () => ({ reply: "We are open today. ".repeat(300) });
  const [long] = await room.sent(await asked(question));
  expect(long?.length).toBeLessThanOrEqual(600);
  expect(long).toMatch(/We are open today\.$/);
  model.script = () => ({ reply: "🔔".repeat(2_000) });
  const [wide] = await room.sent(await asked(question));
  expect(Buffer.byteLength(wide ?? "")).toBeLessThanOrEqual(900);
  expect(wide).toMatch(/^(?:🔔)+…$/u);
});

test.each([
  ["an error of the server", { status: 500 }],
  ["too many requests", { status: 429 }],
  ["a line that breaks", "break" as const],
  ["words that are no object", { raw: "Sure! Here is your reply." }],
  ["an object of another shape", { raw: '{"text":"hello"}' }],
])("%s: it is asked once more", async (_, trouble) => {
  let times = 0;
  model.script = () => {
    times += 1;
    return times === 1 ? trouble : { reply: written };
  };
  expect(await room.sent(await asked(question))).toEqual([written]);
  expect(model.asked).toHaveLength(2);
  expect(await room.credits(ada.userId)).toBe(9);
});

test("a model that fails twice leaves it to the entry's own words, at no cost", async () => {
  model.script = () => ({ status: 500 });
  const conversation = await asked(question);
  expect(model.asked).toHaveLength(2);
  expect(await room.sent(conversation)).toEqual([hours]);
  expect(await room.decisions(conversation)).toMatchObject([
    {
      outcome: "answered",
      reason: "“When are you open?” answers this. The model gave no answer.",
      model: null,
      credits: 0,
    },
  ]);
  expect(await room.credits(ada.userId)).toBe(10);
});

test("without an entry that fits, a model that fails means a person", async () => {
  model.script = () => ({ status: 503 });
  const conversation = await asked("Is the blue vase still available?");
  expect(await room.sent(conversation)).toEqual([]);
  expect(await room.decisions(conversation)).toMatchObject([
    { outcome: "handed_over", reason: "The model gave no answer.", credits: 0 },
  ]);
});

test("a refused key is not tried again; a server without schemas is asked for plain JSON", async () => {
  model.script = () => ({ status: 401 });
  expect(await room.sent(await asked(question))).toEqual([hours]);
  expect(model.asked).toHaveLength(1);
  model.asked.length = 0;
  model.script = ({ body }) =>
    body.response_format?.type === "json_schema" ? { status: 400 } : { reply: written };
  expect(await room.sent(await asked(question))).toEqual([written]);
  expect(model.asked.map(({ body }) => body.response_format?.type)).toEqual(["json_schema", "json_object"]);
});

test.runIf(process.env["ASSISTANT_SLOW"])("a model that never answers is given up", async () => {
  model.script = () => "hang";
  expect(await room.sent(await asked(question))).toEqual([hours]);
  expect(model.asked).toHaveLength(2);
});

test.each([
  [
    "says that a person should answer",
    { reply: "", handOver: true },
    "The model found no answer in the knowledge.",
  ],
  ["is not sure", { reply: written, confidence: 0.3 }, "Not sure enough: 30 %, and 50 % is asked for."],
  ["names no source", { reply: written, sources: [] }, "Not sure enough: 20 %, and 50 % is asked for."],
  ["makes a source up", { reply: written, sources: ["e9"] }, "Not sure enough: 20 %, and 50 % is asked for."],
])("a model that %s sends nothing and costs nothing", async (_, play, reason) => {
  model.script = () => play;
  const conversation = await asked(question);
  expect(await room.sent(conversation)).toEqual([]);
  expect(await room.decisions(conversation)).toMatchObject([{ outcome: "handed_over", reason }]);
  expect(await room.credits(ada.userId)).toBe(10);
});

test("a greeting is greeted; without any knowledge no model is asked", async () => {
  model.script = () => ({ reply: "Hello! What would you like to know?", sources: [] });
  expect(await room.sent(await asked("Hi!"))).toEqual(["Hello! What would you like to know?"]);
  await room.sql.query("delete from knowledge");
  model.asked.length = 0;
  expect(await room.decisions(await asked(question))).toMatchObject([
    { outcome: "handed_over", reason: "The knowledge is empty." },
  ]);
  expect(model.asked).toEqual([]);
});

test("what is denied never reaches the model, nor does a customer who wants a person", async () => {
  await ada.answers({ answering: { denyTopics: ["opening hours"] } });
  for (const text of [question, "a human please"]) await asked(text);
  expect(model.asked).toEqual([]);
  // It may find out by itself: the entry it went by is about a denied topic.
  model.script = () => ({ reply: written, sources: ["e1"] });
  expect(await room.decisions(await asked("Can I come by on my way home at seven?"))).toMatchObject([
    { outcome: "handed_over", reason: "“opening hours” is a topic for a person." },
  ]);
});

test.each([
  ["a person answers here", (id: string) => room.writes(id, "person", "We are open now.")],
  ["a person answers from the phone", (id: string) => room.writes(id, "phone", "We are open now.")],
  ["it is switched off", () => ada.answers({ mode: "off" })],
  [
    "a person takes over",
    (id: string) =>
      room.sql.query("update conversations set paused_until = now() + interval '1 hour' where id = $1", [id]),
  ],
  [
    "another app takes the conversation",
    (id: string) => room.sql.query("update conversations set standby = true where id = $1", [id]),
  ],
])("when %s while it thinks, what it thought is dropped and costs nothing", async (_, meanwhile) => {
  const conversation = await ada.customer();
  model.script = async () => {
    await meanwhile(conversation);
    return { reply: written };
  };
  await room.says(conversation, question);
  await answer(conversation);
  expect(model.asked).toHaveLength(1);
  expect(await room.sent(conversation)).toEqual([]);
  expect(await room.decisions(conversation)).toMatchObject([{ outcome: "dropped", credits: 0 }]);
  expect(await room.credits(ada.userId)).toBe(10);
  expect(await room.value("select count(*)::int from notifications where user_id = $1", [ada.userId])).toBe(
    0,
  );
});

test("when they write on while it thinks, the next one answers all of it", async () => {
  const conversation = await ada.customer();
  model.script = async () => {
    await room.says(conversation, "And do you repair bells?", { agoMs: 30_000 });
    return { reply: "Only half of an answer." };
  };
  await room.says(conversation, question);
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([]);
  model.script = ({ message }) => ({ reply: `Answers: ${message}` });
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([`Answers: ${question} And do you repair bells?`]);
  expect((await room.decisions(conversation)).map(({ outcome }) => outcome)).toEqual(["dropped", "answered"]);
  expect(await room.credits(ada.userId)).toBe(9);
});

test("two workers at once: one thinks, one decision, one reply", async () => {
  const conversation = await ada.customer();
  await room.says(conversation, question);
  await Promise.all([answer(conversation), answer(conversation), answer(conversation)]);
  expect(model.asked).toHaveLength(1);
  expect(await room.sent(conversation)).toEqual([written]);
  expect(await room.credits(ada.userId)).toBe(9);
});

test("one that died while thinking is followed by another, and no two think at once", async () => {
  const { claimAnswer } = await import("@/lib/inbox/assistant/data");
  const { db } = await import("@/lib/db");
  const conversation = await ada.customer();
  const messageId = await room.says(conversation, question);
  const about = {
    userId: ada.userId,
    connectionId: ada.connectionId,
    conversationId: conversation,
    messageId,
  };
  const dead = await claimAnswer(db(), about);
  expect(dead).toMatchObject({ attempt: 1 });
  await answer(conversation);
  await resume();
  expect(model.asked).toEqual([]);
  await room.sql.query("update answers set lease_until = now() - interval '1 second'");
  await Promise.all([resume(), resume()]);
  expect(await room.sent(conversation)).toEqual([written]);
  expect(await room.decisions(conversation)).toMatchObject([
    { id: dead?.id, outcome: "answered", credits: 1 },
  ]);
  expect(await room.credits(ada.userId)).toBe(9);
});

test("who comes back from the dead after another has decided changes nothing", async () => {
  const conversation = await ada.customer();
  let first = true;
  model.script = async () => {
    if (!first) return { reply: "Said by the second." };
    first = false;
    // Its lease runs out while it thinks, and another takes over.
    await room.sql.query("update answers set lease_until = now() - interval '1 second'");
    await answer(conversation);
    return { reply: "Said by the first." };
  };
  await room.says(conversation, question);
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual(["Said by the second."]);
  expect(await room.decisions(conversation)).toMatchObject([
    { outcome: "answered", text: "Said by the second." },
  ]);
  expect(await room.credits(ada.userId)).toBe(9);
});

test("what fails again and again goes to a person, and what nobody decided for long is let go", async () => {
  const conversation = await ada.customer();
  await room.says(conversation, question);
  await room.sql.query("alter table notifications rename to notifications_away");
  await room.sql.query("alter table knowledge_passages rename to passages_away");
  for (let attempt = 0; attempt < 3; attempt += 1) await expect(answer(conversation)).rejects.toThrow();
  await room.sql.query("alter table notifications_away rename to notifications");
  await room.sql.query("alter table passages_away rename to knowledge_passages");
  expect(await room.decisions(conversation)).toMatchObject([{ outcome: null }]);
  await resume();
  expect(await room.decisions(conversation)).toMatchObject([
    { outcome: "handed_over", reason: "The assistant failed several times." },
  ]);
  const left = await ada.customer();
  const messageId = await room.says(left, question);
  await room.sql.query(
    `insert into answers (id, user_id, connection_id, conversation_id, message_id, asked, lease_until)
     values (gen_random_uuid(), $1, $2, $3, $4, 'arrival', now() - interval '2 hours')`,
    [ada.userId, ada.connectionId, left, messageId],
  );
  await resume();
  expect(await room.decisions(left)).toMatchObject([
    { outcome: "dropped", reason: "It was not decided in time." },
  ]);
});

test("credits: exactly as many replies by the model as were paid for, then the entries' own words", async () => {
  await credits(3);
  const conversations = await Promise.all(Array.from({ length: 8 }, () => ada.customer()));
  await Promise.all(conversations.map((one) => room.says(one, question)));
  await Promise.all(conversations.map((one) => answer(one)));
  const sent = (await Promise.all(conversations.map((one) => room.sent(one)))).flat().sort();
  expect(sent).toEqual([...Array(5).fill(hours), ...Array(3).fill(written)]);
  expect(await room.credits(ada.userId)).toBe(0);
  model.asked.length = 0;
  expect(await room.sent(await asked(question))).toEqual([hours]);
  expect(model.asked).toEqual([]);
});

test("a draft and a try by the model cost a credit too, and say so", async () => {
  await ada.answers({ mode: "suggest" });
  const conversation = await asked(question);
  expect(await room.decisions(conversation)).toMatchObject([
    { outcome: "suggested", text: written, credits: 1 },
  ]);
  const again = await ada.send<SuggestionDto>("POST", `/api/inbox/${conversation}/suggestion`);
  expect(again.body).toMatchObject({ text: written, why: { model: "scripted-1" } });
  const tried = await ada.send<TryAnswer>("POST", "/api/inbox/knowledge/try", { question });
  expect(tried.body).toMatchObject({
    text: written,
    credits: 1,
    why: { outcome: "answered", model: "scripted-1" },
  });
  expect(await room.credits(ada.userId)).toBe(7);
  await credits(0);
  const free = await ada.send<TryAnswer>("POST", "/api/inbox/knowledge/try", { question });
  expect(free.body).toMatchObject({ text: hours, credits: 0, why: { model: null } });
  expect(await room.sent(conversation)).toEqual([]);
});
