"use client";

import type { RefObject } from "react";
import { type Going, noticesFor, PlatformNotices } from "@/components/posts/platform-notices";
import { Button } from "@/components/ui/button";

type Props = {
  /** Where the focus goes when a press cannot publish. */
  summary: RefObject<HTMLParagraphElement | null>;
  progress: string;
  /** Each chosen account, for what its platform wants said here. */
  goings: Going[];
  sending: boolean;
  /** null: there is nothing to discard. */
  onDiscard: (() => void) | null;
};

/** Where the post stands, what the platforms want said beside the button, and the button. */
export function PublishBar({ summary, progress, goings, sending, onDiscard }: Props) {
  const said = goings.flatMap((going) => noticesFor(going).map((notice) => ({ ...notice, of: going.spec })));
  return (
    <div className="grid gap-3 border-t border-line pt-4">
      <PlatformNotices
        // Two accounts of one platform need to be told once.
        notices={said.filter(
          ({ text, of }, index) =>
            said.findIndex((one) => one.text === text && one.of.id === of.id) === index,
        )}
      />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p ref={summary} tabIndex={-1} aria-live="polite" className="text-sm text-ink-soft outline-none">
          {progress}
        </p>
        <div className="flex flex-wrap gap-2">
          {onDiscard && !sending && (
            <Button look="quiet" onClick={onDiscard}>
              Discard draft
            </Button>
          )}
          <Button type="submit" look="primary" busy={sending} aria-keyshortcuts="Control+Enter Meta+Enter">
            Publish
          </Button>
        </div>
      </div>
    </div>
  );
}
