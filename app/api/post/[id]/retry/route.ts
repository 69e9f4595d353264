import { after } from "next/server";
import { Id, ok, route } from "@/lib/http/route";
import { retryPost } from "@/lib/posts/retry";
import { RetryPost } from "@/lib/posts/schema";

/** Seconds, where the host limits them: what is under way when the answer goes out may take a platform's full minute. */
export const maxDuration = 120;

export const POST = route({ params: Id, body: RetryPost }, async ({ user, params, body }) => {
  const { post, finished } = await retryPost(user, params.id, body);
  after(finished);
  return ok(post);
});
