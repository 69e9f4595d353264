import "server-only";
import { listPauses } from "@/lib/connections/health/pauses-data";
import { database } from "@/lib/db";
import { env } from "@/lib/env";
import { ok } from "@/lib/http/route";
import { queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import packageFile from "@/package.json";

/** Whether this process can do its work: yes or no, a version, and which platforms are paused. */
export async function health(): Promise<Response> {
  const checks = {
    database: await works("database", () => database().query("select 1")),
    queue: await works("queue", queue),
    key: await works("key", async () => env().TOKEN_ENCRYPTION_KEYS),
  };
  const good = Object.values(checks).every(Boolean);
  const paused = checks.database ? (await listPauses()).map(({ platform }) => platform) : [];
  return ok(
    { ok: good, ...checks, paused, version: packageFile.version, sandbox: env().sandboxUrl !== undefined },
    { status: good ? 200 : 503 },
  );
}

async function works(what: string, check: () => Promise<unknown>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    log.error("health.failed", { what, error });
    return false;
  }
}
