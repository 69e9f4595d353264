"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Inbox, SearchX } from "lucide-react";
import type { Listed } from "@/components/inbox/address";
import { ConversationItem } from "@/components/inbox/list/conversation-item";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { whenSeen } from "@/components/ui/when-seen";
import { sentence } from "@/lib/http/api";
import { inboxQueries } from "@/lib/inbox/queries";

type Props = {
  listed: Listed;
  openId: string | null;
  hrefOf: (id: string) => string;
  showAccount: boolean;
  onShowAll: () => void;
};

/** Conversations, latest first; more comes as one scrolls, or by the button below. */
export function ConversationList({ listed, openId, hrefOf, showAccount, onShowAll }: Props) {
  const query = useInfiniteQuery(inboxQueries.list(listed));
  const conversations = query.data?.pages.flatMap((page) => page.conversations) ?? [];

  if (!query.data && query.error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        className="m-4"
        title="The conversations could not be loaded"
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
  if (!query.data) return <LoadingList />;
  if (conversations.length === 0) return <None listed={listed} onShowAll={onShowAll} />;
  return (
    <>
      {query.error && (
        <Notice tone="warn" role="status" className="m-4">
          {query.isFetchNextPageError ? "Older conversations could not be loaded" : "This may be out of date"}
          : {sentence(query.error)}
        </Notice>
      )}
      <ul aria-label="Conversations" className="divide-y divide-line">
        {conversations.map((conversation) => (
          <li key={conversation.id}>
            <ConversationItem
              conversation={conversation}
              href={hrefOf(conversation.id)}
              isOpen={conversation.id === openId}
              showAccount={showAccount}
            />
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <div
          className="p-4"
          ref={whenSeen(() => !query.isFetching && !query.error && void query.fetchNextPage())}
        >
          <Button
            size="small"
            className="mx-auto flex"
            busy={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            Load more
          </Button>
        </div>
      )}
    </>
  );
}

function None({ listed, onShowAll }: Pick<Props, "listed" | "onShowAll">) {
  const narrowed = listed.q || listed.kind || listed.connection;
  if (listed.filter === "open" && !narrowed) {
    return (
      <p className="flex items-center gap-2 p-4 text-sm text-ink-soft">
        <Inbox aria-hidden className="size-4 shrink-0" />
        Nothing is open.
      </p>
    );
  }
  return (
    <div className="p-4">
      <EmptyState
        icon={SearchX}
        title={listed.q ? "Nothing found" : EMPTY[listed.filter]}
        actions={
          <Button size="small" onClick={onShowAll}>
            Show all that are open
          </Button>
        }
      >
        {listed.q
          ? `No name and no message here contains “${listed.q}”.`
          : narrowed && "Not of this kind, or not at this account."}
      </EmptyState>
    </div>
  );
}

const EMPTY = {
  open: "Nothing open",
  unread: "All read",
  waiting: "Nobody waits",
  archived: "Nothing archived",
};

const LoadingList = () => (
  <div role="status" className="grid gap-4 p-4">
    <span className="sr-only">Loading conversations…</span>
    {["a", "b", "c", "d", "e"].map((nth) => (
      <div key={nth} className="flex gap-3">
        <Skeleton className="size-10 rounded-full!" />
        <div className="grid grow content-center gap-2">
          <Skeleton className="h-3.5 w-1/2" />
          <Skeleton className="h-3 w-4/5" />
        </div>
      </div>
    ))}
  </div>
);
