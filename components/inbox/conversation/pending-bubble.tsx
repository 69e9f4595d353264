"use client";

import { UserRound } from "lucide-react";
import type { Pending } from "@/components/inbox/reply/use-reply";
import { MediaTiles } from "@/components/posts/media-tiles";
import { Button } from "@/components/ui/button";

/** A reply that has not reached our server yet, or may not have. */
export const PendingBubble = ({
  pending: { body, problem, again, drop },
  onEdit,
}: {
  pending: Pending;
  onEdit: () => void;
}) => (
  <article
    aria-label={problem ? "Your reply, not taken yet" : "Your reply, on its way"}
    className="grid max-w-[85%] justify-items-end gap-1 justify-self-end sm:max-w-[75%]"
  >
    <p className="flex items-center gap-1.5 pt-2 text-xs font-medium text-ink-soft">
      <UserRound aria-hidden className="size-3.5" />
      You
    </p>
    <div
      className={`grid min-w-0 gap-2 rounded-2xl rounded-br-md border px-3.5 py-2 break-words ${problem ? "border-warn bg-warn-soft" : "border-transparent bg-accent-soft opacity-70"}`}
    >
      <MediaTiles refs={body.media} size="small" />
      {body.text && <p className="whitespace-pre-wrap">{body.text}</p>}
    </div>
    {problem ? (
      <div role="alert" className="grid justify-items-end gap-2 text-right text-[0.8125rem]">
        <p>
          {problem.message}
          {problem.lost && " It may have been taken; sending it again cannot say it twice."}
        </p>
        <div className="flex flex-wrap justify-end gap-2">
          <Button size="small" onClick={again}>
            Send again
          </Button>
          {!problem.lost && (
            <Button size="small" onClick={onEdit}>
              Edit
            </Button>
          )}
          <Button size="small" look="quiet" onClick={drop}>
            Discard
          </Button>
        </div>
      </div>
    ) : (
      <p className="min-h-6 text-xs text-ink-soft">Sending</p>
    )}
  </article>
);
