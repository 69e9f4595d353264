import { z } from "zod";
import { ReplyBody } from "@/lib/inbox/schema";

/**
 * What is being written to someone, and what was sent off without an answer yet: kept in this browser, per conversation, so
 * that neither a reload nor a lost connection takes it away, and sending it once more cannot say it twice.
 */
export const ReplyDraft = z.object({
  text: z.string(),
  media: z.array(z.object({ id: z.string() })),
  quickReplies: z.array(z.string()),
  channel: z.enum(["public", "private"]),
  replyTo: z.string().nullable(),
  suggestionId: z.string().nullable(),
});
export type ReplyDraft = z.infer<typeof ReplyDraft>;

export const emptyReply: ReplyDraft = {
  text: "",
  media: [],
  quickReplies: [],
  channel: "public",
  replyTo: null,
  suggestionId: null,
};

export const isEmptyReply = ({ text, media }: ReplyDraft): boolean =>
  text.trim() === "" && media.length === 0;

const Kept = z.object({ draft: ReplyDraft, unanswered: z.array(ReplyBody) });
export type Kept = z.infer<typeof Kept>;

const slot = (conversationId: string): string => `carillon.reply.${conversationId}`;

export function readReply(conversationId: string): Kept {
  const text = storage()?.getItem(slot(conversationId));
  const nothing = { draft: emptyReply, unanswered: [] };
  if (!text) return nothing;
  try {
    return Kept.parse(JSON.parse(text));
  } catch (error) {
    // Written by an older version, or by hand: of no use to anyone.
    if (error instanceof z.ZodError || error instanceof SyntaxError) return nothing;
    throw error;
  }
}

/** Changes what is kept. Where this browser keeps nothing, nothing is. */
export function keepReply(conversationId: string, change: (before: Kept) => Kept): void {
  const place = storage();
  if (!place) return;
  const kept = change(readReply(conversationId));
  try {
    if (isEmptyReply(kept.draft) && kept.unanswered.length === 0) place.removeItem(slot(conversationId));
    else place.setItem(slot(conversationId), JSON.stringify(kept));
  } catch (error) {
    // Full, or switched off.
    if (!(error instanceof DOMException)) throw error;
  }
}

/** Reading the very property throws where storage is blocked. */
function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
