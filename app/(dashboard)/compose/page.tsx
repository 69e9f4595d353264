import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { Composer } from "@/components/posts/compose/composer";
import { PageHead } from "@/components/shell";
import { connectionsAnswer } from "@/lib/connections/list";
import { connectionQueries } from "@/lib/connections/queries";
import { AppError } from "@/lib/errors";
import { Id } from "@/lib/http/route";
import { getPost } from "@/lib/posts/data";
import { draftOfDelivery } from "@/lib/posts/draft";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Compose" };

type Query = Partial<Record<"from" | "delivery", string | string[]>>;

export default async function ComposePage({ searchParams }: { searchParams: Promise<Query> }) {
  const user = await requireUser();
  const query = await searchParams;
  const client = makeQueryClient();
  const [rework] = await Promise.all([
    findRework(user.id, query),
    client.prefetchQuery({ ...connectionQueries.list(), queryFn: () => connectionsAnswer(user.id) }),
  ]);
  return (
    <>
      <PageHead
        title="Compose"
        lead={
          rework
            ? "Put right what the platform refused, and send it as a new post to this account."
            : "Write once. Each account gets it in its own way."
        }
      />
      <HydrationBoundary state={dehydrate(client)}>
        <Composer key={rework?.deliveryId ?? "new"} userId={user.id} rework={rework} />
      </HydrationBoundary>
    </>
  );
}

/** The delivery that is to be reworked; null when the address names none of this person's. */
async function findRework(userId: string, { from, delivery }: Query) {
  const id = Id.safeParse({ id: from });
  if (!id.success) return null;
  try {
    const post = await getPost(userId, id.data.id);
    const found = post.deliveries.find((candidate) => candidate.id === delivery);
    return found ? { deliveryId: found.id, draft: draftOfDelivery(found) } : null;
  } catch (error) {
    if (error instanceof AppError && error.status === 404) return null;
    throw error;
  }
}
