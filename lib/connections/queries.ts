import { queryOptions } from "@tanstack/react-query";
import type {
  ConnectionDetailDto,
  ConnectionDto,
  ConnectionsAnswer,
  Disconnected,
} from "@/lib/connections/schema";
import { api } from "@/lib/http/api";

/** What the browser asks and does about connections. */
export const connectionQueries = {
  all: () => ["connections"] as const,
  list: () =>
    queryOptions({
      queryKey: [...connectionQueries.all(), "list"] as const,
      queryFn: ({ signal }) => api<ConnectionsAnswer>("/api/connections", { signal }),
    }),
  /** With what the platform allows right now; `options`: answers that other choices hang on. */
  detail: (id: string, options: Record<string, string> = {}) =>
    queryOptions({
      queryKey: [...connectionQueries.all(), "detail", id, options] as const,
      queryFn: ({ signal }) =>
        api<ConnectionDetailDto>(`/api/connections/${id}?${new URLSearchParams(options)}`, { signal }),
      // What a platform allows changes within minutes.
      staleTime: 60_000,
    }),
};

export type ConnectRequest = {
  platform: string;
  returnTo?: string;
  /** Renew this connection: the answer must be the same account. */
  connection?: string;
  /** One of the platform's ways in. */
  way?: string;
};

/** Begins a connection; the browser then goes to `authUrl`, the platform's consent page. */
export const startConnect = ({ platform, ...body }: ConnectRequest) =>
  api<{ authUrl: string }>(`/api/oauth/${encodeURIComponent(platform)}/connect`, { method: "POST", body });

export const disconnectConnection = (id: string) =>
  api<Disconnected>(`/api/connections/${id}`, { method: "DELETE" });

/** Renews the connection's credentials now. */
export const refreshConnection = (id: string) =>
  api<ConnectionDto>(`/api/connections/${id}/refresh`, { method: "POST" });

/** Asks the platform whether the connection is still good. */
export const checkConnection = (id: string) =>
  api<unknown>(`/api/connections/${id}/check`, { method: "POST" });
