import { z } from "zod";
import { connectionDetail } from "@/lib/connections/detail";
import { disconnect } from "@/lib/connections/leave/disconnect";
import { Id, ok, route } from "@/lib/http/route";

const query = z.record(z.string().max(40), z.string().max(200));

export const GET = route({ params: Id, query }, async ({ user, params, query }) =>
  ok(await connectionDetail(user, params.id, query)),
);

export const DELETE = route({ params: Id }, async ({ user, params }) =>
  ok(await disconnect(user, params.id)),
);
