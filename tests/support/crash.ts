import type { FaultKind } from "@/lib/sandbox/faults";
import { waitUntil } from "@/scripts/wait";
import { mediaDirectory } from "./app";
import { type Desk, type PlatformName, publish, tick } from "./posting";
import { type Program, runProgram } from "./program";
import { testSecrets } from "./secrets";
import { openTap, type Point, type Statement, type Tap } from "./tap";

/** What a worker is started beside. */
export type Site = Pick<Desk, "databaseUrl" | "sandbox"> & { app: Pick<Desk["app"], "url"> };

/** Ends a worker at a chosen point of its work: a real process, really killed, with no hook in it. */
export type ParkedWorker = { tap: Tap; program: Program };

/** Starts a worker and stops it where it first asks for work. @param more what else it is told, beside where everything is */
export async function parkWorker(desk: Site, more: Record<string, string> = {}): Promise<ParkedWorker> {
  const tap = await openTap(desk.databaseUrl);
  // It asks in two ways: by sweeping overdue deliveries, and by fetching jobs from the queue.
  tap.stopAt({
    moment: "before",
    about: ({ sql }) => (/from "deliveries"/.test(sql) ? "sweep" : /skip locked/i.test(sql) ? "queue" : null),
  });
  const program = await runProgram("scripts/worker.ts", [], {
    ...testSecrets,
    DATABASE_URL: tap.url,
    BETTER_AUTH_URL: desk.app.url,
    PLATFORM_SANDBOX_URL: desk.sandbox.url,
    MEDIA_DIR: mediaDirectory,
    LOG_LEVEL: "warn",
    ...more,
  });
  await waitUntil(
    () => {
      if (program.exit()) throw new Error(`The worker ended:\n${program.output()}`);
      return tap.reached().includes("sweep") ? true : null;
    },
    { withinMs: 100_000, everyMs: 10, otherwise: "The worker did not look for work." },
  );
  return { tap, program };
}

/** Parked workers, one ahead, so that one boots while another dies. */
export function workerPool(desk: Site, more: Record<string, string> = {}) {
  let ahead: Promise<ParkedWorker> | null = null;
  return {
    next: async (): Promise<ParkedWorker> => {
      const worker = await (ahead ?? parkWorker(desk, more));
      ahead = parkWorker(desk, more);
      return worker;
    },
    close: async () => {
      if (ahead) await killWorker(await ahead);
    },
  };
}

/** SIGKILL, and what the server has not heard from it by then it never will. */
export async function killWorker({ program, tap }: ParkedWorker): Promise<void> {
  program.kill("SIGKILL");
  const { signal } = await program.ends();
  await tap.close();
  if (signal !== "SIGKILL") throw new Error(`The worker ended by itself (${signal}):\n${program.output()}`);
}

/** One text on its way to both platforms; its hour comes when `due` says so. */
export type Trial = { postId: string; text: string; deliveries: Record<PlatformName, string> };

/** Writes a post for later, so that whoever works first takes it. */
export async function scheduleTrial(desk: Desk, text: string, replies: string[] = []): Promise<Trial> {
  const { id, results } = await publish(desk, {
    text,
    replies: replies.map((reply) => ({ text: reply })),
    scheduledAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const find = (platform: PlatformName) => {
    const found = results.find((result) => result.platform === platform);
    if (!found) throw new Error(`The post does not go to ${platform}.`);
    return found.deliveryId;
  };
  return { postId: id, text, deliveries: { threads: find("threads"), twitter: find("twitter") } };
}

/** The hour of these deliveries comes, for the sweep and for the queue's own job alike. */
export async function due(desk: Pick<Desk, "sql">, ids: string[]): Promise<void> {
  await desk.sql.query(
    `update deliveries set next_attempt_at = now() - interval '1 second', lease_until = null
      where id = any($1) and state not in ('published', 'failed')`,
    [ids],
  );
  await desk.sql.query(
    `update pgboss.job set start_after = now() where name = 'delivery.advance' and state = 'created' and data->>'deliveryId' = any($1::text[])`,
    [ids],
  );
}

/** The scheduler takes these deliveries as far as they get by themselves within a few seconds: to an end, or to a doubt. */
export async function settleWithin(
  desk: Pick<Desk, "app" | "sql">,
  ids: string[],
  withinMs = 45_000,
): Promise<void> {
  await waitUntil(
    async () => {
      const { rows } = await desk.sql.query<{ id: string; busy: boolean }>(
        `select id, lease_until > now() as busy from deliveries
          where id = any($1) and state in ('scheduled', 'queued', 'sending', 'processing') and failures = 0`,
        [ids],
      );
      if (rows.length === 0) return true;
      await due(
        desk,
        rows.filter(({ busy }) => !busy).map(({ id }) => id),
      );
      await tick(desk);
      return null;
    },
    { withinMs, everyMs: 50, otherwise: "The deliveries did not get to their end." },
  );
}

/** Lets the worker work until all these deliveries stand at the point, then kills it there. */
export async function killAt(worker: ParkedWorker, ids: string[], point: CrashPoint): Promise<void> {
  worker.tap.stopAt({
    moment: point.moment,
    about: (statement, earlier) => {
      const about = point.statement(statement, earlier);
      // What stands there stays there: the queue must not take the same delivery a step further meanwhile.
      const named = about ? ids : worker.tap.reached();
      return named.find((id) => (about ?? statement).params.includes(id)) ?? null;
    },
  });
  await waitUntil(() => (ids.every((id) => worker.tap.reached().includes(id)) ? true : null), {
    withinMs: 45_000,
    everyMs: 5,
    otherwise: "The worker did not come to the point with every delivery.",
  });
  await killWorker(worker);
}

/** Lets the worker work until every platform holds back an answer to one of these operations, then kills it. */
export async function killWhileAsking(
  worker: ParkedWorker,
  desk: Site,
  operations: Readonly<Record<string, string>>,
  kind: Extract<FaultKind["kind"], "hang" | "accept_then_hang">,
): Promise<void> {
  const { sequence } = await desk.sandbox.forgetLog();
  for (const [platform, operation] of Object.entries(operations)) {
    await desk.sandbox.fault({ platform, operation, kind, times: 1 });
  }
  worker.tap.stopAt(null);
  await waitUntil(
    async () => {
      const held = (await desk.sandbox.requests({ since: sequence })).filter(({ fault }) => fault === kind);
      return held.length === Object.keys(operations).length ? true : null;
    },
    {
      withinMs: 45_000,
      everyMs: 10,
      otherwise: `The worker did not ask every platform.\n${worker.program.output()}`,
    },
  );
  await killWorker(worker);
  await desk.sandbox.clearFaults();
}

export type CrashPoint = {
  moment: Point["moment"];
  /** The statement that names the delivery, when this is the point; else null. */
  statement(statement: Statement, earlier: Statement[]): Statement | null;
};

const only = (matches: (statement: Statement) => boolean) => (statement: Statement) =>
  matches(statement) ? statement : null;

const isClaim = ({ sql }: Statement) => sql.startsWith('update "deliveries"') && /case when/.test(sql);
const isFence = ({ sql }: Statement) =>
  sql.startsWith('update "deliveries"') && /"fenced_at" = now\(\)/.test(sql);
const isPublishedSave = ({ sql }: Statement) =>
  sql.startsWith('update "deliveries"') && /"published_at" = \$/.test(sql);
const isStepSave = ({ sql }: Statement) => sql.startsWith('update "deliveries"') && /"resume" = \$/.test(sql);

/** The commit of the transaction in which this was saved. */
const commitOf =
  (isSave: (statement: Statement) => boolean) =>
  ({ sql }: Statement, earlier: Statement[]) =>
    /^commit/i.test(sql) ? (earlier.find(isSave) ?? null) : null;

const isRenewal = ({ sql }: Statement) => /update "grants" set .*"credentials" = \$/.test(sql);

/** The named points between two statements. Those inside a platform's call are `killWhileAsking`. */
export const crashPoints = {
  beforeClaim: { moment: "before", statement: only(isClaim) },
  afterClaim: { moment: "after", statement: only(isClaim) },
  beforeFence: { moment: "before", statement: only(isFence) },
  beforeSend: { moment: "after", statement: only(isFence) },
  afterResponse: { moment: "before", statement: only(isPublishedSave) },
  beforeCommit: { moment: "before", statement: commitOf(isPublishedSave) },
  afterCommit: { moment: "after", statement: commitOf(isPublishedSave) },
  betweenSteps: { moment: "after", statement: commitOf(isStepSave) },
  /** The platform has taken the old token and given a new one, which nobody has written down. */
  beforeRenewalIsSaved: { moment: "before", statement: only(isRenewal) },
  afterRenewalIsSaved: { moment: "after", statement: only(isRenewal) },
} as const satisfies Record<string, CrashPoint>;
