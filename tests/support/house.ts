import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { ConnectionDto, ConnectionsAnswer } from "@/lib/connections/schema";
import { root } from "@/scripts/paths";
import { freePort } from "@/scripts/ports";
import { type PersonAtApp, signUp } from "./people";
import { createDatabase } from "./postgres";
import { inRequest } from "./request-scope";
import { type Consent, type RunningSandbox, startSandbox } from "./sandbox";

/**
 * The app's own route handlers behind real HTTP in the test's process, beside a real PostgreSQL and the real sandbox: the
 * same doors as the built app's, without a build and without Next's pages.
 */
export type OpenHouse = {
  url: string;
  sandbox: RunningSandbox;
  databaseUrl: string;
  sql: Pool;
  stop(): Promise<void>;
};

/** With two people in it. */
export type House = OpenHouse & { ada: PersonAtApp; otto: PersonAtApp };

type Wish = Omit<Consent, "authorizeUrl"> & { way?: string; connection?: string };

/** One house for a file. Each test finds nothing connected and nothing written; the two people stay signed in. */
export function houseForFile(env: Record<string, string> = {}): () => House {
  let house: House | undefined;
  const current = (): House => {
    if (!house) throw new Error("The house is there once beforeAll has run.");
    return house;
  };
  beforeAll(async () => {
    const open = await openHouse(env);
    const ada = await signUp(open.url, { name: "Ada Bell" });
    const otto = await signUp(open.url, { name: "Otto Klang" });
    house = { ...open, ada, otto };
  });
  beforeEach(async () => {
    await current().sql.query(
      "truncate grants, oauth_states, posts, media, notifications, audit, data_deletions, webhook_events, settings, rate_limits cascade",
    );
    await current().sandbox.reset();
  });
  afterAll(() => house?.stop());
  return current;
}

/**
 * Call it before anything reads the environment: in beforeAll, once per file. Workers do not run by themselves.
 * `worksBehind`: what a route leaves to be done behind its answer is done.
 */
export async function openHouse(
  env: Record<string, string> = {},
  { sandboxed = true, worksBehind = false } = {},
): Promise<OpenHouse> {
  const database = await createDatabase();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await startSandbox({ appOrigin: url });
  // Our modules read the environment once, when the first of them is loaded: below.
  Object.assign(process.env, {
    DATABASE_URL: database.url,
    BETTER_AUTH_URL: url,
    ...(sandboxed && { PLATFORM_SANDBOX_URL: sandbox.url }),
    ...env,
  });
  const answers = answerer();
  const listener = worksBehind ? (request: Request) => inRequest(() => answers(request)) : answers;
  const server = createServer(getRequestListener(listener, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const sql = new Pool({ connectionString: database.url, max: 4 });
  const { queue } = await import("@/lib/jobs/queue");
  await queue();
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await (await import("@/lib/jobs/queue")).stopQueue();
    await (await import("@/lib/db")).database().close();
    await sql.end();
    await sandbox.stop();
    await database.drop();
  };
  return { url, sandbox, databaseUrl: database.url, sql, stop };
}

type Handler = (
  request: Request,
  context: { params: Promise<Record<string, string | string[]>> },
) => Promise<Response>;

/** Finds the file of a path as Next does: a name before a bracket, a bracket before a rest. */
function answerer(): (request: Request) => Promise<Response> {
  const files = readdirSync(join(root, "app/api"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("/route.ts"))
    .map((name) => ({ file: join(root, "app/api", name), parts: name.split("/").slice(0, -1) }))
    .sort((a, b) => rank(a.parts) - rank(b.parts));
  return async (request) => {
    const path = new URL(request.url).pathname.split("/").slice(2).map(decodeURIComponent);
    for (const { file, parts } of files) {
      const params = match(parts, path);
      if (!params) continue;
      const handlers = (await import(file)) as Record<string, Handler>;
      const handler = handlers[request.method];
      return handler
        ? handler(request, { params: Promise.resolve(params) })
        : new Response(null, { status: 405 });
    }
    return new Response(null, { status: 404 });
  };
}

const rank = (parts: string[]): number =>
  parts.filter((part) => part.startsWith("[")).length + (parts.at(-1)?.startsWith("[...") ? 10 : 0);

function match(parts: string[], path: string[]): Record<string, string | string[]> | null {
  const params: Record<string, string | string[]> = {};
  for (const [index, part] of parts.entries()) {
    const rest = /^\[\.\.\.(\w+)\]$/.exec(part)?.[1];
    if (rest) return { ...params, [rest]: path.slice(index) };
    const name = /^\[(\w+)\]$/.exec(part)?.[1];
    const given = path[index];
    if (given === undefined || (!name && given !== part)) return null;
    if (name) params[name] = given;
  }
  return parts.length === path.length ? params : null;
}

/** Begins a trip to a platform and lets the person decide there. @returns the way back */
export async function consent(
  { sandbox }: House,
  person: PersonAtApp,
  platform: string,
  { way, connection, ...decision }: Wish = {},
): Promise<URL> {
  const begun = await person.send("POST", `/api/oauth/${platform}/connect`, {
    ...(way && { way }),
    ...(connection && { connection }),
  });
  const { authUrl } = await jsonOf<{ authUrl: string }>(begun);
  return sandbox.consent({ authorizeUrl: authUrl, ...decision });
}

/** A whole trip. @returns the ids of the connections it made. @throws when it was refused */
export async function connect(
  house: House,
  person: PersonAtApp,
  platform: string,
  wish: Wish = {},
): Promise<string[]> {
  const back = await consent(house, person, platform, wish);
  const arrived = await person.fetch(`${back.pathname}${back.search}`);
  const landed = new URL(arrived.headers.get("location") ?? "", house.url);
  if (landed.pathname !== "/oauth/callback/success")
    throw new Error(`Not connected: ${landed.pathname}${landed.search}`);
  return (landed.searchParams.get("connection") ?? "").split(",");
}

export const connectionsOf = async (person: PersonAtApp): Promise<ConnectionDto[]> =>
  (await jsonOf<ConnectionsAnswer>(await person.fetch("/api/connections"))).connections;

/** The JSON of a successful answer. @throws with what the app said instead */
export async function jsonOf<T>(response: Response): Promise<T> {
  const words = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${words}`);
  // safe: the app's own shapes, which the caller names
  return JSON.parse(words) as T;
}

/** The id of someone in the house. */
export async function idOf({ sql }: House, { email }: PersonAtApp): Promise<string> {
  const { rows } = await sql.query<{ id: string }>("select id from users where email = $1", [email]);
  return rows[0]?.id ?? "";
}

/** A post of theirs that is out on this account, as publishing would have left it. @returns its id */
export async function aPublishedPost(
  { sql }: House,
  { userId, connection, text }: { userId: string; connection: ConnectionDto; text: string },
): Promise<string> {
  const { v7: uuid } = await import("uuid");
  const [postId, deliveryId] = [uuid(), uuid()];
  const content = { text, replies: [], media: [] };
  await sql.query("insert into posts (id, user_id, content) values ($1, $2, $3)", [postId, userId, content]);
  await sql.query(
    `insert into deliveries (id, post_id, user_id, connection_id, platform, account_name, content, state, remote_id, parts, url, published_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'published', $8, array[$8], $9, now())`,
    [
      deliveryId,
      postId,
      userId,
      connection.id,
      connection.platform,
      connection.name,
      { ...content, options: {} },
      `remote-${deliveryId}`,
      `https://platform.example/${deliveryId}`,
    ],
  );
  await sql.query(
    "insert into delivery_events (id, delivery_id, attempt, event, state, message) values ($1, $2, 1, 'published', 'published', $3)",
    [uuid(), deliveryId, `Published as ${connection.name}.`],
  );
  return postId;
}
