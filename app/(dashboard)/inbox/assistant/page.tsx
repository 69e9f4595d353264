import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { AssistantScreen } from "@/components/inbox/assistant/assistant-screen";
import { InboxLink } from "@/components/inbox/inbox-link";
import { PageHead } from "@/components/shell";
import { readInboxAccounts } from "@/lib/inbox/accounts";
import { listKnowledge, listSavedReplies } from "@/lib/inbox/assistant/knowledge-data";
import { inboxQueries } from "@/lib/inbox/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Assistant" };

export default async function AssistantPage() {
  const user = await requireUser();
  const client = makeQueryClient();
  await Promise.all([
    client.prefetchQuery({ ...inboxQueries.accounts(), queryFn: () => readInboxAccounts(user) }),
    client.prefetchQuery({
      ...inboxQueries.knowledge(),
      queryFn: async () => ({ entries: await listKnowledge(user.id) }),
    }),
    client.prefetchQuery({
      ...inboxQueries.savedReplies(),
      queryFn: async () => ({ replies: await listSavedReplies(user.id) }),
    }),
  ]);
  return (
    <>
      <InboxLink />
      <PageHead
        title="Assistant"
        lead="It answers from what you teach it, says that it is a program, and asks for you when it is not sure."
      />
      <HydrationBoundary state={dehydrate(client)}>
        <AssistantScreen />
      </HydrationBoundary>
    </>
  );
}
