import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { headers } from "next/headers";
import { NoticeSwitches } from "@/components/settings/notice-switches";
import { TimeZone } from "@/components/settings/time-zone";
import { YourData } from "@/components/settings/your-data";
import { PageHead } from "@/components/shell";
import { makeQueryClient } from "@/lib/query-client";
import { hasPassword, requireUser } from "@/lib/session";
import { settingsQueries } from "@/lib/settings/queries";
import { settingsOf } from "@/lib/settings/settings";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage() {
  const user = await requireUser();
  const client = makeQueryClient();
  await client.prefetchQuery({ ...settingsQueries.mine(), queryFn: () => settingsOf(user) });
  return (
    <>
      <PageHead title="Settings" lead={`For ${user.email}, on every device.`} />
      <HydrationBoundary state={dehydrate(client)}>
        <div className="grid gap-6">
          <NoticeSwitches />
          <TimeZone />
          <YourData email={user.email} hasPassword={await hasPassword(await headers())} />
        </div>
      </HydrationBoundary>
    </>
  );
}
