import { ok, route } from "@/lib/http/route";
import { readInboxAccounts } from "@/lib/inbox/accounts";

export const GET = route({}, async ({ user }) => ok(await readInboxAccounts(user)));
