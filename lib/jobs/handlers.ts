import "server-only";
import { checkQuietly } from "@/lib/connections/health/check";
import { subscribeAccount } from "@/lib/inbox/accounts";
import { answerConversation } from "@/lib/inbox/assistant/answer";
import { keepAttachments } from "@/lib/inbox/receive/attachments";
import { backfill } from "@/lib/inbox/receive/backfill";
import { lookUpProfile } from "@/lib/inbox/receive/profile";
import { advanceMessage } from "@/lib/inbox/send/send";
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
  "inbox.send": ({ messageId }) => advanceMessage(messageId),
  "inbox.answer": ({ conversationId }) => answerConversation(conversationId),
  "inbox.attachment": ({ messageId }) => keepAttachments(messageId),
  "inbox.profile": ({ conversationId }) => lookUpProfile(conversationId),
  "inbox.subscribe": ({ connectionId }) => subscribeAccount(connectionId),
  "inbox.backfill": ({ connectionId, cursor = null, since = null, pages = 0 }) =>
    backfill(connectionId, { cursor, since, pages }),
};
