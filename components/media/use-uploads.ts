"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { rememberFiles } from "@/components/media/use-library-files";
import { ApiError, sentence } from "@/lib/http/api";
import { mediaQueries } from "@/lib/media/queries";
import type { MediaDto } from "@/lib/media/schema";
import { uploadFile } from "@/lib/media/upload";

/**
 * Files on their way into the library: two at a time, each with its progress. They go on when the screen that began them
 * is left, and land in the library then.
 */
export type Upload = {
  key: string;
  name: string;
  bytes: number;
  /** stored: waits for those that were chosen before it, so that files stay in the order they were chosen in. */
  state: "waiting" | "sending" | "checking" | "stored" | "failed";
  /** From 0 to 1. */
  fraction: number;
  failure: { message: string; canRetry: boolean } | null;
};

export type Uploads = {
  list: Upload[];
  add(files: File[]): void;
  /** Stops it, or takes a failed one off the list. */
  cancel(key: string): void;
  retry(key: string): void;
};

/** @param onStored hears of stored files in the order in which they were chosen */
export function useUploads(onStored: (files: MediaDto[]) => void): Uploads {
  const client = useQueryClient();
  const latest = useRef(onStored);
  useEffect(() => {
    latest.current = onStored;
  });
  const [queue] = useState(() =>
    createQueue((files) => {
      rememberFiles(client, files);
      void client.invalidateQueries({ queryKey: [...mediaQueries.all(), "list"] });
      latest.current(files);
    }),
  );
  const list = useSyncExternalStore(queue.subscribe, queue.list, nothing);
  return { list, add: queue.add, cancel: queue.cancel, retry: queue.retry };
}

/** Whether files are on their way right now, from anywhere in this tab: a post must not leave without them. */
export const useUploading = (): boolean =>
  useSyncExternalStore(underWay.subscribe, underWay.any, () => false);

const AT_ONCE = 2;
const NONE: Upload[] = [];
const nothing = () => NONE;

type Item = Upload & { file: File; stop: AbortController; stored: MediaDto | null };

function createQueue(onStored: (files: MediaDto[]) => void) {
  let items: Item[] = [];
  const { subscribe, changed } = broadcast();

  const set = (next: Item[]) => {
    items = next;
    changed();
  };
  const update = (key: string, change: Partial<Item>) =>
    set(items.map((item) => (item.key === key ? { ...item, ...change } : item)));

  function next(): void {
    const sending = items.filter(({ state }) => state === "sending" || state === "checking").length;
    for (const item of items.filter(({ state }) => state === "waiting").slice(0, AT_ONCE - sending)) {
      void send(item);
    }
  }

  async function send({ key, file }: Item): Promise<void> {
    const stop = new AbortController();
    update(key, { state: "sending", fraction: 0, failure: null, stop });
    underWay.add(key);
    try {
      const stored = await uploadFile(file, {
        signal: stop.signal,
        onProgress: (fraction) => update(key, { fraction, state: fraction < 1 ? "sending" : "checking" }),
      });
      update(key, { state: "stored", stored });
    } catch (error) {
      // Cancelled: it is off the list already.
      if (!stop.signal.aborted) update(key, { state: "failed", failure: failureOf(error) });
    } finally {
      underWay.remove(key);
    }
    handOver();
    next();
  }

  /** Gives out what is stored, up to the first that is still under way. Failed ones hold nobody up. */
  function handOver(): void {
    const blocking = items.findIndex(({ state }) => state !== "stored" && state !== "failed");
    const ready = items.slice(0, blocking === -1 ? items.length : blocking);
    const stored = ready.flatMap((item) => item.stored ?? []);
    if (stored.length === 0) return;
    set(items.filter((item) => !ready.includes(item) || !item.stored));
    onStored(stored);
  }

  return {
    subscribe,
    list: (): Upload[] => items,
    add(files: File[]) {
      set([...items, ...files.map(waiting)]);
      next();
    },
    cancel(key: string) {
      items.find((item) => item.key === key)?.stop.abort();
      set(items.filter((item) => item.key !== key));
      handOver();
      next();
    },
    retry(key: string) {
      update(key, { state: "waiting", failure: null });
      next();
    },
  };
}

let count = 0;

const waiting = (file: File): Item => {
  count += 1;
  return {
    key: `upload-${count}`,
    name: file.name || "File",
    bytes: file.size,
    state: "waiting",
    fraction: 0,
    failure: null,
    file,
    stop: new AbortController(),
    stored: null,
  };
};

/** The same file again gets the same answer, unless it never arrived or the server had no time for it. */
const failureOf = (error: unknown): NonNullable<Upload["failure"]> => ({
  message: sentence(error),
  canRetry: !(error instanceof ApiError) || ![413, 415, 422].includes(error.status),
});

/** All uploads of this tab. While there are some, closing it asks first. */
const underWay = (() => {
  const keys = new Set<string>();
  const { subscribe, changed } = broadcast();
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  return {
    subscribe,
    any: () => keys.size > 0,
    add(key: string) {
      keys.add(key);
      window.addEventListener("beforeunload", ask);
      changed();
    },
    remove(key: string) {
      keys.delete(key);
      if (keys.size === 0) window.removeEventListener("beforeunload", ask);
      changed();
    },
  };
})();

function broadcast() {
  const listeners = new Set<() => void>();
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changed: () => {
      for (const listener of listeners) listener();
    },
  };
}
