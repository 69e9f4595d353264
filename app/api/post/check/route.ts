import { ok, route } from "@/lib/http/route";
import { checkOnly } from "@/lib/posts/create";
import { CreatePost } from "@/lib/posts/schema";

export const POST = route({ body: CreatePost }, async ({ user, body }) => ok(await checkOnly(user, body)));
