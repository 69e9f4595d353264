import "server-only";
import { createHash, randomBytes } from "node:crypto";

/** What ties a trip to a consent page to the browser, session, person and platform that began it. */

export const STATE_LIFETIME_MS = 10 * 60 * 1000;

/** `__Host-`: no sibling domain and no plain-http page can set it. One per browser, so that two tabs may connect at once. */
export const BROWSER_COOKIE = "__Host-carillon-oauth";

/** 256 bits, URL-safe. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** States are stored hashed: who reads the table cannot finish anyone's flow. */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("base64url");

/** The place of a trip's verifier, as the vault names it. */
export const verifierBinding = (stateId: string, userId: string, platform: string) => ({
  table: "oauth_states",
  rowId: stateId,
  userId,
  platform,
  field: "verifier",
  revision: 1,
});

export function browserCookie(secret: string): string {
  return `${BROWSER_COOKIE}=${secret}; Path=/; Max-Age=${STATE_LIFETIME_MS / 1000}; HttpOnly; Secure; SameSite=Lax`;
}

/** The browser's secret from a Cookie header; null unless there is exactly one of the right shape. */
export function browserSecretOf(cookieHeader: string | null): string | null {
  const values = (cookieHeader ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${BROWSER_COOKIE}=`))
    .map((pair) => pair.slice(BROWSER_COOKIE.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && /^[\w-]{43}$/.test(value) ? value : null;
}
