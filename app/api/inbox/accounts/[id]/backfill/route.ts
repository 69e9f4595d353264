import { Id, ok, route } from "@/lib/http/route";
import { backfillByHand } from "@/lib/inbox/accounts";

export const POST = route({ params: Id }, async ({ user, params }) =>
  ok(await backfillByHand(user, params.id), { status: 202 }),
);
