"use client";

import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { accountLabel } from "@/components/connections/status";
import { type Count, Counters } from "@/components/posts/counters";
import { forget, writeTargets } from "@/components/posts/draft-storage";
import { FollowUps } from "@/components/posts/parts-editor";
import { PublishFailure } from "@/components/posts/publish-failure";
import { TargetCard } from "@/components/posts/target-card";
import { TargetPicker } from "@/components/posts/target-picker";
import { useDraft } from "@/components/posts/use-draft";
import { usePublish } from "@/components/posts/use-publish";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field, Input, Textarea } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { tell } from "@/components/ui/toast";
import type { ConnectionDto, PlatformDto } from "@/lib/connections/schema";
import type { PlatformSpec } from "@/lib/platforms/contract";
import { type Draft, type DraftField, isEmptyDraft, linkProblems, toRequest } from "@/lib/posts/draft";
import { checkDraft, measure, resolveContent } from "@/lib/posts/rules";
import type { Problem } from "@/lib/posts/schema";

type Props = {
  userId: string;
  rework: { deliveryId: string; draft: Draft } | null;
  connections: ConnectionDto[];
  platforms: PlatformDto[];
  onPublished: (postId: string) => void;
};

export function ComposeForm({ userId, rework, connections, platforms, onPublished }: Props) {
  const available = connections.map(({ id }) => id);
  const { draft, dispatch, slot, kept, loaded } = useDraft({ userId, available, rework });
  const [pressed, setPressed] = useState(false);
  const summary = useRef<HTMLParagraphElement>(null);
  const specs = useMemo(() => Object.fromEntries(platforms.map(({ spec }) => [spec.id, spec])), [platforms]);
  const request = toRequest(draft);
  const { all, shown } = judge(draft, connections, specs, pressed);
  const errors = all.filter(({ severity }) => severity === "error");
  const counts = countParts(draft, connections, specs);
  const chosen = connections.filter(({ id }) => draft.selected.includes(id));

  const publishing = usePublish({
    slot,
    onPublished: ({ id }) => {
      writeTargets(userId, draft.selected);
      dispatch({ type: "emptied" });
      forget(slot);
      onPublished(id);
    },
  });

  const submit = () => {
    setPressed(true);
    if (errors.length > 0 || request.targets.length === 0) summary.current?.focus();
    else publishing.publish(request);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    submit();
  };

  const discard = () => {
    const before = draft;
    dispatch({ type: "emptied" });
    setPressed(false);
    publishing.reset();
    tell({ title: "Draft discarded", undo: () => dispatch({ type: "restored", draft: before }) });
  };

  return (
    <form
      noValidate
      className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={onKeyDown}
    >
      <Card className="grid gap-5 p-5">
        <TargetPicker
          connections={connections}
          specs={specs}
          selected={draft.selected}
          onToggle={(connectionId) => dispatch({ type: "target_toggled", connectionId })}
          onChoose={(connectionIds) => dispatch({ type: "targets_chosen", connectionIds })}
        />
        <div className="grid gap-2">
          <Field label="Post text">
            {(control) => (
              <Textarea
                {...control}
                className="min-h-40"
                readOnly={!loaded}
                placeholder="What do you want to say?"
                value={draft.text}
                onChange={(event) =>
                  dispatch({ type: "text_changed", connectionId: null, text: event.target.value })
                }
              />
            )}
          </Field>
          <Counters counts={inheriting(draft, counts, "text", 0)} />
        </div>
        <Field label="Link (optional)" error={shown.find((found) => isAbout(found, null, "link"))?.message}>
          {(control) => (
            <Input
              {...control}
              type="url"
              inputMode="url"
              placeholder="https://"
              value={draft.link}
              onChange={(event) =>
                dispatch({ type: "link_changed", connectionId: null, link: event.target.value })
              }
            />
          )}
        </Field>
        {(draft.replies.length > 0 ||
          chosen.some(({ platform }) => (specs[platform]?.maxReplies ?? 0) > 0)) && (
          <FollowUps
            connectionId={null}
            replies={draft.replies}
            dispatch={dispatch}
            countsOf={(index) => inheriting(draft, counts, "replies", index + 1)}
          />
        )}
        {!kept && (
          <Notice tone="warn">This browser does not keep drafts: publish before you leave this page.</Notice>
        )}
        {publishing.error && <PublishFailure error={publishing.error} />}
        <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
          <p ref={summary} tabIndex={-1} aria-live="polite" className="text-sm text-ink-soft outline-none">
            {progress(errors.length, request.targets.length, pressed, publishing.isPending)}
          </p>
          <div className="flex flex-wrap gap-2">
            {!isEmptyDraft(draft) && !publishing.isPending && (
              <Button look="quiet" onClick={discard}>
                Discard draft
              </Button>
            )}
            <Button
              type="submit"
              look="primary"
              busy={publishing.isPending}
              aria-keyshortcuts="Control+Enter Meta+Enter"
            >
              Publish
            </Button>
          </div>
        </div>
      </Card>
      <section aria-labelledby="by-account" className="grid gap-3">
        <h2 id="by-account" className="text-sm font-medium text-ink-soft">
          {chosen.length === 0 ? "Choose an account to see how the post fits there." : "How it goes out"}
        </h2>
        {chosen.map((connection) => {
          const spec = specs[connection.platform];
          return (
            spec && (
              <TargetCard
                key={connection.id}
                connection={connection}
                spec={spec}
                draft={draft}
                dispatch={dispatch}
                counts={counts[connection.id] ?? []}
                problems={shown.filter(({ connectionId }) => connectionId === connection.id)}
              />
            )
          );
        })}
      </section>
    </form>
  );
}

/** All that stands in the way, and of it what is worth showing: an empty box is no mistake before Publish was pressed. */
function judge(
  draft: Draft,
  connections: ConnectionDto[],
  specs: Record<string, PlatformSpec>,
  pressed: boolean,
) {
  const all = [...checkDraft({ ...toRequest(draft), connections, specs }), ...linkProblems(draft)];
  const shown = all.filter(({ code }) => pressed || (code !== "empty" && code !== "missing_option"));
  return { all, shown };
}

function countParts(
  draft: Draft,
  connections: ConnectionDto[],
  specs: Record<string, PlatformSpec>,
): Record<string, Count[]> {
  const { content, targets } = toRequest(draft);
  return Object.fromEntries(
    targets.flatMap((target) => {
      const connection = connections.find(({ id }) => id === target.connectionId);
      const spec = connection && specs[connection.platform];
      if (!connection || !spec) return [];
      const label = `${spec.name}, ${accountLabel(connection)}`;
      const parts = measure(spec, connection, resolveContent(content, target));
      return [
        [connection.id, parts.map((part) => ({ id: connection.id, platform: spec.id, label, ...part }))],
      ];
    }),
  );
}

/** The lengths of a shared part for the accounts that get it as it is. */
const inheriting = (
  draft: Draft,
  counts: Record<string, Count[]>,
  field: DraftField,
  index: number,
): Count[] =>
  draft.selected.flatMap((id) =>
    draft.differences[id]?.[field] === undefined ? (counts[id]?.slice(index, index + 1) ?? []) : [],
  );

const isAbout = (problem: Problem, connectionId: string | null, field: string): boolean =>
  problem.connectionId === connectionId && problem.field === field;

function progress(errors: number, targets: number, pressed: boolean, sending: boolean): string {
  if (sending) return "Publishing. You can stay here and watch.";
  if (targets === 0) return "Choose at least one account.";
  if (pressed && errors > 0) {
    return `${errors === 1 ? "1 thing has" : `${errors} things have`} to be put right before this can go out.`;
  }
  return `Goes to ${targets === 1 ? "1 account" : `${targets} accounts`}. ⌘ or Ctrl + Enter publishes.`;
}
