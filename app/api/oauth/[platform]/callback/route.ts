import { finishConnect } from "@/lib/connections/connect/connect";
import { browserSecretOf } from "@/lib/connections/connect/state";
import { userOf } from "@/lib/session";

type Context = { params: Promise<{ platform: string }> };

/** Where platforms send people back to: whatever arrives, the browser goes on to a clean page of ours. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  const location = await finishConnect({
    user: await userOf(request.headers),
    platform: (await params).platform,
    query: new URL(request.url).searchParams,
    browserSecret: browserSecretOf(request.headers.get("cookie")),
  });
  return new Response(null, {
    status: 303,
    headers: { location, "cache-control": "no-store" },
  });
}
