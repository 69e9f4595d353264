import { z } from "zod";
import { Draft } from "@/lib/posts/draft";

/**
 * Where a draft waits until it is published: in this browser, per person, so that a failure, a reload or a lost session
 * takes nothing away. Beside it the attempt under way, so that pressing again after a lost answer cannot post twice.
 */

const Attempt = z.object({ key: z.string(), body: z.string() });
export type Attempt = z.infer<typeof Attempt>;

const Saved = z.object({ draft: Draft, attempt: Attempt.nullable() });
export type Saved = z.infer<typeof Saved>;

/** The person's draft; with `part`, the rework of one delivery, which must not push the other draft aside. */
export const draftSlot = (userId: string, part?: string): string =>
  `carillon.draft.${userId}${part ? `.${part}` : ""}`;

const targetsSlot = (userId: string): string => `carillon.targets.${userId}`;

/** @returns null when nothing readable is kept, or when this browser keeps nothing at all */
export const readSaved = (slot: string): Saved | null => read(slot, Saved);

/** @returns false when this browser keeps nothing, for instance because its storage is switched off or full */
export const writeSaved = (slot: string, saved: Saved): boolean => write(slot, saved);

export function forget(slot: string): void {
  storage()?.removeItem(slot);
}

/** The accounts this person posted to last. */
export const readTargets = (userId: string): string[] => read(targetsSlot(userId), z.array(z.string())) ?? [];

export const writeTargets = (userId: string, ids: string[]): boolean => write(targetsSlot(userId), ids);

function read<T>(slot: string, schema: z.ZodType<T>): T | null {
  const text = storage()?.getItem(slot);
  if (!text) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    // Written by an older version, or by hand: of no use to anyone.
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null;
    throw error;
  }
}

function write(slot: string, value: unknown): boolean {
  try {
    const place = storage();
    place?.setItem(slot, JSON.stringify(value));
    return place !== null;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/** Reading the very property throws where storage is blocked. */
function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
