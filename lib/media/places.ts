import "server-only";
import { open } from "node:fs/promises";
import { AppError } from "@/lib/errors";

const HEADER_BYTES = 16;
/** Boxes that hold notes about a video: where it was filmed, by whom, with what. */
const NOTES = new Set(["udta", "meta", "uuid"]);
const CONTAINERS = new Set(["moov", "trak"]);
/** A film of many hours in pieces of a second has fewer; a file made to keep us busy has more. */
const MOST_BOXES = 200_000;

/**
 * Empties the notes of an MP4 or MOV in place, places on earth among them. Every byte keeps its position, so nothing else
 * in the file moves: a box becomes one of free space (ISO/IEC 14496-12, 8.1.2).
 * @throws AppError 422 when the file is made of far too many boxes
 */
export async function forgetPlaces(path: string): Promise<void> {
  const file = await open(path, "r+");
  let boxes = 0;
  try {
    await clean(0, (await file.stat()).size);
  } finally {
    await file.close();
  }

  async function clean(from: number, to: number): Promise<void> {
    const head = Buffer.alloc(HEADER_BYTES);
    for (let at = from; at + 8 <= to; ) {
      boxes += 1;
      if (boxes > MOST_BOXES) {
        throw new AppError(
          422,
          "broken_file",
          "This video is cut into too many pieces to be read. Export it again and try once more.",
        );
      }
      await file.read(head, 0, HEADER_BYTES, at);
      const type = head.toString("latin1", 4, 8);
      const short = head.readUInt32BE(0);
      const header = short === 1 ? 16 : 8;
      const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? to - at : short;
      // A length that makes no sense: what follows cannot be told apart from pictures, so it is left as it is.
      if (length < header || at + length > to) return;
      if (NOTES.has(type)) {
        await file.write(Buffer.from("free", "latin1"), 0, 4, at + 4);
        for (let zeroed = at + header; zeroed < at + length; zeroed += 65_536) {
          const size = Math.min(65_536, at + length - zeroed);
          await file.write(Buffer.alloc(size), 0, size, zeroed);
        }
      } else if (CONTAINERS.has(type)) await clean(at + header, at + length);
      at += length;
    }
  }
}
