import { Id, ok, route } from "@/lib/http/route";
import { readMessages } from "@/lib/inbox/read";
import { ReactionBody } from "@/lib/inbox/schema";
import { react } from "@/lib/inbox/send/gestures";

export const POST = route({ params: Id, body: ReactionBody }, async ({ user, params, body }) => {
  await react(user, params.id, body.reaction);
  return ok({ messages: await readMessages(user, [params.id]) });
});
