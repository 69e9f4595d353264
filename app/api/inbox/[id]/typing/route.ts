import { Id, ok, route } from "@/lib/http/route";
import { showTyping } from "@/lib/inbox/send/gestures";

export const POST = route({ params: Id }, async ({ user, params }) =>
  ok({ shown: await showTyping(user, params.id) }),
);
