import { z } from "zod";
import { beginConnect } from "@/lib/connections/connect/connect";
import { browserCookie, browserSecretOf } from "@/lib/connections/connect/state";
import { ConnectQuery } from "@/lib/connections/schema";
import { AppError } from "@/lib/errors";
import { ok, route } from "@/lib/http/route";

const params = z.object({ platform: z.string().max(40) });

/** From our own pages, or typed by hand; never by another site, and never as a picture or a frame. */
function refuseForeignStarts(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const destination = request.headers.get("sec-fetch-dest");
  const fromElsewhere = site !== null && site !== "same-origin" && site !== "none";
  if (fromElsewhere || (destination !== null && destination !== "document" && destination !== "empty")) {
    throw new AppError(403, "foreign_origin", "Connecting must be started from Carillon's own pages.");
  }
}

export const GET = route({ params, query: ConnectQuery }, async ({ request, user, params, query }) => {
  refuseForeignStarts(request);
  const trip = await beginConnect(
    user,
    params.platform,
    query,
    browserSecretOf(request.headers.get("cookie")),
  );
  return new Response(null, {
    status: 302,
    headers: {
      location: trip.authUrl,
      "set-cookie": browserCookie(trip.browserSecret),
    },
  });
});

export const POST = route({ params, body: ConnectQuery }, async ({ request, user, params, body }) => {
  const trip = await beginConnect(
    user,
    params.platform,
    body,
    browserSecretOf(request.headers.get("cookie")),
  );
  return ok({ authUrl: trip.authUrl }, { headers: { "set-cookie": browserCookie(trip.browserSecret) } });
});
