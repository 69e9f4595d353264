import { isServer, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/lib/http/api";

/** One client per request on the server, one per tab in the browser. */

const FRESH_MS = 20_000;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // What the server just prefetched is not fetched again on hydration.
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < 2 && !isRefusal(error),
      },
      // Offline, a press must fail with a sentence, not wait in silence.
      mutations: { networkMode: "always" },
    },
  });
}

let browserClient: QueryClient | undefined;

export function getQueryClient(): QueryClient {
  if (isServer) return makeQueryClient();
  browserClient ??= makeQueryClient();
  return browserClient;
}

/** An answer that will not change by asking again. */
const isRefusal = (error: Error): boolean =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
