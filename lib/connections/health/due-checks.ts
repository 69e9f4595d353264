import "server-only";
import { db } from "@/lib/db";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { connectsBy, platformIds } from "@/lib/platforms/registry";
import { claimChecks, claimUnrenewed } from "../data";

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

/** More than that in one run would be a burst; the rest come with the next. */
const MOST = 200;

/**
 * Of an account that is never renewed, such as a Facebook Page, nobody would hear that it has died: once a day it is asked
 * about, by jobs.
 */
export async function checkUnrenewed(): Promise<void> {
  await queue();
  await db().transaction(async (tx) => {
    for (const connectionId of await claimUnrenewed(tx, byConsent(), MOST))
      await enqueue(tx, "connection.check", { connectionId });
  });
}

/** A pasted session is asked about by its owner's own hand only. */
const byConsent = () => platformIds.filter((platform) => connectsBy(platform) === "consent");
