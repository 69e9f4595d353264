"use client";

import { useQuery } from "@tanstack/react-query";
import { Subscription } from "@/components/inbox/setup/subscription-line";
import { inboxQueries } from "@/lib/inbox/queries";

/** Accounts whose messages do not come in: said where one would miss them. */
export function NotListening() {
  const { data } = useQuery(inboxQueries.accounts());
  const silent = data?.accounts.filter(({ subscription }) => subscription !== "on") ?? [];
  // Where none listens, the whole page says so.
  if (silent.length === 0 || silent.length === data?.accounts.length) return null;
  return (
    <ul aria-label="Accounts that do not listen" className="grid border-b border-line">
      {silent.map((account) => (
        <li key={account.connectionId} className="bg-warn-soft/50 px-4 py-3">
          <p className="text-sm font-medium">{account.name}</p>
          <Subscription account={account} returnTo="/inbox" />
        </li>
      ))}
    </ul>
  );
}
