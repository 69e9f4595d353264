import "server-only";
import { checkQuietly } from "@/lib/connections/check";
import { answerConversation } from "@/lib/inbox/assistant/answer";
import { tellEnded } from "@/lib/notifications/ended";
import { mailNotice } from "@/lib/notifications/mail";
import { advance } from "@/lib/posts/advance";
import { tellOutcome } from "@/lib/posts/outcome-notice";
import { tellOperator } from "@/lib/posts/pause-notice";
import type { Jobs } from "./queue";

/** What each job does. Every handler may run twice: each is a no-op the second time. */
export const handlers: { [N in keyof Jobs]: (data: Jobs[N]) => Promise<unknown> } = {
  "delivery.advance": ({ deliveryId }) => advance(deliveryId),
  "post.settled": ({ postId }) => tellOutcome(postId),
  "platform.paused": (pause) => tellOperator(pause),
  "connection.ended": (death) => tellEnded(death),
  "connection.check": ({ connectionId }) => checkQuietly(connectionId),
  "notice.mail": ({ noticeId }) => mailNotice(noticeId),
  "inbox.answer": ({ conversationId }) => answerConversation(conversationId),
};
