import { deauthorize } from "@/lib/connections/meta-callbacks";
import { formField } from "@/lib/http/form";
import { ok, openRoute } from "@/lib/http/route";

export const POST = openRoute(async (request) => {
  await deauthorize("threads", await formField(request, "signed_request"));
  return ok({ received: true });
});
