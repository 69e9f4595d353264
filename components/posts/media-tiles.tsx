"use client";

import { kindWords } from "@/components/media/file-words";
import { Thumbnail } from "@/components/media/thumbnail";
import { type FileState, useFileStates } from "@/components/media/use-library-files";
import { Skeleton } from "@/components/ui/skeleton";
import type { MediaRef } from "@/lib/media/schema";

type Props = {
  refs: MediaRef[];
  size: keyof typeof SIZES;
  /** Shows so many; the rest are counted. */
  most?: number;
};

const SIZES = { tiny: "w-10", small: "w-14", large: "w-28" };

/** The files of a post that was written, in order. */
export function MediaTiles({ refs, size, most = refs.length }: Props) {
  const shown = refs.slice(0, most);
  const states = useFileStates(shown);
  if (refs.length === 0) return null;
  return (
    <ul className="flex flex-wrap items-center gap-2" aria-label="Pictures and video">
      {shown.map((ref, index) => (
        <li key={ref.id} className={SIZES[size]}>
          <Tile state={states[index] ?? "loading"} alt={ref.alt} size={size} />
        </li>
      ))}
      {refs.length > most && (
        <li className="numbers text-ink-soft">
          +{refs.length - most}
          <span className="sr-only"> more</span>
        </li>
      )}
    </ul>
  );
}

function Tile({ state, alt, size }: { state: FileState; alt: string | undefined; size: Props["size"] }) {
  if (state === "loading") return <Skeleton className="aspect-square" />;
  if (typeof state === "string") {
    const words = state === "gone" ? "Deleted" : "Not loaded";
    return (
      <span className="relative block" title={words}>
        <Thumbnail file={null} />
        <span
          className={
            size === "tiny"
              ? "sr-only"
              : "absolute inset-x-0 bottom-0.5 text-center text-[0.6875rem] text-ink-soft"
          }
        >
          {words}
        </span>
      </span>
    );
  }
  const described = alt ?? state.alt;
  return state.previewUrl ? (
    <Thumbnail file={state} alt={described || `${kindWords[state.kind]}: ${state.filename}`} />
  ) : (
    <span className="block" title={state.filename}>
      <Thumbnail file={size === "tiny" ? { ...state, durationMs: null } : state} />
      <span className="sr-only">
        {kindWords[state.kind]}: {state.filename}
      </span>
    </span>
  );
}
