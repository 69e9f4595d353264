"use client";

import { useMutation } from "@tanstack/react-query";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { changeConversation, inboxQueries } from "@/lib/inbox/queries";

/** Archives, pauses, hands over: whatever is changed about a conversation is then read back, not assumed. */
export const useChange = () =>
  useMutation({
    mutationFn: changeConversation,
    onError: (error) => warn({ title: "Nothing was changed", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
