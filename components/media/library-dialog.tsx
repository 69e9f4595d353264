"use client";

import { clsx } from "clsx";
import { Check } from "lucide-react";
import { useRef, useState } from "react";
import { factsOf } from "@/components/media/file-words";
import { KindFilter, LibraryList } from "@/components/media/library-list";
import { PickButton } from "@/components/media/pick-button";
import { Thumbnail } from "@/components/media/thumbnail";
import { UploadList } from "@/components/media/upload-list";
import { arrivalBox, useArrivingFiles } from "@/components/media/use-arriving-files";
import { useUploads } from "@/components/media/use-uploads";
import { WideDialog } from "@/components/media/wide-dialog";
import { Button } from "@/components/ui/button";
import type { MediaDto } from "@/lib/media/schema";
import type { MediaKind } from "@/lib/platforms/contract";

type Props = {
  open: boolean;
  /** Ids of the files that are in the post already. */
  taken: string[];
  onClose: () => void;
  /** In the order in which they were ticked. */
  onChoose: (files: MediaDto[]) => void;
};

/** Files that are in the library, to be taken into a post. */
export function LibraryDialog({ open, taken, onClose, onChoose }: Props) {
  const [chosen, setChosen] = useState<MediaDto[]>([]);
  const leave = () => {
    setChosen([]);
    onClose();
  };
  return (
    <WideDialog
      open={open}
      onClose={leave}
      title="Choose from your library"
      actions={
        <Button
          look="primary"
          disabled={chosen.length === 0}
          onClick={() => {
            setChosen([]);
            onChoose(chosen);
          }}
        >
          {chosen.length === 0 ? "Add" : `Add ${chosen.length === 1 ? "1 file" : `${chosen.length} files`}`}
        </Button>
      }
    >
      <Choice taken={taken} chosen={chosen} onChange={setChosen} />
    </WideDialog>
  );
}

type ChoiceProps = {
  taken: string[];
  chosen: MediaDto[];
  onChange: (change: (before: MediaDto[]) => MediaDto[]) => void;
};

function Choice({ taken, chosen, onChange }: ChoiceProps) {
  const box = useRef<HTMLDivElement>(null);
  const [kind, setKind] = useState<MediaKind | null>(null);
  // Who uploads here wants to use it here.
  const uploads = useUploads((files) =>
    onChange((before) => [
      ...before,
      ...files.filter(({ id }) => !taken.includes(id) && !before.some((file) => file.id === id)),
    ]),
  );
  const hovering = useArrivingFiles(box, uploads.add);

  const toggle = (file: MediaDto) =>
    onChange((before) =>
      before.some(({ id }) => id === file.id) ? before.filter(({ id }) => id !== file.id) : [...before, file],
    );

  return (
    <div
      ref={box}
      {...arrivalBox}
      className={clsx("grid gap-3 rounded-lg outline-offset-4", hovering && "outline-2 outline-accent")}
    >
      <div className="flex flex-wrap items-center justify-between gap-3">
        <KindFilter kind={kind} onChange={setKind} />
        <PickButton onFiles={uploads.add}>Upload files</PickButton>
      </div>
      <UploadList uploads={uploads} />
      <LibraryList
        kind={kind}
        invitation="Upload some here, or drop or paste them."
        tile={(file) => (
          <Tile
            file={file}
            isTaken={taken.includes(file.id)}
            place={chosen.findIndex(({ id }) => id === file.id) + 1}
            onToggle={() => toggle(file)}
          />
        )}
      />
    </div>
  );
}

type TileProps = {
  file: MediaDto;
  isTaken: boolean;
  /** From 1, in the order of choosing; 0 when it is not chosen. */
  place: number;
  onToggle: () => void;
};

const Tile = ({ file, isTaken, place, onToggle }: TileProps) => (
  <label
    className={clsx(
      "relative grid gap-1 rounded-lg border p-1.5 text-[0.8125rem] has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
      place > 0 ? "border-accent bg-accent-soft" : "border-line hover:border-control",
    )}
  >
    <input
      type="checkbox"
      className="absolute inset-0 z-10 m-0 size-full opacity-0"
      checked={place > 0 || isTaken}
      disabled={isTaken}
      onChange={onToggle}
    />
    <Thumbnail file={file} />
    <span className="truncate text-ink" title={file.filename}>
      {file.filename}
    </span>
    <span className="text-ink-soft">{isTaken ? "In the post" : factsOf(file)}</span>
    {(place > 0 || isTaken) && (
      <span
        aria-hidden
        className="numbers absolute top-3 right-3 grid size-6 place-items-center rounded-full bg-accent text-accent-ink ring-2 ring-surface"
      >
        {place > 0 ? place : <Check className="size-4" />}
      </span>
    )}
  </label>
);
