import type { Metadata } from "next";
import type { ReactNode } from "react";
import { InboxFrame } from "@/components/inbox/inbox-frame";
import { env } from "@/lib/env";

export const metadata: Metadata = { title: "Inbox" };

export default function InboxLayout({ children }: { children: ReactNode }) {
  return <InboxFrame sandboxUrl={env().sandboxUrl ?? null}>{children}</InboxFrame>;
}
