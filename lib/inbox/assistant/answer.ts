import "server-only";
import { db, type Tx } from "@/lib/db";
import { enqueue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { notify } from "@/lib/notifications/data";
import { actQuietly } from "../send/gestures";
import { ASSISTANT, enqueueReply } from "../send/reply";
import { type Burst, burstOf } from "./burst";
import { type Conversation, findConversation, heardAgo, recentMessages } from "./context-data";
import {
  answersToday,
  type Claim,
  claimAnswer,
  type Decided,
  dismissDrafts,
  giveUpAnswers,
  holdsClaim,
  isFirstAnswer,
  isOvertaken,
  markHandedOver,
  payCredit,
  releaseAnswer,
  settleAnswer,
  stuckAnswers,
  takeTurn,
  told,
  touchConversation,
} from "./data";
import { decide, forDrafts, type Verdict } from "./decide";
import { countUse } from "./knowledge-data";

/**
 * Decides, once for each burst of messages, what becomes of it: an answer, a draft, a person is asked, or nothing. May be
 * called at any time and by several at once. It thinks outside of any transaction, and what it thought counts only if
 * nobody has written meanwhile.
 */
export async function answerConversation(conversationId: string): Promise<void> {
  const conversation = await findConversation(db(), conversationId);
  if (!conversation || !mayThink(conversation)) return;
  const burst = burstOf(await recentMessages(db(), conversationId));
  if (!burst) return;
  const stillWritingMs = await moreMayCome(burst);
  if (stillWritingMs > 0) {
    await db().transaction((tx) =>
      enqueue(tx, "inbox.answer", { conversationId }, { afterMs: stillWritingMs }),
    );
    return;
  }
  const claim = await claimAnswer(db(), {
    userId: conversation.userId,
    connectionId: conversation.connectionId,
    conversationId,
    messageId: burst.last.id,
  });
  if (!claim) return;
  try {
    await settle(claim, conversation, burst);
  } catch (error) {
    await releaseAnswer(claim);
    throw error;
  }
}

/** Comes back to what somebody began to think about and never decided. */
export async function resumeAnswers(): Promise<void> {
  await giveUpAnswers();
  for (const conversationId of await stuckAnswers(50)) await answerConversation(conversationId);
}

/** People write a thought in several messages: for this long after the last one, another may follow. */
const QUIET_MS = 1_500;
/** But nobody is kept waiting longer than this. */
const PATIENCE_MS = 20_000;
const MOST_ATTEMPTS = 3;
const CAPPED = "Today's answers for this account are used up.";
const REFUSED =
  "It may not be answered automatically now: too many answers in a short time, or the time for it is over.";
const WINDOW_MS = 24 * 60 * 60_000;
/** A reply needs time to arrive. */
const WINDOW_MARGIN_MS = 60_000;

/** A draft bothers nobody; speaking to the customer is for when no person does. */
const mayThink = ({ kind, self, standby, mode, paused, handedOver }: Conversation): boolean =>
  kind === "direct" &&
  !self &&
  !standby &&
  (mode === "suggest" || (mode === "auto" && !paused && !handedOver));

async function moreMayCome({ ids }: Burst): Promise<number> {
  const { firstMs, lastMs } = await heardAgo(db(), ids);
  return lastMs < QUIET_MS && firstMs < PATIENCE_MS ? QUIET_MS - lastMs + 50 : 0;
}

async function settle(claim: Claim, conversation: Conversation, burst: Burst): Promise<void> {
  const typing = typingTo(conversation);
  const think = (paid: boolean) => consider(claim, conversation, burst, { paid, writing: typing.show });
  const verdict = await think(conversation.credits > 0);
  let decided = await conclude(claim, conversation, burst, verdict);
  // The last credit went elsewhere while this one was thought about: then in the knowledge's own words.
  if (decided === "unpaid") decided = await conclude(claim, conversation, burst, await think(false));
  if (decided === "unpaid" || decided === null) return;
  if (decided.text === null) typing.hide();
  if (decided.outcome === "answered" || decided.outcome === "suggested") {
    await countUse(db(), conversation.userId, [...new Set(decided.sources.map(({ id }) => id))].sort());
  }
  log.info("assistant.decided", {
    conversationId: conversation.id,
    outcome: decided.outcome,
    byModel: decided.model !== null,
  });
}

async function consider(
  claim: Claim,
  { userId, connectionId, mode, answering }: Conversation,
  burst: Burst,
  asking: { paid: boolean; writing: () => void },
): Promise<Verdict> {
  const nothing = { confidence: null, sources: [], model: null };
  const asksFor = (reason: string): Verdict => ({ ...nothing, say: "person", asked: false, reason });
  if (claim.attempt > MOST_ATTEMPTS) return asksFor("The assistant failed several times.");
  if (burst.last.sentAt.getTime() < Date.now() - WINDOW_MS + WINDOW_MARGIN_MS)
    return { ...nothing, say: "nothing", reason: "The 24 hours in which a program may answer are over." };
  if (!burst.words && burst.media) return asksFor("They sent something that a person must look at.");
  if (!burst.words) return { ...nothing, say: "nothing", reason: "Nothing was said that could be answered." };
  return decide({
    userId,
    connectionId,
    burst: burst.text,
    turns: burst.turns,
    answering: mode === "suggest" ? forDrafts(answering) : answering,
    ...asking,
  });
}

/** What the customer sees while a model writes to them. A message ends it; where none comes, we do. */
function typingTo({ connectionId, mode, peerId }: Conversation) {
  let shown = false;
  const tell = (on: boolean) => {
    shown = on;
    // Nobody waits for it.
    if (peerId !== null) void actQuietly(connectionId, { kind: "typing", peerId, on });
  };
  return {
    show: () => {
      if (mode === "auto") tell(true);
    },
    hide: () => {
      if (shown) tell(false);
    },
  };
}

/** Makes it so, if it still fits. @returns null when another has decided, "unpaid" when no credit was left for it */
async function conclude(
  claim: Claim,
  before: Conversation,
  burst: Burst,
  verdict: Verdict,
): Promise<Decided | "unpaid" | null> {
  return undoable((tx) => concludeIn(tx, claim, before, burst, verdict));
}

async function concludeIn(
  tx: Tx,
  claim: Claim,
  before: Conversation,
  burst: Burst,
  verdict: Verdict,
): Promise<Decided> {
  await takeTurn(tx, before.connectionId);
  // Whoever thought longer than its lease may find that another has answered, in other words.
  if (!(await holdsClaim(tx, claim))) throw new Undone(null);
  const now = await findConversation(tx, before.id);
  const dropped = (reason: string): Decided => ({ ...told(verdict), outcome: "dropped", reason });
  const finish = async (decided: Decided): Promise<Decided> => {
    if (!(await settleAnswer(tx, claim, decided))) throw new Undone(null);
    return decided;
  };
  if (!now || now.mode !== before.mode || !mayThink(now))
    return finish(dropped("The assistant was to keep still by then."));
  if (await isOvertaken(tx, now.id, burst.last.id))
    return finish(dropped("Somebody wrote before it was ready."));
  if (verdict.say === "nothing") return finish(dropped(verdict.reason));
  if (verdict.say === "person") return finish(await handOver(tx, claim, now, burst, verdict));

  if (now.mode === "suggest") {
    // The conversation first, as everyone locks it first.
    await touchConversation(tx, now.userId, now.id);
    await dismissDrafts(tx, now.userId, now.id);
    const credits = await pay(tx, now, verdict);
    return finish({ ...told(verdict), outcome: "suggested", text: verdict.text, credits, draft: "open" });
  }
  if ((await answersToday(tx, now.connectionId)) >= now.answering.dailyCap) {
    const capped = { ...verdict, say: "person" as const, asked: false, reason: CAPPED };
    return finish(await handOver(tx, claim, now, burst, capped));
  }
  const { disclosure } = now.answering;
  const opens = disclosure !== "" && (await isFirstAnswer(tx, now.id));
  const text = opens ? `${disclosure}\n\n${verdict.text}` : verdict.text;
  if (!(await say(tx, claim, now, burst, text))) {
    if (await isOvertaken(tx, now.id, burst.last.id))
      return finish(dropped("Somebody wrote before it was ready."));
    // Such as the brake that keeps two machines from talking to each other for ever.
    const refused = { ...verdict, say: "person" as const, asked: false, reason: REFUSED };
    return finish(await handOver(tx, claim, now, burst, refused));
  }
  await dismissDrafts(tx, now.userId, now.id);
  const credits = await pay(tx, now, verdict);
  return finish({ ...told(verdict), outcome: "answered", text, credits });
}

/** Asks for a person: the notice comes once, and the customer hears of it once, if they are to. */
async function handOver(
  tx: Tx,
  claim: Claim,
  conversation: Conversation,
  burst: Burst,
  verdict: Verdict & { say: "person" },
): Promise<Decided> {
  // Where people write the answers anyway, only who asks for one is news.
  if (conversation.mode === "suggest" && !verdict.asked) return { ...told(verdict), outcome: "dropped" };
  const { handOverText } = conversation.answering;
  const says = conversation.mode === "auto" && handOverText !== "" && !conversation.handedOver;
  const text = says && (await say(tx, claim, conversation, burst, handOverText)) ? handOverText : null;
  if (text === null && (await isOvertaken(tx, conversation.id, burst.last.id)))
    return { ...told(verdict), outcome: "dropped", reason: "Somebody wrote before it was ready." };
  if (await markHandedOver(tx, conversation.id, verdict.reason)) {
    await notify(tx, conversation.userId, {
      incident: `inbox.handover:${claim.id}`,
      title: "A customer waits for you",
      body: `${conversation.peerName ?? "Someone"}: ${verdict.reason}`,
      href: `/inbox/${conversation.id}`,
    });
  }
  return { ...told(verdict), outcome: "handed_over", text };
}

async function say(
  tx: Tx,
  claim: Claim,
  conversation: Conversation,
  burst: Burst,
  text: string,
): Promise<boolean> {
  const message = await enqueueReply(tx, {
    conversationId: conversation.id,
    userId: conversation.userId,
    by: ASSISTANT,
    // The decision's own id: the message can be traced to it, and cannot be there twice.
    wish: claim.id,
    text,
    guard: { notNewerThan: burst.last.id },
  });
  return message !== null;
}

/** One credit for what a model wrote. @throws Undone when there is none: then nothing of this has happened */
async function pay(tx: Tx, { userId }: Conversation, { model }: Verdict): Promise<number> {
  if (model === null) return 0;
  if (!(await payCredit(tx, userId))) throw new Undone("unpaid");
  return 1;
}

/** Takes a transaction back, for a reason that is no failure. */
class Undone extends Error {
  override readonly name = "Undone";
  readonly because: "unpaid" | null;

  constructor(because: "unpaid" | null) {
    super("Undone");
    this.because = because;
  }
}

async function undoable<T>(work: (tx: Tx) => Promise<T>): Promise<T | "unpaid" | null> {
  try {
    return await db().transaction(work);
  } catch (error) {
    if (error instanceof Undone) return error.because;
    throw error;
  }
}
