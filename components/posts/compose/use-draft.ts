"use client";

import { useEffect, useReducer, useState } from "react";
import { type Draft, draftReducer, emptyDraft, isEmptyDraft } from "@/lib/posts/draft";
import { draftSlot, readSaved, readTargets, writeSaved } from "./draft-storage";

type Options = {
  userId: string;
  /** Ids of the accounts that can be chosen. */
  available: string[];
  /** What a platform refused, to be reworked. */
  rework: { deliveryId: string; draft: Draft } | null;
};

/**
 * The draft, kept in this browser from keystroke to keystroke. `kept` is false where the browser keeps nothing; before
 * `loaded`, nothing may be typed.
 */
export function useDraft({ userId, available, rework }: Options) {
  const slot = draftSlot(userId, rework?.deliveryId);
  const [written, dispatch] = useReducer(draftReducer, rework?.draft ?? emptyDraft());
  // An account may be disconnected, here or in another tab, while its post is being written.
  const draft = { ...written, selected: written.selected.filter((id) => available.includes(id)) };
  const [loaded, setLoaded] = useState(false);
  const [kept, setKept] = useState(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: storage is read once, when the page wakes up
  useEffect(() => {
    const saved = readSaved(slot)?.draft;
    if (saved) dispatch({ type: "restored", draft: saved });
    else if (!rework) dispatch({ type: "restored", draft: emptyDraft(firstChoice(userId, available)) });
    setLoaded(true);
  }, []);

  useEffect(() => {
    if (!loaded) return;
    const attempt = readSaved(slot)?.attempt ?? null;
    setKept(writeSaved(slot, { draft: written, attempt }) || isEmptyDraft(written));
  }, [written, loaded, slot]);

  return { draft, dispatch, slot, kept, loaded };
}

/** The accounts used last; with a single account there is nothing to choose. */
function firstChoice(userId: string, available: string[]): string[] {
  const last = readTargets(userId).filter((id) => available.includes(id));
  return last.length === 0 && available.length === 1 ? available : last;
}
