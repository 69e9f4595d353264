import "server-only";
import { answerConversation } from "@/lib/inbox/assistant/answer";
import { advance } from "@/lib/posts/advance";
import { tellOutcome } from "@/lib/posts/outcome-notice";
import { tellOperator } from "@/lib/posts/pause-notice";
import type { Jobs } from "./queue";

/** What each job does. Every handler may run twice: each is a no-op the second time. */
export const handlers: { [N in keyof Jobs]: (data: Jobs[N]) => Promise<unknown> } = {
  "delivery.advance": ({ deliveryId }) => advance(deliveryId),
  "post.settled": ({ postId }) => tellOutcome(postId),
  "platform.paused": (pause) => tellOperator(pause),
  "inbox.answer": ({ conversationId }) => answerConversation(conversationId),
};
