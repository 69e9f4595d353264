import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { EventLog } from "@/components/inbox/event-log";
import { InboxLink } from "@/components/inbox/inbox-link";
import { PageHead } from "@/components/shell";
import { inboxQueries } from "@/lib/inbox/queries";
import { listEvents } from "@/lib/inbox/receive/events-data";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "What came in" };

export default async function LogPage() {
  const user = await requireUser();
  const client = makeQueryClient();
  await client.prefetchInfiniteQuery({
    ...inboxQueries.events(),
    queryFn: ({ pageParam }) => listEvents(user.id, pageParam),
  });
  return (
    <>
      <InboxLink />
      <PageHead
        title="What came in"
        lead="Each event as the platform sent it, and what was made of it. Read one again when something seems missing."
      />
      <HydrationBoundary state={dehydrate(client)}>
        <EventLog />
      </HydrationBoundary>
    </>
  );
}
