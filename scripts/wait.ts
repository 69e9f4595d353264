import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "./problem";

/**
 * Asks again and again until the answer is not null.
 * @throws Problem with `otherwise` when `withinMs` is over; whatever `check` throws ends the waiting at once
 */
export async function waitUntil<T>(
  check: () => Promise<T | null> | T | null,
  options: { withinMs: number; everyMs?: number; otherwise: string },
): Promise<T> {
  const end = Date.now() + options.withinMs;
  for (;;) {
    const answer = await check();
    if (answer !== null) return answer;
    if (Date.now() >= end) throw new Problem(options.otherwise);
    await pause(options.everyMs ?? 50);
  }
}

/** Waits for the app's own word that it is well. `gone` tells of its death, so that nobody waits for the dead. */
export function waitForHealth(
  origin: string,
  options: { withinMs: number; gone: () => string | null },
): Promise<true> {
  return waitUntil(
    async () => {
      const obituary = options.gone();
      if (obituary !== null) throw new Problem(obituary);
      return (await answers(`${origin}/api/health`)) ? true : null;
    },
    {
      withinMs: options.withinMs,
      everyMs: 100,
      otherwise: `The app at ${origin} did not become healthy in ${options.withinMs / 1000} s.`,
    },
  );
}

/** Whether a GET is answered with success. No answer at all is a plain no. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: "manual" });
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // fetch says TypeError for an unreachable address, and a DOMException for the timeout.
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}
