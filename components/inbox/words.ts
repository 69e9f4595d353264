import type { Tone } from "@/components/ui/badge";
import type {
  AnsweringMode,
  ConversationDto,
  ConversationKind,
  InboxFilter,
  MessageAuthor,
  MessageDto,
  MessageState,
} from "@/lib/inbox/schema";

/** How the inbox speaks. */

export const filterWords: Record<InboxFilter, string> = {
  open: "Open",
  unread: "Unread",
  waiting: "Waiting",
  archived: "Archived",
};

export const kindWords: Record<ConversationKind, { one: string; many: string }> = {
  direct: { one: "Message", many: "Messages" },
  comment: { one: "Comment", many: "Comments" },
  mention: { one: "Mention", many: "Mentions" },
};

export const modeWords: Record<AnsweringMode, { short: string; means: string }> = {
  off: { short: "Off", means: "The assistant does nothing." },
  suggest: { short: "Suggests", means: "The assistant writes drafts. Nothing goes out without you." },
  auto: {
    short: "Answers by itself",
    means: "The assistant answers when it is sure enough, and asks for a person when it is not.",
  },
};

/** Who is named in the list before what they said. */
export const saidBy = (author: MessageAuthor | null): string | null =>
  author === null || author === "them" ? null : author === "assistant" ? "Assistant: " : "You: ";

export function authorWords(message: Pick<MessageDto, "author">, peer: ConversationDto["peer"]): string {
  switch (message.author) {
    case "them":
      return peerName(peer);
    case "person":
      return "You";
    case "phone":
      return "You, in the app";
    case "assistant":
      return "Assistant";
  }
}

export const peerName = ({ name, handle }: ConversationDto["peer"]): string =>
  name ?? (handle ? `@${handle.replace(/^@/, "")}` : "Someone");

/** What is known of a message that is ours. */
export const stateWords: Record<MessageState, string> = {
  received: "",
  queued: "Waiting to be sent",
  sending: "Sending",
  sent: "Sent",
  failed: "Not sent",
  uncertain: "May have arrived",
  cancelled: "Not sent",
};

type Mark = { label: string; tone: Tone };

/** What sets a conversation apart, most urgent first. */
export function marksOf(conversation: ConversationDto, now: number | null): Mark[] {
  const { kind, mode, ownMode, standby, archived } = conversation;
  const isPaused = mode !== "off" && isHeld(conversation, now);
  return [
    needsPerson(conversation, now) && { label: "Needs a person", tone: "warn" as const },
    kind !== "direct" && { label: kindWords[kind].one, tone: "neutral" as const },
    standby && { label: "Another app answers", tone: "neutral" as const },
    isPaused && { label: "Assistant paused", tone: "neutral" as const },
    ownMode !== null && {
      label: ownMode === "off" ? "Assistant off" : `Assistant: ${modeWords[ownMode].short.toLowerCase()}`,
      tone: "accent" as const,
    },
    archived && { label: "Archived", tone: "neutral" as const },
  ].filter((mark) => mark !== false && mark !== null);
}

/** Someone keeps the assistant still for a while. */
export const isHeld = ({ pausedUntil }: Pick<ConversationDto, "pausedUntil">, now: number | null): boolean =>
  pausedUntil !== null && (now === null || Date.parse(pausedUntil) > now);

/** The assistant asked for a person, and nobody has taken over yet, or not for long enough. */
export const needsPerson = (
  conversation: Pick<ConversationDto, "handedOver" | "pausedUntil">,
  now: number | null,
): boolean => conversation.handedOver !== null && !isHeld(conversation, now);
