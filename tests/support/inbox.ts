import { Client } from "pg";
import { delivery, digits, newAccount, signed } from "./inbox-wire";
import { createDatabase } from "./postgres";

/**
 * The inbox's back end in this process, over a real database: deliveries as Meta posts them, and what becomes of them. The
 * accounts are rows; nobody is asked over the network here.
 */
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
  const { receiveDue } = await import("@/lib/inbox/receive/receive");
  const { takeIn } = await import("@/lib/inbox/receive/intake");
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
