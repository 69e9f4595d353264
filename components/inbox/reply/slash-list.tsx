"use client";

import { useQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { type KeyboardEvent, useId, useState } from "react";
import { inboxQueries } from "@/lib/inbox/queries";
import type { SavedReplyDto } from "@/lib/inbox/schema";

const MOST = 6;

/**
 * Saved replies by typing: "/" and a piece of the name, arrows, Enter. Returns what the text box needs and the list that
 * stands above it.
 */
export function useSlashList(text: string, onChoose: (reply: SavedReplyDto) => void) {
  const id = useId();
  const [chosen, setChosen] = useState(0);
  const [closedAt, setClosedAt] = useState<string | null>(null);
  const asked = /^\/([^\n]{0,40})$/.exec(text)?.[1]?.toLowerCase();
  const { data } = useQuery({ ...inboxQueries.savedReplies(), enabled: asked !== undefined });
  const found =
    asked === undefined || text === closedAt
      ? []
      : (data?.replies ?? [])
          .filter((reply) => `${reply.title}\n${reply.text}`.toLowerCase().includes(asked))
          .slice(0, MOST);
  const at = Math.min(chosen, found.length - 1);

  const onKeyDown = (event: KeyboardEvent) => {
    if (found.length === 0 || event.metaKey || event.ctrlKey || event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setChosen((at + 1) % found.length);
    else if (event.key === "ArrowUp") setChosen((at + found.length - 1) % found.length);
    else if (event.key === "Escape") setClosedAt(text);
    else if (event.key === "Enter" || event.key === "Tab") {
      const reply = found[at];
      if (reply) onChoose(reply);
      setChosen(0);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return {
    isOpen: found.length > 0,
    onKeyDown,
    box: {
      "aria-autocomplete": "list" as const,
      ...(found.length > 0 && {
        "aria-controls": id,
        "aria-activedescendant": `${id}-${at}`,
      }),
    },
    list: found.length > 0 && (
      <div
        id={id}
        role="listbox"
        aria-label="Saved replies"
        className="absolute inset-x-0 bottom-full z-20 mb-1 max-h-72 overflow-y-auto rounded-lg border border-line bg-surface p-1.5 text-sm shadow-raised"
      >
        {found.map((reply, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the text box has the keys
          <div
            key={reply.id}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={clsx("cursor-pointer rounded-md px-2.5 py-1.5", index === at && "bg-sunken")}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onChoose(reply)}
          >
            <span className="font-medium">{reply.title}</span>
            <span className="line-clamp-1 text-ink-soft">{reply.text}</span>
          </div>
        ))}
      </div>
    ),
  };
}
