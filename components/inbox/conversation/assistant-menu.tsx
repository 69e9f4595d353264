"use client";

import { Bot, Hand, Play } from "lucide-react";
import Link from "next/link";
import { useNow } from "@/components/inbox/clock";
import { useChange } from "@/components/inbox/use-change";
import { isHeld, modeWords } from "@/components/inbox/words";
import { Button } from "@/components/ui/button";
import { Menu, MenuChoice, MenuItem, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import { answeringModes, type ConversationDto } from "@/lib/inbox/schema";

const AS_ACCOUNT = "account";

/** What the assistant does in this conversation. */
export function AssistantMenu({ conversation, accountMode }: Props) {
  const change = useChange();
  const now = useNow();
  const { id, mode, ownMode } = conversation;
  const isPaused = mode !== "off" && isHeld(conversation, now);
  const account = accountMode ?? (ownMode === null ? mode : null);
  return (
    <Menu
      trigger={
        <MenuTrigger
          render={<Button size="small" busy={change.isPending} />}
          aria-label={`The assistant in this conversation: ${isPaused ? "paused" : modeWords[mode].short}`}
        >
          <Bot aria-hidden className="size-4" />
          <span className="max-sm:sr-only">{isPaused ? "Paused" : modeWords[mode].short}</span>
        </MenuTrigger>
      }
    >
      <MenuChoice
        label="The assistant in this conversation"
        value={ownMode ?? AS_ACCOUNT}
        choices={[
          {
            value: AS_ACCOUNT,
            label: `As the account${account ? ` (${modeWords[account].short.toLowerCase()})` : ""}`,
          },
          ...answeringModes.map((value) => ({ value, label: modeWords[value].short })),
        ]}
        onChange={(value) =>
          change.mutate({ id, mode: answeringModes.find((known) => known === value) ?? null })
        }
      />
      {mode !== "off" && (
        <>
          <MenuSeparator />
          {isPaused ? (
            <MenuItem onClick={() => change.mutate({ id, pausedForMinutes: 0 })}>
              <Play aria-hidden className="size-4" />
              Let it go on now
            </MenuItem>
          ) : (
            PAUSES.map(({ minutes, label }) => (
              <MenuItem key={minutes} onClick={() => change.mutate({ id, pausedForMinutes: minutes })}>
                <Hand aria-hidden className="size-4" />
                {label}
              </MenuItem>
            ))
          )}
        </>
      )}
      <MenuSeparator />
      <p className="px-2.5 py-1.5 text-sm">
        <Link
          href="/inbox/assistant"
          className="font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
        >
          What it knows, and how it answers
        </Link>
      </p>
    </Menu>
  );
}

type Props = { conversation: ConversationDto; accountMode: ConversationDto["mode"] | null };

const PAUSES = [
  { minutes: 60, label: "Hold it for an hour" },
  { minutes: 24 * 60, label: "Hold it for a day" },
];
