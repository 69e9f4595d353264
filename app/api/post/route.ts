import { after } from "next/server";
import { z } from "zod";
import { AppError } from "@/lib/errors";
import { ok, route } from "@/lib/http/route";
import { createPost } from "@/lib/posts/create";
import { listPosts } from "@/lib/posts/data";
import { CreatePost } from "@/lib/posts/schema";

/** Seconds, where the host limits them: what is under way when the answer goes out may take a platform's full minute. */
export const maxDuration = 120;

const query = z.object({ cursor: z.uuid().optional() });

export const GET = route({ query }, async ({ user, query }) =>
  ok(await listPosts(user.id, query.cursor ?? null)),
);

export const POST = route({ body: CreatePost }, async ({ request, user, body, rawBody }) => {
  const {
    status,
    body: answer,
    finished,
  } = await createPost(user, body, { key: idempotencyKey(request), rawBody });
  // What is still under way goes on after the answer; on a server by itself, on Vercel as long as the function may run.
  after(finished);
  return ok(answer, { status });
});

function idempotencyKey(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new AppError(
    400,
    "invalid_key",
    "An Idempotency-Key has 1 to 255 visible ASCII characters, without spaces.",
  );
}
