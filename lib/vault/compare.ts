import { hash, timingSafeEqual } from "node:crypto";

/**
 * Are these two secrets the same? Takes the same time wherever they differ and however long they are: it is their
 * digests that are compared. Two empty texts are equal, so a secret that is not configured must be refused before.
 */
export function secretsEqual(a: string, b: string): boolean {
  return timingSafeEqual(hash("sha256", a, "buffer"), hash("sha256", b, "buffer"));
}
