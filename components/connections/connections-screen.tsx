"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { DisconnectDialog } from "@/components/connections/disconnect-dialog";
import { PlatformCard } from "@/components/connections/platform-card";
import { accountLabel } from "@/components/connections/status";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { tell, warn } from "@/components/ui/toast";
import { connectionQueries, disconnectConnection } from "@/lib/connections/queries";
import type { ConnectionDto } from "@/lib/connections/schema";
import { sentence } from "@/lib/http/api";

/**
 * Every platform the house knows, with the accounts connected there.
 * @param wanted the connection that a notice leads to: it is shown, and its button is one press away
 */
export function ConnectionsScreen({ wanted }: { wanted: string | null }) {
  const { data, error, refetch, isFetching } = useQuery(connectionQueries.list());
  const [leaving, setLeaving] = useState<ConnectionDto | null>(null);
  const disconnect = useDisconnect();

  if (!data && error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="Your accounts could not be loaded"
        actions={
          <Button size="small" busy={isFetching} onClick={() => refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(error)}
      </Notice>
    );
  }
  if (!data) return <LoadingPage what="your accounts" />;

  return (
    <div className="grid gap-4">
      {data.platforms.map((platform) => (
        <PlatformCard
          key={platform.spec.id}
          platform={platform}
          connections={data.connections.filter((connection) => connection.platform === platform.spec.id)}
          wanted={wanted}
          onDisconnect={setLeaving}
        />
      ))}
      <DisconnectDialog
        connection={leaving}
        spec={data.platforms.find(({ spec }) => spec.id === leaving?.platform)?.spec ?? null}
        onClose={() => setLeaving(null)}
        onConfirm={(connection) => {
          setLeaving(null);
          disconnect.mutate(connection);
        }}
      />
    </div>
  );
}

/** The row goes at once, and comes back with the reason when the server says no. */
function useDisconnect() {
  const { queryKey } = connectionQueries.list();
  return useMutation({
    mutationFn: (connection: ConnectionDto) => disconnectConnection(connection.id),
    onMutate: async (connection, { client }) => {
      await client.cancelQueries({ queryKey });
      const before = client.getQueryData(queryKey);
      client.setQueryData(
        queryKey,
        (answer) =>
          answer && { ...answer, connections: answer.connections.filter(({ id }) => id !== connection.id) },
      );
      return before;
    },
    onError: (error, connection, before, { client }) => {
      client.setQueryData(queryKey, before);
      warn({ title: `${accountLabel(connection)} is still connected`, description: sentence(error) });
    },
    onSuccess: ({ remains }, connection) => {
      const title = `${accountLabel(connection)} is disconnected`;
      // What is left to do by hand stays on the screen until it is closed.
      if (remains.length === 0) tell({ title });
      else tell({ title, description: remains.join(" "), stays: true });
    },
    onSettled: (_answer, _error, _connection, _before, { client }) =>
      client.invalidateQueries({ queryKey: connectionQueries.all() }),
  });
}
