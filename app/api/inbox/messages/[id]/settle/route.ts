import { after } from "next/server";
import { Id, ok, route } from "@/lib/http/route";
import { readMessages } from "@/lib/inbox/read";
import { SettleBody } from "@/lib/inbox/schema";
import { advanceMessage } from "@/lib/inbox/send/send";
import { settle } from "@/lib/inbox/send/settle";

/** Seconds, where the host limits them: what is under way when the answer goes out may take a platform's full minute. */
export const maxDuration = 120;

export const POST = route({ params: Id, body: SettleBody }, async ({ user, params, body }) => {
  await settle(user, params.id, body.as);
  after(() => advanceMessage(params.id));
  return ok({ messages: await readMessages(user, [params.id]) });
});
