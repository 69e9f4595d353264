import "server-only";
import { db } from "@/lib/db";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { connectsBy, platformIds } from "@/lib/platforms/registry";
import { claimChecks } from "./data";

/**
 * Someone has signed in: whatever of theirs nobody has looked at for a day is asked about, by jobs. Never throws, since
 * nobody is kept out by what a look at their accounts may bring.
 */
export async function checkAfterSignIn(userId: string): Promise<void> {
  try {
    await queue();
    await db().transaction(async (tx) => {
      for (const connectionId of await claimChecks(tx, userId, byConsent()))
        await enqueue(tx, "connection.check", { connectionId });
    });
  } catch (error) {
    log.error("sign_in.unchecked", { error });
  }
}

/** A pasted session is asked about by its owner's own hand only. */
const byConsent = () => platformIds.filter((platform) => connectsBy(platform) === "consent");
