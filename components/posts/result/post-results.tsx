"use client";

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { DeliveryItem } from "@/components/posts/result/delivery-item";
import { useRetry } from "@/components/posts/result/use-retry";
import { headline } from "@/components/posts/words";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { connectionQueries } from "@/lib/connections/queries";
import { sentence } from "@/lib/http/api";
import { postIsMoving, postQueries } from "@/lib/posts/queries";
import type { DeliveryDto, PostDetailDto } from "@/lib/posts/schema";

type Props = {
  postId: string;
  /** After publishing, the eye and the screen reader go to the result. */
  takesFocus?: boolean;
  /** More about each delivery, below it. */
  more?: (delivery: DeliveryDto, post: PostDetailDto) => ReactNode;
};

/** What became of a post, account by account, live while anything moves. */
export function PostResults({ postId, takesFocus = false, more }: Props) {
  const { data: post, error, refetch, isFetching } = useQuery(postQueries.detail(postId));
  const { data: accounts } = useQuery(connectionQueries.list());
  const retry = useRetry(postId);
  const heading = useRef<HTMLHeadingElement>(null);
  const here = post !== undefined;

  useEffect(() => {
    if (here && takesFocus) heading.current?.focus();
  }, [here, takesFocus]);

  if (!post && error) {
    return (
      <Notice
        tone="warn"
        role="alert"
        title="What became of the post could not be loaded"
        actions={
          <Button size="small" busy={isFetching} onClick={() => refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(error)} The post itself is saved.
      </Notice>
    );
  }
  if (!post) return <LoadingPage what="what became of the post" />;

  const again = post.deliveries.filter(canSimplyRetry);
  return (
    <section aria-label="Results" className="grid gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold outline-none" aria-live="polite">
          {headline(post)}
        </h2>
        {again.length > 1 && (
          <Button
            size="small"
            busy={retry.isPending}
            onClick={() => retry.mutate({ deliveryIds: again.map(({ id }) => id), confirmUncertain: false })}
          >
            Try all {again.length} that failed again
          </Button>
        )}
      </div>
      {postIsMoving(post) && (
        <p className="text-sm text-ink-soft">
          This page follows along. You can also leave: it goes on without you.
        </p>
      )}
      {error && (
        <Notice tone="warn" role="status">
          This may be out of date: {sentence(error)}
        </Notice>
      )}
      <Card>
        <ul className="divide-y divide-line">
          {post.deliveries.map((delivery) => (
            <li key={delivery.id} className="grid gap-3 px-5 py-4">
              <DeliveryItem
                postId={post.id}
                delivery={delivery}
                platformName={platformName(delivery.platform)}
                connection={accounts?.connections.find(({ id }) => id === delivery.connectionId)}
              />
              {more?.(delivery, post)}
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );

  function platformName(id: string): string {
    return accounts?.platforms.find(({ spec }) => spec.id === id)?.spec.name ?? id;
  }
}

/** Failed for sure, and neither the text nor the connection is to blame. */
const canSimplyRetry = ({ state, connectionId, error }: DeliveryDto): boolean =>
  state === "failed" && connectionId !== null && error?.remedy !== "edit" && error?.remedy !== "reconnect";
