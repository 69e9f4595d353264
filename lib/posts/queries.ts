import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/http/api";
import type { Removed } from "@/lib/posts/remove";
import {
  type CreatePost,
  isMoving,
  type PostDetailDto,
  type PostDto,
  type PostPage,
  type PublishAnswer,
  type RetryPost,
} from "@/lib/posts/schema";

/** What the browser asks and does about posts. Lists and details are polled only while something moves. */

const DETAIL_POLL_MS = 1_200;
const LIST_POLL_MS = 3_000;

export const postQueries = {
  all: () => ["posts"] as const,
  list: () =>
    infiniteQueryOptions({
      queryKey: [...postQueries.all(), "list"] as const,
      queryFn: ({ pageParam, signal }) =>
        api<PostPage>(pageParam ? `/api/post?cursor=${encodeURIComponent(pageParam)}` : "/api/post", {
          signal,
        }),
      initialPageParam: null as string | null,
      getNextPageParam: (last: PostPage) => last.nextCursor,
      refetchInterval: ({ state }) =>
        state.data?.pages.some((page) => page.posts.some(postIsMoving)) ? LIST_POLL_MS : false,
    }),
  detail: (id: string) =>
    queryOptions({
      queryKey: [...postQueries.all(), "detail", id] as const,
      queryFn: ({ signal }) => api<PostDetailDto>(`/api/post/${id}`, { signal }),
      refetchInterval: ({ state }) => (state.data && postIsMoving(state.data) ? DETAIL_POLL_MS : false),
    }),
};

export const postIsMoving = (post: Pick<PostDto, "deliveries">): boolean => post.deliveries.some(isMoving);

/**
 * Publishes once, however often it is sent with the same key.
 * @throws ApiError 422 with `details.problems`, 409 while the same key is still at work, 0 when no answer came
 */
export const publishPost = ({ body, key }: { body: CreatePost; key: string }) =>
  api<PublishAnswer>("/api/post", { method: "POST", body, headers: { "Idempotency-Key": key } });

export const retryDeliveries = ({ postId, ...body }: { postId: string } & RetryPost) =>
  api<PostDto>(`/api/post/${postId}/retry`, { method: "POST", body });

/** Cancels what has not gone out and deletes what has, where the platform allows it; says what stays out. */
export const removePost = (id: string) => api<Removed>(`/api/post/${id}`, { method: "DELETE" });
