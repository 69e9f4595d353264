import { Id, ok, route } from "@/lib/http/route";
import { getPostDetail } from "@/lib/posts/data";
import { removePost } from "@/lib/posts/remove";

export const GET = route({ params: Id }, async ({ user, params }) =>
  ok(await getPostDetail(user.id, params.id)),
);

export const DELETE = route({ params: Id }, async ({ user, params }) =>
  ok(await removePost(user, params.id)),
);
