"use client";

import type { LucideIcon } from "lucide-react";
import { EyeOff, FileDown, ImageOff, LoaderCircle, MessageSquareOff, Share2 } from "lucide-react";
import type { ReactNode } from "react";
import { ExternalLink } from "@/components/ui/external-link";
import type { AttachmentDto } from "@/lib/inbox/schema";

type Props = { attachment: AttachmentDto; from: string };

/** What hangs on a message: shown where we have it, else said what it was and why it is not here. */
export function Attachment({ attachment, from }: Props) {
  const { type, state, href, link, title } = attachment;
  const caption = CAPTIONS[type];
  if (type === "view_once") {
    return <Told icon={EyeOff}>A picture or video to be seen once. Only the app on a phone shows it.</Told>;
  }
  if (type === "unsupported") {
    return (
      <Told icon={MessageSquareOff}>
        Something the platform does not hand out. Open the conversation in its app to see it.
      </Told>
    );
  }
  return (
    <figure className="grid gap-1.5">
      {state === "kept" && href ? (
        <Kept attachment={attachment} href={href} from={from} />
      ) : state === "fetching" ? (
        <Told icon={LoaderCircle}>{nameOf(attachment)}: on its way.</Told>
      ) : (
        !link && <Told icon={ImageOff}>{nameOf(attachment)}: no longer to be had.</Told>
      )}
      {(caption || title || link) && (
        <figcaption className="grid gap-0.5 text-[0.8125rem]">
          {caption && (
            <span className="flex items-center gap-1.5 font-medium">
              <Share2 aria-hidden className="size-3.5" />
              {caption}
            </span>
          )}
          {title && type !== "file" && <span className="line-clamp-3 break-words">{title}</span>}
          {link && <ExternalLink href={link}>See it at the platform</ExternalLink>}
        </figcaption>
      )}
    </figure>
  );
}

function Kept({ attachment, href, from }: Props & { href: string }) {
  const name = `${nameOf(attachment)} from ${from}`;
  switch (shapeOf(attachment)) {
    case "image":
      return (
        <a href={href} target="_blank" rel="noreferrer" className="block w-fit rounded-lg">
          {/* biome-ignore lint/performance/noImgElement: only its owner may fetch it */}
          <img
            src={href}
            alt={name}
            loading="lazy"
            decoding="async"
            className="size-56 rounded-lg bg-sunken object-cover"
          />
          <span className="sr-only">(opens in a new tab)</span>
        </a>
      );
    case "video":
      return (
        // biome-ignore lint/a11y/useMediaCaption: nobody wrote captions for what a customer sends
        <video
          src={href}
          controls
          preload="metadata"
          aria-label={name}
          className="aspect-video w-72 max-w-full rounded-lg bg-sunken"
        />
      );
    case "audio":
      return (
        // biome-ignore lint/a11y/useMediaCaption: nobody wrote captions for what a customer says
        <audio src={href} controls preload="metadata" aria-label={name} className="h-11 w-64 max-w-full" />
      );
    case "file":
      return (
        <a
          href={href}
          download
          className="flex w-fit items-center gap-2 font-medium text-accent underline underline-offset-3"
        >
          <FileDown aria-hidden className="size-4" />
          {attachment.title ?? "File"}
        </a>
      );
  }
}

const Told = ({ icon: Icon, children }: { icon: LucideIcon; children: ReactNode }) => (
  <p className="flex items-start gap-2 text-[0.8125rem] text-ink-soft">
    <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
    <span>{children}</span>
  </p>
);

/** By what it is; a story can be either, and says so only by its type of file. */
function shapeOf({ type, mimeType }: AttachmentDto): "image" | "video" | "audio" | "file" {
  const family = mimeType?.split("/")[0];
  if (family === "image" || family === "video" || family === "audio") return family;
  if (mimeType) return "file";
  return type === "video" || type === "reel" ? "video" : type === "audio" || type === "file" ? type : "image";
}

const nameOf = ({ type }: AttachmentDto): string => NAMES[type] ?? "Attachment";

const NAMES: Record<string, string> = {
  image: "Picture",
  video: "Video",
  audio: "Voice message",
  file: "File",
  sticker: "Sticker",
  post: "Post",
  reel: "Reel",
  story: "Story",
  story_mention: "Story",
  share: "Shared item",
};

/** Where the thing itself does not say how it came here. */
const CAPTIONS: Record<string, string> = {
  post: "Shared a post",
  reel: "Shared a reel",
  story: "Shared a story",
  story_mention: "Mentioned you in a story",
  share: "Shared something",
};
