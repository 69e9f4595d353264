import { createReadStream } from "node:fs";
import { del, get, put } from "@vercel/blob";
import type { Storage } from "./storage";

/** Files in a private store of Vercel Blob. */
export function blobStorage({ token }: { token: string }): Storage {
  return {
    async put(key, path, { mimeType }) {
      await put(key, createReadStream(path), {
        access: "private",
        token,
        contentType: mimeType,
        addRandomSuffix: false,
        allowOverwrite: true,
        multipart: true,
      });
    },
    async *open(key, start, end) {
      if (end <= start) return;
      const found = await get(key, {
        access: "private",
        token,
        headers: { range: `bytes=${start}-${end - 1}` },
      });
      if (!found?.stream) throw new Error("The blob store has no such file.");
      yield* found.stream;
    },
    async remove(key) {
      await del(key, { token });
    },
  };
}
