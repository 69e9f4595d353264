"use client";

import { useQuery } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import Link from "next/link";
import { AnsweringForm } from "@/components/inbox/assistant/answering-form";
import { Knowledge } from "@/components/inbox/assistant/knowledge";
import { SavedReplies } from "@/components/inbox/assistant/saved-replies";
import { TryQuestion } from "@/components/inbox/assistant/try-question";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { sentence } from "@/lib/http/api";
import { inboxQueries } from "@/lib/inbox/queries";
import type { InboxAccountsAnswer } from "@/lib/inbox/schema";

/** Everything that makes the assistant what it is: what it may do, what it knows, and how it would answer. */
export function AssistantScreen() {
  const { data, error, isFetching, refetch } = useQuery(inboxQueries.accounts());
  if (!data && error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="The assistant's settings could not be loaded"
        actions={
          <Button size="small" busy={isFetching} onClick={() => refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(error)}
      </Notice>
    );
  }
  if (!data) return <LoadingPage what="the assistant" />;
  return (
    <div className="grid gap-10">
      <Model {...data} />
      <section aria-labelledby="accounts" className="grid gap-3">
        <h2 id="accounts" className="text-lg font-semibold">
          What it may do
        </h2>
        {data.accounts.length === 0 && (
          <EmptyState
            icon={Plug}
            title="No account with messages is connected"
            actions={
              <Link href="/settings/integrations" className={buttonStyle({ look: "primary" })}>
                Connect Instagram
              </Link>
            }
          >
            You can teach it already; it begins to answer once an account is connected.
          </EmptyState>
        )}
        {data.accounts.map((account) => (
          <AnsweringForm key={account.connectionId} account={account} />
        ))}
      </section>
      <Knowledge accounts={data.accounts} />
      <TryQuestion accounts={data.accounts} />
      <SavedReplies />
    </div>
  );
}

/** What stands behind it, honestly. */
const Model = ({ model, credits }: Pick<InboxAccountsAnswer, "model" | "credits">) => (
  <Notice tone="info">
    {model === null ? (
      "No model is configured: your own answers are used word for word."
    ) : credits > 0 ? (
      <>
        Answers are written by {model.name}, from what it knows here and nothing else.{" "}
        <span className="numbers">{credits}</span> {credits === 1 ? "credit is" : "credits are"} left, one for
        each answer; after that, your own answers are used word for word.
      </>
    ) : (
      <>No credits are left for {model.name}: your own answers are used word for word.</>
    )}
  </Notice>
);
