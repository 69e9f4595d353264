"use client";

import { useQueryClient } from "@tanstack/react-query";
import { clsx } from "clsx";
import { Images } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { ChosenFile } from "@/components/media/chosen-file";
import { LibraryDialog } from "@/components/media/library-dialog";
import { PickButton } from "@/components/media/pick-button";
import { UploadList } from "@/components/media/upload-list";
import { arrivalBox, useArrivingFiles } from "@/components/media/use-arriving-files";
import { type FileState, rememberFiles, useFileStates } from "@/components/media/use-library-files";
import { useUploads } from "@/components/media/use-uploads";
import { ProblemList } from "@/components/posts/compose/problem-list";
import { Button } from "@/components/ui/button";
import { tell } from "@/components/ui/toast";
import type { MediaDto, MediaRef } from "@/lib/media/schema";
import type { Problem } from "@/lib/posts/schema";

type Props = {
  /** In order. */
  refs: MediaRef[];
  /** Every change: add, remove, move, describe. */
  onChange: (refs: MediaRef[]) => void;
  /** "Pictures and video", "Pictures and video for Threads, Ada" */
  label: string;
  /** Those about files: `media`, and `media.N.alt` for the description of one of them. */
  problems: Problem[];
};

/** The files of a post, in order; more come by picker, from the library, or pasted and dropped anywhere in the form. */
export function MediaEditor({ refs, onChange, label, problems }: Props) {
  const base = useId();
  const client = useQueryClient();
  const box = useRef<HTMLFieldSetElement>(null);
  const [choosing, setChoosing] = useState(false);
  const [said, setSaid] = useState("");
  const states = useFileStates(refs);
  const whose = / for .*$/.exec(label)?.[0] ?? "";

  // What arrives late, an upload or a press of Undo, joins what the post has by then.
  const latest = useRef({ refs, onChange });
  useEffect(() => {
    latest.current = { refs, onChange };
  });
  const change = (next: MediaRef[]) => {
    latest.current = { ...latest.current, refs: next };
    latest.current.onChange(next);
  };

  const add = (added: MediaDto[]) => {
    const { refs: now } = latest.current;
    const fresh = added.filter(({ id }) => !now.some((ref) => ref.id === id));
    for (const { filename } of added.filter((file) => !fresh.includes(file))) {
      tell({ title: `${filename} is in this post already` });
    }
    if (fresh.length === 0) return;
    change([...now, ...fresh.map(({ id }) => ({ id }))]);
    setSaid(`Added: ${fresh.map(({ filename }) => filename).join(", ")}`);
  };
  const uploads = useUploads(add);
  const hovering = useArrivingFiles(box, uploads.add);

  const nameOf = (ref: MediaRef) => fileIn(states[refs.indexOf(ref)])?.filename ?? "The file";
  const buttonId = (id: string, step: -1 | 1) => `${base}-${id}-${step === 1 ? "later" : "earlier"}`;

  const place = (from: number, to: number) => {
    const moving = refs[from];
    if (!moving || from === to) return;
    const others = refs.filter((ref) => ref !== moving);
    change([...others.slice(0, to), moving, ...others.slice(to)]);
    setSaid(`${nameOf(moving)} is now ${to + 1} of ${refs.length}`);
  };

  const move = (index: number, step: -1 | 1) => {
    const id = refs[index]?.id;
    if (id === undefined) return;
    flushSync(() => place(index, index + step));
    // The button may be at its end now, and switched off: the one beside it is not.
    const buttons = [step, step === 1 ? -1 : 1].map((way) =>
      document.getElementById(buttonId(id, way as -1 | 1)),
    );
    buttons.find((button) => button?.matches(":enabled"))?.focus();
  };

  const remove = (ref: MediaRef, index: number) => {
    change(refs.filter(({ id }) => id !== ref.id));
    // The button that was pressed goes with the file.
    box.current?.focus();
    tell({
      title: `${nameOf(ref)} is out of the post`,
      undo: () => {
        const { refs: now } = latest.current;
        if (now.some(({ id }) => id === ref.id)) return;
        change([...now.slice(0, index), ref, ...now.slice(index)]);
      },
    });
  };

  const describe = (id: string, file: MediaDto | undefined, alt: string) =>
    // The library's own description is not said twice: it stays the library's.
    change(refs.map((ref) => (ref.id === id ? { id, ...(alt !== file?.alt && { alt }) } : ref)));

  const altProblem = (index: number) => problems.find(({ field }) => field === `media.${index}.alt`);
  const known = refs.map((_, index) => altProblem(index));

  return (
    <fieldset
      ref={box}
      tabIndex={-1}
      {...arrivalBox}
      onKeyDown={keepDialogFromForm}
      className={clsx(
        "grid min-w-0 content-start gap-3 rounded-lg border border-dashed p-3 outline-offset-2",
        hovering ? "border-accent bg-accent-soft" : "border-control/60",
      )}
    >
      <legend className="float-left w-full text-sm font-medium">{label}</legend>
      {refs.length > 0 && (
        <ol className="grid grid-cols-[repeat(auto-fill,minmax(min(17rem,100%),1fr))] gap-2">
          {refs.map((ref, index) => {
            const state = states[index] ?? "loading";
            const file = fileIn(state);
            return (
              <ChosenFile
                key={ref.id}
                state={state}
                alt={ref.alt ?? file?.alt ?? ""}
                place={index}
                of={refs.length}
                whose={whose}
                error={altProblem(index)?.message}
                buttonId={(step) => buttonId(ref.id, step)}
                onAlt={(alt) => describe(ref.id, file, alt)}
                onMove={(step) => move(index, step)}
                onDropHere={(from) => place(from, index)}
                onRemove={() => remove(ref, index)}
              />
            );
          })}
        </ol>
      )}
      <UploadList uploads={uploads} />
      <div className="flex flex-wrap items-center gap-2">
        <PickButton onFiles={uploads.add} whose={whose}>
          Add files
        </PickButton>
        <Button size="small" onClick={() => setChoosing(true)}>
          <Images aria-hidden className="size-4" />
          From the library<span className="sr-only">{whose}</span>
        </Button>
        <p className="text-[0.8125rem] text-ink-soft">
          {hovering ? "Let go to add them." : "Or drop or paste them here."}
        </p>
      </div>
      <ProblemList problems={problems.filter((problem) => !known.includes(problem))} />
      <p role="status" className="sr-only">
        {said}
      </p>
      <LibraryDialog
        open={choosing}
        taken={refs.map(({ id }) => id)}
        onClose={() => setChoosing(false)}
        onChoose={(chosen) => {
          setChoosing(false);
          rememberFiles(client, chosen);
          add(chosen);
        }}
      />
    </fieldset>
  );
}

const fileIn = (state: FileState | undefined): MediaDto | undefined =>
  typeof state === "object" ? state : undefined;

/** What is pressed in the dialog is not meant for the form behind it, though React tells both. */
function keepDialogFromForm(event: KeyboardEvent<HTMLElement>): void {
  const inDialog = event.target instanceof Node && !event.currentTarget.contains(event.target);
  if (inDialog && event.key === "Enter" && (event.metaKey || event.ctrlKey)) event.stopPropagation();
}
