import { ok, route } from "@/lib/http/route";
import { listUnread } from "@/lib/notifications/data";

export const GET = route({}, async ({ user }) => ok(await listUnread(user.id)));
