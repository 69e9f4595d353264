import "server-only";
import { sql } from "drizzle-orm";
import { fromDrizzle, PgBoss } from "pg-boss";
import { type Connected, connect, type Tx } from "@/lib/db";
import { env } from "@/lib/env";
import { log } from "@/lib/log";

/** Durable work in the same database: a job exists exactly when the change that made it necessary does. */

export type Jobs = {
  "delivery.advance": { deliveryId: string };
  "post.settled": { postId: string };
  "platform.paused": { platform: string; code: string | null; message: string };
  "connection.ended": { grantId: string; incident: string };
  "connection.check": { connectionId: string };
  "notice.mail": { noticeId: string };
  "inbox.send": { messageId: string };
  "inbox.answer": { conversationId: string };
  "inbox.attachment": { messageId: string };
  "inbox.profile": { conversationId: string };
  "inbox.subscribe": { connectionId: string };
  /** Without a cursor: from the start. */
  "inbox.backfill": { connectionId: string; cursor?: string | null; since?: string; pages?: number };
};

export const jobNames = [
  "delivery.advance",
  "post.settled",
  "platform.paused",
  // In the order in which one makes the next necessary: a scheduler's run then does all three.
  "connection.check",
  "connection.ended",
  "notice.mail",
  "inbox.send",
  "inbox.answer",
  "inbox.attachment",
  "inbox.profile",
  "inbox.subscribe",
  "inbox.backfill",
] as const satisfies (keyof Jobs)[];

type Started = { boss: PgBoss; connected: Connected };

// A hot reload must not start a second one.
const shared = globalThis as typeof globalThis & { carillonQueue?: Promise<Started> };

/** The queue, started once per process, over the same drivers as everything else. */
export async function queue(): Promise<PgBoss> {
  shared.carillonQueue ??= start().catch((error: unknown) => {
    delete shared.carillonQueue;
    throw error;
  });
  return (await shared.carillonQueue).boss;
}

async function start(): Promise<Started> {
  // Connections of its own: enqueueing inside a transaction may look up the queue, and must not wait for a connection
  // that another such transaction holds.
  const connected = connect(env().databaseUrl, { max: 3 });
  const boss = new PgBoss({
    db: { executeSql: (text, values) => connected.query(text, values) },
    supervise: true,
  });
  boss.on("error", (error) => log.error("queue.failed", { error }));
  await boss.start();
  for (const name of jobNames) {
    await boss.createQueue(name, {
      retryLimit: 5,
      retryDelay: 2,
      retryBackoff: true,
      expireInSeconds: 120,
      deleteAfterSeconds: 86_400,
    });
  }
  return { boss, connected };
}

/** Enqueues inside the caller's transaction; the queue must have been started, since a transaction is no place to wait for that. */
export async function enqueue<N extends keyof Jobs>(
  tx: Pick<Tx, "execute">,
  name: N,
  data: Jobs[N],
  options: { afterMs?: number } = {},
): Promise<void> {
  const boss = await queue();
  const startAfter = options.afterMs ? { startAfter: new Date(Date.now() + options.afterMs) } : {};
  await boss.send(name, data, { ...startAfter, db: fromDrizzle(tx, sql) });
}

/** The same for many at once, in one statement. */
export async function enqueueAll<N extends keyof Jobs>(
  tx: Tx,
  name: N,
  list: Jobs[N][],
  options: { afterMs?: number } = {},
): Promise<void> {
  if (list.length === 0) return;
  const boss = await queue();
  const startAfter = options.afterMs ? { startAfter: new Date(Date.now() + options.afterMs) } : {};
  await boss.insert(
    name,
    list.map((data) => ({ data, ...startAfter })),
    { db: fromDrizzle(tx, sql) },
  );
}

export async function stopQueue(): Promise<void> {
  const started = await shared.carillonQueue;
  delete shared.carillonQueue;
  await started?.boss.stop({ graceful: true, timeout: 8_000 });
  await started?.connected.close();
}
