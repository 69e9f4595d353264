import { ok, route } from "@/lib/http/route";
import { countNumbers } from "@/lib/inbox/conversations-data";
import { NumbersQuery } from "@/lib/inbox/schema";

export const GET = route({ query: NumbersQuery }, async ({ user, query }) =>
  ok(await countNumbers(user.id, query.days)),
);
