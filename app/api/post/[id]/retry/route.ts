import { after } from "next/server";
import { Id, ok, route } from "@/lib/http/route";
import { retryPost } from "@/lib/posts/retry";
import { RetryPost } from "@/lib/posts/schema";

export const POST = route({ params: Id, body: RetryPost }, async ({ user, params, body }) => {
  const { post, finished } = await retryPost(user, params.id, body);
  after(finished);
  return ok(post);
});
