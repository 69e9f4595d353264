/**
 * The sandbox: simulators of the platforms in a process of its own. It answers /<real host>/<real path>, shows
 * what was published at /, and takes orders from tests at /_sandbox. Environment: PORT, SANDBOX_HOST,
 * SANDBOX_STATE (a file), APP_ORIGIN, and the client ids and secrets under the names the app uses.
 */
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type HttpBindings, serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { facebookSandbox } from "@/lib/platforms/facebook/sandbox";
import { instagramSandbox } from "@/lib/platforms/instagram/sandbox";
import { linkedinSandbox } from "@/lib/platforms/linkedin/sandbox";
import { onlyfansSandbox } from "@/lib/platforms/onlyfans/sandbox";
import { redditSandbox } from "@/lib/platforms/reddit/sandbox";
import { threadsSandbox } from "@/lib/platforms/threads/sandbox";
import { tiktokSandbox } from "@/lib/platforms/tiktok/sandbox";
import { twitterSandbox } from "@/lib/platforms/twitter/sandbox";
import { aiHost, aiSandbox } from "./ai";
import { controlRoutes } from "./control";
import { startCourier } from "./courier";
import { answerPlatform } from "./engine";
import { findFile } from "./files";
import type { Simulator } from "./kit";
import { keepIn, openSandbox, type Sandbox } from "./memory";
import { feedPage, icon, liveScript, logPage, missingPage, publicationPage, style } from "./pages";

const simulators: Simulator[] = [
  threadsSandbox,
  twitterSandbox,
  linkedinSandbox,
  redditSandbox,
  instagramSandbox,
  facebookSandbox,
  tiktokSandbox,
  onlyfansSandbox,
  aiSandbox,
];

const ownPage = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

start();

function start(): void {
  const { PORT, SANDBOX_HOST, SANDBOX_STATE, APP_ORIGIN } = process.env;
  const hostname = SANDBOX_HOST || "127.0.0.1";
  const port = Number(PORT || 4010);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) giveUp(`PORT is not a port: ${PORT}`);
  const appOrigin = URL.parse(APP_ORIGIN || "http://127.0.0.1:3000")?.origin ?? "null";
  if (appOrigin === "null") giveUp("APP_ORIGIN is not an http address, e.g. http://127.0.0.1:3000.");
  const named = hostname.includes(":") ? `[${hostname}]` : hostname;
  const shownHost = ["0.0.0.0", "[::]"].includes(named) ? "127.0.0.1" : named;
  // Without a state to keep, files are forgotten with the rest.
  const fileDirectory = SANDBOX_STATE
    ? `${SANDBOX_STATE}.files`
    : mkdtempSync(join(tmpdir(), "carillon-sandbox-"));
  if (!SANDBOX_STATE) process.once("exit", () => rmSync(fileDirectory, { recursive: true, force: true }));
  const sandbox = openSandbox({
    simulators,
    origin: `http://${shownHost}:${port}`,
    appOrigin,
    environment: process.env,
    fileDirectory,
  });
  let save = () => {};
  if (SANDBOX_STATE) {
    try {
      save = keepIn(SANDBOX_STATE, sandbox);
    } catch (error) {
      giveUp(
        `The sandbox's state in ${SANDBOX_STATE} cannot be used (${reason(error)}). Delete it to begin afresh.`,
      );
    }
  }
  const courier = startCourier(sandbox);
  const keep = sandbox.changed;
  sandbox.changed = () => {
    keep();
    courier.kick();
  };
  sandbox.settled = courier.settled;
  // safe: serve makes an HTTP/2 server only when it is given one
  const server = serve({ fetch: routes(sandbox).fetch, hostname, port }, (info) => {
    // With PORT=0 the system chose.
    sandbox.origin = `http://${shownHost}:${info.port}`;
    process.stdout.write(`Carillon sandbox at ${sandbox.origin}\n`);
  }) as Server;
  server.on("error", (error) => {
    if ("code" in error && error.code === "EADDRINUSE") {
      giveUp(`Port ${port} is taken by another program. Choose another one: PORT=4011`);
    } else giveUp(`The sandbox cannot listen on ${hostname}:${port} (${reason(error)}).`);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      courier.stop();
      save();
      server.closeAllConnections();
      server.close(() => process.exit(0));
    });
  }
}

function routes(sandbox: Sandbox): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const page = async (c: Context, markup: ReturnType<typeof feedPage>, status: 200 | 404 = 200) =>
    c.html(await markup, status, ownPage);
  app.get("/", (c) => page(c, feedPage(sandbox)));
  app.get("/log", (c) => page(c, logPage(sandbox)));
  app.get("/feed/:platform/:id", (c) => {
    const found = publicationPage(sandbox, c.req.param("platform"), c.req.param("id"));
    return found === null ? page(c, missingPage(), 404) : page(c, found);
  });
  app.get("/_sandbox/style.css", (c) => c.body(style, 200, { ...ownPage, "content-type": "text/css" }));
  // Browsers ask for it by themselves, and complain when it is not there.
  app.get("/favicon.ico", (c) => c.body(icon, 200, { ...ownPage, "content-type": "image/svg+xml" }));
  app.get("/_sandbox/live.js", (c) =>
    c.body(liveScript, 200, { ...ownPage, "content-type": "text/javascript" }),
  );
  app.get("/_sandbox/files/:id", (c) => {
    const found = findFile(sandbox.fileDirectory, c.req.param("id"));
    if (found === null) return c.notFound();
    // safe: Node's web stream is the platform's; the types differ in name only
    const stream = Readable.toWeb(createReadStream(found.path)) as ReadableStream<Uint8Array>;
    return c.body(stream, 200, { ...ownPage, "content-type": found.mime });
  });
  app.all("/_sandbox/ai/v1/*", async (c) => {
    const thinkMs = Number(sandbox.worlds["ai"]?.settings.own["latencyMs"] ?? 0);
    if (thinkMs > 0) await new Promise((resolve) => setTimeout(resolve, thinkMs));
    const { pathname, search } = new URL(c.req.url);
    const path = pathname.replace("/_sandbox/ai", "");
    const answer = await answerPlatform(
      sandbox,
      c.req.raw,
      c.env,
      `${sandbox.origin}/${aiHost}${path}${search}`,
    );
    return answer ?? c.json({ error: "The sandbox has no model." }, 404);
  });
  app.route("/_sandbox", controlRoutes(sandbox));
  app.all("*", async (c) => {
    const answer = await answerPlatform(sandbox, c.req.raw, c.env);
    return answer ?? c.json({ error: "No simulated platform answers there." }, 404);
  });
  app.onError((error, c) => {
    // The other side going away while it still talks is no fault of ours.
    if (!c.req.raw.signal.aborted) process.stderr.write(`sandbox: ${String(error)}\n`);
    return c.json({ error: "The sandbox failed to answer this." }, 500);
  });
  return app;
}

function giveUp(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
