"use client";

import { useMutation } from "@tanstack/react-query";
import { FastForward as Icon } from "lucide-react";
import { usePathname } from "next/navigation";
import { Button } from "@/components/ui/button";
import { connectionQueries } from "@/lib/connections/queries";
import { moveClock } from "@/lib/demo-clock/queries";
import { type ClockMoved, FORWARDS } from "@/lib/demo-clock/schema";
import { sentence } from "@/lib/http/api";
import { notificationQueries } from "@/lib/notifications/queries";

/** Lets days pass in the demo, on the page where one sees what that does to connections. */
export function FastForward() {
  const isAccounts = usePathname() === "/settings/integrations";
  const forward = useMutation({
    mutationFn: moveClock,
    onSettled: (_answer, _error, _days, _result, { client }) =>
      Promise.all([
        client.invalidateQueries({ queryKey: connectionQueries.all() }),
        client.invalidateQueries({ queryKey: notificationQueries.all() }),
      ]),
  });
  if (!isAccounts) return null;
  return (
    <div className="grid basis-full gap-2 py-1">
      <fieldset className="flex flex-wrap items-center gap-2">
        <legend className="sr-only">Fast-forward: let time pass for your connections</legend>
        <span aria-hidden className="inline-flex items-center gap-1.5">
          <Icon className="size-4" />
          Fast-forward
        </span>
        {FORWARDS.map((days) => (
          <Button
            key={days}
            size="small"
            busy={forward.isPending && forward.variables === days}
            disabled={forward.isPending && forward.variables !== days}
            onClick={() => forward.mutate(days)}
          >
            {daysWord(days)}
          </Button>
        ))}
      </fieldset>
      <div role="status" className="text-ink empty:hidden">
        {forward.isPending && `${daysWord(forward.variables)} pass…`}
        {forward.isSuccess && <Passed {...forward.data} />}
        {forward.isError && sentence(forward.error)}
      </div>
    </div>
  );
}

function Passed({ days, renewed, failed, told }: ClockMoved) {
  const quiet = renewed.length === 0 && failed.length === 0 && told.length === 0;
  return (
    <>
      <p className="font-medium">{daysWord(days)} later</p>
      {quiet && <p>Nothing was due: everything goes on as it was.</p>}
      {renewed.length > 0 && <p>Renewed: {renewed.join("; ")}</p>}
      {failed.length > 0 && <p>Could not be renewed: {failed.join("; ")}</p>}
      {told.map(({ title, mailed }) => (
        <p key={title} className="break-words">
          Announced{mailed && ", also by mail"}: {title}
        </p>
      ))}
    </>
  );
}

const daysWord = (days: number): string => (days === 1 ? "1 day" : `${days} days`);
