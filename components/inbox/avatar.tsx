"use client";

import { clsx } from "clsx";
import { useState } from "react";
import { peerName } from "@/components/inbox/words";
import type { ConversationDto } from "@/lib/inbox/schema";

type Props = { peer: ConversationDto["peer"]; size?: "small" | "large" };

/** A person's picture; their first letter where there is none, or it cannot be had any more. Their name stands beside it. */
export function Avatar({ peer, size = "small" }: Props) {
  const [gone, setGone] = useState<string | null>(null);
  const url = peer.avatarUrl;
  return (
    <span
      aria-hidden
      className={clsx(
        "grid shrink-0 place-items-center overflow-hidden rounded-full bg-accent-soft font-medium text-accent-strong in-aria-[current]:bg-surface",
        size === "small" ? "size-10" : "size-18 text-2xl",
      )}
    >
      {url && url !== gone ? (
        // biome-ignore lint/performance/noImgElement: the platform keeps it, in the size it has
        <img
          src={url}
          alt=""
          width={80}
          height={80}
          loading="lazy"
          referrerPolicy="no-referrer"
          className="size-full object-cover"
          onError={() => setGone(url)}
        />
      ) : (
        [...peerName(peer).replace(/^@/, "")][0]?.toUpperCase()
      )}
    </span>
  );
}
