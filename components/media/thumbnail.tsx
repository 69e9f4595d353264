import { clsx } from "clsx";
import { FileText, FileX, Film, Image } from "lucide-react";
import type { MediaDto } from "@/lib/media/schema";
import { lengthWords } from "./file-words";

const ICONS = { image: Image, gif: Image, video: Film, document: FileText };

type Props = {
  /** null: it was deleted. */
  file: Pick<MediaDto, "kind" | "previewUrl" | "durationMs"> | null;
  /** Empty where its name stands beside it. */
  alt?: string;
  className?: string;
};

/** A small square of a file: the picture, or a tile that says what it is. */
export function Thumbnail({ file, alt = "", className }: Props) {
  const Icon = file ? ICONS[file.kind] : FileX;
  return (
    <span
      className={clsx(
        "relative grid aspect-square place-items-center overflow-hidden rounded-md bg-sunken text-ink-soft",
        className,
      )}
    >
      {file?.previewUrl ? (
        // biome-ignore lint/performance/noImgElement: it is small already, and only its owner may fetch it
        <img
          src={file.previewUrl}
          alt={alt}
          width={480}
          height={480}
          loading="lazy"
          decoding="async"
          draggable={false}
          className="size-full object-cover"
        />
      ) : (
        <Icon aria-hidden className="size-7" strokeWidth={1.5} />
      )}
      {file && file.durationMs !== null && (
        <span className="numbers absolute right-1 bottom-1 rounded bg-surface px-1 text-ink">
          {lengthWords(file.durationMs)}
        </span>
      )}
    </span>
  );
}
