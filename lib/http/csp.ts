import { allowsEval, sandboxOrigin } from "@/lib/env";

/** What a page of ours may load: our own things, scripts and styles that carry this answer's nonce, and pictures. */
export function contentSecurityPolicy(nonce: string): string {
  const sandbox = sandboxOrigin();
  return Object.entries({
    "default-src": ["'self'"],
    "script-src": [`'nonce-${nonce}'`, "'strict-dynamic'", ...(allowsEval() ? ["'unsafe-eval'"] : [])],
    "style-src": ["'self'", `'nonce-${nonce}'`],
    // Avatars come from wherever each platform keeps them.
    "img-src": ["'self'", "https:", "data:", "blob:", ...(sandbox ? [sandbox] : [])],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
  })
    .map(([directive, values]) => `${directive} ${values.join(" ")}`)
    .join("; ");
}
