"use client";

import { clsx } from "clsx";
import { Bot, Reply, Smartphone, UserRound } from "lucide-react";
import { Clock } from "@/components/inbox/clock";
import { Attachment } from "@/components/inbox/conversation/attachment";
import { Reactions } from "@/components/inbox/conversation/reactions";
import { Settle } from "@/components/inbox/conversation/settle";
import { Why } from "@/components/inbox/conversation/why";
import { authorWords, peerName, stateWords } from "@/components/inbox/words";
import { Button } from "@/components/ui/button";
import { ExternalLink } from "@/components/ui/external-link";
import type { ConversationDto, MessageDto } from "@/lib/inbox/schema";

type Props = {
  message: MessageDto;
  conversation: ConversationDto;
  /** What it answers, where that is loaded. */
  answered: MessageDto | undefined;
  /** The first of several by the same author says who it is. */
  isFirst: boolean;
  /** null where nothing can be answered. */
  onAnswer: (() => void) | null;
};

const ICONS = { them: null, person: UserRound, phone: Smartphone, assistant: Bot };

/** One message: who said what, and what became of it. */
export function Bubble({ message, conversation, answered, isFirst, onAnswer }: Props) {
  const { author, text, unsent, note } = message;
  const ours = author !== "them";
  const who = authorWords(message, conversation.peer);
  const Icon = ICONS[author];
  const canReact =
    !ours &&
    conversation.kind === "direct" &&
    message.remoteId !== null &&
    conversation.window.state !== "closed";
  const waits = message.state === "queued" || message.state === "sending";
  return (
    <article
      id={`message-${message.id}`}
      aria-label={who}
      className={clsx(
        "group grid max-w-[85%] gap-1 sm:max-w-[75%]",
        ours ? "justify-items-end justify-self-end" : "justify-items-start justify-self-start",
      )}
    >
      {isFirst && (
        <p className="flex items-center gap-1.5 pt-2 text-xs font-medium text-ink-soft">
          {Icon && <Icon aria-hidden className="size-3.5" />}
          {who}
        </p>
      )}
      <div
        className={clsx(
          "grid min-w-0 gap-2 rounded-2xl border px-3.5 py-2 break-words",
          ours ? "rounded-br-md" : "rounded-bl-md",
          author === "them" && "border-line bg-surface",
          (author === "person" || author === "phone") && "border-transparent bg-accent-soft",
          author === "assistant" && "border-dashed border-accent bg-accent-soft",
          waits && "opacity-70",
          message.state === "failed" && "border-bad! bg-bad-soft!",
          message.state === "uncertain" && "border-warn! bg-warn-soft!",
        )}
      >
        <Quoted message={message} answered={answered} conversation={conversation} />
        {unsent ? (
          <p className="text-ink-soft italic">{ours ? "Taken back" : "They took this back."}</p>
        ) : (
          <>
            {message.attachments.map((attachment, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: what hangs on a message keeps its place
              <Attachment key={index} attachment={attachment} from={who} />
            ))}
            {text && <p className="whitespace-pre-wrap">{text}</p>}
            {!text && !note && message.attachments.length === 0 && (
              <p className="text-ink-soft italic">No text came with this.</p>
            )}
          </>
        )}
        {note && <p className="text-[0.8125rem] text-ink-soft">{note}</p>}
        {ours && message.quickReplies.length > 0 && (
          <ul aria-label="Offered answers" className="flex flex-wrap gap-1.5">
            {message.quickReplies.map((reply) => (
              <li key={reply} className="rounded-full border border-accent px-2 py-0.5 text-[0.8125rem]">
                {reply}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className={clsx("flex min-h-6 flex-wrap items-center gap-x-2 gap-y-1", ours && "justify-end")}>
        <span className="flex items-center gap-1 text-xs text-ink-soft">
          <Clock at={message.sentAt} />
          {message.edited && !unsent && "· edited"}
          {ours && <span>· {message.seenAt ? "Seen" : stateWords[message.state]}</span>}
        </span>
        {message.why && <Why why={message.why} />}
        {!unsent && (
          <Reactions
            message={message}
            peerName={peerName(conversation.peer)}
            offered={canReact ? (conversation.limits?.reactions ?? []) : []}
          />
        )}
        {onAnswer && !unsent && (
          <Button
            look="quiet"
            size="small"
            className="h-6! gap-1! px-1.5! text-xs!"
            aria-label={`Answer this: ${(text ?? "message").slice(0, 60)}`}
            onClick={onAnswer}
          >
            <Reply aria-hidden className="size-3.5" />
            Answer
          </Button>
        )}
        {message.privateReply === "done" && (
          <span className="text-xs text-ink-soft">Answered in private</span>
        )}
        {message.privateReply === "over" && (
          <span className="text-xs text-ink-soft">Too old for a private answer</span>
        )}
      </div>
      <Settle message={message} conversation={conversation} />
    </article>
  );
}

/** What it answers: a message, or a story. */
function Quoted({
  message: { replyTo },
  answered,
  conversation,
}: Pick<Props, "message" | "answered" | "conversation">) {
  if (!replyTo) return null;
  if (replyTo.story) {
    return (
      <p className="border-l-2 border-accent pl-2 text-[0.8125rem] text-ink-soft">
        In answer to your story.{" "}
        {replyTo.storyUrl && <ExternalLink href={replyTo.storyUrl}>See the story</ExternalLink>}
      </p>
    );
  }
  return (
    <p className="line-clamp-2 border-l-2 border-accent pl-2 text-[0.8125rem] text-ink-soft">
      {answered ? (
        <a href={`#message-${answered.id}`} className="hover:text-ink">
          {authorWords(answered, conversation.peer)}:{" "}
          {answered.unsent ? "taken back" : (answered.text ?? "something without text")}
        </a>
      ) : (
        "In answer to an earlier message"
      )}
    </p>
  );
}
