const MAX_LENGTH = 512;

/**
 * A path of our own to go back to, or null. Only what the URL parser, the strictest reader of all, resolves to our own
 * origin passes; then only its path and query are kept.
 */
export function safeReturnTo(value: string | null | undefined): string | null {
  if (!value || value.length > MAX_LENGTH || !value.startsWith("/")) return null;
  // Visible ASCII only: control characters vanish in URLs, and backslashes become slashes.
  if (!/^[!-~]+$/.test(value) || value.includes("\\")) return null;
  const base = "https://carillon.invalid";
  const url = URL.parse(value, base);
  if (!url || url.origin !== base || url.username || url.password) return null;
  const path = url.pathname + url.search;
  return /^\/(?![/\\]|%2f|%5c)/i.test(path) && !/%(0[0-9a-f]|1[0-9a-f]|5c)/i.test(path) ? path : null;
}
