"use client";

import { type Dispatch, useState } from "react";
import type { LiveChoices } from "@/components/posts/compose/choices";
import { OptionField } from "@/components/posts/compose/option-field";
import type { Typing } from "@/components/posts/compose/use-choices";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import type { FieldSpec, PlatformSpec } from "@/lib/platforms/contract";
import type { DraftAction } from "@/lib/posts/draft";
import type { Problem } from "@/lib/posts/schema";

type Props = {
  connectionId: string;
  spec: PlatformSpec;
  /** The questions that matter for this post. */
  fields: FieldSpec[];
  answers: Record<string, unknown>;
  live: LiveChoices;
  problems: Problem[];
  dispatch: Dispatch<DraftAction>;
  onTyping: (typing: Typing) => void;
};

/** The platform's own questions, and what it allows this account right now. */
export function TargetOptions({
  connectionId,
  spec,
  fields,
  answers,
  live,
  problems,
  dispatch,
  onTyping,
}: Props) {
  const [opened, setOpened] = useState(false);
  if (fields.length === 0) return null;
  const mustSee = spec.fields.some(({ required }) => required) || problems.length > 0;
  return (
    <details
      // Once open it stays so: what was put right must not close under the hand that did it.
      open={opened || mustSee}
      onToggle={(event) => setOpened(event.currentTarget.open)}
      className="border-t border-line pt-3"
    >
      <summary className="rounded text-sm font-medium">Options on {spec.name}</summary>
      <div className="grid gap-4 pt-3">
        <LiveState live={live} platform={spec.name} />
        {fields.map((field) => (
          <OptionField
            key={field.name}
            field={field}
            value={answers[field.name]}
            error={problems.find((problem) => problem.field === `options.${field.name}`)?.message}
            live={live}
            onChange={(value) => dispatch({ type: "option_changed", connectionId, name: field.name, value })}
            onTyping={(isTyping) =>
              onTyping(isTyping ? { connectionId, name: field.name, before: answers[field.name] } : null)
            }
          />
        ))}
      </div>
    </details>
  );
}

/** Whom the platform posts as, or why it cannot be asked. */
function LiveState({ live, platform }: { live: LiveChoices; platform: string }) {
  if (live.state === "failed") {
    return (
      <Notice
        tone="warn"
        role="status"
        title={`${platform} could not say what it offers this account`}
        actions={
          <Button size="small" busy={live.isRetrying} onClick={live.retry}>
            Ask {platform} again
          </Button>
        }
      >
        {live.message}
      </Notice>
    );
  }
  const account = live.state === "known" ? live.choices.account : undefined;
  return (
    account && (
      <p className="flex items-center gap-2 text-sm text-ink-soft">
        {account.avatarUrl && (
          // biome-ignore lint/performance/noImgElement: a tiny picture from the platform's own server
          <img
            src={account.avatarUrl}
            alt=""
            width={24}
            height={24}
            referrerPolicy="no-referrer"
            className="size-6 rounded-full bg-sunken object-cover"
          />
        )}
        <span className="min-w-0 break-words">
          Posts as <span className="font-medium text-ink">{account.name}</span>
        </span>
      </p>
    )
  );
}
