"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { MessagesSquare } from "lucide-react";
import type { ReactNode } from "react";
import { Numbers } from "@/components/inbox/numbers";
import { FirstMessage } from "@/components/inbox/setup/first-message";
import { EmptyState } from "@/components/ui/empty-state";
import { inboxQueries } from "@/lib/inbox/queries";

/** Beside the list while no conversation is open. */
export function InboxWelcome({ sandboxUrl }: { sandboxUrl: string | null }) {
  const { data } = useInfiniteQuery(inboxQueries.list({ filter: "open" }));
  const accounts = useQuery(inboxQueries.accounts());
  const isFirst = accounts.data?.accounts.every(({ lastEventAt }) => lastEventAt === null) ?? false;
  const isEmpty = data?.pages[0]?.conversations.length === 0;
  return (
    <div className="grow overflow-y-auto">
      <div className="mx-auto grid w-full max-w-2xl content-start gap-8 p-6 lg:p-10">
        {isEmpty ? (
          <FirstMessage sandboxUrl={sandboxUrl} isFirst={isFirst} />
        ) : (
          <EmptyState icon={MessagesSquare} title="Choose a conversation">
            Or press <Key>j</Key> and <Key>Enter</Key>; <Key>?</Key> lists all keys.
          </EmptyState>
        )}
        {!(isEmpty && isFirst) && <Numbers />}
      </div>
    </div>
  );
}

const Key = ({ children }: { children: ReactNode }) => (
  <kbd className="numbers rounded border border-line bg-sunken px-1.5 py-0.5 text-ink">{children}</kbd>
);
