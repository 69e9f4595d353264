"use client";

import { useMutation } from "@tanstack/react-query";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { postQueries, retryDeliveries } from "@/lib/posts/queries";

/** Sends chosen deliveries of one post again. What comes of it is read from the post, not assumed. */
export function useRetry(postId: string) {
  return useMutation({
    mutationFn: (deliveries: { deliveryIds: string[]; confirmUncertain: boolean }) =>
      retryDeliveries({ postId, ...deliveries }),
    onError: (error) => warn({ title: "It was not sent again", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: postQueries.all() }),
  });
}
