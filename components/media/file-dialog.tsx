"use client";

import { useMutation } from "@tanstack/react-query";
import { Download, Trash2 } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { isPicture, kindWords, lengthWords, sizeWords } from "@/components/media/file-words";
import { Thumbnail } from "@/components/media/thumbnail";
import { rememberFiles } from "@/components/media/use-library-files";
import { WideDialog } from "@/components/media/wide-dialog";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { Dialog } from "@/components/ui/dialog";
import { Field, Textarea } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { Time } from "@/components/ui/time";
import { tell } from "@/components/ui/toast";
import { ApiError, sentence } from "@/lib/http/api";
import { changeMedia, deleteMedia, mediaQueries } from "@/lib/media/queries";
import { MAX_ALT, type MediaDto } from "@/lib/media/schema";

type Props = { file: MediaDto; onClose: () => void };

/** One file: looked at, described, downloaded, deleted. */
export function FileDialog({ file, onClose }: Props) {
  const [deleting, setDeleting] = useState(false);
  return deleting ? (
    <DeleteDialog file={file} onKeep={() => setDeleting(false)} onDone={onClose} />
  ) : (
    <DetailsDialog file={file} onClose={onClose} onDelete={() => setDeleting(true)} />
  );
}

function DetailsDialog({ file, onClose, onDelete }: Props & { onDelete: () => void }) {
  const { kind, filename, mimeType, bytes, width, height, durationMs, createdAt, fileUrl } = file;
  return (
    <WideDialog
      open
      onClose={onClose}
      title={filename}
      closeLabel="Close"
      actions={
        <>
          <a href={fileUrl} download={filename} className={buttonStyle()}>
            <Download aria-hidden className="size-4" />
            Download
          </a>
          <Button look="quiet" onClick={onDelete}>
            <Trash2 aria-hidden className="size-4" />
            Delete…
          </Button>
        </>
      }
    >
      <div className="grid gap-5 sm:grid-cols-2">
        <Look file={file} />
        <div className="grid content-start gap-4">
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
            <Fact name="Kind">
              {kindWords[kind]} ({mimeType})
            </Fact>
            <Fact name="Size">{sizeWords(bytes)}</Fact>
            {width !== null && height !== null && (
              <Fact name="Pixels">
                {width} × {height}
              </Fact>
            )}
            {durationMs !== null && <Fact name="Length">{lengthWords(durationMs)}</Fact>}
            <Fact name="Added">
              <Time at={createdAt} />
            </Fact>
          </dl>
          {isPicture(kind) && <Description file={file} />}
        </div>
      </div>
    </WideDialog>
  );
}

/** A video is silent until asked: nobody knows what is on it. */
function Look({ file }: { file: MediaDto }) {
  const { kind, filename, fileUrl, previewUrl, alt } = file;
  const frame = "max-h-96 w-full rounded-md bg-sunken object-contain";
  if (kind === "video") {
    return <video src={fileUrl} controls muted preload="metadata" aria-label={filename} className={frame} />;
  }
  return previewUrl ? (
    // biome-ignore lint/performance/noImgElement: it is small already, and only its owner may fetch it
    <img src={previewUrl} alt={alt} width={480} height={480} className={frame} />
  ) : (
    <Thumbnail file={file} className="w-full" />
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd className="numbers break-words text-ink">{children}</dd>
  </>
);

function Description({ file }: { file: MediaDto }) {
  const [alt, setAlt] = useState(file.alt);
  const [saved, setSaved] = useState(file.alt);
  const save = useMutation({
    mutationFn: () => changeMedia(file.id, { alt }),
    onSuccess: async (changed, _given, _before, { client }) => {
      setSaved(changed.alt);
      rememberFiles(client, [changed]);
      tell({ title: `The description of ${file.filename} is saved` });
      await client.invalidateQueries({ queryKey: [...mediaQueries.all(), "list"] });
    },
  });
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!save.isPending) save.mutate();
      }}
    >
      <Field
        label="What it shows"
        hint={
          <>
            For people who do not see it; offered wherever you use it.{" "}
            <span className="numbers">{[...alt].length}</span> characters.
          </>
        }
        error={save.error && sentence(save.error)}
      >
        {(control) => (
          <Textarea
            {...control}
            rows={3}
            maxLength={MAX_ALT}
            value={alt}
            onChange={(event) => setAlt(event.target.value)}
          />
        )}
      </Field>
      <Button
        type="submit"
        size="small"
        look="primary"
        className="justify-self-start"
        busy={save.isPending}
        disabled={alt === saved}
      >
        Save
      </Button>
    </form>
  );
}

type DeleteProps = { file: MediaDto; onKeep: () => void; onDone: () => void };

/** Says what will happen before it does, and why it cannot while a post waits for the file. */
function DeleteDialog({ file, onKeep, onDone }: DeleteProps) {
  const remove = useMutation({
    mutationFn: () => deleteMedia(file.id),
    onSuccess: async (_answer, _given, _before, { client }) => {
      tell({ title: `${file.filename} is deleted` });
      onDone();
      client.removeQueries({ queryKey: mediaQueries.one(file.id).queryKey });
      await client.invalidateQueries({ queryKey: [...mediaQueries.all(), "list"] });
    },
  });
  const needed = remove.error instanceof ApiError && remove.error.code === "still_needed";
  return (
    <Dialog
      open
      onClose={onKeep}
      title={`Delete ${file.filename}?`}
      closeLabel="Keep it"
      actions={
        !needed && (
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        )
      }
    >
      {remove.error ? (
        <Notice
          tone={needed ? "warn" : "bad"}
          role="alert"
          title={needed ? "A post still needs this file" : "Nothing was deleted"}
          actions={
            needed && (
              <Link href="/posts" className={buttonStyle({ size: "small" })}>
                See your posts
              </Link>
            )
          }
        >
          {sentence(remove.error)}
        </Notice>
      ) : (
        <ul className="grid list-disc gap-1.5 pl-5">
          <li>Posts that are out keep it: the platforms have copies of their own.</li>
          <li>Here, those posts will say that it was deleted.</li>
          <li>Drafts that use it need another file.</li>
          <li>This cannot be undone.</li>
        </ul>
      )}
    </Dialog>
  );
}
