/**
 * Controls for Instagram's messages: what customers do, what they see, and how events reach the app.
 *
 * `account` is a business (username or id), `from` and `peer` are people (username, or the id the business knows them
 * under): jane.harper, tomasz_w, lena.krueger, just_sam (no name), amara.o, yuki.in.kyoto, troll_77, and every other
 * business. Only subscribed accounts get events: the app calls POST /{id}/subscribed_apps, as on the real platform.
 *
 * POST /_sandbox/messages { account, from, kind = "text", … } → { mid, message }. What the kinds take besides:
 *   text          text?, replyTo? (a mid), referral? (as it shall stand in the message: an ad, a product)
 *   any of them   times? (up to 50,000, for storms; the text gets a number) → { mids } besides
 *   image video audio file sticker view_once story_mention   files? [base64, …]; a sample when absent
 *   images        count? or files?
 *   post_share reel_share story_share share(the old form)    text? (the caption), files?
 *   story_reply   text?; to the newest story of the business
 *   quick_reply   title or payload of one that is offered; or both of one that never was
 *   postback      title?, payload?, referral?
 *   reaction      mid? (the newest of the business), reaction? (an emoji)        unreact  mid?
 *   edit          mid? (their newest), text                                      unsend   mid?
 *   seen          (all that the business wrote)       referral  ref?, referral?  self     text?
 *   handover      to: "other" (events go to standby from then on), "us", "request"
 *   block unblock archive   no event: sending answers 551, or 2534001 until they write again
 *   With from: "business" and peer: text?, image … file, unsend { mid? }: typed in the business's own app (an echo).
 * GET  /_sandbox/messages?account&peer → { thread, messages }: the thread as the person sees it: text, by ("customer",
 *      "api", "app"), reactions, deletedAt, edits, attachments with sha256, quickReplies, seenByCustomer, seenByBusiness,
 *      typing, private (the comment it answers). A thread that is not there is { thread: null, messages: [] }.
 * GET  /_sandbox/threads?account → the threads. GET /_sandbox/customers?account → the people with their ids there.
 * POST /_sandbox/comments { account, from, text, media?, parent? } → { id, mediaId }; without media under the newest
 *      post, or one made for it. { caption: true }: a mention in a caption instead (an event through a Page only).
 * GET  /_sandbox/subscriptions → which accounts are subscribed, through which log-in, with which fields.
 * GET  /_sandbox/deliveries?since=id → { waiting, deliveries }: every POST to the app with status, answer, attempt,
 *      signature, body and how many events. { waiting } counts events not brought yet.
 * POST /_sandbox/deliveries/release {} → lets go what "hold" held back. …/replay { id } → the same bytes once more.
 * POST /_sandbox/webhooks/raw { json | text, login?, signature? } → { status, answer }: any body, signed as Meta would
 *      ("instagram" or "facebook"), or with the header as given (null: none). `text` goes as it is, up to 16 MB.
 * POST /_sandbox/webhooks/test { field? } → the dashboard's Test button. POST /_sandbox/webhooks/verify { token?,
 *      challenge?, mode? } → { status, answer, type }: the GET with which Meta verifies the address.
 *
 * Knobs, by POST /_sandbox/settings { platform: "instagram", own: { … } }:
 *   webhooks "on" | "hold"; webhookUrl ("" = <app>/api/webhooks/instagram); webhookBatch 1…1000; webhookCopies; webhookOrder
 *   "kept" (per account) | "any" | "shuffled" | "reversed"; webhookConnections; webhookDelayMs; webhookRetryMs (the second
 *   retry; doubles); webhookTimeoutMs; webhookUnsubscribeAfterMs (of failures);
 *   echo "after" | "before" (the answer to the send) | "never"; echoDelayMs; signWith "instagram" | "meta" (for Instagram's
 *   own log-in); dashboardFields, dashboardFieldsMeta (comma lists; "" = all); envelope "object" | "array"; commentShape
 *   "changes" | "flat"; commentIdKey "id" | "comment_id"; numEdit "string" | "number"; unsupportedShape "plain" |
 *   "attachments"; humanAgent (approved?), multiImage; sendError (a name in instagram/sandbox/messaging/errors.ts, for every send);
 *   rateError (likewise, for limits); sendPerSecond, mediaPerSecond, conversationsPerSecond, privateRepliesPerHour; cdnLifeMs.
 *   people: { adabell: { message_access: false } } forbids apps to see messages. Faults: operations send, sender_action,
 *   private_reply, subscribe, unsubscribe, profile, conversations, conversation, message, ice_breakers.
 */
import { Hono } from "hono";
import { z } from "zod";
import { topComment, writeAsCustomer } from "@/lib/platforms/instagram/sandbox/comments";
import {
  businessTypes,
  CannotDo,
  customerDoes,
  kinds,
  somePost,
} from "@/lib/platforms/instagram/sandbox/messaging/customer";
import { findAccount, findPeer, peersOf, scopedId } from "@/lib/platforms/instagram/sandbox/messaging/people";
import {
  findThread,
  type Message,
  messagesIn,
  threadsOf,
} from "@/lib/platforms/instagram/sandbox/messaging/store";
import {
  onTheWire,
  outbox,
  seconds,
  subscriptionsIn,
  tellChange,
} from "@/lib/platforms/instagram/sandbox/messaging/webhooks";
import type { InstagramAccount } from "@/lib/sandbox/meta";
import { input, Refused } from "./control-input";
import { postToApp, verifyApp } from "./courier";
import { newCall } from "./engine";
import { storeBytes } from "./files";
import type { Call } from "./kit";
import { now, type Sandbox } from "./memory";

const someMegabytes = 48 * 1_048_576;
const rawBytes = 16 * 1_048_576;

const Deed = z.strictObject({
  account: z.string(),
  /** a person, or "business" */
  from: z.string(),
  /** for the business: to whom */
  peer: z.string().optional(),
  kind: z.enum(kinds).default("text"),
  text: z.string().optional(),
  mid: z.string().optional(),
  replyTo: z.string().optional(),
  title: z.string().optional(),
  payload: z.string().optional(),
  reaction: z.string().optional(),
  ref: z.string().optional(),
  referral: z.record(z.string(), z.json()).optional(),
  to: z.enum(["us", "other", "request"]).optional(),
  files: z.array(z.base64()).max(10).optional(),
  count: z.int().min(1).max(10).optional(),
  times: z.int().min(1).max(50_000).default(1),
});

const Commented = z.strictObject({
  account: z.string(),
  from: z.string(),
  text: z.string().default("How much?"),
  media: z.string().optional(),
  /** a comment's id: answers that */
  parent: z.string().optional(),
  caption: z.boolean().default(false),
});

const Login = z.enum(["instagram", "facebook"]).default("instagram");

const Raw = z.strictObject({
  json: z.json().optional(),
  text: z.string().optional(),
  login: Login,
  signature: z.string().nullable().optional(),
});

const Verified = z.strictObject({
  mode: z.string().default("subscribe"),
  token: z.string().optional(),
  challenge: z.string().default("1158201444"),
});

export function messagingControls(sandbox: Sandbox): Hono {
  const app = new Hono();

  app.post("/messages", async (c) => {
    const { from, account: name, peer, files, times, ...given } = Deed.parse(await input(c, someMegabytes));
    const call = phoneCall(sandbox);
    const account = accountNamed(name);
    const stored = files?.map((one) => storeBytes(sandbox.fileDirectory, Buffer.from(one, "base64")));
    const username = peerNamed(account, from === "business" ? peer : from);
    const made = Array.from({ length: times }, (_, nth) => {
      const text = times > 1 ? `${given.text ?? "Hello"} ${nth + 1}` : given.text;
      const does = from === "business" ? businessTypes : customerDoes;
      return tried(() => does(call, account.id, username, { ...given, text, files: stored }));
    });
    sandbox.changed();
    const [message = null] = made;
    return c.json({
      mid: message?.mid ?? null,
      message: message === null ? null : shownMessage(message),
      mids: made.flatMap((one) => one?.mid ?? []),
    });
  });

  app.get("/messages", (c) => {
    const account = accountNamed(c.req.query("account"));
    return c.json(conversation(sandbox, account.id, peerNamed(account, c.req.query("peer"))));
  });

  app.get("/threads", (c) => c.json(threadsOf(phoneCall(sandbox), accountNamed(c.req.query("account")).id)));

  app.get("/customers", (c) => {
    const { id } = accountNamed(c.req.query("account"));
    return c.json(peersOf(id).map((one) => ({ id: scopedId(id, one.username), ...one })));
  });

  app.post("/comments", async (c) => {
    const wanted = Commented.parse(await input(c));
    const account = accountNamed(wanted.account);
    const call = phoneCall(sandbox);
    const done = tried(() => comment(call, account, wanted));
    sandbox.changed();
    return c.json(done);
  });

  app.get("/subscriptions", (c) => c.json(Object.values(subscriptionsIn(phoneCall(sandbox).world))));

  app.get("/deliveries", (c) => {
    const since = Number(c.req.query("since") ?? 0);
    return c.json({
      waiting: Object.keys(outbox(phoneCall(sandbox).world)).length,
      deliveries: sandbox.deliveries.filter(({ id }) => id > since),
    });
  });

  app.post("/deliveries/release", (c) => {
    const { world } = phoneCall(sandbox);
    world.settings.own["webhooks"] = "on";
    sandbox.changed();
    return c.json({ waiting: Object.keys(outbox(world)).length });
  });

  app.post("/deliveries/replay", async (c) => {
    const { id } = z.strictObject({ id: z.int() }).parse(await input(c));
    const found = sandbox.deliveries.find((one) => one.id === id);
    if (found === undefined || found.body === "") throw new Refused(404, "That delivery’s body is not kept.");
    return c.json(await postToApp(sandbox, { login: found.login, body: found.body }));
  });

  app.post("/webhooks/raw", async (c) => {
    const { json = {}, text, ...rest } = Raw.parse(await input(c, rawBytes));
    return c.json(await postToApp(sandbox, { ...rest, body: text ?? onTheWire(json) }));
  });

  app.post("/webhooks/test", async (c) => {
    const { field, login } = z
      .strictObject({ field: z.string().default("messages"), login: Login })
      .parse(await input(c));
    return c.json(await postToApp(sandbox, { login, body: testBody(sandbox, field) }));
  });

  app.post("/webhooks/verify", async (c) => {
    const { mode, token, challenge } = Verified.parse(await input(c));
    return c.json(
      await verifyApp(sandbox, {
        "hub.mode": mode,
        "hub.challenge": challenge,
        "hub.verify_token": token ?? sandbox.verifyToken,
      }),
    );
  });

  return app;
}

/** As somebody's phone would call. */
export function phoneCall(sandbox: Sandbox): Call {
  const simulator = sandbox.simulators.find(({ platform }) => platform === "instagram");
  if (simulator === undefined) throw new Refused(404, "Instagram is not simulated.");
  return newCall(sandbox, simulator, null, new URL("https://www.instagram.com/direct"));
}

/** The thread as the person sees it. */
export function conversation(sandbox: Sandbox, account: string, peer: string) {
  const call = phoneCall(sandbox);
  const thread = findThread(call, account, peer);
  if (thread === null) return { thread: null, messages: [] };
  return {
    thread: { ...thread, typing: thread.typingUntil > call.now, person: scopedId(account, peer) },
    messages: messagesIn(call, thread).map(shownMessage),
  };
}

/** @throws Refused when there is no such business */
export function accountNamed(name: string | undefined): InstagramAccount {
  const found = findAccount(name ?? "");
  if (found === null) throw new Refused(404, "No business there has that name.");
  return found;
}

/** The person's username. @throws Refused when there is no such person */
export function peerNamed({ id }: InstagramAccount, name: string | undefined): string {
  const found = findPeer(id, name ?? "");
  if (found === null) throw new Refused(404, "Nobody there has that name.");
  return found.username;
}

/** What cannot be done is the asker's fault. */
export function tried<T>(deed: () => T): T {
  try {
    return deed();
  } catch (error) {
    if (error instanceof CannotDo) throw new Refused(400, error.message);
    throw error;
  }
}

export type ShownMessage = ReturnType<typeof shownMessage>;

function shownMessage({ attachments, commentId, ...message }: Message) {
  return {
    ...message,
    fromBusiness: message.by !== "customer",
    private: commentId,
    attachments: attachments.map(({ type, payload, file }) => ({
      type,
      payload,
      file: file === null ? null : { id: file.id, sha256: file.sha256, mime: file.mime, bytes: file.bytes },
    })),
  };
}

/** A comment of a person, or a mention of the business in a caption of theirs. */
export function comment(
  call: Call,
  account: InstagramAccount,
  wanted: {
    from: string;
    text: string;
    media?: string | undefined;
    parent?: string | undefined;
    caption: boolean;
  },
): { id: string | null; mediaId: string } {
  const username = peerNamed(account, wanted.from);
  if (wanted.caption) {
    call.world.counter += 1;
    const mediaId = `1790000000000${call.world.counter}`;
    tellChange(call, account.id, "mentions", { media_id: mediaId }, "facebook");
    return { id: null, mediaId };
  }
  const top = wanted.parent === undefined ? null : topComment(call, account.id, wanted.parent);
  if (wanted.parent !== undefined && top === null) throw new CannotDo("There is no such comment.");
  const mediaId = top?.mediaId ?? somePost(call, account.id, wanted.media).id;
  const id = writeAsCustomer(call, {
    account: account.id,
    mediaId,
    parentId: top?.id ?? null,
    username,
    text: wanted.text,
  });
  if (wanted.text.includes(`@${account.username}`)) {
    tellChange(call, account.id, "mentions", { media_id: mediaId, comment_id: id }, "facebook");
  }
  return { id, mediaId };
}

/** The Test button's own shape: nobody's account, and a time in seconds as text. */
function testBody(sandbox: Sandbox, field: string): string {
  const at = seconds(now(sandbox));
  const value =
    field === "messages"
      ? {
          sender: { id: "12334" },
          recipient: { id: "23245" },
          timestamp: "1527459824",
          message: { mid: "random_mid", text: "random_text" },
        }
      : {
          id: "17865799348089039",
          from: { id: "232323232", username: "test" },
          text: "This is an example.",
          media: { id: "123123123", media_product_type: "FEED" },
        };
  return onTheWire({ object: "instagram", entry: [{ id: "0", time: at, changes: [{ field, value }] }] });
}
