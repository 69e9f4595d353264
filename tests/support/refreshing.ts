import { Pool } from "pg";
import { v7 as uuid } from "uuid";
import { users } from "@/drizzle/schema/auth";
import { grants } from "@/drizzle/schema/connections";
import { findHeld, insertConnection, insertGrant } from "@/lib/connections/data";
import { canRenew } from "@/lib/connections/health/health";
import { dueAt } from "@/lib/connections/refresh/times";
import { openCredentials, sealCredentials } from "@/lib/connections/seal";
import { database, db } from "@/lib/db";
import { handlers } from "@/lib/jobs/handlers";
import { queue, stopQueue } from "@/lib/jobs/queue";
import type { Credentials, Identity, OAuthConnector, Provider } from "@/lib/platforms/contract";
import { challengeOf, createVerifier } from "@/lib/platforms/oauth";
import { findProvider } from "@/lib/platforms/registry";
import { mediaDirectory } from "./app";
import type { TestDatabase } from "./databases";
import { runProgram } from "./program";
import { type RunningSandbox, startSandbox } from "./sandbox";
import { testSecrets } from "./secrets";
import { openTap, type Tap } from "./tap";

/** A house in this process, without its front door: a real database, a real sandbox, and grants that a person really gave there. */

const appOrigin = "http://127.0.0.1:3000";

export type Keep = {
  sandbox: RunningSandbox;
  sql: Pool;
  databaseUrl: string;
  userId: string;
  /** The consent, the exchange of its code, and what is kept of them. Anew, when there was one before. @returns ids of the grant and its first connection */
  connect(platform: string, person?: string): Promise<Kept>;
  /** The row as it is now. */
  grant(id: string): Promise<GrantFacts>;
  statusOf(connectionId: string): Promise<string>;
  /** The access token is over, at the platform and by our own books. */
  runOut(kept: Kept): Promise<void>;
  /** Its hour has come. */
  makeDue(kept: Kept): Promise<void>;
  /** Renewals that the platform has seen since. */
  asked(platform: string, since: number): Promise<number>;
  /** Whether the platform takes the token we hold, asked without any renewal. */
  works(kept: Kept): Promise<boolean>;
  /** Works off what was enqueued, as the worker would. */
  workJobs(): Promise<void>;
  stop(): Promise<void>;
};

export type Kept = { platform: string; grantId: string; connectionId: string };

export type GrantFacts = {
  version: number;
  asked: number;
  failures: number;
  refusals: number;
  dead: boolean;
  code: string | null;
  message: string | null;
  /** Milliseconds from now, by the database's clock; null where there is none. */
  dueInMs: number | null;
  retryInMs: number | null;
  leased: boolean;
};

/** Takes the database over, and this process's environment with it: one keep for a test file. */
export async function openKeep(
  database_: TestDatabase,
  options: { sandboxUrl?: string; env?: Record<string, string> } = {},
): Promise<Keep> {
  const sandbox = await startSandbox({ appOrigin });
  Object.assign(process.env, {
    DATABASE_URL: database_.url,
    PLATFORM_SANDBOX_URL: options.sandboxUrl ?? sandbox.url,
    ...options.env,
  });
  const sql = new Pool({ connectionString: database_.url, max: 4 });
  const userId = uuid();
  await db()
    .insert(users)
    .values({ id: userId, name: "Ada Bell", email: `${userId}@people.test` });
  await queue();

  const grant = async (id: string): Promise<GrantFacts> => {
    const { rows } = await sql.query<GrantFacts>(
      `select version, asked, failures, refusals, dead_at is not null as dead, last_error_code as code,
              last_error_message as message, coalesce(lease_until > now(), false) as leased,
              (extract(epoch from refresh_due_at - now()) * 1000)::float8 as "dueInMs",
              (extract(epoch from retry_at - now()) * 1000)::float8 as "retryInMs"
         from grants where id = $1`,
      [id],
    );
    const [row] = rows;
    if (!row) throw new Error("There is no such grant.");
    return row;
  };

  return {
    sandbox,
    sql,
    databaseUrl: database_.url,
    userId,
    grant,
    connect: async (platform, person) => {
      const { provider, connector } = oauthOf(platform);
      const codeVerifier = createVerifier();
      const redirectUri = `${appOrigin}/api/oauth/${platform}/callback`;
      const authorizeUrl = connector.authorizeUrl({
        state: "s".repeat(43),
        redirectUri,
        codeChallenge: await challengeOf(codeVerifier),
      });
      const back = await sandbox.consent({ authorizeUrl: authorizeUrl.href, ...(person && { person }) });
      const code = back.searchParams.get("code") ?? "";
      const credentials = await connector.exchange({ code, redirectUri, codeVerifier });
      const { subject, identities } = await provider.identify(credentials);
      await sql.query("delete from grants where platform = $1 and subject = $2", [platform, subject]);
      return keep(userId, { platform, subject, credentials, identity: identities[0] });
    },
    statusOf: async (connectionId) => (await findHeld(connectionId))?.connection.status ?? "gone",
    runOut: async ({ platform, grantId }) => {
      await sandbox.expire({ platform, kind: "access" });
      await sql.query("update grants set access_expires_at = now() - interval '1 second' where id = $1", [
        grantId,
      ]);
    },
    makeDue: async ({ grantId }) => {
      await sql.query(
        `update grants set refresh_due_at = now() - interval '1 second', retry_at = null,
                created_at = created_at - interval '25 hours', refreshed_at = refreshed_at - interval '25 hours'
          where id = $1`,
        [grantId],
      );
    },
    asked: async (platform, since) =>
      (await sandbox.requests({ platform, operation: "refresh", since })).length,
    works: async ({ platform, connectionId }) => {
      const held = await findHeld(connectionId);
      const { provider } = oauthOf(platform);
      if (!held || !provider.check) throw new Error("It cannot be asked.");
      const { accessToken } = await openCredentials(held.grant, held.connection);
      const { remoteId, metadata } = held.connection;
      return provider.check({ accessToken, remoteId, metadata }).then(
        () => true,
        () => false,
      );
    },
    workJobs: async () => {
      const boss = await queue();
      for (const job of await boss.fetch<{ grantId: string; incident: string }>("connection.ended", {
        batchSize: 100,
      })) {
        await handlers["connection.ended"](job.data);
        await boss.complete("connection.ended", job.id);
      }
    },
    stop: async () => {
      await stopQueue();
      await database().close();
      await sql.end();
      await sandbox.stop();
      await database_.drop();
    },
  };
}

/** Keeps a grant as the callback would. */
export async function keep(
  userId: string,
  given: { platform: string; subject: string; credentials: Credentials; identity: Identity | undefined },
): Promise<Kept> {
  const { platform, subject, credentials, identity } = given;
  if (!identity) throw new Error("Nobody was identified.");
  const { connector } = oauthOf(platform);
  const grantId = uuid();
  const connectionId = uuid();
  const row = { id: grantId, userId, platform, version: 1 };
  await db().transaction(async (tx) => {
    await insertGrant(tx, {
      ...row,
      subject,
      way: platform === "instagram" ? "instagram" : null,
      ...sealCredentials({ table: "grants", ...row }, credentials),
      scopes: credentials.scopes ?? null,
      accessExpiresAt: credentials.accessExpiresAt ?? null,
      refreshExpiresAt: credentials.refreshExpiresAt ?? null,
      renewable: canRenew(connector, credentials),
      refreshDueAt: dueAt(connector, credentials),
      refreshedAt: new Date(),
    });
    const { remoteId, name, handle, metadata } = identity;
    await insertConnection(tx, {
      id: connectionId,
      userId,
      grantId,
      platform,
      remoteId,
      name,
      handle,
      metadata,
    });
  });
  return { platform, grantId, connectionId };
}

/** Thousands of grants that were never given at any platform, all due: for counting calls. */
export async function keepMany(userId: string, platform: string, count: number): Promise<void> {
  const { connector } = oauthOf(platform);
  const old = new Date(Date.now() - 3 * 86_400_000);
  for (let from = 0; from < count; from += 500) {
    const rows = Array.from({ length: Math.min(500, count - from) }, () => {
      const row = { id: uuid(), userId, platform, version: 1 };
      const credentials: Credentials = {
        accessToken: `access_${row.id}`,
        accessExpiresAt: new Date(Date.now() + 40 * 86_400_000),
        ...(connector.refreshPolicy.by === "refresh_token" && { refreshToken: `refresh_${row.id}` }),
      };
      return {
        ...row,
        subject: row.id,
        way: platform === "instagram" ? "instagram" : null,
        ...sealCredentials({ table: "grants", ...row }, credentials),
        accessExpiresAt: credentials.accessExpiresAt ?? null,
        renewable: true,
        refreshDueAt: new Date(Date.now() - 1_000),
        refreshedAt: old,
        createdAt: old,
      };
    });
    await db().insert(grants).values(rows);
  }
}

function oauthOf(platform: string): { provider: Provider; connector: OAuthConnector } {
  const provider = findProvider(platform)?.provider;
  if (provider?.connector.kind !== "oauth") throw new Error(`${platform} is not connected by consent.`);
  return { provider, connector: provider.connector };
}

/** Another process of ours that borrows tokens and runs the schedule when it is told to. */
export type Other = {
  tap: Tap;
  pid: number;
  output(): string;
  /** So many callers at once want this connection's token. @returns what each got: a digest of the token, or an error's code */
  borrow(connectionId: string, callers: number): Promise<string[]>;
  /** One run of the schedule. */
  run(budgetMs: number): Promise<Record<string, number | boolean>>;
  kill(signal: NodeJS.Signals): void;
  ends(): Promise<unknown>;
  stop(): Promise<void>;
};

/** Starts one behind a tap, so that a test may halt it at any statement. */
export async function startOther(keep_: Keep, env: Record<string, string> = {}): Promise<Other> {
  const tap = await openTap(keep_.databaseUrl);
  const program = await runProgram("tests/support/refresh-program.ts", [], {
    ...testSecrets,
    DATABASE_URL: tap.url,
    BETTER_AUTH_URL: appOrigin,
    PLATFORM_SANDBOX_URL: keep_.sandbox.url,
    MEDIA_DIR: mediaDirectory,
    LOG_LEVEL: "silent",
    ...env,
  });
  const [, port] = await program.says(/ready on (\d+)/, 60_000);
  const tell = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    // safe: both ends are ours, a few lines apart
    return (await response.json()) as T;
  };
  return {
    tap,
    pid: program.pid,
    output: program.output,
    borrow: (connectionId, callers) => tell(`/borrow/${connectionId}/${callers}`),
    run: (budgetMs) => tell(`/run/${budgetMs}`),
    kill: program.kill,
    ends: () => program.ends(),
    stop: async () => {
      program.kill("SIGKILL");
      await program.ends();
      await tap.close();
    },
  };
}
