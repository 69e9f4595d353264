import { refreshConnection } from "@/lib/connections/health/check";
import { Id, ok, route } from "@/lib/http/route";

export const POST = route({ params: Id }, async ({ user, params }) =>
  ok(await refreshConnection(user, params.id)),
);
