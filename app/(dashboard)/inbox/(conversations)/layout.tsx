import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { listedIn } from "@/components/inbox/address";
import { InboxFrame } from "@/components/inbox/inbox-frame";
import { env } from "@/lib/env";
import { readInboxAccounts } from "@/lib/inbox/accounts";
import { inboxQueries } from "@/lib/inbox/queries";
import { readInbox } from "@/lib/inbox/read";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Inbox" };

/** The list stays while conversations are opened beside it. A layout is not told the address; the proxy has noted it down. */
export default async function InboxLayout({ children }: { children: ReactNode }) {
  const user = await requireUser();
  const address = new URL((await headers()).get("x-pathname") ?? "/inbox", env().origin);
  const client = makeQueryClient();
  const prefetch = (listed: ReturnType<typeof listedIn>) =>
    client.prefetchInfiniteQuery({
      ...inboxQueries.list(listed),
      queryFn: ({ pageParam }) => readInbox(user, { ...listed, ...(pageParam && { cursor: pageParam }) }),
    });
  await Promise.all([
    prefetch({ filter: "open" }),
    prefetch(listedIn(address.searchParams)),
    client.prefetchQuery({ ...inboxQueries.accounts(), queryFn: () => readInboxAccounts(user) }),
  ]);
  return (
    <HydrationBoundary state={dehydrate(client)}>
      <InboxFrame sandboxUrl={env().sandboxUrl ?? null}>{children}</InboxFrame>
    </HydrationBoundary>
  );
}
