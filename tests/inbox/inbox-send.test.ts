import { Readable } from "node:stream";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ReplyBody } from "@/lib/inbox/schema";
import type { SignedIn } from "@/lib/session";
import { waitUntil } from "@/scripts/wait";
import { type InboxSite, openInboxSite, said } from "../support/inbox-site";
import { picture } from "../support/media";

/** Answers go out once: what the customer sees on the simulated Instagram is what we say of each message. */

let site: InboxSite;
let ada: SignedIn;
let reply: typeof import("@/lib/inbox/send/reply");
let settling: typeof import("@/lib/inbox/send/settle");
let reading: typeof import("@/lib/inbox/read");
let gestures: typeof import("@/lib/inbox/send/gestures");

const jane = "jane.harper";

beforeAll(async () => {
  site = await openInboxSite();
  reply = await import("@/lib/inbox/send/reply");
  settling = await import("@/lib/inbox/send/settle");
  reading = await import("@/lib/inbox/read");
  gestures = await import("@/lib/inbox/send/gestures");
  ada = await site.person();
  await site.connect(ada, "adabell");
}, 300_000);
afterAll(() => site.stop(), 300_000);

/** Each test has a customer of its own. */
const customers = [jane, "tomasz_w", "lena.krueger", "amara.o", "yuki.in.kyoto", "troll_77", "just_sam"];
let room: string;
let who: string;
let turn = 0;

beforeEach(async () => {
  await site.sandbox.clearFaults();
  await site.sandbox.settings({
    platform: "instagram",
    own: { echo: "after", echoDelayMs: 0, multiImage: true },
  });
  who = customers[turn % customers.length] ?? jane;
  turn += 1;
  await site.sandbox.message({ account: "adabell", from: who, text: "Are you open?" });
  await site.settle();
  room = await roomOf(who);
});

async function roomOf(handle: string): Promise<string> {
  return site.conversationWith(ada, handle);
}

const body = (given: Partial<ReplyBody>): ReplyBody => ({
  wish: uuid(),
  text: "",
  media: [],
  quickReplies: [],
  channel: "public",
  ...given,
});

const answer = (given: Partial<ReplyBody>) => reply.replyByPerson(ada, room, body(given));

/** What the customer has on their phone from the business. */
const seenByThem = async () =>
  (await site.sandbox.thread("adabell", who)).messages.filter(({ by }) => by !== "customer");
const theirTexts = async () => (await seenByThem()).map(({ text }) => text);
const ours = async () =>
  (await site.conversation(ada, room)).messages.filter(({ author }) => author !== "them");

test("a customer's message is there with who they are, and the answer arrives once", async () => {
  const text = `Until six, ${who}. 🔔`;
  const { conversation } = await site.conversation(ada, room);
  expect(conversation).toMatchObject({ peer: { handle: who }, unread: 1, window: { state: "open" } });
  const wish = uuid();
  const ids = await Promise.all([1, 2, 3].map(() => answer({ wish, text })));
  expect(new Set(ids.map((one) => one.join())).size).toBe(1);
  await expect(answer({ wish, text: "Something else" })).rejects.toMatchObject({ code: "other_body" });
  await site.settle();
  expect((await theirTexts()).filter((one) => one === text)).toHaveLength(1);
  expect((await ours()).filter((one) => one.text === text).map(said)).toEqual([
    { author: "person", state: "sent", text },
  ]);
  const after = await site.conversation(ada, room);
  expect(after.conversation.unread).toBe(0);
  expect(after.conversation.pausedUntil).not.toBeNull();
});

test("an echo that is faster than the answer is the same message", async () => {
  await site.sandbox.settings({ platform: "instagram", own: { echo: "before" } });
  await answer({ text: "Echo first" });
  await site.settle();
  expect((await theirTexts()).filter((text) => text === "Echo first")).toHaveLength(1);
  const shown = (await ours()).filter(({ text }) => text === "Echo first");
  expect(shown.map(said)).toEqual([{ author: "person", state: "sent", text: "Echo first" }]);
  const [seen] = (await seenByThem()).filter(({ text }) => text === "Echo first");
  expect(shown[0]?.remoteId).toBe(seen?.mid);
});

/** A platform that hangs is given up after a minute, which only the long form waits for. */
const lostBy = process.env["INBOX_LONG"]
  ? (["accept_then_reset", "accept_then_hang"] as const)
  : (["accept_then_reset"] as const);

describe.each(lostBy)("an answer lost by %s", (kind) => {
  test("the echo tells, and it is not sent again", { timeout: 180_000 }, async () => {
    await site.sandbox.fault({ platform: "instagram", operation: "send", kind, times: 1 });
    await answer({ text: `Lost: ${kind}` });
    // The call itself gives up after a while; nobody here waits for that.
    const working = site.work();
    await waitUntil(
      async () =>
        (await ours()).some(({ text, state }) => text === `Lost: ${kind}` && state === "sent") ? true : null,
      { withinMs: 60_000, everyMs: 50, otherwise: "The echo was not recognized." },
    );
    if (kind === "accept_then_reset") await working;
    await site.timePasses();
    await site.sandbox.delivered();
    expect((await theirTexts()).filter((text) => text === `Lost: ${kind}`)).toHaveLength(1);
    await working;
  });
});

test("without an echo we look, and find it", async () => {
  await site.sandbox.settings({ platform: "instagram", own: { echo: "never" } });
  await site.sandbox.fault({ platform: "instagram", operation: "send", kind: "accept_then_reset", times: 1 });
  await answer({ text: "Found by looking" });
  await site.work();
  expect((await ours()).at(-1)).toMatchObject({ state: "uncertain", text: "Found by looking" });
  await site.timePasses();
  await site.work();
  expect((await ours()).at(-1)).toMatchObject({ state: "sent", text: "Found by looking" });
  expect((await theirTexts()).filter((text) => text === "Found by looking")).toHaveLength(1);
});

test("what never arrived stays unconfirmed until a person decides", async () => {
  await site.sandbox.settings({ platform: "instagram", own: { echo: "never" } });
  await site.sandbox.fault({ platform: "instagram", operation: "send", kind: "reset", times: 1 });
  const [id = ""] = await answer({ text: "Never arrived" });
  await site.work();
  await waitUntil(
    async () => {
      await site.timePasses();
      await site.work();
      const open = await site.rows("select 1 from messages where id = $1 and due_at is not null", [id]);
      return open.length === 0 ? true : null;
    },
    { withinMs: 60_000, everyMs: 100, otherwise: "We look and look." },
  );
  expect((await ours()).at(-1)).toMatchObject({ state: "uncertain", error: { code: "not_seen" } });
  expect(await theirTexts()).not.toContain("Never arrived");
  await settling.settle(ada, id, "resend");
  await site.work();
  expect((await theirTexts()).filter((text) => text === "Never arrived")).toHaveLength(1);
  expect((await ours()).at(-1)).toMatchObject({ state: "sent", error: null });
  await expect(settling.settle(ada, id, "resend")).rejects.toMatchObject({ code: "settled" });
});

test("a refusal is told, later parts wait for it, and sending again sends all in order", async () => {
  await site.sandbox.fault({
    platform: "instagram",
    operation: "send",
    kind: "status",
    status: 400,
    times: 1,
    body: {
      error: { message: "(#551) This person isn't available right now.", type: "IGApiException", code: 551 },
    },
  });
  const first = `One. ${"a".repeat(980)}.`;
  const second = `${"b".repeat(900)} two.`;
  const [id = ""] = await answer({ text: `${first} ${second}` });
  await site.work();
  expect((await ours()).slice(-2).map(({ state, error }) => [state, error?.code])).toEqual([
    ["failed", "person_unavailable"],
    ["failed", "part_before"],
  ]);
  await settling.settle(ada, id, "resend");
  await site.work();
  await site.settle();
  expect((await theirTexts()).slice(-2)).toEqual([first, second]);
});

test("asked to wait, it waits and goes out once", async () => {
  await site.sandbox.fault({
    platform: "instagram",
    operation: "send",
    kind: "status",
    status: 429,
    times: 1,
    body: {
      error: {
        message: "(#613) Calls to this api have exceeded the rate limit.",
        type: "IGApiException",
        code: 613,
      },
    },
  });
  await answer({ text: "After a while" });
  await site.work();
  expect((await ours()).at(-1)).toMatchObject({ state: "queued", text: "After a while" });
  expect(await theirTexts()).not.toContain("After a while");
  await site.timePasses();
  await site.work();
  expect((await theirTexts()).filter((text) => text === "After a while")).toHaveLength(1);
});

test("the window: a program's time, a person's, and nobody's", async () => {
  const ago = (hours: number) =>
    site.sql.query(
      `update conversations set last_inbound_at = now() - $2 * interval '1 hour' where id = $1`,
      [room, hours],
    );
  await site.sql.query(
    "update messages set sent_at = sent_at - interval '8 days' where conversation_id = $1",
    [room],
  );
  await ago(8 * 24);
  await expect(answer({ text: "Too late" })).rejects.toMatchObject({ code: "window_closed" });
  expect((await site.conversation(ada, room)).conversation.window).toEqual({ state: "closed", until: null });
  await site.sql.query(
    "update messages set sent_at = sent_at + interval '6 days' where conversation_id = $1",
    [room],
  );
  await ago(48);
  expect((await site.conversation(ada, room)).conversation.window.state).toBe("person");
  const { sequence } = await site.sandbox.forgetLog();
  await answer({ text: "As a person" });
  await site.work();
  const [call] = await site.sandbox.requests({ operation: "send", since: sequence, raw: true });
  expect(JSON.parse(call?.body ?? "{}")).toMatchObject({ messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" });
  expect(await theirTexts()).not.toContain("Too late");
});

test("a reaction of ours, and theirs; and what we have read is told to them", async () => {
  const { messages, conversation } = await site.conversation(ada, room);
  const theirs = messages.filter(({ author }) => author === "them").at(-1);
  await gestures.react(ada, theirs?.id ?? "", "❤️");
  const [now] = await reading.readMessages(ada, [theirs?.id ?? ""]);
  expect(now?.reactions).toEqual([{ by: "us", emoji: "❤️" }]);
  const { told } = await reading.changeConversation(ada, room, { read: true });
  await told();
  const { thread, messages: shown } = await site.sandbox.thread("adabell", who);
  expect(shown.find(({ mid }) => mid === theirs?.remoteId)).toMatchObject({ reactions: { business: "❤️" } });
  expect(thread?.seenByBusiness).toBe(theirs?.remoteId);
  expect(conversation.unread).toBe(1);
  expect((await site.conversation(ada, room)).conversation.unread).toBe(0);
});

test("that somebody writes is shown while they may be answered, until a message comes", async () => {
  const typing = async () => (await site.sandbox.thread("adabell", who)).thread?.typing;
  expect(await typing()).toBe(false);
  expect(await gestures.showTyping(ada, room)).toBe(true);
  expect(await typing()).toBe(true);
  await answer({ text: "Here it is" });
  await site.work();
  expect(await typing()).toBe(false);
  // A platform that takes it amiss is nobody's trouble.
  await site.sandbox.fault({
    platform: "instagram",
    operation: "sender_action",
    kind: "status",
    status: 500,
    times: 1,
  });
  expect(await gestures.showTyping(ada, room)).toBe(false);
  const { sequence } = await site.sandbox.forgetLog();
  await site.sql.query("update conversations set last_inbound_at = now() - interval '2 days' where id = $1", [
    room,
  ]);
  expect(await gestures.showTyping(ada, room)).toBe(false);
  await expect(gestures.showTyping(await site.person("Otto"), room)).rejects.toMatchObject({
    code: "not_found",
  });
  expect(await site.sandbox.requests({ since: sequence })).toEqual([]);
});

test("the trail tells who answered, and what did not go out, without a word of what was said", async () => {
  const { listActivity } = await import("@/lib/activity/data");
  const trail = async (more: { connection?: string } = {}) => {
    const { activity } = await listActivity(ada.id, { kind: "replies", ...more });
    return activity.map(({ action, actor, details }) => ({ action, by: actor.name, ...details }));
  };
  const before = (await trail()).length;
  const wish = uuid();
  await answer({ text: "Told in the trail", wish });
  await answer({ text: "Told in the trail", wish });
  await site.work();
  await site.sandbox.settings({ platform: "instagram", own: { sendError: "unavailable" } });
  await answer({ text: "Not delivered" });
  await site.work();
  await site.sandbox.settings({ platform: "instagram", own: { sendError: "" } });
  const told = { conversation: room };
  const all = await trail();
  expect(all).toHaveLength(before + 3);
  const lines = all.slice(0, 3);
  expect(lines).toEqual([
    { ...told, action: "message.failed", by: "inbox", reason: expect.any(String) },
    { ...told, action: "message.reply", by: "Ada Bell" },
    { ...told, action: "message.reply", by: "Ada Bell" },
  ]);
  const { connectionId } = (await site.conversation(ada, room)).conversation;
  expect((await trail({ connection: connectionId })).slice(0, 3)).toEqual(lines);
  expect(JSON.stringify(lines)).not.toMatch(/Told in|Not delivered/);
});

test("pictures go out together, or one by one where the account takes no more", async () => {
  const { receiveFile } = await import("@/lib/media/receive");
  const media = [];
  for (const [width, kind] of [
    [400, "jpeg"],
    [401, "png"],
    [402, "webp"],
  ] as const) {
    const bytes = await picture(kind, { width });
    media.push({ id: (await receiveFile(ada, Readable.from([bytes]), { filename: `${width}.${kind}` })).id });
  }
  await answer({ media, text: "Three" });
  await site.work();
  await site.settle();
  expect((await seenByThem()).slice(-2).map(({ text, attachments }) => [text, attachments.length])).toEqual([
    ["Three", 0],
    [null, 3],
  ]);
  expect((await ours()).slice(-2).map(({ state }) => state)).toEqual(["sent", "sent"]);
  await site.sandbox.settings({ platform: "instagram", own: { multiImage: false } });
  await answer({ media });
  await site.work();
  await site.settle();
  expect((await seenByThem()).slice(-3).map(({ attachments }) => attachments.length)).toEqual([1, 1, 1]);
  expect((await ours()).slice(-3).map(({ state, attachments }) => [state, attachments.length])).toEqual([
    ["sent", 1],
    ["sent", 1],
    ["sent", 1],
  ]);
});

test("what they send is fetched and kept, and gone when they take it back", async () => {
  const { mid } = await site.sandbox.message({ account: "adabell", from: who, kind: "image" });
  await site.settle();
  const shown = async () =>
    (await site.conversation(ada, room)).messages.find(({ remoteId }) => remoteId === mid);
  expect((await shown())?.attachments).toEqual([
    expect.objectContaining({
      type: "image",
      state: "kept",
      href: expect.stringMatching(/^\/api\/inbox\/files\//),
    }),
  ]);
  expect(await site.rows("select 1 from inbox_files")).toHaveLength(1);
  await site.sandbox.message({ account: "adabell", from: who, kind: "story_mention" });
  await site.sandbox.message({ account: "adabell", from: who, kind: "unsend", mid });
  await site.settle();
  expect(await shown()).toMatchObject({ attachments: [], unsent: true });
  // The story's picture is not ours to keep.
  expect(await site.rows("select 1 from inbox_files")).toEqual([]);
});

describe("comments", () => {
  test("one is answered below it, and once in private", async () => {
    const { id: commentId } = await site.sandbox.comment({
      account: "adabell",
      from: who,
      text: "How much?",
    });
    await site.settle();
    const { conversations } = await site.inbox(ada, { kind: "comment" });
    const found = conversations.find(({ snippet }) => snippet === "How much?");
    room = found?.id ?? "";
    const [comment] = (await site.conversation(ada, room)).messages;
    expect(comment).toMatchObject({ remoteId: commentId, privateReply: "possible" });
    await answer({ text: "20 € each", replyTo: comment?.id ?? "" });
    await answer({ text: "I wrote to you", replyTo: comment?.id ?? "", channel: "private" });
    await site.work();
    await site.settle();
    const { messages } = await site.conversation(ada, room);
    expect(messages.map(said)).toEqual([
      { author: "them", state: "received", text: "How much?" },
      { author: "person", state: "sent", text: "20 € each" },
      { author: "person", state: "sent", text: "I wrote to you" },
    ]);
    expect(messages[0]?.privateReply).toBe("done");
    expect(await theirTexts()).toContain("I wrote to you");
    await expect(
      answer({ text: "Again", replyTo: comment?.id ?? "", channel: "private" }),
    ).rejects.toMatchObject({ code: "already_answered" });
  });
});

describe("the assistant", () => {
  const byItself = async (text: string, notNewerThan: string | null) => {
    const { db } = await import("@/lib/db");
    return db().transaction((tx) =>
      reply.enqueueReply(tx, {
        conversationId: room,
        userId: ada.id,
        by: reply.ASSISTANT,
        wish: uuid(),
        text,
        guard: { notNewerThan },
      }),
    );
  };
  const lastOfTheirs = async () =>
    (await site.conversation(ada, room)).messages.filter(({ author }) => author === "them").at(-1)?.id ?? "";
  beforeEach(() => site.sql.query("update conversations set paused_until = null where id = $1", [room]));

  test("answers at most three times a minute (E11)", async () => {
    const last = await lastOfTheirs();
    const answers = [];
    for (let nth = 1; nth <= 5; nth += 1) answers.push(await byItself(`By itself ${nth}`, last));
    expect(answers.map((ids) => ids !== null)).toEqual([true, true, true, false, false]);
    await site.work();
    expect((await theirTexts()).filter((text) => text?.startsWith("By itself"))).toHaveLength(3);
    // Their echoes are ours, and keep nobody still.
    await site.settle();
    expect((await site.conversation(ada, room)).conversation.pausedUntil).toBeNull();
  });

  test("is dropped when they write again, or a person answers, meanwhile (E12)", async () => {
    const last = await lastOfTheirs();
    await site.sandbox.message({ account: "adabell", from: who, text: "And tomorrow?" });
    await site.settle();
    expect(await byItself("Too old", last)).toBeNull();
    await site.sandbox.message({
      account: "adabell",
      from: "business",
      peer: who,
      text: "Typed at the phone",
    });
    await site.settle();
    expect(await byItself("Too late", await lastOfTheirs())).toBeNull();
    const { conversation, messages } = await site.conversation(ada, room);
    expect(conversation.pausedUntil).not.toBeNull();
    expect(messages.at(-1)).toMatchObject({ author: "phone", text: "Typed at the phone" });
    expect(await theirTexts()).not.toContain("Too late");
  });

  test("what it had queued is not sent once a person has answered (E12)", async () => {
    const ids = await byItself("Queued by itself", await lastOfTheirs());
    expect(ids).toHaveLength(1);
    await answer({ text: "By a person" });
    await site.work();
    await site.settle();
    const texts = await theirTexts();
    expect(texts).toContain("By a person");
    expect(texts).not.toContain("Queued by itself");
  });
});
