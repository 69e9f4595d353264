/** POST /{account}/messages on the simulated Instagram: sending, and what one does besides sending. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  type Json,
  json,
  knob,
  shelf,
} from "@/lib/sandbox/kit";
import { DAY, HOUR, SECOND } from "@/lib/sandbox/oauth";
import { invalidParam } from "../errors";
import { onShelf } from "../graph";
import { type Entered, enterAt } from "./access";
import { addressesIn, filesIn, namesIn, readSending, type Sending } from "./body";
import { isMessagingError, messagingError } from "./errors";
import { mediaFault } from "./media";
import { findPeer, scopedId } from "./people";
import {
  type Attachment,
  findMessage,
  findThread,
  type Message,
  newestMid,
  openThread,
  type Thread,
} from "./store";
import { say } from "./talk";

/** A comment as sandbox/comments keeps it; `username` is there when a customer wrote it. */
type Comment = { id: string; personId: string; username?: string };

type Plan = { entered: Entered; sending: Sending; thread: Thread | null; comment: Comment | null };

export function sendOperation(call: Call): string {
  const sending = readSending(call);
  if (isAnswer(sending)) return "send";
  if (sending.sender_action !== undefined) return "sender_action";
  return "comment_id" in sending.recipient ? "private_reply" : "send";
}

/** Nothing is fetched for what will be refused anyway. */
export function sendFetches(call: Call): string[] {
  const plan = planSending(call);
  return isAnswer(plan) ? [] : addressesIn(plan.sending);
}

export function sendMessage(call: Call): Answer {
  const plan = planSending(call);
  if (isAnswer(plan)) return plan;
  const { sending, entered, comment } = plan;
  const limited = countCall(call, entered.account, sending);
  if (limited !== null) return limited;
  const ordered = knob<string>(call, "sendError", "");
  if (isMessagingError(ordered)) return messagingError(call, ordered);
  if (comment !== null) return replyPrivately(call, sending, comment);
  const { thread } = plan;
  // planSending found one or refused
  if (thread === null) return messagingError(call, "user_not_found");
  if (sending.sender_action !== undefined) return act(call, sending, thread);
  for (const { type, payload } of filesIn(sending)) {
    const file = call.fetched[payload.url]?.file ?? null;
    if (file === null) return invalidParam("Failed to fetch the file from the url");
    const fault = mediaFault(call, type, file);
    if (fault !== null) return invalidParam(fault);
  }
  const attachments = attachmentsOf(call, sending, entered.account);
  if (isAnswer(attachments)) return attachments;
  const { message, reply_to, tag } = sending;
  return answer(
    thread,
    say(call, thread, {
      by: "api",
      kind: attachments[0]?.type ?? "text",
      text: message?.text ?? null,
      attachments,
      replyTo: reply_to?.mid ?? null,
      tag: tag ?? null,
      quickReplies: (message?.quick_replies ?? []).map(({ title, payload }) => ({ title, payload })),
    }),
  );
}

function planSending(call: Call): Plan | Answer {
  const names = namesIn(call);
  const isPrivate = names.some((name) => name === "recipient[comment_id]") || asksByComment(call);
  const entered = enterAt(call, names, isPrivate ? "private_reply" : "message");
  if (isAnswer(entered)) return entered;
  const sending = readSending(call);
  if (isAnswer(sending)) return sending;
  const { recipient } = sending;
  if ("comment_id" in recipient) {
    const comment = planPrivateReply(call, entered, sending, recipient.comment_id);
    return isAnswer(comment) ? comment : { entered, sending, comment, thread: null };
  }
  const peer = findPeer(entered.account, recipient.id);
  if (peer === null) return messagingError(call, "user_not_found");
  const thread = findThread(call, entered.account, peer.username);
  const refused = refuseThread(call, thread, sending);
  return refused ?? { entered, sending, thread, comment: null };
}

function refuseThread(call: Call, thread: Thread | null, sending: Sending): Answer | null {
  if (thread?.state === "blocked") return messagingError(call, "unavailable");
  if (thread?.state === "archived") return messagingError(call, "thread_gone");
  // Only the thread's owner may speak in it.
  if (thread?.owner === "other") return messagingError(call, "no_permission");
  const window = sending.tag === undefined ? DAY : 7 * DAY;
  if (sending.tag !== undefined && !knob(call, "humanAgent", false)) {
    return messagingError(call, "no_human_agent");
  }
  const wroteAt = thread?.lastFromCustomerAt ?? null;
  if (thread === null || wroteAt === null || call.now >= wroteAt + window) {
    return messagingError(call, "outside_window");
  }
  for (const mid of [sending.reply_to?.mid, sending.payload?.message_id]) {
    if (mid === undefined) continue;
    const found = findMessage(call, mid);
    const isHere = found?.account === thread.account && found.peer === thread.peer;
    if (!isHere || found.deletedAt !== null) return invalidParam("The message cannot be found");
  }
  const isMany = Array.isArray(sending.message?.attachments);
  if (isMany && filesIn(sending).some(({ type }) => type !== "image")) {
    return invalidParam("Only images can be sent together");
  }
  return isMany && !knob(call, "multiImage", true) ? messagingError(call, "no_multi_image") : null;
}

/** One for each comment of somebody else, within seven days. */
function planPrivateReply(call: Call, { account }: Entered, sending: Sending, id: string): Comment | Answer {
  const { message, reply_to, tag } = sending;
  if (message?.text === undefined || reply_to !== undefined || tag !== undefined) {
    return invalidParam("A private reply is a text and nothing else");
  }
  const comment = onShelf<Comment>(call, "comments", id);
  const publication = findPublication(call, id);
  if (comment === null || publication === null || comment.personId !== account) {
    return invalidParam(`The comment ${id} cannot be found`);
  }
  const isOver = call.now >= publication.createdAt + 7 * DAY;
  const wasAnswered = Object.hasOwn(shelf<string>(call, "private_replies"), id);
  return isOver || wasAnswered || comment.username === undefined
    ? messagingError(call, "private_reply")
    : comment;
}

function replyPrivately(call: Call, { message }: Sending, comment: Comment): Answer {
  const thread = openThread(call, comment.personId, comment.username ?? "");
  if (thread.state === "blocked") return messagingError(call, "unavailable");
  const said = say(call, thread, {
    by: "api",
    kind: "text",
    text: message?.text ?? "",
    commentId: comment.id,
  });
  shelf<string>(call, "private_replies")[comment.id] = said.mid;
  return answer(thread, said);
}

function act(call: Call, { sender_action, payload }: Sending, thread: Thread): Answer {
  switch (sender_action) {
    case "typing_on":
      // The dots go away by themselves.
      thread.typingUntil = call.now + 20 * SECOND;
      break;
    case "typing_off":
      thread.typingUntil = 0;
      break;
    case "mark_seen":
      thread.seenByBusiness = newestMid(call, thread, "customer");
      break;
    default: {
      const found = findMessage(call, payload?.message_id ?? "");
      if (found !== null) found.reactions.business = payload?.reaction ?? null;
    }
  }
  call.effect = true;
  return answer(thread, null);
}

function attachmentsOf(call: Call, sending: Sending, account: string): Attachment[] | Answer {
  const { attachment, attachments } = sending.message ?? {};
  const found: Attachment[] = [];
  for (const one of [attachment ?? attachments ?? []].flat()) {
    if (one.type === "like_heart") found.push({ type: "like_heart", payload: null, file: null });
    else if (one.type === "template") {
      // safe: what zod parsed from JSON is JSON
      found.push({ type: "template", payload: one.payload as Record<string, Json>, file: null });
    } else if (one.type === "MEDIA_SHARE") {
      const media = onShelf<{ personId: string }>(call, "media", one.payload.id);
      if (media?.personId !== account) return invalidParam("The post cannot be found");
      found.push({ type: "ig_post", payload: { ig_post_media_id: one.payload.id }, file: null });
    } else {
      const file = call.fetched[one.payload.url]?.file ?? null;
      found.push({ type: one.type, payload: null, file });
    }
  }
  return found;
}

/** Calls of one account in the last second, and private replies in the last hour. */
function countCall(call: Call, account: string, sending: Sending): Answer | null {
  const isHeavy = filesIn(sending).some(({ type }) => type === "video" || type === "audio");
  if ("comment_id" in sending.recipient) {
    return countWithin(call, `private/${account}`, knob(call, "privateRepliesPerHour", 750), HOUR);
  }
  return isHeavy
    ? countWithin(call, `heavy/${account}`, knob(call, "mediaPerSecond", 10), SECOND)
    : countWithin(call, `light/${account}`, knob(call, "sendPerSecond", 100), SECOND);
}

/** Null, and one more counted, while there is room. */
export function countWithin(call: Call, name: string, most: number, withinMs: number): Answer | null {
  const counts = shelf<number[]>(call, "counts");
  const recent = (counts[name] ?? []).filter((at) => at > call.now - withinMs);
  if (recent.length >= most) {
    const wanted = knob<string>(call, "rateError", "rate");
    return messagingError(call, isMessagingError(wanted) ? wanted : "rate");
  }
  counts[name] = [...recent, call.now];
  return null;
}

function answer({ account, peer }: Thread, said: Message | null): Answer {
  const recipient_id = scopedId(account, peer);
  return json(200, said === null ? { recipient_id } : { recipient_id, message_id: said.mid });
}

function asksByComment(call: Call): boolean {
  const sending = readSending(call);
  return !isAnswer(sending) && "comment_id" in sending.recipient;
}
