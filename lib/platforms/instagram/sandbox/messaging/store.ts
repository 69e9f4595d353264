/** What the simulated Instagram remembers of conversations: threads, messages, and who follows an account's events. */
import { type Call, type Json, newId, type StoredFile, shelf } from "@/lib/sandbox/kit";
import { introduce } from "./people";

export type Attachment = { type: string; payload: Record<string, Json> | null; file: StoredFile | null };

export type Message = {
  mid: string;
  account: string;
  /** the other person's username */
  peer: string;
  /** sandbox clock, milliseconds; later than every message before it in the thread */
  at: number;
  /** "api": through our app; "app": typed by the business on its own phone */
  by: "customer" | "api" | "app";
  kind: string;
  text: string | null;
  attachments: Attachment[];
  replyTo: string | null;
  /** buttons under a message of the business */
  quickReplies: { title: string; payload: string }[];
  /** what a tapped button said besides its title */
  payload: string | null;
  tag: string | null;
  /** the comment that a private reply answers */
  commentId: string | null;
  reactions: { customer: string | null; business: string | null };
  edits: number;
  deletedAt: number | null;
};

export type Thread = {
  id: string;
  account: string;
  peer: string;
  updatedAt: number;
  /** what opens the window; null: they never wrote */
  lastFromCustomerAt: number | null;
  /** "blocked": the person blocked the business or left; "archived": the thread was deleted */
  state: "open" | "blocked" | "archived";
  /** another app answers here: events go to standby */
  owner: "us" | "other";
  /** up to which message each side has read */
  seenByCustomer: string | null;
  seenByBusiness: string | null;
  typingUntil: number;
};

export const messagesShelf = (call: Call): Record<string, Message> => shelf<Message>(call, "messages");

export function findMessage(call: Call, mid: string): Message | null {
  const all = messagesShelf(call);
  return Object.hasOwn(all, mid) ? (all[mid] ?? null) : null;
}

/** In the order they were written. */
export const messagesIn = (call: Call, { account, peer }: Pick<Thread, "account" | "peer">): Message[] =>
  Object.values(messagesShelf(call))
    .filter((one) => one.account === account && one.peer === peer)
    .sort((one, other) => one.at - other.at);

export const threadsOf = (call: Call, account: string): Thread[] =>
  Object.values(shelf<Thread>(call, "threads")).filter((one) => one.account === account);

export function findThread(call: Call, account: string, peer: string): Thread | null {
  return shelf<Thread>(call, "threads")[`${account}/${peer}`] ?? null;
}

/** The thread of the two, begun when there is none. */
export function openThread(call: Call, account: string, peer: string): Thread {
  const known = findThread(call, account, peer);
  if (known !== null) return known;
  introduce(call, account, peer);
  const id = `aWdfZAG06MTpJR01lc3NhZA2VUaHJlYWQ6${opaque(`${account}:${newId(call)}`)}`;
  const thread: Thread = {
    id,
    account,
    peer,
    updatedAt: call.now,
    lastFromCustomerAt: null,
    state: "open",
    owner: "us",
    seenByCustomer: null,
    seenByBusiness: null,
    typingUntil: 0,
  };
  shelf<Thread>(call, "threads")[`${account}/${peer}`] = thread;
  shelf<string>(call, "conversations")[id] = `${account}/${peer}`;
  return thread;
}

/** Puts a message into the thread, after all that are there. */
export function addMessage(
  call: Call,
  thread: Thread,
  what: Pick<Message, "by" | "kind"> & Partial<Message>,
): Message {
  const { account, peer } = thread;
  const message: Message = {
    text: null,
    attachments: [],
    replyTo: null,
    quickReplies: [],
    payload: null,
    tag: null,
    commentId: null,
    ...what,
    mid: `aWdfZAG1faXRlbTox${opaque(`${account}:${newId(call)}`)}`,
    account,
    peer,
    at: nextTime(call, thread),
    reactions: { customer: null, business: null },
    edits: 0,
    deletedAt: null,
  };
  messagesShelf(call)[message.mid] = message;
  if (message.by === "customer") {
    thread.lastFromCustomerAt = message.at;
    if (thread.state === "archived") thread.state = "open";
  } else {
    // Whoever answers has read.
    thread.seenByBusiness = newestMid(call, thread, "customer");
    thread.typingUntil = 0;
  }
  return message;
}

/** A time in the thread later than every one before. */
export function nextTime(call: Call, thread: Thread): number {
  thread.updatedAt = Math.max(call.now, thread.updatedAt + 1);
  return thread.updatedAt;
}

/** The newest message of one side that is still there. */
export const newestMid = (call: Call, thread: Thread, side: "customer" | "business"): string | null =>
  messagesIn(call, thread).findLast(
    ({ by, deletedAt }) => (by === "customer") === (side === "customer") && deletedAt === null,
  )?.mid ?? null;

const opaque = (digits: string): string => Buffer.from(digits).toString("base64").replace(/=/g, "ZD");
