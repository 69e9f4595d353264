import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import Link from "next/link";
import { PostList } from "@/components/posts/post-list";
import { PageHead } from "@/components/shell";
import { buttonStyle } from "@/components/ui/button-style";
import { listPosts } from "@/lib/posts/data";
import { postQueries } from "@/lib/posts/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Posts" };

type Props = { searchParams: Promise<{ state?: string | string[] }> };

export default async function PostsPage({ searchParams }: Props) {
  const user = await requireUser();
  const { state } = await searchParams;
  const client = makeQueryClient();
  await client.prefetchInfiniteQuery({
    ...postQueries.list(),
    queryFn: ({ pageParam }) => listPosts(user.id, pageParam),
  });
  return (
    <>
      <PageHead
        title="Posts"
        action={
          <Link href="/compose" className={buttonStyle({ look: "primary" })}>
            Write a post
          </Link>
        }
      />
      <HydrationBoundary state={dehydrate(client)}>
        <PostList state={typeof state === "string" ? state : null} />
      </HydrationBoundary>
    </>
  );
}
