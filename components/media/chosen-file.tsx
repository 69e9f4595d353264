"use client";

import { ArrowLeft, ArrowRight, X } from "lucide-react";
import { factsOf, isPicture } from "@/components/media/file-words";
import { Thumbnail } from "@/components/media/thumbnail";
import type { FileState } from "@/components/media/use-library-files";
import { Button } from "@/components/ui/button";
import { Field, Textarea } from "@/components/ui/field";
import { MAX_ALT, type MediaDto } from "@/lib/media/schema";

type Props = {
  state: FileState;
  /** What it shows in this post. */
  alt: string;
  /** From 0. */
  place: number;
  of: number;
  /** Whose files these are, for the names of the controls. */
  whose: string;
  error: string | undefined;
  /** Ids of the buttons, so that the focus can follow a file that moves. */
  buttonId: (step: -1 | 1) => string;
  onAlt: (alt: string) => void;
  onMove: (step: -1 | 1) => void;
  onDropHere: (from: number) => void;
  onRemove: () => void;
};

/** What a dragged file is known by among its own kind; files from outside are "Files". */
const DRAGGED = "application/x-carillon-place";

const ABSENT: Record<Exclude<FileState, MediaDto>, string> = {
  loading: "Loading…",
  gone: "Remove it, or add it again.",
  unreachable: "Its details could not be loaded. Check your connection.",
};

/** One file of a post: what it is, what it shows, and where it stands. */
export function ChosenFile({
  state,
  alt,
  place,
  of,
  whose,
  error,
  buttonId,
  onAlt,
  onMove,
  onDropHere,
  onRemove,
}: Props) {
  const file = typeof state === "object" ? state : null;
  const name = file?.filename ?? `File ${place + 1}`;
  return (
    <li
      className="grid grid-cols-[4.5rem_minmax(0,1fr)] content-start gap-x-3 gap-y-2.5 rounded-lg border border-line bg-surface p-2.5"
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, String(place));
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(event) => event.dataTransfer.types.includes(DRAGGED) && event.preventDefault()}
      onDrop={(event) => {
        const from = event.dataTransfer.getData(DRAGGED);
        if (from === "") return;
        event.preventDefault();
        onDropHere(Number(from));
      }}
    >
      <div draggable={of > 1} className={of > 1 ? "cursor-grab" : undefined}>
        <Thumbnail file={file} />
      </div>
      <div className="grid content-between gap-1">
        <div>
          <p className="truncate text-sm font-medium" title={name}>
            {state === "gone" ? "Deleted from your library" : name}
          </p>
          <p className="text-[0.8125rem] text-ink-soft">
            {typeof state === "object" ? factsOf(state) : ABSENT[state]}
          </p>
        </div>
        <div className="-ml-2 flex gap-0.5">
          <Button
            look="quiet"
            size="icon"
            id={buttonId(-1)}
            disabled={place === 0}
            aria-label={`Move ${name} earlier${whose}`}
            onClick={() => onMove(-1)}
          >
            <ArrowLeft aria-hidden className="size-4" />
          </Button>
          <Button
            look="quiet"
            size="icon"
            id={buttonId(1)}
            disabled={place === of - 1}
            aria-label={`Move ${name} later${whose}`}
            onClick={() => onMove(1)}
          >
            <ArrowRight aria-hidden className="size-4" />
          </Button>
          <Button look="quiet" size="icon" aria-label={`Remove ${name}${whose}`} onClick={onRemove}>
            <X aria-hidden className="size-4" />
          </Button>
        </div>
      </div>
      {file && isPicture(file.kind) && (
        <div className="col-span-2">
          <Field
            label={
              <>
                What it shows
                <span className="sr-only">
                  : {name}
                  {whose}
                </span>
              </>
            }
            hint={
              <>
                For people who do not see it. <span className="numbers">{[...alt].length}</span> characters.
              </>
            }
            error={error}
          >
            {(control) => (
              <Textarea
                {...control}
                rows={1}
                maxLength={MAX_ALT}
                className="text-sm"
                value={alt}
                onChange={(event) => onAlt(event.target.value)}
              />
            )}
          </Field>
        </div>
      )}
    </li>
  );
}
