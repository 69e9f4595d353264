"use client";

import { ConnectButton } from "@/components/connections/connect-button";
import { ConnectionRow } from "@/components/connections/connection-row";
import { PlatformIcon } from "@/components/platform-icon";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import type { ConnectionDto, PlatformDto } from "@/lib/connections/schema";

type Props = {
  platform: PlatformDto;
  connections: ConnectionDto[];
  onDisconnect: (connection: ConnectionDto) => void;
};

/** One platform: connect to it, and the accounts that are. */
export function PlatformCard({ platform: { spec, unconfigured }, connections, onDisconnect }: Props) {
  const ready = unconfigured.length === 0;
  return (
    <Card aria-labelledby={`platform-${spec.id}`}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-5 py-4">
        <PlatformIcon platform={spec.id} name={spec.name} />
        <h2 id={`platform-${spec.id}`} className="grow text-base font-semibold">
          {spec.name}
        </h2>
        {ready ? (
          <ConnectButton
            request={{ platform: spec.id }}
            style={{ look: connections.length === 0 ? "primary" : "plain", size: "small" }}
          >
            Connect {spec.name}
          </ConnectButton>
        ) : (
          <Badge>Not set up</Badge>
        )}
      </div>
      {!ready && (
        <p className="border-t border-line px-5 py-3 text-sm text-ink-soft">
          {spec.name} cannot be connected yet: whoever runs this installation has to set{" "}
          {unconfigured.map((name, index) => (
            <span key={name}>
              {index > 0 && " and "}
              <code className="numbers rounded bg-sunken px-1 py-0.5 break-all text-ink">{name}</code>
            </span>
          ))}
          .
        </p>
      )}
      {connections.length > 0 && (
        <ul className="divide-y divide-line border-t border-line">
          {connections.map((connection) => (
            <ConnectionRow
              key={connection.id}
              connection={connection}
              platformName={spec.name}
              canConnect={ready}
              onDisconnect={() => onDisconnect(connection)}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}
