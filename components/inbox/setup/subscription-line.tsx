"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { ConnectButton } from "@/components/connections/connect-button";
import { Ago } from "@/components/inbox/clock";
import { Badge, type Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { tell, warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { backfillAccount, inboxQueries, subscribeAccount } from "@/lib/inbox/queries";
import type { InboxAccountDto } from "@/lib/inbox/schema";

/** Whether an account's messages come in here. Silent for accounts that have none. */
export function SubscriptionLine({ connectionId, returnTo }: { connectionId: string; returnTo: string }) {
  const { data } = useQuery(inboxQueries.accounts());
  const account = data?.accounts.find((one) => one.connectionId === connectionId);
  return account ? <Subscription account={account} returnTo={returnTo} /> : null;
}

const WORDS: Record<InboxAccountDto["subscription"], { label: string; tone: Tone }> = {
  on: { label: "On", tone: "good" },
  off: { label: "Off", tone: "neutral" },
  failed: { label: "Not listening", tone: "bad" },
  not_allowed: { label: "Not allowed", tone: "warn" },
};

/** One account's messages: the state, why, and the way on. */
export function Subscription({ account, returnTo }: { account: InboxAccountDto; returnTo: string }) {
  const { connectionId, platform, name, subscription, subscriptionError, lastEventAt } = account;
  const { label, tone } = WORDS[subscription];
  const subscribe = useMutation({
    mutationFn: () => subscribeAccount(connectionId),
    onError: (error) => warn({ title: "Messages are not turned on", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  const backfill = useMutation({
    mutationFn: () => backfillAccount(connectionId),
    onSuccess: () =>
      tell({
        title: "Earlier messages are being fetched",
        description: "As far back as the platform tells: the latest 20 of each conversation.",
      }),
    onError: (error) => warn({ title: "Earlier messages were not fetched", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm">
      <span className="flex items-center gap-2">
        Messages
        <span className="sr-only"> of {name}</span>
        <Badge tone={tone}>{label}</Badge>
      </span>
      <span className="min-w-0 grow basis-48 text-ink-soft">
        {subscription === "on" &&
          (lastEventAt ? (
            <>
              The last came <Ago at={lastEventAt} sentence />.
            </>
          ) : (
            "Nothing has come in yet."
          ))}
        {subscription === "off" && "What people write to this account does not come in here."}
        {subscription === "failed" && (subscriptionError ?? "The platform refused to send them.")}
        {subscription === "not_allowed" &&
          "You did not allow messages. Connect again, and leave messages and comments ticked."}
      </span>
      {subscription === "on" && (
        <Button size="small" look="quiet" busy={backfill.isPending} onClick={() => backfill.mutate()}>
          Fetch earlier messages<span className="sr-only"> of {name}</span>
        </Button>
      )}
      {(subscription === "off" || subscription === "failed") && (
        <Button size="small" busy={subscribe.isPending} onClick={() => subscribe.mutate()}>
          {subscription === "off" ? "Turn on" : "Try again"}
          <span className="sr-only">: messages of {name}</span>
        </Button>
      )}
      {subscription === "not_allowed" && (
        <ConnectButton request={{ platform, connection: connectionId, returnTo }} style={{ size: "small" }}>
          Allow messages<span className="sr-only"> of {name}</span>
        </ConnectButton>
      )}
    </div>
  );
}
