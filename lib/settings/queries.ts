import { queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/http/api";
import type { ChangeSettings, SettingsDto } from "./schema";

export const settingsQueries = {
  all: () => ["settings"] as const,
  mine: () =>
    queryOptions({
      queryKey: [...settingsQueries.all(), "mine"] as const,
      queryFn: ({ signal }) => api<SettingsDto>("/api/settings", { signal }),
    }),
};

export const changeSettings = (change: ChangeSettings) =>
  api<SettingsDto>("/api/settings", { method: "PATCH", body: change });
