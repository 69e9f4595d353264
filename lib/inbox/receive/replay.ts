import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import type { SignedIn } from "@/lib/session";
import { replayEvent } from "./events-data";

/** Lets an event be worked off once more, by its owner's hand. @throws AppError not_found */
export async function replay(user: SignedIn, id: string): Promise<void> {
  await db().transaction(async (tx) => {
    await replayEvent(tx, user.id, id);
    await audit(tx, user, user.id, "inbox.replay", id);
  });
}
