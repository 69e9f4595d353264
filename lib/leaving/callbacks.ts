import "server-only";
import { createHash } from "node:crypto";
import { customAlphabet } from "nanoid";
import { type Actor, audit } from "@/lib/audit";
import { grantsOfFacebookPerson } from "@/lib/connections/connect/consent";
import { type ConnectionRow, findGrantBySubject, type GrantRow } from "@/lib/connections/data";
import { readEnd } from "@/lib/connections/health/ends";
import { DEAUTHORIZED, endGrant } from "@/lib/connections/leave/end";
import {
  type Consent,
  completeDeletion,
  connectionsOfGrant,
  eraseGrant,
  lockConsents,
  recordDeletion,
} from "@/lib/connections/leave/leaving-data";
import { db, type Tx } from "@/lib/db";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { notify } from "@/lib/notifications/data";
import { tellDeath } from "@/lib/notifications/ended";
import { specs } from "@/lib/platforms/registry";
import { readSignedRequest, type SignedRequest } from "./signed-request";

/** Meta tells us that a person removed our app, or wants deleted what came from there. */

export type MetaApp = keyof typeof apps;

/** Facebook's app serves Instagram through Facebook too; the others are apps of their own, with secrets of their own. */
const apps = {
  meta: { platform: "facebook", secrets: ["facebook"], consentsOf: grantsOfFacebookPerson },
  // Meta's documents say only "app secret"; apps have been seen signed with either of the two, and both are ours.
  instagram: {
    platform: "instagram",
    secrets: ["instagram", "facebook"],
    consentsOf: (id: string) => [{ platform: "instagram", subject: id }],
  },
  threads: {
    platform: "threads",
    secrets: ["threads", "facebook"],
    consentsOf: (id: string) => [{ platform: "threads", subject: id }],
  },
} satisfies Record<string, { platform: string; secrets: string[]; consentsOf(id: string): Consent[] }>;

/** By how much Meta's clock may be behind ours. */
const SKEW_MS = 60_000;

/**
 * The person removed our app at the platform: its grants end, their secrets are destroyed, and they hear of it once.
 * Told again, or of a consent before the one we hold, it changes nothing.
 * @throws AppError 400, 401
 */
export async function deauthorize(app: MetaApp, signedRequest: string): Promise<void> {
  const request = verified(app, signedRequest);
  await forEachGrant(app, request, async (tx, grant, accounts) => {
    if (grant.deadAt && grant.lastErrorCode === DEAUTHORIZED) return;
    const { name } = words(app);
    const whose = accounts.map((account) => account.name).join(", ");
    await endGrant(tx, grant, {
      code: DEAUTHORIZED,
      message: `This app was removed in the settings of ${name}. Connect the account again.`,
    });
    const end = await readEnd(tx, grant.id, new Date());
    if (end?.state === "ended")
      await tellDeath(tx, grant.id, `deauthorized:${grant.id}:${grant.version}`, end);
    await audit(tx, actorOf(app), grant.userId, "grant.deauthorize", grant.id, {
      platform: grant.platform,
      ...(whose && { account: whose }),
    });
  });
}

/**
 * The person asked the platform to have deleted what we hold from there: done at once, and on record without a word of
 * whose it was. The same request again answers with the same code.
 * @returns what Meta wants to hear: where the person can look, and what they look up
 * @throws AppError 400, 401
 */
export async function deleteData(
  app: MetaApp,
  signedRequest: string,
): Promise<{ url: string; confirmation_code: string }> {
  const request = verified(app, signedRequest);
  const { code, state } = await recordDeletion({
    code: newCode(),
    platform: apps[app].platform,
    requestHash: createHash("sha256").update(signedRequest).digest("base64url"),
  });
  if (state === "received") {
    const { name, unnamed } = words(app);
    await forEachGrant(app, request, async (tx, grant) => {
      await eraseGrant(tx, grant, unnamed);
      await notify(tx, grant.userId, {
        incident: `deletion:${code}:${grant.id}`,
        title: `${name} passed on a wish to delete data`,
        body: `We have deleted the account there, its keys, and what ${name} told us. Your own posts keep their words.`,
        href: "/settings/integrations",
      });
      await audit(tx, actorOf(app), grant.userId, "grant.delete_data", grant.id, {
        platform: grant.platform,
      });
    });
    await db().transaction((tx) => completeDeletion(tx, code));
  }
  return { url: `${env().origin}/deletion?id=${code}`, confirmation_code: code };
}

// Meta wants letters and digits. None of these looks like another.
const newCode = customAlphabet("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 20);

function verified(app: MetaApp, text: string): SignedRequest {
  const secrets = apps[app].secrets.flatMap((name) => env().apps[name]?.app?.clientSecret ?? []);
  const request = readSignedRequest(text, secrets);
  if (request === "malformed") throw new AppError(400, "malformed", "This is not a signed request.");
  if (request === "forged") {
    log.warn("callback.forged", { app });
    throw new AppError(401, "bad_signature", "This request was not signed with the secret of this app.");
  }
  return request;
}

/** Each grant of the person's that is meant: one that was given after this was written is another consent. */
async function forEachGrant(
  app: MetaApp,
  { userId, issuedAt }: SignedRequest,
  work: (tx: Tx, grant: GrantRow, accounts: ConnectionRow[]) => Promise<void>,
): Promise<void> {
  const consents = apps[app].consentsOf(userId);
  // Notices may be mailed, and a transaction is no place to wait for the queue to start.
  await queue();
  await db().transaction(async (tx) => {
    await lockConsents(tx, consents);
    for (const { platform, subject } of consents) {
      const grant = await findGrantBySubject(tx, platform, subject);
      if (!grant) continue;
      const accounts = await connectionsOfGrant(tx, grant.id);
      const consentedAt = Math.max(
        grant.createdAt.getTime(),
        ...accounts.map(({ connectedAt }) => connectedAt.getTime()),
      );
      if (issuedAt && issuedAt.getTime() + SKEW_MS < consentedAt) continue;
      await work(tx, grant, accounts);
    }
  });
}

function words(app: MetaApp): { name: string; unnamed: string } {
  const name = specs[apps[app].platform]?.name ?? "Meta";
  return { name, unnamed: `an account at ${name}` };
}

const actorOf = (app: MetaApp): Actor => ({ type: "platform", name: words(app).name });
