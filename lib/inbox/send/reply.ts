import "server-only";
import { createHash } from "node:crypto";
import { v7 as uuid } from "uuid";
import { type Actor, audit } from "@/lib/audit";
import { db, type Tx } from "@/lib/db";
import { AppError, notFound } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import { findMedia } from "@/lib/media/data";
import { sentAs } from "@/lib/media/files";
import type { MediaKind } from "@/lib/platforms/contract";
import type { InboxLimits } from "@/lib/platforms/inbox-contract";
import type { SignedIn } from "@/lib/session";
import { useDraft as putDraftAway } from "../assistant/data";
import { limitsOf, messageFiles } from "../limits";
import type { StoredAttachment } from "../receive/fold";
import { cancelAssistant, type MessageRow, summarize } from "../receive/received-data";
import { Answering, type ConversationKind, type ReplyBody } from "../schema";
import { splitText } from "../split";
import { windowOf } from "../window";
import {
  getMessage,
  insertMessages,
  lastSaid,
  lockRoom,
  messagesOfWish,
  type Room,
  recentAnswers,
  updateConversation,
  wasAnsweredInPrivate,
} from "./messages-data";

/** Writes what shall be sent: as many messages as it takes, in one transaction with the job that sends them. */

export type Reply = {
  conversationId: string;
  userId: string;
  /** The person, or ASSISTANT. */
  by: Actor;
  /** Names the wish to send this: the same one twice is one answer. */
  wish: string;
  text: string;
  /** Files of the person's library. */
  files?: StoredAttachment[];
  quickReplies?: string[];
  /** The message it answers, by our id. */
  replyTo?: string | undefined;
  /** Comments: below the comment for all to see, or once in private. */
  channel?: "public" | "private";
  /** The draft it came from, which waits no longer. */
  suggestionId?: string | undefined;
  /**
   * The assistant's: the last message it has considered. When something newer came in, a person has answered or taken over,
   * or another app holds the conversation, nothing is written.
   */
  guard?: { notNewerThan: string | null };
};

/** Who answers where no person does. */
export const ASSISTANT: Actor = { type: "job", name: "assistant" };

/** Two programs that talk to each other stop here. */
const MOST_BY_ITSELF_IN_A_MINUTE = 3;
/** Leaves room between parts for one that has to be sent in pieces. */
const PART_STEP = 100;

/**
 * Writes an answer and has it sent. The queue must have been started.
 * @returns the ids of its messages in order; null when the assistant may not say it (any more)
 * @throws AppError for a person, in words: the window is closed, it is too long, it was answered in private already
 */
export async function enqueueReply(tx: Tx, reply: Reply): Promise<string[] | null> {
  const author = reply.by.type === "user" ? "person" : "assistant";
  const room = await lockRoom(tx, reply.userId, reply.conversationId);
  const known = await messagesOfWish(tx, reply.conversationId, reply.wish);
  if (known.length > 0) {
    if (known[0]?.details["asked"] !== digestOf(reply)) {
      throw new AppError(422, "other_body", "This was already sent with other words. Send it anew.");
    }
    return known.map(({ id }) => id);
  }
  if (author === "assistant" && !(await mayAnswerByItself(tx, room, reply))) return null;

  const limits = limitsOf(room.platform, room.way);
  if (!limits) {
    throw new AppError(409, "no_inbox", "Messages of this account cannot be answered from here.", {
      remedy: "operator",
    });
  }
  const kind = room.conversation.kind as ConversationKind;
  const window = windowOf(kind, room.conversation.lastInboundAt, limits);
  if (window.state === "closed") throw windowClosed(limits);
  const target = await targetOf(tx, room, reply, limits);
  const rows = partsOf(reply, limits, target.channel).map((part, at) => ({
    id: uuid(),
    conversationId: reply.conversationId,
    userId: reply.userId,
    connectionId: room.conversation.connectionId,
    author,
    state: "queued",
    wish: reply.wish,
    part: at * PART_STEP,
    sentAt: new Date(),
    ...part,
    // Only the first part is an answer to something.
    replyTo: at === 0 && target.replyTo ? { messageId: target.replyTo } : null,
    details: {
      asked: digestOf(reply),
      ...(target.channel && { channel: target.channel }),
      ...(target.commentId && { commentId: target.commentId }),
      ...(target.channel === "private" && { privateTo: target.commentId }),
    },
  }));
  if (rows.length === 0) throw new AppError(422, "empty", "Write something, or add a picture.");
  const written = await insertMessages(tx, rows);
  if (author === "person") await personAnswered(tx, room);
  if (reply.suggestionId) await putDraftAway(tx, reply.userId, reply.conversationId, reply.suggestionId);
  await audit(tx, reply.by, reply.userId, "message.reply", room.conversation.connectionId, {
    platform: room.platform,
    conversation: reply.conversationId,
    ...(target.channel && { channel: target.channel }),
  });
  await summarize(tx, [reply.conversationId]);
  const [first] = rows;
  if (first) await enqueue(tx, "inbox.send", { messageId: first.id });
  return written.toSorted((a, b) => a.part - b.part).map(({ id }) => id);
}

/** A person's answer, by their own hand. @throws AppError */
export async function replyByPerson(
  user: SignedIn,
  conversationId: string,
  body: ReplyBody,
): Promise<string[]> {
  await queue();
  const files = await filesOf(user.id, body.media);
  return db().transaction(async (tx) => {
    const ids = await enqueueReply(tx, {
      conversationId,
      userId: user.id,
      by: user,
      wish: body.wish,
      text: body.text,
      files,
      quickReplies: body.quickReplies,
      replyTo: body.replyTo,
      channel: body.channel,
      suggestionId: body.suggestionId,
    });
    if (!ids) throw new Error("A person's answer is written or refused, never dropped.");
    return ids;
  });
}

/** A person has answered: the assistant keeps still for a while, and what it was about to say is dropped. */
async function personAnswered(tx: Tx, room: Room): Promise<void> {
  const { conversation } = room;
  const { pauseMinutes } = Answering.parse(room.answering ?? {});
  const until = new Date(Date.now() + pauseMinutes * 60_000);
  await cancelAssistant(tx, [conversation.id]);
  await updateConversation(tx, conversation.id, {
    pausedUntil:
      conversation.pausedUntil && conversation.pausedUntil > until ? conversation.pausedUntil : until,
    readAt: latest(conversation.readAt, conversation.lastMessageAt),
    handedOverAt: null,
    handedOverWhy: null,
  });
}

async function mayAnswerByItself(tx: Tx, room: Room, { guard }: Reply): Promise<boolean> {
  const { conversation } = room;
  if (conversation.standby) return false;
  if (conversation.pausedUntil && conversation.pausedUntil > new Date()) return false;
  const limits = limitsOf(room.platform, room.way);
  if (!limits) return false;
  if (windowOf(conversation.kind as ConversationKind, conversation.lastInboundAt, limits).state !== "open") {
    return false;
  }
  if ((await recentAnswers(tx, conversation.id)) >= MOST_BY_ITSELF_IN_A_MINUTE) return false;
  if (!guard) return true;
  const considered = guard.notNewerThan
    ? await getMessage(tx, conversation.userId, guard.notNewerThan)
    : null;
  const last = await lastSaid(tx, conversation.id, ["them", "person", "phone"]);
  if (!last) return true;
  if (!considered) return false;
  return last.id === considered.id || last.sentAt < considered.sentAt;
}

type Target = { channel: "public" | "private" | null; commentId: string | null; replyTo: string | null };

/** Where it goes: to the person, or below or behind a comment. */
async function targetOf(tx: Tx, room: Room, reply: Reply, limits: InboxLimits): Promise<Target> {
  const { conversation } = room;
  const answered = reply.replyTo ? await getMessage(tx, reply.userId, reply.replyTo) : null;
  if (answered && answered.conversationId !== conversation.id) throw notFound("The message this answers");
  if (conversation.kind === "direct") {
    return { channel: null, commentId: null, replyTo: answered?.remoteId ?? null };
  }
  if (conversation.kind === "mention") {
    throw new AppError(
      409,
      "not_answerable",
      "A mention cannot be answered from here. Open it at the platform.",
    );
  }
  const channel = reply.channel ?? "public";
  const comment = answered ?? (await lastSaid(tx, conversation.id, ["them"]));
  if (!comment?.remoteId || comment.author !== "them") {
    throw new AppError(409, "not_answerable", "This comment cannot be answered: it is not there yet.");
  }
  if (comment.unsentAt) throw new AppError(409, "not_answerable", "This comment was taken back.");
  if (channel === "private") {
    if (Date.now() - comment.sentAt.getTime() >= limits.privateReplyMs) {
      throw new AppError(
        409,
        "window_closed",
        "A comment can be answered in private within 7 days. That time is over; you can still answer below it.",
        { remedy: "edit" },
      );
    }
    if (await wasAnsweredInPrivate(tx, conversation.id, comment.remoteId)) {
      throw new AppError(
        409,
        "already_answered",
        "This comment was answered in private before, and that works once. You can still answer below it.",
        { remedy: "edit" },
      );
    }
  }
  return { channel, commentId: comment.remoteId, replyTo: comment.remoteId };
}

function partsOf(
  { text, files = [], quickReplies = [] }: Reply,
  limits: InboxLimits,
  channel: "public" | "private" | null,
): Pick<MessageRow, "text" | "attachments" | "quickReplies">[] {
  if (channel === "public") {
    if (files.length > 0 || quickReplies.length > 0) {
      throw new AppError(422, "text_only", "A public answer is text only.", { remedy: "edit" });
    }
    if ([...text].length > limits.commentCharacters) {
      throw new AppError(
        422,
        "too_long",
        `A public answer has at most ${limits.commentCharacters} characters.`,
        { remedy: "edit" },
      );
    }
    return [{ text: text.trim(), attachments: [], quickReplies: [] }];
  }
  const texts = splitText(text, limits.textBytes);
  if (channel === "private" && (texts.length > 1 || files.length > 0)) {
    throw new AppError(
      422,
      "one_message",
      "A private answer to a comment is one message of text. Write the rest once they have answered.",
      { remedy: "edit" },
    );
  }
  if (quickReplies.length > 0 && texts.length === 0) {
    throw new AppError(422, "text_first", "Quick replies need a text above them.", { remedy: "edit" });
  }
  if (quickReplies.length > limits.quickReplies) {
    throw new AppError(422, "too_many", `At most ${limits.quickReplies} quick replies fit.`, {
      remedy: "edit",
    });
  }
  const pictures = files.filter(({ type }) => type === "image");
  const others = files.filter(({ type }) => type !== "image");
  const bundles: StoredAttachment[][] = [];
  for (let at = 0; at < pictures.length; at += limits.images) {
    bundles.push(pictures.slice(at, at + limits.images));
  }
  const parts = [
    ...texts.map((part) => ({
      text: part,
      attachments: [] as StoredAttachment[],
      quickReplies: [] as string[],
    })),
    ...[...bundles, ...others.map((one) => [one])].map((attachments) => ({
      text: null,
      attachments,
      quickReplies: [] as string[],
    })),
  ];
  const last = parts[texts.length - 1];
  if (last) last.quickReplies = quickReplies;
  return parts;
}

/** The person's files, as a message carries them. @throws AppError when one is not theirs, or cannot be sent */
async function filesOf(userId: string, refs: { id: string }[]): Promise<StoredAttachment[]> {
  const rows = await findMedia(
    userId,
    refs.map(({ id }) => id),
  );
  return refs.map(({ id }) => {
    const row = rows.find((one) => one.id === id);
    if (!row) throw notFound("This file");
    const kind = sentAs(row.kind as MediaKind, messageFiles);
    const rules = messageFiles[kind];
    // A picture is made to fit; everything else is sent as it is.
    const fits = kind === "image" || (rules?.formats.includes(row.mimeType) && row.bytes <= rules.maxBytes);
    if (!fits) {
      throw new AppError(
        422,
        "file_refused",
        `“${row.filename}” cannot be sent in a message. Videos and PDFs may have 25 MB, animated pictures 8 MB.`,
        { remedy: "edit" },
      );
    }
    return {
      type: kind === "video" ? "video" : kind === "document" ? "file" : "image",
      url: null,
      title: null,
      remoteId: null,
      state: "kept",
      mimeType: row.mimeType,
      fileId: null,
      mediaId: row.id,
    };
  });
}

const digestOf = ({ text, files = [], quickReplies = [], replyTo, channel }: Reply): string =>
  createHash("sha256")
    .update(
      JSON.stringify([
        text,
        files.map(({ mediaId }) => mediaId),
        quickReplies,
        replyTo ?? null,
        channel ?? null,
      ]),
    )
    .digest("base64url");

export const windowClosed = ({ windowMs, personWindowMs }: InboxLimits): AppError =>
  new AppError(
    409,
    "window_closed",
    `The platform lets you answer within ${hours(windowMs)} of their last message, and as a person within ${hours(personWindowMs)}. That time is over until they write again.`,
    { remedy: "wait" },
  );

const hours = (ms: number): string => {
  const count = Math.round(ms / 3_600_000);
  return count % 24 === 0 && count > 24 ? `${count / 24} days` : `${count} hours`;
};

const latest = (one: Date | null, other: Date): Date => (one && one > other ? one : other);
