"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, Plus, Trash2, Zap } from "lucide-react";
import { useState } from "react";
import { EntryDialog } from "@/components/inbox/assistant/entry-dialog";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Field, Input, Textarea } from "@/components/ui/field";
import { Skeleton } from "@/components/ui/skeleton";
import { tell, warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { addSavedReply, changeSavedReply, inboxQueries, removeSavedReply } from "@/lib/inbox/queries";
import type { SavedReplyBody, SavedReplyDto } from "@/lib/inbox/schema";

/** What is said often, a press away in the reply box. */
export function SavedReplies() {
  const { data, error } = useQuery(inboxQueries.savedReplies());
  const [editing, setEditing] = useState<SavedReplyBody | SavedReplyDto | null>(null);
  const remove = useRemove();
  const shown = data?.replies.filter(({ id }) => !(remove.isPending && remove.variables.id === id)) ?? [];
  return (
    <section aria-labelledby="saved-replies" className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="saved-replies" className="text-lg font-semibold">
          Saved replies
        </h2>
        <Button size="small" onClick={() => setEditing({ title: "", text: "" })}>
          <Plus aria-hidden className="size-4" />
          Add a reply
        </Button>
      </div>
      {error && !data && <p className="text-sm text-bad">{sentence(error)}</p>}
      {!data && !error && <Skeleton className="h-24" />}
      {data && shown.length === 0 && (
        <EmptyState icon={Zap} title="No saved replies yet">
          Type / in the reply box, and they are there.
        </EmptyState>
      )}
      {shown.length > 0 && (
        <Card>
          <ul className="divide-y divide-line">
            {shown.map((reply) => (
              <li key={reply.id} className="flex items-start gap-3 px-5 py-3.5">
                <div className="grid min-w-0 grow gap-0.5">
                  <p className="font-medium break-words">{reply.title}</p>
                  <p className="line-clamp-2 text-sm break-words whitespace-pre-line text-ink-soft">
                    {reply.text}
                  </p>
                </div>
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={`Change ${reply.title}`}
                  onClick={() => setEditing(reply)}
                >
                  <Pencil aria-hidden className="size-4" />
                </Button>
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={`Delete ${reply.title}`}
                  onClick={() => remove.mutate(reply)}
                >
                  <Trash2 aria-hidden className="size-4" />
                </Button>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {editing && (
        <ReplyDialog
          key={"id" in editing ? editing.id : "new"}
          reply={editing}
          onClose={() => setEditing(null)}
        />
      )}
    </section>
  );
}

function useRemove() {
  const client = useQueryClient();
  const reload = () => client.invalidateQueries({ queryKey: inboxQueries.savedReplies().queryKey });
  return useMutation({
    mutationFn: ({ id }: SavedReplyDto) => removeSavedReply(id),
    onSuccess: (_answer, { title, text }) =>
      tell({
        title: `“${title}” is deleted`,
        undo: () =>
          void addSavedReply({ title, text }).then(reload, (error: unknown) =>
            warn({ title: `“${title}” is not back`, description: sentence(error) }),
          ),
      }),
    onError: (error, { title }) => warn({ title: `“${title}” is still there`, description: sentence(error) }),
    onSettled: reload,
  });
}

function ReplyDialog({ reply, onClose }: { reply: SavedReplyBody | SavedReplyDto; onClose: () => void }) {
  const [body, setBody] = useState<SavedReplyBody>({ title: reply.title, text: reply.text });
  const id = "id" in reply ? reply.id : null;
  const save = useMutation({
    mutationFn: () => (id ? changeSavedReply({ id, ...body }) : addSavedReply(body)),
    onSuccess: (_answer, _given, _before, { client }) => {
      onClose();
      return client.invalidateQueries({ queryKey: inboxQueries.savedReplies().queryKey });
    },
  });
  return (
    <EntryDialog
      title={id ? "Change the reply" : "Add a reply"}
      busy={save.isPending}
      error={save.error}
      onSave={() => save.mutate()}
      onClose={onClose}
    >
      <Field label="Name" hint="What you type after /.">
        {(control) => (
          <Input
            {...control}
            maxLength={80}
            value={body.title}
            onChange={({ target }) => setBody({ ...body, title: target.value })}
          />
        )}
      </Field>
      <Field label="The reply">
        {(control) => (
          <Textarea
            {...control}
            rows={4}
            maxLength={2_000}
            className="max-h-96 min-h-28"
            value={body.text}
            onChange={({ target }) => setBody({ ...body, text: target.value })}
          />
        )}
      </Field>
    </EntryDialog>
  );
}
