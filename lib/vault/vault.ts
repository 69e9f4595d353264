import "server-only";
import { env } from "@/lib/env";
import { type Binding, decryptToken, encryptToken } from "./cipher";

/** The one place that holds the key ring. Only connections/* opens it. */

/** Seals for this place. Save both: `keyId` lets rotation ask SQL what still lies under an old key. */
export function sealSecret(binding: Binding, value: string): { sealed: string; keyId: string } {
  const ring = env().TOKEN_ENCRYPTION_KEYS;
  return { sealed: encryptToken(ring, binding, value), keyId: ring.current.id };
}

/** Opens what was sealed for this place. Throws VaultError when it was not, was altered, or its key is gone. */
export function openSecret(binding: Binding, sealed: string): string {
  return decryptToken(env().TOKEN_ENCRYPTION_KEYS, binding, sealed);
}

/** The ids of the key that seals and of those that only open. An id says nothing about its key. */
export function keyRingIds(): { current: string; old: string[] } {
  const { current, byId } = env().TOKEN_ENCRYPTION_KEYS;
  return { current: current.id, old: [...byId.keys()].filter((id) => id !== current.id) };
}
