import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import type { SignedIn } from "@/lib/session";
import { summarize } from "../receive/received-data";
import type { MessageState } from "../schema";
import { getMessage, lockRoom, nextInLine, resumeLaterParts, settleMessage } from "./messages-data";

type Decision = "sent" | "resend" | "dismiss";

/** From which states a person may decide so. */
const from: Record<Decision, MessageState[]> = {
  sent: ["uncertain"],
  resend: ["failed", "uncertain", "cancelled"],
  dismiss: ["failed", "uncertain"],
};

/** A person decides about a message that failed or may be out. @throws AppError 409 when there is nothing to decide (any more) */
export async function settle(user: SignedIn, id: string, as: Decision): Promise<void> {
  await queue();
  await db().transaction(async (tx) => {
    const { conversationId } = await getMessage(tx, user.id, id);
    await lockRoom(tx, user.id, conversationId);
    const row = await settleMessage(tx, user.id, id, from[as], {
      state: as === "sent" ? "sent" : as === "resend" ? "queued" : "cancelled",
      nextInMs: as === "resend" ? 0 : null,
      failures: 0,
      fencedAt: null,
      errorKind: null,
      errorCode: null,
      errorMessage: null,
    });
    if (!row || row.author === "them") {
      throw new AppError(409, "settled", "There is nothing left to decide about this message.");
    }
    if (as === "dismiss") await resumeLaterParts(tx, row, "cancelled");
    else {
      await resumeLaterParts(tx, row, "queued");
      const next = await nextInLine(tx, conversationId);
      if (next !== null) await enqueue(tx, "inbox.send", { messageId: next });
    }
    await audit(tx, user, user.id, "message.settle", id, { as });
    await summarize(tx, [conversationId]);
  });
}
