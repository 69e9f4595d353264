"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Images } from "lucide-react";
import { type ReactNode, useId } from "react";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { whenSeen } from "@/components/ui/when-seen";
import { sentence } from "@/lib/http/api";
import { mediaQueries } from "@/lib/media/queries";
import type { MediaDto } from "@/lib/media/schema";
import type { MediaKind } from "@/lib/platforms/contract";

const FILTERS: { kind: MediaKind | null; label: string }[] = [
  { kind: null, label: "All" },
  { kind: "image", label: "Pictures" },
  { kind: "gif", label: "GIFs" },
  { kind: "video", label: "Videos" },
  { kind: "document", label: "PDFs" },
];

/** Which kind of file is shown. */
export function KindFilter({
  kind,
  onChange,
}: {
  kind: MediaKind | null;
  onChange: (kind: MediaKind | null) => void;
}) {
  const name = useId();
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="sr-only">Show</legend>
      {FILTERS.map((filter) => (
        <label
          key={filter.label}
          className="relative rounded-full border border-line bg-surface px-3 py-1 text-sm text-ink-soft outline-offset-2 hover:text-ink has-checked:border-accent has-checked:bg-accent-soft has-checked:font-medium has-checked:text-accent-strong has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            className="absolute inset-0 m-0 size-full opacity-0"
            checked={filter.kind === kind}
            onChange={() => onChange(filter.kind)}
          />
          {filter.label}
        </label>
      ))}
    </fieldset>
  );
}

type Props = {
  kind: MediaKind | null;
  tile: (file: MediaDto) => ReactNode;
  /** What to do where there is nothing yet. */
  invitation: string;
};

/** The library as a grid, newest first; more comes as one scrolls, or by the button below. */
export function LibraryList({ kind, tile, invitation }: Props) {
  const query = useInfiniteQuery(mediaQueries.list(kind ?? undefined));
  const files = query.data?.pages.flatMap(({ media }) => media) ?? [];

  if (!query.data && query.error) {
    return (
      <Notice
        tone="bad"
        role="alert"
        title="Your library could not be loaded"
        actions={
          <Button size="small" busy={query.isFetching} onClick={() => query.refetch()}>
            Try again
          </Button>
        }
      >
        {sentence(query.error)}
      </Notice>
    );
  }
  if (!query.data) return <LoadingGrid />;
  if (files.length === 0) {
    return (
      <EmptyState icon={Images} title={kind === null ? "No files yet" : "None of these"}>
        {kind === null ? invitation : "You have no files of this kind."}
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-4">
      <ul aria-label="Files" className={GRID}>
        {files.map((file) => (
          <li key={file.id} className="min-w-0">
            {tile(file)}
          </li>
        ))}
      </ul>
      {query.error && (
        <Notice tone="warn" role="status">
          {query.isFetchNextPageError ? "Older files could not be loaded" : "This may be out of date"}:{" "}
          {sentence(query.error)}
        </Notice>
      )}
      {query.hasNextPage && (
        <div ref={whenSeen(() => !query.isFetching && !query.error && void query.fetchNextPage())}>
          <Button
            className="mx-auto flex"
            busy={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            Load more
          </Button>
        </div>
      )}
    </div>
  );
}

const GRID = "grid grid-cols-[repeat(auto-fill,minmax(8rem,1fr))] gap-3";

const LoadingGrid = () => (
  <div role="status" className={GRID}>
    <span className="sr-only">Loading your library…</span>
    {["a", "b", "c", "d", "e", "f"].map((nth) => (
      <Skeleton key={nth} className="aspect-square" />
    ))}
  </div>
);
