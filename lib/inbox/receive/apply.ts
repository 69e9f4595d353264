import "server-only";
import { v7 as uuid } from "uuid";
import type { Tx } from "@/lib/db";
import { enqueueAll } from "@/lib/jobs/queue";
import type { InboxEvent } from "@/lib/platforms/inbox-contract";
import { type InboxAccount, saveAccount } from "../accounts-data";
import type { ConversationKind } from "../schema";
import { fold, type StoredAttachment, unknownMessage } from "./fold";
import {
  type ConversationRow,
  cancelAssistant,
  deleteMessages,
  type MessageRow,
  messagesByRemoteIds,
  NOTHING_SAID,
  openConversations,
  releaseFiles,
  saveConversations,
  saveMessages,
  spreadSeen,
  summarize,
  type Unconfirmed,
  unconfirmedMessages,
} from "./received-data";

/** Makes events of one account into conversations and messages. Twice the same, late or shuffled: it ends the same. */

export type Arrival = {
  event: InboxEvent;
  /** When we were told: nothing has happened later than that, whatever the platform's clock says. */
  heardAt: Date;
  /** Hears what became of it, in a word. */
  count(word: string): void;
};

/**
 * webhook: it happens now. catch_up: it happened while nobody listened; unread, but nothing is answered by itself.
 * history: it was said before we were connected, and counts as read.
 */
export type Origin = "webhook" | "catch_up" | "history";

const AT_ONCE = 400;
const ANSWER_AFTER_MS = 2_000;
/** What is older than this when it arrives is for a person to answer. */
const STILL_FRESH_MS = 24 * 60 * 60_000;
const PROFILE_EVERY_MS = 7 * 24 * 60 * 60_000;
/** How far our clock and a platform's may be apart. */
const CLOCKS_APART_MS = 5 * 60_000;

/** The caller holds the account's lock, and the queue has been started. */
export async function applyEvents(
  tx: Tx,
  account: InboxAccount,
  arrivals: Arrival[],
  origin: Origin,
): Promise<void> {
  for (let at = 0; at < arrivals.length; at += AT_ONCE) {
    await applySome(tx, account, arrivals.slice(at, at + AT_ONCE), origin);
  }
  const latest = Math.max(0, ...arrivals.map(({ heardAt }) => heardAt.getTime()));
  if (origin === "webhook" && latest > 0) await saveAccount(tx, account, { lastEventAt: new Date(latest) });
}

type Draft = { row: MessageRow; changed: boolean };

async function applySome(tx: Tx, account: InboxAccount, arrivals: Arrival[], origin: Origin): Promise<void> {
  const addressed = arrivals.flatMap((arrival) => {
    const event = { ...arrival.event, at: earlier(arrival.event.at, arrival.heardAt) };
    if (event.kind === "ignored") arrival.count(event.reason);
    const address = addressOf(event);
    return address ? [{ ...arrival, event, address }] : [];
  });
  const rooms = new Map(addressed.map(({ address }) => [nameOf(address), address]));
  const opened = await openConversations(
    tx,
    [...rooms.values()].map((address) => newConversation(account, address, origin)),
  );
  const conversations = new Map(opened.map((row) => [nameOf(row), row]));
  const known = await messagesByRemoteIds(
    tx,
    account.connectionId,
    addressed.flatMap(({ address }) => address.remoteId ?? []),
  );
  const drafts = new Map<string, Draft>(known.map((row) => [row.remoteId ?? "", { row, changed: false }]));
  const hasEcho = addressed.some(({ event }) => event.kind === "message" && event.by === "us");
  const unconfirmed = hasEcho ? await unconfirmedMessages(tx, account.connectionId) : [];

  const after: Aftermath = {
    touched: new Set(),
    conversations: new Map(),
    seen: new Set(),
    answered: new Set(),
    inbound: new Set(),
    profiles: new Set(),
    attachments: new Set(),
    released: [],
    replaced: [],
  };
  for (const { event, heardAt, count, address } of addressed) {
    const conversation = conversations.get(nameOf(address));
    if (!conversation) throw new Error("A conversation that was opened is gone.");
    const change = (part: Partial<ConversationRow>) => {
      Object.assign(conversation, part);
      after.conversations.set(conversation.id, conversation);
    };
    noteHolder(conversation, event, change);
    if (address.remoteId === null) {
      count(event.kind);
      continue;
    }
    const draft =
      confirmed(drafts.get(address.remoteId), event, address.remoteId, unconfirmed, after) ??
      drafts.get(address.remoteId) ??
      newMessage(account, conversation.id, address.remoteId, event.at);
    drafts.set(address.remoteId, draft);
    const before = draft.row;
    draft.row = isOurs(before) && isEcho(event) ? sentAsEchoed(before, event.at) : told(before, event);
    const isNews = draft.row !== before || draft.changed;
    count(isNews ? event.kind : "known");
    if (!isNews) continue;
    draft.changed = true;
    after.touched.add(draft.row.conversationId);
    noteEffects({ account, conversation, event, heardAt, before, now: draft.row, origin, change, after });
  }

  await deleteMessages(tx, after.replaced);
  await saveMessages(
    tx,
    [...drafts.values()].filter(({ changed }) => changed).map(({ row }) => row),
  );
  await releaseFiles(tx, after.released);
  await saveConversations(tx, [...after.conversations.values()]);
  await cancelAssistant(tx, [...after.answered]);
  await spreadSeen(tx, [...after.seen]);
  await summarize(tx, [...new Set([...after.touched, ...after.conversations.keys()])]);
  await enqueueAll(
    tx,
    "inbox.answer",
    [...after.inbound].map((conversationId) => ({ conversationId })),
    { afterMs: ANSWER_AFTER_MS },
  );
  await enqueueAll(
    tx,
    "inbox.profile",
    [...after.profiles].map((conversationId) => ({ conversationId })),
  );
  await enqueueAll(
    tx,
    "inbox.attachment",
    [...after.attachments].map((messageId) => ({ messageId })),
  );
}

type Aftermath = {
  /** Conversations to summarize anew, by id; and those with changes of their own. */
  touched: Set<string>;
  conversations: Map<string, ConversationRow>;
  seen: Set<string>;
  /** Answered by a person elsewhere. */
  answered: Set<string>;
  /** Something new to answer. */
  inbound: Set<string>;
  profiles: Set<string>;
  /** Messages whose attachments are to be fetched, or let go of. */
  attachments: Set<string>;
  released: string[];
  /** Placeholders that turned out to be messages of ours. */
  replaced: string[];
};

function noteEffects(given: {
  account: InboxAccount;
  conversation: ConversationRow;
  event: InboxEvent;
  heardAt: Date;
  before: MessageRow;
  now: MessageRow;
  origin: Origin;
  change: (part: Partial<ConversationRow>) => void;
  after: Aftermath;
}): void {
  const { account, conversation, event, heardAt, before, now, origin, change, after } = given;
  if (event.kind === "seen" || (now.author !== "them" && isEcho(event))) after.seen.add(now.conversationId);
  if (event.kind === "unsent" && before.attachments.length > 0) {
    after.released.push(now.id);
    after.attachments.add(now.id);
  }
  if (event.kind === "comment") {
    const isTop = event.parentId === null;
    change({
      peerId: isTop ? event.peerId : (conversation.peerId ?? event.peerId),
      peerHandle: isTop ? event.handle : (conversation.peerHandle ?? event.handle),
      mediaId: event.mediaId ?? conversation.mediaId,
    });
  }
  if (event.kind === "mention") change({ mediaId: event.mediaId });
  // From here on only what has just become known.
  if (before.author !== null || now.author === null) return;
  if (now.attachments.some((one) => (one as StoredAttachment).state === "fetching")) {
    after.attachments.add(now.id);
  }
  if (now.details["self"]) return;
  if (now.author === "phone") {
    const pausedUntil = new Date(event.at.getTime() + account.answering.pauseMinutes * 60_000);
    change({
      readAt: later(conversation.readAt, event.at),
      pausedUntil: later(conversation.pausedUntil, pausedUntil),
      ...(conversation.handedOverAt &&
        conversation.handedOverAt <= event.at && { handedOverAt: null, handedOverWhy: null }),
    });
    if (pausedUntil > heardAt) after.answered.add(conversation.id);
    return;
  }
  if (now.author !== "them" || event.kind === "referral") return;
  if (origin !== "history" && conversation.archivedAt) change({ archivedAt: null });
  if (event.kind !== "message" && event.kind !== "postback") return;
  if (!conversation.profileAt || heardAt.getTime() - conversation.profileAt.getTime() > PROFILE_EVERY_MS) {
    change({ profileAt: heardAt });
    after.profiles.add(conversation.id);
  }
  const isFresh = heardAt.getTime() - event.at.getTime() < STILL_FRESH_MS;
  const mode = conversation.mode ?? account.mode;
  if (origin === "webhook" && isFresh && !event.standby && !now.unsentAt && mode !== "off") {
    after.inbound.add(conversation.id);
  }
}

/** Who holds the conversation: what was said last about that, by the platform's clock. */
function noteHolder(
  conversation: ConversationRow,
  event: InboxEvent,
  change: (part: Partial<ConversationRow>) => void,
): void {
  const standby =
    event.kind === "handover"
      ? event.ours === null
        ? null
        : !event.ours
      : event.standby || event.kind === "message" || event.kind === "postback"
        ? event.standby
        : null;
  if (standby === null) return;
  if (conversation.standbyAt && conversation.standbyAt >= event.at) return;
  // What has always been so needs no writing down with every message.
  if (!standby && !conversation.standby && !conversation.standbyAt) return;
  change({ standby, standbyAt: event.at });
}

type Address = {
  kind: ConversationKind;
  remoteKey: string;
  peerId: string | null;
  /** null: it is about the conversation, not about a message. */
  remoteId: string | null;
};

const nameOf = ({ kind, remoteKey }: { kind: string; remoteKey: string }): string => `${kind} ${remoteKey}`;

function addressOf(event: InboxEvent): Address | null {
  switch (event.kind) {
    case "message":
    case "postback":
    case "reaction":
    case "seen":
    case "edited":
    case "unsent":
      return { ...direct(event.peerId), remoteId: event.messageId };
    case "referral":
      // It has no id of its own, and cannot happen twice in a millisecond.
      return { ...direct(event.peerId), remoteId: `referral:${event.peerId}:${event.at.getTime()}` };
    case "handover":
      return { ...direct(event.peerId), remoteId: null };
    case "comment":
      return {
        kind: "comment",
        remoteKey: event.parentId ?? event.commentId,
        peerId: null,
        remoteId: event.commentId,
      };
    case "mention": {
      const remoteKey = event.commentId ?? event.mediaId;
      return { kind: "mention", remoteKey, peerId: null, remoteId: `mention:${remoteKey}` };
    }
    case "ignored":
      return null;
  }
}

const direct = (peerId: string) => ({ kind: "direct" as const, remoteKey: peerId, peerId });

const newConversation = (account: InboxAccount, { kind, remoteKey, peerId }: Address, origin: Origin) => ({
  id: uuid(),
  userId: account.userId,
  connectionId: account.connectionId,
  kind,
  remoteKey,
  peerId,
  lastMessageAt: NOTHING_SAID,
  readAt: origin === "history" ? new Date() : null,
});

const newMessage = (account: InboxAccount, conversationId: string, remoteId: string, at: Date): Draft => ({
  changed: false,
  row: {
    ...unknownMessage(at),
    id: uuid(),
    conversationId,
    userId: account.userId,
    connectionId: account.connectionId,
    remoteId,
    state: "received",
    wish: null,
    part: 0,
    attempt: 0,
    leaseUntil: null,
    fencedAt: null,
    dueAt: null,
    failures: 0,
    errorKind: null,
    errorCode: null,
    errorMessage: null,
    createdAt: new Date(),
    updatedAt: new Date(),
  },
});

const isEcho = (event: InboxEvent): boolean => event.kind === "message" && event.by === "us";
const isOurs = ({ author }: MessageRow): boolean => author === "person" || author === "assistant";

/** What is typed at the phone is sent by the time we hear of it. */
function told(row: MessageRow, event: InboxEvent): MessageRow {
  const now = fold(row, event);
  if (now === row) return row;
  return { ...row, ...now, state: now.author === "phone" ? "sent" : row.state };
}

/**
 * The message of ours that this echo is of, when we do not know its id yet: the echo came before the answer to our call, or
 * that answer was lost. What was told of the id meanwhile becomes told of our message.
 */
function confirmed(
  draft: Draft | undefined,
  event: InboxEvent,
  remoteId: string,
  unconfirmed: Unconfirmed[],
  after: Aftermath,
): Draft | null {
  if (event.kind !== "message" || event.by !== "us" || (draft && draft.row.author !== null)) return null;
  const at = unconfirmed.findIndex(
    ({ message, peerId }) =>
      peerId === event.peerId &&
      event.at.getTime() >= (message.fencedAt?.getTime() ?? 0) - CLOCKS_APART_MS &&
      (message.attachments.length > 0
        ? message.attachments.length === event.attachments.length
        : event.attachments.length === 0 && sameText(message.text, event.text)),
  );
  const [found] = at < 0 ? [] : unconfirmed.splice(at, 1);
  if (!found) return null;
  return { changed: true, row: adopted(found.message, remoteId, draft?.row ?? null, after) };
}

function adopted(
  ours: MessageRow,
  remoteId: string,
  placeholder: MessageRow | null,
  after: Aftermath,
): MessageRow {
  if (placeholder) after.replaced.push(placeholder.id);
  return { ...ours, remoteId, ...(placeholder && toldOf(placeholder)) };
}

/** What was told of a message besides its content. */
export const toldOf = ({ reactions, seenAt, unsentAt, edits, editedAt, text }: MessageRow) => ({
  reactions,
  seenAt,
  ...(edits > 0 && { edits, editedAt, text }),
  ...(unsentAt && { unsentAt, text: null, attachments: [] }),
});

/** The platform's time is the better one; whatever we were waiting for has come. */
const sentAsEchoed = (row: MessageRow, at: Date): MessageRow =>
  row.state === "sent" && row.sentAt.getTime() === at.getTime()
    ? row
    : {
        ...row,
        state: "sent",
        sentAt: at,
        fencedAt: null,
        leaseUntil: null,
        dueAt: null,
        errorKind: null,
        errorCode: null,
        errorMessage: null,
      };

/** As a platform may hand it back: with other white space at its ends, and composed otherwise. */
const sameText = (one: string | null, other: string | null): boolean =>
  (one ?? "").normalize("NFC").trim() === (other ?? "").normalize("NFC").trim();

const earlier = (one: Date, other: Date): Date => (one < other ? one : other);
const later = (one: Date | null, other: Date): Date => (one && one > other ? one : other);
