import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/http/api";
import type { NotificationsAnswer } from "./schema";

export const notificationQueries = {
  all: () => ["notifications"] as const,
  unread: () =>
    queryOptions({
      queryKey: [...notificationQueries.all(), "unread"] as const,
      queryFn: ({ signal }) => api<NotificationsAnswer>("/api/notifications", { signal }),
    }),
};

export const putAway = (id: string) =>
  api<null>(`/api/notifications/${id}/read`, { method: "POST", body: {} });
