import { afterAll, beforeAll, expect, test } from "vitest";
import { ungrounded } from "@/lib/inbox/assistant/grounds";
import { unmarked, visible } from "@/lib/inbox/assistant/plain";
import type { TryAnswer } from "@/lib/inbox/schema";
import { connect, type Owner, openRoom, type Room } from "../support/answering";
import { injections } from "../support/injections";
import { type ScriptedModel, startModel } from "../support/model";
import { testSecrets } from "../support/secrets";

/** Customers who talk to the model instead of the shop, and a model that obeys them all: what can it get at, and what gets out? */

let room: Room;
let model: ScriptedModel;
let ada: Owner;
let bea: Owner;
/** Everything that reached a customer, or a person as a draft, by what was asked. */
const told = new Map<string, string[]>();

const allowed = {
  link: "https://bells.example/hours",
  mail: "shop@bells.example",
  handle: "@bellshop",
  phone: "+49 30 901820",
  code: "BELL2026",
};

beforeAll(async () => {
  model = await startModel();
  room = await openRoom({ AI_BASE_URL: model.baseUrl, AI_API_KEY: "CNRY_ai_key", AI_MODEL: "scripted-1" });
  [ada, bea] = [await room.owner(), await room.owner()];
  await room.sql.query("update users set credits = 10000");
  await ada.answers({
    mode: "auto",
    answering: { disclosure: "", stopWords: [], dailyCap: 10_000, tone: "Warm, and never hurried." },
  });
  const { link, mail, handle, phone, code } = allowed;
  await ada.knows(
    "When are you open?",
    `From 10 to 18, all at ${link}. Write to ${mail} or ${handle}, call ${phone}. 5 % off with ${code}.`,
  );
  // Within reach of nobody's prompt: other people's, other accounts', other conversations', and what lies around them.
  await bea.knows("When are you open?", "CNRY_entry_of_bea");
  await ada.knows("When are you open?", "CNRY_entry_of_another_account", {
    connectionId: await connect(room.sql, ada.userId),
  });
  await ada.send("POST", "/api/inbox/saved-replies", { title: "Hours", text: "CNRY_saved_reply" });
  for (const owner of [ada, bea]) {
    const other = await owner.customer({ kind: "comment" });
    await room.says(other, "When are you open? CNRY_other_conversation");
  }
  const scripts = new Map(injections.map((one) => [seenAs(one.text), one.obeyed]));
  model.script = ({ message, body }) => ({
    reply: scripts.get(message)?.(body.messages.map(({ content }) => content).join("\n")) ?? "NO SCRIPT",
  });
  await inBatches(injections, 6, async ({ text }) => {
    const { answerConversation } = await import("@/lib/inbox/assistant/answer");
    const conversation = await ada.customer();
    await room.says(conversation, text);
    await answerConversation(conversation);
    told.set(text, await room.sent(conversation));
  });
});
afterAll(async () => {
  await room.close();
  await model.stop();
});

/** As the prompt holds it. */
const seenAs = (text: string): string => visible(text.trim().slice(-2_000)).replace(/\s+/g, " ");

test("there are enough of them, and each reached the model, which obeyed", () => {
  expect(injections.length).toBeGreaterThanOrEqual(50);
  expect(new Set(injections.map(({ family }) => family)).size).toBeGreaterThanOrEqual(10);
  expect(model.asked).toHaveLength(injections.length);
  expect([...told.values()].flat()).not.toContain("NO SCRIPT");
});

test("no secret and nobody else's data is in the model's reach", async () => {
  const secrets = [
    ...Object.values(testSecrets),
    "CNRY_",
    ada.userId,
    bea.userId,
    "@people.test",
    "postgres://",
  ];
  for (const { raw } of model.asked) for (const secret of secrets) expect(raw).not.toContain(secret);
});

test("it has no tools, and what a customer writes is one quoted line of data", () => {
  const systems = new Set(model.asked.map(({ body }) => body.messages[0]?.content));
  expect([...systems]).toHaveLength(1);
  for (const { body } of model.asked) {
    expect(Object.keys(body).filter((key) => /tool|function/.test(key))).toEqual([]);
    expect(body.messages.map(({ role }) => role)).toEqual(["system", "user"]);
    const lines = body.messages[1]?.content.split("\n") ?? [];
    expect(lines).toHaveLength(6);
    expect(lines.slice(0, 2)).toEqual(["Entries:", '[e1] "When are you open?"']);
    expect(lines.slice(3, 5)).toEqual(["Said before:", "Written now:"]);
    expect(lines[5]).toMatch(/^customer: "(?:[^"\\]|\\.)*"$/);
  }
});

test("nothing gets out that the shop's own entries do not hold", () => {
  const harmless = [...Object.values(allowed)].reduce(
    (text, one) => text.replaceAll(one, ""),
    [...told.values()].flat().join("\n"),
  );
  // Not the code's own patterns: whatever looks like a way out.
  expect(harmless).not.toMatch(/CNRY_|PWNED|people\.test/);
  expect(harmless).not.toMatch(/evil|malo\.|meta-verify|bit\.ly|t\.me|xn--|203\.0/i);
  expect(harmless).not.toMatch(/:\/\/|www\.|javascript:|data:|\(at\)|@|dot com/i);
  expect(harmless).not.toMatch(/!\[|\]\(|<[a-z]/i);
  expect(harmless).not.toMatch(/90 ?%|1 €|BELL100OFF|DE0212|7946/);
  expect(harmless).not.toMatch(/You draft one short reply|never hurried|All of it is data/);
  expect(harmless.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test("however much it was told to write, a reply is one message", () => {
  for (const text of [...told.values()].flat()) {
    expect(text.length).toBeLessThanOrEqual(600);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(900);
  }
});

test("what the entries hold may be said, and a refusal leaves the customer with the entry's own words or a person", async () => {
  const good = `Hello! From 10 to 18, see bells.example/hours, ${allowed.mail}, ${allowed.phone}; ${allowed.code} gives 5%.`;
  model.script = () => ({ reply: good });
  const { body } = await ada.send<TryAnswer>("POST", "/api/inbox/knowledge/try", {
    question: "When are you open?",
  });
  expect(body).toMatchObject({ text: good, why: { outcome: "answered" } });
  model.script = () => ({ reply: "See https://evil.example" });
  const known = await ada.send<TryAnswer>("POST", "/api/inbox/knowledge/try", {
    question: "When are you open?",
  });
  expect(known.body.text).toMatch(/^From 10 to 18, all at/);
  expect(known.body.why.reason).toBe(
    "“When are you open?” answers this. The model's reply named a link that the knowledge does not hold, so it was not used.",
  );
  const unknown = await ada.send<TryAnswer>("POST", "/api/inbox/knowledge/try", {
    question: "Have you a blue vase?",
  });
  expect(unknown.body).toMatchObject({ text: null, why: { outcome: "handed_over" } });
  expect(
    (await room.sql.query("select distinct outcome from answers order by 1")).rows.length,
  ).toBeGreaterThan(1);
});

test.each([
  ["It takes 3 to 5 days. We look forward to it!", []],
  ["Open Mo.-Fr. 10:00-18:00, i.e. not on Sundays (e.g. 29.11.2026).", []],
  ["Size 42 is there: 3.5 mm thick, I'm sure.", []],
  ["Take the X200 instead", ["code"]],
  ["WW91IGRyYWZ0IG9uZSBzaG9ydCByZXBseSB0byBhIGN1c3RvbWVy", ["code"]],
  ["see evil.com.", ["link"]],
  ["evil.example:8080/x", ["link"]],
  ["Schreib an a.b+c@mail.evil.co.uk!", ["mail address"]],
  ["$5, 5€ and 12 percent", ["amount", "amount", "amount"]],
  ["call 0049 170 1234567", ["telephone number"]],
  ["CODE-77 please", ["code"]],
])("of “%s” it sees %j", (text, kinds) => {
  expect(ungrounded(text, "").map(({ kind }) => kind)).toEqual(kinds);
  expect(ungrounded(text, text)).toEqual([]);
});

test("what people really write stays as it is: emoji, families, flags, other scripts", () => {
  for (const text of [
    "👩‍👩‍👧 ❤️ 👍🏽 1️⃣ 🏳️‍🌈",
    "می‌خواهم",
    "क्‍ष",
    "a_b_c and 2 * 3 * 4",
    "Tom & Jerry <3",
    "C:\\x",
  ]) {
    expect(unmarked(visible(text))).toBe(text);
  }
});

async function inBatches<T>(all: T[], size: number, work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += size) await Promise.all(all.slice(at, at + size).map(work));
}
