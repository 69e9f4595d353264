"use client";

import { CornerDownRight, Trash2 } from "lucide-react";
import type { Dispatch } from "react";
import { type Count, Counters } from "@/components/posts/compose/counters";
import { Button } from "@/components/ui/button";
import { Field, Textarea } from "@/components/ui/field";
import type { Draft, DraftAction } from "@/lib/posts/draft";

type Props = {
  /** null: the shared post; otherwise one account's own follow-ups. */
  connectionId: string | null;
  /** Ends each box's name, so that no two boxes are called the same. */
  whose?: string;
  replies: Draft["replies"];
  dispatch: Dispatch<DraftAction>;
  /** Lengths of the follow-up at this place. */
  countsOf: (index: number) => Count[];
};

/** Follow-ups: each is published as a reply to the part before it. */
export function FollowUps({ connectionId, whose = "", replies, dispatch, countsOf }: Props) {
  return (
    <div className="grid gap-3">
      {replies.map(({ id, text }, index) => (
        <div key={id} className="flex gap-2">
          <CornerDownRight aria-hidden className="mt-1 size-4 shrink-0 text-ink-soft" />
          <div className="grid min-w-0 grow gap-1.5">
            <Field label={`Follow-up ${index + 1}${whose}`}>
              {(control) => (
                <Textarea
                  {...control}
                  rows={2}
                  value={text}
                  onChange={(event) =>
                    dispatch({ type: "reply_changed", connectionId, id, text: event.target.value })
                  }
                />
              )}
            </Field>
            <div className="flex flex-wrap items-center justify-between gap-2">
              <Counters counts={countsOf(index)} />
              <Button
                look="quiet"
                size="small"
                onClick={() => dispatch({ type: "reply_removed", connectionId, id })}
              >
                <Trash2 aria-hidden className="size-4" />
                Remove follow-up {index + 1}
              </Button>
            </div>
          </div>
        </div>
      ))}
      <Button
        look="quiet"
        size="small"
        className="justify-self-start"
        onClick={() =>
          dispatch({ type: "reply_added", connectionId, id: `part-${Date.now()}-${replies.length}` })
        }
      >
        <CornerDownRight aria-hidden className="size-4" />
        Add a follow-up{whose}
      </Button>
    </div>
  );
}
