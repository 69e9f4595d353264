import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import type { SignedIn } from "@/lib/session";
import type { InboxAccountDto, InboxAccountPatch } from "../schema";
import { saveAnswering } from "./context-data";

/** Says who answers for an account, and how. What the patch leaves out stays as it is. @throws AppError not_found */
export async function changeAccount(
  user: SignedIn,
  connectionId: string,
  patch: InboxAccountPatch,
): Promise<InboxAccountDto> {
  return db().transaction(async (tx) => {
    const account = await saveAnswering(tx, user.id, connectionId, patch);
    await audit(tx, user, user.id, "inbox.answering", connectionId, { mode: account.mode });
    return account;
  });
}
