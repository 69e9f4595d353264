"use client";

import { ArrowDown } from "lucide-react";
import { Fragment, useCallback, useRef, useState } from "react";
import { dayKey, dayWords, useNow, zoneName } from "@/components/inbox/clock";
import { Bubble } from "@/components/inbox/conversation/bubble";
import { PendingBubble } from "@/components/inbox/conversation/pending-bubble";
import type { Pending } from "@/components/inbox/reply/use-reply";
import { peerName } from "@/components/inbox/words";
import { Button } from "@/components/ui/button";
import { whenSeen } from "@/components/ui/when-seen";
import type { ConversationDto, MessageDto } from "@/lib/inbox/schema";

type Props = {
  conversation: ConversationDto;
  /** Oldest first. */
  messages: MessageDto[];
  pending: Pending[];
  earlier: { more: boolean; busy: boolean; failed: boolean; load: () => void };
  onAnswer: ((message: MessageDto) => void) | null;
  /** A reply that was refused goes back to where it was written. */
  onEdit: (pending: Pending) => void;
};

/**
 * What was said, day by day, newest at the bottom and in sight. The list is laid out from its end: what is added above or
 * below moves nothing that is being read.
 */
export function MessageList({ conversation, messages, pending, earlier, onAnswer, onEdit }: Props) {
  const now = useNow();
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const end = useCallback(watchEnd(setAway), []);
  const byId = new Map(messages.map((message) => [message.id, message]));
  return (
    <div className="relative min-h-0 grow">
      <div
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
        role="log"
        aria-label={`Conversation with ${peerName(conversation.peer)}`}
        className="absolute inset-0 flex flex-col-reverse overflow-x-hidden overflow-y-auto px-4 -outline-offset-2"
      >
        <div className="mt-auto grid gap-1 py-4">
          {earlier.more && (
            <div
              className="grid justify-items-center pb-2"
              ref={whenSeen(() => !earlier.busy && !earlier.failed && earlier.load())}
            >
              <Button size="small" look="quiet" busy={earlier.busy} onClick={earlier.load}>
                {earlier.failed ? "Earlier messages could not be loaded. Try again" : "Load earlier"}
              </Button>
            </div>
          )}
          {messages.map((message, index) => {
            const before = messages[index - 1];
            const at = new Date(message.sentAt);
            const isNewDay = !before || dayKey(new Date(before.sentAt), now) !== dayKey(at, now);
            return (
              <Fragment key={message.id}>
                {isNewDay && (
                  <p className="my-2 flex items-center gap-3 text-xs text-ink-soft before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
                    {dayWords(at, now)}, {now === null ? "UTC" : zoneName(at)}
                  </p>
                )}
                <Bubble
                  message={message}
                  conversation={conversation}
                  answered={message.replyTo?.messageId ? byId.get(message.replyTo.messageId) : undefined}
                  isFirst={isNewDay || !follows(message, before)}
                  onAnswer={onAnswer && message.author === "them" ? () => onAnswer(message) : null}
                />
              </Fragment>
            );
          })}
          {pending.map((one) => (
            <PendingBubble key={one.body.wish} pending={one} onEdit={() => onEdit(one)} />
          ))}
          <div ref={end} />
        </div>
      </div>
      {away && (
        <Button
          size="small"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full! shadow-raised"
          onClick={() => scroller.current?.scrollTo({ top: 0, behavior: "smooth" })}
        >
          <ArrowDown aria-hidden className="size-4" />
          To the newest
        </Button>
      )}
    </div>
  );
}

const PAUSE_MS = 10 * 60_000;

/** Said by the same, soon after. */
const follows = (message: MessageDto, before: MessageDto): boolean =>
  message.author === before.author && Date.parse(message.sentAt) - Date.parse(before.sentAt) < PAUSE_MS;

/** Tells whether the end is out of sight, by more than a message or so. */
const watchEnd = (tell: (away: boolean) => void) => (element: HTMLElement | null) => {
  if (!element) return;
  const observer = new IntersectionObserver(([entry]) => tell(entry ? !entry.isIntersecting : false), {
    root: element.closest("[role=log]"),
    rootMargin: "0px 0px 160px 0px",
  });
  observer.observe(element);
  return () => observer.disconnect();
};
