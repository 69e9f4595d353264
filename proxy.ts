import { type NextRequest, NextResponse } from "next/server";
import { publicOrigin } from "@/lib/env";
import { contentSecurityPolicy } from "@/lib/http/csp";

/**
 * Headers only: a nonce for this answer, and the path for pages that send people to sign in. Who may see what is decided
 * by each route and page itself; deleting this file would loosen no lock.
 */
export function proxy(request: NextRequest): NextResponse {
  const home = homeOf(request);
  // Not a redirect: Next makes one to its own host relative, and the browser would go in circles.
  if (home)
    return new NextResponse(null, {
      headers: { refresh: `0; url=${home.href}`, "cache-control": "no-store" },
    });
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString("base64");
  // A file is never a page, whatever someone managed to upload.
  const isFile = /^\/api\/(media\/[^/]+\/file|inbox\/files\/[^/]+)$/.test(request.nextUrl.pathname);
  const policy = isFile ? "default-src 'none'; sandbox" : contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("x-pathname", request.nextUrl.pathname + request.nextUrl.search);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  for (const [name, value] of Object.entries(steadyHeaders)) response.headers.set(name, value);
  // Addresses on the way back from a platform carry codes: they are told to nobody, not even ourselves.
  const onTheWay = /^\/(api\/)?oauth\//.test(request.nextUrl.pathname);
  response.headers.set("referrer-policy", onTheWay ? "no-referrer" : "same-origin");
  return response;
}

/** Who types localhost where the app is at home at 127.0.0.1 would sign in on an origin that nothing else knows. */
function homeOf(request: NextRequest): URL | null {
  const origin = publicOrigin();
  if (origin?.hostname !== "127.0.0.1" || request.method !== "GET") return null;
  if (request.headers.get("host") !== `localhost:${origin.port}`) return null;
  return new URL(request.nextUrl.pathname + request.nextUrl.search, origin);
}

const steadyHeaders = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Not for uploads and deliveries: Next keeps a copy of each body that passes here, and cuts it off at 10 MB. Nor for public
 * files, which are no pages.
 */
export const config = {
  matcher: [
    "/((?!_next/static|_next/image|icon.svg|favicon.ico|api/media$|api/webhooks/instagram$|media/).*)",
  ],
};
