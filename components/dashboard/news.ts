import { useMutation } from "@tanstack/react-query";
import { needsAttention } from "@/components/connections/status";
import type { ConnectionDto } from "@/lib/connections/schema";
import { notificationQueries, putAway } from "@/lib/notifications/queries";
import type { NotificationsAnswer } from "@/lib/notifications/schema";

/** What is told of an account, and what its owner has already heard. */

/** Accounts that need their owner, but for those of which everything that was said has been put away. */
export const needingAttention = (
  connections: ConnectionDto[],
  news: NotificationsAnswer | undefined,
): ConnectionDto[] =>
  connections.filter((connection) => needsAttention(connection) && !news?.quiet.includes(connection.id));

export function usePutAway() {
  return useMutation({
    mutationFn: putAway,
    onSettled: (_answer, _error, _id, _result, { client }) =>
      client.invalidateQueries({ queryKey: notificationQueries.all() }),
  });
}
