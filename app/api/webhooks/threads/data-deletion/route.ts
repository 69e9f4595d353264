import { deleteData } from "@/lib/connections/meta-callbacks";
import { formField } from "@/lib/http/form";
import { ok, openRoute } from "@/lib/http/route";

export const POST = openRoute(async (request) =>
  ok(await deleteData("threads", await formField(request, "signed_request"))),
);
