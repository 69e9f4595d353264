"use client";

import { type FormEvent, type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useFileStates } from "@/components/media/use-library-files";
import { useUploading } from "@/components/media/use-uploads";
import { forget, writeTargets } from "@/components/posts/compose/draft-storage";
import { canPublish, countParts, filesAt, judge, requestOf } from "@/components/posts/compose/judge";
import { PublishBar } from "@/components/posts/compose/publish-bar";
import { PublishFailure } from "@/components/posts/compose/publish-failure";
import { TargetCard } from "@/components/posts/compose/target-card";
import { TargetPicker } from "@/components/posts/compose/target-picker";
import { type Typing, useChoices } from "@/components/posts/compose/use-choices";
import { useDraft } from "@/components/posts/compose/use-draft";
import { usePublish } from "@/components/posts/compose/use-publish";
import { SharedPost } from "@/components/posts/shared-post";
import { Card } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import { tell } from "@/components/ui/toast";
import type { ConnectionDto, PlatformDto } from "@/lib/connections/schema";
import { type Draft, filesOf, isEmptyDraft } from "@/lib/posts/draft";

type Props = {
  userId: string;
  rework: { deliveryId: string; draft: Draft } | null;
  connections: ConnectionDto[];
  platforms: PlatformDto[];
  onPublished: (postId: string) => void;
};

export function ComposeForm({ userId, rework, connections, platforms, onPublished }: Props) {
  const specs = useMemo(() => Object.fromEntries(platforms.map(({ spec }) => [spec.id, spec])), [platforms]);
  const available = connections.filter(({ platform }) => canPublish(specs[platform])).map(({ id }) => id);
  const { draft, dispatch, slot, kept, loaded } = useDraft({ userId, available, rework });
  const [pressed, setPressed] = useState(false);
  const [typing, setTyping] = useState<Typing>(null);
  const summary = useRef<HTMLParagraphElement>(null);
  const uploading = useUploading();
  const states = useFileStates(filesOf(draft));
  const library = states.filter((state) => typeof state === "object");
  const chosen = connections.filter(({ id }) => draft.selected.includes(id));
  const choices = useChoices({ draft, chosen, specs, library, typing });
  const filesPending = states.some((state) => state === "loading" || state === "unreachable");
  const request = requestOf(draft, { connections, specs });
  const { all, shown } = judge(draft, { connections, specs, library, filesPending, choices, pressed });
  const errors = all.filter(({ severity }) => severity === "error");
  const counts = countParts(draft, { connections, specs });

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
    if (errors.length > 0 || request.targets.length === 0 || uploading) summary.current?.focus();
    else publishing.publish(request);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey) || !isWithin(event)) return;
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
        if (!isWithin(event)) return;
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
          loaded={loaded}
          onToggle={(connectionId) => dispatch({ type: "target_toggled", connectionId })}
          onChoose={(connectionIds) => dispatch({ type: "targets_chosen", connectionIds })}
        />
        <SharedPost
          draft={draft}
          dispatch={dispatch}
          loaded={loaded}
          counts={counts}
          problems={shown}
          mayFollowUp={chosen.some(({ platform }) => (specs[platform]?.maxReplies ?? 0) > 0)}
        />
        {!kept && (
          <Notice tone="warn">This browser does not keep drafts: publish before you leave this page.</Notice>
        )}
        {publishing.error && <PublishFailure error={publishing.error} />}
        <PublishBar
          summary={summary}
          progress={progress({
            errors: errors.length,
            targets: request.targets.length,
            pressed,
            uploading,
            sending: publishing.isPending,
          })}
          goings={chosen.flatMap(({ id, platform }) => {
            const spec = specs[platform];
            return spec
              ? [{ spec, files: filesAt(draft, id, library), answers: draft.options[id] ?? {} }]
              : [];
          })}
          sending={publishing.isPending}
          onDiscard={isEmptyDraft(draft) ? null : discard}
        />
      </Card>
      <section aria-labelledby="by-account" className="grid gap-3">
        <h2 id="by-account" className="text-sm font-medium text-ink-soft">
          {chosen.length === 0 ? "Choose an account to see how the post fits there." : "How it goes out"}
        </h2>
        {chosen.map((connection) => {
          const { id, platform } = connection;
          const spec = specs[platform];
          return (
            spec && (
              <TargetCard
                key={id}
                connection={connection}
                spec={spec}
                draft={draft}
                dispatch={dispatch}
                counts={counts[id] ?? []}
                problems={shown.filter(({ connectionId }) => connectionId === id)}
                files={filesAt(draft, id, library)}
                live={choices[id] ?? { state: "unasked" }}
                onTyping={setTyping}
              />
            )
          );
        })}
      </section>
    </form>
  );
}

/** React tells a form also of what happens in dialogs that hang on it, though they lie elsewhere on the page. */
const isWithin = ({ target, currentTarget }: FormEvent | KeyboardEvent): boolean =>
  target instanceof Node && currentTarget.contains(target);

type State = { errors: number; targets: number; pressed: boolean; uploading: boolean; sending: boolean };

function progress({ errors, targets, pressed, uploading, sending }: State): string {
  if (sending) return "Publishing. You can stay here and watch.";
  if (uploading) return "Files are still on their way. Publish when they are here.";
  if (targets === 0) return "Choose at least one account.";
  if (pressed && errors > 0) {
    return `${errors === 1 ? "1 thing has" : `${errors} things have`} to be put right before this can go out.`;
  }
  return `Goes to ${targets === 1 ? "1 account" : `${targets} accounts`}. ⌘ or Ctrl + Enter publishes.`;
}
