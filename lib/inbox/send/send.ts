import "server-only";
import pLimit from "p-limit";
import { v7 as uuid } from "uuid";
import { type Actor, audit } from "@/lib/audit";
import { withAccess } from "@/lib/connections/access";
import { db, type Tx } from "@/lib/db";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { filesFor } from "@/lib/media/files";
import { PlatformError, type Provider } from "@/lib/platforms/contract";
import type { Inbox, OutgoingMessage, SentMessage } from "@/lib/platforms/inbox-contract";
import { findAccountById } from "../accounts-data";
import { limitsOf, messageFiles } from "../limits";
import { turn } from "../pace";
import { applyEvents, toldOf } from "../receive/apply";
import { lockAccount } from "../receive/events-data";
import type { StoredAttachment } from "../receive/fold";
import { deleteMessages, type MessageRow, summarize } from "../receive/received-data";
import type { ConversationKind } from "../schema";
import { windowOf } from "../window";
import {
  claimMessage,
  fenceMessage,
  findMessage,
  findRoom,
  findTwin,
  insertMessages,
  keepMessage,
  LEASE_MS,
  lockRoom,
  type MessageChange,
  nextInLine,
  overdueMessages,
  type Room,
  saveAttempt,
  stopLaterParts,
} from "./messages-data";
import { windowClosed } from "./reply";
import { afterFailure, afterLook, LOOK_AFTER_MS } from "./sending";

/**
 * Sends messages of ours, each at most once: claimed, fenced right before the call, and after the fence never sent again by
 * itself. A lost answer waits for the platform's echo, then we look, then a person decides.
 */

const SIDE_BY_SIDE = 10;
const SENDER: Actor = { type: "job", name: "inbox" };
/** The provider's word for an account that takes only one picture in a message. */
const ONE_PICTURE = "one_image_only";

/** Moves one message one step, then those that wait behind it. Safe to call at any time, any number of times. */
export async function advanceMessage(id: string): Promise<void> {
  let next: string | null = id;
  while (next !== null) {
    const row = await claimMessage(next);
    if (!row) return;
    next = await advance(row);
  }
}

/** Comes back to messages whose job or holder is gone. @returns how many there were */
export async function sweepMessages(): Promise<number> {
  const ids = await overdueMessages(200);
  if (ids.length === 0) return 0;
  await queue();
  const limit = pLimit(SIDE_BY_SIDE);
  await Promise.all(
    ids.map((id) =>
      limit(() =>
        advanceMessage(id).catch((error: unknown) =>
          log.error("message.advance_failed", { messageId: id, error }),
        ),
      ),
    ),
  );
  return ids.length;
}

/** This attempt no longer holds its claim; whoever does will see to the message. */
class ClaimLost extends Error {
  override readonly name = "ClaimLost";
}

/** A person has taken over while the assistant's words were on their way. */
class TakenOver extends Error {
  override readonly name = "TakenOver";
}

/** @returns the message that may go next */
async function advance(row: MessageRow): Promise<string | null> {
  const beat = setInterval(() => {
    keepMessage(row.id, row.attempt).catch((error: unknown) =>
      log.warn("message.beat_failed", { messageId: row.id, error }),
    );
  }, LEASE_MS / 3);
  try {
    const room = await findRoom(db(), row.conversationId);
    // Its conversation went with its connection, and so has it.
    if (!room) return null;
    return row.fencedAt ? await look(row, room, row.fencedAt) : await send(row, room);
  } catch (error) {
    if (!(error instanceof ClaimLost)) throw error;
    log.warn("message.claim_lost", { messageId: row.id, attempt: row.attempt });
    return null;
  } finally {
    clearInterval(beat);
  }
}

// --- sending

async function send(row: MessageRow, room: Room): Promise<string | null> {
  let fencedAt: Date | null = null;
  let lost = false;
  const sending = async () => {
    fencedAt = await fenceMessage(row.id, row.attempt);
    if (fencedAt) return;
    const now = await findMessage(db(), row.id);
    throw now?.attempt === row.attempt && now.state === "sending" ? new TakenOver() : new ClaimLost();
  };
  try {
    const byPersonOutsideWindow = checkWindow(row, room);
    const message = await contentOf(row);
    await turn(message.kind === "media" ? "media" : "text", row.connectionId);
    const sent = await withAccess(row.connectionId, async (provider, access): Promise<SentMessage> => {
      const inbox = inboxOf(provider);
      try {
        const commentId = text(row.details["commentId"]);
        if (commentId && row.details["channel"] === "public") {
          return await inbox.replyToComment({ access, commentId, text: row.text ?? "", sending });
        }
        return await inbox.send({
          access,
          to: commentId ? { commentId } : { peerId: room.conversation.peerId ?? "" },
          message,
          byPersonOutsideWindow,
          ...(row.replyTo?.["messageId"] && !commentId && { replyTo: row.replyTo["messageId"] }),
          sending,
        });
      } catch (error) {
        lost = error instanceof PlatformError ? error.effect === "ambiguous" : fencedAt !== null;
        throw error;
      }
    });
    return await saveSent(row, room, sent);
  } catch (error) {
    if (error instanceof ClaimLost) throw error;
    if (error instanceof TakenOver) return save(row, room, { state: "cancelled", nextInMs: null });
    return failed(row, room, error, lost && fencedAt !== null ? fencedAt : null);
  }
}

/** @returns whether the platform must be told that a person writes. @throws PlatformError when nobody may write */
function checkWindow(row: MessageRow, { conversation, platform, way }: Room): boolean {
  const limits = limitsOf(platform, way);
  if (!limits) {
    throw new PlatformError("unavailable", "This platform is not set up here any more.", {
      code: "not_configured",
    });
  }
  const { state } = windowOf(conversation.kind as ConversationKind, conversation.lastInboundAt, limits);
  if (state === "closed" || (state === "person" && row.author !== "person")) {
    throw new PlatformError("rejected", windowClosed(limits).message, { code: "window_closed" });
  }
  return state === "person";
}

async function contentOf(row: MessageRow): Promise<OutgoingMessage> {
  const attachments = row.attachments as StoredAttachment[];
  if (attachments.length === 0) {
    return {
      kind: "text",
      text: row.text ?? "",
      ...(row.quickReplies.length > 0 && { quickReplies: row.quickReplies }),
    };
  }
  const files = await filesFor(
    row.userId,
    attachments.flatMap(({ mediaId }) => (mediaId ? [{ id: mediaId }] : [])),
    messageFiles,
  );
  const [first] = files;
  if (first?.kind === "video") return { kind: "media", type: "video", url: first.url };
  if (first?.kind === "document") return { kind: "media", type: "file", url: first.url };
  return { kind: "images", urls: files.map(({ url }) => url) };
}

function inboxOf(provider: Provider): Inbox {
  if (provider.inbox) return provider.inbox;
  throw new PlatformError("rejected", "Messages of this account cannot be answered from here.", {
    code: "no_inbox",
  });
}

async function saveSent(row: MessageRow, room: Room, { remoteId }: SentMessage): Promise<string | null> {
  return moved(row, room, async (tx, now) => {
    // An echo with the same words was taken for this one, but was typed at the phone at the same moment.
    if (now.remoteId !== null && now.remoteId !== remoteId) {
      await saveAttempt(tx, row.id, row.attempt, { state: "sent", nextInMs: null, remoteId: null });
      await insertMessages(tx, [
        { ...now, id: uuid(), author: "phone", state: "sent", wish: null, part: 0, details: {} },
      ]);
    }
    const twin = await findTwin(tx, row, remoteId);
    if (twin) await deleteMessages(tx, [twin.id]);
    const echoed = now.state === "sent" && now.remoteId === remoteId;
    return {
      ...(twin && toldOf(twin)),
      state: "sent",
      nextInMs: null,
      remoteId,
      // The platform's own time, once its echo has told it.
      sentAt: twin && twin.author !== null ? twin.sentAt : echoed ? now.sentAt : new Date(),
      fencedAt: null,
      ...NO_ERROR,
    };
  });
}

const NO_ERROR = { errorKind: null, errorCode: null, errorMessage: null };

/** @param lostAt when the call whose outcome is unknown began; null when nothing can have happened */
async function failed(
  row: MessageRow,
  room: Room,
  error: unknown,
  lostAt: Date | null,
): Promise<string | null> {
  const failure =
    error instanceof PlatformError
      ? error
      : new PlatformError("unavailable", "Something went wrong on our side.", {
          code: "internal",
          cause: error,
        });
  log[error instanceof PlatformError ? "info" : "error"]("message.attempt_failed", {
    messageId: row.id,
    platform: room.platform,
    kind: failure.kind,
    code: failure.code,
    lost: lostAt !== null,
    error,
  });
  if (lostAt === null && row.attachments.length > 1 && failure.code === ONE_PICTURE) {
    return sendSingly(row, room);
  }
  const tried = afterFailure(failure, { lost: lostAt !== null, failures: row.failures });
  return save(row, room, {
    ...tried,
    fencedAt: lostAt,
    errorKind: failure.kind,
    errorCode: failure.code,
    errorMessage: lostAt
      ? "The platform did not confirm this message. It may have arrived; we are looking."
      : failure.message,
  });
}

/** This account takes one picture in a message: each becomes a message of its own, in order. */
async function sendSingly(row: MessageRow, room: Room): Promise<string | null> {
  return moved(row, room, async (tx) => {
    const [first, ...others] = row.attachments;
    await insertMessages(
      tx,
      others.map((attachment, at) => ({
        ...row,
        id: uuid(),
        attachments: [attachment],
        part: row.part + at + 1,
        state: "queued",
        attempt: 0,
        leaseUntil: null,
        fencedAt: null,
      })),
    );
    return { state: "queued", nextInMs: 0, fencedAt: null, attachments: first ? [first] : [] };
  });
}

// --- after a lost answer

/** Looks for a message that may be out, once its echo has had its time. */
async function look(row: MessageRow, room: Room, fencedAt: Date): Promise<string | null> {
  const firstAfterMs = LOOK_AFTER_MS[0] ?? 0;
  const sinceMs = Date.now() - fencedAt.getTime();
  if (row.state === "sending" && sinceMs < firstAfterMs) {
    return save(row, room, { ...unsure("died"), nextInMs: firstAfterMs - sinceMs, failures: 0 });
  }
  // Who died while sending has not looked yet: what is counted there are tries.
  const looks = row.state === "uncertain" ? row.failures : 0;
  const { peerId } = room.conversation;
  // Comments have no history that could be asked.
  if (row.details["channel"] === "public" || peerId === null) {
    return save(row, room, { ...unsure("not_provable"), nextInMs: null, failures: row.failures });
  }
  try {
    await turn("history", row.connectionId);
    const since = new Date(fencedAt.getTime() - 60_000);
    const { events } = await withAccess(row.connectionId, (provider, access) =>
      inboxOf(provider).history(access, { peerId, since, cursor: null }),
    );
    const account = await findAccountById(db(), row.connectionId);
    if (!account) return null;
    await queue();
    await db().transaction(async (tx) => {
      await lockAccount(tx, account.platform, account.remoteId);
      const heardAt = new Date();
      await applyEvents(
        tx,
        account,
        events.map((event) => ({ event, heardAt, count: () => undefined })),
        "catch_up",
      );
    });
    const now = await findMessage(db(), row.id);
    if (now?.state === "sent") {
      log.info("message.found", { messageId: row.id, platform: room.platform });
      return nextInLine(db(), row.conversationId);
    }
    const tried = afterLook(looks);
    return await save(row, room, { ...unsure("not_seen"), ...tried, errorMessage: wordsFor(tried.nextInMs) });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.info("message.look_failed", {
      messageId: row.id,
      platform: room.platform,
      code: error.code,
      error,
    });
    // Asked to wait, we have not looked yet.
    const tried =
      error.kind === "slow_down"
        ? { ...afterLook(looks - 1), nextInMs: error.retryAfterMs ?? LOOK_AFTER_MS[0] ?? 0 }
        : afterLook(looks);
    return save(row, room, { ...unsure("could_not_look"), ...tried, errorMessage: wordsFor(tried.nextInMs) });
  }
}

const wordsFor = (nextInMs: number | null): string =>
  nextInMs === null
    ? "The platform did not confirm this message, and we could not find out. Look at the conversation there before you send it again."
    : "The platform did not confirm this message. It may have arrived; we are looking.";

const unsure = (errorCode: string) => ({
  state: "uncertain" as const,
  errorKind: "unavailable",
  errorCode,
  errorMessage: wordsFor(errorCode === "not_provable" ? null : 0),
});

// --- saving

/** The echo may have been faster than we are: then it is sent, whatever we thought. */
const save = (row: MessageRow, room: Room, change: MessageChange): Promise<string | null> =>
  moved(row, room, async (_tx, now) => (now.state === "sent" ? null : change));

/** Saves where a message has got to, under the account's lock, with all that hangs on it. @returns the one that may go next */
async function moved(
  row: MessageRow,
  room: Room,
  decide: (tx: Tx, now: MessageRow) => Promise<MessageChange | null>,
): Promise<string | null> {
  await queue();
  const { saved, next } = await db().transaction(async (tx) => {
    await lockAccount(tx, room.platform, room.accountId);
    await lockRoom(tx, row.userId, row.conversationId);
    const now = await findMessage(tx, row.id);
    if (now?.attempt !== row.attempt) throw new ClaimLost();
    const change = await decide(tx, now);
    const saved = change ? await saveAttempt(tx, row.id, row.attempt, change) : now;
    if (!saved) throw new ClaimLost();
    if (saved.state === "failed" && now.state !== "failed") {
      await audit(tx, SENDER, row.userId, "message.failed", row.connectionId, {
        platform: room.platform,
        conversation: row.conversationId,
        reason: saved.errorCode,
      });
    }
    if (saved.state === "failed" || saved.state === "cancelled") {
      await stopLaterParts(tx, saved, "Not sent, because the message before it was not.");
    }
    if (change?.nextInMs) {
      await enqueue(tx, "inbox.send", { messageId: row.id }, { afterMs: change.nextInMs });
    }
    const next = saved.state === "uncertain" ? null : await nextInLine(tx, row.conversationId);
    if (next !== null) await enqueue(tx, "inbox.send", { messageId: next });
    await summarize(tx, [row.conversationId]);
    return { saved, next };
  });
  log.info("message.moved", {
    messageId: row.id,
    platform: room.platform,
    from: row.state,
    to: saved.state,
  });
  return next;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
