import "server-only";
import { env } from "@/lib/env";
import { platformIds, specs } from "@/lib/platforms/registry";
import { listConnections } from "./data";
import type { ConnectionsAnswer, PlatformDto } from "./schema";

/** A person's connections, beside every platform and what it still lacks to be started. */
export async function connectionsAnswer(userId: string): Promise<ConnectionsAnswer> {
  const { apps, sandboxUrl } = env();
  const platforms = platformIds.flatMap((id): PlatformDto[] => {
    const spec = specs[id];
    return spec ? [{ spec, unconfigured: apps[id]?.missing ?? [] }] : [];
  });
  return { connections: await listConnections(userId), platforms, sandboxUrl: sandboxUrl ?? null };
}
