import "server-only";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { secretsEqual } from "@/lib/vault/compare";
import { ok, openRoute } from "./route";

/** A route for the scheduler alone: `Authorization: Bearer CRON_SECRET`, else 401. Answers with counts. */
export function cronRoute(work: () => Promise<object>) {
  return openRoute(async (request) => {
    const given = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (!given || !secretsEqual(given, env().cronSecret))
      throw new AppError(401, "unauthorized", "This route is for the scheduler.");
    return ok(await work());
  });
}
