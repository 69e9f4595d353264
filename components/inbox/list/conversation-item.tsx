"use client";

import { AtSign, MessageSquareText } from "lucide-react";
import Link from "next/link";
import { Avatar } from "@/components/inbox/avatar";
import { Ago, useNow } from "@/components/inbox/clock";
import { kindWords, marksOf, peerName, saidBy } from "@/components/inbox/words";
import { Badge } from "@/components/ui/badge";
import type { ConversationDto } from "@/lib/inbox/schema";

type Props = {
  conversation: ConversationDto;
  href: string;
  isOpen: boolean;
  /** Those with one account know which it is. */
  showAccount: boolean;
};

/** One conversation in the list: who, what was said last and by whom, and whether someone waits. */
export function ConversationItem({ conversation, href, isOpen, showAccount }: Props) {
  const { id, peer, kind, snippet, snippetBy, lastMessageAt, unread, accountName } = conversation;
  const marks = marksOf(conversation, useNow());
  const KindIcon = kind === "comment" ? MessageSquareText : kind === "mention" ? AtSign : null;
  return (
    <Link
      href={href}
      // A list of thirty would ask for thirty pages that nobody opened.
      prefetch={false}
      data-conversation={id}
      aria-current={isOpen ? "page" : undefined}
      className="flex gap-3 px-4 py-3 -outline-offset-2 hover:bg-sunken aria-[current]:bg-accent-soft"
    >
      <span className="relative h-fit">
        <Avatar peer={peer} />
        {KindIcon && (
          <span className="absolute -right-1 -bottom-1 grid size-5 place-items-center rounded-full border border-line bg-surface text-ink-soft">
            <KindIcon aria-hidden className="size-3" />
          </span>
        )}
      </span>
      <span className="grid min-w-0 grow grid-cols-[minmax(0,1fr)] content-start gap-0.5">
        <span className="flex items-baseline justify-between gap-2">
          <span className={unread > 0 ? "truncate font-semibold" : "truncate font-medium"}>
            {peerName(peer)}
          </span>
          <span className="text-xs text-ink-soft">
            <Ago at={lastMessageAt} />
          </span>
        </span>
        <span className="flex items-center justify-between gap-2 text-sm">
          <span className={unread > 0 ? "truncate text-ink" : "truncate text-ink-soft"}>
            {saidBy(snippetBy)}
            {snippet ?? `${kindWords[kind].one} without text`}
          </span>
          {unread > 0 && (
            <span className="numbers grid h-5 min-w-5 shrink-0 place-items-center rounded-full bg-accent px-1.5 text-xs text-accent-ink">
              {unread > 99 ? "99+" : unread}
              <span className="sr-only"> unread</span>
            </span>
          )}
        </span>
        {(marks.length > 0 || showAccount) && (
          <span className="mt-1 flex flex-wrap items-center gap-1.5">
            {marks.slice(0, 3).map(({ label, tone }) => (
              <Badge key={label} tone={tone}>
                {label}
              </Badge>
            ))}
            {showAccount && <span className="truncate text-xs text-ink-soft">to {accountName}</span>}
          </span>
        )}
      </span>
    </Link>
  );
}
