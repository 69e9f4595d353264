import { ok, route } from "@/lib/http/route";
import { insertSavedReply, listSavedReplies } from "@/lib/inbox/assistant/knowledge-data";
import { SavedReplyBody } from "@/lib/inbox/schema";

export const GET = route({}, async ({ user }) => ok({ replies: await listSavedReplies(user.id) }));

export const POST = route({ body: SavedReplyBody }, async ({ user, body }) =>
  ok(await insertSavedReply(user.id, body), { status: 201 }),
);
