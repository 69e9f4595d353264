import { createReadStream } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Storage } from "./storage";

/** Files on a local disk, in two levels of folders so that none gets too full. */
export function diskStorage(directory: string): Storage {
  const pathOf = (key: string) => join(directory, key.slice(0, 2), key);
  return {
    async put(key, path) {
      const to = pathOf(key);
      await mkdir(dirname(to), { recursive: true });
      try {
        await rename(path, to);
      } catch (error) {
        // The temporary folder is on another disk: copied beside its place first, so that no half file is ever in it.
        if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
        await copyFile(path, `${to}.new`);
        await rename(`${to}.new`, to);
      }
    },
    open: (key, start, end) =>
      end <= start
        ? none()
        : createReadStream(pathOf(key), { start, end: end - 1, highWaterMark: 256 * 1024 }),
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

async function* none(): AsyncGenerator<Uint8Array> {}
