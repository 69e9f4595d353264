"use client";

import { useMutation } from "@tanstack/react-query";
import { ConnectButton } from "@/components/connections/connect-button";
import { SessionLink } from "@/components/connections/session-link";
import { accountLabel, needsAttention, permissionWords, statusOf } from "@/components/connections/status";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ExternalLink } from "@/components/ui/external-link";
import { Time } from "@/components/ui/time";
import { tell, warn } from "@/components/ui/toast";
import { checkConnection, connectionQueries } from "@/lib/connections/queries";
import type { ConnectionDto } from "@/lib/connections/schema";
import { sessionFacts } from "@/lib/connections/session-schema";
import { sentence } from "@/lib/http/api";

type Props = {
  connection: ConnectionDto;
  platformName: string;
  canConnect: boolean;
  onDisconnect: () => void;
};

/** One account: how it is, what it may do, and what can be done about it. */
export function ConnectionRow({ connection, platformName, canConnect, onDisconnect }: Props) {
  const label = accountLabel(connection);
  const status = statusOf(connection);
  const session = sessionFacts(connection);
  // A pasted session is asked about once at most.
  const canTest = !session || (!session.askedAt && connection.status !== "reconnect");
  const look = needsAttention(connection) ? "primary" : "plain";
  const test = useTest(platformName);
  return (
    <li className="grid gap-3 px-5 py-4">
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
            <SessionLink connection={connection.id} style={{ size: "small", look }}>
              Reconnect<span className="sr-only"> {label}</span>
            </SessionLink>
          ) : (
            <ConnectButton
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
        <Button size="small" look="quiet" onClick={onDisconnect}>
          Disconnect<span className="sr-only"> {label}</span>
        </Button>
      </div>
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
  if (connection.renewsItself && connection.refreshDueAt) return <>Renewed as you post from it.</>;
  if (!connection.accessExpiresAt) return <>{connection.status === "active" && "No end date is known."}</>;
  return (
    <>
      Ends on <Time at={connection.accessExpiresAt} />; reconnect before then.
    </>
  );
}

/** Asks the platform, then reports what the connection's state has become: not merely that an answer came. */
function useTest(platformName: string) {
  return useMutation({
    mutationFn: ({ id }: ConnectionDto) => checkConnection(id),
    onSuccess: async (_answer, connection, _before, { client }) => {
      await client.invalidateQueries({ queryKey: connectionQueries.all() });
      const now = client
        .getQueryData(connectionQueries.list().queryKey)
        ?.connections.find(({ id }) => id === connection.id);
      if (!now) return;
      if (needsAttention(now)) {
        const { label, means } = statusOf(now);
        warn({ title: `${accountLabel(now)}: ${label}`, description: means ?? "" });
      } else if (sessionFacts(now)?.checked === false) {
        tell({
          title: `${accountLabel(now)} could not be checked`,
          description: `${now.lastError?.message ?? ""} The session is kept as it is.`,
        });
      } else tell({ title: `${platformName} answered: ${accountLabel(now)} works` });
    },
    onError: async (error, connection, _before, { client }) => {
      warn({ title: `${accountLabel(connection)} could not be tested`, description: sentence(error) });
      await client.invalidateQueries({ queryKey: connectionQueries.all() });
    },
  });
}
