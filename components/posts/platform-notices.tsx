import { Info } from "lucide-react";
import { PlatformIcon } from "@/components/platform-icon";
import { ExternalLink } from "@/components/ui/external-link";
import type { Notice, PlatformSpec } from "@/lib/platforms/contract";
import { applies, type LibraryFile } from "@/lib/posts/media-rules";

/** The sentences a platform wants said about this post. */
export const noticesFor = ({ spec, files, answers }: Going): Notice[] =>
  (spec.notices ?? []).filter(({ only }) => applies(only, files, answers));

/** A post on its way to one account. */
export type Going = {
  spec: PlatformSpec;
  files: (LibraryFile | null)[];
  answers: Record<string, unknown>;
};

type Said = Notice & {
  /** Whose sentence it is, where that is not plain from its place. */
  of?: Pick<PlatformSpec, "id" | "name">;
};

export const PlatformNotices = ({ notices }: { notices: Said[] }) =>
  notices.length > 0 && (
    <ul className="grid gap-1.5 text-[0.8125rem] text-ink-soft">
      {notices.map(({ text, href, of }) => (
        <li key={`${of?.id}.${text}`} className="flex gap-2">
          {of ? (
            <span className="mt-0.5 shrink-0">
              <PlatformIcon platform={of.id} name={of.name} size="small" />
              <span className="sr-only">{of.name}: </span>
            </span>
          ) : (
            <Info aria-hidden className="mt-0.5 size-4 shrink-0" />
          )}
          <span className="min-w-0 break-words">
            {href ? <ExternalLink href={href}>{text}</ExternalLink> : text}
          </span>
        </li>
      ))}
    </ul>
  );
