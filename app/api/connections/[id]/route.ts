import { getConnection } from "@/lib/connections/data";
import { disconnect } from "@/lib/connections/disconnect";
import { Id, ok, route } from "@/lib/http/route";

export const GET = route({ params: Id }, async ({ user, params }) =>
  ok(await getConnection(user.id, params.id)),
);

export const DELETE = route({ params: Id }, async ({ user, params }) =>
  ok(await disconnect(user, params.id)),
);
