import "server-only";
import { audit } from "@/lib/audit";
import { withAccess } from "@/lib/connections/access";
import { db } from "@/lib/db";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { specs } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import * as data from "./data";
import type { DeliveryRow } from "./deliveries-data";
import * as moves from "./deliveries-data";
import type { PostDto } from "./schema";

export type Removed = {
  post: PostDto;
  /** What stays out, and why, for the person to see to. */
  remaining: { deliveryId: string; accountName: string; url: string | null; message: string }[];
};

/** Cancels what has not gone out and deletes at the platforms what has; what a platform will not delete is named. */
export async function removePost(user: SignedIn, postId: string): Promise<Removed> {
  await data.getPost(user.id, postId);
  await db().transaction(async (tx) => {
    const cancelled = await moves.cancelDeliveries(tx, user.id, postId);
    await audit(tx, user, user.id, "post.delete", postId, { cancelled: cancelled.length });
  });
  const rows = await data.deliveryRowsOf(user.id, postId);
  const results = await Promise.all(
    rows
      .filter(({ state, removedAt }) => state === "published" && removedAt === null)
      .map(async (row) => ({ row, message: await removeDelivery(user, row) })),
  );
  return {
    post: await data.getPost(user.id, postId),
    remaining: results.flatMap(({ row, message }) =>
      message === null ? [] : [{ deliveryId: row.id, accountName: row.accountName, url: row.url, message }],
    ),
  };
}

/** Deletes one delivery at its platform. @returns why it is still out; null when it is gone */
async function removeDelivery(user: SignedIn, row: DeliveryRow): Promise<string | null> {
  const { remoteId, connectionId } = row;
  if (!connectionId || !remoteId) return "This account is no longer connected. Delete the post there.";
  try {
    // Last part first, so that nothing is left replying to a post that is gone.
    for (const part of [...new Set([remoteId, ...row.parts])].reverse()) {
      const able = await withAccess(connectionId, async ({ remove }, access) => {
        await remove?.(access, part);
        return remove !== undefined;
      });
      if (!able)
        return `${specs[row.platform]?.name ?? row.platform} does not let other apps delete posts. Delete it there.`;
    }
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    log.info("delivery.remove_failed", {
      deliveryId: row.id,
      platform: row.platform,
      code: error.code,
      error,
    });
    return error.message;
  }
  await db().transaction(async (tx) => {
    await moves.markRemoved(tx, row.id);
    await moves.insertEvents(tx, [
      { deliveryId: row.id, attempt: row.attempt, event: "removed", state: row.state, message: null },
    ]);
    await audit(tx, user, user.id, "delivery.remove", row.id, { platform: row.platform });
  });
  return null;
}
