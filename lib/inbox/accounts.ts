import "server-only";
import { audit } from "@/lib/audit";
import { withAccess } from "@/lib/connections/access";
import { db } from "@/lib/db";
import { AppError, notFound } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { PlatformError } from "@/lib/platforms/contract";
import { findProvider } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import {
  claimUnsubscribed,
  findAccountById,
  getAccount,
  type InboxAccount,
  listAccounts,
  saveAccount,
} from "./accounts-data";
import { modelName } from "./assistant/model";
import { platformsWithInbox } from "./limits";
import { turn } from "./pace";
import type { InboxAccountDto, InboxAccountsAnswer } from "./schema";

/** Has platforms send us what happens at connected accounts, and says whether they do. */

export async function readInboxAccounts(user: SignedIn): Promise<InboxAccountsAnswer> {
  const model = modelName();
  return {
    accounts: await listAccounts(user.id, platformsWithInbox()),
    model: model === null ? null : { name: model },
    credits: user.credits,
  };
}

/**
 * Subscribes an account to its events and notes how that went; what was missed meanwhile is then fetched.
 * @throws PlatformError when trying again soon may help
 */
export async function subscribeAccount(connectionId: string): Promise<void> {
  const account = await findAccountById(db(), connectionId);
  const inbox = account && findProvider(account.platform, account.way)?.provider.inbox;
  if (!account || !inbox) return;
  const ungranted = inbox.scopes.messages.filter(
    (scope) => account.scopes && !account.scopes.includes(scope),
  );
  if (ungranted.length > 0) {
    await saveAccount(db(), account, {
      subscription: "not_allowed",
      subscriptionError:
        "Messages were not allowed when this account was connected. Connect it again and allow them.",
    });
    return;
  }
  try {
    // Subscribing asks about conversations once, and the history follows at its heels.
    await turn("history", connectionId);
    await withAccess(connectionId, async (provider, access) => provider.inbox?.subscribe(access));
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    await refused(account, error);
    if (error.kind === "unavailable" || error.kind === "slow_down") throw error;
    return;
  }
  await queue();
  await db().transaction(async (tx) => {
    await saveAccount(tx, account, {
      subscription: "on",
      subscribedAt: new Date(),
      subscriptionError: null,
    });
    await enqueue(tx, "inbox.backfill", { connectionId });
  });
  log.info("inbox.subscribed", { connectionId, platform: account.platform });
}

async function refused(account: InboxAccount, error: PlatformError): Promise<void> {
  log.info("inbox.subscribe_failed", {
    connectionId: account.connectionId,
    platform: account.platform,
    kind: error.kind,
    code: error.code,
    error,
  });
  await saveAccount(db(), account, {
    // A refusal for good is one of permission: with this consent it will not be otherwise tomorrow.
    subscription: error.kind === "rejected" ? "not_allowed" : "failed",
    subscriptionError: error.message,
  });
}

/** By its owner's hand. @throws AppError not_found */
export async function subscribeByHand(user: SignedIn, connectionId: string): Promise<InboxAccountDto> {
  const account = await getAccount(user.id, connectionId);
  requireInbox(account);
  try {
    await subscribeAccount(connectionId);
  } catch (error) {
    // How it went is in the answer, whatever it was.
    if (!(error instanceof PlatformError)) throw error;
  }
  await audit(db(), user, user.id, "inbox.subscribe", connectionId, { platform: account.platform });
  const found = (await readInboxAccounts(user)).accounts.find((one) => one.connectionId === connectionId);
  if (!found) throw notFound("This account");
  return found;
}

/** Has what was said before, or meanwhile, fetched. @throws AppError not_found */
export async function backfillByHand(user: SignedIn, connectionId: string): Promise<{ started: true }> {
  requireInbox(await getAccount(user.id, connectionId));
  await queue();
  await db().transaction((tx) => enqueue(tx, "inbox.backfill", { connectionId }));
  return { started: true };
}

function requireInbox({ platform, way }: InboxAccount): void {
  if (findProvider(platform, way)?.provider.inbox) return;
  throw new AppError(409, "no_inbox", "This platform has no messages that Carillon could show.");
}

/** Tries those again, a day after the last time, whose subscription failed. */
export async function resubscribe(): Promise<void> {
  for (const connectionId of await claimUnsubscribed(50)) {
    await subscribeAccount(connectionId).catch((error: unknown) => {
      if (!(error instanceof PlatformError)) throw error;
    });
  }
}
