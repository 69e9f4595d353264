import { clsx } from "clsx";

/** The shape of what is coming. Said once by its parent, so each is silent. */
export const Skeleton = ({ className }: { className?: string }) => (
  <div aria-hidden className={clsx("animate-pulse rounded-md bg-sunken", className)} />
);

/** A page still loading: its heading, then a few rows. */
export function LoadingPage({ what }: { what: string }) {
  return (
    <div role="status" className="grid gap-4">
      <span className="sr-only">Loading {what}…</span>
      <Skeleton className="h-8 w-48" />
      <Skeleton className="h-4 w-72 max-w-full" />
      <Skeleton className="mt-2 h-28" />
      <Skeleton className="h-28" />
      <Skeleton className="h-28" />
    </div>
  );
}
