import { ok, route } from "@/lib/http/route";
import { readInbox } from "@/lib/inbox/read";
import { InboxQuery } from "@/lib/inbox/schema";

export const GET = route({ query: InboxQuery }, async ({ user, query }) => ok(await readInbox(user, query)));
