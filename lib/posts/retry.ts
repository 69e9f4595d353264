import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import type { SignedIn } from "@/lib/session";
import { getPost } from "./data";
import { insertEvents, requeueDeliveries } from "./deliveries-data";
import { publishNow } from "./publish";
import type { PostDto, RetryPost } from "./schema";

/**
 * Sends chosen deliveries again: the failed ones, and uncertain ones only when the person says that they have looked.
 * What is out already, or under way, is left alone.
 */
export async function retryPost(
  user: SignedIn,
  postId: string,
  { deliveryIds, confirmUncertain }: RetryPost,
): Promise<{ post: PostDto; finished: Promise<void> }> {
  const post = await getPost(user.id, postId);
  const chosen = post.deliveries.filter(({ id }) => deliveryIds.includes(id));
  if (chosen.length < deliveryIds.length)
    throw new AppError(404, "not_found", "One of these deliveries does not belong to this post.");
  const doubtful = chosen.filter(({ state }) => state === "uncertain");
  if (doubtful.length > 0 && !confirmUncertain) {
    throw new AppError(
      409,
      "may_be_out",
      `This post may already be out for ${doubtful.map(({ accountName }) => accountName).join(", ")}. Look there first; sending again may post it twice.`,
      {
        remedy: "look",
      },
    );
  }
  const parted = chosen.filter(({ connectionId }) => connectionId === null);
  if (parted.length > 0) {
    throw new AppError(
      409,
      "not_connected",
      `${parted.map(({ accountName }) => accountName).join(", ")} is no longer connected. Connect it and write a new post.`,
      {
        remedy: "reconnect",
      },
    );
  }

  await queue();
  const requeued = await db().transaction(async (tx) => {
    const rows = await requeueDeliveries(
      tx,
      user.id,
      postId,
      deliveryIds,
      confirmUncertain ? ["failed", "uncertain"] : ["failed"],
    );
    await insertEvents(
      tx,
      rows.map(({ id, attempt }) => ({
        deliveryId: id,
        attempt,
        event: "retried",
        state: "queued",
        message: null,
      })),
    );
    for (const { id } of rows) {
      await audit(tx, user, user.id, "delivery.retry", id, {
        uncertain: doubtful.some((delivery) => delivery.id === id),
      });
      await enqueue(tx, "delivery.advance", { deliveryId: id }, { afterMs: 3_000 });
    }
    return rows.map(({ id }) => id);
  });
  const { answered, finished } = publishNow(requeued);
  await answered;
  return { post: await getPost(user.id, postId), finished };
}
