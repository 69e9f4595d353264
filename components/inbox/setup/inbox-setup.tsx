"use client";

import { MessageCircleOff, Plug } from "lucide-react";
import Link from "next/link";
import { Subscription } from "@/components/inbox/setup/subscription-line";
import { PlatformIcon } from "@/components/platform-icon";
import { PageHead } from "@/components/shell";
import { buttonStyle } from "@/components/ui/button-style";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import type { InboxAccountDto } from "@/lib/inbox/schema";

/** Before anything can come in: what is missing, and the way there. */
export const InboxSetup = ({ accounts }: { accounts: InboxAccountDto[] }) => (
  <>
    <PageHead title="Inbox" lead="Messages and comments of your Instagram accounts, answered from here." />
    {accounts.length === 0 ? (
      <EmptyState
        icon={Plug}
        title="No Instagram account is connected"
        actions={
          <Link href="/settings/integrations" className={buttonStyle({ look: "primary" })}>
            Connect Instagram
          </Link>
        }
      >
        Connect one, and allow messages and comments. What people write then appears here.
      </EmptyState>
    ) : (
      <div className="grid gap-6">
        <EmptyState icon={MessageCircleOff} title="Your accounts do not listen yet">
          They are connected, but what people write to them does not come in here.
        </EmptyState>
        <Card>
          <ul className="divide-y divide-line">
            {accounts.map((account) => (
              <li key={account.connectionId} className="grid gap-2 px-5 py-4">
                <p className="flex items-center gap-2.5 font-medium">
                  <PlatformIcon platform={account.platform} />
                  {account.name}
                  {account.handle && (
                    <span className="font-normal text-ink-soft">@{account.handle.replace(/^@/, "")}</span>
                  )}
                </p>
                <Subscription account={account} returnTo="/inbox" />
              </li>
            ))}
          </ul>
        </Card>
      </div>
    )}
  </>
);
