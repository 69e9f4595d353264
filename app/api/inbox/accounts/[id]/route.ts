import { Id, ok, route } from "@/lib/http/route";
import { changeAccount } from "@/lib/inbox/assistant/account";
import { InboxAccountPatch } from "@/lib/inbox/schema";

export const PATCH = route({ params: Id, body: InboxAccountPatch }, async ({ user, params, body }) =>
  ok(await changeAccount(user, params.id, body)),
);
