import { dehydrate, HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PostDetail } from "@/components/posts/result/post-detail";
import { connectionsAnswer } from "@/lib/connections/list";
import { connectionQueries } from "@/lib/connections/queries";
import { AppError } from "@/lib/errors";
import { Id } from "@/lib/http/route";
import { getPostDetail } from "@/lib/posts/data";
import { postQueries } from "@/lib/posts/queries";
import { makeQueryClient } from "@/lib/query-client";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Post" };

export default async function PostPage({ params }: { params: Promise<{ id: string }> }) {
  const user = await requireUser();
  const parsed = Id.safeParse(await params);
  if (!parsed.success) notFound();
  const { id } = parsed.data;
  const client = makeQueryClient();
  const [post] = await Promise.all([
    findDetail(user.id, id),
    client.prefetchQuery({ ...connectionQueries.list(), queryFn: () => connectionsAnswer(user.id) }),
  ]);
  if (!post) notFound();
  client.setQueryData(postQueries.detail(id).queryKey, post);
  return (
    <HydrationBoundary state={dehydrate(client)}>
      <PostDetail id={id} />
    </HydrationBoundary>
  );
}

/** Null when there is no such post, or when it is someone else's: nobody can tell which. */
async function findDetail(userId: string, id: string) {
  try {
    return await getPostDetail(userId, id);
  } catch (error) {
    if (error instanceof AppError && error.status === 404) return null;
    throw error;
  }
}
