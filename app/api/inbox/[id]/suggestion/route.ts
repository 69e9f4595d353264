import { Id, ok, route } from "@/lib/http/route";
import { dismissSuggestion, suggestNow } from "@/lib/inbox/assistant/drafts";

/** Seconds, where the host limits them: a model may be asked twice. */
export const maxDuration = 60;

export const POST = route({ params: Id }, async ({ user, params }) =>
  ok(await suggestNow(user, params.id), { status: 201 }),
);

export const DELETE = route({ params: Id }, async ({ user, params }) =>
  ok(await dismissSuggestion(user, params.id)),
);
