"use client";

import type { Dispatch } from "react";
import { MediaEditor } from "@/components/media/media-editor";
import { type Count, Counters } from "@/components/posts/compose/counters";
import { inheriting, sharedAltProblems } from "@/components/posts/compose/judge";
import { FollowUps } from "@/components/posts/compose/parts-editor";
import { Field, Input, Textarea } from "@/components/ui/field";
import type { Draft, DraftAction } from "@/lib/posts/draft";
import type { Problem } from "@/lib/posts/schema";

type Props = {
  draft: Draft;
  dispatch: Dispatch<DraftAction>;
  /** Until the kept draft is here, nothing may be typed. */
  loaded: boolean;
  counts: Record<string, Count[]>;
  problems: Problem[];
  /** Whether an account is chosen that can take follow-ups. */
  mayFollowUp: boolean;
};

/** The post as all accounts get it that say nothing else. */
export function SharedPost({ draft, dispatch, loaded, counts, problems, mayFollowUp }: Props) {
  const linkProblem = problems.find(({ connectionId, field }) => connectionId === null && field === "link");
  return (
    <>
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
      <MediaEditor
        refs={draft.media}
        label="Pictures and video"
        problems={sharedAltProblems(draft, problems)}
        onChange={(media) => dispatch({ type: "media_changed", connectionId: null, media })}
      />
      <Field label="Link (optional)" error={linkProblem?.message}>
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
      {(draft.replies.length > 0 || mayFollowUp) && (
        <FollowUps
          connectionId={null}
          replies={draft.replies}
          dispatch={dispatch}
          countsOf={(index) => inheriting(draft, counts, "replies", index + 1)}
        />
      )}
    </>
  );
}
