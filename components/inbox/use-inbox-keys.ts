"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { SEARCH_ID } from "@/components/inbox/list/list-filters";
import { useArchive } from "@/components/inbox/list/use-archive";
import { REPLY_ID } from "@/components/inbox/reply/reply-box";
import { usePlace } from "@/components/inbox/use-place";
import { useSingleKeys } from "@/components/use-single-keys";
import { inboxQueries } from "@/lib/inbox/queries";

/** The inbox without a mouse. The conversation that has the focus is meant, else the one that is open. */
export function useInboxKeys(): void {
  const router = useRouter();
  const client = useQueryClient();
  const archive = useArchive();
  const place = usePlace();

  useSingleKeys((event) => {
    const claim = (work: () => void) => {
      event.preventDefault();
      work();
    };
    switch (event.key) {
      case "j":
        return claim(() => step(1));
      case "k":
        return claim(() => step(-1));
      case "o":
        return claim(() => focused()?.click());
      case "r":
        return claim(() => document.getElementById(REPLY_ID)?.focus());
      case "e":
        return claim(archiveIt);
      case "u":
        return claim(() => place.list({ filter: place.listed.filter === "unread" ? "open" : "unread" }));
      case "/":
        return claim(() => document.getElementById(SEARCH_ID)?.focus());
      case "Escape":
        if (place.about) return claim(place.hideAbout);
        if (place.id) return claim(() => router.push(place.hrefOf(null)));
    }
  });

  const step = (by: 1 | -1) => {
    const links = rows();
    const at = links.findIndex((link) => link === document.activeElement || link === current(links));
    const next = links[at === -1 ? (by === 1 ? 0 : links.length - 1) : at + by];
    if (!next) return;
    // On a phone the list is out of sight while a conversation is open.
    if (next.offsetParent === null) router.push(next.pathname + next.search);
    else next.focus();
  };

  const archiveIt = () => {
    const id = focused()?.dataset["conversation"] ?? place.id;
    const listed = client.getQueryData(inboxQueries.list(place.listed).queryKey);
    const found =
      listed?.pages.flatMap(({ conversations }) => conversations).find((one) => one.id === id) ??
      (id && client.getQueryData(inboxQueries.thread(id).queryKey)?.pages[0]?.conversation);
    if (found) archive.toggle(found);
  };
}

const rows = (): HTMLAnchorElement[] => [
  ...document.querySelectorAll<HTMLAnchorElement>("a[data-conversation]"),
];

/** The open one counts only while none has the focus. */
const current = (links: HTMLAnchorElement[]): HTMLAnchorElement | undefined =>
  focused() ? undefined : links.find((link) => link.ariaCurrent === "page");

const focused = (): HTMLAnchorElement | null =>
  document.activeElement?.closest<HTMLAnchorElement>("a[data-conversation]") ?? null;
