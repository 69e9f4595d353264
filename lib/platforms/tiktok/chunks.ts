/** How a file is cut into pieces for TikTok. */

type Plan = { chunkSize: number; count: number };

/** 64 MB by either way of counting; a file up to that goes whole, as one below 5 MB must. */
const CHUNK_BYTES = 64_000_000;

/** Every piece is of one size, and the last carries the remainder too: the count is rounded down. */
export function planOf(bytes: number): Plan {
  const chunkSize = Math.min(bytes, CHUNK_BYTES);
  return { chunkSize, count: Math.max(1, Math.floor(bytes / chunkSize)) };
}

/** A piece's first byte, and the one after its last. */
export function pieceOf(bytes: number, index: number): { start: number; end: number; isLast: boolean } {
  const { chunkSize, count } = planOf(bytes);
  const isLast = index >= count - 1;
  const start = Math.min(index, count - 1) * chunkSize;
  return { start, end: isLast ? bytes : start + chunkSize, isLast };
}
