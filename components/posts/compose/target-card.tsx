"use client";

import type { Dispatch } from "react";
import { ConnectButton } from "@/components/connections/connect-button";
import { accountLabel } from "@/components/connections/status";
import { MediaEditor } from "@/components/media/media-editor";
import { PlatformIcon } from "@/components/platform-icon";
import { fieldsFor, type LiveChoices } from "@/components/posts/compose/choices";
import { type Count, Counters } from "@/components/posts/compose/counters";
import { isAboutMedia } from "@/components/posts/compose/judge";
import { FollowUps } from "@/components/posts/compose/parts-editor";
import { ProblemList } from "@/components/posts/compose/problem-list";
import { TargetOptions } from "@/components/posts/compose/target-options";
import type { Typing } from "@/components/posts/compose/use-choices";
import { noticesFor, PlatformNotices } from "@/components/posts/platform-notices";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field, Input, Textarea } from "@/components/ui/field";
import { tell } from "@/components/ui/toast";
import type { ConnectionDto } from "@/lib/connections/schema";
import type { PlatformSpec } from "@/lib/platforms/contract";
import { type Draft, type DraftAction, type DraftField, effective } from "@/lib/posts/draft";
import type { LibraryFile } from "@/lib/posts/media-rules";
import type { Problem } from "@/lib/posts/schema";

type Props = {
  connection: ConnectionDto;
  spec: PlatformSpec;
  draft: Draft;
  dispatch: Dispatch<DraftAction>;
  /** Lengths of each part as this account gets it, first post first. */
  counts: Count[];
  problems: Problem[];
  /** The files this account gets; null for those that are not known. */
  files: (LibraryFile | null)[];
  live: LiveChoices;
  onTyping: (typing: Typing) => void;
};

/** One account's view of the post: how long it is there, what stands in the way, and what differs. */
export function TargetCard({
  connection,
  spec,
  draft,
  dispatch,
  counts,
  problems,
  files,
  live,
  onTyping,
}: Props) {
  const { id } = connection;
  const label = accountLabel(connection);
  const own = draft.differences[id] ?? {};
  const given = effective(draft, id);
  const answers = draft.options[id] ?? {};
  const optionProblems = problems.filter(({ field }) => field.startsWith("options."));
  const mediaProblems = own.media === undefined ? [] : problems.filter(isAboutMedia);
  const elsewhere = [...optionProblems, ...mediaProblems];
  const unusable = problems.some(({ code }) => code === "reconnect" || code === "limited");
  const countAt = (index: number) => counts.slice(index, index + 1);

  const customise = (field: DraftField) =>
    dispatch(
      field === "media" && !takesFiles(spec)
        ? { type: "media_changed", connectionId: id, media: [] }
        : { type: "overridden", connectionId: id, field },
    );

  const reset = (field: DraftField, what: string) => {
    const before = draft;
    dispatch({ type: "inherited", connectionId: id, field });
    tell({
      title: `${label} now gets the post's ${what}`,
      undo: () => dispatch({ type: "restored", draft: before }),
    });
  };

  return (
    <Card aria-label={`${spec.name}, ${label}`} className="grid gap-4 p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <PlatformIcon platform={spec.id} name={spec.name} />
        <h3 className="min-w-0 grow truncate text-sm font-semibold">{label}</h3>
        <Counters counts={countAt(0)} />
      </div>
      <ProblemList problems={problems.filter((problem) => !elsewhere.includes(problem))} />
      {unusable && (
        <ConnectButton
          request={{ platform: connection.platform, connection: id, returnTo: "/compose" }}
          style={{ look: "primary", size: "small" }}
        >
          Reconnect {label}
        </ConnectButton>
      )}
      {own.text !== undefined && (
        <Field label={`Text for ${spec.name}, ${label}`}>
          {(control) => (
            <Textarea
              {...control}
              className="min-h-20"
              value={given.text}
              onChange={(event) =>
                dispatch({ type: "text_changed", connectionId: id, text: event.target.value })
              }
            />
          )}
        </Field>
      )}
      {own.link !== undefined && (
        <Field label={`Link for ${spec.name}, ${label}`} hint="Leave it empty for no link here.">
          {(control) => (
            <Input
              {...control}
              type="url"
              inputMode="url"
              value={given.link}
              onChange={(event) =>
                dispatch({ type: "link_changed", connectionId: id, link: event.target.value })
              }
            />
          )}
        </Field>
      )}
      {own.media !== undefined && (takesFiles(spec) || own.media.length > 0) && (
        <MediaEditor
          refs={own.media}
          label={`Pictures and video for ${spec.name}, ${label}`}
          problems={mediaProblems}
          onChange={(media) => dispatch({ type: "media_changed", connectionId: id, media })}
        />
      )}
      {own.replies !== undefined && (
        <FollowUps
          connectionId={id}
          whose={` for ${spec.name}, ${label}`}
          replies={given.replies}
          dispatch={dispatch}
          countsOf={(index) => countAt(index + 1)}
        />
      )}
      <div className="flex flex-wrap gap-2">
        {customisable(spec, draft).map(({ field, what }) =>
          own[field] === undefined ? (
            <Button key={field} size="small" onClick={() => customise(field)}>
              {field === "media" && !takesFiles(spec) ? "Leave out" : "Customise"} {what}
              <span className="sr-only">
                {" "}
                for {spec.name}, {label}
              </span>
            </Button>
          ) : (
            <Button key={field} look="quiet" size="small" onClick={() => reset(field, what)}>
              Use the post's {what}
              <span className="sr-only">
                {" "}
                for {spec.name}, {label}
              </span>
            </Button>
          ),
        )}
      </div>
      <TargetOptions
        connectionId={id}
        spec={spec}
        fields={fieldsFor(spec, files, answers)}
        answers={answers}
        live={live}
        problems={optionProblems}
        dispatch={dispatch}
        onTyping={onTyping}
      />
      <PlatformNotices notices={noticesFor({ spec, files, answers })} />
    </Card>
  );
}

/** What may differ here: files and follow-ups only where the platform has them, or where the post has some that must go. */
const customisable = (spec: PlatformSpec, draft: Draft): { field: DraftField; what: string }[] => [
  { field: "text", what: "text" },
  { field: "link", what: "link" },
  ...(takesFiles(spec) || draft.media.length > 0
    ? [{ field: "media" as const, what: "pictures and video" }]
    : []),
  ...(spec.maxReplies > 0 || draft.replies.length > 0
    ? [{ field: "replies" as const, what: "follow-ups" }]
    : []),
];

const takesFiles = ({ media, mediaBy }: PlatformSpec): boolean => Boolean(media ?? mediaBy);
