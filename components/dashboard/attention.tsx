"use client";

import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { ConnectButton } from "@/components/connections/connect-button";
import { SessionLink } from "@/components/connections/session-link";
import { accountLabel, permissionWords, statusOf } from "@/components/connections/status";
import { needingAttention, usePutAway } from "@/components/dashboard/news";
import { PlatformIcon } from "@/components/platform-icon";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { ConnectionDto, PlatformDto } from "@/lib/connections/schema";
import { notificationQueries } from "@/lib/notifications/queries";

type Props = { connections: ConnectionDto[]; platforms: PlatformDto[] };

/**
 * Accounts from which posts would not go out, or soon not any more. Silent when all is well, and about what its owner has
 * put away until there is news of it; the accounts page goes on saying it.
 */
export function Attention({ connections, platforms }: Props) {
  const news = useQuery(notificationQueries.unread()).data;
  const away = usePutAway();
  const troubled = needingAttention(connections, news);
  const noticeOf = (id: string) =>
    news?.notifications.find(({ connectionIds }) => connectionIds.includes(id))?.id ?? null;
  if (troubled.length === 0) return null;
  return (
    <section className="grid gap-3">
      <h2 className="text-lg font-semibold">Needs your attention</h2>
      <Card>
        <ul className="divide-y divide-line">
          {troubled.map((connection) => {
            const { label, tone, means } = statusOf(connection);
            const platform = platforms.find(({ spec }) => spec.id === connection.platform);
            const noticeId = noticeOf(connection.id);
            return (
              <li key={connection.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
                <PlatformIcon platform={connection.platform} />
                <div className="grid min-w-0 grow basis-60 gap-1">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="font-medium break-words">
                      {platform?.spec.name ?? connection.platform}, {accountLabel(connection)}
                    </span>
                    <Badge tone={tone}>{label}</Badge>
                  </p>
                  <p className="text-sm text-ink-soft">
                    {means}
                    {connection.missing.length > 0 &&
                      ` Not allowed: ${connection.missing.map(permissionWords).join(", ")}.`}
                    {connection.status === "expiring" && connection.endsAt && (
                      <>
                        {" "}
                        It ends on <Time at={connection.endsAt} />.
                      </>
                    )}
                  </p>
                </div>
                {platform?.connects === "session" && (
                  <SessionLink connection={connection.id} style={{ look: "primary", size: "small" }}>
                    Reconnect<span className="sr-only"> {accountLabel(connection)}</span>
                  </SessionLink>
                )}
                {platform?.connects === "consent" && platform.unconfigured.length === 0 && (
                  <ConnectButton
                    request={{
                      platform: connection.platform,
                      connection: connection.id,
                      returnTo: "/dashboard",
                    }}
                    style={{ look: "primary", size: "small" }}
                  >
                    Reconnect<span className="sr-only"> {accountLabel(connection)}</span>
                  </ConnectButton>
                )}
                {noticeId && (
                  <Button look="quiet" size="small" onClick={() => away.mutate(noticeId)}>
                    <X aria-hidden className="size-4" />
                    <span className="sr-only">Put away: {accountLabel(connection)}</span>
                  </Button>
                )}
              </li>
            );
          })}
        </ul>
      </Card>
    </section>
  );
}
