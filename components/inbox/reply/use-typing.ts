"use client";

import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { showTyping } from "@/lib/inbox/queries";

/** How long a platform shows it is not documented; twenty seconds are usual. */
const AGAIN_AFTER_MS = 15_000;

/** Lets the customer see that somebody is writing: said now and then, however fast one types. */
export function useTyping(conversationId: string): () => void {
  const saidAt = useRef(Number.NEGATIVE_INFINITY);
  // Where it cannot be shown nothing is lost, and nobody needs to hear of it.
  const { mutate } = useMutation({ mutationFn: showTyping });
  return () => {
    if (Date.now() - saidAt.current < AGAIN_AFTER_MS) return;
    saidAt.current = Date.now();
    mutate(conversationId);
  };
}
