import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { LibraryScreen } from "@/components/media/library-screen";
import { PageHead } from "@/components/shell";
import { listLibrary } from "@/lib/media/library";
import { mediaQueries } from "@/lib/media/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Media" };

export default async function MediaPage() {
  const user = await requireUser();
  const client = makeQueryClient();
  await client.prefetchInfiniteQuery({ ...mediaQueries.list(), queryFn: () => listLibrary(user, {}) });
  return (
    <>
      <PageHead
        title="Media"
        lead="Your pictures and videos. Upload once, use them in as many posts as you like."
      />
      <HydrationBoundary state={dehydrate(client)}>
        <LibraryScreen />
      </HydrationBoundary>
    </>
  );
}
