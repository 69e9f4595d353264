import { Skeleton } from "@/components/ui/skeleton";

/** The shape of a conversation that is still coming. */
export const ConversationSkeleton = () => (
  <div role="status" className="flex grow flex-col">
    <span className="sr-only">Loading the conversation…</span>
    <div className="flex items-center gap-3 border-b border-line bg-surface px-4 py-2.5">
      <Skeleton className="size-10 rounded-full!" />
      <div className="grid gap-2">
        <Skeleton className="h-3.5 w-32" />
        <Skeleton className="h-3 w-20" />
      </div>
    </div>
    <div className="grid grow content-end gap-3 p-4">
      <Skeleton className="h-12 w-3/5 rounded-2xl!" />
      <Skeleton className="h-9 w-2/5 justify-self-end rounded-2xl!" />
      <Skeleton className="h-16 w-1/2 rounded-2xl!" />
    </div>
    <div className="border-t border-line bg-surface p-4">
      <Skeleton className="h-16" />
    </div>
  </div>
);
