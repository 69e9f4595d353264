import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { Dashboard } from "@/components/dashboard/dashboard";
import { PageHead } from "@/components/shell";
import { connectionsAnswer } from "@/lib/connections/list";
import { connectionQueries } from "@/lib/connections/queries";
import { listUnread } from "@/lib/notifications/data";
import { notificationQueries } from "@/lib/notifications/queries";
import { listPosts } from "@/lib/posts/data";
import { postQueries } from "@/lib/posts/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Dashboard" };

export default async function DashboardPage() {
  const user = await requireUser();
  const client = makeQueryClient();
  await Promise.all([
    client.prefetchQuery({ ...connectionQueries.list(), queryFn: () => connectionsAnswer(user.id) }),
    client.prefetchQuery({ ...notificationQueries.unread(), queryFn: () => listUnread(user.id) }),
    client.prefetchInfiniteQuery({
      ...postQueries.list(),
      queryFn: ({ pageParam }) => listPosts(user.id, pageParam),
    }),
  ]);
  return (
    <>
      <PageHead title={`Hello, ${user.name}`} />
      <HydrationBoundary state={dehydrate(client)}>
        <Dashboard userId={user.id} />
      </HydrationBoundary>
    </>
  );
}
