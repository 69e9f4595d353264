import { createHmac, randomBytes } from "node:crypto";
import { Client } from "pg";
import { v7 as uuid } from "uuid";
import { createDatabase } from "./postgres";

/**
 * The inbox's back end in this process, over a real database: deliveries as Meta posts them, and what becomes of them. The
 * accounts are rows; nobody is asked over the network here.
 */
export const APP_SECRET = "CNRY_secret_instagram";
export const META_SECRET = "CNRY_secret_facebook";

export type Account = { userId: string; connectionId: string; accountId: string };
export type Intake = Awaited<ReturnType<typeof openIntake>>;

/** Call before anything that reads the environment. */
export async function openIntake(environment: Record<string, string> = {}) {
  const database = await createDatabase();
  Object.assign(process.env, {
    DATABASE_URL: database.url,
    // Nobody listens there: what would ask a platform fails at once.
    PLATFORM_SANDBOX_URL: "http://127.0.0.1:9",
    ...environment,
  });
  const sql = new Client({ connectionString: database.url });
  await sql.connect();
  const { queue, stopQueue } = await import("@/lib/jobs/queue");
  const { database: ours } = await import("@/lib/db");
  const { receiveDue } = await import("@/lib/inbox/receive");
  const { takeIn } = await import("@/lib/inbox/intake");
  const { openRoute } = await import("@/lib/http/route");
  const { GET } = await import("@/app/api/webhooks/instagram/route");
  // The route itself kicks the work behind its answer, which Next allows in a server only.
  const POST = openRoute(async (request) => {
    await takeIn(request);
    return new Response(null);
  });
  await queue();

  const rows = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
    (await sql.query<T>(text, values)).rows;

  return {
    sql,
    rows,
    databaseUrl: database.url,
    /** A new person with one connected Instagram account. */
    account: (accountId = digits()) => newAccount(sql, accountId),
    /** Posts bytes as Meta would; the answer is the route's. */
    post: (body: string | Buffer, signature: string | null = signed(body)) =>
      POST(deliveryOf(body, signature)),
    verify: (query: string) => GET(new Request(`http://127.0.0.1:3000/api/webhooks/instagram?${query}`)),
    receive: () => receiveDue(),
    /** Posts entries and works them off. */
    deliver: async (...entries: unknown[]) => {
      const body = delivery(...entries);
      const answer = await POST(deliveryOf(body, signed(body)));
      if (answer.status !== 200) throw new Error(`The delivery was answered ${answer.status}.`);
      await receiveDue();
    },
    /** How many rows a table has. */
    count: async (table: string): Promise<number> =>
      (await rows<{ count: number }>(`select count(*)::int as count from ${table}`))[0]?.count ?? 0,
    close: async () => {
      await stopQueue();
      await ours().close();
      await sql.end();
      await database.drop();
    },
  };
}

/** As Meta writes it. */
export const signed = (body: string | Buffer, secret = APP_SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** One delivery, with everything beyond ASCII escaped, as Meta sends it. */
export const delivery = (...entry: unknown[]): string =>
  JSON.stringify({ object: "instagram", entry }).replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

let clock = Date.parse("2026-11-01T10:00:00Z");
/** Another instant each time, later than the one before. */
export const tick = (): number => {
  clock += 1_000;
  return clock;
};

/** An entry with these elements of `messaging`. */
export const entry = (accountId: string, ...messaging: object[]): object => ({
  id: accountId,
  time: tick(),
  messaging,
});

/** One element: they to us, or, as an echo, we to them. */
export const element = (
  accountId: string,
  peerId: string,
  at: number,
  content: Record<string, unknown>,
): object => {
  const message = content["message"] as { is_echo?: boolean } | undefined;
  const [sender, recipient] = message?.is_echo ? [accountId, peerId] : [peerId, accountId];
  return { sender: { id: sender }, recipient: { id: recipient }, timestamp: at, ...content };
};

/** An id such as Meta's: longer than a number can be without losing digits. */
export const digits = (): string => `178414${BigInt(`0x${randomBytes(6).toString("hex")}`)}`.slice(0, 17);

function deliveryOf(body: string | Buffer, signature: string | null): Request {
  return new Request("http://127.0.0.1:3000/api/webhooks/instagram", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(signature !== null && { "x-hub-signature-256": signature }),
    },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
}

async function newAccount(sql: Client, accountId: string): Promise<Account> {
  const [userId, grantId, connectionId] = [uuid(), uuid(), uuid()];
  await sql.query(
    `insert into users (id, name, email, email_verified, created_at, updated_at)
     values ($1, 'Ada Bell', $2, true, now(), now())`,
    [userId, `${userId}@people.test`],
  );
  await sql.query(
    `insert into grants (id, user_id, platform, way, subject, credentials, key_id)
     values ($1, $2, 'instagram', 'instagram', $3, 'v1.none.none', 'none')`,
    [grantId, userId, accountId],
  );
  await sql.query(
    `insert into connections (id, user_id, grant_id, platform, remote_id, name, created_at)
     values ($1, $2, $3, 'instagram', $4, 'Bell Pictures', now() - interval '60 days')`,
    [connectionId, userId, grantId, accountId],
  );
  return { userId, connectionId, accountId };
}
