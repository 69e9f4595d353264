/** Messages on the simulated Instagram, by both log-ins, over HTTP: subscribing, sending, and the events that come back. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ada, type Door, facebookScopes, listener, ownScopes, signed, speaker } from "../support/instagram";
import { type FileServer, picture, serveFiles, video } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

const jane = "jane.harper";
const quick = { content_type: "text", title: "Red", payload: "RED" };
const day = 86_400_000;

let sandbox: RunningSandbox;
let app: Awaited<ReturnType<typeof listener>>;
let files: FileServer;
let jpeg: string;
let clip: string;
let janesId: string;
const { call, enter, enterByPage, say, send, subscribe } = speaker(
  () => sandbox,
  () => app.url,
);

beforeAll(async () => {
  app = await listener();
  [sandbox, files] = await Promise.all([startSandbox({ appOrigin: app.url }), serveFiles()]);
  jpeg = files.file(await picture("jpeg", { width: 320, height: 320 }), { mimeType: "image/jpeg" }).url;
  clip = files.file(await video({ seconds: 3 }), { mimeType: "video/mp4" }).url;
  const people = await sandbox.customers("adabell");
  janesId = people.find(({ username }) => username === jane)?.id ?? "";
});
afterAll(() => Promise.all([sandbox.stop(), app.stop(), files.stop()]));
beforeEach(async () => {
  await sandbox.reset();
  app.forget();
});

describe.each<["instagram" | "facebook", string, () => Promise<Door>]>([
  ["instagram", "its own log-in", () => enter()],
  ["facebook", "a Page", () => enterByPage()],
])("%s: through %s", (login, _name, come) => {
  test("a subscribed account's message becomes an event, and the answer an echo", async () => {
    const door = await come();
    await subscribe(door);
    const { mid } = await sandbox.message({ account: "adabell", from: jane, text: "Grüße / 🔔" });
    await sandbox.delivered();
    const [hook] = app.hooks;
    expect(hook?.headers["x-hub-signature-256"]).toBe(signed(hook?.text ?? "", login));
    expect(hook?.text).toContain('"text":"Gr\\u00fc\\u00dfe \\/ \\ud83d\\udd14"');
    expect(hook?.json).toEqual({
      object: "instagram",
      entry: [
        {
          id: ada,
          time: expect.any(Number),
          messaging: [
            {
              sender: { id: janesId },
              recipient: { id: ada },
              timestamp: expect.any(Number),
              message: { mid, text: "Grüße / 🔔" },
            },
          ],
        },
      ],
    });
    const sent = await say(door, { recipient: { id: janesId }, message: { text: "Hello Jane" } });
    expect([sent.status, sent.body]).toEqual([
      200,
      { recipient_id: janesId, message_id: expect.stringMatching(/^aWdf\w+$/) },
    ]);
    await sandbox.delivered();
    expect(app.events().at(-1)).toMatchObject({
      sender: { id: ada },
      recipient: { id: janesId },
      message: { mid: sent.body["message_id"], text: "Hello Jane", is_echo: true },
    });
    const { thread, messages } = await sandbox.thread("adabell", jane);
    expect(messages).toMatchObject([
      { by: "customer", text: "Grüße / 🔔" },
      { by: "api", text: "Hello Jane" },
    ]);
    expect(thread).toMatchObject({ person: janesId, seenByBusiness: mid });
  });

  test("nobody who is not subscribed hears anything", async () => {
    const door = await come();
    await sandbox.message({ account: "adabell", from: jane });
    await subscribe(door);
    expect((await call(door, "GET", `${door.self}/subscribed_apps`)).body["data"]).toHaveLength(1);
    await sandbox.message({ account: "chimecafe", from: jane });
    expect((await call(door, "DELETE", "me/subscribed_apps")).body).toEqual({ success: true });
    await sandbox.message({ account: "adabell", from: jane });
    expect(await sandbox.deliveries()).toEqual({ waiting: 0, deliveries: [] });
    expect(app.hooks).toEqual([]);
  });
});

test("the permissions decide who may subscribe, send, and to what", async () => {
  const basic = await enter("adabell", [ownScopes[0] ?? ""]);
  const asked = { subscribed_fields: "messages" };
  expect((await call(basic, "POST", "me/subscribed_apps", asked)).status).toBe(403);
  const door = await enter();
  const { body } = await call(door, "POST", "me/subscribed_apps", { subscribed_fields: "messages,mentions" });
  expect(body["error"]).toMatchObject({ code: 100 });
  const message = { recipient: { id: janesId }, message: { text: "Hi" } };
  expect((await say(basic, message)).body["error"]).toMatchObject({ code: 10 });
  const user = await enterByPage(facebookScopes, "user");
  expect((await say(user, message)).body["error"]).toMatchObject({ code: 190, error_subcode: 2069032 });
  const page = await enterByPage();
  expect((await say({ ...page, proof: {} }, message)).body["error"]).toMatchObject({
    code: 100,
    type: "GraphMethodException",
  });
  expect((await say({ ...page, self: ada }, message)).body["error"]).toMatchObject({ code: 100 });
  expect((await say({ ...door, self: "17841400012345673" }, message)).body["error"]).toMatchObject({
    code: 100,
    error_subcode: 33,
  });
});

describe.each<[string, () => Promise<Door>]>([
  ["its own log-in", () => enter()],
  ["a Page", () => enterByPage()],
])("sending through %s", (_name, come) => {
  test("pictures, files, quick replies, answers, reactions and templates reach the customer", async () => {
    const door = await come();
    const { mid } = await sandbox.message({ account: "adabell", from: jane, text: "Hello" });
    const recipient = { id: janesId };
    const file = (type: string, url: string) => ({ type, payload: { url } });
    const button = { type: "postback", title: "More", payload: "MORE" };
    const quick_replies = [{ content_type: "text", title: "Red", payload: "RED" }];
    for (const body of [
      { recipient, message: { text: "é".repeat(500) } },
      { recipient, message: { attachment: file("image", jpeg) } },
      { recipient, message: { attachments: [file("image", jpeg), file("image", jpeg)] } },
      { recipient, message: { attachment: file("video", clip) } },
      { recipient, message: { attachment: { type: "like_heart" } } },
      { recipient, message: { text: "Pick", quick_replies } },
      { recipient, message: { text: "That one" }, reply_to: { mid } },
      {
        recipient,
        message: {
          attachment: {
            type: "template",
            payload: { template_type: "button", text: "Look", buttons: [button] },
          },
        },
      },
      { recipient, message: { text: "By the way" }, messaging_type: "RESPONSE" },
    ]) {
      const { status, text } = await say(door, body);
      expect(status, text).toBe(200);
    }
    for (const body of [
      { recipient, sender_action: "react", payload: { message_id: mid, reaction: "love" } },
      { recipient, sender_action: "mark_seen" },
      { recipient, sender_action: "typing_on" },
    ]) {
      expect((await say(door, body)).body).toEqual({ recipient_id: janesId });
    }
    const { thread, messages } = await sandbox.thread("adabell", jane);
    expect(thread).toMatchObject({ typing: true, seenByBusiness: mid });
    expect(messages[0]?.reactions).toEqual({ customer: null, business: "love" });
    expect(messages.map(({ kind }) => kind)).toEqual([
      "text",
      "text",
      "image",
      "image",
      "video",
      "like_heart",
      "text",
      "text",
      "template",
      "text",
    ]);
    expect(messages[2]?.attachments).toMatchObject([{ type: "image", file: { mime: "image/jpeg" } }]);
    expect(messages[3]?.attachments).toHaveLength(2);
    expect(messages[6]?.quickReplies).toEqual([{ title: "Red", payload: "RED" }]);
    expect(messages[7]?.replyTo).toBe(mid);
    await say(door, { recipient, sender_action: "unreact", payload: { message_id: mid } });
    expect((await sandbox.thread("adabell", jane)).messages[0]?.reactions.business).toBeNull();
  });

  test("what the rules forbid is refused, and nothing is sent", async () => {
    const door = await come();
    const { mid } = await sandbox.message({ account: "adabell", from: jane });
    for (const [what, given] of forbidden) {
      const { status, body } = await say(door, { recipient: { id: janesId }, ...given(mid) });
      expect([status, body["error"]], what).toMatchObject([400, { code: 100 }]);
    }
    expect((await sandbox.thread("adabell", jane)).messages).toHaveLength(1);
  });

  test("the window closes after a day, and after seven for a person where that is approved", async () => {
    const door = await come();
    const recipient = { id: janesId };
    const plain = { recipient, message: { text: "Late?" } };
    const human = { ...plain, messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" };
    const closed = { code: 10, error_subcode: 2534022 };
    await sandbox.comment({ account: "adabell", from: jane });
    expect((await say(door, plain)).body["error"]).toMatchObject(closed);
    await sandbox.message({ account: "adabell", from: jane });
    await sandbox.advanceClock(day - 60_000);
    expect((await say(door, plain)).status).toBe(200);
    await sandbox.advanceClock(60_000);
    expect((await say(door, plain)).body["error"]).toMatchObject(closed);
    expect((await say(door, human)).body["error"]).toMatchObject({ code: 100, error_subcode: 2018276 });
    await own({ humanAgent: true });
    expect((await say(door, human)).status).toBe(200);
    await sandbox.message({ account: "adabell", from: jane, kind: "postback" });
    expect((await say(door, plain)).status).toBe(200);
    await sandbox.message({ account: "adabell", from: jane, kind: "block" });
    expect((await say(door, plain)).body["error"]).toMatchObject({ code: 551 });
    await sandbox.message({ account: "adabell", from: jane, kind: "unblock" });
    await sandbox.message({ account: "adabell", from: jane, kind: "archive" });
    expect((await say(door, plain)).body["error"]).toMatchObject({ error_subcode: 2534001 });
  });

  test("a private reply answers a comment once, within seven days; follow-ups wait for the person", async () => {
    const door = await come();
    const { id } = await sandbox.comment({ account: "adabell", from: jane, text: "How much?" });
    const reply = { recipient: { comment_id: id }, message: { text: "I wrote to you" } };
    expect((await say(door, reply)).body).toEqual({
      recipient_id: janesId,
      message_id: expect.any(String),
    });
    const taken = { error_subcode: 2534025 };
    expect((await say(door, reply)).body["error"]).toMatchObject(taken);
    const more = { recipient: { id: janesId }, message: { text: "And?" } };
    expect((await say(door, more)).body["error"]).toMatchObject({ error_subcode: 2534022 });
    const late = await sandbox.comment({ account: "adabell", from: jane });
    const public_ = await call(door, "POST", `${late.id}/replies`, { message: "12 euros" });
    expect(public_.status, public_.text).toBe(200);
    const own_ = { recipient: { comment_id: String(public_.body["id"]) }, message: { text: "x" } };
    expect((await say(door, own_)).body["error"]).toMatchObject(taken);
    await sandbox.advanceClock(7 * day);
    const tooLate = { recipient: { comment_id: late.id }, message: { text: "x" } };
    expect((await say(door, tooLate)).body["error"]).toMatchObject(taken);
    expect((await sandbox.thread("adabell", jane)).messages).toMatchObject([{ private: id }]);
  });

  test("who wrote, what was said: profiles need a message, old ones tell nothing", async () => {
    await own({ conversationsPerSecond: 100 });
    const door = await come();
    const profile = () => call(door, "GET", janesId, { fields: "name,username,profile_pic,follower_count" });
    await sandbox.comment({ account: "adabell", from: jane });
    expect((await profile()).body["error"]).toMatchObject({ code: 230 });
    const { mids } = await sandbox.message({ account: "adabell", from: jane, text: "No.", times: 21 });
    expect((await profile()).body).toMatchObject({ id: janesId, name: "Jane Harper", username: jane });
    const list = await call(door, "GET", `${door.self}/conversations`, {
      platform: "instagram",
      user_id: janesId,
    });
    const [conversation] = list.body["data"] as { id: string; updated_time: string }[];
    expect(conversation?.updated_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
    const read = await call(door, "GET", conversation?.id ?? "", {
      fields: "messages{id,created_time,from,to,message}",
    });
    const { data } = read.body["messages"] as { data: Record<string, unknown>[] };
    expect(data[0]).toMatchObject({
      id: mids.at(-1),
      message: "No. 21",
      from: { id: janesId, username: jane },
    });
    expect(data[20]).toEqual({ id: mids[0], created_time: expect.any(String) });
    expect((await call(door, "GET", mids[1] ?? "", { fields: "message" })).body).toMatchObject({
      message: "No. 2",
    });
    expect((await call(door, "GET", mids[0] ?? "", { fields: "message" })).status).toBe(400);
    expect((await call(door, "GET", `${door.self}/conversations`)).body["error"]).toMatchObject({
      code: 100,
    });
  });
});

test("limits, ordered errors, and a form with nested names", async () => {
  const door = await enter();
  await sandbox.message({ account: "adabell", from: jane });
  const body = { recipient: { id: janesId }, message: { text: "Hi" } };
  await own({ sendError: "transient" });
  expect((await say(door, body)).body["error"]).toMatchObject({
    code: 2,
    error_subcode: 1545133,
    is_transient: true,
  });
  await own({ sendError: "", sendPerSecond: 0 });
  expect((await say(door, body)).body["error"]).toMatchObject({ code: 613 });
  await own({ sendPerSecond: 100, multiImage: false, conversationsPerSecond: 0 });
  const list = { platform: "instagram" };
  expect((await call(door, "GET", "me/conversations", list)).body["error"]).toMatchObject({ code: 613 });
  const image = { type: "image", payload: { url: jpeg } };
  const two = { recipient: { id: janesId }, message: { attachments: [image, image] } };
  expect((await say(door, two)).body["error"]).toMatchObject({ error_subcode: 2534068 });
  const form = new URLSearchParams({
    "recipient[id]": janesId,
    "message[text]": "By form",
    access_token: door.token,
  });
  const sent = await send("POST", "graph.instagram.com/v26.0/me/messages", { body: form });
  expect(sent.status, sent.text).toBe(200);
  // At its own host Instagram takes one object under `attachments`.
  const one = { recipient: { id: janesId }, message: { attachments: image } };
  expect((await say(door, one)).status).toBe(200);
  expect((await say(await enterByPage(), one)).body["error"]).toMatchObject({ code: 100 });
  await sandbox.settings({ platform: "instagram", people: { adabell: { message_access: false } } });
  expect((await say(door, body)).body["error"]).toMatchObject({ code: 10 });
});

test("ice breakers are kept, with a default and at most four questions", async () => {
  const door = await enter();
  const asked = (count: number) =>
    Array.from({ length: count }, (_, nth) => ({ question: `Q${nth}`, payload: `P${nth}` }));
  const body = (count: number, locale = "default") => ({
    platform: "instagram",
    ice_breakers: [{ call_to_actions: asked(count), locale }],
  });
  const set = (given: unknown) => call(door, "POST", "me/messenger_profile", {}, given);
  expect((await set(body(5))).status).toBe(400);
  expect((await set(body(1, "de_DE"))).status).toBe(400);
  expect((await set(body(4))).body).toEqual({ result: "success" });
  const read = await call(door, "GET", "me/messenger_profile", {
    fields: "ice_breakers",
    platform: "instagram",
  });
  expect(read.body).toEqual({ data: [{ ice_breakers: body(4).ice_breakers }] });
  const page = await (await fetch(`${sandbox.url}/_sandbox/phone/adabell/${jane}`)).text();
  expect(page).toContain("Q3");
});

const own = (knobs: Record<string, string | number | boolean>) =>
  sandbox.settings({ platform: "instagram", own: knobs });

const forbidden: [what: string, given: (mid: string) => Record<string, unknown>][] = [
  ["more than 1000 bytes", () => ({ message: { text: "é".repeat(501) } })],
  ["an empty text", () => ({ message: { text: "" } })],
  ["text and file in one", () => ({ message: { text: "x", attachment: { type: "like_heart" } } })],
  [
    "a message and an action",
    (mid) => ({ message: { text: "x" }, sender_action: "mark_seen", payload: { message_id: mid } }),
  ],
  [
    "fourteen quick replies",
    () => ({ message: { text: "x", quick_replies: Array.from({ length: 14 }, () => quick) } }),
  ],
  ["a long title", () => ({ message: { text: "x", quick_replies: [{ ...quick, title: "x".repeat(21) }] } })],
  [
    "asking for a phone number",
    () => ({ message: { text: "x", quick_replies: [{ content_type: "user_phone_number" }] } }),
  ],
  [
    "one picture in a list",
    () => ({ message: { attachments: [{ type: "image", payload: { url: jpeg } }] } }),
  ],
  [
    "a film among pictures",
    () => ({
      message: {
        attachments: [
          { type: "image", payload: { url: jpeg } },
          { type: "video", payload: { url: clip } },
        ],
      },
    }),
  ],
  ["a film as a picture", () => ({ message: { attachment: { type: "image", payload: { url: clip } } } })],
  [
    "a picture nobody serves",
    () => ({ message: { attachment: { type: "image", payload: { url: `${files.url}/none.jpg` } } } }),
  ],
  ["an unknown key", () => ({ message: { text: "x", metadata: "m" } })],
  ["an unknown parameter", () => ({ message: { text: "x" }, notification_type: "REGULAR" })],
  [
    "a tag that ended",
    () => ({ message: { text: "x" }, messaging_type: "MESSAGE_TAG", tag: "ACCOUNT_UPDATE" }),
  ],
  ["a tag alone", () => ({ message: { text: "x" }, tag: "HUMAN_AGENT" })],
  ["answering a strange message", () => ({ message: { text: "x" }, reply_to: { mid: "aWdf" } })],
  [
    "reacting with words",
    (mid) => ({ sender_action: "react", payload: { message_id: mid, reaction: "nice" } }),
  ],
  ["a person's id as a number", () => ({ recipient: { id: Number(janesId) }, message: { text: "x" } })],
  ["nobody", () => ({ recipient: { id: "12345" }, message: { text: "x" } })],
];
