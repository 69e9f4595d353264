"use client";

import { clsx } from "clsx";
import { useEffect, useRef } from "react";
import { ConnectButton } from "@/components/connections/connect-button";
import { ConnectionFacts } from "@/components/connections/connection-facts";
import { SessionLink } from "@/components/connections/session-link";
import { accountLabel, needsAttention, permissionWords, statusOf } from "@/components/connections/status";
import { useRefresh, useTest } from "@/components/connections/use-upkeep";
import { SubscriptionLine } from "@/components/inbox/setup/subscription-line";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ExternalLink } from "@/components/ui/external-link";
import { Time, useAwake } from "@/components/ui/time";
import { sessionFacts } from "@/lib/connections/connect/session-schema";
import type { ConnectionDto } from "@/lib/connections/schema";

type Props = {
  connection: ConnectionDto;
  platformName: string;
  canConnect: boolean;
  /** Someone came here to renew this one. */
  isWanted: boolean;
  onDisconnect: () => void;
};

/** One account: how it is, what it may do, and what can be done about it. */
export function ConnectionRow({ connection, platformName, canConnect, isWanted, onDisconnect }: Props) {
  const label = accountLabel(connection);
  const status = statusOf(connection);
  const session = sessionFacts(connection);
  // A pasted session is asked about once at most.
  const canTest = !session || (!session.askedAt && connection.status !== "reconnect");
  const look = needsAttention(connection) || isWanted ? "primary" : "plain";
  const test = useTest(platformName);
  const refresh = useRefresh();
  const reconnect = useFocusWhen<HTMLButtonElement & HTMLAnchorElement>(isWanted);
  return (
    <li className={clsx("grid gap-3 px-5 py-4", isWanted && "bg-accent-soft last:rounded-b-xl")}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 font-medium break-words">
          {connection.name}
          {connection.handle && (
            <span className="font-normal text-ink-soft"> @{connection.handle.replace(/^@/, "")}</span>
          )}
        </span>
        <Badge tone={status.tone}>{status.label}</Badge>
        {connection.profileUrl && (
          <span className="text-sm">
            <ExternalLink href={connection.profileUrl}>Profile</ExternalLink>
          </span>
        )}
      </div>
      <div className="grid gap-1 text-sm text-ink-soft">
        {status.means && <p className="text-ink">{status.means}</p>}
        {connection.missing.length > 0 && (
          <p className="text-ink">
            Not allowed: {connection.missing.map(permissionWords).join(", ")}. Reconnect and leave these
            ticked.
          </p>
        )}
        {connection.lastError &&
          (session && connection.status !== "reconnect" ? (
            <p className="text-ink">Not checked: {connection.lastError.message} It is kept as it is.</p>
          ) : (
            <p className="text-bad">Last problem: {connection.lastError.message}</p>
          ))}
        <p>
          Connected on <Time at={connection.connectedAt} detail="day" />. <Lifetime connection={connection} />
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {canConnect &&
          (session ? (
            <SessionLink ref={reconnect} connection={connection.id} style={{ size: "small", look }}>
              Reconnect<span className="sr-only"> {label}</span>
            </SessionLink>
          ) : (
            <ConnectButton
              ref={reconnect}
              request={{ platform: connection.platform, connection: connection.id }}
              style={{ size: "small", look }}
            >
              Reconnect<span className="sr-only"> {label}</span>
            </ConnectButton>
          ))}
        {canTest && (
          <Button size="small" busy={test.isPending} onClick={() => test.mutate(connection)}>
            {session ? "Check once" : "Test now"}
            <span className="sr-only">: {label}</span>
          </Button>
        )}
        {connection.renewsItself && (
          <Button size="small" busy={refresh.isPending} onClick={() => refresh.mutate(connection)}>
            Refresh<span className="sr-only"> {label}</span>
          </Button>
        )}
        <Button size="small" look="quiet" onClick={onDisconnect}>
          Disconnect<span className="sr-only"> {label}</span>
        </Button>
      </div>
      <SubscriptionLine connectionId={connection.id} returnTo="/settings/integrations" />
      <ConnectionFacts connection={connection} platformName={platformName} />
    </li>
  );
}

function Lifetime({ connection }: { connection: ConnectionDto }) {
  const session = sessionFacts(connection);
  if (session?.checkedAt) {
    return (
      <>
        Checked on <Time at={session.checkedAt} />.
      </>
    );
  }
  if (connection.status === "reconnect") return null;
  if (connection.endsAt) {
    return (
      <>
        Ends on <Time at={connection.endsAt} />; reconnect before then.
      </>
    );
  }
  return <>{connection.renewsItself ? "Carillon renews it by itself." : "No end date is known."}</>;
}

/** Puts the focus on something once the page is awake, and brings it into view. */
function useFocusWhen<T extends HTMLElement>(wanted: boolean) {
  const awake = useAwake();
  const ref = useRef<T>(null);
  useEffect(() => {
    if (!wanted || !awake) return;
    ref.current?.focus({ preventScroll: true });
    ref.current?.scrollIntoView({ block: "center" });
  }, [wanted, awake]);
  return ref;
}
