import "server-only";
import { v7 as uuid } from "uuid";
import { audit } from "@/lib/audit";
import { db, type Tx } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import {
  type Credentials,
  type Identity,
  PlatformError,
  type SessionConnector,
} from "@/lib/platforms/contract";
import { findProvider, specs } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import { secretsEqual } from "@/lib/vault/compare";
import * as data from "../data";
import { clearNotices } from "../health/notices-data";
import type { ConnectionDto } from "../schema";
import { openCredentials, sealCredentials } from "../seal";
import { type ConnectSession, type SessionFacts, sessionFacts } from "./session-schema";

/**
 * Keeps a pasted session of the person's own account, and has it checked at once when they ask for that.
 * @throws AppError naming the field that is wrong, or why this account cannot be theirs here
 */
export async function connectSession(user: SignedIn, input: ConnectSession): Promise<ConnectionDto> {
  const { platform, fields, rules = null, connection: renewing } = input;
  const { connector, identify } = pastable(platform);
  const accepted = connector.accept(fields, rules);
  if ("problems" in accepted) {
    throw wrongFields(
      accepted.problems.map(({ field, message }) => ({
        path: field === "rules" ? field : `fields.${field}`,
        message,
      })),
    );
  }
  const { credentials } = accepted;
  const { subject, identities } = await identify(credentials);
  const [account] = identities;
  if (!account) throw new Error(`${platform} named no account.`);

  if (renewing) {
    const { connection } = await data.getHeld(user.id, renewing);
    if (connection.platform !== platform || connection.remoteId !== account.remoteId) {
      throw wrongFields([
        { path: "fields.auth_id", message: "This is another account than the one to reconnect." },
      ]);
    }
  }
  const seen = await db().transaction((tx) => data.findGrantBySubject(tx, platform, subject));
  refuseOthers(user, platform, seen);
  // A session that was refused may end the person's others too when it is shown again.
  const refused = seen?.deadAt ? (await opened(seen))?.accessToken : undefined;
  if (refused !== undefined && secretsEqual(refused, credentials.accessToken)) {
    throw new AppError(
      409,
      "refused_before",
      `${specs[platform]?.name} has refused exactly these values. Sign in there again, then paste the new ones.`,
      { remedy: "reconnect" },
    );
  }
  const id = await db().transaction((tx) =>
    save(tx, user, platform, { subject, account, credentials, seen }),
  );
  if (input.check) await checkSession(user, id, rules);
  return data.getConnection(user.id, id);
}

/**
 * Asks the platform whether a pasted session is good: once per paste, by its owner's hand only.
 * @param rules a file brought for this check; null: the operator's
 * @throws AppError when it was asked before, or has refused the session
 */
export async function checkSession(user: SignedIn, id: string, rules: string | null): Promise<ConnectionDto> {
  const { connection, grant } = await data.getHeld(user.id, id);
  const { connector } = pastable(connection.platform);
  if (grant.deadAt || sessionFacts(connection)?.askedAt) throw askedBefore(connection.platform);

  const outcome = await openCredentials(grant)
    .then((credentials) =>
      connector.check(credentials, {
        rules,
        sending: () => claimTheOneCheck(user, connection, grant.subject),
      }),
    )
    .catch((error: unknown) => {
      if (error instanceof PlatformError) return error;
      throw error;
    });
  const failed = outcome instanceof PlatformError;
  const ended = failed && outcome.kind === "reconnect";
  await db().transaction(async (tx) => {
    const current = await same(tx, user, connection, grant.subject);
    // Pasted anew meanwhile: this answer is about the values before.
    if (!current) return;
    const facts: SessionFacts = { ...NEVER_ASKED, ...sessionFacts(current) };
    await data.updateConnection(tx, id, {
      ...(ended && { status: "reconnect" }),
      ...(!failed && {
        status: "active",
        name: outcome.name,
        handle: outcome.handle,
        avatarUrl: outcome.avatarUrl,
        profileUrl: outcome.profileUrl,
      }),
      metadata: { ...facts, ...(!failed && { checked: true, checkedAt: new Date().toISOString() }) },
    });
    await data.updateGrant(tx, grant.id, {
      lastErrorCode: failed ? outcome.code : null,
      lastErrorMessage: failed ? outcome.message : null,
      ...(ended && { deadAt: new Date() }),
    });
    await audit(tx, user, user.id, "connection.check", id, {
      platform: connection.platform,
      good: !failed,
      ...(failed && { reason: outcome.code }),
    });
  });
  if (failed) {
    log.info("session.unchecked", {
      connectionId: id,
      platform: connection.platform,
      code: outcome.code,
      ended,
      error: outcome,
    });
  }
  return data.getConnection(user.id, id);
}

const NEVER_ASKED: SessionFacts = { checked: false, checkedAt: null, askedAt: null };

async function save(
  tx: Tx,
  user: SignedIn,
  platform: string,
  given: { subject: string; account: Identity; credentials: Credentials; seen: data.GrantRow | null },
): Promise<string> {
  const { subject, account, credentials, seen } = given;
  await data.lockSubject(tx, platform, subject);
  const held = await data.findGrantBySubject(tx, platform, subject);
  const [existing] = await data.findByRemoteIds(tx, platform, [account.remoteId]);
  refuseOthers(user, platform, held);
  refuseOthers(user, platform, existing ?? null);
  if (held?.version !== seen?.version) {
    throw new AppError(409, "changed_meanwhile", "This account was changed at the same moment. Try again.", {
      remedy: "retry",
    });
  }

  const grantId = held?.id ?? uuid();
  const version = (held?.version ?? 0) + 1;
  const grant = {
    ...sealCredentials({ table: "grants", id: grantId, userId: user.id, platform, version }, credentials),
    version,
    refreshedAt: null,
    failures: 0,
    lastErrorCode: null,
    lastErrorMessage: null,
    deadAt: null,
  };
  if (held) {
    await data.updateGrant(tx, grantId, grant);
    await clearNotices(tx, grantId);
  } else await data.insertGrant(tx, { id: grantId, userId: user.id, platform, subject, ...grant });

  const id = existing?.id ?? uuid();
  const connection = {
    grantId,
    status: "active",
    version: (existing?.version ?? 0) + 1,
    metadata: NEVER_ASKED,
    connectedAt: new Date(),
  };
  // A name that a check once brought is still the account's name.
  if (existing) await data.updateConnection(tx, id, connection);
  else {
    const { remoteId, name, handle, avatarUrl, profileUrl } = account;
    const shown = { remoteId, name, handle, avatarUrl, profileUrl };
    await data.insertConnection(tx, { id, userId: user.id, platform, ...shown, ...connection });
  }
  await audit(tx, user, user.id, existing ? "connection.reconnect" : "connection.connect", id, {
    platform,
    account: existing?.handle ?? existing?.name ?? account.name,
    limited: false,
  });
  return id;
}

/** Takes the one request there may be. Of two who ask at the same moment one gets it. */
async function claimTheOneCheck(
  user: SignedIn,
  connection: data.ConnectionRow,
  subject: string,
): Promise<void> {
  await db().transaction(async (tx) => {
    const current = await same(tx, user, connection, subject);
    if (!current || sessionFacts(current)?.askedAt) throw askedBefore(connection.platform);
    const asked: SessionFacts = { ...NEVER_ASKED, askedAt: new Date().toISOString() };
    await data.updateConnection(tx, connection.id, { metadata: asked });
  });
}

/** The connection as it is now, locked; null when it is gone or was pasted anew. */
async function same(
  tx: Tx,
  user: SignedIn,
  seen: data.ConnectionRow,
  subject: string,
): Promise<data.ConnectionRow | null> {
  await data.lockSubject(tx, seen.platform, subject);
  const current = await data.findConnectionRow(tx, user.id, seen.id);
  return current?.version === seen.version ? current : null;
}

/** null where they do not open any more: then nothing can be compared. */
async function opened(grant: data.GrantRow): Promise<Credentials | null> {
  return openCredentials(grant).catch((error: unknown) => {
    if (error instanceof PlatformError) return null;
    throw error;
  });
}

function pastable(platform: string) {
  const found = findProvider(platform);
  if (!found) throw new AppError(404, "unknown_platform", "There is no such platform here.");
  const { connector, identify, spec } = found.provider;
  if (connector.kind !== "session") {
    throw new AppError(409, "not_session", `${spec.name} is connected on its own page of consent.`);
  }
  return { connector: connector satisfies SessionConnector, identify };
}

function refuseOthers(user: SignedIn, platform: string, row: { userId: string } | null): void {
  if (!row || row.userId === user.id) return;
  throw new AppError(
    409,
    "owned_by_other",
    `Another person in this Carillon has already connected this ${specs[platform]?.name} account. They have to disconnect it first.`,
  );
}

const askedBefore = (platform: string) =>
  new AppError(
    409,
    "asked_before",
    `${specs[platform]?.name} is asked about a session only once. Reconnect the account to have it checked again.`,
    { remedy: "reconnect" },
  );

const wrongFields = (issues: { path: string; message: string }[]) =>
  new AppError(422, "invalid_session", issues[0]?.message ?? "These values are not a session.", {
    remedy: "edit",
    details: { issues },
  });
