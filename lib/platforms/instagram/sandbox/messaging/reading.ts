/** Looking back on the simulated Instagram: who wrote, which conversations there are, what was said, and ice breakers. */
import { z } from "zod";
import { type Answer, type Call, isAnswer, type Json, json, jsonBody, knob, shelf } from "@/lib/sandbox/kit";
import { DAY, SECOND } from "@/lib/sandbox/oauth";
import { invalidParam, missingObject } from "../errors";
import { answerEdge, answerNode, type Node, timestamp } from "../graph";
import { enter, enterAt } from "./access";
import { messagingError } from "./errors";
import { cdnUrl, faceUrl } from "./media";
import { findPeer, scopedId } from "./people";
import { countWithin } from "./send";
import {
  type Attachment,
  findMessage,
  findThread,
  type Message,
  messagesIn,
  type Thread,
  threadsOf,
} from "./store";

/** Of a thread only so many of the newest messages tell what they say. */
const tellingMessages = 20;
const requestsLiveMs = 30 * DAY;

/** GET /{person}: once they wrote or tapped something, and never for a comment alone. */
export function readProfile(call: Call): Answer {
  const entered = enter(call, ["fields"], "message");
  if (isAnswer(entered)) return entered;
  const id = call.params["id"] ?? "";
  const known = shelf<{ account: string; username: string }>(call, "scoped_ids")[id];
  const person = known?.account === entered.account ? findPeer(known.account, known.username) : null;
  if (person === null) return missingObject(call, id);
  const { username, name, followers, followsBusiness, followedByBusiness, verified } = person;
  const thread = findThread(call, entered.account, username);
  if (thread?.state === "blocked") return messagingError(call, "unavailable");
  if (thread === null || thread.lastFromCustomerAt === null) return messagingError(call, "consent");
  return answerNode(entered.params, {
    id,
    name: name ?? undefined,
    username,
    profile_pic: faceUrl(call, id, name ?? username),
    follower_count: followers,
    is_user_follow_business: followsBusiness,
    is_business_follow_user: followedByBusiness,
    is_verified_user: verified,
  });
}

/** GET /{account}/conversations?platform=instagram */
export function listConversations(call: Call): Answer {
  const allowed = ["platform", "user_id", "fields", "limit", "after", "before"];
  const entered = enterAt(call, allowed, "message");
  if (isAnswer(entered)) return entered;
  const { account, params } = entered;
  const limited = countReading(call, account);
  if (limited !== null) return limited;
  if (params.get("platform") !== "instagram") return invalidParam("The parameter platform must be instagram");
  if (!params.has("fields")) params.set("fields", "id,updated_time");
  const person = params.get("user_id");
  const nodes = threadsOf(call, account)
    .filter((thread) => thread.state !== "archived" && !isForgotten(call, thread))
    .filter(({ peer }) => person === null || scopedId(account, peer) === person)
    .sort((one, other) => other.updatedAt - one.updatedAt)
    .map((thread) => threadNode(call, thread));
  return answerEdge(call, params, nodes, { usual: 25, most: 100 });
}

/** GET /{conversation} */
export function readConversation(call: Call): Answer {
  const entered = enter(call, ["fields"], "message");
  if (isAnswer(entered)) return entered;
  const limited = countReading(call, entered.account);
  if (limited !== null) return limited;
  const id = call.params["id"] ?? "";
  const thread = threadsOf(call, entered.account).find((one) => one.id === id);
  if (thread === undefined || thread.state === "archived") return missingObject(call, id);
  return answerNode(entered.params, threadNode(call, thread));
}

/** GET /{message} */
export function readMessage(call: Call): Answer {
  const entered = enter(call, ["fields"], "message");
  if (isAnswer(entered)) return entered;
  const limited = countReading(call, entered.account);
  if (limited !== null) return limited;
  const mid = call.params["id"] ?? "";
  const message = findMessage(call, mid);
  const isOurs = message?.account === entered.account && message.deletedAt === null;
  if (!isOurs || !isTelling(call, message)) return missingObject(call, mid);
  return answerNode(entered.params, messageNode(call, message));
}

const question = z.strictObject({ question: z.string().min(1).max(80), payload: z.string().min(1) });
const Breakers = z.strictObject({
  platform: z.literal("instagram"),
  ice_breakers: z
    .array(z.strictObject({ call_to_actions: z.array(question).min(1).max(4), locale: z.string() }))
    .min(1)
    .refine((list) => list.some(({ locale }) => locale === "default"), {
      error: "An entry with the locale default is required",
    }),
});

/** POST /{account}/messenger_profile */
export function setBreakers(call: Call): Answer {
  const entered = enterAt(call, ["platform", "ice_breakers"], "message");
  if (isAnswer(entered)) return entered;
  const { access_token: _token, ...given } = jsonBody(call) ?? {};
  const parsed = Breakers.safeParse(given);
  if (!parsed.success) return invalidParam(parsed.error.issues[0]?.message ?? "ice_breakers are not valid");
  shelf<Json>(call, "ice_breakers")[entered.account] = parsed.data.ice_breakers;
  call.effect = true;
  return json(200, { result: "success" });
}

/** GET /{account}/messenger_profile */
export function readBreakers(call: Call): Answer {
  const entered = enterAt(call, ["platform", "fields"], "message");
  if (isAnswer(entered)) return entered;
  if (entered.params.get("fields") !== "ice_breakers") return invalidParam("fields must be ice_breakers");
  const set = shelf<Json>(call, "ice_breakers")[entered.account];
  return json(200, { data: set === undefined ? [] : [{ ice_breakers: set }] });
}

/** DELETE /{account}/messenger_profile */
export function deleteBreakers(call: Call): Answer {
  const entered = enterAt(call, ["platform", "fields"], "message");
  if (isAnswer(entered)) return entered;
  const fields = entered.params.get("fields");
  if (fields !== '["ice_breakers"]' && fields !== "ice_breakers") {
    return invalidParam('fields must be ["ice_breakers"]');
  }
  delete shelf<Json>(call, "ice_breakers")[entered.account];
  call.effect = true;
  return json(200, { result: "success" });
}

const countReading = (call: Call, account: string): Answer | null =>
  countWithin(call, `reading/${account}`, knob(call, "conversationsPerSecond", 2), SECOND);

function threadNode(call: Call, thread: Thread): Node & { id: string } {
  return {
    id: thread.id,
    updated_time: timestamp(thread.updatedAt),
    messages: messagesIn(call, thread)
      .reverse()
      .filter(({ deletedAt }) => deletedAt === null)
      .map((message) => messageNode(call, message)),
  };
}

/** An older message has a name and a time, and nothing else. */
function messageNode(call: Call, message: Message): Node {
  const { mid, at, account, peer, by, text, kind, attachments, replyTo, reactions } = message;
  const person = { id: scopedId(account, peer), username: peer };
  const us = { id: account, username: call.people.find(({ id }) => id === account)?.username ?? "" };
  const [from, to] = by === "customer" ? [person, us] : [us, person];
  const files = attachments.filter(({ type }) => !type.startsWith("ig_") && !type.startsWith("story"));
  const shares = attachments.filter(({ type }) => type.startsWith("ig_") || type === "share");
  const mention = attachments.find(({ type }) => type === "story_mention");
  const reacted = [
    ...(reactions.customer === null ? [] : [{ reaction: reactions.customer, users: [person] }]),
    ...(reactions.business === null ? [] : [{ reaction: reactions.business, users: [us] }]),
  ];
  const node = {
    from,
    to: { data: [to] },
    message: text ?? "",
    attachments: files.length === 0 ? undefined : { data: files.map((one) => fileNode(call, one)) },
    shares: shares.length === 0 ? undefined : { data: shares.map((one) => ({ link: linkOf(call, one) })) },
    story: mention === undefined ? undefined : { mention: { link: linkOf(call, mention) } },
    reactions: reacted.length === 0 ? undefined : { data: reacted },
    is_unsupported: kind === "unsupported" ? true : undefined,
    reply_to: replyTo === null ? undefined : { mid: replyTo },
  };
  const told = isTelling(call, message)
    ? node
    : Object.fromEntries(Object.keys(node).map((name) => [name, undefined]));
  return { id: mid, created_time: timestamp(at), ...told };
}

function fileNode(call: Call, attachment: Attachment): Json {
  const url = linkOf(call, attachment);
  if (url === null) return { type: attachment.type };
  if (attachment.type === "image" || attachment.type === "sticker") return { image_data: { url } };
  return attachment.type === "video" ? { video_data: { url } } : { file_url: url };
}

const linkOf = (call: Call, { file }: Attachment): string | null =>
  file === null ? null : cdnUrl(call, file);

const isTelling = (call: Call, message: Message): boolean =>
  messagesIn(call, message)
    .slice(-tellingMessages)
    .some(({ mid }) => mid === message.mid);

/** Requests that nobody touched for a month: written by someone who does not follow, and never answered. */
function isForgotten(call: Call, thread: Thread): boolean {
  if (call.now < thread.updatedAt + requestsLiveMs) return false;
  const follows = findPeer(thread.account, thread.peer)?.followsBusiness === true;
  return !follows && messagesIn(call, thread).every(({ by }) => by === "customer");
}
