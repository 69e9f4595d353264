"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Bot, ScrollText } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { ConversationList } from "@/components/inbox/list/conversation-list";
import { ListFilters } from "@/components/inbox/list/list-filters";
import { Numbers } from "@/components/inbox/numbers";
import { FirstMessage } from "@/components/inbox/setup/first-message";
import { InboxSetup } from "@/components/inbox/setup/inbox-setup";
import { NotListening } from "@/components/inbox/setup/not-listening";
import { useInboxKeys } from "@/components/inbox/use-inbox-keys";
import { usePlace } from "@/components/inbox/use-place";
import { buttonStyle } from "@/components/ui/button-style";
import { inboxQueries } from "@/lib/inbox/queries";

const SOON_MS = 3_000;

/** Conversations beside the one that is open; on a phone one or the other. */
export function InboxFrame({ sandboxUrl, children }: { sandboxUrl: string | null; children: ReactNode }) {
  const { id, listed, hrefOf, list } = usePlace();
  const { data } = useQuery({
    ...inboxQueries.accounts(),
    // An account that was just connected, or turned on, begins to listen within seconds.
    refetchInterval: ({ state }) =>
      state.data?.accounts.some(({ subscription }) => subscription === "off") ? SOON_MS : false,
  });
  const accounts = data?.accounts ?? [];
  const open = useInfiniteQuery(inboxQueries.list({ filter: "open" }));
  const isEmpty = open.data?.pages[0]?.conversations.length === 0;
  const isDeaf = data !== undefined && accounts.every(({ subscription }) => subscription !== "on");
  const isFirst = data?.accounts.every(({ lastEventAt }) => lastEventAt === null) ?? false;
  useInboxKeys();

  if (isDeaf && isEmpty && !id && listed.filter === "open") return <InboxSetup accounts={accounts} />;
  return (
    <div
      data-room={id ? "conversation" : "list"}
      className="flex min-h-0 grow md:grid md:grid-cols-[19rem_minmax(0,1fr)] lg:grid-cols-[21rem_minmax(0,1fr)]"
    >
      <div
        className={`min-h-0 min-w-0 grow flex-col border-line bg-surface md:flex md:border-r ${id ? "hidden" : "flex"}`}
      >
        <div className="flex items-center gap-1 px-4 pt-3 pb-2">
          <h1 className="grow text-xl font-semibold tracking-tight">Inbox</h1>
          <Link
            href="/inbox/assistant"
            aria-label="The assistant"
            title="The assistant"
            className={buttonStyle({ look: "quiet", size: "icon" })}
          >
            <Bot aria-hidden className="size-4.5" strokeWidth={1.75} />
          </Link>
          <Link
            href="/inbox/log"
            aria-label="What came in"
            title="What came in"
            className={buttonStyle({ look: "quiet", size: "icon" })}
          >
            <ScrollText aria-hidden className="size-4.5" strokeWidth={1.75} />
          </Link>
        </div>
        <ListFilters listed={listed} accounts={accounts} onChange={list} />
        <div className="min-h-0 grow overflow-y-auto">
          <NotListening />
          <ConversationList
            listed={listed}
            openId={id}
            hrefOf={hrefOf}
            showAccount={accounts.length > 1}
            onShowAll={() => list({ filter: "open", kind: undefined, connection: undefined, q: undefined })}
          />
          {/* Beside the list there is room for them; on a phone they come after it. */}
          <div className="grid gap-6 border-t border-line p-4 md:hidden">
            {isEmpty && listed.filter === "open" && (
              <FirstMessage sandboxUrl={sandboxUrl} isFirst={isFirst} />
            )}
            {!id && !(isEmpty && isFirst) && <Numbers />}
          </div>
        </div>
      </div>
      <div className={`min-h-0 min-w-0 grow flex-col ${id ? "flex" : "hidden md:flex"}`}>{children}</div>
    </div>
  );
}
