import { z } from "zod";
import type { Access } from "../../contract";
import type { InboxLimits, OutgoingMessage, SendMessage, SentMessage } from "../../inbox-contract";
import { RemoteId } from "../../kit";
import type { Ask } from "../graph";
import { rejected } from "./errors";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

export const inboxLimits: Omit<InboxLimits, "reactions"> = {
  textBytes: 1000,
  // An older limit of the platform: whether it still holds is not known.
  commentCharacters: 300,
  images: 10,
  quickReplies: 13,
  quickReplyCharacters: 20,
  windowMs: 24 * HOUR_MS,
  personWindowMs: 7 * DAY_MS,
  privateReplyMs: 7 * DAY_MS,
};

/**
 * One message, in one call that is never made twice. What is known to be refused is refused before the fence.
 * @param edge the path that takes messages
 * @throws PlatformError; ambiguous when the answer is lost: the echo, or the history, tells whether the message is out
 */
export async function sendMessage(
  ask: Ask,
  edge: (access: Access) => string,
  request: SendMessage,
): Promise<SentMessage> {
  const json = bodyOf(request);
  const path = edge(request.access);
  await request.sending();
  const { message_id, recipient_id } = await ask(request.access, {
    method: "POST",
    path,
    json,
    effect: "write",
    answer: Sent,
  });
  return { remoteId: message_id, peerId: recipient_id ?? null };
}

const Sent = z.object({ message_id: RemoteId, recipient_id: RemoteId.optional() });

function bodyOf({ to, message, byPersonOutsideWindow, replyTo }: SendMessage): object {
  if ("commentId" in to) {
    if (message.kind !== "text") {
      throw rejected("not_sendable", "A private answer to a comment can only be text.");
    }
    return { recipient: { comment_id: to.commentId }, message: messageOf(message) };
  }
  return {
    recipient: { id: to.peerId },
    message: messageOf(message),
    ...(replyTo !== undefined && { reply_to: { mid: replyTo } }),
    ...(byPersonOutsideWindow && { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" }),
  };
}

function messageOf(message: OutgoingMessage): object {
  switch (message.kind) {
    case "text":
      checkText(message);
      return {
        text: message.text,
        ...(message.quickReplies?.length && {
          quick_replies: message.quickReplies.map((title) => ({
            content_type: "text",
            title,
            payload: title,
          })),
        }),
      };
    case "images": {
      if (message.urls.length === 0 || message.urls.length > inboxLimits.images) {
        throw rejected("not_sendable", `A message holds 1 to ${inboxLimits.images} pictures.`);
      }
      const [first, ...more] = message.urls.map((url) => ({ type: "image", payload: { url } }));
      // One is documented under either name, and seen under this one at both hosts.
      return more.length === 0 ? { attachment: first } : { attachments: [first, ...more] };
    }
    case "media":
      return { attachment: { type: message.type, payload: { url: message.url } } };
  }
}

function checkText({ text, quickReplies = [] }: OutgoingMessage & { kind: "text" }): void {
  if (text.trim() === "") throw rejected("not_sendable", "Write something first.");
  const bytes = Buffer.byteLength(text, "utf8");
  if (bytes > inboxLimits.textBytes) {
    throw rejected(
      "too_long",
      `Instagram takes messages of up to ${inboxLimits.textBytes} bytes, and this one has ${bytes}: letters with accents count 2, emoji 4 or more. Make it shorter, or send it as two.`,
    );
  }
  if (quickReplies.length > inboxLimits.quickReplies) {
    throw rejected("not_sendable", `A message holds up to ${inboxLimits.quickReplies} quick replies.`);
  }
  // UTF-16 units are never fewer than any reading of "characters".
  if (quickReplies.some((title) => title.trim() === "" || title.length > inboxLimits.quickReplyCharacters)) {
    throw rejected("not_sendable", `A quick reply has 1 to ${inboxLimits.quickReplyCharacters} characters.`);
  }
}
