import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { ActivityScreen } from "@/components/activity/activity-screen";
import { PageHead } from "@/components/shell";
import { listActivity } from "@/lib/activity/data";
import { activityQueries } from "@/lib/activity/queries";
import { ListActivity } from "@/lib/activity/schema";
import { connectionsAnswer } from "@/lib/connections/list";
import { connectionQueries } from "@/lib/connections/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Activity" };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function ActivityPage({ searchParams }: Props) {
  const user = await requireUser();
  const { kind, connection } = await searchParams;
  const filter = {
    kind: ListActivity.shape.kind.safeParse(kind).data ?? null,
    connection: ListActivity.shape.connection.safeParse(connection).data ?? null,
  };
  const client = makeQueryClient();
  await Promise.all([
    client.prefetchInfiniteQuery({
      ...activityQueries.list(filter),
      queryFn: ({ pageParam }) =>
        listActivity(user.id, {
          ...(pageParam && { cursor: pageParam }),
          ...(filter.kind && { kind: filter.kind }),
          ...(filter.connection && { connection: filter.connection }),
        }),
    }),
    client.prefetchQuery({ ...connectionQueries.list(), queryFn: () => connectionsAnswer(user.id) }),
  ]);
  return (
    <>
      <PageHead
        title="Activity"
        lead="What you did here, what Carillon did for you, and what the platforms told us."
      />
      <HydrationBoundary state={dehydrate(client)}>
        <ActivityScreen filter={filter} />
      </HydrationBoundary>
    </>
  );
}
