import "server-only";
import { findDeletion } from "@/lib/connections/leave/leaving-data";
import { specs } from "@/lib/platforms/registry";

export type DeletionStatus = {
  code: string;
  /** As people call it. */
  platform: string;
  requestedAt: string;
  completedAt: string | null;
};

/** What became of a wish to delete data; null when nothing has this code. */
export async function deletionStatus(code: string): Promise<DeletionStatus | null> {
  const found = /^[0-9A-Z]{20}$/.test(code) ? await findDeletion(code) : null;
  if (!found) return null;
  return {
    code: found.code,
    platform: specs[found.platform]?.name ?? found.platform,
    requestedAt: found.requestedAt.toISOString(),
    completedAt: found.completedAt?.toISOString() ?? null,
  };
}
