import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import pLimit from "p-limit";
import { v7 as uuid } from "uuid";
import { type Actor, audit } from "@/lib/audit";
import { db, type Tx } from "@/lib/db";
import { AppError, notFound } from "@/lib/errors";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { connectsBy, findProvider, specOf } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import { withAccess } from "../access";
import { otherGrantsOfConsent } from "../connect/consent";
import {
  type ConnectionRow,
  deleteConnection,
  deleteGrant,
  findConnectionRow,
  findGrant,
  type GrantRow,
  getHeld,
  siblingCount,
} from "../data";
import type { Disconnected } from "../schema";
import { openCredentials } from "../seal";
import { DEAUTHORIZED } from "./end";
import { anyHeld, claimForLeaving, deleteEvents, grantsOf, lockConsents } from "./leaving-data";

/** How long a platform may take over a goodbye. After that the person leaves without it. */
const PATIENCE_MS = 15_000;
/** Longer than the patience: nobody renews what is being handed back. */
const LEASE_MS = PATIENCE_MS + 10_000;
/** How long a renewal under way is waited for: what it brings is what must be handed back. */
const RENEWAL_MS = 10_000;
const GLANCE_MS = 100;

/**
 * Ends a connection: revokes its grant at the platform when nothing else uses it, shreds the credentials, keeps the posts.
 * A platform that cannot revoke, or does not answer, keeps nobody from leaving.
 * @throws AppError not_found; changed_meanwhile when the account is being connected anew at this moment
 */
export async function disconnect(user: SignedIn, id: string): Promise<Disconnected> {
  const { connection, grant } = await getHeld(user.id, id);
  await unsubscribe(connection, grant);
  return leave(user, grant, connection);
}

/** Ends every connection of someone who leaves for good, each consent once. @throws when the database does not answer */
export async function disconnectAll(person: { id: string; name: string }): Promise<void> {
  const actor: Actor = { type: "user", id: person.id, name: person.name };
  const limit = pLimit(4);
  const held = await grantsOf(person.id);
  await Promise.all(
    held.map(({ grant, connections }) =>
      limit(async () => {
        for (const connection of connections) {
          await unsubscribe(connection, grant);
          await leave(actor, grant, connection).catch(unlessGone);
        }
        if (connections.length === 0) await handBack(grant);
      }),
    ),
  );
}

/** Gives back a grant that nothing here uses any more. @returns whether the platform confirmed it */
export async function handBack(grant: GrantRow): Promise<boolean> {
  if (await anyHeld(db(), otherGrantsOfConsent(grant))) return false;
  return revoke(grant);
}

/** While the token still works: afterwards nobody could tell the platform to stop sending us this account's events. */
async function unsubscribe(connection: ConnectionRow, grant: GrantRow): Promise<void> {
  if (grant.deadAt || !findProvider(grant.platform, grant.way)?.provider.inbox) return;
  const done = withAccess(connection.id, async (provider, access) =>
    provider.inbox?.unsubscribe(access),
  ).catch((error: unknown) => {
    if (!(error instanceof PlatformError)) throw error;
    log.warn("connection.unsubscribe_failed", { connectionId: connection.id, error });
  });
  await Promise.race([done, wait(PATIENCE_MS, undefined, { ref: false })]);
}

async function leave(actor: Actor, grant: GrantRow, connection: ConnectionRow): Promise<Disconnected> {
  const owner = uuid();
  const deadline = Date.now() + RENEWAL_MS;
  let begun = await db().transaction((tx) => begin(tx, actor, { grant, connection, owner }));
  while (begun === "busy" && Date.now() < deadline) {
    await wait(GLANCE_MS);
    begun = await db().transaction((tx) => begin(tx, actor, { grant, connection, owner }));
  }
  if (begun !== "busy" && begun.left) return toldOf(connection, grant, begun);
  const current = begun === "busy" ? ((await findGrant(grant.id)) ?? grant) : begun.grant;
  const revoked = await revoke(current);
  await db().transaction((tx) => finish(tx, actor, { grant, connection, revoked }));
  return toldOf(connection, grant, { revoked });
}

type Leaving = { grant: GrantRow; connection: ConnectionRow };
/** What keeps the consent at the platform although the connection is gone. */
type Outcome = { revoked: boolean; siblings?: number; shared?: "own" | "other" };

/** Ends what needs no word to the platform at once; otherwise takes the grant for the time of the goodbye. */
async function begin(
  tx: Tx,
  actor: Actor,
  { grant, connection, owner }: Leaving & { owner: string },
): Promise<"busy" | ({ left: true } & Outcome) | { left: false; grant: GrantRow }> {
  const others = otherGrantsOfConsent(grant);
  await lockConsents(tx, [grant, ...others]);
  if (!(await findConnectionRow(tx, connection.userId, connection.id))) throw notFound("This connection");
  const siblings = await siblingCount(tx, grant.id, connection.id);
  const shared = siblings === 0 ? await anyHeld(tx, others) : null;
  const outcome: Outcome = {
    // The platform itself told us that it is over.
    revoked: grant.lastErrorCode === DEAUTHORIZED && grant.deadAt !== null,
    ...(siblings > 0 && { siblings }),
    ...(shared && { shared: shared.userId === grant.userId ? ("own" as const) : ("other" as const) }),
  };
  if (outcome.revoked || siblings > 0 || shared || !canRevoke(grant)) {
    await finish(tx, actor, { grant, connection, revoked: outcome.revoked });
    return { left: true, ...outcome };
  }
  const claimed = await claimForLeaving(tx, grant.id, owner, LEASE_MS);
  return claimed ? { left: false, grant: claimed } : "busy";
}

async function finish(
  tx: Tx,
  actor: Actor,
  { grant, connection, revoked }: Leaving & { revoked: boolean },
): Promise<void> {
  await lockConsents(tx, [grant, ...otherGrantsOfConsent(grant)]);
  const current = await findConnectionRow(tx, connection.userId, connection.id);
  if (!current) return;
  if (current.version !== connection.version) {
    throw new AppError(
      409,
      "changed_meanwhile",
      "This account was connected anew at the same moment. Look at it again.",
      { remedy: "retry" },
    );
  }
  await deleteEvents(tx, [connection]);
  await deleteConnection(tx, connection.id);
  if ((await siblingCount(tx, grant.id, connection.id)) === 0) await deleteGrant(tx, grant.id);
  await audit(tx, actor, connection.userId, "connection.disconnect", connection.id, {
    platform: connection.platform,
    account: connection.handle ?? connection.name,
    revoked,
  });
}

const revokerOf = (grant: GrantRow) => {
  const connector = findProvider(grant.platform, grant.way)?.provider.connector;
  return connector?.kind === "oauth" ? connector.revoke : undefined;
};

const canRevoke = (grant: GrantRow): boolean => revokerOf(grant) !== undefined;

async function revoke(grant: GrantRow): Promise<boolean> {
  const revoking = revokerOf(grant);
  if (!revoking) return false;
  const confirmed = openCredentials(grant)
    .then(revoking)
    .then(
      () => true,
      (error: unknown) => {
        log.warn("grant.revoke_failed", { grantId: grant.id, platform: grant.platform, error });
        if (!(error instanceof PlatformError)) throw error;
        return false;
      },
    );
  return Promise.race([confirmed, wait(PATIENCE_MS, false, { ref: false })]);
}

function toldOf(
  { platform }: ConnectionRow,
  grant: GrantRow,
  { revoked, siblings, shared }: Outcome,
): Disconnected {
  if (revoked) return { revoked, remains: [] };
  const spec = specOf(platform, grant.way);
  const name = spec?.name ?? platform;
  const byHand = spec?.removal ? [spec.removal] : [];
  if (siblings) {
    return {
      revoked,
      remains: [
        `The permission you gave at ${name} stays, because ${siblings === 1 ? "another account" : `${siblings} other accounts`} of yours came with it. It is withdrawn when you disconnect the last of them.`,
      ],
    };
  }
  if (shared) {
    return {
      revoked,
      remains: [
        shared === "own"
          ? "The permission you gave at Facebook stays, because other accounts of yours here use the same one: withdrawing it would end them too. It is withdrawn when you disconnect them."
          : "The permission given at Facebook stays, because someone else in this Carillon uses the same Facebook log-in: withdrawing it would end their accounts too.",
        `To withdraw it for all of them at once: ${byHand[0] ?? ""}`,
      ],
    };
  }
  if (connectsBy(platform) === "session") {
    return { revoked, remains: ["Carillon has destroyed what you pasted.", ...byHand] };
  }
  return {
    revoked,
    remains: [
      canRevoke(grant)
        ? `${name} has not confirmed that the permission is withdrawn. Carillon has destroyed its keys; to be sure, withdraw it there too.`
        : `${name} lets nobody withdraw the permission from outside. Carillon has destroyed its keys; withdraw it there too.`,
      ...byHand,
    ],
  };
}

/** Somebody else was quicker, or the account is being connected anew: the person's rows go all the same. */
function unlessGone(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  log.info("leaving.skipped", { code: error.code });
}
