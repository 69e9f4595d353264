"use client";

import { useQueryClient } from "@tanstack/react-query";
import { Clock3, Lock, UserRound } from "lucide-react";
import { useEffect } from "react";
import { Clock, lengthOf, useNow } from "@/components/inbox/clock";
import { inboxQueries } from "@/lib/inbox/queries";
import type { WindowDto } from "@/lib/inbox/schema";

/** Until when they may be answered. As tall as a line, whatever it says: nothing jumps when time passes. */
export function WindowLine({ window: { state, until } }: { window: WindowDto }) {
  const now = useNow();
  const client = useQueryClient();
  const left = until === null || now === null ? null : Date.parse(until) - now;
  const isOver = left !== null && left <= 0;
  // What comes after is for the server to say.
  useEffect(() => {
    if (isOver) void client.invalidateQueries({ queryKey: inboxQueries.all() });
  }, [isOver, client]);

  if (state === "none") return null;
  const Icon = state === "open" ? Clock3 : state === "person" ? UserRound : Lock;
  return (
    <p className="flex min-h-8 items-center gap-2 border-b border-line bg-sunken px-4 py-1 text-[0.8125rem] text-ink-soft">
      <Icon aria-hidden className="size-4 shrink-0" />
      {state === "closed" || until === null ? (
        <span>Closed until they write again.</span>
      ) : isOver ? (
        <span>This time is over.</span>
      ) : (
        <span>
          {state === "open" ? "You can answer until " : "Only a person may answer until "}
          <Until at={until} now={now} />
          {left !== null && (
            <>
              , <span className="tabular-nums">{lengthOf(left)}</span> left
            </>
          )}
          {state === "person" && "; the message is marked as such"}.
        </span>
      )}
    </p>
  );
}

/** The hour; with its day when it is not today's. */
function Until({ at, now }: { at: string; now: number | null }) {
  const isToday = now !== null && new Date(at).toDateString() === new Date(now).toDateString();
  return (
    <>
      {!isToday && now !== null && `${weekday.format(new Date(at))} `}
      <Clock at={at} zone />
    </>
  );
}

const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
