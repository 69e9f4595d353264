"use client";

import { useMutation } from "@tanstack/react-query";
import { SmilePlus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Popover, PopoverTrigger } from "@/components/ui/popover";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { inboxQueries, reactTo } from "@/lib/inbox/queries";
import type { MessageDto } from "@/lib/inbox/schema";

const NAMES: Record<string, string> = {
  "❤️": "Love",
  "😂": "Laughing",
  "😮": "Surprised",
  "😢": "Sad",
  "👍": "Thumbs up",
  "🙏": "Thank you",
};

/** @property offered the emoji to choose from; none where nothing can be said any more */
type Props = { message: MessageDto; peerName: string; offered: string[] };

/** What was thought of a message: theirs, and ours, which can be taken back. */
export function Reactions({ message, peerName, offered }: Props) {
  const canReact = offered.length > 0;
  const [choosing, setChoosing] = useState(false);
  const react = useMutation({
    mutationFn: (reaction: string | null) => reactTo({ id: message.id, reaction }),
    onError: (error) => warn({ title: "The reaction was not sent", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  const ours = react.isPending ? react.variables : message.reactions.find(({ by }) => by === "us")?.emoji;
  const theirs = message.reactions.filter(({ by }) => by === "them");
  return (
    <>
      {theirs.map(({ emoji }) => (
        <span key={emoji} className="rounded-full border border-line bg-surface px-1.5 text-sm">
          <span aria-hidden>{emoji}</span>
          <span className="sr-only">
            {peerName} reacted with {emoji}
          </span>
        </span>
      ))}
      {ours && (
        <Button
          look="quiet"
          size="small"
          aria-label={`You reacted with ${ours}. Take it back`}
          title="Take it back"
          disabled={!canReact}
          busy={react.isPending}
          className="h-6! rounded-full! border-accent! bg-accent-soft px-1.5! text-sm!"
          onClick={() => react.mutate(null)}
        >
          {ours}
        </Button>
      )}
      {canReact && !ours && (
        <Popover
          title="React"
          open={choosing}
          onOpenChange={setChoosing}
          trigger={
            <PopoverTrigger
              render={<Button look="quiet" size="small" className="h-6! px-1!" />}
              aria-label="React to this message"
            >
              <SmilePlus aria-hidden className="size-4" />
            </PopoverTrigger>
          }
        >
          <div className="flex flex-wrap gap-1">
            {offered.map((emoji) => (
              <Button
                key={emoji}
                look="quiet"
                size="icon"
                aria-label={NAMES[emoji] ?? emoji}
                className="text-xl!"
                onClick={() => {
                  setChoosing(false);
                  react.mutate(emoji);
                }}
              >
                {emoji}
              </Button>
            ))}
          </div>
        </Popover>
      )}
    </>
  );
}
