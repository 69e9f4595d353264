"use client";

import { useQueries } from "@tanstack/react-query";
import { connectionQueries } from "@/lib/connections/queries";
import type { ConnectionDto } from "@/lib/connections/schema";
import { sentence } from "@/lib/http/api";
import type { PlatformSpec } from "@/lib/platforms/contract";
import type { Draft } from "@/lib/posts/draft";
import type { LibraryFile } from "@/lib/posts/media-rules";
import { askedWith, fieldsFor, type LiveChoices } from "./choices";
import { filesAt } from "./judge";

/** A text that is being typed: until its box is left, the platform is asked with what it said before. */
export type Typing = { connectionId: string; name: string; before: unknown } | null;

type Options = {
  draft: Draft;
  chosen: ConnectionDto[];
  specs: Record<string, PlatformSpec>;
  library: LibraryFile[];
  typing: Typing;
};

/** What the platforms allow the chosen accounts right now, by connection. Only those are asked that have something to say. */
export function useChoices({ draft, chosen, specs, library, typing }: Options): Record<string, LiveChoices> {
  const asked = chosen.flatMap(({ id, platform }) => {
    const spec = specs[platform];
    if (!spec) return [];
    const written = draft.options[id] ?? {};
    const answers = typing?.connectionId === id ? { ...written, [typing.name]: typing.before } : written;
    const options = askedWith(fieldsFor(spec, filesAt(draft, id, library), answers), answers);
    return options ? [{ id, options }] : [];
  });
  const results = useQueries({
    queries: asked.map(({ id, options }) => connectionQueries.detail(id, options)),
  });
  return Object.fromEntries(
    asked.map(({ id }, index): [string, LiveChoices] => {
      const result = results[index];
      if (!result || result.isPending) return [id, { state: "loading" }];
      const failure = result.data ? result.data.choicesError : sentence(result.error);
      if (failure !== null) {
        const { isFetching, refetch } = result;
        return [
          id,
          { state: "failed", message: failure, isRetrying: isFetching, retry: () => void refetch() },
        ];
      }
      return [id, { state: "known", choices: result.data?.choices ?? { fields: {} } }];
    }),
  );
}
