"use client";

import { Info } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { ConnectButton } from "@/components/connections/connect-button";
import { PlatformIcon } from "@/components/platform-icon";
import { DeliveryBadge } from "@/components/posts/delivery-badge";
import { MediaTiles } from "@/components/posts/media-tiles";
import { ResendDialog } from "@/components/posts/result/resend-dialog";
import { useRetry } from "@/components/posts/result/use-retry";
import { deliveryWords } from "@/components/posts/words";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { ExternalLink } from "@/components/ui/external-link";
import { Time } from "@/components/ui/time";
import type { ConnectionDto } from "@/lib/connections/schema";
import type { DeliveryDto } from "@/lib/posts/schema";

type Props = {
  postId: string;
  delivery: DeliveryDto;
  platformName: string;
  /** The account as it is now; absent once it is disconnected. */
  connection: ConnectionDto | undefined;
};

/** What became of a post on one account, and what can be done about it now. */
export function DeliveryItem({ postId, delivery, platformName, connection }: Props) {
  const out = delivery.state === "published" && !delivery.removedAt;
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <PlatformIcon platform={delivery.platform} name={platformName} />
        <p className="min-w-0 grow break-words">
          <span className="font-medium">{delivery.accountName}</span>{" "}
          <span className="text-ink-soft">on {platformName}</span>
        </p>
        <DeliveryBadge delivery={delivery} />
      </div>
      <div className="grid gap-2 text-sm md:pl-8">
        <MediaTiles refs={delivery.content.media} most={6} size="tiny" />
        {delivery.error && delivery.state !== "published" ? (
          <p className="break-words">{delivery.error.message}</p>
        ) : (
          !out &&
          !delivery.removedAt && <p className="text-ink-soft">{deliveryWords[delivery.state].story}</p>
        )}
        {delivery.note && (
          <p className="flex gap-2">
            <Info aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-soft" />
            <span className="min-w-0 break-words">{delivery.note}</span>
          </p>
        )}
        {delivery.nextAttemptAt &&
          ["queued", "processing", "uncertain", "scheduled"].includes(delivery.state) && (
            <p className="text-ink-soft">
              {delivery.state === "uncertain" ? "We look again on " : "Next step on "}
              <Time at={delivery.nextAttemptAt} detail="second" />.
            </p>
          )}
        <div className="flex flex-wrap items-center gap-2 empty:hidden">
          {out && delivery.url && <ExternalLink href={delivery.url}>See it on {platformName}</ExternalLink>}
          <Remedies postId={postId} delivery={delivery} platformName={platformName} connection={connection} />
        </div>
      </div>
    </div>
  );
}

/** The way out of a failure. Nothing that may be out is sent again without a question. */
function Remedies({ postId, delivery, platformName, connection }: Props) {
  const retry = useRetry(postId);
  const [asking, setAsking] = useState(false);
  const { state, accountName, error } = delivery;

  if (state === "uncertain") {
    return (
      <>
        {connection?.profileUrl && (
          <ExternalLink href={connection.profileUrl} asButton={{ size: "small" }}>
            Look on {platformName}
          </ExternalLink>
        )}
        {connection && (
          <Button size="small" busy={retry.isPending} onClick={() => setAsking(true)}>
            Send again…<span className="sr-only"> to {accountName}</span>
          </Button>
        )}
        <ResendDialog
          open={asking}
          platformName={platformName}
          accountName={accountName}
          profileUrl={connection?.profileUrl ?? null}
          onClose={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            retry.mutate({ deliveryIds: [delivery.id], confirmUncertain: true });
          }}
        />
      </>
    );
  }
  if (state !== "failed") return null;
  if (!connection) return <p className="text-ink-soft">This account is no longer connected.</p>;
  return (
    <>
      {error?.remedy === "reconnect" && (
        <ConnectButton
          request={{ platform: delivery.platform, connection: connection.id, returnTo: `/posts/${postId}` }}
          style={{ look: "primary", size: "small" }}
        >
          Reconnect {accountName}
        </ConnectButton>
      )}
      {error?.remedy === "edit" ? (
        <Link
          href={`/compose?from=${postId}&delivery=${delivery.id}`}
          className={buttonStyle({ size: "small" })}
        >
          Edit and send<span className="sr-only"> to {accountName}</span>
        </Link>
      ) : (
        <Button
          size="small"
          busy={retry.isPending}
          onClick={() => retry.mutate({ deliveryIds: [delivery.id], confirmUncertain: false })}
        >
          Try again<span className="sr-only"> on {accountName}</span>
        </Button>
      )}
      {error?.remedy === "operator" && (
        <p className="text-ink-soft">Whoever runs this installation has to act first.</p>
      )}
    </>
  );
}
