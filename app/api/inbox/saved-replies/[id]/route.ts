import { Id, ok, route } from "@/lib/http/route";
import { deleteSavedReply, updateSavedReply } from "@/lib/inbox/assistant/knowledge-data";
import { SavedReplyPatch } from "@/lib/inbox/schema";

export const PATCH = route({ params: Id, body: SavedReplyPatch }, async ({ user, params, body }) =>
  ok(await updateSavedReply(user.id, params.id, body)),
);

export const DELETE = route({ params: Id }, async ({ user, params }) => {
  await deleteSavedReply(user.id, params.id);
  return ok({ removed: true });
});
