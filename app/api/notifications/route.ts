import { ok, route } from "@/lib/http/route";
import { listUnread } from "@/lib/notifications/data";

export const GET = route({}, async ({ user }) => ok({ notifications: await listUnread(user.id) }));
