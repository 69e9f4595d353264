import { type Call, call, type Kit } from "../kit";
import { explain, isTooNew } from "./errors";

/** What every call on behalf of a member shares: where it goes, which version it speaks, and the patience it needs. */

export const REST = "https://api.linkedin.com/rest";
export const V2 = "https://api.linkedin.com/v2";

/** How to let time pass, in milliseconds. */
export type Wait = (ms: number) => Promise<unknown>;

export type Linkedin = { kit: Kit; wait: Wait };

/** The newest version we have facts about; LinkedIn serves it until September 2027 at least. */
const VERSION = "202609";

/** The headers every /rest/ call needs. */
export const versioned = (kit: Kit): Record<string, string> => ({
  "linkedin-version": kit.settings["version"] ?? VERSION,
  "x-restli-protocol-version": "2.0.0",
});

/** One call that is harmless to repeat. @throws PlatformError */
export function ask<T>({ kit, wait }: Linkedin, accessToken: string, request: Ask<T>): Promise<T> {
  return patiently(wait, () => call(kit, { effect: "read", bearer: accessToken, explain, ...request }));
}

type Ask<T> = Pick<Call<T>, "method" | "url" | "answer"> &
  Partial<Pick<Call<T>, "query" | "headers" | "json" | "explain">>;

/** Does it again, once, where the token seems revoked: LinkedIn says so of tokens that are only seconds old as well. */
export async function patiently<T>(wait: Wait, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isTooNew(error)) throw error;
    await wait(SETTLING_MS);
    return work();
  }
}

const SETTLING_MS = 5_000;
