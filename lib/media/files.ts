import "server-only";
import { type MediaFile, type MediaKind, type MediaRules, PlatformError } from "@/lib/platforms/contract";
import { findMedia, type MediaRow } from "./data";
import { publicLink } from "./links";
import { renditionOf } from "./renditions";
import type { MediaRef } from "./schema";
import { type Storage, storage } from "./storage";

/**
 * The files of a post as one platform gets them: pictures fitted to its rules, everything else as it is.
 * @throws PlatformError rejected when one has been deleted since
 */
export async function filesFor(
  userId: string,
  refs: MediaRef[],
  rules: MediaRules | null,
): Promise<MediaFile[]> {
  if (refs.length === 0) return [];
  const rows = await findMedia(
    userId,
    refs.map(({ id }) => id),
  );
  const place = await storage();
  const files: MediaFile[] = [];
  for (const { id, alt } of refs) {
    const row = rows.find((one) => one.id === id);
    if (!row) {
      throw new PlatformError(
        "rejected",
        "A file of this post was deleted from your library. Add it again, or leave it out.",
        {
          code: "media_gone",
        },
      );
    }
    files.push(await fileFor(place, row, alt ?? row.alt, rules));
  }
  return files;
}

async function fileFor(
  place: Storage,
  row: MediaRow,
  alt: string,
  rules: MediaRules | null,
): Promise<MediaFile> {
  const kind = sentAs(row.kind as MediaKind, rules);
  const common = { kind, alt, durationMs: row.durationMs };
  if (kind === "image" && rules?.image) {
    const made = await renditionOf(row, rules.image);
    const { mimeType, bytes, width, height } = made;
    return {
      ...common,
      mimeType,
      bytes,
      width,
      height,
      filename: nameOf(row, mimeType),
      url: publicLink({ mediaId: row.id, renditionId: made.id, mimeType }),
      open: (start = 0, end = bytes) => place.open(made.storageKey, start, end),
    };
  }
  const { mimeType, bytes, width, height } = row;
  return {
    ...common,
    mimeType,
    bytes,
    width,
    height,
    filename: nameOf(row, mimeType),
    url: publicLink({ mediaId: row.id, renditionId: null, mimeType }),
    open: (start = 0, end = bytes) => place.open(row.storageKey, start, end),
  };
}

/** An animated GIF is a still picture where the platform takes no animated ones. */
export const sentAs = (kind: MediaKind, rules: MediaRules | null): MediaKind =>
  kind === "gif" && !rules?.gif ? "image" : kind;

/** What the platform sees as its name: nothing a person wrote, except for documents, where it is shown. */
const nameOf = ({ filename, kind, id }: MediaRow, mimeType: string): string =>
  kind === "document" ? filename : `${id.slice(-12)}.${mimeType.split("/")[1]}`;
