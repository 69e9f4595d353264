"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { PenLine, SearchX } from "lucide-react";
import Link from "next/link";
import { PostCard } from "@/components/posts/post-card";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { sentence } from "@/lib/http/api";
import { postQueries } from "@/lib/posts/queries";
import type { PostDto, PostStatus } from "@/lib/posts/schema";

const filters: { status: PostStatus | null; label: string }[] = [
  { status: null, label: "All" },
  { status: "publishing", label: "On the way" },
  { status: "published", label: "Published" },
  { status: "partial", label: "Partly published" },
  { status: "failed", label: "Failed" },
  { status: "uncertain", label: "Not confirmed" },
];

/** Every post, newest first. */
export function PostList({ state }: { state: string | null }) {
  const query = useInfiniteQuery(postQueries.list());
  const posts = query.data?.pages.flatMap((page) => page.posts) ?? [];
  const wanted = filters.find(({ status }) => status === state)?.status ?? null;
  const shown = wanted === null ? posts : posts.filter(({ status }) => status === wanted);

  if (!query.data && query.error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="Your posts could not be loaded"
        actions={
          <Button size="small" busy={query.isFetching} onClick={() => query.refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(query.error)}
      </Notice>
    );
  }
  if (!query.data) return <LoadingPage what="your posts" />;
  if (posts.length === 0) {
    return (
      <EmptyState
        icon={PenLine}
        title="No posts yet"
        actions={
          <Link href="/compose" className={buttonStyle({ look: "primary" })}>
            Write your first post
          </Link>
        }
      >
        What you publish appears here, with what became of it on each account.
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-4">
      <nav aria-label="Filter by state" className="flex flex-wrap gap-2">
        {filters.map(({ status, label }) => (
          <Link
            key={label}
            href={status ? `/posts?state=${status}` : "/posts"}
            aria-current={status === wanted ? "page" : undefined}
            className="rounded-full border border-line bg-surface px-3 py-1 text-sm text-ink-soft hover:text-ink aria-[current]:border-accent aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent-strong"
          >
            {label}
          </Link>
        ))}
      </nav>
      {shown.length === 0 ? (
        <EmptyState icon={SearchX} title="None of these">
          {query.hasNextPage
            ? `None of your latest ${posts.length} posts is in this state. Older ones are not loaded yet.`
            : "None of your posts is in this state."}
        </EmptyState>
      ) : (
        <ul className="grid gap-3">
          {shown.map((post: PostDto) => (
            <li key={post.id}>
              <PostCard post={post} />
            </li>
          ))}
        </ul>
      )}
      {query.error && (
        <Notice tone="warn" role="status">
          {query.isFetchNextPageError ? "Older posts could not be loaded" : "This may be out of date"}:{" "}
          {sentence(query.error)}
        </Notice>
      )}
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </div>
  );
}
