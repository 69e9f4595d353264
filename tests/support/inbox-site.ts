import { serve } from "@hono/node-server";
import { Client } from "pg";
import { v7 as uuid } from "uuid";
import type { ConversationAnswer, ConversationsAnswer, MessageDto } from "@/lib/inbox/schema";
import type { SignedIn } from "@/lib/session";
import { freePort } from "@/scripts/ports";
import { waitUntil } from "@/scripts/wait";
import { createDatabase } from "./postgres";
import { startSandbox } from "./sandbox";

/**
 * The inbox in this process with a door of its own, beside the real sandbox: Instagram posts its webhooks here, fetches what
 * is sent, and shows what the customer sees. `work` is the scheduler.
 */
export type InboxSite = Awaited<ReturnType<typeof openInboxSite>>;

/** Call before anything that reads the environment. @param more what else is set, once the sandbox's address is known */
export async function openInboxSite(more: (sandboxUrl: string) => Record<string, string> = () => ({})) {
  const database = await createDatabase();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const sandbox = await startSandbox({ appOrigin: origin });
  Object.assign(process.env, {
    DATABASE_URL: database.url,
    BETTER_AUTH_URL: origin,
    PLATFORM_SANDBOX_URL: sandbox.url,
    ...more(sandbox.url),
  });
  const sql = new Client({ connectionString: database.url });
  await sql.connect();

  const { openRoute } = await import("@/lib/http/route");
  const { takeIn } = await import("@/lib/inbox/receive/intake");
  const { receiveDue } = await import("@/lib/inbox/receive/receive");
  const { serveLinked } = await import("@/lib/media/serve");
  const { drain } = await import("@/lib/jobs/run");
  const { queue, stopQueue } = await import("@/lib/jobs/queue");
  const { database: ours } = await import("@/lib/db");
  const { beginConnect, finishConnect } = await import("@/lib/connections/connect/connect");
  const { readConversation, readInbox } = await import("@/lib/inbox/read");
  const { InboxQuery } = await import("@/lib/inbox/schema");
  await queue();

  /** As the route does it, which Next lets work behind its answer in a server only. */
  const webhook = openRoute(async (request) => {
    if ((await takeIn(request)) > 0) void receiveDue();
    return new Response(null);
  });
  const file = openRoute((request) =>
    serveLinked(new URL(request.url).pathname.slice("/media/".length), request),
  );
  const server = serve({
    port,
    hostname: "127.0.0.1",
    fetch: (request) =>
      new URL(request.url).pathname.startsWith("/media/") ? file(request) : webhook(request),
  });

  const work = async () => {
    await drain(20_000);
  };

  return {
    databaseUrl: database.url,
    app: { url: origin },
    sandbox,
    sql,
    work,
    rows: async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
      (await sql.query<T>(text, values)).rows,

    /** A new person, as routes know them. */
    person: async (name = "Ada Bell"): Promise<SignedIn> => {
      const id = uuid();
      await sql.query("insert into users (id, name, email, email_verified) values ($1, $2, $3, true)", [
        id,
        name,
        `${id}@people.test`,
      ]);
      return {
        type: "user",
        id,
        name,
        email: `${id}@people.test`,
        tier: "free",
        credits: 10,
        sessionId: uuid(),
      };
    },

    /** The whole trip to Instagram and back, until the account listens. @returns the connection's id */
    connect: async (user: SignedIn, who: string, scopes?: string[]): Promise<string> => {
      const { authUrl, browserSecret } = await beginConnect(user, "instagram", { way: "instagram" }, null);
      const back = await sandbox.consent({ authorizeUrl: authUrl, person: who, ...(scopes && { scopes }) });
      const landed = await finishConnect({
        user,
        platform: "instagram",
        query: back.searchParams,
        browserSecret,
      });
      const id = new URL(landed, origin).searchParams.get("connection");
      if (!id) throw new Error(`Connecting ended at ${landed}`);
      await work();
      return id;
    },

    inbox: async (user: SignedIn, query: Record<string, string> = {}): Promise<ConversationsAnswer> =>
      readInbox(user, InboxQuery.parse(query)),
    conversation: (user: SignedIn, id: string): Promise<ConversationAnswer> =>
      readConversation(user, id, null),

    /** Waits until everything told by the sandbox has been worked off, its jobs included. */
    settle: async (): Promise<void> => {
      await sandbox.delivered();
      await work();
    },

    /** The one conversation with somebody, once it is there. */
    conversationWith: (user: SignedIn, handle: string): Promise<string> =>
      waitUntil(
        async () => {
          const { conversations } = await readInbox(user, InboxQuery.parse({}));
          return conversations.find(({ peer }) => peer.handle === handle)?.id ?? null;
        },
        { withinMs: 20_000, everyMs: 50, otherwise: `There is no conversation with ${handle}.` },
      ),

    /** Time passes for what waits to be sent, to be looked for or to be thought about. */
    timePasses: async (): Promise<void> => {
      await sql.query(
        `update messages set due_at = now(), lease_until = null, fenced_at = fenced_at - interval '10 minutes'
          where due_at is not null`,
      );
      await sql.query("update answers set lease_until = now() - interval '1 second' where outcome is null");
      // Whoever held these jobs is long gone, and the queue looks for such.
      await sql.query("update pgboss.job set started_on = now() - interval '1 hour' where state = 'active'");
      await sql.query("update pgboss.queue set monitor_on = null, monitor_claim_on = null");
      await sql.query(
        "update pgboss.job set start_after = now() where state in ('created', 'retry') and name like 'inbox.%'",
      );
    },

    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
      await stopQueue();
      await ours().close();
      await sql.end();
      await sandbox.stop();
      await database.drop();
    },
  };
}

/** What of a message a test compares. */
export const said = ({ author, state, text }: MessageDto) => ({ author, state, text });
