"use client";

import { History, Images, Inbox, LayoutDashboard, PenLine, Plug, ScrollText } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { InboxCount } from "@/components/inbox/inbox-count";

const places = [
  { href: "/dashboard", label: "Dashboard", icon: LayoutDashboard },
  { href: "/compose", label: "Compose", icon: PenLine },
  { href: "/posts", label: "Posts", icon: ScrollText },
  { href: "/inbox", label: "Inbox", icon: Inbox },
  { href: "/media", label: "Media", icon: Images },
  { href: "/activity", label: "Activity", icon: History },
  { href: "/settings/integrations", label: "Accounts", icon: Plug },
];

/** Beside the page on a desk, below it on a phone; there, a conversation needs all the room there is. */
export function Nav() {
  const path = usePathname();
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 flex max-md:in-[:has([data-room=conversation])]:hidden border-t border-line bg-surface px-2 pb-[env(safe-area-inset-bottom)] md:static md:grid md:gap-1 md:border-0 md:bg-transparent md:p-0"
    >
      {places.map(({ href, label, icon: Icon }) => {
        const here = path === href || path.startsWith(`${href}/`);
        return (
          <Link
            key={href}
            href={href}
            aria-current={here ? "page" : undefined}
            className="relative flex grow flex-col items-center gap-0.5 rounded-md px-0.5 py-2 text-[0.6875rem] font-medium text-ink-soft hover:bg-sunken hover:text-ink aria-[current]:text-accent md:grow-0 md:flex-row md:gap-3 md:px-3 md:text-sm md:aria-[current]:bg-accent-soft md:aria-[current]:text-accent-strong"
          >
            <Icon aria-hidden className="size-5 md:size-4.5" strokeWidth={1.75} />
            {label}
            {href === "/inbox" && <InboxCount />}
          </Link>
        );
      })}
    </nav>
  );
}
