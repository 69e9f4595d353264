import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { ConnectionsScreen } from "@/components/connections/connections-screen";
import { PageHead } from "@/components/shell";
import { connectionsAnswer } from "@/lib/connections/list";
import { connectionQueries } from "@/lib/connections/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Accounts" };

type Props = { searchParams: Promise<{ reconnect?: string | string[] }> };

export default async function IntegrationsPage({ searchParams }: Props) {
  const user = await requireUser();
  const { reconnect } = await searchParams;
  const client = makeQueryClient();
  await client.prefetchQuery({ ...connectionQueries.list(), queryFn: () => connectionsAnswer(user.id) });
  return (
    <>
      <PageHead title="Accounts" lead="Connect the accounts you post from. Each platform can have several." />
      <HydrationBoundary state={dehydrate(client)}>
        <ConnectionsScreen wanted={typeof reconnect === "string" ? reconnect : null} />
      </HydrationBoundary>
    </>
  );
}
