import "server-only";
import { PlatformError } from "@/lib/platforms/contract";
import type { SignedIn } from "@/lib/session";
import { withAccess } from "./access";
import { getConnection } from "./data";
import type { ConnectionDetailDto } from "./schema";

/**
 * One connection with what the platform allows it right now: privacy levels, flairs, the longest video.
 * @param options the answers given so far: some choices hang on others (a flair on its subreddit)
 */
export async function connectionDetail(
  user: SignedIn,
  id: string,
  options: Record<string, string>,
): Promise<ConnectionDetailDto> {
  const connection = await getConnection(user.id, id);
  try {
    const choices = await withAccess(
      id,
      async (provider, access) => (await provider.choices?.(access, options)) ?? null,
    );
    return { ...connection, choices, choicesError: null };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { ...connection, choices: null, choicesError: error.message };
  }
}
