"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookOpen, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { EntryDialog } from "@/components/inbox/assistant/entry-dialog";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Field, Input, Select, Textarea } from "@/components/ui/field";
import { Skeleton } from "@/components/ui/skeleton";
import { tell, warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { addKnowledge, changeKnowledge, inboxQueries, removeKnowledge } from "@/lib/inbox/queries";
import type { InboxAccountDto, KnowledgeBody, KnowledgeDto } from "@/lib/inbox/schema";

/** What the assistant knows: questions with their answers, and pasted text it may quote from. */
export function Knowledge({ accounts }: { accounts: InboxAccountDto[] }) {
  const { data, error } = useQuery(inboxQueries.knowledge());
  const [editing, setEditing] = useState<KnowledgeBody | KnowledgeDto | null>(null);
  const remove = useRemove();
  const shown = data?.entries.filter(({ id }) => !(remove.isPending && remove.variables.id === id)) ?? [];
  const fresh = (kind: KnowledgeBody["kind"]) =>
    setEditing({ title: "", text: "", kind, connectionId: null });
  return (
    <section aria-labelledby="knowledge" className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="knowledge" className="text-lg font-semibold">
          What it knows
        </h2>
        <div className="flex flex-wrap gap-2">
          <Button size="small" look="primary" onClick={() => fresh("answer")}>
            <Plus aria-hidden className="size-4" />
            Add an answer
          </Button>
          <Button size="small" onClick={() => fresh("text")}>
            Paste text
          </Button>
        </div>
      </div>
      {error && !data && <p className="text-sm text-bad">{sentence(error)}</p>}
      {!data && !error && <Skeleton className="h-32" />}
      {data && shown.length === 0 && (
        <EmptyState icon={BookOpen} title="It knows nothing yet">
          Add what people ask again and again: opening hours, prices, delivery, returns. Without knowledge it
          asks for a person each time.
        </EmptyState>
      )}
      {shown.length > 0 && (
        <Card>
          <ul className="divide-y divide-line">
            {shown.map((entry) => (
              <li key={entry.id} className="flex items-start gap-3 px-5 py-3.5">
                <div className="grid min-w-0 grow gap-0.5">
                  <p className="font-medium break-words">{entry.title}</p>
                  <p className="line-clamp-2 text-sm break-words whitespace-pre-line text-ink-soft">
                    {entry.text}
                  </p>
                  <p className="flex flex-wrap items-center gap-2 pt-1 text-xs text-ink-soft">
                    {entry.kind === "text" && <Badge>Text</Badge>}
                    {entry.connectionId && (
                      <Badge>
                        Only{" "}
                        {accounts.find((one) => one.connectionId === entry.connectionId)?.name ??
                          "one account"}
                      </Badge>
                    )}
                    {entry.used === 0
                      ? "Not used yet"
                      : `Used ${entry.used === 1 ? "once" : `${entry.used} times`}`}
                  </p>
                </div>
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={`Change ${entry.title}`}
                  onClick={() => setEditing(entry)}
                >
                  <Pencil aria-hidden className="size-4" />
                </Button>
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={`Delete ${entry.title}`}
                  onClick={() => remove.mutate(entry)}
                >
                  <Trash2 aria-hidden className="size-4" />
                </Button>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {editing && (
        <KnowledgeDialog
          key={"id" in editing ? editing.id : "new"}
          entry={editing}
          accounts={accounts}
          onClose={() => setEditing(null)}
        />
      )}
    </section>
  );
}

/** Gone at once; Undo writes it anew. */
function useRemove() {
  const client = useQueryClient();
  const reload = () => client.invalidateQueries({ queryKey: inboxQueries.knowledge().queryKey });
  return useMutation({
    mutationFn: ({ id }: KnowledgeDto) => removeKnowledge(id),
    onSuccess: (_answer, { title, text, kind, connectionId }) =>
      tell({
        title: `“${title}” is deleted`,
        undo: () =>
          void addKnowledge({ title, text, kind, connectionId }).then(reload, (error: unknown) =>
            warn({ title: `“${title}” is not back`, description: sentence(error) }),
          ),
      }),
    onError: (error, { title }) => warn({ title: `“${title}” is still there`, description: sentence(error) }),
    onSettled: reload,
  });
}

type DialogProps = {
  entry: KnowledgeBody | KnowledgeDto;
  accounts: InboxAccountDto[];
  onClose: () => void;
};

function KnowledgeDialog({ entry, accounts, onClose }: DialogProps) {
  const [body, setBody] = useState<KnowledgeBody>({
    title: entry.title,
    text: entry.text,
    kind: entry.kind,
    connectionId: entry.connectionId,
  });
  const id = "id" in entry ? entry.id : null;
  const isText = body.kind === "text";
  const save = useMutation({
    mutationFn: () => (id ? changeKnowledge({ id, ...body }) : addKnowledge(body)),
    onSuccess: (_answer, _given, _before, { client }) => {
      onClose();
      return client.invalidateQueries({ queryKey: inboxQueries.knowledge().queryKey });
    },
  });
  return (
    <EntryDialog
      title={`${id ? "Change" : "Add"} ${isText ? "text" : "an answer"}`}
      busy={save.isPending}
      error={save.error}
      onSave={() => save.mutate()}
      onClose={onClose}
    >
      <Field
        label={isText ? "What it is about" : "The question"}
        hint={
          isText
            ? undefined
            : "As people ask it. Several wordings make it easier to find: “When are you open? What are your hours?”"
        }
      >
        {(control) => (
          <Input
            {...control}
            maxLength={300}
            value={body.title}
            onChange={({ target }) => setBody({ ...body, title: target.value })}
          />
        )}
      </Field>
      <Field
        label={isText ? "The text" : "The answer"}
        hint={
          isText
            ? "Such as your delivery terms. It is cut into passages; the one that fits is quoted."
            : "It goes out as you write it."
        }
      >
        {(control) => (
          <Textarea
            {...control}
            rows={isText ? 10 : 4}
            maxLength={isText ? 20_000 : 2_000}
            className={isText ? "max-h-96 min-h-56" : "max-h-96 min-h-28"}
            value={body.text}
            onChange={({ target }) => setBody({ ...body, text: target.value })}
          />
        )}
      </Field>
      {accounts.length > 1 && (
        <Field label="For">
          {(control) => (
            <Select
              {...control}
              value={body.connectionId ?? ""}
              onChange={({ target }) => setBody({ ...body, connectionId: target.value || null })}
            >
              <option value="">All accounts</option>
              {accounts.map(({ connectionId, name }) => (
                <option key={connectionId} value={connectionId}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
    </EntryDialog>
  );
}
