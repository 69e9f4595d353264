import "server-only";
import { env } from "@/lib/env";
import { connectsBy, missingSettings, platformIds, specs, waysOf } from "@/lib/platforms/registry";
import { listConnections } from "./data";
import type { ConnectionsAnswer, PlatformDto } from "./schema";

/** A person's connections, beside every platform and what it still lacks to be started. */
export async function connectionsAnswer(userId: string): Promise<ConnectionsAnswer> {
  const { sandboxUrl } = env();
  const platforms = platformIds.flatMap((id): PlatformDto[] => {
    const spec = specs[id];
    if (!spec) return [];
    const ways = waysOf(id).map((way) => ({ ...way, unconfigured: missingSettings(id, way.id) }));
    return [{ spec, unconfigured: missingSettings(id), ways, connects: connectsBy(id) }];
  });
  return { connections: await listConnections(userId), platforms, sandboxUrl: sandboxUrl ?? null };
}
