import "server-only";
import { eq } from "drizzle-orm";
import { notifications } from "@/drizzle/schema/system";
import type { Queryable } from "@/lib/db";

/** Takes back what was said of a grant's end: its owner has just renewed it, and may hear of the next end anew. */
export async function clearNotices(tx: Queryable, grantId: string): Promise<void> {
  await tx.delete(notifications).where(eq(notifications.grantId, grantId));
}
