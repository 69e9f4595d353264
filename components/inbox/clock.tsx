"use client";

import { useSyncExternalStore } from "react";

/** One clock for everything that grows old on a page. */
const TICK_MS = 10_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** Milliseconds since 1970, some seconds old at most; null on the server and while hydrating. */
export const useNow = (): number | null =>
  useSyncExternalStore<number | null>(
    subscribe,
    () => now,
    () => null,
  );

/** How long ago, in the fewest words, or as the end of a `sentence`; the instant itself, with its zone, is its title. */
export function Ago({ at, sentence = false }: { at: string; sentence?: boolean }) {
  const current = useNow();
  const instant = new Date(at);
  return (
    <time
      dateTime={instant.toISOString()}
      title={current === null ? undefined : full.format(instant)}
      className="whitespace-nowrap tabular-nums"
    >
      {sentence ? agoSentence(instant, current) : agoWords(instant, current)}
    </time>
  );
}

/** "14:32", or with `zone` "14:32 CET"; in UTC until the page is awake. */
export function Clock({ at, zone }: { at: string; zone?: true }) {
  const awake = useNow() !== null;
  const instant = new Date(at);
  const format = new Intl.DateTimeFormat(awake ? undefined : "en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(zone && { timeZoneName: "short" }),
    ...(!awake && { timeZone: "UTC" }),
  });
  return (
    <time
      dateTime={instant.toISOString()}
      title={awake ? full.format(instant) : undefined}
      className="tabular-nums"
    >
      {format.format(instant)}
    </time>
  );
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @param current null while hydrating: then the day, in UTC */
function agoWords(instant: Date, current: number | null): string {
  if (current === null) return utcDay.format(instant);
  const age = current - instant.getTime();
  if (age < MINUTE_MS) return "now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h`;
  if (age < 6 * DAY_MS) return weekday.format(instant);
  return new Date(current).getFullYear() === instant.getFullYear()
    ? day.format(instant)
    : dayAndYear.format(instant);
}

function agoSentence(instant: Date, current: number | null): string {
  const words = agoWords(instant, current);
  if (words === "now") return "just now";
  return current !== null && current - instant.getTime() < DAY_MS ? `${words} ago` : `on ${words}`;
}

/** "2 h 5 min", "4 min", "3 days": never more than two units, rounded down. */
export function lengthOf(ms: number): string {
  if (ms < MINUTE_MS) return "less than a minute";
  const [days, hours, minutes] = [
    Math.floor(ms / DAY_MS),
    Math.floor(ms / HOUR_MS) % 24,
    Math.floor(ms / MINUTE_MS) % 60,
  ];
  if (days > 0) return days === 1 ? `1 day${hours > 0 ? ` ${hours} h` : ""}` : `${days} days`;
  if (hours > 0) return minutes > 0 && hours < 6 ? `${hours} h ${minutes} min` : `${hours} h`;
  return `${minutes} min`;
}

/** "Today", "Yesterday", "Friday 13 November"; in UTC until the page is awake. */
export function dayWords(instant: Date, current: number | null): string {
  if (current === null) return utcLongDay.format(instant);
  const midnight = new Date(current).setHours(0, 0, 0, 0);
  if (instant.getTime() >= midnight) return "Today";
  if (instant.getTime() >= midnight - DAY_MS) return "Yesterday";
  return longDay.format(instant);
}

/** Which day it was for the reader: messages of one day stand together. */
export const dayKey = (instant: Date, current: number | null): string =>
  current === null ? instant.toISOString().slice(0, 10) : instant.toDateString();

/** "CET" */
export const zoneName = (instant: Date): string =>
  zoneParts.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "";

const full = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const longDay = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const utcDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const utcLongDay = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
const zoneParts = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
