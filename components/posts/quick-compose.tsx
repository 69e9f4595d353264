"use client";

import { useRouter } from "next/navigation";
import { useDraft } from "@/components/posts/compose/use-draft";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field, Textarea } from "@/components/ui/field";

/** The beginning of a post. It is the composer's own draft, so nothing has to be carried over. */
export function QuickCompose({ userId, available }: { userId: string; available: string[] }) {
  const router = useRouter();
  const { draft, dispatch, loaded } = useDraft({ userId, available, rework: null });
  return (
    <Card aria-label="Quick compose" className="p-4">
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          router.push("/compose");
        }}
      >
        <Field label="What do you want to say?">
          {(control) => (
            <Textarea
              {...control}
              className="min-h-20"
              readOnly={!loaded}
              value={draft.text}
              onChange={(event) =>
                dispatch({ type: "text_changed", connectionId: null, text: event.target.value })
              }
            />
          )}
        </Field>
        <div className="flex items-center justify-between gap-3">
          <p className="text-[0.8125rem] text-ink-soft">Kept as your draft in this browser.</p>
          <Button type="submit" look="primary">
            Go on writing
          </Button>
        </div>
      </form>
    </Card>
  );
}
