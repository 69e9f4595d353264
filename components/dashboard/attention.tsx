import { ConnectButton } from "@/components/connections/connect-button";
import { SessionLink } from "@/components/connections/session-link";
import { accountLabel, needsAttention, permissionWords, statusOf } from "@/components/connections/status";
import { PlatformIcon } from "@/components/platform-icon";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { ConnectionDto, PlatformDto } from "@/lib/connections/schema";

type Props = { connections: ConnectionDto[]; platforms: PlatformDto[] };

/** Accounts from which posts would not go out, or soon not any more. Silent when all is well. */
export function Attention({ connections, platforms }: Props) {
  const troubled = connections.filter(needsAttention);
  if (troubled.length === 0) return null;
  return (
    <section className="grid gap-3">
      <h2 className="text-lg font-semibold">Needs your attention</h2>
      <Card>
        <ul className="divide-y divide-line">
          {troubled.map((connection) => {
            const { label, tone, means } = statusOf(connection);
            const platform = platforms.find(({ spec }) => spec.id === connection.platform);
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
                    {connection.status === "expiring" && connection.accessExpiresAt && (
                      <>
                        {" "}
                        It ends on <Time at={connection.accessExpiresAt} />.
                      </>
                    )}
                  </p>
                </div>
                {platform?.connects === "session" && (
                  <SessionLink connection={connection.id} style={{ look: "primary", size: "small" }}>
                    Reconnect<span className="sr-only"> {accountLabel(connection)}</span>
                  </SessionLink>
                )}
                {platform?.connects === "consent" &&
                  platform.unconfigured.length === 0 &&
                  connection.status !== "paused" && (
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
              </li>
            );
          })}
        </ul>
      </Card>
    </section>
  );
}
