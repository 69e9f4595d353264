"use client";

import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import Link from "next/link";
import { needingAttention, usePutAway } from "@/components/dashboard/news";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { ConnectionDto } from "@/lib/connections/schema";
import { notificationQueries } from "@/lib/notifications/queries";

/**
 * What happened while nobody was looking, until it is put away. Silent when there is nothing to tell, and about accounts
 * that need attention: that is said above.
 */
export function Notifications({ connections }: { connections: ConnectionDto[] }) {
  const { data } = useQuery(notificationQueries.unread());
  const away = usePutAway();
  const troubled = needingAttention(connections, data).map(({ id }) => id);
  const shown = (data?.notifications ?? []).filter(
    ({ id, connectionIds }) =>
      !(away.isPending && away.variables === id) && !connectionIds.some((one) => troubled.includes(one)),
  );
  if (shown.length === 0) return null;
  return (
    <section className="grid gap-3">
      <h2 className="text-lg font-semibold">While you were away</h2>
      <Card>
        <ul className="divide-y divide-line">
          {shown.map(({ id, title, body, href, createdAt }) => (
            <li key={id} className="flex items-start gap-4 px-5 py-4">
              <div className="grid min-w-0 grow gap-1">
                <p className="font-medium">
                  {href ? (
                    <Link href={href} className="underline underline-offset-3 hover:text-accent">
                      {title}
                    </Link>
                  ) : (
                    title
                  )}
                </p>
                <p className="text-sm break-words whitespace-pre-line text-ink-soft">{body}</p>
                <p className="text-sm text-ink-soft">
                  <Time at={createdAt} />
                </p>
              </div>
              <Button look="quiet" size="small" onClick={() => away.mutate(id)}>
                <X aria-hidden className="size-4" />
                <span className="sr-only">Put away: {title}</span>
              </Button>
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}
