"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { PenLine } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Attention } from "@/components/dashboard/attention";
import { FirstRun } from "@/components/dashboard/first-run";
import { Notifications } from "@/components/dashboard/notifications";
import { PostCard } from "@/components/posts/post-card";
import { QuickCompose } from "@/components/posts/quick-compose";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { connectionQueries } from "@/lib/connections/queries";
import { sentence } from "@/lib/http/api";
import { postQueries } from "@/lib/posts/queries";

const RECENT = 5;

/** What needs a hand, a place to write, and what became of the latest posts: in this order. */
export function Dashboard({ userId }: { userId: string }) {
  const accounts = useQuery(connectionQueries.list());
  const list = useInfiniteQuery(postQueries.list());
  const failed = [accounts, list].find(({ data, error }) => !data && error);

  if (failed) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="The dashboard could not be loaded"
        actions={
          <Button size="small" busy={failed.isFetching} onClick={() => failed.refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(failed.error)}
      </Notice>
    );
  }
  if (!accounts.data || !list.data) return <LoadingPage what="the dashboard" />;

  const { connections, platforms } = accounts.data;
  const posts = list.data.pages.flatMap((page) => page.posts).slice(0, RECENT);
  const isNew = connections.length === 0 || posts.length === 0;
  return (
    <div className="grid gap-8">
      <Attention connections={connections} platforms={platforms} />
      <Notifications connections={connections} />
      {isNew && <FirstRun connected={connections.length > 0} posted={posts.length > 0} />}
      {connections.length > 0 && <QuickCompose userId={userId} available={connections.map(({ id }) => id)} />}
      {(posts.length > 0 || connections.length > 0) && (
        <Section title="Latest posts" more={posts.length > 0 && <SeeAll />}>
          {posts.length === 0 ? (
            <EmptyState icon={PenLine} title="Nothing published yet">
              Your posts appear here, with what became of them on each account.
            </EmptyState>
          ) : (
            <ul className="grid gap-3">
              {posts.map((post) => (
                <li key={post.id}>
                  <PostCard post={post} />
                </li>
              ))}
            </ul>
          )}
        </Section>
      )}
    </div>
  );
}

const Section = ({ title, more, children }: { title: string; more: ReactNode; children: ReactNode }) => (
  <section className="grid gap-3">
    <div className="flex items-baseline justify-between gap-3">
      <h2 className="text-lg font-semibold">{title}</h2>
      {more}
    </div>
    {children}
  </section>
);

const SeeAll = () => (
  <Link
    href="/posts"
    className="text-sm font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
  >
    See all posts
  </Link>
);
