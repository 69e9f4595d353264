"use client";

import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { v4 as uuid } from "uuid";
import { keepReply, readReply } from "@/components/inbox/reply/reply-storage";
import { ApiError, sentence } from "@/lib/http/api";
import { inboxQueries, sendReply } from "@/lib/inbox/queries";
import type { MessageDto, ReplyBody } from "@/lib/inbox/schema";

/** A reply on its way to our server, or one of which no answer came back. */
export type Pending = {
  body: ReplyBody;
  /** null while it is on its way. lost: it is not known whether the server took it; else it did not. */
  problem: { lost: boolean; message: string } | null;
  /** The same wish once more: it cannot say it twice. */
  again: () => void;
  /** Takes it off the list. */
  drop: () => void;
};

const RETRIES = 3;

/**
 * Sends replies one after the other, in the order in which they were written. Each has a wish of its own, made when it is
 * written and kept until the server has answered: however often it is sent, it is one message.
 *
 * @param messages what the conversation holds by now: a reply that is among them is not pending any more
 */
export function useReply(conversationId: string, messages: MessageDto[]) {
  const client = useQueryClient();
  const mutationKey = ["inbox", "reply", conversationId];
  const { mutate } = useMutation({
    mutationKey,
    scope: { id: mutationKey.join(".") },
    mutationFn: (body: ReplyBody) => sendReply({ id: conversationId, ...body }),
    retry: (failures, error) => failures < RETRIES && isLost(error),
    onSuccess: (_answer, { wish }) => forget(conversationId, wish),
    onError: (error, { wish }) => {
      // Refused: it is not out, and the person decides what becomes of the words, as long as the page stays.
      if (!isLost(error)) forget(conversationId, wish);
    },
    // Pending until the conversation shows it.
    onSettled: () => client.invalidateQueries({ queryKey: inboxQueries.all() }),
    gcTime: Number.POSITIVE_INFINITY,
  });
  const sent = useMutationState({
    filters: { mutationKey, predicate: ({ state }) => state.status !== "success" },
    select: ({ state, mutationId }) => ({
      mutationId,
      // safe: only this hook makes mutations of this key
      body: state.variables as ReplyBody,
      error: state.error,
    }),
  });

  // From before a reload.
  const [left, setLeft] = useState<ReplyBody[]>([]);
  useEffect(() => setLeft(readReply(conversationId).unanswered), [conversationId]);

  /** What the conversation held when each reply was written. */
  const before = useRef(new Map<string, Set<string>>());
  const send = (body: Omit<ReplyBody, "wish">) => {
    const wished = { ...body, wish: uuid() };
    before.current.set(wished.wish, new Set(messages.map(({ id }) => id)));
    keepReply(conversationId, (kept) => ({ ...kept, unanswered: [...kept.unanswered, wished] }));
    mutate(wished);
  };
  const drop = (wish: string) => {
    const cache = client.getMutationCache();
    for (const mutation of cache.findAll({ mutationKey })) {
      // safe: only this hook makes mutations of this key
      if ((mutation.state.variables as ReplyBody | undefined)?.wish === wish) cache.remove(mutation);
    }
    forget(conversationId, wish);
    setLeft((before) => before.filter((body) => body.wish !== wish));
  };

  const latest = new Map(sent.map((one) => [one.body.wish, one]));
  const pending: Pending[] = [
    ...left
      .filter(({ wish }) => !latest.has(wish))
      .map((body) => ({
        body,
        problem: { lost: true, message: "The page was left before an answer came." },
      })),
    ...[...latest.values()].map(({ body, error }) => ({
      body,
      problem: error && { lost: isLost(error), message: sentence(error) },
    })),
  ]
    .filter(
      ({ body, problem }) =>
        problem !== null ||
        !isAmong(
          body,
          messages.filter(({ id }) => !before.current.get(body.wish)?.has(id)),
        ),
    )
    .map(({ body, problem }) => ({
      body,
      problem,
      again: () => {
        drop(body.wish);
        keepReply(conversationId, (kept) => ({ ...kept, unanswered: [...kept.unanswered, body] }));
        mutate(body);
      },
      drop: () => drop(body.wish),
    }));
  return { send, pending };
}

const forget = (conversationId: string, wish: string): void =>
  keepReply(conversationId, (kept) => ({
    ...kept,
    unanswered: kept.unanswered.filter((body) => body.wish !== wish),
  }));

/** Whether it is unknown if the server took it. */
const isLost = (error: Error): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status >= 500);

/** Whether one of these is the reply, or its first part: live news can be faster than the answer. */
const isAmong = (body: ReplyBody, messages: MessageDto[]): boolean =>
  messages.some(
    ({ author, text }) =>
      author === "person" && (text ? body.text.trim().startsWith(text.trim()) : body.text.trim() === ""),
  );
