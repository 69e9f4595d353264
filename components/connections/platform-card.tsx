"use client";

import { ConnectButton } from "@/components/connections/connect-button";
import { ConnectionRow } from "@/components/connections/connection-row";
import { SessionLink } from "@/components/connections/session-link";
import { PlatformIcon } from "@/components/platform-icon";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import type { ConnectionDto, PlatformDto } from "@/lib/connections/schema";

type Props = {
  platform: PlatformDto;
  connections: ConnectionDto[];
  /** The connection someone came here to renew. */
  wanted: string | null;
  onDisconnect: (connection: ConnectionDto) => void;
};

/** One platform: connect to it, and the accounts that are. */
export function PlatformCard({ platform, connections, wanted, onDisconnect }: Props) {
  const { spec, unconfigured } = platform;
  const ready = unconfigured.length === 0;
  return (
    <Card aria-labelledby={`platform-${spec.id}`}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-5 py-4">
        <PlatformIcon platform={spec.id} name={spec.name} />
        <h2 id={`platform-${spec.id}`} className="grow text-base font-semibold">
          {spec.name}
        </h2>
        {platform.paused && <Badge tone="warn">Paused</Badge>}
        {ready ? (
          <WaysIn platform={platform} look={connections.length === 0 ? "primary" : "plain"} />
        ) : (
          <Badge>Not set up</Badge>
        )}
      </div>
      {platform.paused && (
        <p className="border-t border-line px-5 py-3 text-sm text-ink-soft">{platform.paused.message}</p>
      )}
      {ready && <WaysMissing platform={platform} />}
      {spec.publishes === false && (
        <p className="border-t border-line px-5 py-3 text-sm text-ink-soft">
          Carillon does not publish to {spec.name}: it only keeps a session that you paste from your own
          browser.
        </p>
      )}
      {!ready && (
        <p className="border-t border-line px-5 py-3 text-sm text-ink-soft">
          {spec.name} cannot be connected yet: whoever runs this installation has to set{" "}
          <Names of={unconfigured} />.
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
              isWanted={connection.id === wanted}
              onDisconnect={() => onDisconnect(connection)}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

/** One button, or one for each way in that is set up. */
function WaysIn({ platform, look }: { platform: PlatformDto; look: "primary" | "plain" }) {
  const { spec, ways } = platform;
  if (platform.connects === "session") {
    return <SessionLink style={{ look, size: "small" }}>Connect {spec.name}</SessionLink>;
  }
  const open = ways.filter(({ unconfigured }) => unconfigured.length === 0);
  if (open.length < 2) {
    return (
      <ConnectButton request={{ platform: spec.id }} style={{ look, size: "small" }}>
        Connect {spec.name}
      </ConnectButton>
    );
  }
  return (
    <div className="flex flex-wrap gap-2">
      {open.map(({ id, label, help }) => (
        <ConnectButton
          key={id}
          request={{ platform: spec.id, way: id }}
          style={{ look: id === open[0]?.id ? look : "plain", size: "small" }}
        >
          Connect {spec.name} {label}
          <span className="sr-only">: {help}</span>
        </ConnectButton>
      ))}
    </div>
  );
}

/** What each way in is good for, and what one of them still lacks. */
function WaysMissing({ platform: { ways } }: { platform: PlatformDto }) {
  if (ways.length === 0) return null;
  return (
    <ul className="grid gap-1 border-t border-line px-5 py-3 text-sm text-ink-soft">
      {ways.map(({ id, label, help, unconfigured }) => (
        <li key={id}>
          <span className="font-medium text-ink">{label[0]?.toUpperCase() + label.slice(1)}</span>: {help}
          {unconfigured.length > 0 && (
            <>
              {" "}
              Not set up here: whoever runs this installation has to set <Names of={unconfigured} />.
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Names({ of }: { of: string[] }) {
  return of.map((name, index) => (
    <span key={name}>
      {index > 0 && " and "}
      <code className="numbers rounded bg-sunken px-1 py-0.5 break-all text-ink">{name}</code>
    </span>
  ));
}
