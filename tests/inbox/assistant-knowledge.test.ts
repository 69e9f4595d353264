import { afterAll, beforeAll, expect, test } from "vitest";
import type {
  InboxAccountDto,
  KnowledgeAnswer,
  KnowledgeDto,
  SavedRepliesAnswer,
  SavedReplyDto,
  TryAnswer,
} from "@/lib/inbox/schema";
import { type Owner, openRoom, type Room } from "../support/answering";

/** What a person teaches the assistant, through the routes of the screens; and what it would then say. */

let room: Room;
let ada: Owner;
let bea: Owner;

beforeAll(async () => {
  room = await openRoom();
  [ada, bea] = [await room.owner(), await room.owner()];
});
afterAll(() => room.close());

const refused = (message: string, code = "invalid_request") => ({
  error: expect.objectContaining({ code, message }),
});

test("an entry is kept, found, changed and found anew, and forgotten", async () => {
  const entry = await ada.knows("When are you open?", "From 10 to 18.");
  expect(entry).toMatchObject({ kind: "answer", connectionId: null, used: 0 });
  expect(await asked(ada, "What are your opening hours?")).toMatchObject({
    text: "From 10 to 18.",
    credits: 0,
    why: {
      outcome: "answered",
      reason: "“When are you open?” answers this.",
      confidence: 1,
      sources: [{ id: entry.id, title: "When are you open?", score: 1 }],
      model: null,
    },
  });

  const path = `/api/inbox/knowledge/${entry.id}`;
  const changed = await ada.send<KnowledgeDto>("PATCH", path, { title: "Do you repair bells?" });
  expect(changed).toMatchObject({
    status: 200,
    body: { title: "Do you repair bells?", text: "From 10 to 18." },
  });
  expect((await asked(ada, "What are your opening hours?")).why.outcome).toBe("handed_over");
  expect((await asked(ada, "can you repair a bell")).text).toBe("From 10 to 18.");

  const listed = await ada.send<KnowledgeAnswer>("GET", "/api/inbox/knowledge");
  expect(listed.body.entries.map(({ id }) => id)).toEqual([entry.id]);
  expect((await ada.send("DELETE", path)).body).toEqual({ removed: true });
  expect((await ada.send("DELETE", path)).status).toBe(404);
  expect((await asked(ada, "can you repair a bell")).why).toMatchObject({
    outcome: "handed_over",
    reason: "Nothing in the knowledge is about this.",
  });
});

test("somebody else's entries, replies and accounts are not there", async () => {
  const entry = await ada.knows("Where are you?", "Market Street 12.");
  const path = `/api/inbox/knowledge/${entry.id}`;
  expect((await bea.send("PATCH", path, { text: "Nowhere." })).status).toBe(404);
  expect((await bea.send("DELETE", path)).status).toBe(404);
  expect((await bea.send<KnowledgeAnswer>("GET", "/api/inbox/knowledge")).body.entries).toEqual([]);
  expect((await asked(bea, "Where are you?")).text).toBeNull();
  expect((await asked(ada, "Where are you?")).text).toBe("Market Street 12.");

  const reply = await ada.send<SavedReplyDto>("POST", "/api/inbox/saved-replies", {
    title: "Thanks",
    text: "Thank you!",
  });
  expect((await bea.send("PATCH", `/api/inbox/saved-replies/${reply.body.id}`, { text: "No!" })).status).toBe(
    404,
  );
  expect((await bea.send("DELETE", `/api/inbox/saved-replies/${reply.body.id}`)).status).toBe(404);

  const account = `/api/inbox/accounts/${ada.connectionId}`;
  expect((await bea.send("PATCH", account, { mode: "auto" })).status).toBe(404);
  const meant = { title: "Mine", text: "Mine.", connectionId: ada.connectionId };
  expect((await bea.send("POST", "/api/inbox/knowledge", meant)).status).toBe(404);
  const tried = await bea.send("POST", "/api/inbox/knowledge/try", {
    question: "?",
    connectionId: ada.connectionId,
  });
  expect(tried.status).toBe(404);
  const conversation = await ada.customer();
  await room.says(conversation, "Where are you?");
  expect((await bea.send("POST", `/api/inbox/${conversation}/suggestion`)).status).toBe(404);
  expect((await bea.send("DELETE", `/api/inbox/${conversation}/suggestion`)).status).toBe(404);
});

test("an entry for one account does not answer for the others", async () => {
  await ada.knows("Do you ship abroad?", "From this account, yes.", { connectionId: ada.connectionId });
  expect((await asked(ada, "Do you ship abroad?", ada.connectionId)).text).toBe("From this account, yes.");
  expect((await asked(ada, "Do you ship abroad?")).text).toBeNull();
});

test("pasted text answers with the piece that fits", async () => {
  const text =
    "# Care\n\nPolish your bell with a soft cloth.\n\n# Guarantee\n\nTen years on every bell we cast.";
  const entry = await bea.knows("All about bells", text, { kind: "text" });
  const { text: said, why } = await asked(bea, "How do I polish my bell?");
  expect(said).toBe("Polish your bell with a soft cloth.");
  expect(why.sources).toMatchObject([{ id: entry.id, title: "All about bells – Care" }]);
});

test("an answer that could not be sent is refused, also as a change", async () => {
  const long = "x".repeat(2_001);
  const message = "An answer has at most 2000 characters. Paste longer text as text.";
  expect((await ada.send("POST", "/api/inbox/knowledge", { title: "T", text: long })).body).toEqual(
    refused(message),
  );
  const entry = await ada.knows("Long", long, { kind: "text" });
  const change = await ada.send("PATCH", `/api/inbox/knowledge/${entry.id}`, { kind: "answer" });
  expect(change).toMatchObject({ status: 400, body: refused(message) });
  expect((await ada.send("POST", "/api/inbox/knowledge", { title: " ", text: "x" })).body).toEqual(
    refused("Write the question."),
  );
});

test("replies people say often are kept by name", async () => {
  const made = await bea.send<SavedReplyDto>("POST", "/api/inbox/saved-replies", {
    title: "Later",
    text: "We call you.",
  });
  await bea.send("POST", "/api/inbox/saved-replies", { title: "hello", text: "Hello!" });
  const path = `/api/inbox/saved-replies/${made.body.id}`;
  expect((await bea.send<SavedReplyDto>("PATCH", path, { title: "Call" })).body).toEqual({
    id: made.body.id,
    title: "Call",
    text: "We call you.",
  });
  const { body } = await bea.send<SavedRepliesAnswer>("GET", "/api/inbox/saved-replies");
  expect(body.replies.map(({ title }) => title)).toEqual(["Call", "hello"]);
  expect((await bea.send("DELETE", path)).status).toBe(200);
});

test("a change of one setting leaves the others as they are", async () => {
  const path = `/api/inbox/accounts/${bea.connectionId}`;
  const first = await bea.send<InboxAccountDto>("PATCH", path, {
    mode: "suggest",
    answering: { tone: "Warm and brief.", dailyCap: 7 },
  });
  expect(first.body).toMatchObject({ mode: "suggest", answering: { dailyCap: 7, threshold: 0.5 } });
  const second = await bea.send<InboxAccountDto>("PATCH", path, { answering: { threshold: 0.8 } });
  expect(second.body).toMatchObject({
    connectionId: bea.connectionId,
    mode: "suggest",
    answering: { tone: "Warm and brief.", dailyCap: 7, threshold: 0.8, pauseMinutes: 120 },
  });
  expect((await bea.send("PATCH", path, { mode: "always" })).status).toBe(400);
  const trail = await room.sql.query(
    "select details from audit where user_id = $1 and action = 'inbox.answering'",
    [bea.userId],
  );
  expect(trail.rows).toHaveLength(2);
});

test("trying an account tells what its settings would do", async () => {
  await ada.answers({ answering: { denyTopics: ["refunds"], handOverText: "A person will be with you." } });
  await ada.knows("Can I return something?", "Within 30 days.");
  expect(await asked(ada, "I want my money back", ada.connectionId)).toMatchObject({
    text: "A person will be with you.",
    why: { outcome: "handed_over", reason: "“refunds” is a topic for a person." },
  });
  expect(await asked(ada, "I want a HUMAN", ada.connectionId)).toMatchObject({
    why: { outcome: "handed_over", reason: "They wrote “human”: they want a person." },
  });
  expect((await asked(ada, "hello!", ada.connectionId)).why.outcome).toBe("dropped");
});

test("a question with signs of every kind finds, or does not find, and never fails", async () => {
  for (const question of [
    "'; drop table knowledge; --",
    "a & b | !c:* <-> 'd'",
    "\\ \\' \u0000 \u{1f514}",
    "%_%",
    "c0price",
    "(((",
    "营业时间",
    "é".repeat(900),
  ]) {
    const { status } = await ada.send("POST", "/api/inbox/knowledge/try", { question });
    expect(status, question).toBe(200);
  }
});

async function asked(owner: Owner, question: string, connectionId?: string): Promise<TryAnswer> {
  const { status, body } = await owner.send<TryAnswer>("POST", "/api/inbox/knowledge/try", {
    question,
    connectionId,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}
