"use client";

import { clsx } from "clsx";
import { useRef, useState } from "react";
import { FileDialog } from "@/components/media/file-dialog";
import { factsOf, isPicture } from "@/components/media/file-words";
import { KindFilter, LibraryList } from "@/components/media/library-list";
import { PickButton } from "@/components/media/pick-button";
import { Thumbnail } from "@/components/media/thumbnail";
import { UploadList } from "@/components/media/upload-list";
import { arrivalBox, useArrivingFiles } from "@/components/media/use-arriving-files";
import { useUploads } from "@/components/media/use-uploads";
import { Button } from "@/components/ui/button";
import type { MediaDto } from "@/lib/media/schema";
import type { MediaKind } from "@/lib/platforms/contract";

/** Every file of a person: looked at, described, added to and taken out. */
export function LibraryScreen() {
  const box = useRef<HTMLDivElement>(null);
  const [kind, setKind] = useState<MediaKind | null>(null);
  const [open, setOpen] = useState<MediaDto | null>(null);
  const [said, setSaid] = useState("");
  const uploads = useUploads((files) => {
    // Or they might not be seen among those of another kind.
    setKind(null);
    setSaid(`In your library: ${files.map(({ filename }) => filename).join(", ")}`);
  });
  const hovering = useArrivingFiles(box, uploads.add);

  return (
    <div className="grid gap-5">
      <div
        ref={box}
        {...arrivalBox}
        className={clsx(
          "flex flex-wrap items-center gap-3 rounded-xl border border-dashed p-4",
          hovering ? "border-accent bg-accent-soft" : "border-control/60",
        )}
      >
        <PickButton onFiles={uploads.add} style={{ look: "primary" }}>
          Upload files
        </PickButton>
        <p className="text-sm text-ink-soft">
          {hovering ? "Let go to upload." : "Or drop or paste them anywhere on this page."}
        </p>
      </div>
      <UploadList uploads={uploads} />
      <p role="status" className="sr-only">
        {said}
      </p>
      <KindFilter kind={kind} onChange={setKind} />
      <LibraryList
        kind={kind}
        invitation="Upload pictures, videos or PDFs to use them in posts."
        tile={(file) => <Tile file={file} onOpen={() => setOpen(file)} />}
      />
      {open && <FileDialog key={open.id} file={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

const Tile = ({ file, onOpen }: { file: MediaDto; onOpen: () => void }) => (
  <Button
    look="quiet"
    onClick={onOpen}
    className="h-full! w-full flex-col! items-stretch! justify-start! gap-1! border-line! p-1.5! text-left text-[0.8125rem]! font-normal! whitespace-normal! hover:border-control!"
  >
    <Thumbnail file={file} />
    <span className="truncate text-ink" title={file.filename}>
      {file.filename}
    </span>
    <span>{factsOf(file)}</span>
    {isPicture(file.kind) && file.alt === "" && <span className="text-warn">Not described yet</span>}
  </Button>
);
