"use client";

import { Clock, lengthOf, useNow } from "@/components/inbox/clock";
import { useChange } from "@/components/inbox/use-change";
import { isHeld, needsPerson } from "@/components/inbox/words";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import type { ConversationDto } from "@/lib/inbox/schema";

/** What one must know before answering: someone waits for a person, the assistant is held, or another app has the word. */
export function ConversationNotices({ conversation }: { conversation: ConversationDto }) {
  const change = useChange();
  const now = useNow();
  const { id, handedOver, pausedUntil, mode, standby } = conversation;
  const isWaiting = needsPerson(conversation, now);
  const isPaused = isHeld(conversation, now) && (mode !== "off" || handedOver !== null);
  if (!isWaiting && !standby && !isPaused) return null;
  return (
    <div className="grid gap-2 border-b border-line px-4 py-2">
      {isWaiting && (
        <Notice
          tone="warn"
          title="A person is needed"
          actions={
            <Button
              size="small"
              busy={change.isPending}
              onClick={() => change.mutate({ id, pausedForMinutes: TAKEN_OVER_MINUTES })}
            >
              Taken over
            </Button>
          }
        >
          {handedOver?.why ?? "The assistant asked for one."}
        </Notice>
      )}
      {standby && (
        <Notice tone="info">
          Another app holds this conversation: what comes in is kept here, and nothing is answered by itself.
        </Notice>
      )}
      {isPaused && pausedUntil && (
        <div className="flex flex-wrap items-center justify-between gap-2 text-[0.8125rem] text-ink-soft">
          <p>
            {handedOver ? "You have taken over: the assistant" : "The assistant"} keeps still until{" "}
            <Clock at={pausedUntil} zone />
            {now !== null && (
              <>
                , for another <span className="tabular-nums">{lengthOf(Date.parse(pausedUntil) - now)}</span>
              </>
            )}
            .
          </p>
          <Button
            size="small"
            look="quiet"
            busy={change.isPending}
            onClick={() => change.mutate({ id, pausedForMinutes: 0 })}
          >
            Let it go on now
          </Button>
        </div>
      )}
    </div>
  );
}

/** As long as a person's own answer would hold it. */
const TAKEN_OVER_MINUTES = 120;
