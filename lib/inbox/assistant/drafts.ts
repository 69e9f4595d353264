import "server-only";
import { db } from "@/lib/db";
import { AppError, notFound } from "@/lib/errors";
import type { SignedIn } from "@/lib/session";
import { Answering, type SuggestionDto, type TryAnswer, type TryBody } from "../schema";
import { burstOf } from "./burst";
import { findConversation, getAnswering, recentMessages } from "./context-data";
import {
  dismissDrafts,
  insertDraft,
  payCredit,
  takeTurn,
  told,
  toSuggestion,
  touchConversation,
} from "./data";
import { decide, forDrafts, type Question, type Verdict } from "./decide";
import { countUse } from "./knowledge-data";

/** What the assistant writes because a person here asked for it. Nothing of this is sent. */

/**
 * Writes a draft for a conversation now, in place of the one that waits. Costs a credit when a model wrote it.
 * @throws AppError not_found; nothing_to_answer; no_suggestion, with the reason
 */
export async function suggestNow(user: SignedIn, conversationId: string): Promise<SuggestionDto> {
  const conversation = await findConversation(db(), conversationId, user.id);
  if (!conversation) throw notFound("This conversation");
  if (conversation.kind !== "direct")
    throw new AppError(
      409,
      "direct_only",
      "Drafts are written for direct messages. Write to a comment yourself.",
    );
  const burst = burstOf(await recentMessages(db(), conversationId));
  if (!burst?.words)
    throw new AppError(409, "nothing_to_answer", "There is no message of theirs to write a draft for.");
  const { userId, connectionId, answering } = conversation;
  // A person who asks for a draft decides about its topic themselves.
  const open = { ...forDrafts(answering), stopWords: [], allowTopics: [], denyTopics: [] };
  const question = { userId, connectionId, burst: burst.text, turns: burst.turns, answering: open };
  const row = await paying(user, question, async (verdict, pay) => {
    if (verdict.say !== "reply") throw new AppError(409, "no_suggestion", verdict.reason);
    return db().transaction(async (tx) => {
      await takeTurn(tx, connectionId);
      await touchConversation(tx, userId, conversationId);
      await dismissDrafts(tx, userId, conversationId);
      const credits = await pay(tx);
      return insertDraft(
        tx,
        { userId, connectionId, conversationId, messageId: burst.last.id },
        { ...told(verdict), outcome: "suggested", text: verdict.text, credits, draft: "open" },
      );
    });
  });
  await countUse(db(), userId, [...new Set(row.sources.map(({ id }) => id))].sort());
  return toSuggestion(row);
}

/** Puts the draft that waits away; harmless where none does. @throws AppError not_found */
export async function dismissSuggestion(
  user: SignedIn,
  conversationId: string,
): Promise<{ dismissed: true }> {
  if (!(await findConversation(db(), conversationId, user.id))) throw notFound("This conversation");
  await db().transaction(async (tx) => {
    await touchConversation(tx, user.id, conversationId);
    await dismissDrafts(tx, user.id, conversationId);
  });
  return { dismissed: true };
}

/** What would be said to this question, and why. @throws AppError not_found when the account is not theirs */
export async function tryOut(user: SignedIn, { question: burst, connectionId }: TryBody): Promise<TryAnswer> {
  const answering = connectionId ? await getAnswering(user.id, connectionId) : Answering.parse({});
  const question = { userId: user.id, connectionId: connectionId ?? null, burst, turns: [], answering };
  return paying(user, question, async (verdict, pay) => {
    const { reason, confidence, sources, model } = verdict;
    const why = { reason, confidence, sources, model };
    if (verdict.say === "nothing") return { text: null, why: { ...why, outcome: "dropped" }, credits: 0 };
    if (verdict.say === "person") {
      return { text: answering.handOverText || null, why: { ...why, outcome: "handed_over" }, credits: 0 };
    }
    return { text: verdict.text, why: { ...why, outcome: "answered" }, credits: await db().transaction(pay) };
  });
}

type Pay = (tx: Parameters<typeof payCredit>[0]) => Promise<number>;

/** Decides with a model as long as there are credits, and once more without when the last one went elsewhere meanwhile. */
async function paying<T>(
  user: SignedIn,
  question: Omit<Question, "paid">,
  use: (verdict: Verdict, pay: Pay) => Promise<T>,
): Promise<T> {
  const attempt = async (paid: boolean): Promise<T> => {
    const verdict = await decide({ ...question, paid });
    return use(verdict, async (tx) => {
      if (verdict.model === null) return 0;
      if (!(await payCredit(tx, user.id))) throw new OutOfCredits();
      return 1;
    });
  };
  try {
    return await attempt(user.credits > 0);
  } catch (error) {
    if (error instanceof OutOfCredits) return attempt(false);
    throw error;
  }
}

class OutOfCredits extends Error {
  override readonly name = "OutOfCredits";
}
