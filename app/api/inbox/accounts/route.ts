import { ok, route } from "@/lib/http/route";
import { listInboxAccounts } from "@/lib/inbox/accounts";

export const GET = route({}, async ({ user }) =>
  ok({ accounts: await listInboxAccounts(user), model: null, credits: user.credits }),
);
