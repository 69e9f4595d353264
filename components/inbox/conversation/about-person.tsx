"use client";

import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Avatar } from "@/components/inbox/avatar";
import { kindWords, modeWords, peerName } from "@/components/inbox/words";
import { PlatformIcon } from "@/components/platform-icon";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { ExternalLink } from "@/components/ui/external-link";
import { Time } from "@/components/ui/time";
import type { ConversationDto } from "@/lib/inbox/schema";

type Props = { conversation: ConversationDto; onClose: () => void };

/** Who writes, as far as the platform tells, and how this conversation stands. */
export function AboutPerson({ conversation, onClose }: Props) {
  const { peer, platform, accountName, kind, mode, ownMode, lastMessageAt, archived } = conversation;
  const handle = peer.handle?.replace(/^@/, "");
  const facts = Object.entries(peer.facts).flatMap(([name, value]) => factOf(name, value));
  return (
    <div className="grid content-start gap-5 p-4">
      <div className="flex items-center gap-2 xl:hidden">
        <Button look="quiet" size="icon" aria-label="Back to the conversation" onClick={onClose}>
          <ArrowLeft aria-hidden className="size-4.5" />
        </Button>
        <h2 className="font-semibold">About them</h2>
      </div>
      <div className="grid justify-items-center gap-2 text-center">
        <Avatar peer={peer} size="large" />
        <p className="text-lg font-semibold break-words">{peerName(peer)}</p>
        {handle && (
          <p className="text-sm">
            {platform === "instagram" ? (
              <ExternalLink href={`https://www.instagram.com/${encodeURIComponent(handle)}/`}>
                @{handle}
              </ExternalLink>
            ) : (
              `@${handle}`
            )}
          </p>
        )}
        {peer.facts["verified"] === true && <Badge tone="accent">Verified</Badge>}
      </div>
      {facts.length > 0 && <Facts>{facts}</Facts>}
      {facts.length === 0 && kind === "direct" && (
        <p className="text-sm text-ink-soft">The platform has not told more about them yet.</p>
      )}
      <Facts>
        <Fact name="Wrote to">
          <span className="inline-flex items-center gap-1.5">
            <PlatformIcon platform={platform} size="small" />
            {accountName}
          </span>
        </Fact>
        <Fact name="By">{kindWords[kind].one}</Fact>
        <Fact name="Last said">
          <Time at={lastMessageAt} />
        </Fact>
        <Fact name="Assistant">
          {modeWords[mode].short}
          {ownMode === null ? ", as the account" : ", here only"}
        </Fact>
        <Fact name="State">{archived ? "Archived" : "Open"}</Fact>
      </Facts>
    </div>
  );
}

const Facts = ({ children }: { children: ReactNode }) => (
  <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 border-t border-line pt-4 text-sm">
    {children}
  </dl>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-ink-soft">{name}</dt>
    <dd className="break-words">{children}</dd>
  </>
);

/** A fact we have words for; others are not shown. */
function factOf(name: string, value: string | number | boolean | null): ReactNode[] {
  if (value === null) return [];
  switch (name) {
    case "followers":
      return [
        <Fact key={name} name="Followers">
          <span className="numbers">{Number(value).toLocaleString("en")}</span>
        </Fact>,
      ];
    case "follows":
      return [
        <Fact key={name} name="Follows you">
          {value ? "Yes" : "No"}
        </Fact>,
      ];
    default:
      return [];
  }
}
