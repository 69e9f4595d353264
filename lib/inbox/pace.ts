import "server-only";
import { setTimeout as wait } from "node:timers/promises";

/** Keeps calls of one kind for one account apart, within this process: platforms count per second and account. */

const nextAt = new Map<string, number>();

/** Waits for this account's turn. */
export async function turn(what: "text" | "media" | "history", connectionId: string): Promise<void> {
  const name = `${what} ${connectionId}`;
  const now = Date.now();
  const mine = Math.max(now, nextAt.get(name) ?? 0);
  nextAt.set(name, mine + APART_MS[what]);
  if (nextAt.size > 10_000) forgetPast(now);
  if (mine > now) await wait(mine - now);
}

/**
 * Meta: 100 messages a second, 10 with sound or film; halved, since others may run beside us. 2 questions about conversations
 * a second, and one look takes two.
 */
const APART_MS = { text: 20, media: 200, history: 1_500 };

function forgetPast(now: number): void {
  for (const [name, at] of nextAt) if (at < now) nextAt.delete(name);
}
