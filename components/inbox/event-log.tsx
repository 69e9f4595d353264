"use client";

import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { PlatformIcon } from "@/components/platform-icon";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { Time } from "@/components/ui/time";
import { tell, warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { inboxQueries, replayEvent } from "@/lib/inbox/queries";
import type { WebhookEventDto } from "@/lib/inbox/schema";

/** Everything the platforms told us, as it came, and what was made of it. */
export function EventLog() {
  const query = useInfiniteQuery(inboxQueries.events());
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  if (!query.data && query.error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="The log could not be loaded"
        actions={
          <Button size="small" busy={query.isFetching} onClick={() => query.refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(query.error)}
      </Notice>
    );
  }
  if (!query.data) return <LoadingPage what="the log" />;
  if (events.length === 0) {
    return (
      <EmptyState icon={ScrollText} title="Nothing has come in yet">
        Each event of your accounts is kept here as the platform sent it, also when it could not be read.
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-4">
      <Card>
        <ul className="divide-y divide-line">
          {events.map((event) => (
            <li key={event.id}>
              <Event event={event} />
            </li>
          ))}
        </ul>
      </Card>
      {query.error && (
        <Notice tone="warn" role="status">
          {query.isFetchNextPageError ? "Older events could not be loaded" : "This may be out of date"}:{" "}
          {sentence(query.error)}
        </Notice>
      )}
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </div>
  );
}

function Event({ event }: { event: WebhookEventDto }) {
  const { id, platform, accountName, receivedAt, processedAt, attempts, error, outcome, entry } = event;
  const replay = useMutation({
    mutationFn: () => replayEvent(id),
    onSuccess: () =>
      tell({ title: "Read once more", description: "What was known already is not written twice." }),
    onError: (failure) => warn({ title: "It was not read again", description: sentence(failure) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  return (
    <div className="grid gap-2 px-5 py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <PlatformIcon platform={platform} />
        <p className="min-w-0 grow">
          <span className="font-medium">{accountName}</span>{" "}
          <span className="text-sm text-ink-soft">
            <Time at={receivedAt} detail="second" />
          </span>
        </p>
        {error ? (
          <Badge tone="bad">Not read</Badge>
        ) : processedAt ? (
          <Badge tone="good">Read</Badge>
        ) : (
          <Badge tone="accent">Waiting</Badge>
        )}
        <Button size="small" look="quiet" busy={replay.isPending} onClick={() => replay.mutate()}>
          Read again
        </Button>
      </div>
      <p className="text-sm text-ink-soft">
        {error ? `${error} ` : outcomeWords(outcome)}
        {attempts > 1 && ` Tried ${attempts} times.`}
      </p>
      <details className="text-sm">
        <summary className="w-fit rounded text-ink-soft hover:text-ink">As it came</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
        <pre tabIndex={0} className="numbers mt-2 max-h-80 overflow-auto rounded-md bg-sunken p-3">
          {pretty(entry)}
        </pre>
      </details>
    </div>
  );
}

function outcomeWords(outcome: WebhookEventDto["outcome"]): string {
  const counts = Object.entries(outcome ?? {}).filter(([, count]) => count > 0);
  if (counts.length === 0) return "Nothing came of it yet.";
  const said = counts.map(([word, count]) => `${count} ${OUTCOMES[word] ?? word.replaceAll("_", " ")}`);
  return `${said.join(", ")}.`;
}

/** What an entry held, counted; a word we have none for is said as it is. */
const OUTCOMES: Record<string, string> = {
  message: "new message",
  postback: "button pressed",
  reaction: "reaction",
  seen: "read by them",
  edited: "edited",
  unsent: "taken back",
  referral: "came by a link",
  comment: "comment",
  mention: "mention",
  handover: "handed between apps",
  known: "known already",
  test: "test of the platform's",
  own_comment: "comment of your own",
  unknown_field: "of a kind that is not read here",
};

/** As it came, with room to read it; what is no JSON stays as it is. */
function pretty(entry: string): string {
  try {
    return JSON.stringify(JSON.parse(entry), null, 2);
  } catch (error) {
    if (error instanceof SyntaxError) return entry;
    throw error;
  }
}
