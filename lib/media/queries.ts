import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/http/api";
import type { ChangeMedia, MediaDto, MediaPage } from "./schema";

/** The library for the browser. Uploads report their progress, so they go by XMLHttpRequest; see upload.ts. */
export const mediaQueries = {
  all: () => ["media"] as const,
  list: (kind?: MediaDto["kind"]) =>
    infiniteQueryOptions({
      queryKey: [...mediaQueries.all(), "list", kind ?? "all"],
      queryFn: ({ pageParam, signal }) => {
        const query = new URLSearchParams({ ...(pageParam && { cursor: pageParam }), ...(kind && { kind }) });
        return api<MediaPage>(`/api/media?${query}`, { signal });
      },
      initialPageParam: null as string | null,
      getNextPageParam: ({ nextCursor }) => nextCursor,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: [...mediaQueries.all(), id],
      queryFn: ({ signal }) => api<MediaDto>(`/api/media/${id}`, { signal }),
    }),
};

export const changeMedia = (id: string, change: ChangeMedia): Promise<MediaDto> =>
  api(`/api/media/${id}`, { method: "PATCH", body: change });

export const deleteMedia = (id: string): Promise<{ deleted: true }> =>
  api(`/api/media/${id}`, { method: "DELETE" });
