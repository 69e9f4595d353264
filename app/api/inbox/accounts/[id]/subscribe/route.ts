import { Id, ok, route } from "@/lib/http/route";
import { subscribeByHand } from "@/lib/inbox/accounts";

export const POST = route({ params: Id }, async ({ user, params }) =>
  ok(await subscribeByHand(user, params.id)),
);
