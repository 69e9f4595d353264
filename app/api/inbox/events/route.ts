import { z } from "zod";
import { ok, route } from "@/lib/http/route";
import { listEvents } from "@/lib/inbox/receive/events-data";

const query = z.object({ cursor: z.uuid().optional() });

export const GET = route({ query }, async ({ user, query }) =>
  ok(await listEvents(user.id, query.cursor ?? null)),
);
