import { Id, ok, route } from "@/lib/http/route";
import { changeKnowledge, removeKnowledge } from "@/lib/inbox/assistant/knowledge";
import { KnowledgePatch } from "@/lib/inbox/schema";

export const PATCH = route({ params: Id, body: KnowledgePatch }, async ({ user, params, body }) =>
  ok(await changeKnowledge(user, params.id, body)),
);

export const DELETE = route({ params: Id }, async ({ user, params }) =>
  ok(await removeKnowledge(user, params.id)),
);
