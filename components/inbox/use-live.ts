"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { inboxQueries } from "@/lib/inbox/queries";

const POLL_MS = 5_000;
/** Events of one moment are one look. */
const REST_MS = 250;
const RECONNECT_MS = 30_000;

/**
 * Keeps the inbox as it is while it changes: told by the server over one open line, and looked up every few seconds while
 * there is none. A tab that nobody sees holds no line: a browser has six for all its tabs.
 */
export function useLive(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    let source: EventSource | null = null;
    let rest: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let poll: ReturnType<typeof setInterval> | undefined;

    const look = () => void client.invalidateQueries({ predicate: ({ queryKey }) => moves(queryKey) });
    const lookSoon = () => {
      clearTimeout(rest);
      rest = setTimeout(look, REST_MS);
    };
    const hangUp = () => {
      source?.close();
      source = null;
      clearTimeout(again);
      clearInterval(poll);
      poll = undefined;
    };
    const listen = () => {
      hangUp();
      source = new EventSource("/api/inbox/live");
      source.onopen = () => {
        clearInterval(poll);
        poll = undefined;
        // What came while there was no line.
        lookSoon();
      };
      source.onmessage = lookSoon;
      source.addEventListener("changed", lookSoon);
      source.onerror = () => {
        poll ??= setInterval(look, POLL_MS);
        // The browser tries again by itself, but not after a refusal.
        if (source?.readyState === EventSource.CLOSED) again = setTimeout(listen, RECONNECT_MS);
      };
    };
    const onVisible = () => (document.visibilityState === "visible" ? listen() : hangUp());

    onVisible();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      clearTimeout(rest);
      hangUp();
    };
  }, [enabled, client]);
}

const MOVING = new Set<unknown>(["list", "thread", "accounts", "listening", "unread", "numbers", "events"]);

const moves = ([room, part]: readonly unknown[]): boolean =>
  room === inboxQueries.all()[0] && MOVING.has(part);
