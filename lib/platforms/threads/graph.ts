import type { Access } from "../contract";
import { type Call, call, type Kit } from "../kit";
import { explain } from "./errors";

export const HOST = "https://graph.threads.net";

/**
 * One call to the Threads API for a profile. The token travels in a header, so that no address ever holds it.
 * Only threads_publish is a "write": a container is invisible and deleting twice deletes once.
 * @throws PlatformError
 */
export function graph<T>(
  kit: Kit,
  { accessToken }: Pick<Access, "accessToken">,
  { path, effect = "read", ...request }: GraphCall<T>,
): Promise<T> {
  return call(kit, {
    ...request,
    url: `${HOST}/v1.0/${path}`,
    bearer: accessToken,
    effect,
    explain: explain(effect === "write" ? "ambiguous" : "definite", accessToken),
  });
}

type GraphCall<T> = Pick<Call<T>, "method" | "query" | "form" | "answer" | "timeoutMs"> & {
  /** Below the version, without a leading slash. */
  path: string;
  effect?: Call<T>["effect"];
};
