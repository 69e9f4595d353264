import { z } from "zod";
import type { InboxEvent } from "../../inbox-contract";
import { Any, attachmentsOf, Flag, Id, instantOf, lenient, referralOf, replyOf, textOrNull } from "./fields";

/**
 * One element of a webhook, or one change, as an event. Only the ids an event cannot do without must be right: whatever
 * else is missing or of another type is left out.
 */

type Ground = Pick<InboxEvent, "accountId" | "at" | "standby">;

/** One of `messaging` or `standby`. */
export function readElement(element: unknown, entry: Ground, appIds: string[]): InboxEvent {
  const read = Element.safeParse(element);
  if (!read.success) return ignored(entry, "unreadable");
  const told = read.data;
  const ground = { ...entry, at: instantOf(told.timestamp) ?? entry.at };
  if (told.message !== undefined) return readMessage(told, ground);
  if (told.postback !== undefined) return readPostback(told, ground);
  if (told.reaction !== undefined) return readReaction(told, ground);
  if (told.read !== undefined) return readSeen(told, ground);
  if (told.message_edit !== undefined) return readEdit(told, ground);
  if (told.referral !== undefined) return readReferral(told, ground);
  const handed = told.pass_thread_control ?? told.take_thread_control;
  if (handed !== undefined) return readHandover(told, handed, ground, appIds);
  const known = ASIDE.find((name) => told[name] !== undefined);
  return ignored(ground, known ?? "unknown_field");
}

/** One of `changes`: a comment, a mention, or an element in other clothes. */
export function readChange(change: unknown, ground: Ground, appIds: string[]): InboxEvent {
  const read = Change.safeParse(change);
  if (!read.success) return ignored(ground, "unreadable");
  const { field, value } = read.data;
  if (field === "comments" || field === "live_comments") {
    return readComment(value, ground, field === "live_comments");
  }
  if (field === "mentions") return readMention(value, ground);
  if (MESSAGING_FIELDS.has(field)) {
    return readElement(value, field === "standby" ? { ...ground, standby: true } : ground, appIds);
  }
  return ignored(ground, field === "story_insights" ? field : "unknown_field");
}

const ignored = (ground: Ground, reason: string): InboxEvent => ({ ...ground, kind: "ignored", reason });

const Party = lenient(z.object({ id: Id }));

/** Known, and nothing for an inbox. */
const ASIDE = [
  "optin",
  "request_thread_control",
  "app_roles",
  "policy_enforcement",
  "response_feedback",
] as const;

const Element = z.object({
  sender: Party,
  recipient: Party,
  timestamp: Any,
  message: Any,
  postback: Any,
  reaction: Any,
  read: Any,
  message_edit: Any,
  referral: Any,
  pass_thread_control: Any,
  take_thread_control: Any,
  optin: Any,
  request_thread_control: Any,
  app_roles: Any,
  policy_enforcement: Any,
  response_feedback: Any,
});
type Element = z.infer<typeof Element>;

const Change = z.object({ field: z.string(), value: Any });

const MESSAGING_FIELDS = new Set([
  "messages",
  "message_echoes",
  "message_reactions",
  "message_edit",
  "messaging_postbacks",
  "messaging_seen",
  "messaging_referral",
  "messaging_optins",
  "messaging_handover",
  "messaging_policy_enforcement",
  "response_feedback",
  "standby",
]);

/**
 * Who talks to whom. An echo, and whatever the account itself sends, is from us and to the other one; an account that
 * writes to itself is its own peer. Null where the other one is not named.
 */
function parties(
  { sender, recipient }: Element,
  { accountId }: Ground,
  echo = false,
): { peerId: string; by: "them" | "us" } | null {
  const ours = echo || sender?.id === accountId;
  const [other, one] = ours ? [recipient?.id, sender?.id] : [sender?.id, recipient?.id];
  if (other === undefined) return null;
  return { peerId: other === accountId ? (one ?? other) : other, by: ours ? "us" : "them" };
}

const Message = z.object({
  mid: Id,
  text: Any,
  is_echo: Flag,
  is_self: Flag,
  is_deleted: Flag,
  is_unsupported: Flag,
  attachments: Any,
  quick_reply: lenient(z.object({ payload: z.string() })),
  reply_to: Any,
  referral: Any,
});

function readMessage(told: Element, ground: Ground): InboxEvent {
  const read = Message.safeParse(told.message);
  const who = read.success ? parties(told, ground, read.data.is_echo) : null;
  if (!read.success || !who) return ignored(ground, "unreadable");
  const message = read.data;
  if (message.is_deleted) return { ...ground, kind: "unsent", peerId: who.peerId, messageId: message.mid };
  const text = textOrNull(message.text);
  const attachments = attachmentsOf(message.attachments);
  const referral = referralOf(message.referral);
  return {
    ...ground,
    kind: "message",
    ...who,
    messageId: message.mid,
    self: message.is_self || who.peerId === ground.accountId,
    text,
    attachments,
    replyTo: replyOf(message.reply_to),
    quickReply: message.quick_reply?.payload ?? null,
    referral,
    // A message without anything in it had something that was not handed out.
    unsupported: message.is_unsupported || (text === null && attachments.length === 0 && referral === null),
  };
}

const Postback = z.object({
  mid: Id,
  title: z.string().catch(""),
  payload: z.string().catch(""),
  referral: Any,
});

function readPostback(told: Element, ground: Ground): InboxEvent {
  const read = Postback.safeParse(told.postback);
  const who = parties(told, ground);
  if (!read.success || !who) return ignored(ground, "unreadable");
  if (who.by === "us") return ignored(ground, "own_postback");
  const { mid, title, payload, referral } = read.data;
  const { peerId } = who;
  return {
    ...ground,
    kind: "postback",
    peerId,
    messageId: mid,
    title,
    payload,
    referral: referralOf(referral),
  };
}

const Reaction = z.object({
  mid: Id,
  action: z.enum(["react", "unreact"]),
  reaction: Any,
  emoji: Any,
});

function readReaction(told: Element, ground: Ground): InboxEvent {
  const read = Reaction.safeParse(told.reaction);
  const who = parties(told, ground);
  if (!read.success || !who) return ignored(ground, "unreadable");
  const { mid, action, reaction, emoji } = read.data;
  const taken = action === "unreact";
  return {
    ...ground,
    kind: "reaction",
    ...who,
    messageId: mid,
    reaction: taken ? null : (textOrNull(reaction) ?? "other"),
    emoji: taken ? null : textOrNull(emoji),
  };
}

const Mid = z.object({ mid: Id });

function readSeen(told: Element, ground: Ground): InboxEvent {
  const read = Mid.safeParse(told.read);
  const who = parties(told, ground);
  if (!read.success || !who) return ignored(ground, "unreadable");
  if (who.by === "us") return ignored(ground, "own_seen");
  return { ...ground, kind: "seen", peerId: who.peerId, messageId: read.data.mid };
}

/** How often it was edited is documented as a string. */
const Edit = z.object({ mid: Id, text: z.string(), num_edit: z.coerce.number().int().min(1).catch(1) });

function readEdit(told: Element, ground: Ground): InboxEvent {
  const read = Edit.safeParse(told.message_edit);
  const who = parties(told, ground);
  if (!read.success || !who) return ignored(ground, "unreadable");
  const { mid, text, num_edit } = read.data;
  return { ...ground, kind: "edited", peerId: who.peerId, messageId: mid, text, edits: num_edit };
}

function readReferral(told: Element, ground: Ground): InboxEvent {
  const referral = referralOf(told.referral);
  const who = parties(told, ground);
  if (!referral || !who) return ignored(ground, "unreadable");
  return { ...ground, kind: "referral", peerId: who.peerId, referral };
}

/** Key names as on Messenger; whether Instagram says the same is not confirmed. */
const Handover = z.object({ new_owner_app_id: lenient(Id) }).catch({});

function readHandover(told: Element, handed: unknown, ground: Ground, appIds: string[]): InboxEvent {
  const who = parties(told, ground);
  if (!who) return ignored(ground, "unreadable");
  const owner = Handover.parse(handed).new_owner_app_id;
  const ours = owner === undefined || appIds.length === 0 ? null : appIds.includes(owner);
  return { ...ground, kind: "handover", peerId: who.peerId, ours };
}

const Comment = z.object({
  // The log-in with Facebook calls it comment_id in an example.
  id: lenient(Id),
  comment_id: lenient(Id),
  parent_id: lenient(Id),
  from: z.object({ id: lenient(Id), username: Any, self_ig_scoped_id: Any }),
  text: Any,
  media: lenient(z.object({ id: Id })),
});

function readComment(value: unknown, ground: Ground, live: boolean): InboxEvent {
  const read = Comment.safeParse(value);
  if (!read.success) return ignored(ground, "unreadable");
  const { id, comment_id, parent_id, from, text, media } = read.data;
  // Comments and replies of our own come back, and answering them would never end.
  if (from.id === ground.accountId || (from.self_ig_scoped_id ?? null) !== null) {
    return ignored(ground, "own_comment");
  }
  const commentId = id ?? comment_id;
  if (commentId === undefined || from.id === undefined) return ignored(ground, "unreadable");
  return {
    ...ground,
    kind: "comment",
    commentId,
    parentId: parent_id ?? null,
    mediaId: media?.id ?? null,
    peerId: from.id,
    handle: textOrNull(from.username),
    text: textOrNull(text) ?? "",
    live,
  };
}

const Mention = z.object({ media_id: Id, comment_id: lenient(Id) });

function readMention(value: unknown, ground: Ground): InboxEvent {
  const read = Mention.safeParse(value);
  if (!read.success) return ignored(ground, "unreadable");
  const { media_id, comment_id } = read.data;
  return { ...ground, kind: "mention", mediaId: media_id, commentId: comment_id ?? null };
}
