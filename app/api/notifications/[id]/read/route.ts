import { Id, ok, route } from "@/lib/http/route";
import { markRead } from "@/lib/notifications/data";

export const POST = route({ params: Id }, async ({ user, params }) => {
  await markRead(user.id, params.id);
  return ok(null);
});
