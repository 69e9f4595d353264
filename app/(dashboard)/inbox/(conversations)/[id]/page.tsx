import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Viewport } from "next";
import { notFound } from "next/navigation";
import { Conversation } from "@/components/inbox/conversation/conversation";
import { AppError } from "@/lib/errors";
import { Id } from "@/lib/http/route";
import { inboxQueries } from "@/lib/inbox/queries";
import { readConversation } from "@/lib/inbox/read";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser, type SignedIn } from "@/lib/session";

/** The keyboard of a phone pushes the reply box up instead of lying over it. */
export const viewport: Viewport = { interactiveWidget: "resizes-content" };

export default async function ConversationPage({ params }: { params: Promise<{ id: string }> }) {
  const user = await requireUser();
  const parsed = Id.safeParse(await params);
  if (!parsed.success) notFound();
  const { id } = parsed.data;
  const client = makeQueryClient();
  const answer = await findConversation(user, id);
  if (!answer) notFound();
  client.setQueryData(inboxQueries.thread(id).queryKey, { pages: [answer], pageParams: [null] });
  return (
    <HydrationBoundary state={dehydrate(client)}>
      <Conversation key={id} id={id} />
    </HydrationBoundary>
  );
}

/** Null when there is no such conversation, or when it is someone else's: nobody can tell which. */
async function findConversation(user: SignedIn, id: string) {
  try {
    return await readConversation(user, id, null);
  } catch (error) {
    if (error instanceof AppError && error.status === 404) return null;
    throw error;
  }
}
