import { Client } from "pg";
import type { Drained } from "@/lib/jobs/run";
import type { DeliveryDto, PostDetailDto, PublishAnswer } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import type { TestDatabase } from "./databases";
import { type PersonAtApp, signUp } from "./people";
import type { Effect, RunningSandbox } from "./sandbox";
import { testSecrets } from "./secrets";
import { type RunningSite, startSite } from "./site";

/** A person with accounts connected, an app and a sandbox, and what tests about publishing ask of them. */
export type Desk = RunningSite & {
  databaseUrl: string;
  sql: Client;
  ada: PersonAtApp;
  /** Ada's connection ids, by platform. */
  accounts: { threads: string; twitter: string };
  stop(): Promise<void>;
};

export const bothPlatforms = ["threads", "twitter"] as const;
export type PlatformName = (typeof bothPlatforms)[number];

/** The operation by which the world gets to see a post. */
export const visibleWrite = { threads: "publish", twitter: "create_tweet" } as const;
/** What a platform asks for besides the text. */
export const askedOptions: Record<string, Record<string, unknown>> = {
  reddit: { subreddit: "bellpics", title: "A title" },
  tiktok: { privacy_level: "PUBLIC_TO_EVERYONE" },
};
/** The operation by which we read back. */
export const readingBack = { threads: "list", twitter: "list_tweets" } as const;

/** Takes the database over. The app works no jobs by itself here, unless `env` says so: `tick` is the scheduler. */
export async function openDesk(database: TestDatabase, env: Record<string, string> = {}): Promise<Desk> {
  const site = await startSite(database.url, { WORKERS: "off", ...env });
  const sql = new Client({ connectionString: database.url });
  await sql.connect();
  await site.sandbox.settings({ platform: "twitter", own: { createLimit: 100_000, readLimit: 100_000 } });
  await site.sandbox.settings({ platform: "threads", own: { processingMs: 0 } });
  const ada = await signUp(site.app.url);
  const accounts = {
    threads: await connectAccount(ada, site.sandbox, "threads", "adabell"),
    twitter: await connectAccount(ada, site.sandbox, "twitter", "adabell"),
  };
  const desk: Desk = {
    ...site,
    databaseUrl: database.url,
    sql,
    ada,
    accounts,
    stop: async () => {
      await sql.end();
      // A test may have put another process in the app's place.
      await desk.app.stop();
      await site.stop();
      await database.drop();
    },
  };
  return desk;
}

/** Of the Pages she may tick at Facebook, the one she does. */
const ADAS_PAGE = "61555000111222331";

/** The whole trip to the platform and back. @returns the connection's id */
export async function connectAccount(
  person: PersonAtApp,
  sandbox: Pick<RunningSandbox, "consent">,
  platform: string,
  who: string,
): Promise<string> {
  const begun = await person.send("POST", `/api/oauth/${platform}/connect`, {});
  const { authUrl } = await successOf<{ authUrl: string }>(begun);
  const back = await sandbox.consent({ authorizeUrl: authUrl, person: who, assets: [ADAS_PAGE] });
  const arrived = await person.fetch(`${back.pathname}${back.search}`);
  const location = new URL(arrived.headers.get("location") ?? "", back);
  const connection = location.searchParams.get("connection");
  if (location.pathname !== "/oauth/callback/success" || !connection) {
    throw new Error(`Connecting ${platform} ended at ${location.pathname}${location.search}`);
  }
  return connection;
}

export type Wish = {
  text: string;
  link?: string;
  replies?: { text: string }[];
  to?: string[];
  scheduledAt?: string;
  key?: string;
};

/** The body of a post to all of the desk's accounts, or to those in `to`. */
export const bodyOf = (desk: Pick<Desk, "accounts">, { text, link, replies, to, scheduledAt }: Wish) => ({
  content: { text, ...(link && { link }), ...(replies && { replies }) },
  targets: (to ?? Object.values(desk.accounts)).map((connectionId) => ({ connectionId })),
  ...(scheduledAt && { scheduledAt }),
});

/** Publishes, or schedules. The answer must be a success. */
export async function publish(desk: Desk, wish: Wish): Promise<PublishAnswer> {
  const response = await desk.ada.send(
    "POST",
    "/api/post",
    bodyOf(desk, wish),
    wish.key === undefined ? {} : { "idempotency-key": wish.key },
  );
  return successOf<PublishAnswer>(response);
}

export async function readPost(desk: Desk, id: string): Promise<PostDetailDto> {
  return successOf<PostDetailDto>(await desk.ada.fetch(`/api/post/${id}`));
}

export async function deliveryOf(desk: Desk, id: string, platform: string) {
  const found = (await readPost(desk, id)).deliveries.find((delivery) => delivery.platform === platform);
  if (!found) throw new Error(`This post does not go to ${platform}.`);
  return found;
}

/** What the world sees of a text on a platform. */
export async function effectsOf(sandbox: RunningSandbox, platform: string, text: string): Promise<Effect[]> {
  return (await sandbox.effects(platform)).filter((effect) => effect.text === text);
}

/** The JSON of a successful answer. @throws with what the app said instead */
export async function successOf<T>(response: Response): Promise<T> {
  const words = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${words}`);
  // safe: the app's own shapes, which the type names
  return JSON.parse(words) as T;
}

/** One run of the scheduler's route. */
export async function tick(desk: { app: Pick<Desk["app"], "url"> }): Promise<void> {
  const response = await fetch(`${desk.app.url}/api/cron/run-jobs`, {
    headers: { authorization: `Bearer ${testSecrets.CRON_SECRET}` },
  });
  await successOf<Drained>(response);
}

/**
 * Ten minutes go by for every delivery that is not at its end: claims run out, waits are over, and what is behind a fence
 * has had all the time a platform takes.
 */
export async function tenMinutesPass(sql: Client): Promise<void> {
  await sql.query(
    `update deliveries set lease_until = lease_until - interval '10 minutes', next_attempt_at = next_attempt_at - interval '10 minutes',
       fenced_at = fenced_at - interval '10 minutes' where next_attempt_at is not null`,
  );
  // Renewals that failed wait no longer either.
  await sql.query(
    "update grants set retry_at = null, refresh_due_at = refresh_due_at - interval '10 minutes'",
  );
  await sql.query("update refresh_gates set probe_at = probe_at - interval '10 minutes'");
}

/** Time passes and the scheduler runs until no delivery has anything left to do by itself. */
export async function untilSettled(desk: Pick<Desk, "app" | "sql">): Promise<void> {
  for (let round = 0; round < 15; round += 1) {
    const { rows } = await desk.sql.query(
      "select 1 from deliveries where next_attempt_at is not null limit 1",
    );
    if (rows.length === 0) return;
    await tenMinutesPass(desk.sql);
    await tick(desk);
  }
  const { rows } = await desk.sql.query(
    `select platform, state, error_code, attempt, content->>'text' as text,
            (select string_agg(event, ', ' order by id) from delivery_events where delivery_id = deliveries.id) as story
       from deliveries where next_attempt_at is not null`,
  );
  throw new Error(`After 15 runs of the scheduler these were still under way: ${JSON.stringify(rows)}`);
}

/** A post that is on its way: the request is out, and its answer may take as long as it likes. */
export async function startPublishing(
  desk: Desk,
  wish: Wish,
): Promise<{ id: string; answer: Promise<PublishAnswer> }> {
  const answer = publish(desk, wish);
  const id = await Promise.race([
    answer.then((known) => known.id),
    waitUntil(
      async () => {
        const { rows } = await desk.sql.query<{ id: string }>(
          "select id from posts where content->>'text' = $1 order by id desc limit 1",
          [wish.text],
        );
        return rows[0]?.id ?? null;
      },
      { withinMs: 30_000, everyMs: 10, otherwise: "The app did not take the post." },
    ),
  ]);
  return { id, answer };
}

/** Asks until this platform's delivery stands as wanted. @throws with where it stands when it does not get there */
export async function untilDelivery(
  desk: Desk,
  id: string,
  platform: string,
  wanted: (delivery: DeliveryDto) => boolean,
  withinMs = 10_000,
): Promise<DeliveryDto> {
  const end = Date.now() + withinMs;
  return waitUntil(
    async () => {
      const delivery = await deliveryOf(desk, id, platform);
      if (wanted(delivery)) return delivery;
      if (Date.now() < end) return null;
      throw new Error(`On ${platform} it stays ${delivery.state}: ${JSON.stringify(delivery.error)}`);
    },
    {
      withinMs: withinMs + 10_000,
      everyMs: Math.max(20, withinMs / 300),
      otherwise: `Nothing came of it on ${platform}.`,
    },
  );
}
