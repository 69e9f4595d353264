import "server-only";
import { env } from "@/lib/env";
import { diskStorage } from "./storage-disk";

/** Where files lie: a local disk by default, an S3-compatible bucket or Vercel Blob by configuration. */
export type Storage = {
  /** Keeps a local file under this key; the local one may be moved away. */
  put(key: string, path: string, about: { mimeType: string; bytes: number }): Promise<void>;
  /** The bytes from `start` up to, not including, `end`. @throws when there is no such file */
  open(key: string, start: number, end: number): AsyncIterable<Uint8Array>;
  /** Deleting what is not there is no error. */
  remove(key: string): Promise<void>;
};

let current: Promise<Storage> | undefined;

export function storage(): Promise<Storage> {
  current ??= choose();
  return current;
}

/** The clouds' clients are loaded only where they are used: they weigh more than the rest of this folder. */
async function choose(): Promise<Storage> {
  const { media } = env();
  switch (media.kind) {
    case "s3":
      return (await import("./storage-s3")).s3Storage(media);
    case "blob":
      return (await import("./storage-blob")).blobStorage(media);
    case "disk":
      return diskStorage(media.directory);
  }
}
