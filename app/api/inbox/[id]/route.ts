import { after } from "next/server";
import { Id, ok, route } from "@/lib/http/route";
import { changeConversation, readConversation, readMessages } from "@/lib/inbox/read";
import { ConversationPatch, ReplyBody, ThreadQuery } from "@/lib/inbox/schema";
import { replyByPerson } from "@/lib/inbox/send/reply";
import { advanceMessage } from "@/lib/inbox/send/send";

/** Seconds, where the host limits them: what is under way when the answer goes out may take a platform's full minute. */
export const maxDuration = 120;

export const GET = route({ params: Id, query: ThreadQuery }, async ({ user, params, query }) =>
  ok(await readConversation(user, params.id, query.cursor ?? null)),
);

export const POST = route({ params: Id, body: ReplyBody }, async ({ user, params, body }) => {
  const ids = await replyByPerson(user, params.id, body);
  after(async () => {
    if (ids[0]) await advanceMessage(ids[0]);
  });
  return ok({ messages: await readMessages(user, ids) }, { status: 202 });
});

export const PATCH = route({ params: Id, body: ConversationPatch }, async ({ user, params, body }) => {
  const { conversation, told } = await changeConversation(user, params.id, body);
  after(told);
  return ok(conversation);
});
