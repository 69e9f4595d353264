import { infiniteQueryOptions } from "@tanstack/react-query";
import type { ActivityKind, ActivityPage } from "@/lib/activity/schema";
import { api } from "@/lib/http/api";

export type ActivityFilter = { kind: ActivityKind | null; connection: string | null };

export const activityQueries = {
  all: () => ["activity"] as const,
  list: (filter: ActivityFilter) =>
    infiniteQueryOptions({
      queryKey: [...activityQueries.all(), "list", filter] as const,
      queryFn: ({ pageParam, signal }) =>
        api<ActivityPage>(`/api/activity?${queryOf({ ...filter, cursor: pageParam })}`, { signal }),
      initialPageParam: null as string | null,
      getNextPageParam: (last: ActivityPage) => last.nextCursor,
    }),
};

const queryOf = (fields: Record<string, string | null>): string =>
  new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  ).toString();
