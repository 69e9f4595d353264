import "server-only";
import { db } from "@/lib/db";
import { notify } from "@/lib/notifications/data";
import { findPostOwner, getPost } from "./data";
import { isMoving } from "./schema";

/** Tells the author once, when everything has settled and something did not go out. Nothing here can change a delivery. */
export async function tellOutcome(postId: string): Promise<void> {
  const owner = await findPostOwner(postId);
  if (!owner) return;
  const post = await getPost(owner, postId);
  if (post.deliveries.some((delivery) => isMoving(delivery))) return;
  const unlucky = post.deliveries.filter(({ state }) => state === "failed" || state === "uncertain");
  if (unlucky.length === 0) return;
  const doubtful = unlucky.some(({ state }) => state === "uncertain");
  const notice = {
    incident: `post:${postId}:${unlucky.map(({ id, state }) => `${id}=${state}`).join(",")}`,
    kind: "post",
    title: doubtful ? "Please look at a post" : "A post did not go out everywhere",
    body: unlucky
      .map(({ accountName, error }) => `${accountName}: ${error?.message ?? "not published"}`)
      .join("\n"),
    href: `/posts/${postId}`,
  } as const;
  await db().transaction((tx) => notify(tx, owner, notice));
}
