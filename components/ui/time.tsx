"use client";

import { useSyncExternalStore } from "react";

/**
 * An instant in the reader's own zone, always with the zone. The server does not know that zone: it writes UTC,
 * and the browser corrects it right after waking up, so that both write the same first page.
 */
export function Time({ at, detail = "minute" }: { at: string; detail?: "minute" | "day" | "second" }) {
  const awake = useAwake();
  const instant = new Date(at);
  const format = new Intl.DateTimeFormat(awake ? undefined : "en-GB", {
    ...DETAILS[detail],
    ...(!awake && { timeZone: "UTC" }),
  });
  return <time dateTime={instant.toISOString()}>{format.format(instant)}</time>;
}

const DETAILS: Record<string, Intl.DateTimeFormatOptions> = {
  day: { day: "numeric", month: "short", year: "numeric", timeZoneName: "short" },
  minute: {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  },
  second: {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  },
};

const never = () => () => undefined;

/** False on the server and while hydrating, true from then on. */
export const useAwake = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
