"use client";

import { useQuery } from "@tanstack/react-query";
import { CornerDownRight } from "lucide-react";
import { MediaTiles } from "@/components/posts/media-tiles";
import { PostResults } from "@/components/posts/result/post-results";
import { RemovePost } from "@/components/posts/result/remove-post";
import { Timeline } from "@/components/posts/result/timeline";
import { PageHead } from "@/components/shell";
import { Card } from "@/components/ui/card";
import { ExternalLink } from "@/components/ui/external-link";
import { Time } from "@/components/ui/time";
import { postQueries } from "@/lib/posts/queries";
import type { Content } from "@/lib/posts/schema";

/** One post: what was written, what became of it everywhere, and its story. */
export function PostDetail({ id }: { id: string }) {
  const { data: post } = useQuery(postQueries.detail(id));
  return (
    <>
      <PageHead
        title="Post"
        lead={
          post && (
            <>
              Written on <Time at={post.createdAt} />
              {post.scheduledAt && (
                <>
                  , for <Time at={post.scheduledAt} />
                </>
              )}
              .
            </>
          )
        }
        action={post && <RemovePost post={post} />}
      />
      <div className="grid gap-6">
        {post && <Written content={post.content} />}
        <PostResults
          postId={id}
          more={(delivery, { events }) => (
            <Timeline events={events[delivery.id] ?? []} of={delivery.accountName} />
          )}
        />
      </div>
    </>
  );
}

const Written = ({ content }: { content: Content }) => (
  <Card aria-label="What was written" className="grid gap-3 p-5">
    {content.text && <p className="wrap-anywhere whitespace-pre-wrap">{content.text}</p>}
    <MediaTiles refs={content.media} size="large" />
    {content.link && (
      <p className="break-all">
        <ExternalLink href={content.link}>{content.link}</ExternalLink>
      </p>
    )}
    {content.replies.map(({ text }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: what is published keeps its order
      <div key={index} className="flex gap-2 border-t border-line pt-3">
        <CornerDownRight aria-hidden className="mt-1 size-4 shrink-0 text-ink-soft" />
        <p className="min-w-0 wrap-anywhere whitespace-pre-wrap">{text}</p>
      </div>
    ))}
  </Card>
);
