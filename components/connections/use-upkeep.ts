"use client";

import { useMutation } from "@tanstack/react-query";
import { accountLabel, needsAttention, statusOf } from "@/components/connections/status";
import { tell, warn } from "@/components/ui/toast";
import { sessionFacts } from "@/lib/connections/connect/session-schema";
import { checkConnection, connectionQueries, refreshConnection } from "@/lib/connections/queries";
import type { ConnectionDto } from "@/lib/connections/schema";
import { sentence } from "@/lib/http/api";

/** Asks the platform, then reports what the connection's state has become: not merely that an answer came. */
export function useTest(platformName: string) {
  return useMutation({
    mutationFn: ({ id }: ConnectionDto) => checkConnection(id),
    onSuccess: async (_answer, connection, _before, { client }) => {
      await client.invalidateQueries({ queryKey: connectionQueries.all() });
      const now = client
        .getQueryData(connectionQueries.list().queryKey)
        ?.connections.find(({ id }) => id === connection.id);
      if (!now) return;
      const label = accountLabel(now);
      if (needsAttention(now)) {
        const { label: state, means } = statusOf(now);
        warn({ title: `${label}: ${state}`, description: means ?? "" });
      } else if (sessionFacts(now)?.checked === false) {
        tell({
          title: `${label} could not be checked`,
          description: `${now.lastError?.message ?? ""} The session is kept as it is.`,
        });
      } else if (now.lastError) {
        warn({ title: `${label} could not be tested`, description: now.lastError.message });
      } else tell({ title: `${platformName} answered: ${label} works` });
    },
    onError: async (error, connection, _before, { client }) => {
      warn({ title: `${accountLabel(connection)} could not be tested`, description: sentence(error) });
      await client.invalidateQueries({ queryKey: connectionQueries.all() });
    },
  });
}

/** Renews the credentials now. */
export function useRefresh() {
  return useMutation({
    mutationFn: ({ id }: ConnectionDto) => refreshConnection(id),
    onSuccess: (_answer, connection) => tell({ title: `${accountLabel(connection)} is renewed` }),
    onError: (error, connection) =>
      warn({ title: `${accountLabel(connection)} was not renewed`, description: sentence(error) }),
    onSettled: (_answer, _error, _connection, _before, { client }) =>
      client.invalidateQueries({ queryKey: connectionQueries.all() }),
  });
}
