"use client";

import { useQuery } from "@tanstack/react-query";
import { Plug } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { ComposeForm } from "@/components/posts/compose/compose-form";
import { PostResults } from "@/components/posts/result/post-results";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { connectionQueries } from "@/lib/connections/queries";
import { sentence } from "@/lib/http/api";
import type { Draft } from "@/lib/posts/draft";

type Props = { userId: string; rework: { deliveryId: string; draft: Draft } | null };

/** Write, publish, and see what happened, on one page. */
export function Composer({ userId, rework }: Props) {
  const router = useRouter();
  const { data, error, refetch, isFetching } = useQuery(connectionQueries.list());
  const [publishedId, setPublishedId] = useState<string | null>(null);

  if (publishedId) {
    return (
      <div className="grid gap-6">
        <PostResults postId={publishedId} takesFocus />
        <div className="flex flex-wrap gap-2">
          <Button
            look="primary"
            onClick={() => {
              setPublishedId(null);
              if (rework) router.replace("/compose");
            }}
          >
            Write another
          </Button>
          <Link href={`/posts/${publishedId}`} className={buttonStyle()}>
            Open this post
          </Link>
        </div>
      </div>
    );
  }
  if (!data && error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="Your accounts could not be loaded"
        actions={
          <Button size="small" busy={isFetching} onClick={() => refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(error)} What you wrote is kept in this browser.
      </Notice>
    );
  }
  if (!data) return <LoadingPage what="your accounts" />;
  if (data.connections.length === 0) {
    return (
      <EmptyState
        icon={Plug}
        title="No account is connected yet"
        actions={
          <Link href="/settings/integrations" className={buttonStyle({ look: "primary" })}>
            Connect an account
          </Link>
        }
      >
        Connect an account to post from here. It takes a minute, and you can take it back at any time.
      </EmptyState>
    );
  }
  return (
    <ComposeForm
      userId={userId}
      rework={rework}
      connections={data.connections}
      platforms={data.platforms}
      onPublished={setPublishedId}
    />
  );
}
