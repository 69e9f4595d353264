import { Id, route } from "@/lib/http/route";
import { getFile } from "@/lib/inbox/conversations-data";
import { serveKept } from "@/lib/media/serve";

/** Our copy of what a customer sent. */
export const GET = route({ params: Id }, async ({ user, params, request }) =>
  serveKept(request, await getFile(user.id, params.id)),
);
