import { ok, route } from "@/lib/http/route";
import { addKnowledge } from "@/lib/inbox/assistant/knowledge";
import { listKnowledge } from "@/lib/inbox/assistant/knowledge-data";
import { KnowledgeBody } from "@/lib/inbox/schema";

export const GET = route({}, async ({ user }) => ok({ entries: await listKnowledge(user.id) }));

export const POST = route({ body: KnowledgeBody }, async ({ user, body }) =>
  ok(await addKnowledge(user, body), { status: 201 }),
);
