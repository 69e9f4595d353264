// First of all: Next's stores look for what this brings when they are loaded.
import "next/dist/server/node-environment-baseline";
import { serve } from "@hono/node-server";
import { POST } from "@/app/api/webhooks/instagram/route";
import { inRequest } from "./request-scope";

/** A process that serves the route at which Instagram's events arrive, and nothing else. It can be killed at any moment. */
serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => inRequest(() => POST(request)) }, ({ port }) =>
  process.stdout.write(`ready on ${port}\n`),
);
