"use client";

import { useMutation } from "@tanstack/react-query";
import { Bot } from "lucide-react";
import { useState } from "react";
import { WhyWords } from "@/components/inbox/conversation/why";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field, Input, Select } from "@/components/ui/field";
import { sentence } from "@/lib/http/api";
import { inboxQueries, tryQuestion } from "@/lib/inbox/queries";
import type { InboxAccountDto, TryAnswer } from "@/lib/inbox/schema";

/** What would be said, and why. Nothing is sent. */
export function TryQuestion({ accounts }: { accounts: InboxAccountDto[] }) {
  const [question, setQuestion] = useState("");
  const [connectionId, setConnectionId] = useState<string | null>(accounts[0]?.connectionId ?? null);
  const attempt = useMutation({
    mutationFn: () => tryQuestion({ question, connectionId }),
    onSuccess: ({ credits }, _given, _before, { client }) =>
      credits > 0 && client.invalidateQueries({ queryKey: inboxQueries.accounts().queryKey }),
  });
  return (
    <section aria-labelledby="try" className="grid gap-3">
      <h2 id="try" className="text-lg font-semibold">
        Try a question
      </h2>
      <Card className="grid gap-4 p-5">
        <form
          className="grid items-end gap-3 sm:grid-cols-[minmax(0,1fr)_auto]"
          onSubmit={(event) => {
            event.preventDefault();
            if (question.trim() !== "" && !attempt.isPending) attempt.mutate();
          }}
        >
          <div className="grid gap-3">
            {accounts.length > 1 && (
              <Field label="Asked at">
                {(control) => (
                  <Select
                    {...control}
                    value={connectionId ?? ""}
                    onChange={({ target }) => setConnectionId(target.value)}
                  >
                    {accounts.map((account) => (
                      <option key={account.connectionId} value={account.connectionId}>
                        {account.name}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            )}
            <Field label="What a customer might ask">
              {(control) => (
                <Input
                  {...control}
                  maxLength={1_000}
                  placeholder="Do you deliver on Sundays?"
                  value={question}
                  onChange={({ target }) => setQuestion(target.value)}
                />
              )}
            </Field>
          </div>
          <Button type="submit" look="primary" busy={attempt.isPending} disabled={question.trim() === ""}>
            Try it
          </Button>
        </form>
        <div aria-live="polite" className="grid gap-3 empty:hidden">
          {attempt.error && <p className="text-sm font-medium text-bad">{sentence(attempt.error)}</p>}
          {attempt.data && !attempt.isPending && <Outcome answer={attempt.data} />}
        </div>
        <p className="text-[0.8125rem] text-ink-soft">Nothing is sent to anyone.</p>
      </Card>
    </section>
  );
}

const HEADS: Record<TryAnswer["why"]["outcome"], string> = {
  answered: "It would say",
  suggested: "It would suggest",
  handed_over: "A person would be asked",
  dropped: "It would say nothing",
};

const Outcome = ({ answer: { text, why } }: { answer: TryAnswer }) => (
  <div className="grid gap-3 rounded-lg border border-dashed border-accent bg-accent-soft p-4">
    <p className="flex items-center gap-2 text-sm font-medium text-accent-strong">
      <Bot aria-hidden className="size-4" />
      {HEADS[why.outcome]}
    </p>
    {text && <p className="break-words whitespace-pre-wrap">{text}</p>}
    <div className="grid gap-2 border-t border-accent/30 pt-3 text-sm text-ink-soft">
      <WhyWords why={why} />
    </div>
  </div>
);
