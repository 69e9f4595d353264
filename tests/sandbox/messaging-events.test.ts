/** The simulated Instagram's events: the shape of each, and how they are brought, again and again if they must be. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { ada, type Body, chime, listener, signed, speaker } from "../support/instagram";
import { type Deed, type RunningSandbox, startSandbox } from "../support/sandbox";

const jane = "jane.harper";
const hour = 3_600_000;

let sandbox: RunningSandbox;
let app: Awaited<ReturnType<typeof listener>>;
let janesId: string;
const { call, enter, enterByPage, say, subscribe } = speaker(
  () => sandbox,
  () => app.url,
);

beforeAll(async () => {
  app = await listener();
  sandbox = await startSandbox({ appOrigin: app.url });
  const people = await sandbox.customers(ada);
  janesId = people.find(({ username }) => username === jane)?.id ?? "";
});
afterAll(() => Promise.all([sandbox.stop(), app.stop()]));
beforeEach(async () => {
  await sandbox.reset();
  app.forget();
});

test("each thing a customer does has its own event", async () => {
  await subscribe(await enter());
  const does = (deed: Partial<Deed>) => sandbox.message({ account: "adabell", from: jane, ...deed });
  const { mid } = await does({ text: "One" });
  const sent = await sandbox.message({
    account: "adabell",
    from: "business",
    peer: jane,
    text: "From the shop",
  });
  const url = expect.stringMatching(/^http.*lookaside\.fbsbx\.com\/ig_messaging_cdn\/\?asset_id=/);
  const deeds: [Partial<Deed>, Body][] = [
    [{ kind: "image" }, { message: { attachments: [{ type: "image", payload: { url } }] } }],
    [{ kind: "images", count: 3 }, { message: { attachments: [{}, {}, { type: "image" }] } }],
    [
      { kind: "story_reply", text: "Nice" },
      { message: { text: "Nice", reply_to: { story: { id: expect.any(String), url } } } },
    ],
    [{ kind: "story_mention" }, { message: { attachments: [{ type: "story_mention", payload: { url } }] } }],
    [
      { kind: "post_share" },
      {
        message: {
          attachments: [{ type: "ig_post", payload: { ig_post_media_id: expect.any(String), url } }],
        },
      },
    ],
    [
      { kind: "reel_share" },
      {
        message: { attachments: [{ type: "ig_reel", payload: { reel_video_id: expect.any(String), url } }] },
      },
    ],
    [{ kind: "view_once" }, { message: { attachments: [{ type: "ephemeral" }] } }],
    [{ kind: "unsupported" }, { message: { is_unsupported: true } }],
    [{ text: "yes", replyTo: mid }, { message: { text: "yes", reply_to: { mid } } }],
    [
      { kind: "quick_reply", title: "Red", payload: "RED" },
      { message: { text: "Red", quick_reply: { payload: "RED" } } },
    ],
    [
      { kind: "postback", title: "Prices", payload: "PRICES" },
      { postback: { title: "Prices", payload: "PRICES" } },
    ],
    [{ kind: "reaction" }, { reaction: { mid: sent.mid, action: "react", reaction: "love", emoji: "❤️" } }],
    [{ kind: "unreact", mid: sent.mid }, { reaction: { mid: sent.mid, action: "unreact" } }],
    [{ kind: "edit", mid, text: "Two" }, { message_edit: { mid, text: "Two", num_edit: "1" } }],
    [{ kind: "unsend", mid }, { message: { mid, is_deleted: true } }],
    [{ kind: "seen" }, { read: { mid: sent.mid } }],
    [
      { kind: "referral", ref: "autumn" },
      { referral: { ref: "autumn", source: "IGME-SOURCE-LINK", type: "OPEN_THREAD" } },
    ],
    [{ kind: "handover", to: "other" }, { take_thread_control: { new_owner_app_id: expect.any(String) } }],
  ];
  for (const [deed] of deeds) await does(deed);
  await does({ text: "For the other app" });
  await does({ kind: "handover", to: "us" });
  await sandbox.delivered();
  const [first, ...rest] = app.events();
  expect(first).toMatchObject({ message: { text: "One" } });
  const isEcho = (event: Body) => (event["message"] as Body | undefined)?.["is_echo"] === true;
  expect(rest.filter(isEcho)).toMatchObject([
    { sender: { id: ada }, recipient: { id: janesId }, message: { mid: sent.mid, text: "From the shop" } },
  ]);
  const others = rest.filter((event) => !isEcho(event));
  expect(others).toMatchObject([...deeds.map(([, event]) => event), { pass_thread_control: {} }]);
  for (const event of others) {
    expect(event).toMatchObject({ sender: { id: janesId }, recipient: { id: ada } });
    expect(event["timestamp"]).toBeGreaterThan(1e12);
  }
  expect(app.events("standby")).toMatchObject([{ message: { text: "For the other app" } }]);
  const times = others.map(({ timestamp }) => Number(timestamp));
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  const address = String(
    (others[0] as { message: { attachments: { payload: { url: string } }[] } }).message.attachments[0]
      ?.payload.url,
  );
  expect((await fetch(address)).headers.get("content-type")).toBe("image/jpeg");
  await sandbox.advanceClock(8 * 24 * hour);
  expect((await fetch(address)).status).toBe(403);
});

test("comments come in seconds under changes, the account's own too, mentions through a Page only", async () => {
  const door = await enter();
  await subscribe(door);
  await subscribe(await enterByPage(), "comments,mentions");
  const { id, mediaId } = await sandbox.comment({ account: "adabell", from: jane, text: "Hey @adabell!" });
  await call(door, "POST", `${id}/replies`, { message: "Hey Jane" });
  await sandbox.comment({ account: "adabell", from: jane, caption: true });
  const deliveries = await sandbox.delivered();
  const own = deliveries.filter(({ login }) => login === "instagram");
  const changes = own.flatMap(({ body }) => (JSON.parse(body) as { entry: Body[] }).entry);
  const media = { id: mediaId, media_product_type: "FEED" };
  expect(changes).toMatchObject([
    {
      id: ada,
      changes: [
        {
          field: "comments",
          value: { id, from: { id: janesId, username: jane }, text: "Hey @adabell!", media },
        },
      ],
    },
    { changes: [{ field: "comments", value: { parent_id: id, from: { id: ada, username: "adabell" } } }] },
  ]);
  expect(changes[0]?.["time"]).toBeLessThan(1e10);
  const byPage = deliveries
    .filter(({ login }) => login === "facebook")
    .flatMap(({ body }) => (JSON.parse(body) as { entry: { changes: Body[] }[] }).entry[0]?.changes ?? []);
  expect(byPage.filter(({ field }) => field === "mentions").map(({ value }) => value)).toEqual([
    { media_id: mediaId, comment_id: id },
    { media_id: expect.any(String) },
  ]);
});

test("an echo can come before the answer to the send, after it, or never", async () => {
  const door = await enter();
  await subscribe(door);
  await sandbox.message({ account: "adabell", from: jane });
  await sandbox.delivered();
  const send = () => say(door, { recipient: { id: janesId }, message: { text: "Hi" } });
  const echoes = () => app.events().filter((event) => (event["message"] as Body)["is_echo"]);
  await own({ echo: "before" });
  const first = await send();
  expect(echoes()).toMatchObject([{ message: { mid: first.body["message_id"] } }]);
  await own({ echo: "never" });
  await send();
  expect((await sandbox.deliveries()).waiting).toBe(0);
  await own({ echo: "after", echoDelayMs: 600_000 });
  await send();
  expect((await sandbox.deliveries()).waiting).toBe(1);
  await sandbox.advanceClock(600_000);
  await sandbox.delivered();
  expect(echoes()).toHaveLength(2);
  // What was accepted and never answered echoes all the same.
  await own({ echoDelayMs: 0 });
  await sandbox.fault({ platform: "instagram", operation: "send", kind: "accept_then_reset", times: 1 });
  await expect(send()).rejects.toThrow();
  await sandbox.delivered();
  expect(echoes()).toHaveLength(3);
});

test("held events come in batches, doubled and shuffled, when they are let go", async () => {
  await subscribe(await enter());
  await subscribe(await enter("chimecafe"));
  await own({ webhooks: "hold" });
  const { mids } = await sandbox.message({ account: "adabell", from: jane, times: 1_200 });
  await sandbox.message({ account: "chimecafe", from: jane });
  expect(await sandbox.deliveries()).toMatchObject({ waiting: 1_201, deliveries: [] });
  await own({ webhookBatch: 1_000, webhookCopies: 2, webhookOrder: "shuffled" });
  await sandbox.releaseWebhooks();
  const deliveries = await sandbox.delivered();
  expect(deliveries.map(({ events }) => events).sort()).toEqual([1_000, 1_000, 201, 201]);
  const came = app.events().map((event) => String((event["message"] as Body)["mid"]));
  expect(came).toHaveLength(2_402);
  const own_ = came.filter((mid) => mids.includes(mid));
  expect(new Set(own_)).toEqual(new Set(mids));
  expect([...new Set(own_)]).not.toEqual(mids);
  expect(app.hooks.flatMap(({ json }) => (json["entry"] as Body[]).map(({ id }) => id))).toContain(chime);
  for (const { headers, text } of app.hooks)
    expect(headers["x-hub-signature-256"]).toBe(signed(text, "instagram"));
});

test("what is refused comes again, and after an hour of it the app hears nothing any more", async () => {
  await subscribe(await enter());
  app.answers((nth) => (nth < 2 ? 500 : 200));
  await own({ webhookRetryMs: 0 });
  await sandbox.message({ account: "adabell", from: jane });
  const deliveries = await sandbox.delivered();
  expect(deliveries.map(({ status, attempt }) => [status, attempt])).toEqual([
    [500, 1],
    [500, 2],
    [200, 3],
  ]);
  app.answers(() => 503);
  await own({ webhookRetryMs: hour / 2 });
  await sandbox.message({ account: "adabell", from: jane });
  const tries = () =>
    waitUntil(async () => ((await sandbox.deliveries()).deliveries.length >= 5 ? true : null), {
      withinMs: 20_000,
      otherwise: "It was not tried again.",
    });
  await tries();
  expect(await sandbox.subscriptions()).toHaveLength(1);
  await sandbox.advanceClock(hour);
  await sandbox.delivered();
  expect(await sandbox.subscriptions()).toEqual([]);
});

test("consent that ended, fields not ticked and access taken away bring nothing", async () => {
  await subscribe(await enter());
  await own({ dashboardFields: "messages" });
  await sandbox.message({ account: "adabell", from: "business", peer: jane });
  await sandbox.comment({ account: "adabell", from: jane });
  await sandbox.settings({ platform: "instagram", people: { adabell: { message_access: false } } });
  await sandbox.message({ account: "adabell", from: jane });
  await sandbox.settings({ platform: "instagram", people: { adabell: { message_access: true } } });
  await sandbox.expire({ platform: "instagram", kind: "grant" });
  await sandbox.message({ account: "adabell", from: jane });
  expect(await sandbox.deliveries()).toEqual({ waiting: 0, deliveries: [] });
});

test("what one business sends another arrives there", async () => {
  const door = await enter();
  await subscribe(door);
  await subscribe(await enter("chimecafe"));
  const { mid } = await sandbox.message({ account: "adabell", from: "chimecafe", text: "Bells?" });
  const peer = (await sandbox.customers("adabell")).find(({ username }) => username === "chimecafe");
  await say(door, { recipient: { id: peer?.id }, message: { text: "Bells!" } });
  await sandbox.delivered();
  expect(
    app.events().map((event) => [(event["recipient"] as Body)["id"], (event["message"] as Body)["text"]]),
  ).toEqual(
    expect.arrayContaining([
      [ada, "Bells?"],
      [peer?.id, "Bells!"],
      [chime, "Bells!"],
    ]),
  );
  expect((await sandbox.thread("adabell", "chimecafe")).messages[0]?.mid).toBe(mid);
});

test("the dashboard's buttons, any body by hand, and the same bytes once more", async () => {
  expect(await sandbox.verifyWebhook()).toMatchObject({ status: 200, answer: "1158201444" });
  expect(await sandbox.verifyWebhook({ token: "guess" })).toMatchObject({ status: 403 });
  await sandbox.testWebhook();
  expect(app.hooks[0]?.json).toMatchObject({
    entry: [{ id: "0", changes: [{ field: "messages", value: { timestamp: "1527459824" } }] }],
  });
  await sandbox.rawWebhook({ json: { object: "instagram", entry: [] }, login: "facebook" });
  expect(app.hooks[1]?.headers["x-hub-signature-256"]).toBe(signed(app.hooks[1]?.text ?? "", "facebook"));
  await sandbox.rawWebhook({ text: '{"a":"é/"}', signature: null });
  expect([app.hooks[2]?.text, app.hooks[2]?.headers["x-hub-signature-256"]]).toEqual([
    '{"a":"é/"}',
    undefined,
  ]);
  const { deliveries } = await sandbox.deliveries();
  await sandbox.replay(deliveries[0]?.id ?? 0);
  expect(app.hooks[3]?.text).toBe(app.hooks[0]?.text);
});

const own = (knobs: Record<string, string | number | boolean>) =>
  sandbox.settings({ platform: "instagram", own: knobs });
