import { z } from "zod";
import { Id, route } from "@/lib/http/route";
import { serveOwn } from "@/lib/media/serve";

const query = z.object({ size: z.enum(["preview", "full"]).default("full") });

export const GET = route({ params: Id, query }, ({ user, params, query, request }) =>
  serveOwn(user, params.id, { ...query, request }),
);
