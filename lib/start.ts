import "server-only";
import { ensureDemoPerson } from "@/lib/demo-person";
import { env } from "@/lib/env";
import { runWorker } from "@/lib/jobs/run";
import { log } from "@/lib/log";

/** What a server process does besides answering requests. @throws Error naming what is wrong with the environment */
export async function startServer(): Promise<void> {
  const { workersInProcess, sandboxUrl } = env();
  if (sandboxUrl) await ensureDemoPerson();
  if (!workersInProcess) return;
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  runWorker(stop.signal).catch((error: unknown) => log.error("worker.ended", { error }));
}
