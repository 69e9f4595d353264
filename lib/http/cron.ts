import "server-only";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { secretsEqual } from "@/lib/vault/compare";
import { ok, openRoute } from "./route";

/** A route for the scheduler alone: `Authorization: Bearer CRON_SECRET`, else 401. Answers with counts. */
export function cronRoute(work: () => Promise<object>) {
  return openRoute(async (request) => {
    const given = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    // Next answers HEAD with what GET does: a look must not set off work.
    if (request.method !== "GET" || !given || !secretsEqual(given, env().cronSecret))
      throw new AppError(401, "unauthorized", "This route is for the scheduler.");
    return ok(await work());
  });
}
