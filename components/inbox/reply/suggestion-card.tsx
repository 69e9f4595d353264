"use client";

import { useMutation } from "@tanstack/react-query";
import { Bot } from "lucide-react";
import { Ago } from "@/components/inbox/clock";
import { Why } from "@/components/inbox/conversation/why";
import { Button } from "@/components/ui/button";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { dismissSuggestion, inboxQueries } from "@/lib/inbox/queries";
import type { SuggestionDto } from "@/lib/inbox/schema";

type Props = {
  conversationId: string;
  suggestion: SuggestionDto;
  onUse: (suggestion: SuggestionDto) => void;
};

/** What the assistant would say; nothing goes out before a person has taken it over and sent it. */
export function SuggestionCard({ conversationId, suggestion, onUse }: Props) {
  const dismiss = useMutation({
    mutationFn: () => dismissSuggestion(conversationId),
    onError: (error) => warn({ title: "The draft is still there", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  if (dismiss.isPending) return null;
  return (
    <section
      aria-label="A draft by the assistant"
      className="grid gap-2 rounded-lg border border-dashed border-accent bg-accent-soft px-3.5 py-2.5 text-sm"
    >
      <p className="flex items-center gap-1.5 text-xs font-medium text-accent-strong">
        <Bot aria-hidden className="size-3.5" />
        The assistant suggests
        <Why why={suggestion.why} />
        <span className="ml-auto font-normal">
          <Ago at={suggestion.createdAt} />
        </span>
      </p>
      <p className="break-words whitespace-pre-wrap">{suggestion.text}</p>
      <div className="flex flex-wrap gap-2">
        <Button size="small" look="primary" onClick={() => onUse(suggestion)}>
          Use it
        </Button>
        <Button size="small" look="quiet" onClick={() => dismiss.mutate()}>
          Dismiss
        </Button>
      </div>
    </section>
  );
}
