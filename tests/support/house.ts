import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { Pool } from "pg";
import { freePort } from "@/scripts/ports";
import { createDatabase } from "./postgres";
import { startSandbox } from "./sandbox";

/**
 * The app's own route handlers behind a real HTTP server, in this process: no build is needed, and a test may call a verb
 * beside its door. Workers do not run by themselves.
 */
type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
type Module = Partial<Record<"GET" | "POST" | "PATCH" | "DELETE", Handler>>;

export type House = Awaited<ReturnType<typeof openHouse>>;

/** Call it before anything reads the environment: in beforeAll. One per file. */
export async function openHouse(env: Record<string, string> = {}, { sandboxed = true } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const database = await createDatabase();
  const sandbox = await startSandbox({ appOrigin: url });
  Object.assign(process.env, {
    BETTER_AUTH_URL: url,
    DATABASE_URL: database.url,
    ...(sandboxed && { PLATFORM_SANDBOX_URL: sandbox.url }),
    ...env,
  });
  const app = new Hono();
  for (const [path, module] of Object.entries(await routes())) {
    for (const [method, handle] of Object.entries(module)) {
      if (!["GET", "POST", "PATCH", "DELETE"].includes(method)) continue;
      app.on(method, path, (c) => handle(c.req.raw, { params: Promise.resolve(c.req.param()) }));
    }
  }
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
  const sql = new Pool({ connectionString: database.url, max: 2 });
  const { stopQueue, queue } = await import("@/lib/jobs/queue");
  await queue();
  return {
    url,
    sandbox,
    sql,
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
      await stopQueue();
      const { database: pool } = await import("@/lib/db");
      await pool().close();
      await sql.end();
      await sandbox.stop();
      await database.drop();
    },
  };
}

/** Loaded only now: some of them read the environment as they wake up. */
async function routes(): Promise<Record<string, Module>> {
  // safe: Next calls these very exports with a request and its params
  const load = (module: unknown) => module as Module;
  return {
    "/api/auth/*": load(await import("@/app/api/auth/[...all]/route")),
    "/api/oauth/:platform/connect": load(await import("@/app/api/oauth/[platform]/connect/route")),
    "/api/oauth/:platform/callback": load(await import("@/app/api/oauth/[platform]/callback/route")),
    "/api/connections": load(await import("@/app/api/connections/route")),
    "/api/connections/:id": load(await import("@/app/api/connections/[id]/route")),
    "/api/connections/:id/check": load(await import("@/app/api/connections/[id]/check/route")),
    "/api/connections/:id/refresh": load(await import("@/app/api/connections/[id]/refresh/route")),
    "/api/notifications": load(await import("@/app/api/notifications/route")),
    "/api/notifications/:id/read": load(await import("@/app/api/notifications/[id]/read/route")),
    "/api/settings": load(await import("@/app/api/settings/route")),
    "/api/sandbox/clock": load(await import("@/app/api/sandbox/clock/route")),
    "/api/cron/run-jobs": load(await import("@/app/api/cron/run-jobs/route")),
  };
}
