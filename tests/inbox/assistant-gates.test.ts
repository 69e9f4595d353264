import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConversationAnswer, SuggestionDto } from "@/lib/inbox/schema";
import { type Owner, openRoom, type Room } from "../support/answering";

/** When the assistant speaks, when it asks for a person, and when it keeps still. Without a model: in the entries' own words. */

let room: Room;
let ada: Owner;
let answer: (conversationId: string) => Promise<void>;

const question = "What are your opening hours?";
const hours = "From 10 to 18.";

beforeAll(async () => {
  room = await openRoom();
  ({ answerConversation: answer } = await import("@/lib/inbox/assistant/answer"));
  ada = await room.owner();
});
afterAll(() => room.close());

beforeEach(async () => {
  for (const table of ["conversations", "knowledge", "notifications", "inbox_accounts"])
    await room.sql.query(`delete from ${table}`);
  await ada.knows("When are you open?", hours);
  await ada.answers({ mode: "auto", answering: { disclosure: "" } });
});

/** Someone new writes this, and the assistant looks at it. */
async function asked(text: string | null, more: Parameters<Room["says"]>[2] = {}): Promise<string> {
  const conversation = await ada.customer();
  await room.says(conversation, text, more);
  await answer(conversation);
  return conversation;
}

async function outcome(conversation: string) {
  const [decision, ...others] = await room.decisions(conversation);
  expect(others).toEqual([]);
  return { sent: await room.sent(conversation), outcome: decision?.outcome, reason: decision?.reason };
}

/** A conversation as its owner opens it. */
const opened = async (conversation: string) =>
  (await ada.send<ConversationAnswer>("GET", `/api/inbox/${conversation}`)).body;
const suggestionOf = async (conversation: string) => (await opened(conversation)).suggestion;

const notices = async () => {
  const { rows } = await room.sql.query(
    "select title, body, href from notifications where user_id = $1 order by created_at",
    [ada.userId],
  );
  return rows;
};

test("what it knows it answers, and says why", async () => {
  const conversation = await asked(question);
  expect(await room.sent(conversation)).toEqual([hours]);
  const [decision] = await room.decisions(conversation);
  expect(decision).toMatchObject({
    outcome: "answered",
    reason: "“When are you open?” answers this.",
    confidence: 1,
    model: null,
    credits: 0,
  });
  const [asking, said] = (await opened(conversation)).messages;
  expect(asking?.why).toBeNull();
  expect(said?.why).toMatchObject({ outcome: "answered", model: null, sources: [{ score: 1 }] });
  expect(await room.value("select used from knowledge where user_id = $1", [ada.userId])).toBe(1);
  expect(await room.credits(ada.userId)).toBe(10);
  // Looked at again, as a job does that runs twice.
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([hours]);
});

test("what it does not know goes to a person: told once, to the owner and to the customer", async () => {
  await ada.answers({ answering: { handOverText: "A person will be with you." } });
  const conversation = await asked("Is the blue vase still available?");
  expect(await outcome(conversation)).toEqual({
    sent: ["A person will be with you."],
    outcome: "handed_over",
    reason: "Nothing in the knowledge is about this.",
  });
  const { rows } = await room.sql.query(
    "select handed_over_at, handed_over_why from conversations where id = $1",
    [conversation],
  );
  expect(rows).toEqual([
    { handed_over_at: expect.any(Date), handed_over_why: "Nothing in the knowledge is about this." },
  ]);
  expect(await notices()).toEqual([
    {
      title: "A customer waits for you",
      body: "Cleo: Nothing in the knowledge is about this.",
      href: `/inbox/${conversation}`,
    },
  ]);
  // While a person is awaited it keeps still, even where it would know.
  await room.says(conversation, question, { agoMs: 30_000 });
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual(["A person will be with you."]);
  expect(await notices()).toHaveLength(1);
  const [unknown, known, told] = (await opened(conversation)).messages;
  expect(unknown?.why).toMatchObject({ outcome: "handed_over", sources: [] });
  expect(known?.why).toBeNull();
  expect(told?.why).toMatchObject({ outcome: "handed_over" });
});

test.each([
  ["off", {}],
  ["paused by a person's answer", { paused_until: "now() + interval '1 hour'" }],
  ["waiting for a person", { handed_over_at: "now()" }],
  ["another app's", { standby: "true" }],
  ["a comment", { kind: "'comment'" }],
  ["a mention", { kind: "'mention'" }],
  ["switched off for this conversation alone", { mode: "'off'" }],
])("keeps still in a conversation that is %s", async (how, change) => {
  const conversation = await ada.customer();
  if (how === "off") await ada.answers({ mode: "off" });
  for (const [column, value] of Object.entries(change))
    await room.sql.query(`update conversations set ${column} = ${value} where id = $1`, [conversation]);
  await room.says(conversation, question);
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([]);
  expect(await room.decisions(conversation)).toEqual([]);
  expect(await notices()).toEqual([]);
});

test("a conversation's own setting goes before the account's, both ways", async () => {
  await ada.answers({ mode: "off" });
  const conversation = await ada.customer();
  await room.sql.query("update conversations set mode = 'auto' where id = $1", [conversation]);
  await room.says(conversation, question);
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([hours]);
});

test("a pause that is over does not hold it", async () => {
  const conversation = await ada.customer();
  await room.sql.query("update conversations set paused_until = now() - interval '1 second' where id = $1", [
    conversation,
  ]);
  await room.says(conversation, question);
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([hours]);
});

test("it never answers itself, an echo, its own answer, a reaction, a sticker, or what was taken back", async () => {
  const remoteId = await room.value<string>("select remote_id from connections where id = $1", [
    ada.connectionId,
  ]);
  const self = await ada.customer({ peerId: remoteId });
  await room.says(self, question);
  await answer(self);
  expect(await room.decisions(self)).toEqual([]);

  const selfTest = await asked(question, { details: { self: true } });
  expect(await room.decisions(selfTest)).toEqual([]);

  const echo = await ada.customer();
  await room.writes(echo, "phone", question, 60_000);
  await answer(echo);
  expect(await room.decisions(echo)).toEqual([]);

  const referral = await asked(null, { details: { event: "referral" } });
  expect(await room.decisions(referral)).toEqual([]);

  for (const type of ["story_mention", "sticker", "share", "view_once", "post"]) {
    expect(await outcome(await asked(null, { attachments: [{ type }] }))).toMatchObject({
      sent: [],
      outcome: "dropped",
    });
  }
  expect(await outcome(await asked("❤️"))).toMatchObject({ sent: [], outcome: "dropped" });
  const unsent = await ada.customer();
  const id = await room.says(unsent, question);
  await room.sql.query("update messages set unsent_at = now(), text = null where id = $1", [id]);
  await answer(unsent);
  expect(await outcome(unsent)).toMatchObject({ sent: [], outcome: "dropped" });
  expect(await notices()).toEqual([]);
});

test("a picture or a recording without words is for a person", async () => {
  expect(await outcome(await asked(null, { attachments: [{ type: "audio" }] }))).toEqual({
    sent: [],
    outcome: "handed_over",
    reason: "They sent something that a person must look at.",
  });
});

test("a greeting and thanks bother nobody", async () => {
  for (const text of ["Hi!", "ok thank you"]) {
    expect(await outcome(await asked(text))).toMatchObject({ sent: [], outcome: "dropped" });
  }
  expect(await notices()).toEqual([]);
});

test("who asks for a person gets one, whatever it knows", async () => {
  expect(await outcome(await asked(`${question} Or let me talk to a human.`))).toEqual({
    sent: [],
    outcome: "handed_over",
    reason: "They wrote “human”: they want a person.",
  });
  await ada.answers({ answering: { stopWords: ["Mitarbeiter"] } });
  expect((await outcome(await asked("mitarbeiter bitte"))).reason).toBe(
    "They wrote “Mitarbeiter”: they want a person.",
  );
  expect((await outcome(await asked("A human asks: what are your opening hours?"))).outcome).toBe("answered");
});

test("topics: what is denied goes to a person, and what is not allowed too", async () => {
  await ada.knows("Can I return something?", "Within 30 days.");
  await ada.answers({ answering: { denyTopics: ["refunds"] } });
  expect(await outcome(await asked("Can I get my money back?"))).toEqual({
    sent: [],
    outcome: "handed_over",
    reason: "“refunds” is a topic for a person.",
  });
  expect((await outcome(await asked(question))).sent).toEqual([hours]);
  await ada.answers({ answering: { denyTopics: [], allowTopics: ["returns"] } });
  expect((await outcome(await asked("Can I get my money back?"))).sent).toEqual(["Within 30 days."]);
  expect(await outcome(await asked(question))).toEqual({
    sent: [],
    outcome: "handed_over",
    reason: "It is about none of the topics that may be answered.",
  });
});

test("below the threshold a person is asked; the owner decides where it is", async () => {
  const half = "Are you open on Easter Monday?";
  await ada.answers({ answering: { threshold: 0.9 } });
  expect(await outcome(await asked(half))).toMatchObject({
    sent: [],
    outcome: "handed_over",
    reason: expect.stringMatching(/^Not sure enough: \d+ %, and 90 % is asked for\.$/),
  });
  await ada.answers({ answering: { threshold: 0.2 } });
  expect((await outcome(await asked(half))).sent).toEqual([hours]);
});

test("the day's most is exact, also when all ask at once", async () => {
  await ada.answers({ answering: { dailyCap: 3 } });
  const conversations = await Promise.all(Array.from({ length: 8 }, () => ada.customer()));
  await Promise.all(conversations.map((one) => room.says(one, question)));
  await Promise.all(conversations.map((one) => answer(one)));
  const sent = await Promise.all(conversations.map((one) => room.sent(one)));
  expect(sent.flat()).toEqual([hours, hours, hours]);
  const { rows } = await room.sql.query(
    "select outcome, reason, count(*)::int from answers where user_id = $1 group by outcome, reason order by outcome",
    [ada.userId],
  );
  expect(rows).toEqual([
    { outcome: "answered", reason: "“When are you open?” answers this.", count: 3 },
    { outcome: "handed_over", reason: "Today's answers for this account are used up.", count: 5 },
  ]);
  // Tomorrow is another day.
  await room.sql.query("update answers set decided_at = decided_at - interval '1 day' where user_id = $1", [
    ada.userId,
  ]);
  expect((await outcome(await asked(question))).sent).toEqual([hours]);
});

test("it says that it is a program before its first answer in a conversation, and not again", async () => {
  await ada.answers({ answering: { disclosure: "This is an automatic answer." } });
  const conversation = await asked(question);
  await room.says(conversation, "and on saturday? are you open?", { agoMs: -1_000 });
  await room.sql.query(
    "update messages set created_at = now() - interval '1 minute' where conversation_id = $1",
    [conversation],
  );
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([`This is an automatic answer.\n\n${hours}`, hours]);
});

test("outside the 24 hours it says nothing", async () => {
  expect(await outcome(await asked(question, { agoMs: 24 * 3_600_000 + 1 }))).toMatchObject({
    sent: [],
    outcome: "dropped",
    reason: "The 24 hours in which a program may answer are over.",
  });
  expect((await outcome(await asked(question, { agoMs: 23.9 * 3_600_000 }))).sent).toEqual([hours]);
});

test("a burst is one question with one answer, however many jobs come of it", async () => {
  const conversation = await ada.customer();
  for (const [at, text] of ["Hi", "quick question", "what are", "your opening hours?"].entries())
    await room.says(conversation, text, { agoMs: 60_000 - at * 1_000 });
  await Promise.all(Array.from({ length: 4 }, () => answer(conversation)));
  expect(await outcome(conversation)).toMatchObject({ sent: [hours], outcome: "answered" });
});

test("whoever may still be writing is waited for: the job comes back", async () => {
  const conversation = await ada.customer();
  await room.says(conversation, "Hi", { agoMs: 3_000 });
  await room.says(conversation, question, { agoMs: 100 });
  await answer(conversation);
  expect(await room.decisions(conversation)).toEqual([]);
  const jobs = () =>
    room.value<number>(
      "select count(*)::int from pgboss.job where name = 'inbox.answer' and data->>'conversationId' = $1",
      [conversation],
    );
  expect(await jobs()).toBe(1);
  await room.sql.query(
    "update messages set created_at = now() - interval '2 seconds' where conversation_id = $1",
    [conversation],
  );
  await answer(conversation);
  expect(await room.sent(conversation)).toEqual([hours]);
  // Somebody who never stops is not kept waiting for ever.
  const chatty = await ada.customer();
  await room.says(chatty, "Hi", { agoMs: 25_000 });
  await room.says(chatty, question, { agoMs: 0 });
  await answer(chatty);
  expect(await room.sent(chatty)).toEqual([hours]);
});

test("what they write while an answer is on its way is answered too", async () => {
  await ada.knows("Can I return something?", "Within 30 days.");
  const conversation = await asked(question);
  await room.says(conversation, "Can I get my money back?", { agoMs: 2_000 });
  // The first answer reaches them later than they wrote the second question.
  await room.sql.query("update messages set state = 'sent', sent_at = now() where author = 'assistant'");
  await answer(conversation);
  expect((await room.sent(conversation)).sort()).toEqual([hours, "Within 30 days."]);
  await answer(conversation);
  expect(await room.sent(conversation)).toHaveLength(2);
});

test("what was answered by a person is not answered again", async () => {
  const conversation = await ada.customer();
  await room.says(conversation, question);
  await room.writes(conversation, "person", "We are open now.", 30_000);
  await answer(conversation);
  expect(await room.decisions(conversation)).toEqual([]);
});

test("as drafts: kept for a person, shown until somebody answers, and nothing is said", async () => {
  await ada.answers({ mode: "suggest" });
  const { useDraft } = await import("@/lib/inbox/assistant/data");
  const conversation = await ada.customer();
  await room.sql.query("update conversations set paused_until = now() + interval '1 hour' where id = $1", [
    conversation,
  ]);
  await room.says(conversation, question, { agoMs: 90_000 });
  await answer(conversation);
  const first = await suggestionOf(conversation);
  expect(first).toMatchObject({ text: hours, why: { outcome: "suggested", confidence: 1, model: null } });
  expect(await room.sent(conversation)).toEqual([]);
  // They write on: a new draft takes its place.
  await room.says(conversation, "Are you open on Saturday too?", { agoMs: 60_000 });
  await answer(conversation);
  const second = await suggestionOf(conversation);
  expect(second?.id).not.toBe(first?.id);
  expect((await room.decisions(conversation)).map(({ draft }) => draft)).toEqual(["dismissed", "open"]);
  await useDraft((await import("@/lib/db")).db(), ada.userId, conversation, second?.id ?? "");
  expect(await suggestionOf(conversation)).toBeNull();
  expect((await room.decisions(conversation)).map(({ draft }) => draft)).toEqual(["dismissed", "used"]);

  const answered = await ada.customer();
  await room.says(answered, question);
  await answer(answered);
  expect(await suggestionOf(answered)).not.toBeNull();
  await room.writes(answered, "phone", "We are.");
  expect(await suggestionOf(answered)).toBeNull();
  // What it has no draft for is no news: a person reads it anyway. Who asks for one is.
  expect(await outcome(await asked("Is the blue vase still available?"))).toMatchObject({
    outcome: "dropped",
  });
  expect(await notices()).toEqual([]);
  expect(await outcome(await asked("a human please"))).toMatchObject({ sent: [], outcome: "handed_over" });
  expect(await notices()).toHaveLength(1);
});

test("a draft can be asked for at any time, also where nothing is automatic, and put away", async () => {
  await ada.answers({ mode: "off", answering: { denyTopics: ["opening hours"] } });
  const conversation = await ada.customer();
  const path = `/api/inbox/${conversation}/suggestion`;
  expect(await ada.send("POST", path)).toMatchObject({
    status: 409,
    body: { error: { code: "nothing_to_answer" } },
  });
  await room.says(conversation, question);
  const made = await Promise.all([
    ada.send<SuggestionDto>("POST", path),
    ada.send<SuggestionDto>("POST", path),
  ]);
  expect(made).toMatchObject([
    { status: 201, body: { text: hours, why: { outcome: "suggested" } } },
    { status: 201, body: { text: hours } },
  ]);
  expect((await room.decisions(conversation)).filter(({ draft }) => draft === "open")).toHaveLength(1);
  expect(await suggestionOf(conversation)).not.toBeNull();
  expect(await ada.send("DELETE", path)).toMatchObject({ status: 200, body: { dismissed: true } });
  expect(await suggestionOf(conversation)).toBeNull();
  expect((await ada.send("DELETE", path)).status).toBe(200);
  await room.says(conversation, "Is the blue vase still available?", { agoMs: 0 });
  await room.sql.query("delete from knowledge where user_id = $1", [ada.userId]);
  expect(await ada.send("POST", path)).toMatchObject({
    status: 409,
    body: { error: { code: "no_suggestion", message: "Nothing in the knowledge is about this." } },
  });
  expect(await room.sent(conversation)).toEqual([]);
});

test("two machines that talk to each other are stopped, and a person is told", async () => {
  const conversation = await ada.customer();
  for (let round = 0; round < 6; round += 1) {
    await room.says(conversation, question, { agoMs: -round * 1_000 - 500 });
    await room.sql.query(
      "update messages set created_at = now() - interval '5 seconds' where conversation_id = $1",
      [conversation],
    );
    await answer(conversation);
  }
  expect(await room.sent(conversation)).toHaveLength(3);
  expect((await room.decisions(conversation)).map(({ outcome }) => outcome)).toEqual([
    "answered",
    "answered",
    "answered",
    "handed_over",
  ]);
  expect(await notices()).toHaveLength(1);
});
