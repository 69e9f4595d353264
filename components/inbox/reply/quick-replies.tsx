"use client";

import { X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/field";
import type { InboxLimits } from "@/lib/platforms/inbox-contract";

type Props = {
  replies: string[];
  limits: Pick<InboxLimits, "quickReplies" | "quickReplyCharacters">;
  onChange: (replies: string[]) => void;
  onClose: () => void;
};

/** Answers offered to tap, below the message, on their phone. */
export function QuickReplies({ replies, limits, onChange, onClose }: Props) {
  const { quickReplies: most, quickReplyCharacters: maxCharacters } = limits;
  const [typed, setTyped] = useState("");
  const wanted = typed.trim();
  const add = () => {
    if (wanted === "" || replies.includes(wanted) || replies.length >= most) return;
    onChange([...replies, wanted]);
    setTyped("");
  };
  return (
    <fieldset className="grid min-w-0 gap-2 rounded-lg bg-sunken p-3 text-sm">
      <legend className="float-left font-medium">Answers to tap</legend>
      {replies.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {replies.map((reply) => (
            <li
              key={reply}
              className="flex items-center gap-1 rounded-full border border-accent bg-surface pl-2.5"
            >
              {reply}
              <Button
                look="quiet"
                size="small"
                className="h-6! rounded-full! px-1!"
                aria-label={`Remove ${reply}`}
                onClick={() => onChange(replies.filter((one) => one !== reply))}
              >
                <X aria-hidden className="size-3.5" />
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div className="flex gap-2">
        <Input
          aria-label="An answer to tap"
          className="h-8!"
          placeholder="For example: Yes, please"
          maxLength={maxCharacters}
          value={typed}
          disabled={replies.length >= most}
          onChange={({ target }) => setTyped(target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            add();
          }}
        />
        <Button size="small" disabled={wanted === "" || replies.length >= most} onClick={add}>
          Add
        </Button>
        <Button
          size="small"
          look="quiet"
          onClick={() => {
            onChange([]);
            onClose();
          }}
        >
          None
        </Button>
      </div>
      <p className="text-[0.8125rem] text-ink-soft">
        Up to {most}, each up to {maxCharacters} characters. Shown on phones only, until someone writes.
      </p>
    </fieldset>
  );
}
