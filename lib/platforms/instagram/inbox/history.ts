import { z } from "zod";
import { type Access, PlatformError } from "../../contract";
import type { History, HistoryRequest, InboxEvent } from "../../inbox-contract";
import { RemoteId } from "../../kit";
import { isMissing } from "../../meta";
import type { Ask } from "../graph";
import { isRefusal } from "./errors";
import { eventsOf, PastMessage } from "./past";

/**
 * What was said before we listened, one conversation at a time: a step is two calls at most, since Instagram takes two in a
 * second. Of each conversation the 20 newest messages have details; older ones are refused as if they were deleted.
 */
export async function readHistory(
  ask: Ask,
  node: string,
  access: Access,
  request: HistoryRequest,
): Promise<History> {
  let progress = request.cursor === null ? await list(ask, node, access, request) : open(request.cursor);
  const { after, conversations, messages } = progress;
  if (conversations.length === 0 && messages.length === 0 && after !== null) {
    progress = await list(ask, node, access, request, progress);
  }
  const { events, rest } =
    progress.messages.length > 0
      ? await readOneByOne(ask, access, request, progress)
      : await readConversation(ask, access, request, progress);
  const done = rest.conversations.length === 0 && rest.messages.length === 0 && rest.after === null;
  return { events, cursor: done ? null : close(rest) };
}

/** Messages of a conversation that are asked for; older ones would be refused. */
const NEWEST = 20;
const AT_ONCE = 2;
const FIELDS = "id,created_time,from,to,message,attachments,shares,story,reactions,is_unsupported,reply_to";

const Progress = z.object({
  /** Where the list of conversations goes on; null at its end. */
  after: z.string().nullable(),
  /** Conversations, then messages of the first of them, that are still to be read. */
  conversations: z.array(z.string()),
  messages: z.array(z.string()),
  /** Messages are not told along with their conversation. */
  apart: z.boolean(),
});
type Progress = z.infer<typeof Progress>;

const open = (cursor: string): Progress =>
  Progress.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
const close = (progress: Progress): string => Buffer.from(JSON.stringify(progress)).toString("base64url");

const Conversations = z.object({
  data: z.array(z.object({ id: RemoteId, updated_time: z.string().optional() })),
  paging: z
    .object({ cursors: z.object({ after: z.string().optional() }).optional(), next: z.string().optional() })
    .optional(),
});

async function list(
  ask: Ask,
  node: string,
  access: Access,
  { peerId, since }: HistoryRequest,
  progress: Progress = { after: null, conversations: [], messages: [], apart: false },
): Promise<Progress> {
  const { data, paging } = await ask(access, {
    method: "GET",
    path: `${node}/conversations`,
    query: { platform: "instagram", user_id: peerId, after: progress.after ?? undefined },
    answer: Conversations,
  });
  const recent = data.filter(
    ({ updated_time }) => updated_time === undefined || !(Date.parse(updated_time) < since.getTime()),
  );
  // The newest come first: behind one that is too old there is nothing to be found.
  const more = recent.length === data.length && data.length > 0 && paging?.next !== undefined;
  return {
    ...progress,
    after: (more ? paging?.cursors?.after : undefined) ?? null,
    conversations: recent.map(({ id }) => id),
  };
}

type Step = { events: InboxEvent[]; rest: Progress };

const Conversation = z.object({ messages: z.object({ data: z.array(z.unknown()) }).optional() });
const OnlyId = z.object({ id: RemoteId });

async function readConversation(
  ask: Ask,
  access: Access,
  request: HistoryRequest,
  progress: Progress,
): Promise<Step> {
  const [id, ...conversations] = progress.conversations;
  if (id === undefined) return { events: [], rest: progress };
  const rest = { ...progress, conversations };
  let told: unknown[];
  try {
    const { messages } = await ask(access, {
      method: "GET",
      path: encodeURIComponent(id),
      query: { fields: progress.apart ? "messages" : `messages{${FIELDS}}` },
      answer: Conversation,
    });
    told = messages?.data ?? [];
  } catch (error) {
    if (isMissing(error) || isRefusal(error, "conversation_gone", "person_unavailable")) {
      return { events: [], rest };
    }
    if (!isRejected(error) || progress.apart) throw error;
    // Code in use asks for them in one go; documented is one by one.
    return { events: [], rest: { ...progress, apart: true } };
  }
  const past = told.flatMap((one) => PastMessage.safeParse(one).data ?? []);
  if (past.length > 0) return { events: eventsOf(past, access, request), rest };
  const messages = told.flatMap((one) => OnlyId.safeParse(one).data?.id ?? []);
  return { events: [], rest: { ...rest, messages: messages.slice(0, NEWEST), apart: true } };
}

async function readOneByOne(
  ask: Ask,
  access: Access,
  request: HistoryRequest,
  progress: Progress,
): Promise<Step> {
  const past: PastMessage[] = [];
  let messages = progress.messages;
  for (const id of messages.slice(0, AT_ONCE)) {
    messages = messages.slice(1);
    try {
      const path = encodeURIComponent(id);
      const message = await ask(access, {
        method: "GET",
        path,
        query: { fields: FIELDS },
        answer: PastMessage,
      });
      past.push(message);
      // The newest come first.
      if (message.created_time < request.since) messages = [];
    } catch (error) {
      if (!isRejected(error)) throw error;
    }
  }
  return { events: eventsOf(past, access, request), rest: { ...progress, messages } };
}

const isRejected = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.kind === "rejected";
