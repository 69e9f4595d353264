import { neonConfig } from "@neondatabase/serverless";
import { eq, sql } from "drizzle-orm";
import { fromDrizzle, PgBoss } from "pg-boss";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { users } from "@/drizzle/schema/auth";
import { posts } from "@/drizzle/schema/posts";
import { type Connected, connect, isNeon } from "@/lib/db";
import type { TestDatabase } from "../support/databases";
import { startNeonProxy } from "../support/neon-proxy";
import { createDatabase } from "../support/postgres";

/** Both drivers, one code path: what holds for `pg` holds for Neon's, here in front of the same real PostgreSQL. */
let database: TestDatabase;
let proxy: Awaited<ReturnType<typeof startNeonProxy>>;
let neonUrl: string;

beforeAll(async () => {
  database = await createDatabase();
  const { hostname, port, username, password, pathname } = new URL(database.url);
  proxy = await startNeonProxy({ host: hostname, port: Number(port) });
  neonConfig.wsProxy = () => `127.0.0.1:${proxy.port}/v1`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
  neonConfig.pipelineConnect = false;
  neonUrl = `postgres://${username}:${password}@ep-quiet-bell-123456.eu-central-1.aws.neon.tech${pathname}`;
});

afterAll(async () => {
  await proxy.stop();
  await database.drop();
});

test("only Neon's own addresses get Neon's driver", () => {
  expect(isNeon("postgres://a:b@ep-x.eu-central-1.aws.neon.tech/db")).toBe(true);
  expect(isNeon("postgres://a:b@neon.tech.evil.example/db")).toBe(false);
  expect(isNeon("postgres://a:b@127.0.0.1:5432/db")).toBe(false);
});

describe.each(["pg", "neon"] as const)("the %s driver", (driver) => {
  let connected: Connected;
  const userId = uuid();

  beforeAll(async () => {
    connected = connect(driver === "neon" ? neonUrl : database.url, { max: 4 });
    await connected.db.insert(users).values({ id: userId, name: "Ada", email: `${userId}@people.test` });
  });
  afterAll(() => connected.close());

  test("really takes its own way to the server", async () => {
    const before = proxy.connections();
    const other = connect(driver === "neon" ? neonUrl : database.url, { max: 1 });
    await other.query("select 1");
    await other.close();
    expect(proxy.connections() - before).toBe(driver === "neon" ? 1 : 0);
  });

  test("a transaction commits as one, or not at all", async () => {
    const kept = uuid();
    const lost = uuid();
    const post = (id: string) => ({ id, userId, content: { text: "Ding", replies: [], media: [] } });
    await connected.db.transaction((tx) => tx.insert(posts).values(post(kept)));
    await expect(
      connected.db.transaction(async (tx) => {
        await tx.insert(posts).values(post(lost));
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    const found = await connected.db.select({ id: posts.id }).from(posts).where(eq(posts.userId, userId));
    expect(found.map(({ id }) => id)).toEqual([kept]);
  });

  test("json, arrays, instants and intervals mean the same", async () => {
    const { rows } = await connected.db.execute(
      sql`select ${JSON.stringify({ a: [1, "ü🔔"] })}::jsonb as json, array['a','b']::text[] as words,
          timestamptz '2026-11-21 10:00:00.123+00' as at, now() + ${"250 milliseconds"}::interval > now() as later`,
    );
    expect(rows[0]).toMatchObject({ json: { a: [1, "ü🔔"] }, words: ["a", "b"], later: true });
    expect(new Date(String(rows[0]?.["at"])).getTime()).toBe(Date.parse("2026-11-21T10:00:00.123Z"));
  });

  test("a job enqueued in a transaction exists exactly when it commits", async () => {
    const boss = new PgBoss({
      db: { executeSql: (text, values) => connected.query(text, values) },
      supervise: false,
      schedule: false,
    });
    await boss.start();
    const name = `bell-${driver}`;
    await boss.createQueue(name);
    await connected.db.transaction((tx) => boss.send(name, { n: 1 }, { db: fromDrizzle(tx, sql) }));
    await connected.db
      .transaction(async (tx) => {
        await boss.send(name, { n: 2 }, { db: fromDrizzle(tx, sql) });
        tx.rollback();
      })
      .catch((error: unknown) => expect(String(error)).toMatch(/rollback/i));
    const jobs = await boss.fetch<{ n: number }>(name, { batchSize: 10 });
    expect(jobs.map(({ data }) => data.n)).toEqual([1]);
    await boss.stop({ graceful: false });
  });
});
