"use client";

import { type QueryClient, type UseQueryResult, useQueries } from "@tanstack/react-query";
import { ApiError } from "@/lib/http/api";
import { mediaQueries } from "@/lib/media/queries";
import type { MediaDto, MediaRef } from "@/lib/media/schema";

/** What is known of each of these files: itself, or why it is not here. While one is loading it is not yet missing. */
export const useFileStates = (refs: MediaRef[]): FileState[] =>
  useQueries({ queries: refs.map(asked), combine: states });

export type FileState = MediaDto | "loading" | "gone" | "unreachable";

/** Files that just came from the server need not be asked for again. */
export function rememberFiles(client: QueryClient, files: MediaDto[]): void {
  for (const file of files) client.setQueryData(mediaQueries.one(file.id).queryKey, file);
}

const MINUTES_MS = 5 * 60_000;

/** A file never changes; only its description does, and rarely elsewhere. */
const asked = ({ id }: MediaRef) => ({ ...mediaQueries.one(id), staleTime: MINUTES_MS });

const states = (results: UseQueryResult<MediaDto>[]): FileState[] => results.map(stateOf);

function stateOf({ data, error }: UseQueryResult<MediaDto>): FileState {
  if (error instanceof ApiError && error.status === 404) return "gone";
  return data ?? (error ? "unreachable" : "loading");
}
