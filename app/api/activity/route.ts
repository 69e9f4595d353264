import { listActivity } from "@/lib/activity/data";
import { ListActivity } from "@/lib/activity/schema";
import { ok, route } from "@/lib/http/route";

export const GET = route({ query: ListActivity }, async ({ user, query }) =>
  ok(await listActivity(user.id, query)),
);
