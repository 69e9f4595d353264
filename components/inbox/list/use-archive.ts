"use client";

import { useChange } from "@/components/inbox/use-change";
import { peerName } from "@/components/inbox/words";
import { tell } from "@/components/ui/toast";
import type { ConversationDto } from "@/lib/inbox/schema";

/** Puts a conversation away, or back; and undoes it. */
export function useArchive() {
  const { mutate, isPending } = useChange();
  const set = (conversation: ConversationDto, archived: boolean) =>
    mutate(
      { id: conversation.id, archived },
      {
        onSuccess: () =>
          tell({
            title: archived
              ? `${peerName(conversation.peer)} is archived`
              : `${peerName(conversation.peer)} is back in the inbox`,
            ...(archived && { undo: () => set(conversation, false) }),
          }),
      },
    );
  return {
    isPending,
    toggle: (conversation: ConversationDto) => set(conversation, !conversation.archived),
  };
}
