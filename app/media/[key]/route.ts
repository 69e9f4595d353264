import { openRoute } from "@/lib/http/route";
import { serveLinked } from "@/lib/media/serve";

/** For platforms that fetch what they publish. The address proves itself. */
export const GET = openRoute((request) =>
  serveLinked(new URL(request.url).pathname.slice("/media/".length), request),
);
