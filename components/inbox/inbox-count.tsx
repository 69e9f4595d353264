"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLive } from "@/components/inbox/use-live";
import { inboxQueries } from "@/lib/inbox/queries";

/** How many messages are unread, on every page: beside the inbox's name, and before the title of the tab. */
export function InboxCount() {
  const { data: listens = false } = useQuery(inboxQueries.listening());
  const { data: unread = 0 } = useQuery({ ...inboxQueries.unread(), enabled: listens });
  useLive(listens);
  useTitle(unread);
  if (unread === 0) return null;
  return (
    <span className="numbers absolute top-0.5 left-1/2 ml-1.5 grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[0.6875rem] text-accent-ink md:static md:ml-auto md:h-5 md:min-w-5 md:px-1.5 md:text-xs">
      {unread > 99 ? "99+" : unread}
      <span className="sr-only"> unread</span>
    </span>
  );
}

const COUNTED = /^\(\d+\+?\) /;

/** Each page brings its own title; the number goes before it, whichever it is. */
function useTitle(unread: number): void {
  useEffect(() => {
    const write = () => {
      const wanted = `${unread > 0 ? `(${unread}) ` : ""}${document.title.replace(COUNTED, "")}`;
      if (document.title !== wanted) document.title = wanted;
    };
    write();
    const observer = new MutationObserver(write);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [unread]);
}
