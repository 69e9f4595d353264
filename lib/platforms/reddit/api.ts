import type { Access } from "../contract";
import { type Call, call, type Kit } from "../kit";
import { explain } from "./errors";

/** Consent, tokens and revoking live here; so do the pages that people see. */
export const SITE = "https://www.reddit.com";
const API = "https://oauth.reddit.com";

/**
 * Reddit wants `<platform>:<app id>:<version> (by /u/<username>)` on every call and turns generic agents away.
 * The client id is what makes it ours alone: each operator has one of their own.
 */
export const userAgent = ({ clientId, settings }: Pick<Kit, "clientId" | "settings">): string =>
  `web:${clientId}:1.0.0 (by /u/${settings["username"] ?? clientId})`;

/**
 * One call to Reddit's API for an account. Answers to GET come without HTML escaping.
 * @throws PlatformError
 */
export function ask<T>(
  kit: Kit,
  { accessToken }: Pick<Access, "accessToken">,
  { path, query, effect = "read", ...request }: ApiCall<T>,
): Promise<T> {
  return call(kit, {
    ...request,
    url: `${API}${path}`,
    ...(request.method === "GET" && { query: { ...query, raw_json: "1" } }),
    bearer: accessToken,
    headers: { "user-agent": userAgent(kit) },
    effect,
    explain: explain(effect === "write" ? "ambiguous" : "definite"),
  });
}

type ApiCall<T> = Pick<Call<T>, "method" | "query" | "form" | "json" | "answer"> & {
  /** Below the host, with its leading slash. */
  path: string;
  effect?: Call<T>["effect"];
};
