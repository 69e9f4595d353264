"use client";

import { useParams, useSearchParams } from "next/navigation";
import { inboxHref, type Listed, listedIn } from "@/components/inbox/address";

/** Where in the inbox one is. Changing the list asks no page from the server: the list alone fetches what it lacks. */
export function usePlace() {
  const params = useParams<{ id?: string }>();
  const search = useSearchParams();
  const id = params.id ?? null;
  const listed = listedIn(search);
  return {
    id,
    listed,
    about: search.get("about") === "1",
    hrefOf: (conversation: string | null) => inboxHref(conversation, listed),
    list: (change: Partial<Listed>) =>
      window.history.replaceState(null, "", inboxHref(id, { ...listed, ...change })),
    showAbout: () => window.history.pushState(null, "", inboxHref(id, listed, true)),
    hideAbout: () => window.history.replaceState(null, "", inboxHref(id, listed)),
  };
}
