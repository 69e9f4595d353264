import { ok, route } from "@/lib/http/route";
import { tryOut } from "@/lib/inbox/assistant/drafts";
import { TryBody } from "@/lib/inbox/schema";

/** Seconds, where the host limits them: a model may be asked twice. */
export const maxDuration = 60;

export const POST = route({ body: TryBody }, async ({ user, body }) => ok(await tryOut(user, body)));
