import "server-only";
import { env } from "@/lib/env";
import { connectsBy, missingSettings, platformIds, specs, waysOf } from "@/lib/platforms/registry";
import { listConnections } from "./data";
import { pausedWords } from "./health/paused-words";
import { listPauses } from "./health/pauses-data";
import type { ConnectionsAnswer, PlatformDto } from "./schema";

/** A person's connections, beside every platform and what it still lacks to be started. */
export async function connectionsAnswer(userId: string): Promise<ConnectionsAnswer> {
  const { sandboxUrl } = env();
  const pauses = new Map((await listPauses()).map((pause) => [pause.platform, pause]));
  const platforms = platformIds.flatMap((id): PlatformDto[] => {
    const spec = specs[id];
    if (!spec) return [];
    const ways = waysOf(id).map((way) => ({ ...way, unconfigured: missingSettings(id, way.id) }));
    const pause = pauses.get(id);
    const paused = pause
      ? {
          since: pause.since.toISOString(),
          message: pausedWords(pause, "posts wait and go out by themselves"),
        }
      : null;
    return [{ spec, unconfigured: missingSettings(id), ways, connects: connectsBy(id), paused }];
  });
  return { connections: await listConnections(userId), platforms, sandboxUrl: sandboxUrl ?? null };
}
