import { randomBytes } from "node:crypto";
import { Pool } from "pg";
import { v7 as uuid } from "uuid";
import type { InboxAccountPatch, KnowledgeDto } from "@/lib/inbox/schema";
import { createDatabase } from "./postgres";

/**
 * The assistant in this process, over a real database: its routes as the server calls them, with a person's session, and
 * customers who write. What it says is counted where intake takes over: in the messages that are queued to be sent.
 */
export type Owner = {
  userId: string;
  connectionId: string;
  send<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
  knows(title: string, text: string, more?: Record<string, unknown>): Promise<KnowledgeDto>;
  answers(patch: InboxAccountPatch): Promise<void>;
  /** A conversation with somebody new. */
  customer(more?: { kind?: string; standby?: boolean; peerId?: string }): Promise<string>;
};

export type Room = Awaited<ReturnType<typeof openRoom>>;

const origin = "http://127.0.0.1:3000";

/** Call before anything that reads the environment. */
export async function openRoom(environment: Record<string, string> = {}) {
  const database = await createDatabase();
  // Without an app of ours at Instagram nothing could be sent there, and so nothing is said.
  const app = { INSTAGRAM_APP_ID: "instagram-test", INSTAGRAM_APP_SECRET: "CNRY_secret_instagram" };
  Object.assign(process.env, { DATABASE_URL: database.url, BETTER_AUTH_URL: origin, ...app, ...environment });
  const sql = new Pool({ connectionString: database.url, max: 4 });
  const { queue, stopQueue } = await import("@/lib/jobs/queue");
  const { database: ours } = await import("@/lib/db");
  await queue();

  const value = async <T>(text: string, values: unknown[] = []): Promise<T> => {
    const { rows } = await sql.query(text, values);
    // safe: the test names the column it asks for
    return Object.values(rows[0] ?? {})[0] as T;
  };

  return {
    sql,
    value,
    owner: () => newOwner(sql),
    /** They write; a minute ago, so that nobody waits for more. */
    says: (conversationId: string, text: string | null, more: Partial<Written> = {}) =>
      write(sql, conversationId, { author: "them", state: "received", text, agoMs: 60_000, ...more }),
    /** Somebody of ours writes. */
    writes: (conversationId: string, author: "person" | "phone", text: string, agoMs = 0) =>
      write(sql, conversationId, { author, state: "sent", text, agoMs }),
    /** What is queued to be sent in a conversation, or was. */
    sent: async (conversationId: string): Promise<string[]> => {
      const { rows } = await sql.query<{ text: string }>(
        "select text from messages where conversation_id = $1 and author = 'assistant' order by sent_at, id",
        [conversationId],
      );
      return rows.map(({ text }) => text);
    },
    decisions: async (conversationId: string): Promise<Decision[]> => {
      const { rows } = await sql.query<Decision>(
        `select id, message_id as "messageId", outcome, reason, confidence, model, text, credits, draft, sources
           from answers where conversation_id = $1 order by id`,
        [conversationId],
      );
      return rows;
    },
    credits: (userId: string) => value<number>("select credits from users where id = $1", [userId]),
    close: async () => {
      await stopQueue();
      await ours().close();
      await sql.end();
      await database.drop();
    },
  };
}

export type Decision = {
  id: string;
  messageId: string;
  outcome: string | null;
  reason: string;
  confidence: number | null;
  model: string | null;
  text: string | null;
  credits: number;
  draft: string | null;
  sources: { id: string; title: string; score: number }[];
};

type Written = {
  author: string;
  state: string;
  text: string | null;
  agoMs: number;
  attachments: { type: string }[];
  details: Record<string, unknown>;
};

async function write(
  sql: Pool,
  conversationId: string,
  {
    author,
    state,
    text,
    agoMs,
    attachments = [],
    details = {},
  }: Pick<Written, "author" | "state" | "text" | "agoMs"> & Partial<Written>,
): Promise<string> {
  const id = uuid();
  await sql.query(
    `insert into messages (id, conversation_id, user_id, connection_id, remote_id, author, state, text, attachments, details, sent_at, created_at)
     select $1, c.id, c.user_id, c.connection_id, $2, $3, $4, $5, $6, $7, now() - $8 * interval '1 ms', now() - $8 * interval '1 ms'
       from conversations c where c.id = $9`,
    [
      id,
      `mid.${id}`,
      author,
      state,
      text,
      JSON.stringify(attachments),
      JSON.stringify(details),
      agoMs,
      conversationId,
    ],
  );
  await sql.query(
    `update conversations set last_message_at = now(),
            last_inbound_at = case when $2 = 'them' then now() - $3 * interval '1 ms' else last_inbound_at end
      where id = $1`,
    [conversationId, author, agoMs],
  );
  return id;
}

async function newOwner(sql: Pool): Promise<Owner> {
  const { auth } = await import("@/lib/auth");
  const email = `${randomBytes(6).toString("hex")}@people.test`;
  const signedUp = await auth().handler(
    new Request(`${origin}/api/auth/sign-up/email`, {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: JSON.stringify({ name: "Ada Bell", email, password: `a long phrase ${email}` }),
    }),
  );
  if (!signedUp.ok) throw new Error(`Signing up ended with ${signedUp.status}: ${await signedUp.text()}`);
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const { rows } = await sql.query<{ id: string }>("select id from users where email = $1", [email]);
  const userId = rows[0]?.id ?? "";
  const connectionId = await connect(sql, userId);

  const send = async <T>(method: string, path: string, body?: unknown) => {
    const { module, params } = await routeOf(path);
    const handler = module[method];
    if (!handler) throw new Error(`${path} has no ${method}.`);
    const response = await handler(
      new Request(`${origin}${path}`, {
        method,
        headers: {
          cookie,
          origin,
          "sec-fetch-site": "same-origin",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
      { params: Promise.resolve(params) },
    );
    // safe: the route's own shape, which the test names
    return { status: response.status, body: (await response.json()) as T };
  };
  const expecting = async <T>(status: number, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await send<T>(method, path, body);
    if (answer.status !== status)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    userId,
    connectionId,
    send,
    knows: (title, text, more = {}) =>
      expecting<KnowledgeDto>(201, "POST", "/api/inbox/knowledge", { title, text, ...more }),
    answers: async (patch) => {
      await expecting(200, "PATCH", `/api/inbox/accounts/${connectionId}`, patch);
    },
    customer: async ({ kind = "direct", standby = false, peerId = randomBytes(6).toString("hex") } = {}) => {
      const id = uuid();
      await sql.query(
        `insert into conversations (id, user_id, connection_id, kind, remote_key, peer_id, peer_name, last_message_at, standby)
         values ($1, $2, $3, $4, $5, $6, 'Cleo', now(), $7)`,
        [id, userId, connectionId, kind, `${kind}-${peerId}`, peerId, standby],
      );
      return id;
    },
  };
}

/** An account of theirs, as if they had connected it. */
export async function connect(sql: Pool, userId: string): Promise<string> {
  const [grantId, connectionId] = [uuid(), uuid()];
  await sql.query(
    "insert into grants (id, user_id, platform, subject, credentials, key_id) values ($1, $2, 'instagram', $3, 'CNRY_sealed_credentials', 'k')",
    [grantId, userId, grantId],
  );
  await sql.query(
    "insert into connections (id, user_id, grant_id, platform, remote_id, name) values ($1, $2, $3, 'instagram', $4, 'Bell shop')",
    [connectionId, userId, grantId, `1784${connectionId}`],
  );
  return connectionId;
}

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;

async function routeOf(
  path: string,
): Promise<{ module: Record<string, Handler>; params: Record<string, string> }> {
  const [, , , noun, id, verb] = path.split("/");
  const params: Record<string, string> = id === undefined ? {} : { id };
  const load = async (): Promise<unknown> => {
    if (noun === "knowledge" && id === "try") return import("@/app/api/inbox/knowledge/try/route");
    if (noun === "knowledge" && id) return import("@/app/api/inbox/knowledge/[id]/route");
    if (noun === "knowledge") return import("@/app/api/inbox/knowledge/route");
    if (noun === "saved-replies" && id) return import("@/app/api/inbox/saved-replies/[id]/route");
    if (noun === "saved-replies") return import("@/app/api/inbox/saved-replies/route");
    if (noun === "accounts" && id) return import("@/app/api/inbox/accounts/[id]/route");
    if (id === "suggestion" && verb === undefined) {
      params["id"] = noun ?? "";
      return import("@/app/api/inbox/[id]/suggestion/route");
    }
    if (noun && id === undefined) {
      params["id"] = noun;
      return import("@/app/api/inbox/[id]/route");
    }
    throw new Error(`No route for ${path}.`);
  };
  // safe: Next's route modules are handlers by the name of their method
  return { module: (await load()) as Record<string, Handler>, params };
}
