"use client";

import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { ApiError } from "@/lib/http/api";
import { postQueries, publishPost } from "@/lib/posts/queries";
import type { CreatePost, PublishAnswer } from "@/lib/posts/schema";
import { type Attempt, readSaved, writeSaved } from "./draft-storage";

const ASK_AGAIN_MS = 1_500;
/** As long as the server may be at work on the same key: a minute. */
const WAITS = 40;
const RECONNECTS = 2;

/**
 * Publishes a draft once. The same words keep their key through every further press, reload and lost answer,
 * so the server can tell a repetition from a new post; other words are another post, with another key.
 */
export function usePublish({
  slot,
  onPublished,
}: {
  slot: string;
  onPublished: (answer: PublishAnswer) => void;
}) {
  const underWay = useRef(false);
  const mutation = useMutation({
    mutationFn: (body: CreatePost) => publishPost({ body, key: attemptFor(slot, JSON.stringify(body)).key }),
    retry: (failures, error) => mayAskAgain(error, failures),
    retryDelay: ASK_AGAIN_MS,
    onSuccess: (answer) => onPublished(answer),
    onSettled: (_answer, _error, _body, _before, { client }) => {
      underWay.current = false;
      return client.invalidateQueries({ queryKey: postQueries.all() });
    },
  });
  return {
    ...mutation,
    // A second press lands before React has drawn the busy button.
    publish: (body: CreatePost) => {
      if (underWay.current) return;
      underWay.current = true;
      mutation.mutate(body);
    },
  };
}

/** Whether it is unknown if the post was taken: the one failure after which it may be out. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status >= 500 || error.code === "in_progress");

function mayAskAgain(error: Error, failures: number): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === "in_progress") return failures < WAITS;
  return (error.status === 0 || error.status === 502 || error.status === 503) && failures < RECONNECTS;
}

function attemptFor(slot: string, body: string): Attempt {
  const saved = readSaved(slot);
  if (saved?.attempt?.body === body) return saved.attempt;
  const attempt = { key: newKey(), body };
  if (saved) writeSaved(slot, { ...saved, attempt });
  return attempt;
}

/** 128 random bits. Not randomUUID, which browsers withhold from pages on plain http. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
