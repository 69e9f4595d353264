"use client";

import { useMutation } from "@tanstack/react-query";
import { ConnectButton } from "@/components/connections/connect-button";
import { Button } from "@/components/ui/button";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { inboxQueries, settleMessage } from "@/lib/inbox/queries";
import type { ConversationDto, MessageDto } from "@/lib/inbox/schema";

type Props = { message: MessageDto; conversation: ConversationDto };

/** What can be done about a message of ours that did not arrive, or that may have. */
export function Settle({ message, conversation }: Props) {
  const settle = useMutation({
    mutationFn: settleMessage,
    onError: (error) => warn({ title: "That did not work", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  const button = (as: "sent" | "resend" | "dismiss", words: string) => (
    <Button
      size="small"
      look={as === "dismiss" ? "quiet" : "plain"}
      busy={settle.isPending && settle.variables.as === as}
      onClick={() => settle.mutate({ id: message.id, as })}
    >
      {words}
    </Button>
  );
  if (message.state === "uncertain") {
    return (
      <div className="grid justify-items-end gap-2 text-right text-[0.8125rem]">
        <p>
          It was sent, but no answer came back: it may have arrived. Look in the app on your phone, so that
          nobody gets it twice.
        </p>
        <div className="flex flex-wrap justify-end gap-2">
          {button("sent", "It arrived")}
          {button("resend", "Send again")}
        </div>
      </div>
    );
  }
  if (message.state !== "failed") return null;
  return (
    <div className="grid justify-items-end gap-2 text-right text-[0.8125rem]">
      <p className="text-bad">{message.error?.message ?? "It was not sent."}</p>
      <div className="flex flex-wrap justify-end gap-2">
        {message.error?.kind === "reconnect" && (
          <ConnectButton
            request={{
              platform: conversation.platform,
              connection: conversation.connectionId,
              returnTo: `/inbox/${conversation.id}`,
            }}
            style={{ look: "primary", size: "small" }}
          >
            Reconnect {conversation.accountName}
          </ConnectButton>
        )}
        {button("resend", "Try again")}
        {button("dismiss", "Leave it")}
      </div>
    </div>
  );
}
