import "server-only";
import { log } from "@/lib/log";
import { recentChanges } from "./conversations-data";

/** Tells browsers which conversations have changed, within about a second. One question to the database serves all who listen. */

const LOOK_EVERY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** Hosts without a resident process end an answer after five minutes; the browser asks again by itself. */
const LONGEST_MS = 4.5 * 60_000;

type Listener = { told: (ids: string[]) => void };

const listeners = new Map<string, Set<Listener>>();
/** What has been told, by person: a change that was committed late is still news, and nothing is news twice. */
const known = new Map<string, Map<string, number>>();
let looking: NodeJS.Timeout | null = null;
let underWay = false;

/** A stream of server-sent events: `ready` at once, then `changed` with the ids of conversations. */
export function liveChanges(userId: string, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  let end: () => void = () => undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = (text: string) => controller.enqueue(encoder.encode(text));
      const stop = listen(userId, {
        told: (ids) => say(`event: changed\ndata: ${JSON.stringify({ conversations: ids })}\n\n`),
      });
      const heartbeat = setInterval(() => say(": still here\n\n"), HEARTBEAT_MS);
      let open = true;
      end = () => {
        if (!open) return;
        open = false;
        clearInterval(heartbeat);
        clearTimeout(longest);
        stop();
        controller.close();
      };
      const longest = setTimeout(end, LONGEST_MS);
      signal.addEventListener("abort", end, { once: true });
      say("retry: 1000\nevent: ready\ndata: {}\n\n");
      if (signal.aborted) end();
    },
    cancel: () => end(),
  });
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      // Some proxies hold answers back until they are whole.
      "x-accel-buffering": "no",
    },
  });
}

function listen(userId: string, listener: Listener): () => void {
  const theirs = listeners.get(userId) ?? new Set();
  listeners.set(userId, theirs.add(listener));
  looking ??= setInterval(look, LOOK_EVERY_MS);
  return () => {
    theirs.delete(listener);
    if (theirs.size > 0) return;
    listeners.delete(userId);
    known.delete(userId);
    if (listeners.size > 0 || looking === null) return;
    clearInterval(looking);
    looking = null;
  };
}

async function look(): Promise<void> {
  if (underWay) return;
  underWay = true;
  try {
    const changes = await recentChanges([...listeners.keys()]);
    for (const [userId, theirs] of listeners) {
      const now = new Map(
        changes.filter((one) => one.userId === userId).map(({ id, updatedAt }) => [id, updatedAt.getTime()]),
      );
      const before = known.get(userId);
      known.set(userId, now);
      const ids = [...now].filter(([id, at]) => before?.get(id) !== at).map(([id]) => id);
      if (ids.length > 0) for (const { told } of theirs) told(ids);
    }
  } catch (error) {
    log.warn("inbox.live_failed", { error });
  } finally {
    underWay = false;
  }
}
