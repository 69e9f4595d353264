import { formField } from "@/lib/http/form";
import { ok, openRoute } from "@/lib/http/route";
import { deauthorize } from "@/lib/leaving/callbacks";

export const POST = openRoute(async (request) => {
  await deauthorize("meta", await formField(request, "signed_request"));
  return ok({ received: true });
});
