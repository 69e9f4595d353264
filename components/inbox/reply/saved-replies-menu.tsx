"use client";

import { useQuery } from "@tanstack/react-query";
import { Zap } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Popover, PopoverTrigger } from "@/components/ui/popover";
import { sentence } from "@/lib/http/api";
import { inboxQueries } from "@/lib/inbox/queries";
import type { SavedReplyDto } from "@/lib/inbox/schema";

/** Words that are said often. */
export function SavedRepliesMenu({ onChoose }: { onChoose: (reply: SavedReplyDto) => void }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({ ...inboxQueries.savedReplies(), enabled: open });
  return (
    <Popover
      title="Saved replies"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <PopoverTrigger
          render={<Button look="quiet" size="icon" />}
          aria-label="Saved replies"
          title="Saved replies (or type /)"
        >
          <Zap aria-hidden className="size-4.5" strokeWidth={1.75} />
        </PopoverTrigger>
      }
    >
      {error && <p className="text-bad">{sentence(error)}</p>}
      {data?.replies.length === 0 && <p>None yet. Save what you say often, and it is a press away.</p>}
      <ul className="-mx-2 grid">
        {data?.replies.map((reply) => (
          <li key={reply.id}>
            <Button
              look="quiet"
              className="h-auto! w-full flex-col! items-stretch! gap-0! px-2! py-1.5! text-left font-normal! whitespace-normal!"
              onClick={() => {
                setOpen(false);
                onChoose(reply);
              }}
            >
              <span className="font-medium text-ink">{reply.title}</span>
              <span className="line-clamp-2">{reply.text}</span>
            </Button>
          </li>
        ))}
      </ul>
      <p>
        <Link
          href="/inbox/assistant#saved-replies"
          className="font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
        >
          Add and change them
        </Link>
      </p>
    </Popover>
  );
}
