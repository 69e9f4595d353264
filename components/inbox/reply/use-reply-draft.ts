"use client";

import { useEffect, useState } from "react";
import { emptyReply, keepReply, type ReplyDraft, readReply } from "@/components/inbox/reply/reply-storage";

/** What is being written in one conversation, kept in this browser from keystroke to keystroke. */
export function useReplyDraft(conversationId: string) {
  const [draft, setDraft] = useState(emptyReply);
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    setDraft(readReply(conversationId).draft);
    setLoaded(true);
  }, [conversationId]);
  useEffect(() => {
    if (loaded) keepReply(conversationId, (kept) => ({ ...kept, draft }));
  }, [conversationId, draft, loaded]);
  return {
    draft,
    loaded,
    change: (change: Partial<ReplyDraft>) => setDraft((before) => ({ ...before, ...change })),
    clear: () => setDraft(({ channel }) => ({ ...emptyReply, channel })),
  };
}
