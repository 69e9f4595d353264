import "server-only";
import { type AtEnd, readEnd } from "@/lib/connections/health/ends";
import { grantsNearEnd } from "@/lib/connections/health/ends-data";
import { WARN_MS } from "@/lib/connections/health/health";
import { db, type Tx } from "@/lib/db";
import { enqueue, queue } from "@/lib/jobs/queue";
import { grantsSaidToEnd, notify, overdueMails, supersede, takeBack } from "./data";
import { tellDeath } from "./ended";
import { endingWords, reconnectPath } from "./words";

const DAY_MS = 24 * 60 * 60_000;

/** How many days before its end a connection is spoken of. */
const DAYS_BEFORE = [1, 3, 7, 14];

/**
 * Tells people of connections that will end although they are cared for: 14, 7, 3 and 1 day before, and when it is over.
 * Safe to run at any time and by many at once: each is told once. Takes back what a renewal has put right meanwhile, and
 * sends again for mails whose jobs gave up.
 * @returns how many notices are new
 */
export async function announceEnds(now = new Date()): Promise<number> {
  await queue();
  const near = await grantsNearEnd(new Date(now.getTime() + WARN_MS));
  let told = 0;
  for (const grantId of new Set([...near, ...(await grantsSaidToEnd())])) {
    if (await db().transaction((tx) => announce(tx, grantId, now))) told += 1;
  }
  await db().transaction(async (tx) => {
    for (const noticeId of await overdueMails(tx, 200)) await enqueue(tx, "notice.mail", { noticeId });
  });
  return told;
}

async function announce(tx: Tx, grantId: string, now: Date): Promise<boolean> {
  const end = await readEnd(tx, grantId, now);
  if (!end) return false;
  switch (end.state) {
    case "goes_on":
      await takeBack(tx, grantId);
      return false;
    case "ended":
      // Whoever ends a grant says so by a job of its own; here it is the calendar that ended it.
      return end.endsAt !== null && tellDeath(tx, grantId, `ended:${grantId}:${end.version}`, end);
    case "ending":
      return end.endsAt !== null && tellEnding(tx, grantId, { ...end, endsAt: end.endsAt }, now);
  }
}

async function tellEnding(
  tx: Tx,
  grantId: string,
  end: AtEnd & { endsAt: Date },
  now: Date,
): Promise<boolean> {
  const days = DAYS_BEFORE.find((day) => end.endsAt.getTime() - now.getTime() <= day * DAY_MS);
  // Only days that lay ahead when the person consented: who connects five days before the end hears of it at three.
  if (days === undefined || end.endsAt.getTime() - days * DAY_MS <= end.since.getTime()) return false;
  const incident = `ending:${grantId}:${days}`;
  const told = await notify(tx, end.userId, {
    kind: "ending",
    incident,
    grantId,
    ...endingWords(end, end.endsAt, now),
    href: reconnectPath(end.touched),
  });
  if (told) await supersede(tx, grantId, incident);
  return told;
}
