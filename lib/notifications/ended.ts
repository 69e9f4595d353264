import "server-only";
import { type AtEnd, readEnd } from "@/lib/connections/health/ends";
import { db, type Tx } from "@/lib/db";
import { queue } from "@/lib/jobs/queue";
import { isDeathTold, notify, supersede } from "./data";
import { endedWords, reconnectPath } from "./words";

/**
 * Tells a grant's owner that it has ended: once per death, whoever finds it and however often. Says nothing of one that
 * was renewed meanwhile.
 * @param incident names this death, the same whenever it is told
 */
export async function tellEnded({ grantId, incident }: { grantId: string; incident: string }): Promise<void> {
  await queue();
  await db().transaction(async (tx) => {
    const end = await readEnd(tx, grantId, new Date());
    if (end?.state === "ended") await tellDeath(tx, grantId, incident, end);
  });
}

/** The same within a transaction that holds the grant still. @returns whether it was news */
export async function tellDeath(tx: Tx, grantId: string, incident: string, end: AtEnd): Promise<boolean> {
  // The platform's refusal and the calendar find the same death, each by a name of its own.
  if (await isDeathTold(tx, grantId)) return false;
  const told = await notify(tx, end.userId, {
    kind: "ended",
    incident,
    grantId,
    ...endedWords(end),
    href: reconnectPath(end.touched),
  });
  await supersede(tx, grantId, incident);
  return told;
}
